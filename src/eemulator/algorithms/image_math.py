"""Arithmetic of images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.arithmetic import BINARY, UNARY
from ..pixels.array_pixels import operated
from ..pixels.node import Plane, both
from ..pixels.pointwise import Pointwise, Recipe
from ..values.pixel_type import FLOAT, union_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..pixels.arithmetic import Binary, Unary
    from ..pixels.node import PixelNode
    from ..values.image import Image, ImageBand
    from ..values.pixel_type import PixelType

ALIASES = {
    "bitwise_and": "bitwiseAnd",
    "bitwise_or": "bitwiseOr",
    "bitwise_xor": "bitwiseXor",
    "left_shift": "leftShift",
    "right_shift": "rightShift",
    "first_nonzero": "firstNonZero",
}
"""Older names of operations."""


def paired(left: Image, right: Image) -> list[tuple[str, ImageBand, ImageBand]]:
    """Bands that meet in an operation of two images, and the name of each result.

    One band goes with all; equal sets of names go by name; else by position.

    Raises:
        ServiceError: the counts do not fit.
    """
    one, other = left.bands, right.bands
    if bool(one) != bool(other):
        raise ServiceError(
            "If one image has no bands, the other must also have no bands. "
            f"Got {len(one)} and {len(other)}."
        )
    if len(other) == 1 or (len(one) == len(other) and set(left.names) != set(right.names)):
        others = list(other) * (len(one) if len(other) == 1 else 1)
        return [(a.id, a, b) for a, b in zip(one, others, strict=True)]
    if len(one) == 1:
        return [(b.id, one[0], b) for b in other]
    if len(one) != len(other):
        raise ServiceError(
            "The images must have the same number of bands, or one of them a single band; "
            f"got {len(one)} and {len(other)}."
        )
    by_name = {band.id: band for band in other}
    return [(a.id, a, by_name[a.id]) for a in one]


def joint_type(kinds: Iterable[PixelType]) -> PixelType:
    """The least type that holds the pixels of all, numbers or arrays.

    Raises:
        ServiceError: their dimensions differ.
    """
    found = list(kinds)
    dimensions = {kind.dimensions for kind in found}
    if len(dimensions) > 1:
        raise ServiceError("The bands must have pixels of equal dimensions.")
    return union_of(kind.element for kind in found).arrayed(*dimensions)


def on_grid_of(
    source: ImageBand, name: str, kind: PixelType, node: PixelNode, index: int
) -> ImageBand:
    """A band made of one other, on its grid."""
    return replace(source, id=name, type=kind, node=node, index=index)


def derived(
    name: str, kind: PixelType, sources: Sequence[ImageBand], node: Pointwise, index: int
) -> ImageBand:
    """A band on the grid of the first source that has one."""
    grid = next((band for band in sources if band.is_fixed), sources[0])
    extent = next((band.extent for band in sources if band.extent is not None), None)
    return replace(grid, id=name, type=kind, node=node, index=index, extent=extent)


def binary(operation: Binary, left: Image, right: Image) -> Image:
    """An operation of two images."""
    pairs = paired(left, right)
    computed = [operated(operation, a.type, b.type) for _, a, b in pairs]
    node = Pointwise(
        (Recipe((a, b), run) for (_, a, b), (_, run) in zip(pairs, computed, strict=True)),
        arrays=True,
    )
    bands = [
        derived(name, kind, (a, b), node, i)
        for i, ((name, a, b), (kind, _)) in enumerate(zip(pairs, computed, strict=True))
    ]
    subject = left if any(band.is_fixed for band in left.bands) or left.footprint else right
    return subject.computed(bands)


def unary(operation: Unary, image: Image) -> Image:
    """An operation of one image."""
    computed = [operated(operation, band.type) for band in image.bands]
    node = Pointwise(
        (Recipe((band,), run) for band, (_, run) in zip(image.bands, computed, strict=True)),
        arrays=True,
    )
    return image.computed(
        derived(band.id, kind, (band,), node, i)
        for i, (band, (kind, _)) in enumerate(zip(image.bands, computed, strict=True))
    )


def _register_binary(name: str, operation: Binary) -> None:
    @algorithm(f"Image.{name}")
    def run(left: Image, right: Image) -> Image:
        return binary(operation, left, right)


def _register_unary(name: str, operation: Unary) -> None:
    @algorithm(f"Image.{name}")
    def run(image: Image) -> Image:
        return unary(operation, image)


for _name, _operation in BINARY.items():
    _register_binary(_name, _operation)
for _alias, _name in ALIASES.items():
    _register_binary(_alias, BINARY[_name])
for _name, _single in UNARY.items():
    _register_unary(_name, _single)
_register_unary("bitwise_not", UNARY["bitwiseNot"])


@algorithm("Image.normalizedDifference")
def normalized_difference(image: Image, names: list[str] | None) -> Image:
    """`(first - second) / (first + second)` as float band `nd`; masked where one is negative.

    Raises:
        ServiceError: not two bands.
    """
    chosen = list(image.bands[:2]) if names is None else image.named(names)
    if len(chosen) != 2:
        raise ServiceError(f"Two bands are needed, got {len(chosen)}.")
    first, second = chosen
    node = Pointwise([Recipe((first, second), _normalized)])
    return image.computed([derived("nd", FLOAT, chosen, node, 0)])


def _normalized(one: Plane, other: Plane) -> Plane:
    # Widened within the loops: copies in doubles would take longer than the arithmetic.
    values = np.subtract(one.values, other.values, dtype=np.float64)
    total = np.add(one.values, other.values, dtype=np.float64)
    with np.errstate(all="ignore"):
        np.divide(values, total, out=values, where=total != 0)
        result = values.astype(np.float32)
    mask = both(one.mask, other.mask)
    for plane in (one, other):
        if plane.values.dtype.kind not in "bu":
            mask = both(mask, plane.values >= 0)
    return Plane(result, mask)
