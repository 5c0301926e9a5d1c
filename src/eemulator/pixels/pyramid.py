"""Coarser levels of stored images: how they are made, and which one is read.

A pixel of a level is made of 2 x 2 pixels of the level below by the band's policy, until the whole
image fits into 256 x 256 pixels; the level that is read is the coarsest that is no coarser than
what is asked for [S, https://developers.google.com/earth-engine/guides/scale]. The policies are
those of https://developers.google.com/earth-engine/reference/rest/Shared.Types/PyramidingPolicy
[S]: means, modes and medians weigh pixels by their masks, the mask of a pixel is the mean of the
four masks, and `SAMPLE` takes the upper left pixel with its mask.

Not documented, and decided here [I]: scales are compared as nominal ones, so that the level does
not depend on the window; integers are rounded at each level, halves to even; of several modes
the least counts; pixels beyond the edge count as masked ones.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..catalog.model import Grid
from ..values.projection import Projection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Band, ImageAsset
    from ..limits import Deadline, Limits

    Weights = NDArray[np.float32]
    Policy = Callable[[NDArray[Any], Weights], NDArray[Any]]

# An image that fits into so many pixels a side has no coarser level [S].
_SIDE = 256
# Pixels along a side of what is read and kept at once, before they are made coarser.
_BLOCK = 256
_BLOCK_LEVELS = 8
# Blocks in a row that are read together, as neighbours spare each other work.
_RUN = 8
# Beyond so many pixels (a globe at 500 m has 4e9), a pixel of a level after the third is made of
# some of those under it, 2^3 or 2^1 a side: a picture of the whole would otherwise look at all.
# Pixels that are a formula take a hundred times as long as stored ones: the bound is
# lower, and they are fewer.
_GIANT, _GIANT_FORMULA = 2**30, 2**24
_EXACT_LEVELS = 3
_SOME, _SOME_FORMULA = 3, 1
# Pixels along a side of a block of those: few, as a small window needs few.
_SPARSE_BLOCK = 128
# Rounding in a scale must not choose the level below: a factor of 1 + 7e-7.
_SLACK = 1e-6
# What a kept block costs beside its pixels, about.
_OVERHEAD_BYTES = 500
_LOCKS = 32


class Level(NamedTuple):
    """Pixels of a level.

    Attributes:
        values: 0 where the weight is.
        weight: the part of the pixel that is valid, 0 to 1; None where all of every pixel is.
    """

    values: NDArray[Any]
    weight: Weights | None


def level_read(
    grid: Grid, native: Grid | Projection, size: tuple[int, int] | None
) -> tuple[int, Projection, tuple[int, int] | None]:
    """The level of an image that is read on a grid.

    Args:
        grid: where it is read.
        native: the lattice of the image.
        size: `(width, height)` of the image in pixels, if it is bounded.

    Returns:
        The level, 0 being the image itself; its lattice; how many pixels it has, of which the last
        ones may reach beyond the image.
    """
    own = Projection(native.crs, native.transform)
    ratio = Projection(grid.crs, grid.transform).nominal_scale / own.nominal_scale
    level = max(math.floor(math.log2(ratio) + _SLACK), 0) if 0 < ratio < math.inf else 0
    if size is None:
        return level, own.scaled(2**level, 2**level), None
    level = min(level, (max(size) - 1).bit_length() - (_SIDE - 1).bit_length())
    if level <= 0:
        return 0, own, size
    factor = 2**level
    return level, own.scaled(factor, factor), (-(-size[0] // factor), -(-size[1] // factor))


def stored_level(grid: Grid, lattice: Grid) -> tuple[int, Grid]:
    """The level of a stored image that is read on a grid, and its lattice."""
    level, found, size = level_read(grid, lattice, (lattice.width, lattice.height))
    if level == 0 or size is None:
        return 0, lattice
    return level, Grid(found.crs, found.transform, *size)


def _stride(asset: ImageAsset, lattice: Grid, level: int) -> int:
    """A level is made of every so-manieth native pixel, as a power of two."""
    most, some = (_GIANT, _SOME) if asset.afar is None else (_GIANT_FORMULA, _SOME_FORMULA)
    if lattice.width * lattice.height <= most:
        return max(level - _BLOCK_LEVELS, 0)
    return 0 if level <= _EXACT_LEVELS else level - some


def _block(level: int, stride: int) -> int:
    """Pixels along a side that a block of a level is made of."""
    sparse = stride > max(level - _BLOCK_LEVELS, 0) and level - stride == _SOME_FORMULA
    return _SPARSE_BLOCK if sparse else _BLOCK


class Pyramids:
    """Levels of images, made block by block where they are read; the last ones are kept.

    An asset whose pixels change must change its version. For use by several threads.

    Args:
        limits: how many bytes are kept, and how many pixels a read may hold.

    Attributes:
        kept_bytes: how many bytes are.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kept: OrderedDict[tuple[Any, ...], Level] = OrderedDict()
        self.kept_bytes = 0
        self._lock = threading.Lock()
        self._making = [threading.Lock() for _ in range(_LOCKS)]

    def sample(
        self,
        asset: ImageAsset,
        bands: Sequence[Band],
        level: int,
        rows: NDArray[np.int64],
        cols: NDArray[np.int64],
        deadline: Deadline,
    ) -> list[Level]:
        """Pixels of a level at given positions.

        Args:
            asset: the image.
            bands: some of its bands, of one lattice.
            level: from 1.
            rows: row indices within the level, broadcastable with `cols`.
            cols: column indices within the level.
            deadline: when to give up.
        """
        taken = [i for i, band in enumerate(bands) if band.pyramiding == "SAMPLE"]
        made = [i for i in range(len(bands)) if i not in taken]
        found: dict[int, Level] = {}
        if taken:
            names = [bands[i].id for i in taken]
            for i, (values, valid) in zip(
                taken, asset.sample(names, rows << level, cols << level), strict=True
            ):
                found[i] = Level(values, None if (valid == 1).all() else valid.astype(np.float32))
        if made:
            wanted = [bands[i] for i in made]
            levels = self._gathered(asset, wanted, level, rows, cols, deadline)
            found.update(zip(made, levels, strict=True))
        return [found[i] for i in range(len(bands))]

    def _gathered(
        self,
        asset: ImageAsset,
        bands: Sequence[Band],
        level: int,
        rows: NDArray[np.int64],
        cols: NDArray[np.int64],
        deadline: Deadline,
    ) -> list[Level]:
        """Put together the blocks that the positions touch, and pick."""
        stride = _stride(asset, bands[0].grid, level)
        side = _block(level, stride) >> (level - stride)
        high, down = np.unique(rows // side, return_inverse=True)
        wide, across = np.unique(cols // side, return_inverse=True)
        down, across = down.reshape(rows.shape), across.reshape(cols.shape)
        touched = np.zeros((high.size, wide.size), np.bool_)
        touched[down, across] = True
        shape = (high.size * side, wide.size * side)
        self._limits.check_working_pixels(shape[0] * shape[1])
        most = self._limits.working_pixels // (shape[0] * shape[1])
        if len(bands) > most:
            parts = (bands[:most], bands[most:])
            gather = self._gathered
            return [b for p in parts for b in gather(asset, p, level, rows, cols, deadline)]
        values = [np.zeros(shape, band.dtype) for band in bands]
        weights = [np.zeros(shape, np.float32) for _ in bands]
        for i, row in enumerate(high.tolist()):
            places = np.flatnonzero(touched[i]).tolist()
            columns = [int(wide[j]) for j in places]
            for j, blocks in zip(
                places, self._row(asset, bands, level, row, columns, deadline), strict=True
            ):
                for block, value, weight in zip(blocks, values, weights, strict=True):
                    there = (
                        slice(i * side, i * side + block.values.shape[0]),
                        slice(j * side, j * side + block.values.shape[1]),
                    )
                    value[there] = block.values
                    weight[there] = 1 if block.weight is None else block.weight
        at = down * side + rows % side, across * side + cols % side
        picked = [(value[at], weight[at]) for value, weight in zip(values, weights, strict=True)]
        return [Level(value, None if (weight == 1).all() else weight) for value, weight in picked]

    def _row(
        self,
        asset: ImageAsset,
        bands: Sequence[Band],
        level: int,
        row: int,
        columns: Sequence[int],
        deadline: Deadline,
    ) -> list[list[Level]]:
        """Some blocks of a row, each of all bands; those that are not kept are made."""
        key = (asset.id, asset.version)
        stride = [_stride(asset, bands[0].grid, below) for below in range(level + 1)]
        finest = max(stride.index(stride[level]), 1)
        with self._making[hash((key, bands[0].grid, row)) % _LOCKS]:
            found: dict[int, list[Level]] = {}
            for column in columns:
                known = self._known(key, bands, range(level, finest - 1, -1), row, column)
                if known is not None:
                    found[column] = known
            for run in _runs([column for column in columns if column not in found], _RUN):
                deadline.check()
                for column, blocks in zip(run, _made(asset, bands, level, row, run), strict=True):
                    found[column] = blocks
                    self._keep(key, bands, level, row, column, blocks)
        return [found[column] for column in columns]

    def _known(
        self, key: tuple[Any, ...], bands: Sequence[Band], levels: range, row: int, column: int
    ) -> list[Level] | None:
        """A block of all bands, kept or made of a finer one that is; None if one is missing."""
        blocks = []
        for band in bands:
            for below in levels:
                place = (*key, band.id, below, row, column)
                with self._lock:
                    block = self._kept.get(place)
                    if block is not None:
                        self._kept.move_to_end(place)
                if block is not None:
                    blocks.append(_coarser(block, band, levels[0] - below))
                    break
            else:
                return None
        return blocks

    def _keep(
        self,
        key: tuple[Any, ...],
        bands: Sequence[Band],
        level: int,
        row: int,
        column: int,
        blocks: Sequence[Level],
    ) -> None:
        with self._lock:
            for band, block in zip(bands, blocks, strict=True):
                place = (*key, band.id, level, row, column)
                if place not in self._kept:
                    self.kept_bytes += _size(block)
                self._kept[place] = block
            while self.kept_bytes > self._limits.pyramid_bytes and self._kept:
                self.kept_bytes -= _size(self._kept.popitem(last=False)[1])


def _size(block: Level) -> int:
    return sum(a.nbytes for a in block if a is not None) + _OVERHEAD_BYTES


def _runs(columns: Sequence[int], longest: int) -> list[list[int]]:
    """Ascending numbers as runs without gaps, none longer than that."""
    runs: list[list[int]] = []
    for column in columns:
        if runs and column == runs[-1][-1] + 1 and len(runs[-1]) < longest:
            runs[-1].append(column)
        else:
            runs.append([column])
    return runs


def _made(
    asset: ImageAsset, bands: Sequence[Band], level: int, row: int, run: Sequence[int]
) -> list[list[Level]]:
    """Blocks side by side, each of all bands, from the image's own pixels."""
    lattice = bands[0].grid
    stride = _stride(asset, lattice, level)
    size = _block(level, stride)
    first, last = run[0] * size, (run[-1] + 1) * size
    rows = _middles(row * size, (row + 1) * size, stride, lattice.height)
    cols = _middles(first, last, stride, lattice.width)
    sample = asset.sample if stride == 0 or asset.afar is None else asset.afar(1 << level)
    sampled = sample([band.id for band in bands], rows[:, np.newaxis], cols[np.newaxis, :])
    side = size >> (level - stride)
    blocks: list[list[Level]] = [[] for _ in run]
    for band, (values, valid) in zip(bands, sampled, strict=True):
        native = Level(values, None if (valid == 1).all() else valid.astype(np.float32))
        whole = _coarser(native, band, level - stride)
        for i, block in enumerate(blocks):
            there = (slice(None), slice(i * side, (i + 1) * side))
            weight = None if whole.weight is None else whole.weight[there].copy()
            if weight is not None and (weight == 1).all():
                weight = None
            block.append(Level(whole.values[there].copy(), weight))
    return blocks


def _middles(first: int, last: int, stride: int, size: int) -> NDArray[np.int64]:
    """Native indices of every so-manieth pixel, in the middle of those that it stands for."""
    starts = np.arange(first, last, dtype=np.int64) << stride
    middles: NDArray[np.int64]
    middles = np.minimum(starts[starts < size] + ((1 << stride) >> 1), size - 1)
    return middles


def _coarser(level: Level, band: Band, times: int) -> Level:
    """A level halved so many times."""
    policy = _POLICIES[band.pyramiding]
    for _ in range(times):
        level = _halved(level, policy)
    return level


def _halved(level: Level, policy: Policy) -> Level:
    values, weight = level
    height, width = values.shape
    odd = ((0, height % 2), (0, width % 2))
    if weight is None and odd == ((0, 0), (0, 0)):
        if policy is _mean:
            return Level(_even_mean(values), None)
        fours = _fours(values)
        return Level(policy(fours, np.ones(fours.shape, np.float32)), None)
    weight = np.ones(values.shape, np.float32) if weight is None else weight
    weights = _fours(np.pad(weight, odd))
    coarse = policy(_fours(np.pad(values, odd)), weights)
    mask = weights.mean(axis=0)
    return Level(np.where(mask > 0, coarse, coarse.dtype.type(0)), mask)


def _fours(pixels: NDArray[Any]) -> NDArray[Any]:
    """The 2 x 2 under each coarser pixel: `(4, height, width)`."""
    return np.stack([pixels[i::2, j::2] for i in range(2) for j in range(2)])


def _even_mean(values: NDArray[Any]) -> NDArray[Any]:
    """The mean of four, all of them valid."""
    a, b, c, d = (values[i::2, j::2] for i in range(2) for j in range(2))
    return _typed((a.astype(np.float64) + b + c + d) / 4, values.dtype)


def _mean(values: NDArray[Any], weights: Weights) -> NDArray[Any]:
    total = weights.sum(axis=0, dtype=np.float64)
    added = np.where(weights > 0, values, 0) * weights.astype(np.float64)
    share = np.divide(added.sum(axis=0), total, out=np.zeros_like(total), where=total > 0)
    return _typed(share, values.dtype)


def _least(values: NDArray[Any], weights: Weights) -> NDArray[Any]:
    least: NDArray[Any]
    least = np.where(weights > 0, values, _extreme(values.dtype, highest=True)).min(axis=0)
    return least


def _greatest(values: NDArray[Any], weights: Weights) -> NDArray[Any]:
    most: NDArray[Any]
    most = np.where(weights > 0, values, _extreme(values.dtype, highest=False)).max(axis=0)
    return most


def _mode(values: NDArray[Any], weights: Weights) -> NDArray[Any]:
    support = np.stack([(weights * (values == one)).sum(axis=0) for one in values])
    best = (support == support.max(axis=0)) & (weights > 0)
    return _least(values, np.where(best, np.float32(1), np.float32(0)))


def _median(values: NDArray[Any], weights: Weights) -> NDArray[Any]:
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    passed = np.take_along_axis(weights, order, axis=0).cumsum(axis=0, dtype=np.float64)
    half = passed[-1] / 2
    low, high = (passed >= half).argmax(axis=0), (passed > half).argmax(axis=0)
    pair = [np.take_along_axis(ordered, at[np.newaxis], axis=0)[0] for at in (low, high)]
    return _typed((pair[0].astype(np.float64) + pair[1]) / 2, values.dtype)


_POLICIES: dict[str, Policy] = {
    "MEAN": _mean,
    "MIN": _least,
    "MAX": _greatest,
    "MODE": _mode,
    "MEDIAN": _median,
}


def _extreme(dtype: np.dtype[Any], *, highest: bool) -> Any:
    if dtype.kind == "f":
        return dtype.type(np.inf if highest else -np.inf)
    info = np.iinfo(dtype)
    return dtype.type(info.max if highest else info.min)


def _typed(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    return (np.rint(values) if dtype.kind in "iu" else values).astype(dtype)
