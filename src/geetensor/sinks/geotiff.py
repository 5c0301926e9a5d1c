"""Images as GeoTIFFs: blocks are staged, and each image becomes a COG when all of its are there.

A GeoTIFF that is being written does not survive its process; files of a block each do. GDAL
reads them through a mosaic (VRT), and makes overviews and the order of a COG by itself.
"""

from __future__ import annotations

import math
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from xml.etree import ElementTree as ET

import rasterio
import rasterio.shutil
from rasterio.crs import CRS

from geetensor.errors import InvalidInputError
from geetensor.grid import parse_crs
from geetensor.sinks.stage import sync

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from geetensor.blocks import Block
    from geetensor.sinks.cube import Cube

_GDAL_TYPES = {
    "uint8": "Byte",
    "int8": "Int8",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "uint64": "UInt64",
    "int64": "Int64",
    "float32": "Float32",
    "float64": "Float64",
}
"""GDAL's names of dtypes, in a VRT."""

CREATION = {
    "compress": "DEFLATE",  # every reader of GeoTIFFs knows it
    "level": 1,  # on noisy reflectances 6 takes a fifth longer, and more bytes
    "predictor": "YES",
    "blocksize": 512,
    "overview_resampling": "NEAREST",  # no values that are nowhere: classes, fill, bits
    "bigtiff": "IF_SAFER",
    "num_threads": 2,
}
"""Options of GDAL's COG driver."""

CACHE_BYTES = 16 * 2**20
"""Of GDAL, for blocks of files. Measured on an image of 2.4 GB: with it a COG takes 165 MB to make,
and no more CPU than with 64 MiB, where it took 350 MB."""


COG_BYTES = 90 * 10**6
"""Of the room for blocks, what is left to COGs that are made meanwhile. Without it, the export of
four images of 0.96 GB took 604 MB."""


@dataclass(frozen=True, slots=True)
class Page:
    """One image of a cube, and its file.

    Attributes:
        time: index on the time axis.
        path: of the file.
    """

    time: int
    path: Path


class GeotiffWriter:
    """Writes images as COGs; see `geetensor.sinks.cube.CubeWriter`.

    Images are finished one after another, in a thread of their own, while others are fetched.

    Args:
        cube: what to write.
        pages: its images.
        blocks: a folder for blocks, which are removed when their images are there.
        on_page: called with each image before its file gets its name.
    """

    reserved_bytes: ClassVar[int] = COG_BYTES

    def __init__(
        self,
        cube: Cube,
        pages: Sequence[Page],
        blocks: Path,
        on_page: Callable[[Page], None] = lambda page: None,  # noqa: ARG005
    ) -> None:
        self._cube = cube
        self._pages = pages
        self._blocks = blocks
        self._on_page = on_page
        self._lock = threading.Lock()  # guards what follows
        self._missing: dict[int, set[int]] = {}  # blocks that each image waits for, by its date
        self._stored: dict[int, set[Block]] = {}  # blocks that it consists of
        self._waiting: dict[int, int] = {}  # images that wait for a block
        self._finisher = ThreadPoolExecutor(1, thread_name_prefix="geetensor-cog")
        self._finished: list[Future[None]] = []

    def has(self, block: Block, stored_bytes: int) -> bool:
        """Whether a block is staged, or all of its images are there."""
        path = self._path(block)
        if path.exists() and path.stat().st_size == stored_bytes:
            return True
        return all(page.path.exists() for page in self._pages_of(block))

    def begin(self, done: Mapping[int, int], todo: Sequence[Block]) -> None:
        """See which images wait for which blocks, and finish those that wait for none."""
        for page in self._pages:
            page.path.parent.mkdir(parents=True, exist_ok=True)
            self._missing[page.time], self._stored[page.time] = set(), set()
        for block in [*todo, *map(self._cube.layout.at, done)]:
            unfinished = [page for page in self._pages_of(block) if not page.path.exists()]
            self._waiting[block.index] = len(unfinished)
            for page in unfinished:
                self._stored[page.time].add(block)
                if block.index not in done:
                    self._missing[page.time].add(block.index)
        # What a killed process was writing: GDAL does not replace a TIFF without a directory.
        needed = {self._path(self._cube.layout.at(index)) for index in done if self._waiting[index]}
        for leftover in set(self._blocks.iterdir()) - needed:
            leftover.unlink()
        for page in self._pages:
            if not self._missing[page.time] and not page.path.exists():
                self._finish(page)

    def write(self, block: Block, values: NDArray[Any]) -> int:
        """Stage a block."""
        path = self._path(block)
        partial = path.with_suffix(".partial")
        a, b, c, d, e, f = self._cube.grid.window(block.window).transform[:6]
        # one axis of dates and bands, as files have
        bands = values.reshape(-1, *values.shape[2:])
        with rasterio.open(
            partial,
            "w",
            driver="GTiff",
            count=len(bands),
            height=bands.shape[1],
            width=bands.shape[2],
            dtype=bands.dtype,
            transform=rasterio.Affine(a, b, c, d, e, f),
            interleave="band",
        ) as file:
            file.write(bands)
        sync(partial)
        partial.replace(path)
        return path.stat().st_size

    def noted(self, block: Block) -> None:
        """Finish the images for which it was the last."""
        with self._lock:
            for page in self._pages_of(block):
                missing = self._missing[page.time]
                if block.index in missing:
                    missing.remove(block.index)
                    if not missing:
                        self._finish(page)
            failed = [one for one in self._finished if one.done() and one.exception()]
        for future in failed:
            future.result()

    def complete(self) -> None:
        """Wait for the images."""
        for future in self._finished:
            future.result()

    def close(self) -> None:
        """Finish no further image."""
        self._finisher.shutdown(cancel_futures=True)

    def _pages_of(self, block: Block) -> list[Page]:
        first, count = block.times
        return list(self._pages[first : first + count])

    def _path(self, block: Block) -> Path:
        return self._blocks / f"{block.index}.tif"

    def _finish(self, page: Page) -> None:
        self._finished.append(self._finisher.submit(self._make_image, page))

    def _make_image(self, page: Page) -> None:
        mosaic = self._blocks / f"image{page.time}.vrt"
        stored = sorted(self._stored[page.time], key=lambda block: block.index)
        mosaic.write_text(self._mosaic(page, stored), encoding="utf-8")
        partial = self._blocks / f"image{page.time}.tif"
        with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), warnings.catch_warnings():
            rasterio.shutil.copy(mosaic, partial, driver="COG", **CREATION)
        sync(partial)
        self._on_page(page)
        partial.replace(page.path)
        mosaic.unlink()
        with self._lock:
            for block in stored:
                self._waiting[block.index] -= 1
                if not self._waiting[block.index]:
                    self._path(block).unlink(missing_ok=True)

    def _mosaic(self, page: Page, stored: Sequence[Block]) -> str:
        """The image as GDAL reads it from blocks; fill where there is none."""
        cube = self._cube
        size = {"rasterXSize": str(cube.grid.width), "rasterYSize": str(cube.grid.height)}
        root = ET.Element("VRTDataset", size)
        ET.SubElement(root, "SRS").text = CRS.from_user_input(parse_crs(cube.grid.crs)).to_wkt()
        a, b, c, d, e, f = cube.grid.transform[:6]
        ET.SubElement(root, "GeoTransform").text = ", ".join(map(repr, (c, a, b, f, d, e)))
        gdal_type = _GDAL_TYPES[cube.dtype.name]
        for band, name in enumerate(cube.band_names):
            what = {"dataType": gdal_type, "band": str(band + 1)}
            node = ET.SubElement(root, "VRTRasterBand", what)
            ET.SubElement(node, "Description").text = name
            ET.SubElement(node, "NoDataValue").text = _number(cube.fill)
            for block in stored:
                first, count = block.bands
                if not first <= band < first + count:
                    continue
                source = ET.SubElement(node, "SimpleSource")
                path = ET.SubElement(source, "SourceFilename", {"relativeToVRT": "1"})
                path.text = self._path(block).name
                place = (page.time - block.times[0]) * count + band - first
                ET.SubElement(source, "SourceBand").text = str(place + 1)
                row, col, height, width = block.window
                sides = {"xSize": str(width), "ySize": str(height)}
                # Told here, they are not read from every file before the first pixel.
                properties = {"RasterXSize": str(width), "RasterYSize": str(height)}
                properties |= {"DataType": gdal_type, "BlockXSize": str(width), "BlockYSize": "1"}
                ET.SubElement(source, "SourceProperties", properties)
                ET.SubElement(source, "SrcRect", {"xOff": "0", "yOff": "0", **sides})
                ET.SubElement(source, "DstRect", {"xOff": str(col), "yOff": str(row), **sides})
        return ET.tostring(root, encoding="unicode")


def check_writable(dtype: np.dtype[Any]) -> None:
    """Refuse what a GeoTIFF cannot hold.

    Args:
        dtype: of the values.

    Raises:
        InvalidInputError: with the reason.
    """
    if dtype.name not in _GDAL_TYPES:
        raise InvalidInputError(
            f"A GeoTIFF cannot hold {dtype.name}. Pass dtype=, for example 'float32'."
        )


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) or not math.isfinite(value) else repr(value)
