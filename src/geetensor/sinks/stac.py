"""A STAC item beside each GeoTIFF, as a plain dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from geetensor.geometry import GEOGRAPHIC
from geetensor.grid import parse_crs, reproject_geometry

if TYPE_CHECKING:
    from pyproj import CRS

    from geetensor.sinks.cube import Cube

VERSION = "1.1.0"
"""Of STAC. Source: https://github.com/radiantearth/stac-spec/blob/v1.1.0/item-spec/item-spec.md"""

EXTENSIONS = ["https://stac-extensions.github.io/projection/v2.0.0/schema.json"]

COG = "image/tiff; application=geotiff; profile=cloud-optimized"


def item(cube: Cube, time: int, name: str) -> dict[str, Any]:
    """The STAC item of one image.

    Args:
        cube: what it is one of.
        time: index on the time axis; its date is known.
        name: of the item; its file is `name.tif`, beside it.

    Returns:
        What is to be written as JSON.
    """
    grid = cube.grid
    date = cube.dates[time]
    assert date is not None  # noqa: S101
    corners = reproject_geometry(shapely.MultiPoint(grid.corners), grid.crs, GEOGRAPHIC)
    outline = shapely.Polygon(shapely.get_coordinates(corners))
    fill = cube.fill if cube.fill == cube.fill else "nan"
    fill = {float("inf"): "inf", float("-inf"): "-inf"}.get(fill, fill)  # type: ignore[arg-type]
    bands = [
        {"name": band, "data_type": cube.dtype.name, "nodata": fill} for band in cube.band_names
    ]
    properties = {
        "datetime": date.isoformat().replace("+00:00", "Z"),
        "proj:shape": list(grid.shape),
        "proj:transform": [*map(float, grid.transform[:6])],
        "proj:bbox": [*map(float, grid.bounds)],
        **_proj_crs(parse_crs(grid.crs)),
    }
    if cube.asset_ids[time]:
        properties["earthengine:asset_id"] = cube.asset_ids[time]
    return {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": EXTENSIONS,
        "id": name,
        "geometry": shapely.geometry.mapping(outline),
        "bbox": list(outline.bounds),
        "properties": properties,
        "links": [],
        "assets": {
            "image": {"href": f"./{name}.tif", "type": COG, "roles": ["data"], "bands": bands}
        },
    }


def _proj_crs(crs: CRS) -> dict[str, Any]:
    authority = crs.to_authority(min_confidence=100)
    if authority:
        return {"proj:code": ":".join(authority)}
    return {"proj:code": None, "proj:wkt2": crs.to_wkt()}
