"""The STAC Items of files that an export writes: what each shows, and which scenes it is of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geetensor.bridges.extent import geojson_bbox
from geetensor.bridges.hrefs import href_of
from geetensor.bridges.stac_fields import platform_fields, proj_fields
from geetensor.discovery.areas import globe_polygons
from geetensor.errors import MissingPackageError

try:
    import pystac
    from pystac.extensions.projection import ProjectionExtension
except ImportError as error:
    raise MissingPackageError("pystac", "stac") from error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.sinks.cube import Cube

ASSET_KEY = "image"
"""Of the file. Its scenes in Earth Engine are `source`, or `source_1` and so on."""


def file_items(
    cube: Cube, names: Sequence[str], satellites: Sequence[str | None]
) -> list[dict[str, Any]]:
    """An Item for each date of a cube, to lie beside its file.

    Args:
        cube: what is written; all dates are known.
        names: of the items; the file of one is `name.tif`, beside it.
        satellites: of each date; None where nobody knows.

    Returns:
        What is to be written as JSON.

    Raises:
        InvalidInputError: if the grid has no place in longitude and latitude.
    """
    outline = shapely.Polygon(cube.grid.corners)
    [ground] = globe_polygons(np.array([outline], dtype=object), cube.grid.crs)
    a, b, c, d, e, f = cube.grid.transform[:6]
    grid = proj_fields(cube.grid.crs, tuple(map(float, (a, b, c, d, e, f))), cube.grid.shape)
    bands = [
        {"name": band, "data_type": cube.dtype.name, "nodata": _nodata(cube.fill)}
        for band in cube.band_names
    ]
    items = []
    for name, date, asset_ids, satellite in zip(
        names, cube.dates, cube.asset_ids, satellites, strict=True
    ):
        item = pystac.Item(
            id=name,
            geometry=shapely.geometry.mapping(ground),
            bbox=geojson_bbox(ground),
            datetime=date,
            properties=platform_fields(satellite) | grid,
            stac_extensions=[ProjectionExtension.get_schema_uri()],
        )
        file = pystac.Asset(
            f"./{name}.tif",
            media_type=pystac.MediaType.COG,
            roles=["data"],
            extra_fields={"bands": bands},
        )
        item.add_asset(ASSET_KEY, file)
        scenes = asset_ids.split(",") if asset_ids else []
        for number, scene in enumerate(scenes, start=1):
            key = "source" if len(scenes) == 1 else f"source_{number}"
            title = "Earth Engine image"
            item.add_asset(key, pystac.Asset(href_of(scene), title=title, roles=["source"]))
        items.append(item.to_dict(include_self_link=False))
    return items


def _nodata(fill: float) -> float | str:
    """As STAC spells it, for JSON has no such numbers."""
    if math.isnan(fill):
        return "nan"
    if math.isinf(fill):
        return "inf" if fill > 0 else "-inf"
    return fill
