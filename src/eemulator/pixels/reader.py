"""Runs the pixel graph for one grid."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..errors import ServiceError
from .locate import Locator
from .node import Leaf, Need, Operation

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ..catalog.model import Grid
    from ..limits import Deadline
    from ..values.image import ImageBand
    from .node import PixelNode, Plane


class Reader:
    """Reads bands on grids.

    Each needed node runs once for all bands asked of it together; nodes that several others need,
    or that are asked for themselves and needed, keep their planes until `forget`. The walk is a
    loop over generators, not a recursion.

    Args:
        bands: the bands that will be read; their graph is walked once to find shared nodes.
        deadline: when to give up.
        arrays: whether the caller takes pixels that are arrays.

    Raises:
        ServiceError: pixels that are arrays would come to who does not take them.
    """

    def __init__(
        self, bands: Sequence[ImageBand], deadline: Deadline, *, arrays: bool = False
    ) -> None:
        self._deadline = deadline
        if not arrays:
            _refuse_arrays(bands)
        uses, self.plane_count = _count_uses(bands)
        self._shared = {node for node, count in uses.items() if count > 1}
        self._kept: dict[tuple[int, Grid], dict[int, Plane]] = {}
        self._locator = Locator()

    def read(self, bands: Sequence[ImageBand], grid: Grid) -> list[Plane]:
        """The planes of bands on a grid, in order."""
        stack = [self._gather(Need(bands, grid))]
        received: list[Plane] | None = None
        while True:
            self._deadline.check()
            try:
                need = next(stack[-1]) if received is None else stack[-1].send(received)
            except StopIteration as finished:
                stack.pop()
                received = finished.value
                if not stack:
                    assert received is not None  # noqa: S101
                    return received
            else:
                stack.append(self._gather(need))
                received = None

    def forget(self) -> None:
        """Drop what was kept: the next grid has nothing to do with this one."""
        self._kept.clear()
        self._locator = Locator()

    def _gather(self, need: Need) -> Generator[Need, list[Plane], list[Plane]]:
        """Run each node that a need touches, once."""
        wanted: dict[PixelNode, list[int]] = {}
        for band in need.bands:
            indices = wanted.setdefault(band.node, [])
            if band.index not in indices:
                indices.append(band.index)
        found: dict[tuple[int, int], Plane] = {}
        for node, indices in wanted.items():
            kept = self._kept.setdefault((id(node), need.grid), {}) if node in self._shared else {}
            missing = [index for index in indices if index not in kept]
            if missing:
                if isinstance(node, Leaf):
                    planes = node.planes(missing, need.grid, self._locator)
                elif isinstance(node, Operation):
                    planes = yield from node.steps(missing, need.grid)
                else:
                    raise TypeError(f"{node!r} computes no pixels")
                kept.update(zip(missing, planes, strict=True))
            found.update({(id(node), index): kept[index] for index in indices})
        return [found[id(band.node), band.index] for band in need.bands]


def _refuse_arrays(bands: Sequence[ImageBand]) -> None:
    for band in bands:
        if band.type.dimensions:
            raise ServiceError(
                f"The pixels of band '{band.id}' are arrays, of which the emulator does not "
                "compute this; use arrayGet, or arrayProject and arrayFlatten, before."
            )


def _count_uses(bands: Sequence[ImageBand]) -> tuple[Counter[PixelNode], int]:
    """How often each node is asked for or an input, and how many planes the graph has about."""
    planes = {(id(band.node), band.index) for band in bands}
    waiting = list(dict.fromkeys(band.node for band in bands))
    uses: Counter[PixelNode] = Counter(waiting)
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        if not node.takes_arrays:
            _refuse_arrays(node.inputs)
        planes.update((id(band.node), band.index) for band in node.inputs)
        for needed in {band.node for band in node.inputs}:
            uses[needed] += 1
            if needed not in seen:
                seen.add(needed)
                waiting.append(needed)
    return uses, len(planes)
