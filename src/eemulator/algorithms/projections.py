"""Projections."""

from __future__ import annotations

import math

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.projection import Projection


@algorithm("Projection", "Proj")
def make_projection(
    crs: object, transform: list[float] | None, transform_wkt: str | None
) -> Projection:
    """A CRS with a transform.

    Raises:
        ServiceError: it is none.
    """
    if transform_wkt is not None:
        raise ServiceError("The emulator does not read transformWkt.")
    name = crs.crs if isinstance(crs, Projection) else crs
    if not isinstance(name, str):
        raise ServiceError("Parameter 'crs' must be a string.")
    if transform is None:
        return crs if isinstance(crs, Projection) else Projection(name)
    if len(transform) != 6 or not all(isinstance(v, (int, float)) for v in transform):
        raise ServiceError("A transform is a list of 6 numbers.")
    a, b, c, d, e, f = (float(v) for v in transform)
    return Projection(name, (a, b, c, d, e, f))


@algorithm("Projection.atScale")
def at_scale(base: Projection, meters: float) -> Projection:
    """Another pixel size."""
    return base.at_scale(meters)


@algorithm("Projection.nominalScale")
def nominal_scale(base: Projection) -> float:
    """Metres a pixel."""
    return base.nominal_scale


@algorithm("Projection.wkt")
def wkt(base: Projection) -> str:
    """The CRS as WKT."""
    return base.wkt()


@algorithm("Projection.crs")
def crs_code(base: Projection) -> str:
    """The CRS's code."""
    return base.crs


@algorithm("Projection.transform")
def transform_text(base: Projection) -> str:
    """The transform as WKT."""
    a, b, c, d, e, f = base.transform
    elements = {"elt_0_0": a, "elt_0_1": b, "elt_0_2": c, "elt_1_0": d, "elt_1_1": e, "elt_1_2": f}
    rows = "".join(
        f', \n  PARAMETER["{name}", {value}]' for name, value in elements.items() if value
    )
    return f'PARAM_MT["Affine", \n  PARAMETER["num_row", 3], \n  PARAMETER["num_col", 3]{rows}]'


@algorithm("Projection.scale")
def scale_axes(base: Projection, x: float, y: float) -> Projection:
    """Pixels x and y times as large.

    Raises:
        ServiceError: nothing would be left of them.
    """
    if not (x and y and math.isfinite(x) and math.isfinite(y)):
        raise ServiceError(f"Cannot scale by {x}, {y}.")
    return base.scaled(x, y)


@algorithm("Projection.translate")
def translate(base: Projection, x: float, y: float) -> Projection:
    """The origin moved by x and y pixels."""
    return base.translated(x, y)
