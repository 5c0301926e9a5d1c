"""Tables of scenes as queries of several sensors give them, without a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from geetensor.discovery.table import make_table

if TYPE_CHECKING:
    import geopandas as gpd

S2_INDEX = "20240102T065221_20240102T065223_T38KQE"

FIJI = shapely.MultiPolygon([shapely.box(179, -18, 180, -17), shapely.box(-180, -18, -179.5, -17)])
"""Cut at the antimeridian."""

MODIS_TRANSFORM = (463.312716528, 0.0, -20015109.354, 0.0, -463.312716528, 10007554.677)

_SCENES: list[dict[str, Any]] = [
    {
        "asset_id": f"COPERNICUS/S2_SR_HARMONIZED/{S2_INDEX}",
        "acquisition_date": "2024-01-02T07:03:13.997Z",
        "end_date": "2024-01-02T07:03:13.997Z",
        "satellite": "Sentinel-2A",
        "cloud_cover": 37.4955,
        "overlap_percentage": 99.99999999999999,
        "solar_day": "2024-01-02",
        "solar_time": "2024-01-02T10:13:05.597",
        "crs": "EPSG:32738",
        "transform": (10.0, 0.0, 699960.0, 0.0, -10.0, 8000020.0),
        "shape": (10980, 10980),
        "orbit": "77",
        "tile": "38KQE",
        "MEAN_SOLAR_AZIMUTH_ANGLE": 104.15263442058607,
        "MEAN_SOLAR_ZENITH_ANGLE": 26.14364720237459,
        "SENSING_ORBIT_DIRECTION": "DESCENDING",
        "NODATA": 3,
        "geometry": shapely.box(47.2, -19.1, 47.9, -18.1).difference(
            shapely.box(47.3, -18.5, 47.4, -18.4)
        ),
    },
    {
        # The same scene before the atmosphere's correction: its name is the same.
        "asset_id": f"COPERNICUS/S2_HARMONIZED/{S2_INDEX}",
        "acquisition_date": "2024-01-02T07:03:13.997Z",
        "satellite": "Sentinel-2A",
        "cloud_cover": 100.0,
        "crs": "EPSG:32738",
        "transform": (10.0, 0.0, 699960.0, 0.0, -10.0, 8000020.0),
        "shape": (10980, 10980),
        "orbit": "77",
        "geometry": FIJI,
    },
    {
        # As the cloud cover of an image of the night is, and its sun.
        "asset_id": "LANDSAT/LC08/C02/T1_TOA/LC08_224078_20200518",
        "acquisition_date": "2020-05-18T13:32:02Z",
        "satellite": "LANDSAT_8",
        "cloud_cover": -1.0,
        "crs": "EPSG:32621",
        "transform": (30.0, 0.0, 600585.0, 0.0, -30.0, -2700885.0),
        "shape": (7751, 7601),
        "orbit": "224",
        "tile": "224078",
        "SUN_AZIMUTH": -37.5,
        "SUN_ELEVATION": -12.25,
        "geometry": shapely.box(-55.0, -26.6, -52.7, -24.4),
    },
    {
        "asset_id": "COPERNICUS/S1_GRD/S1A_IW_GRDH_1SDV_20240105",
        "acquisition_date": "2024-01-05T15:02:00.5Z",
        "end_date": "2024-01-05T15:02:25.5Z",
        "satellite": "Sentinel-1A",
        "crs": "EPSG:32738",
        "transform": (10.0, 0.0, 600000.0, 0.0, -10.0, 8000000.0),
        "orbit": "123",
        "orbitProperties_pass": "ASCENDING",
        "transmitterReceiverPolarisation": ["VV", "VH"],
        "geometry": shapely.box(46.0, -19.5, 48.4, -17.8),
    },
    {
        "asset_id": "MODIS/061/MOD09GA/2024_01_06",
        "acquisition_date": "2024-01-06T00:00:00Z",
        "end_date": "2024-01-07T00:00:00Z",
        "satellite": "Terra",
        "crs": "SR-ORG:6974",
        "transform": MODIS_TRANSFORM,
        "shape": (43200, 86400),
        "geometry": shapely.box(-180.0, -90.0, 180.0, 90.0),
    },
    {
        # Somebody's own image, of which nothing is known.
        "asset_id": "projects/my-project/assets/field",
        "acquisition_date": "1969-07-20T20:17:40Z",
        "geometry": None,
    },
]


def table(*rows: int) -> gpd.GeoDataFrame:
    """Scenes, by their place in the list; all without one."""
    scenes = [_SCENES[row] for row in rows] if rows else _SCENES
    columns = {name for scene in scenes for name in scene} - {"geometry"}
    further = [name for scene in scenes for name in scene if name[0].isupper() or "P" in name]
    values = {name: [scene.get(name) for scene in scenes] for name in columns}
    values["collection"] = [scene["asset_id"].rpartition("/")[0] for scene in scenes]
    return make_table(
        values,
        {name: values[name] for name in dict.fromkeys(further)},
        [scene["geometry"] for scene in scenes],
    )


def many(number: int, **columns: Any) -> gpd.GeoDataFrame:
    """As many scenes of a collection that is not known, a day after another."""
    dates = list(pd.date_range("2024-01-01", periods=number, tz="UTC"))
    return make_table(
        {
            "asset_id": [f"TEST/MANY/{index}" for index in range(number)],
            "collection": ["TEST/MANY"] * number,
            "acquisition_date": dates,
            **columns,
        },
        {},
        [shapely.box(0, 0, 1, 1)] * number,
    )
