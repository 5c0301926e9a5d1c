"""The two real crops."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from tests.eemulator.catalog.scenes import collection, image

INDICES = ("LC08_224077_20200518", "LC08_224078_20200518")
NAME = "LANDSAT/LC08/C02/T1"


def test_files_are_small_and_their_provenance_is_beside_them() -> None:
    folder = files("eemulator.catalog") / "data" / "landsat"
    sizes = [len((folder / f"{index}.tif").read_bytes()) for index in INDICES]
    assert sum(sizes) <= 5_000_000
    text = (folder / "README.md").read_text()
    assert all(index in text for index in INDICES)
    assert "public domain" in text


def test_both_are_in_the_collection() -> None:
    crops = collection(NAME).images[-2:]
    assert [i.properties["system:index"] for i in crops] == list(INDICES)
    for each in crops:
        assert [b.id for b in each.bands] == ["B2", "B3", "B4"]
        grid = each.bands[0].grid
        assert grid.crs == "EPSG:32621"
        # Landsat's lattice: centres of pixels at multiples of 30 m.
        assert (grid.transform[2] - 15) % 30 == 0
        assert (grid.transform[5] - 15) % 30 == 0


def test_they_overlap_by_a_third_on_one_lattice() -> None:
    first, second = (image(f"{NAME}/{index}") for index in INDICES)
    a, b = first.bands[0].grid, second.bands[0].grid
    right, down = (b.transform[2] - a.transform[2]) / 30, (a.transform[5] - b.transform[5]) / 30
    assert right == int(right) > 0
    assert down == int(down) > 0
    shared = (a.width - right) * (a.height - down)
    assert 0.25 < shared / (a.width * a.height) < 0.4
    rows = np.arange(int(down), a.height)[:, None]
    cols = np.arange(int(right), a.width)[None, :]
    (one, one_valid), (two, two_valid) = (
        first.sample(["B4"], rows, cols)[0],
        second.sample(["B4"], rows - int(down), cols - int(right))[0],
    )
    both = one_valid & two_valid
    assert both.mean() > 0.9
    assert np.corrcoef(one[both], two[both])[0, 1] > 0.999


@pytest.mark.parametrize("index", INDICES)
def test_fill_is_masked_and_outside_the_footprint(index: str) -> None:
    each = image(f"{NAME}/{index}")
    grid = each.bands[0].grid
    rows, cols = np.arange(0, grid.height, 7)[:, None], np.arange(0, grid.width, 7)[None, :]
    values, valid = each.sample(["B3"], rows, cols)[0]
    assert values.dtype == np.uint16
    np.testing.assert_array_equal(valid, values != 0)
    x, y = np.broadcast_arrays(
        grid.transform[2] + 30 * (cols + 0.5), grid.transform[5] - 30 * (rows + 0.5)
    )
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)
    assert each.footprint is not None
    points = shapely.points(lon, lat)
    assert valid[shapely.contains(each.footprint.buffer(-8e-4), points)].all()
    assert not valid[~shapely.contains(each.footprint.buffer(8e-4), points)].any()
    assert (~valid).any() == (index == INDICES[1])
