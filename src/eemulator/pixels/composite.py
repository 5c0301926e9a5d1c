"""Several images become one: mosaics, and statistics across a stack."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from .node import Need, Operation, Plane, masked_plane, valid
from .overlay import overlaid

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..values.image import ImageBand
    from ..values.pixel_type import PixelType

    Statistic = Callable[[NDArray[Any], NDArray[np.bool_]], tuple[NDArray[Any], Any]]

# Pixels of stacks that are in memory at once.
_TOGETHER = 2**24


class Mosaic(Operation):
    """The last image on top, wherever its mask is not 0.

    Args:
        layers: the output's bands in each image, from bottom to top; None where an image has no
            such band.
        kinds: of each output.
    """

    takes_arrays = True

    def __init__(
        self, layers: Sequence[Sequence[ImageBand | None]], kinds: Sequence[PixelType]
    ) -> None:
        self._layers = layers
        self._kinds = kinds
        self.inputs = [band for layer in layers for band in layer if band is not None]

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Ask image by image, from the top, until nothing shows through."""
        done: dict[int, Plane] = {}
        open_ = {}
        for index in indices:
            kind = self._kinds[index]
            open_[index] = masked_plane(grid, kind.dtype, kind.dimensions)
        for layer in reversed(self._layers):
            wanted = [(i, band) for i in open_ if (band := layer[i]) is not None]
            if not wanted:
                continue
            planes = yield Need([band for _, band in wanted], grid)
            for (index, _), below in zip(wanted, planes, strict=True):
                merged = _beneath(open_[index], below, self._kinds[index].dtype)
                if merged.mask is None or (
                    merged is not open_[index] and bool(valid(merged.mask).all())
                ):
                    done[index] = merged
                    del open_[index]
                else:
                    open_[index] = merged
            if not open_:
                break
        return [(done | open_)[index] for index in indices]


def _beneath(top: Plane, below: Plane, dtype: np.dtype[Any]) -> Plane:
    """Fill the gaps of one plane with another."""
    if below.mask is not None and not below.mask.any():
        return top
    if top.mask is None:
        return top
    if not top.mask.any():
        return Plane(below.values.astype(dtype, copy=False), below.mask, lengths=below.lengths)
    shown = valid(top.mask)
    values, lengths = overlaid(shown, top, below, dtype)
    if below.mask is None:
        mask = None if top.mask.dtype == np.bool_ else np.where(shown, top.mask, np.float32(1))
    else:
        mask = np.where(shown, top.mask, below.mask)
    return Plane(values, mask, lengths=lengths)


class Best(Operation):
    """At each pixel the image of the highest quality.

    Args:
        qualities: a band of each image; NaN and masked pixels have none.
        layers: the output's bands in each image.
        dtypes: of each output.
    """

    def __init__(
        self,
        qualities: Sequence[ImageBand],
        layers: Sequence[Sequence[ImageBand]],
        dtypes: Sequence[np.dtype[Any]],
    ) -> None:
        self._qualities = qualities
        self._layers = layers
        self._dtypes = dtypes
        self.inputs = [*qualities, *(band for layer in layers for band in layer)]

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Ask image by image, keeping the best so far; ties go to the earlier."""
        shape = (grid.height, grid.width)
        highest = np.full(shape, -np.inf)
        values = [np.zeros(shape, self._dtypes[index]) for index in indices]
        masks = [np.zeros(shape, np.float32) for _ in indices]
        for quality, layer in zip(self._qualities, self._layers, strict=True):
            rank, *planes = yield Need([quality, *(layer[index] for index in indices)], grid)
            better = rank.values > highest
            if rank.mask is not None:
                better &= valid(rank.mask)
            np.copyto(highest, rank.values, where=better)
            for plane, value, mask in zip(planes, values, masks, strict=True):
                np.copyto(value, plane.values, where=better, casting="unsafe")
                np.copyto(mask, 1 if plane.mask is None else plane.mask, where=better)
        return [Plane(value, mask) for value, mask in zip(values, masks, strict=True)]


class Stack(Operation):
    """A statistic of several bands, pixel by pixel; one or more outputs from one stack.

    Args:
        stacks: the bands of each stack.
        outputs: `(stack, statistic, dtype)` of each output.
    """

    def __init__(
        self,
        stacks: Sequence[Sequence[ImageBand]],
        outputs: Sequence[tuple[int, Statistic, np.dtype[Any]]],
    ) -> None:
        self._stacks = stacks
        self._outputs = outputs
        self.inputs = [band for stack in stacks for band in stack]

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Ask for several stacks at once: bands of a scene cost little more than one of them."""
        found: dict[int, Plane] = {}
        numbers = sorted({self._outputs[index][0] for index in indices})
        for together in self._batches(numbers, grid.width * grid.height):
            bands = [band for number in together for band in self._stacks[number]]
            planes = iter((yield Need(bands, grid)))
            for number in together:
                stack = list(islice(planes, len(self._stacks[number])))
                values, shown = _stacked(stack, (grid.height, grid.width))
                for index in indices:
                    of, statistic, wanted = self._outputs[index]
                    if of == number:
                        with np.errstate(all="ignore"):
                            result, mask = statistic(values, shown)
                        found[index] = Plane(result.astype(wanted, copy=False), mask)
        return [found[index] for index in indices]

    def _batches(self, numbers: Sequence[int], pixels: int) -> Iterator[list[int]]:
        """Stacks that fit into memory together, at least one."""
        batch: list[int] = []
        planes = 0
        for number in numbers:
            count = len(self._stacks[number])
            if batch and (planes + count) * pixels > _TOGETHER:
                yield batch
                batch, planes = [], 0
            batch.append(number)
            planes += count
        if batch:
            yield batch


def _stacked(
    planes: Sequence[Plane], shape: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Values, and where they are valid: `(image, row, column)`."""
    dtype = np.result_type(*(plane.values.dtype for plane in planes)) if planes else "u1"
    values = np.empty((len(planes), *shape), dtype)
    shown = np.empty(values.shape, np.bool_)
    for i, plane in enumerate(planes):
        values[i] = plane.values
        shown[i] = True if plane.mask is None else valid(plane.mask)
    return values, shown
