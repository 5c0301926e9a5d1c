"""Pixels that are arrays: functions of stacks of equal shape, applied to whole planes.

Arrays of one shape are one ndarray with the pixels along its first axis. Where the shapes differ
from pixel to pixel, as those of a collection with gaps do, pixels of the same shapes go together.
"""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import ServiceError
from ..limits import out_of_memory
from ..values.array import Array
from .node import Need, Operation, Plane, both, valid

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..values.image import ImageBand
    from ..values.pixel_type import PixelType
    from .arithmetic import Binary, Unary

    Stack = NDArray[Any]
    """`(pixels, *shape)`."""

_MOST_NUMBERS = 2**26


class Partial(NamedTuple):
    """Results of which some are masked: `known` is `(pixels,)`."""

    stack: Stack
    known: NDArray[np.bool_]


if TYPE_CHECKING:
    Function = Callable[..., Stack | Partial | None]
    """From a stack of each input to one of the results; None where all these are masked."""


def require_room(*lengths: int) -> None:
    """Refuse arrays that would be too many numbers together: 512 MiB of doubles."""
    if math.prod(lengths) > _MOST_NUMBERS:
        raise out_of_memory()


def per_pixel(
    function: Function, kind: PixelType, split: Callable[..., Stack] | None = None
) -> Callable[..., Plane]:
    """A function of arrays or numbers, for the valid pixels of planes.

    Args:
        function: is called once for all pixels whose inputs have the same shapes.
        kind: of the result.
        split: from the same stacks to integers, `(pixels, n)`: pixels go together only where
            these are equal, so that the results of one call have one shape.
    """

    def run(*planes: Plane) -> Plane:
        mask = reduce(both, (plane.mask for plane in planes))
        height, width = planes[0].values.shape[:2]
        shown = np.arange(height * width) if mask is None else np.flatnonzero(valid(mask))
        parts: list[tuple[NDArray[np.intp], Stack]] = []
        masked = np.zeros(height * width, np.bool_)
        groups = _groups(planes, shown)
        for members, stacks in groups if split is None else _split(groups, split):
            with np.errstate(all="ignore"):
                found = function(*stacks)
            if isinstance(found, Partial):
                masked[members] = ~found.known
                found = found.stack
            if found is None:
                masked[members] = True
            else:
                require_room(*found.shape)
                parts.append((members, found))
        if masked.any():
            mask = both(mask, ~masked.reshape(height, width))
        return _scattered(parts, (height, width), kind, mask)

    return run


def operated(
    operation: Unary | Binary, *kinds: PixelType
) -> tuple[PixelType, Callable[..., Plane]]:
    """An operation of numbers, also on arrays of them element by element.

    Arrays have one shape, or a number goes with all elements of the other.

    Returns:
        The pixel type of the result, and what computes it.
    """
    plain = [kind.element for kind in kinds]
    compute = operation.compute(*plain)
    result = operation.result(*plain)
    dimensions = max(kind.dimensions for kind in kinds)
    if not dimensions:
        return result, compute

    def function(*stacks: Stack) -> Stack:
        shapes = [stack.shape[1:] for stack in stacks]
        if len({shape for shape in shapes if shape}) > 1:
            raise ServiceError(
                f"The arrays of a pixel must have the same lengths, got {_listed(shapes)}."
            )
        longest = max(shapes, key=len)
        aligned = (
            np.broadcast_to(stack.reshape(-1, *[1] * len(longest)), (len(stack), *longest))
            if stack.ndim == 1
            else stack
            for stack in stacks
        )
        found: Stack = compute(*(Plane(stack, None) for stack in aligned)).values
        return found

    kind = result.arrayed(dimensions)
    return kind, per_pixel(function, kind)


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    return " and ".join(str(list(shape)) for shape in shapes)


def _groups(
    planes: Sequence[Plane], shown: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp], list[Stack]]]:
    """Pixels whose arrays have the same shapes, and their stacks."""
    if not shown.size:
        return
    keys = [
        plane.lengths.reshape(-1, plane.lengths.shape[-1])[shown]
        for plane in planes
        if plane.lengths is not None
    ]
    if not keys:
        yield shown, [_stacked(plane, shown) for plane in planes]
        return
    _, first, group = np.unique(
        np.concatenate(keys, axis=1), axis=0, return_index=True, return_inverse=True
    )
    for number, example in enumerate(shown[first]):
        members = shown[group.ravel() == number]
        stacks = []
        for plane in planes:
            stack = _stacked(plane, members)
            if plane.lengths is not None:
                shape = plane.lengths.reshape(-1, plane.lengths.shape[-1])[example]
                stack = stack[(slice(None), *(slice(int(length)) for length in shape))]
            stacks.append(stack)
        yield members, stacks


def _split(
    groups: Iterable[tuple[NDArray[np.intp], list[Stack]]], split: Callable[..., Stack]
) -> Iterator[tuple[NDArray[np.intp], list[Stack]]]:
    for members, stacks in groups:
        keys = split(*stacks)
        if (keys == keys[0]).all():
            yield members, stacks
            continue
        kinds, group = np.unique(keys, axis=0, return_inverse=True)
        for number in range(len(kinds)):
            here = np.flatnonzero(group.ravel() == number)
            yield members[here], [stack[here] for stack in stacks]


def _stacked(plane: Plane, pixels: NDArray[np.intp]) -> Stack:
    values = plane.values
    if values.strides[:2] == (0, 0):
        # A constant: no copy.
        return np.broadcast_to(values[0, 0], (pixels.size, *values.shape[2:]))
    require_room(pixels.size, *values.shape[2:])
    flat = values.reshape(-1, *values.shape[2:])
    return flat if pixels.size == len(flat) else flat[pixels]


def _scattered(
    parts: Sequence[tuple[NDArray[np.intp], Stack]],
    size: tuple[int, int],
    kind: PixelType,
    mask: Any,
) -> Plane:
    """Stacks back at their pixels; shorter arrays are followed by zeros."""
    count = size[0] * size[1]
    shapes = [found.shape[1:] for _, found in parts]
    if len(parts) == 1 and len(parts[0][0]) == count:
        values = parts[0][1].astype(kind.dtype, copy=False)
        return Plane(values.reshape(*size, *shapes[0]), mask)
    longest = [max(axis) for axis in zip(*shapes, strict=True)] if shapes else [0] * kind.dimensions
    require_room(count, *longest)
    values = np.zeros((count, *longest), kind.dtype)
    lengths = np.zeros((count, len(longest)), np.int64)
    for members, found in parts:
        place: tuple[Any, ...] = (members, *(slice(length) for length in found.shape[1:]))
        values[place] = found
        lengths[members] = found.shape[1:]
    ragged = len(set(shapes)) > 1
    return Plane(
        values.reshape(*size, *longest),
        mask,
        lengths=lengths.reshape(*size, -1) if ragged else None,
    )


def pixel_values(plane: Plane, kind: PixelType, chosen: NDArray[np.bool_]) -> list[Any]:
    """The values of chosen pixels, row by row: numbers, or `Array`s."""
    if not kind.dimensions:
        found: list[Any] = plane.values[chosen].tolist()
        return found
    stacks = plane.values[chosen]
    if plane.lengths is None:
        return [Array.of(each, kind.element) for each in stacks]
    lengths = plane.lengths[chosen].tolist()
    return [
        Array.of(each[tuple(slice(length) for length in shape)], kind.element)
        for each, shape in zip(stacks, lengths, strict=True)
    ]


class Rows(Operation):
    """Images as rows of an array: those that are valid in all bands, in order.

    Args:
        images: the bands of each.
        kind: of the array: of two dimensions.
    """

    def __init__(self, images: Sequence[Sequence[ImageBand]], kind: PixelType) -> None:
        self._images = images
        self._kind = kind
        self.inputs = [band for bands in images for band in bands]

    def steps(
        self,
        indices: Sequence[int],
        grid: Grid,
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Ask image by image; a pixel without a valid image is masked [I]."""
        width = len(self._images[0])
        count = grid.height * grid.width
        require_room(count, len(self._images), width)
        values = np.zeros((count, len(self._images), width), self._kind.dtype)
        filled = np.zeros(count, np.int64)
        for bands in self._images:
            planes = yield Need(bands, grid)
            mask = reduce(both, (plane.mask for plane in planes))
            here = np.arange(count) if mask is None else np.flatnonzero(valid(mask))
            for column, plane in enumerate(planes):
                values[here, filled[here], column] = plane.values.reshape(-1)[here]
            filled[here] += 1
        most = int(filled.max(initial=0))
        size = (grid.height, grid.width)
        lengths = np.stack([filled, np.full(count, width)], axis=-1).reshape(*size, 2)
        shown = (filled > 0).reshape(size)
        plane = Plane(
            values[:, :most].reshape(*size, most, width),
            None if shown.all() else shown,
            lengths=None if (filled[filled > 0] == most).all() else lengths,
        )
        return [plane] * len(indices)
