"""GeoTIFFs: what they hold, and their pixels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from .bandnames import BAND_NAME
from .dates import millis
from .errors import Refused
from .grids import checked_grid, crs_name
from .handles import File, Handles, open_geotiff
from .layers import Layer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from .windows import Pixels

HANDLES = Handles()
"""Of all catalogues of this process."""


@dataclass(frozen=True, slots=True)
class GeotiffSource:
    """The bands of a file.

    Attributes:
        file: where they are.
        kind: dtype of its bands: a TIFF has but one.
        block: rows and columns of a tile or strip.
        alphas: numbers, from 1, of the bands that mask the others.
        has_mask: whether the file has a mask besides.
    """

    file: File
    kind: str
    block: tuple[int, int]
    alphas: tuple[int, ...]
    has_mask: bool

    @property
    def is_fractional(self) -> bool:
        """Whether pixels may be valid in part: where there is alpha."""
        return bool(self.alphas)

    def dtype(self, number: int) -> np.dtype[Any]:  # noqa: ARG002
        """Of a band's values."""
        return np.dtype(self.kind)

    def read(self, numbers: Sequence[int], rows: slice, cols: slice) -> Pixels:
        """A window of some bands (see `Source`).

        Raises:
            OSError: the file cannot be read.
            ValueError: it is another by now.
        """
        window = Window(cols.start, rows.start, cols.stop - cols.start, rows.stop - rows.start)
        with HANDLES.opened(self.file) as file:
            indexes = [number + 1 for number in numbers]
            values = file.read(indexes, window=window)
            valid: Any = np.ones(values.shape, np.float32 if self.alphas else np.bool_)
            if self.has_mask:
                valid *= file.read_masks(indexes, window=window) != 0
            for alpha in self.alphas:
                valid *= _opacity(file.read(alpha, window=window))
        return list(zip(values, valid, strict=True))


def _opacity(alpha: NDArray[Any]) -> NDArray[np.float32]:
    """Alpha from 0 to 1; of integers, the greatest of their type is opaque."""
    full = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1
    opacity: NDArray[np.float32] = np.clip(alpha / np.float32(full), 0, 1).astype(np.float32)
    return np.nan_to_num(opacity)


@dataclass(frozen=True, slots=True)
class Geotiff:
    """What a file holds.

    Attributes:
        layers: its bands.
        taken: when, by its tag; milliseconds, None where there is none.
        version: when it was last written, microseconds.
    """

    layers: tuple[Layer, ...]
    taken: int | None
    version: int


def read_geotiff(path: Path, *, crs: str | None = None, alpha_is_band: bool = False) -> Geotiff:
    """What a file holds; no pixel is read.

    Args:
        path: of the file.
        crs: of a file that has none.
        alpha_is_band: whether a band that is called alpha is like the others.

    Raises:
        Refused: it cannot be served.
    """
    if not path.is_file():
        raise Refused(f"there is no file {path}", "file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with open_geotiff(path) as file:
                return _described(File.at(path), file, crs, alpha_is_band=alpha_is_band)
    except RasterioError as error:
        raise Refused(f"{path} is no GeoTIFF that can be read: {error}", "file") from None
    except Refused as error:
        raise Refused(f"{path.name}: {error}", *error.keys) from None


def _described(stored: File, file: Any, crs: str | None, *, alpha_is_band: bool) -> Geotiff:
    named = file.crs.to_wkt() if file.crs else crs
    if named is None:
        raise Refused("the file has no CRS: set `crs`, or write it into the file", "crs")
    if file.transform.is_identity:
        raise Refused("the file has no geotransform: gdal_translate -a_ullr writes one")
    t = file.transform
    grid = checked_grid(crs_name(named), (t.a, t.b, t.c, t.d, t.e, t.f), file.width, file.height)
    if file.dtypes[0].startswith("complex"):
        raise Refused("its pixels are complex numbers, which Earth Engine has not")
    alphas = () if alpha_is_band else _alphas(file)
    source = GeotiffSource(
        stored,
        file.dtypes[0],
        file.block_shapes[0],
        alphas,
        any(
            MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
            for flags in file.mask_flag_enums
        ),
    )
    layers = [
        Layer(name, source, number, source.dtype(number), grid, nodata=file.nodatavals[number])
        for number, name in enumerate(_names(file))
        if number + 1 not in alphas
    ]
    return Geotiff(tuple(layers), _taken(file), stored.written // 1000)


def _alphas(file: Any) -> tuple[int, ...]:
    """Numbers of the bands that are called alpha; a file of nothing else has bands."""
    found = tuple(
        number
        for number, meaning in enumerate(file.colorinterp, start=1)
        if meaning is ColorInterp.alpha
    )
    return found if len(found) < file.count else ()


def _names(file: Any) -> list[str]:
    """What the file calls its bands, else what Earth Engine calls those of an upload [M]."""
    described = [text or "" for text in file.descriptions]
    fit = all(BAND_NAME.fullmatch(text) for text in described)
    if fit and len(set(described)) == len(described):
        return described
    return [f"b{number}" for number in range(1, file.count + 1)]


def _taken(file: Any) -> int | None:
    """The moment of TIFF's tag DateTime, which has no time zone: UTC is assumed."""
    text = file.tags().get("TIFFTAG_DATETIME")
    try:
        return None if text is None else millis(datetime.strptime(text, "%Y:%m:%d %H:%M:%S"))  # noqa: DTZ007
    except ValueError:
        return None
