"""Images that hold the same number everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..values.image import Image, ImageBand
from ..values.pixel_type import PixelType
from .node import Leaf, Plane, masked_plane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..values.array import Array
    from .locate import Locator


class Constants(Leaf):
    """One number a band, everywhere valid."""

    def __init__(self, values: Sequence[float], types: Sequence[PixelType]) -> None:
        self._values = [kind.dtype.type(v) for v, kind in zip(values, types, strict=True)]

    def planes(
        self,
        indices: Sequence[int],
        grid: Grid,
        locator: Locator,  # noqa: ARG002
    ) -> list[Plane]:
        """Views of one number: no memory, whatever the grid."""
        shape = (grid.height, grid.width)
        return [Plane(np.broadcast_to(self._values[i], shape), None) for i in indices]


class ConstantArray(Leaf):
    """One array, everywhere valid."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._values = values

    def planes(
        self,
        indices: Sequence[int],
        grid: Grid,
        locator: Locator,  # noqa: ARG002
    ) -> list[Plane]:
        """Views of the array: no memory, whatever the grid."""
        plane = np.broadcast_to(self._values, (grid.height, grid.width, *self._values.shape))
        return [Plane(plane, None)] * len(indices)


class Transparent(Leaf):
    """Masked everywhere.

    Args:
        types: of the bands.
    """

    def __init__(self, types: Sequence[PixelType]) -> None:
        self._types = types

    def planes(
        self,
        indices: Sequence[int],
        grid: Grid,
        locator: Locator,  # noqa: ARG002
    ) -> list[Plane]:
        """No memory, whatever the grid."""
        return [masked_plane(grid, self._types[i].dtype) for i in indices]


def constant_image(value: float | Sequence[float]) -> Image:
    """An image of a number (band `constant`) or of several (`constant_0`, `constant_1`, …).

    Raises:
        ServiceError: no numbers, or an integer of more than 64 bits.
    """
    if isinstance(value, (int, float)):
        numbers, names = [value], ["constant"]
    else:
        numbers = list(value)
        names = [f"constant_{i}" for i in range(len(numbers))]
    numbers = [int(n) if isinstance(n, bool) else n for n in numbers]
    for number in numbers:
        if isinstance(number, int) and not -(2**63) <= number < 2**63:
            raise ServiceError(f"The integer {number} does not fit into 64 bits.")
    types = [PixelType.of_constant(number) for number in numbers]
    node = Constants(numbers, types)
    return Image.of(
        ImageBand(name, kind, node, i)
        for i, (name, kind) in enumerate(zip(names, types, strict=True))
    )


def constant_array(array: Array) -> Image:
    """An image (band `constant`) whose pixels are all the same array."""
    kind = array.type.arrayed(array.values.ndim)
    return Image.of([ImageBand("constant", kind, ConstantArray(array.values), 0)])
