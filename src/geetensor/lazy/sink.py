"""Pixels into an array of those that were selected, and of no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from geetensor.sinks.memory import MemorySink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geetensor.engine.pixels import TileWriter
    from geetensor.export import Export
    from geetensor.lazy.selection import Selection
    from geetensor.plan import Tile


class SelectionSink:
    """An array that the selected pixels of an output's tiles are written into, as they arrive.

    Args:
        export: whose tiles come.
        selection: of its output.
    """

    takes_any_tile: ClassVar[bool] = True

    def __init__(self, export: Export, selection: Selection) -> None:
        self._export = export
        self._selection = selection
        self._memory = MemorySink(selection.shape, export.dtype, export.fill, cast=export.cast)

    def has_room(self, tile: Tile) -> bool:
        """There is: all of the array was made at once."""
        return self._memory.has_room(tile)

    def open_tile(self, tile: Tile) -> TileWriter:
        """Begin to write a tile to its place; see `geetensor.engine.pixels.Sink`."""
        place = self._memory.open_tile(self._selection.place_of(tile))
        rows, cols = self._selection.within(tile.window)
        wanted_rows = self._selection.rows[rows] - tile.window.row
        wanted_cols = self._selection.cols[cols] - tile.window.col
        if (len(wanted_rows), len(wanted_cols)) == tile.window[2:]:
            return place
        return _Picker(place, wanted_rows, wanted_cols)

    def values(self) -> NDArray[Any]:
        """What was selected, when all tiles are in place.

        Returns:
            Array of the selection's shape. Blocks of the output that the area does not touch
            are fill, as in the whole output, and so are bands that an image lacks.
        """
        values, coverage = self._memory.values, self._export.coverage
        rows, cols = self._selection.rows // coverage.block, self._selection.cols // coverage.block
        touched = coverage.touched[np.ix_(rows, cols)]
        if not touched.all():
            values[..., ~touched] = self._export.fill
        for time, band in self._export.absent:
            values[np.ix_(self._selection.times == time, self._selection.bands == band)] = (
                self._export.fill
            )
        return values


class _Picker:
    """Hands on some rows and columns of a tile.

    Args:
        place: of what is picked.
        rows: of the tile, in ascending order.
        cols: of the tile, likewise.
    """

    def __init__(self, place: TileWriter, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> None:
        self._place = place
        self._rows = rows
        self._cols = cols

    def write_rows(self, first: int, bands: Sequence[NDArray[Any]]) -> None:
        """Write what is wanted of some rows; see `geetensor.engine.decode.RowWriter`."""
        begin, end = np.searchsorted(self._rows, [first, first + len(bands[0])])
        if begin < end:
            picked = np.ix_(self._rows[begin:end] - first, self._cols)
            self._place.write_rows(int(begin), [band[picked] for band in bands])

    def finish(self) -> None:
        """All rows came."""
        self._place.finish()
