"""Zarr groups as xarray and geetensor write them: images along `time`, bands along `band`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from .bandnames import band_name
from .errors import Refused
from .filenames import index_of
from .grids import checked_grid, crs_name
from .layers import Layer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..model import Grid
    from .windows import Pixels

_ROWS = ("y", "lat", "latitude")
_COLUMNS = ("x", "lon", "longitude")
_TIME, _BAND = "time", "band"
# Of a pixel: how far centres may lie beside those of a grid.
_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class ZarrSource:
    """The bands of one date of one array.

    Attributes:
        variable: xarray's, which reads when it is indexed.
        before: index of the dimensions that come before bands and pixels.
        has_bands: whether it has a dimension of bands, right before the pixels.
        block: rows and columns of a chunk.
    """

    variable: Any = field(repr=False)
    before: tuple[int, ...]
    has_bands: bool
    block: tuple[int, int]

    @property
    def is_fractional(self) -> bool:
        """Whether pixels may be valid in part: no."""
        return False

    def dtype(self, number: int) -> np.dtype[Any]:  # noqa: ARG002
        """Of a band's values."""
        kind: np.dtype[Any] = self.variable.dtype
        return kind.newbyteorder("=")

    def read(self, numbers: Sequence[int], rows: slice, cols: slice) -> Pixels:
        """A window of some bands (see `Source`)."""
        found = []
        for number in numbers:
            band = (number,) if self.has_bands else ()
            values = self.variable[(*self.before, *band, rows, cols)].values
            found.append((values, np.ones(values.shape, np.bool_)))
        return found


@dataclass(frozen=True, slots=True)
class CubeImage:
    """One date of a group.

    Attributes:
        index: `system:index`, as far as the group tells.
        taken: milliseconds; None in a group without a time axis.
        layers: its bands.
    """

    index: str
    taken: int | None
    layers: tuple[Layer, ...]


def read_cube(path: Path, *, crs: str | None = None) -> list[CubeImage]:
    """The images of a group, in its order; no pixel is read.

    Args:
        path: a folder.
        crs: of a group that has none.

    Raises:
        Refused: it cannot be served.
    """
    if not path.is_dir():
        raise Refused(f"there is no folder {path}", "zarr")
    try:
        group = _opened(path)
        return _images(group, path.stem, crs)
    except Refused as error:
        raise Refused(f"{path.name}: {error}", *(error.keys or ("zarr",))) from None


def version_of(path: Path) -> int:
    """When a group was last written, microseconds."""
    times = [one.stat().st_mtime_ns for one in path.iterdir()]
    return max([path.stat().st_mtime_ns, *times]) // 1000


def _opened(path: Path) -> Any:
    for package in ("xarray", "zarr"):
        if find_spec(package) is None:
            raise Refused(
                f"Zarr needs the package {package}: pip install 'geetensor[emulator,xarray,zarr]'"
            )
    import xarray  # an optional package

    consolidated = None if _is_consolidated(path) else False
    try:
        return xarray.open_dataset(
            os.fspath(path),
            engine="zarr",
            chunks=None,
            cache=False,
            mask_and_scale=False,
            decode_timedelta=False,
            consolidated=consolidated,
        )
    except Exception as error:  # whatever zarr's stores and codecs raise
        raise Refused(f"is no Zarr group that can be read: {error}") from None


def _is_consolidated(path: Path) -> bool:
    """Whether all metadata is in one file; xarray warns of a group that it looks in vain for."""
    old, new = path / ".zmetadata", path / "zarr.json"
    return old.is_file() or (new.is_file() and '"consolidated_metadata"' in new.read_text("utf-8"))


def _images(group: Any, name: str, crs: str | None) -> list[CubeImage]:
    variables = [(str(key), group[key]) for key in group.data_vars if _pixel_dims(group[key].dims)]
    if not variables:
        raise Refused("it has no array whose last dimensions are y and x (or lat and lon)")
    in_time = [_TIME in variable.dims for _, variable in variables]
    if any(in_time) != all(in_time):
        raise Refused("some of its arrays have a dimension `time`, and some have not")
    if not any(in_time):
        return [CubeImage(index_of(name), None, _layers(group, variables, None, crs))]
    times = group[_TIME].values
    if times.dtype.kind != "M":
        raise Refused("its coordinate `time` is not one of dates")
    if np.isnat(times).any():
        raise Refused("its coordinate `time` has a gap")
    millis = times.astype("datetime64[ms]").astype(np.int64)
    indices = _indices(group, times)
    return [
        CubeImage(indices[at], int(millis[at]), _layers(group, variables, at, crs))
        for at in range(len(times))
    ]


def _pixel_dims(dims: Sequence[Any]) -> bool:
    """Whether an array is one of pixels, and of nothing that images do not have."""
    return (
        len(dims) >= 2
        and dims[-2] in _ROWS
        and dims[-1] in _COLUMNS
        and tuple(dims[:-2]) in ((), (_TIME,), (_BAND,), (_TIME, _BAND))
    )


def _indices(group: Any, times: Any) -> list[str]:
    """An index for each date: the last part of its asset's id, else the date; each once."""
    said = group["asset_id"].values.tolist() if "asset_id" in group.variables else [""] * len(times)
    indices: list[str] = []
    for asset_id, time in zip(said, times.astype("datetime64[s]"), strict=True):
        told = str(asset_id or "").partition(",")[0].rpartition("/")[2]
        name = index_of(told or str(time).replace("-", "").replace(":", ""))
        count, index = 1, name
        while index in indices:
            count += 1
            index = f"{name}_{count}"
        indices.append(index)
    return indices


def _layers(
    group: Any, variables: Sequence[tuple[str, Any]], at: int | None, crs: str | None
) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    for name, array in variables:
        grid = _grid(group, array, crs)
        has_bands = _BAND in array.dims
        block = _block(array)
        source = ZarrSource(array.variable, () if at is None else (at,), has_bands, block)
        names = _band_names(group, array) if has_bands else [band_name(name)]
        layers.extend(
            Layer(band, source, number, source.dtype(number), grid, nodata=_nodata(array))
            for number, band in enumerate(names)
        )
    return tuple(layers)


def _band_names(group: Any, array: Any) -> list[str]:
    if _BAND not in group.variables:
        return [f"b{number}" for number in range(1, array.sizes[_BAND] + 1)]
    names = [band_name(str(name)) for name in group[_BAND].values.tolist()]
    # rioxarray numbers them.
    return [f"b{name}" if name.isdecimal() else name for name in names]


def _block(array: Any) -> tuple[int, int]:
    """Rows and columns of a chunk; of an array without chunks, all of them."""
    chunks = array.encoding.get("chunks") or array.shape
    return int(chunks[-2]), int(chunks[-1])


def _nodata(array: Any) -> float | None:
    """The value that means nothing, by whichever name it is written."""
    for name in ("_FillValue", "nodata", "missing_value"):
        if (value := array.attrs.get(name)) is not None:
            number: float = np.asarray(value).item()
            return number
    return None


def _grid(group: Any, array: Any, crs: str | None) -> Grid:
    mapping = array.attrs.get("grid_mapping") or array.encoding.get("grid_mapping") or "spatial_ref"
    described = group[mapping].attrs if mapping in group.variables else {}
    named = described.get("crs_wkt") or described.get("spatial_ref") or crs
    if named is None:
        raise Refused(
            "it has no CRS: set `crs`, or write it with rioxarray's .rio.write_crs(…)", "crs"
        )
    height, width = array.shape[-2:]
    written = described.get("GeoTransform")
    whole = [float(value) for value in str(written).split()] if written else None
    centres = [group[dim].values if dim in group.variables else None for dim in array.dims[-2:]]
    if centres[0] is None or centres[1] is None:
        if whole is None or len(whole) != 6:
            raise Refused("it has neither x and y nor a GeoTransform")
        c, a, b, f, d, e = whole
        return checked_grid(crs_name(named), (a, b, c, d, e, f), width, height)
    a, c = _line(array.dims[-1], centres[1], (whole[1], whole[0]) if whole else None)
    e, f = _line(array.dims[-2], centres[0], (whole[5], whole[3]) if whole else None)
    return checked_grid(crs_name(named), (a, 0.0, c, 0.0, e, f), width, height)


def _line(name: str, centres: Any, whole: tuple[float, float] | None) -> tuple[float, float]:
    """Pixel size and first edge of evenly spaced centres; as written, where that fits them."""
    along = np.asarray(centres, np.float64)
    if whole is not None:
        size, edge = whole
        expected = edge + size * (np.arange(len(along)) + 0.5)
        if (np.abs(along - expected) <= _TOLERANCE * abs(size)).all():
            return size, edge
    if len(along) < 2:
        raise Refused(f"one {name} does not say how large a pixel is")
    size = float(along[-1] - along[0]) / (len(along) - 1)
    if not (np.abs(np.diff(along) - size) <= _TOLERANCE * abs(size)).all():
        raise Refused(f"its {name} is not evenly spaced")
    return size, float(along[0]) - size / 2
