"""A pixel request: from JSON to bands, a grid and a format."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..catalog.model import Grid
from ..errors import ServiceError
from ..limits import array_bands
from ..values.parse import parse_geometry
from ..values.projection import Projection, Transform, same_crs
from .default_grid import bounded_grid, default_projection, natural_bounds
from .pictures import PICTURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..limits import Limits
    from ..values.geometry import Geometry
    from ..values.image import Image, ImageBand

FORMATS = ("NPY", "GEO_TIFF", *PICTURES)


@dataclass(frozen=True, slots=True)
class PixelRequest:
    """What to compute.

    Attributes:
        bands: in the order of the reply.
        grid: the pixels.
        file_format: one of `FORMATS`.
    """

    bands: tuple[ImageBand, ...]
    grid: Grid
    file_format: str

    def counted_bytes(self) -> int:
        """Bytes as the service counts them: a mask byte a pixel a band on top."""
        item = sum(band.type.output_dtype.itemsize + 1 for band in self.bands)
        return self.grid.width * self.grid.height * item


def file_format_of(body: Mapping[str, Any]) -> str:
    """The format, before anything is computed.

    Raises:
        ServiceError: the emulator does not write it.
    """
    file_format = body.get("fileFormat") or "AUTO_JPEG_PNG"
    if file_format not in FORMATS:
        raise ServiceError(
            f"The file format '{file_format}' is not supported by the emulator here; "
            f"use one of {', '.join(FORMATS)}."
        )
    return str(file_format)


def pixel_request(image: Image, body: Mapping[str, Any], limits: Limits) -> PixelRequest:
    """Choose bands and grid, within the limits.

    Args:
        image: what to read.
        body: the fields of the request, all of them known.
        limits: what to refuse.
    """
    bands = chosen_bands(image, body.get("bandIds"))
    if not bands:
        raise ServiceError("Image has no bands.")
    if any(band.type.dimensions for band in bands):
        raise array_bands()
    region = body.get("region")
    area = None if region is None else parse_geometry(region, geodesic=False)
    grid = _grid(bands, body.get("grid") or {}, area, image)
    request = PixelRequest(bands, grid, file_format_of(body))
    limits.check_dimensions(grid.width, grid.height)
    limits.check_band_count(len(bands))
    limits.check_request_bytes(request.counted_bytes())
    return request


def chosen_bands(image: Image, names: Any) -> tuple[ImageBand, ...]:
    """The bands of a request's `bandIds`; all where there are none.

    Raises:
        ServiceError: no names, or one twice, or of no band.
    """
    if not names:
        return image.bands
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ServiceError("Invalid value at 'band_ids': a list of names is needed.")
    if len(set(names)) != len(names):
        raise ServiceError("Duplicate band IDs are not allowed.")
    return tuple(image.named(names))


def _grid(bands: tuple[ImageBand, ...], wire: Any, area: Geometry | None, image: Image) -> Grid:
    if not isinstance(wire, dict):
        raise ServiceError("Invalid value at 'grid': an object is needed.")
    size = _dimensions(wire.get("dimensions"))
    native = default_projection(bands[0])
    crs = wire.get("crsCode") or wire.get("crsWkt") or native.crs
    if not isinstance(crs, str):
        raise ServiceError("Invalid value at 'grid': the CRS must be text.")
    transform = _transform(wire.get("affineTransform"))
    if transform is not None and size is not None:
        return Grid(crs, Projection(crs, transform).transform, *size)
    if transform is not None:
        projection = Projection(crs, transform)
        if area is None:
            area = natural_bounds(bands[0], image)
        return bounded_grid(projection, area)
    whole = bands[0].dimensions if bands[0].window is None else None
    if area is None and size is None and same_crs(crs, native.crs) and whole is not None:
        return Grid(crs, native.transform, *whole)
    if area is None:
        area = natural_bounds(bands[0], image)
    if size is not None:
        left, bottom, right, top = area.bounds_in(crs)
        x, y = (right - left) / size[0], (top - bottom) / size[1]
        return Grid(crs, Projection(crs, (x, 0.0, left, 0.0, -y, top)).transform, *size)
    if same_crs(crs, native.crs):
        return bounded_grid(native, area)
    return bounded_grid(Projection(crs, (1, 0, 0, 0, -1, 0)).at_scale(native.nominal_scale), area)


def _dimensions(wire: Any) -> tuple[int, int] | None:
    if not wire:
        return None
    try:
        width, height = int(wire.get("width", 0)), int(wire.get("height", 0))
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise ServiceError("Invalid value at 'grid.dimensions'.") from None
    if width < 1 or height < 1:
        raise ServiceError(f"Pixel grid dimensions ({width}x{height}) must be positive.")
    return width, height


def _transform(wire: Any) -> Transform | None:
    """The transform; on the wire zero fields may be left out."""
    if not wire:
        return None
    names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
    try:
        a, b, c, d, e, f = (float(wire.get(name, 0)) for name in names)
    except (AttributeError, TypeError, ValueError):
        raise ServiceError("Invalid value at 'grid.affine_transform'.") from None
    if not all(math.isfinite(value) for value in (a, b, c, d, e, f)):
        raise ServiceError("Invalid value at 'grid.affine_transform'.")
    return a, b, c, d, e, f
