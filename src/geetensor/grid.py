"""The pixel grid: an immutable lattice of pixels in a CRS, and integer windows of it.

An area becomes a `PixelGrid` once. From then on everything is integers, so tiles neither
overlap nor leave a seam, whatever the CRS.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyproj
import shapely
from affine import Affine

from geetensor.errors import InvalidInputError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

TOLERANCE = 1e-6
"""Pixels. An edge that reaches this little into a pixel is floating-point noise."""

_UNITS = {"metre": " m", "degree": "°"}

METRES_PER_DEGREE = math.pi * 6378137.0 / 180.0
"""What Earth Engine takes a degree for when it turns metres into degrees: along the equator
of the WGS 84 ellipsoid."""

_CODES_UNKNOWN_TO_PROJ = {
    # The MODIS sinusoidal grid. Source: shared by Earth Engine's MODIS assets and by
    # https://spatialreference.org/ref/sr-org/6974/
    "SR-ORG:6974": "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs",
}

_SEGMENTS_PER_SIDE = 256


class Window(NamedTuple):
    """A rectangle of whole pixels within a grid.

    Attributes:
        row: first row, counted from the top.
        col: first column, counted from the left.
        height: rows, in pixels.
        width: columns, in pixels.
    """

    row: int
    col: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices, to index the last two axes of an array."""
        return (
            slice(self.row, self.row + self.height),
            slice(self.col, self.col + self.width),
        )


@dataclass(frozen=True, slots=True)
class PixelGrid:
    """A lattice of `height` × `width` pixels.

    Attributes:
        crs: an authority's code (`EPSG:32738`) or WKT.
        transform: (column, row) of a pixel corner to CRS coordinates; x is easting or
            longitude, always.
        width: columns, in pixels.
        height: rows, in pixels.
    """

    crs: str
    transform: Affine
    width: int
    height: int

    @property
    def shape(self) -> tuple[int, int]:
        """`(height, width)`, in pixels."""
        return self.height, self.width

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """`(left, bottom, right, top)` of all pixels, in CRS units."""
        xs, ys = zip(
            *(
                _apply(self.transform, col, row)
                for col in (0, self.width)
                for row in (0, self.height)
            ),
            strict=True,
        )
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Upper left, lower left, lower right and upper right, in CRS units."""
        at = (0, 0), (0, self.height), (self.width, self.height), (self.width, 0)
        return tuple(_apply(self.transform, col, row) for col, row in at)

    def window(self, window: Window) -> PixelGrid:
        """The part of the grid under `window`, which may reach outside of it."""
        a, b, _, d, e, _ = self.transform[:6]
        x, y = _apply(self.transform, window.col, window.row)
        return PixelGrid(self.crs, Affine(a, b, x, d, e, y), window.width, window.height)

    def touches(self, geometry: BaseGeometry, crs_geometry: str) -> bool:
        """Whether the pixels share any ground with the interior of an area.

        Args:
            geometry: the area, valid.
            crs_geometry: CRS of its coordinates.
        """
        in_pixels = geometry_in_pixels(self, geometry, crs_geometry)
        if not all(math.isfinite(v) for v in in_pixels.bounds):
            return True  # beyond where this CRS is defined: it cannot be told
        inside = shapely.box(0, 0, self.width, self.height).buffer(-TOLERANCE)
        return bool(shapely.make_valid(in_pixels).intersects(inside))


def parse_crs(crs: str) -> pyproj.CRS:
    """The CRS that a code or WKT names.

    Raises:
        InvalidInputError: if PROJ does not know it.
    """
    return _parse_crs(crs)


@functools.lru_cache(maxsize=256)
def _parse_crs(crs: str) -> pyproj.CRS:
    try:
        return pyproj.CRS.from_user_input(_CODES_UNKNOWN_TO_PROJ.get(crs, crs))
    except pyproj.exceptions.CRSError as error:
        raise InvalidInputError(
            f"Unknown CRS {crs!r}. Pass an authority's code such as 'EPSG:32738', or WKT."
        ) from error


def crs_name(crs: object) -> str:
    """A CRS in any library's form, as the string that requests and grids carry.

    Args:
        crs: a code, WKT, an EPSG number, or an object of pyproj or rasterio.

    Returns:
        `AUTHORITY:CODE` where there is one, else WKT.

    Raises:
        InvalidInputError: if it is not a CRS.
    """
    if isinstance(crs, str) and crs in _CODES_UNKNOWN_TO_PROJ:
        return crs
    try:
        parsed = pyproj.CRS.from_user_input(crs)
    except (pyproj.exceptions.CRSError, TypeError) as error:
        raise InvalidInputError(
            f"Unknown CRS {crs!r}. Pass an authority's code such as 'EPSG:32738', or WKT."
        ) from error
    authority = parsed.to_authority(min_confidence=100)
    return ":".join(authority) if authority else parsed.to_wkt()


def same_crs(one: str, other: str) -> bool:
    """Whether two CRSs place the same numbers at the same ground (axis order aside)."""
    return one == other or parse_crs(one).equals(parse_crs(other), ignore_axis_order=True)


def on_lattice(grid: PixelGrid, native: PixelGrid) -> bool:
    """Whether the pixels of a grid are pixels of another one's lattice."""
    a, b, c, d, e, f = grid.transform[:6]
    if (a, b, d, e) != tuple(native.transform[i] for i in (0, 1, 3, 4)):
        return False
    if not same_crs(grid.crs, native.crs):
        return False
    col, row = _back(native.transform, c, f)
    return max(abs(col - round(col)), abs(row - round(row))) < TOLERANCE


@functools.lru_cache(maxsize=256)
def metres_per_unit(crs: str) -> float:
    """Metres in one unit of the CRS; for degrees, as Earth Engine counts them."""
    parsed = parse_crs(crs)
    if parsed.is_geographic:
        return METRES_PER_DEGREE
    return float(parsed.axis_info[0].unit_conversion_factor)


def resolution_from_scale(scale: float, crs: str) -> float:
    """The pixel size in CRS units that a user's `scale` means.

    A scale is in the units of the CRS. Where that is degrees, 1 or more is taken as Earth
    Engine takes every scale, in metres, `METRES_PER_DEGREE` of them to a degree: nobody asks
    for pixels of 10 degrees, and many for pixels of 10 metres.

    Args:
        scale: CRS units, or metres as said above.
        crs: the CRS of the output.

    Raises:
        InvalidInputError: if the scale is not a finite number above 0.
    """
    if isinstance(scale, bool) or not isinstance(scale, (int, float, np.integer, np.floating)):
        raise InvalidInputError(f"scale must be a number, got {scale!r}.")
    if not (math.isfinite(scale) and scale > 0):
        raise InvalidInputError(f"scale must be a finite number above 0, got {scale}.")
    if scale >= 1 and parse_crs(crs).is_geographic:
        return float(scale) / METRES_PER_DEGREE
    return float(scale)


def converted_resolution(resolution: float, source: str, target: str) -> float:
    """About the same pixel size in another CRS, for want of a better one.

    Rounded to 30 bits, so that its multiples are exact: tiles then begin at the very numbers
    that the whole grid has there, and no pixel depends on how an export was split.

    Args:
        resolution: in units of the source CRS.
        source: CRS.
        target: CRS.

    Returns:
        In units of the target CRS.
    """
    converted = resolution * metres_per_unit(source) / metres_per_unit(target)
    mantissa, exponent = math.frexp(converted)
    return math.ldexp(round(mantissa * 2**30), exponent - 30)


def resolution_text(grid: PixelGrid) -> str:
    """The size of a pixel, for people: `10 m`, `0.001°`, `9.2 × 11 m`."""
    a, b, _, d, e, _ = grid.transform[:6]
    across, down = math.hypot(a, d), math.hypot(b, e)
    square = math.isclose(across, down, rel_tol=1e-9)
    unit = parse_crs(grid.crs).axis_info[0].unit_name
    size = f"{across:.6g}" if square else f"{across:.6g} × {down:.6g}"
    return size + _UNITS.get(unit, f" {unit}")


def lattice(crs: str, resolution: float) -> PixelGrid:
    """The endless lattice through the multiples of `resolution`, as an empty grid."""
    return PixelGrid(crs, Affine(resolution, 0.0, 0.0, 0.0, -resolution, 0.0), 0, 0)


def window_of_geometry(base: PixelGrid, geometry: BaseGeometry, crs_geometry: str) -> Window:
    """The smallest window of a lattice that contains the interior of an area.

    An edge that only touches a pixel does not add it, nor does one that reaches less than
    `TOLERANCE` pixels into it.

    Args:
        base: the lattice; its size does not matter, the window may lie anywhere.
        geometry: the area, valid and not empty.
        crs_geometry: CRS of its coordinates.

    Raises:
        InvalidInputError: if the area cannot be expressed in the lattice's CRS.
    """
    in_pixels = geometry_in_pixels(base, geometry, crs_geometry)
    left, top, right, bottom = in_pixels.bounds
    if not all(math.isfinite(v) for v in (left, top, right, bottom)):
        raise InvalidInputError(
            f"The area has no finite coordinates in {base.crs}: it lies outside of where that "
            f"CRS is defined. Check crs_geometry ({crs_geometry}), or pass another crs."
        )
    col, row = math.floor(left + TOLERANCE), math.floor(top + TOLERANCE)
    end_col, end_row = math.ceil(right - TOLERANCE), math.ceil(bottom - TOLERANCE)
    return Window(row, col, max(end_row - row, 1), max(end_col - col, 1))


def window_of_point(
    base: PixelGrid, point: tuple[float, float], crs_point: str, shape: tuple[int, int]
) -> Window:
    """The window of a lattice around the pixel that contains a point.

    Args:
        base: the lattice; its size does not matter, the window may lie anywhere.
        point: x and y.
        crs_point: CRS of the point.
        shape: `(height, width)` of the window, in pixels; the point's pixel has row
            `height // 2` and column `width // 2` of it.

    Raises:
        InvalidInputError: if the point cannot be expressed in the lattice's CRS.
    """
    there = geometry_in_pixels(base, shapely.Point(point), crs_point)
    x, y = shapely.get_coordinates(there)[0]
    if not (math.isfinite(x) and math.isfinite(y)):
        raise InvalidInputError(
            f"The point {point} has no finite coordinates in {base.crs}. Check crs_geometry "
            f"({crs_point}), or pass another crs."
        )
    col, row = math.floor(x + TOLERANCE), math.floor(y + TOLERANCE)
    height, width = shape
    return Window(row - height // 2, col - width // 2, height, width)


def geometry_in_pixels(grid: PixelGrid, geometry: BaseGeometry, crs_geometry: str) -> BaseGeometry:
    """A geometry in pixels of a grid: x is the column, y the row.

    Args:
        grid: the lattice; its size does not matter.
        geometry: may become invalid, and not finite where the grid's CRS is not defined.
        crs_geometry: CRS of its coordinates.
    """
    return _to_pixels(reproject_geometry(geometry, crs_geometry, grid.crs), grid.transform)


def reproject_geometry(geometry: BaseGeometry, source: str, target: str) -> BaseGeometry:
    """A geometry in another CRS; straight edges are followed where they turn into curves."""
    if same_crs(source, target):
        return geometry
    transformer = _transformer(source, target)

    def project(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    moved: BaseGeometry = shapely.transform(_outline(geometry), project)
    return moved


@functools.lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(parse_crs(source), parse_crs(target), always_xy=True)


def _outline(geometry: BaseGeometry) -> BaseGeometry:
    """The same geometry with points along its edges."""
    left, bottom, right, top = geometry.bounds
    longest = max(right - left, top - bottom)
    if longest <= 0:
        return geometry
    dense: BaseGeometry = shapely.segmentize(geometry, longest / _SEGMENTS_PER_SIDE)
    return dense


def _to_pixels(geometry: BaseGeometry, transform: Affine) -> BaseGeometry:
    """A geometry in CRS units, in pixels of a grid: x is the column, y the row."""
    a, b, c, d, e, f = transform[:6]

    def backward(xy: np.ndarray) -> np.ndarray:
        x, y = xy[:, 0] - c, xy[:, 1] - f
        if b == 0 and d == 0:
            return np.column_stack((x / a, y / e))
        det = a * e - b * d
        return np.column_stack(((e * x - b * y) / det, (a * y - d * x) / det))

    moved: BaseGeometry = shapely.transform(geometry, backward)
    return moved


def _apply(transform: Affine, col: float, row: float) -> tuple[float, float]:
    a, b, c, d, e, f = transform[:6]
    return a * col + b * row + c, d * col + e * row + f


def _back(transform: Affine, x: float, y: float) -> tuple[float, float]:
    """Column and row of a place in CRS units."""
    a, b, c, d, e, f = transform[:6]
    determinant = a * e - b * d
    return (e * (x - c) - b * (y - f)) / determinant, (a * (y - f) - d * (x - c)) / determinant
