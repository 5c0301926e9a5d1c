"""Sentinel-2's bands of 20 m and 60 m, which Earth Engine gives at 10 m as blocks."""

from __future__ import annotations

import math
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from georeader.geotensor import GeoTensor

from geetensor.band_names import S2_SR_ALIASES, S2_TOA_ALIASES
from geetensor.errors import InvalidInputError
from geetensor.grid import crs_name, parse_crs
from geetensor.interpolation import METHODS, interpolate_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.interpolation import Method

NATIVE_METRES = {
    **dict.fromkeys(("B5", "B6", "B7", "B8A", "B11", "B12"), 20),
    **dict.fromkeys(("B1", "B9", "B10"), 60),
}
"""Pixels of the spectral bands that are coarser than 10 m."""

_LATTICE = 60
"""Metres. The corners of all tiles lie on multiples of it, from easting 0 and from the equator,
as in the table of ESA's tiling grid, so that bands of 20 m and of 60 m do so, too."""

_FALSE_NORTHING = 10_000_000
"""Metres that northings of the southern zones have at the equator."""

_ALIASES = S2_TOA_ALIASES | S2_SR_ALIASES

_TOLERANCE = 1e-6
"""Pixels."""


def interpolate_20mbands_s2ee(
    geotensor: GeoTensor,
    bands: Sequence[str] | None = None,
    *,
    phase: tuple[int, int] | None = None,
    method: Method = "bicubic",
    inplace: bool = False,
) -> GeoTensor:
    """Interpolate Sentinel-2's 20 m and 60 m bands, exported at 10 m, between native samples.

    Earth Engine serves these bands at 10 m by nearest neighbour: blocks of 2 × 2 or 6 × 6 equal
    pixels. Each block becomes one sample at its centre again, and pixels are interpolated
    between samples; `geetensor.interpolation` says how. Bands of 10 m, classes (SCL, QA60, MSK_…)
    and all that is not a spectral band of Sentinel-2 are left as they are.

    Masked pixels (the fill value; of floats, whatever is not finite) stay masked and add nothing to
    others; no valid pixel becomes masked. The result for a window is that window of the result,
    except of pixels whose samples lie outside: those in blocks less than two from the window's
    edge, so at most 4 pixels of 20 m bands and 12 of 60 m bands (half of it for bilinear; a block
    more where the edge cuts one of which it leaves masked pixels only).

    Args:
        geotensor: `(C, H, W)` or `(T, C, H, W)`, integers or floats. Other pixel sizes than 10 m
            are fine if the native ones are multiples of them.
        bands: names of its bands, Earth Engine's (`B5`), the sensor's (`B05`) or common ones.
            Default: its `attrs["band_names"]`, as the exporters give.
        phase: row and column of the first pixel within its native pixel, counted from 0 (of
            20 m bands modulo their pixel's size). Default: from the transform, which must be on
            a Sentinel-2 tile's lattice.
        method: `bicubic` or `bilinear`.
        inplace: overwrite the tensor rather than a copy.

    Returns:
        The same shape, dtype, transform and attributes.

    Raises:
        InvalidInputError: if an argument is wrong, if the lattice is not a tile's and no phase is
            given, or if the pixels are no blocks (interpolated already, or with another phase).
            Bands before the one at fault are then interpolated, where `inplace`.

    Example:
        >>> image = ee_image.export_image(asset_id, aoi, ["B4", "B5", "SCL"])
        >>> smooth = interpolate_20mbands_s2ee(image)
        >>> [bool((a == b).all()) for a, b in zip(image.values, smooth.values)]
        [True, False, True]
    """
    names = _names(geotensor, bands)
    if method not in METHODS:
        raise InvalidInputError(f"method must be one of {', '.join(METHODS)}, got {method!r}.")
    metres = {
        index: NATIVE_METRES[band]
        for index, name in enumerate(names)
        if (band := _ALIASES.get(name, name)) in NATIVE_METRES
    }
    if geotensor.dtype.kind not in "iuf":
        raise InvalidInputError(f"Expected integers or floats, got {geotensor.dtype}.")
    result = geotensor if inplace else _copy(geotensor)
    factors = _factors(geotensor, metres)
    if not factors:
        return result
    start = _phase(geotensor) if phase is None else _check_phase(phase)
    values, fill = result.values, geotensor.fill_value_default
    for times in np.ndindex(values.shape[:-3]):
        for index, factor in factors.items():
            band = values[(*times, index)]  # (height, width), a view
            valid = np.ones(band.shape, np.bool_) if fill is None else band != fill
            if band.dtype.kind == "f":
                valid &= np.isfinite(band)
            row, col = start[0] % factor, start[1] % factor
            unlike = interpolate_blocks(band, valid, factor, (row, col), fill, method)
            if unlike:
                where = f" of date {times[0]}" if times else ""
                raise InvalidInputError(
                    f"Band {names[index]}{where} does not consist of blocks of {factor} × {factor} "
                    f"equal pixels that begin {row} rows and {col} columns before the first pixel: "
                    f"{unlike} pixels differ from others of their block. Was it interpolated "
                    "already, or is the phase another (phase=)?"
                )
    return result


def _copy(geotensor: GeoTensor) -> GeoTensor:
    """A copy, with the attributes, which georeader's own leaves behind."""
    return GeoTensor(
        geotensor.values.copy(),
        geotensor.transform,
        geotensor.crs,
        fill_value_default=geotensor.fill_value_default,
        attrs=dict(geotensor.attrs or {}),
    )


def _names(geotensor: GeoTensor, bands: Sequence[str] | None) -> list[str]:
    if getattr(geotensor, "ndim", 0) not in {3, 4}:
        raise InvalidInputError("Expected a GeoTensor of shape (C, H, W) or (T, C, H, W).")
    if bands is None:
        bands = (geotensor.attrs or {}).get("band_names")
    if bands is None:
        raise InvalidInputError('The tensor has no attrs["band_names"]: pass bands=.')
    if isinstance(bands, str):
        bands = [bands]
    names = list(bands)
    if len(names) != geotensor.shape[-3]:
        raise InvalidInputError(
            f"The tensor has {geotensor.shape[-3]} bands, and bands= names {len(names)}."
        )
    return names


def _factors(geotensor: GeoTensor, metres: dict[int, int]) -> dict[int, int]:
    """Pixels along a native one's side, of the bands that are coarser than the tensor."""
    a, b, _, d, e, _ = six = tuple(geotensor.transform)[:6]
    if b or d or a <= 0 or not math.isclose(a, -e, rel_tol=1e-9):
        raise InvalidInputError(f"Pixels must be square and north up; the transform is {six}.")
    factors = {}
    for index, native in metres.items():
        factor = native / a
        if factor <= 1 + _TOLERANCE:
            continue
        if abs(factor - round(factor)) > _TOLERANCE:
            raise InvalidInputError(
                f"Native pixels of {native} m are no multiple of pixels of {a:g} m. "
                "Export with scale=10."
            )
        factors[index] = round(factor)
    return factors


def _phase(geotensor: GeoTensor) -> tuple[int, int]:
    """Row and column of the first pixel within the tiles' lattice of 60 m."""
    parsed = parse_crs(crs_name(geotensor.crs))
    zone = parsed.utm_zone
    if zone is None:
        raise InvalidInputError(
            f"{parsed.name} is not the CRS of a Sentinel-2 tile: Earth Engine has resampled the "
            "bands onto other pixels. Export without crs= and with scale=10, or pass phase=."
        )
    size, _, left, _, _, top = geotensor.transform[:6]
    equator = _FALSE_NORTHING if zone.endswith("S") else 0
    col, row = left / size, (equator - top) / size
    if abs(col - round(col)) > _TOLERANCE or abs(row - round(row)) > _TOLERANCE:
        raise InvalidInputError(
            f"Pixels of {size:g} m from ({left}, {top}) do not lie on the lattice of Sentinel-2's "
            "tiles: Earth Engine has resampled the bands. Export with scale=10, or pass phase=."
        )
    period = round(_LATTICE / size)
    return round(row) % period, round(col) % period


def _check_phase(phase: tuple[int, int]) -> tuple[int, int]:
    try:
        row, col = phase
        whole = all(isinstance(p, Integral) and not isinstance(p, bool) for p in phase)
    except (TypeError, ValueError):
        whole = False
    if not whole or row < 0 or col < 0:
        raise InvalidInputError(
            f"phase must be a row and a column, whole numbers from 0; got {phase!r}."
        )
    return int(row), int(col)
