"""Patches of equal pixels, against SciPy's labels."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
from scipy import ndimage

from .synthetic import formula, is_valid, part
from .wire import info, pixels

pytestmark = pytest.mark.usefixtures("server")

LEFT, TOP, SIZE, MOST = 60, 50, 40, 12


def labelled(kernel: Any) -> Any:
    """Patches of three values, of many shapes, with gaps between."""
    return ee.Image("TEST/UTM").select("u8").mod(3).connectedComponents(kernel, MOST)


STRUCTURES: dict[str, tuple[Any, Any]] = {
    "four": (lambda: ee.Kernel.plus(1), ndimage.generate_binary_structure(2, 1)),
    "eight": (lambda: ee.Kernel.square(1), ndimage.generate_binary_structure(2, 2)),
    "rows": (lambda: ee.Kernel.rectangle(1, 0), [[0, 0, 0], [1, 1, 1], [0, 0, 0]]),
}


@pytest.mark.parametrize("name", list(STRUCTURES))
def test_labels_of_patches(name: str) -> None:
    kernel, structure = STRUCTURES[name]
    margin = MOST
    rows, cols = np.mgrid[TOP - margin : TOP + SIZE + margin, LEFT - margin : LEFT + SIZE + margin]
    values = formula("u8", 3, rows, cols) % 3
    valid = is_valid("u8", 3, rows, cols)
    expected = np.zeros(values.shape, np.int64)
    for value in range(3):
        found, _ = ndimage.label((values == value) & valid, structure)
        expected += np.where(found > 0, found + expected.max(), 0)
    sizes = np.bincount(expected.ravel())
    kept = (expected > 0) & (sizes[expected] <= MOST)
    middle = (slice(margin, -margin), slice(margin, -margin))
    expected, kept = expected[middle], kept[middle]
    image = labelled(kernel())
    assert info(image.bandNames()) == ["u8", "labels"]
    found = pixels(image.select("labels").unmask(-1), part(LEFT, TOP, SIZE, SIZE))["labels"]
    assert ((found != -1) == kept).all()
    assert kept.any()
    assert (expected > 0)[~kept].any() == (name == "eight"), "some patches are too large"
    # One label a patch, and one patch a label.
    pairs = np.unique(np.column_stack([expected[kept], found[kept]]), axis=0)
    assert len(pairs) == len(np.unique(pairs[:, 0])) == len(np.unique(pairs[:, 1])) > 1
    # The same from any part of the image.
    piece = pixels(image.select("labels").unmask(-1), part(LEFT + 7, TOP + 9, 11, 5))["labels"]
    assert (piece == found[9:14, 7:18]).all()


@pytest.mark.parametrize(
    "make", [lambda: ee.Kernel.square(2), lambda: ee.Kernel.fixed(1, 1, [[1]])]
)
def test_kernels_that_name_no_neighbours(make: Any) -> None:
    with pytest.raises(ee.EEException, match="3 by 3"):
        info(labelled(make()))
