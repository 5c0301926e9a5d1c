"""A cube as Zarr: version 3, a shard a block, zstd; as xarray and rioxarray read it."""

from __future__ import annotations

import base64
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

    def begin(self, done: Mapping[int, int], todo: Sequence[Block]) -> None:
        """Make the array of all values, or find it."""
        if isinstance(self._place, Path):
            # What zarr had not renamed yet when the process was killed.
            for leftover in self._place.rglob("*.partial"):
                leftover.unlink()
        # Shards that were not noted as done: zarr would read those that reach over the array's
        # end, to keep what is in them.
        for place in {self._shard(block) for block in todo} & self._shards():
            self._files.rm_file(place)
        self._array = self._open_array() if done else self._make_array()

    def has(self, block: Block, stored_bytes: int) -> bool:
        """Whether a block's shard is there, with all of its bytes. All fill has none."""
        return self._stored_bytes(block) == stored_bytes

    def write(self, block: Block, values: NDArray[Any]) -> int:
        """Store a block as a shard."""
        self._array[block.slices[self._axes :]] = values[0] if self._axes else values
        stored_bytes = self._stored_bytes(block)
        if isinstance(self._place, Path) and stored_bytes:
            sync(self._place / self._key(block))
        return stored_bytes

    def noted(self, block: Block) -> None:
        """Nothing is left to do."""

    def complete(self) -> None:
        """Write the coordinates, and then what makes it a group."""
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

    def close(self) -> None:
        """Nothing runs."""

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
            shards=layout.block[axes:],
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

    def _key(self, block: Block) -> str:
        return f"{NAME}/c/" + "/".join(str(at) for at in block.position[self._axes :])

    def _shard(self, block: Block) -> str:
        """Path of a block's shard, as the file system has it."""
        return f"{self._root}/{self._key(block)}"

    def _shards(self) -> set[str]:
        """Paths of all shards that are there."""
        self._files.invalidate_cache()
        return set(self._files.find(f"{self._root}/{NAME}/c"))

    def _stored_bytes(self, block: Block) -> int:
        """Size of a block's shard; 0 if there is none."""
        try:
            if isinstance(self._place, Path):
                return (self._place / self._key(block)).stat().st_size
            return int(self._files.size(self._shard(block)))
        except FileNotFoundError:
            return 0


def _encoded(fill: float) -> str:
    """A float's `_FillValue` in Zarr 3, where JSON has no NaN.

    Source: xarray 2026.9, `xarray.backends.zarr.FillValueCoder`.
    """
    return base64.standard_b64encode(struct.pack("<d", float(fill))).decode()
