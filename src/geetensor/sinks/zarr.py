"""A cube as Zarr 3, with a file a block or a chunk; as xarray, rioxarray and GDAL read it."""

from __future__ import annotations

import base64
import itertools
import struct
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import fsspec
import numpy as np
import zarr
from zarr.codecs import ZstdCodec
from zarr.storage import FsspecStore, LocalStore

from geetensor.cf import GRID_MAPPING, centres, fill_attribute, grid_mapping
from geetensor.errors import StorageError
from geetensor.sinks.stage import sync

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geetensor.blocks import Block
    from geetensor.sinks.cube import Cube

NAME = "pixels"
"""Of the array of all values."""

ZSTD_LEVEL = 1
"""The fastest. On noisy reflectances, higher ones save nothing: measured."""

_DIMENSIONS = ("time", "band", "y", "x")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ZarrWriter:
    """Writes the group of one cube; see `geetensor.sinks.cube.CubeWriter`.

    The group's own `zarr.json` comes last: without it there is nothing for a reader to open.

    Args:
        cube: what to write.
        place: a folder that belongs to it, or a URL.
    """

    reserved_bytes: ClassVar[int] = 0

    def __init__(self, cube: Cube, place: Path | str) -> None:
        self._cube = cube
        self._place = place
        self._axes = 0 if cube.series else 1  # leading dimensions that an image does not have
        self._files, self._root = fsspec.core.url_to_fs(str(place))
        self._array: Any = None
        self._found: dict[str, int] | None = None  # files that were there when last looked for
        self._stored: dict[int, int] = {}  # bytes of each block

    def begin(self, done: Mapping[int, int], todo: Sequence[Block]) -> None:
        """Make the array of all values, or find it."""
        if isinstance(self._place, Path):
            # What zarr had not renamed yet when the process was killed.
            for leftover in self._place.rglob("*.partial"):
                leftover.unlink()
        # Files that were not noted as done: zarr would read those that reach over the array's
        # end, to keep what is in them.
        there = self._files_there()
        for block in todo:
            for key in self._keys(block):
                if key in there:
                    self._files.rm_file(f"{self._root}/{key}")
        self._array = self._open_array() if done else self._make_array()
        self._stored.update(done)

    def has(self, block: Block, stored_bytes: int) -> bool:
        """Whether a block is there, with all of its bytes. What is all fill has no files."""
        if self._found is None:
            self._found = self._files_there()
        return sum(self._found.get(key, 0) for key in self._keys(block)) == stored_bytes

    def write(self, block: Block, values: NDArray[Any]) -> int:
        """Store a block, as a shard or as its chunks."""
        self._array[block.slices[self._axes :]] = values[0] if self._axes else values
        stored = [(key, size) for key in self._keys(block) if (size := self._size(key))]
        if isinstance(self._place, Path):
            for key, _ in stored:
                sync(self._place / key)
        self._stored[block.index] = sum(size for _, size in stored)
        return self._stored[block.index]

    def noted(self, block: Block) -> None:
        """Nothing is left to do."""

    def complete(self) -> None:
        """Write the coordinates, and then what makes it a group.

        Raises:
            StorageError: if blocks are gone, which a reader would take for fill.
        """
        self._check_whole()
        cube = self._cube
        self._coordinate("band", ("band",), list(cube.band_names))
        self._coordinate(GRID_MAPPING, (), np.asarray(0), grid_mapping(cube.grid))
        for name, (along, attributes) in centres(cube.grid).items():
            self._coordinate(name, (name,), along, attributes)
        if cube.series:
            times = [(date - _EPOCH) // timedelta(microseconds=1) for date in cube.dates if date]
            units = {
                "units": "microseconds since 1970-01-01",
                "calendar": "proleptic_gregorian",
                "standard_name": "time",
            }
            self._coordinate("time", ("time",), np.asarray(times, np.int64), units)
            self._coordinate("asset_id", ("time",), [one or "" for one in cube.asset_ids])
        zarr.open_group(
            self._store(), mode="a", zarr_format=3, attributes={"Conventions": "CF-1.11"}
        )
        with warnings.catch_warnings():
            # That this is no part of Zarr 3 yet; xarray warns, and is slow, where it is missing.
            warnings.simplefilter("ignore")
            zarr.consolidate_metadata(self._store(), zarr_format=3)
        if isinstance(self._place, Path):
            blocks = self._place / NAME / "c"  # these are on disk already
            for path in self._place.rglob("*"):
                if path.is_file() and blocks not in path.parents:
                    sync(path)

    def close(self) -> None:
        """Nothing runs."""

    def _check_whole(self) -> None:
        self._found = self._files_there()
        at = self._cube.layout.at
        gone = [block for block, size in self._stored.items() if not self.has(at(block), size)]
        if gone:
            raise StorageError(
                f"{len(gone)} of {len(self._stored)} blocks in {self._place} are gone, or not as "
                "they were stored: has somebody removed them meanwhile? The same call fetches "
                "them again."
            )

    def _store(self, name: str = "") -> Any:
        """The group as a store, or one of its arrays: that makes no group of what is above it."""
        if isinstance(self._place, Path):
            return LocalStore(self._place / name)
        return FsspecStore.from_url(f"{self._place}/{name}" if name else self._place)

    def _open_array(self) -> Any:
        return zarr.open_array(self._store(NAME), mode="r+", zarr_format=3)

    def _make_array(self) -> Any:
        cube, layout, axes = self._cube, self._cube.layout, self._axes
        attributes: dict[str, Any] = {
            "grid_mapping": GRID_MAPPING,
            "coordinates": f"{GRID_MAPPING} asset_id" if cube.series else GRID_MAPPING,
        }
        for name, fill in fill_attribute(cube.fill, cube.dtype).items():
            attributes[name] = _encoded(fill) if name == "_FillValue" else fill
        if not cube.series and cube.asset_ids[0]:
            attributes["asset_id"] = cube.asset_ids[0]
        if cube.method is not None:
            attributes["method"] = cube.method
        return zarr.create_array(
            self._store(NAME),
            shape=layout.shape[axes:],
            chunks=layout.chunk[axes:],
            shards=layout.block[axes:] if cube.sharded else None,
            dtype=cube.dtype,
            fill_value=cube.fill,
            compressors=ZstdCodec(level=ZSTD_LEVEL),
            dimension_names=_DIMENSIONS[axes:],
            attributes=attributes,
            overwrite=True,
        )

    def _coordinate(
        self, name: str, dimensions: tuple[str, ...], values: Any, attributes: Any = None
    ) -> None:
        texts = isinstance(values, list)
        array = np.asarray(values, object) if texts else values
        made = zarr.create_array(
            self._store(name),
            shape=array.shape,
            chunks=array.shape,
            dtype="string" if texts else array.dtype,
            compressors=ZstdCodec(level=ZSTD_LEVEL) if array.shape else None,
            dimension_names=dimensions,
            attributes=attributes or {},
            config={"write_empty_chunks": True},  # or a reader of 0 gets what says nothing
            overwrite=True,
        )
        made[...] = array

    def _keys(self, block: Block) -> list[str]:
        """The files of a block within the group: its shard, or its chunks."""
        layout, axes = self._cube.layout, self._axes
        each = layout.block if self._cube.sharded else layout.chunk
        spans = [
            range(part.start // side, -(-part.stop // side))
            for part, side in zip(block.slices[axes:], each[axes:], strict=True)
        ]
        return [f"{NAME}/c/{'/'.join(map(str, at))}" for at in itertools.product(*spans)]

    def _files_there(self) -> dict[str, int]:
        """Bytes of all blocks' files that are there."""
        self._files.invalidate_cache()
        found = self._files.find(f"{self._root}/{NAME}/c", detail=True)
        # zarr writes by a file system of its own: in listings kept here its files would be missing.
        self._files.invalidate_cache()
        return {path[len(self._root) + 1 :]: int(info["size"]) for path, info in found.items()}

    def _size(self, key: str) -> int:
        """Bytes of a file; 0 if there is none."""
        try:
            if isinstance(self._place, Path):
                return (self._place / key).stat().st_size
            return int(self._files.size(f"{self._root}/{key}"))
        except FileNotFoundError:
            return 0


def _encoded(fill: float) -> str:
    """A float's `_FillValue` in Zarr 3, where JSON has no NaN.

    Source: xarray 2026.9, `xarray.backends.zarr.FillValueCoder`.
    """
    return base64.standard_b64encode(struct.pack("<d", float(fill))).decode()
