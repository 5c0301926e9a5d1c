"""Which scenes there are for an area and a time, as a table.

The table is a GeoDataFrame of footprints in EPSG:4326, one scene a row, sorted by time. Its
columns are those of `COLUMNS`, in an empty table too, and then the properties asked for.
`geetensor.ee_image.export_cube` takes it as it is.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import ee
import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LinearRing, Polygon, mapping, shape

from geetensor.collections import COLLECTIONS, UNKNOWN
from geetensor.discovery.table import COLUMNS as COLUMNS
from geetensor.discovery.table import in_order, make_table
from geetensor.ee_utils import parse_geometry, to_ee_geometry, to_shapely
from geetensor.engine.fetch import compute_value
from geetensor.engine.session import current_session
from geetensor.engine.transport import Transport
from geetensor.errors import BadReplyError, InvalidInputError
from geetensor.geometry import GEOGRAPHIC
from geetensor.grid import reproject_geometry
from geetensor.source import serialize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from geetensor.collections import Collection
    from geetensor.ee_utils import Geometry

Date = str | dt.date | dt.datetime | np.datetime64
"""A day (`"2024-06-30"`), a month, a year, or a moment. Without a timezone it is UTC."""

_CALENDAR = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")

_NOT_A_DATE = "Not a date: {!r}. Pass '2024-06-30' or a datetime."

# Names of our own: a feature's `system:index` comes back as its id, or not at all.
_INDEX = "geetensor_index"
_PROJECTION = "geetensor_projection"

EQUAL_AREA = "EPSG:6933"
"""In which overlaps are measured."""


def query_collection(
    collection: str,
    polygon: Geometry,
    start_date: Date,
    end_date: Date,
    *,
    filters: ee.Filter | None = None,
    properties: Sequence[str] = (),
    cloud_cover_max: float | None = None,
    limit: int | None = None,
) -> gpd.GeoDataFrame:
    """The scenes of an image collection that touch an area within a time.

    Args:
        collection: asset id of any image collection, known to `geetensor.collections` or not.
        polygon: the area, in EPSG:4326: shapely, `ee.Geometry`, GeoJSON or bounds.
        start_date: first day, month, year or moment, included.
        end_date: a day, month or year, which is included, or a moment, which is not.
        filters: what else a scene must meet.
        properties: of the scenes, to be further columns; missing ones are None.
        cloud_cover_max: percent, included; of the whole scene, by its own metadata.
        limit: of the number of scenes; the earliest are kept.

    Returns:
        A table with `COLUMNS`, then the properties, then `geometry`.

    Raises:
        InvalidInputError: if an argument is wrong, or the collection is not known to have
            cloud cover.
        EarthEngineError: if the service refuses, for example as there are over 5000 scenes.

    Example:
        >>> query_collection("COPERNICUS/S2_HARMONIZED", aoi, "2024-06-01", "2024-06-30").crs.name
        'WGS 84'
    """
    start, end = _interval(start_date, end_date)
    known = COLLECTIONS.get(collection, UNKNOWN)
    if cloud_cover_max is not None and known.cloud_property is None:
        raise InvalidInputError(
            f"It is not known which property of {collection} holds its cloud cover. Pass "
            "filters=ee.Filter.lte(PROPERTY, percent)."
        )
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise InvalidInputError(f"limit must be a whole number above 0, got {limit!r}.")
    properties = _check_properties(properties)
    with Transport(current_session()) as transport:
        found = parse_geometry(polygon, GEOGRAPHIC, transport)
        area = to_shapely(mapping(found.shape), crs=found.crs)
        images = ee.ImageCollection(collection).filterBounds(to_ee_geometry(area))
        images = images.filterDate(start, end)
        if cloud_cover_max is not None:
            images = images.filter(ee.Filter.lte(known.cloud_property, cloud_cover_max))
        if filters is not None:
            images = images.filter(filters)
        if limit is not None:
            images = images.limit(limit, "system:time_start")
        wanted = _wanted_properties(known, properties)
        rows = ee.FeatureCollection(
            images.map(lambda image: _describe(image, wanted, known.grid_band))
        )
        label = f"the query of {collection}"
        result = compute_value(serialize(rows, label).expression, transport, label=label)
    if not isinstance(result, dict) or "features" not in result:
        raise BadReplyError(f"Expected a table from {label}, got {str(result)[:200]}.")
    scenes = _table(result["features"], collection, known, area, properties)
    if cloud_cover_max is None:
        return scenes
    # Earth Engine's filter lets scenes pass whose cloud cover is not known.
    return scenes[scenes["cloud_cover"] <= cloud_cover_max].reset_index(drop=True)


def query_s2_l2a(
    polygon: Geometry,
    start_date: Date,
    end_date: Date,
    *,
    filters: ee.Filter | None = None,
    properties: Sequence[str] = (),
    cloud_cover_max: float | None = None,
    limit: int | None = None,
) -> gpd.GeoDataFrame:
    """Sentinel-2 surface reflectance scenes; see `query_collection`.

    Example:
        >>> query_s2_l2a(aoi, "2024-06-01", "2024-06-30")["collection"].unique().tolist()
        ['COPERNICUS/S2_SR_HARMONIZED']
    """
    return query_collection(
        "COPERNICUS/S2_SR_HARMONIZED",
        polygon,
        start_date,
        end_date,
        filters=filters,
        properties=properties,
        cloud_cover_max=cloud_cover_max,
        limit=limit,
    )


def query_s2_l1c(
    polygon: Geometry,
    start_date: Date,
    end_date: Date,
    *,
    filters: ee.Filter | None = None,
    properties: Sequence[str] = (),
    cloud_cover_max: float | None = None,
    limit: int | None = None,
) -> gpd.GeoDataFrame:
    """Sentinel-2 top-of-atmosphere scenes; see `query_collection`.

    Example:
        >>> query_s2_l1c(aoi, "2024-06-01", "2024-06-30")["collection"].unique().tolist()
        ['COPERNICUS/S2_HARMONIZED']
    """
    return query_collection(
        "COPERNICUS/S2_HARMONIZED",
        polygon,
        start_date,
        end_date,
        filters=filters,
        properties=properties,
        cloud_cover_max=cloud_cover_max,
        limit=limit,
    )


def _interval(start_date: Date, end_date: Date) -> tuple[str, str]:
    """Start, included, and end, excluded, as Earth Engine reads them: ISO 8601 in UTC."""
    (start, _), (_, end) = _span(start_date), _span(end_date)
    if start >= end:
        raise InvalidInputError(f"end_date {end_date} is not after start_date {start_date}.")
    return _iso(start), _iso(end)


def _span(date: Date) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First moment of a day, month or year, and the first one after it; a moment twice."""
    try:
        if isinstance(date, str) and _CALENDAR.fullmatch(date.strip()):
            period = pd.Period(date.strip())
            return period.start_time.tz_localize("UTC"), (period + 1).start_time.tz_localize("UTC")
        if isinstance(date, (str, dt.date, np.datetime64)):
            moment = pd.Timestamp(date)
            utc = moment.tz_localize("UTC") if moment.tz is None else moment.tz_convert("UTC")
            return utc, utc + pd.Timedelta(days=int(_is_day(date)))
    except (ValueError, TypeError) as error:
        raise InvalidInputError(_NOT_A_DATE.format(date)) from error
    raise InvalidInputError(_NOT_A_DATE.format(date))


def _is_day(date: Date) -> bool:
    if isinstance(date, np.datetime64):
        return np.datetime_data(date.dtype)[0] == "D"
    return isinstance(date, dt.date) and not isinstance(date, dt.datetime)


def _iso(moment: pd.Timestamp) -> str:
    return moment.tz_localize(None).isoformat(timespec="milliseconds") + "Z"


def _check_properties(properties: Sequence[str]) -> tuple[str, ...]:
    if isinstance(properties, str):
        properties = (properties,)
    if taken := {*COLUMNS, "geometry"} & set(properties):
        raise InvalidInputError(
            f"properties names what the table has as a column of its own: {', '.join(taken)}."
        )
    return tuple(properties)


def _wanted_properties(known: Collection, properties: Sequence[str]) -> list[str]:
    own = (
        known.cloud_property,
        known.satellite_property,
        known.orbit_property,
        known.tile_property,
    )
    named = ["system:time_start", "system:time_end", *own, *properties]
    return list(dict.fromkeys(name for name in named if name))


def _describe(image: ee.Image, wanted: Sequence[str], grid_band: str | int) -> ee.Feature:
    """A scene's row, made by the service: its footprint and properties, not its bands."""
    image = ee.Image(image)
    row = {name: image.get(name) for name in wanted}
    row[_INDEX] = image.get("system:index")
    row[_PROJECTION] = image.select([grid_band]).projection()
    feature: ee.Feature = ee.Feature(image.geometry(), row)
    return feature


def _table(
    features: Sequence[dict[str, Any]],
    collection: str,
    known: Collection,
    area: BaseGeometry,
    properties: Sequence[str],
) -> gpd.GeoDataFrame:
    rows = [feature["properties"] for feature in features]

    def column(name: str | None) -> list[Any]:
        return [row.get(name) if name else None for row in rows]

    def text(name: str | None) -> list[str | None]:
        return [None if value is None else str(value) for value in column(name)]

    footprints = gpd.GeoSeries(
        [_footprint(feature["geometry"]) for feature in features], crs=GEOGRAPHIC
    )
    acquired = pd.to_datetime(pd.Series(column("system:time_start"), dtype="Int64"), unit="ms")
    solar = acquired + pd.to_timedelta(area.centroid.x * 240, unit="s")  # 4 minutes a degree
    projections = [row.get(_PROJECTION) or {} for row in rows]
    columns: dict[str, Any] = {
        "asset_id": [f"{collection}/{index}" for index in column(_INDEX)],
        "collection": [collection] * len(rows),
        "acquisition_date": acquired.dt.tz_localize("UTC"),
        "end_date": pd.to_datetime(
            pd.Series(column("system:time_end"), dtype="Int64"), unit="ms", utc=True
        ),
        "satellite": text(known.satellite_property),
        "cloud_cover": column(known.cloud_property),
        "overlap_percentage": _overlap(footprints, area),
        "solar_day": solar.dt.normalize(),
        "solar_time": solar,
        "crs": [projection.get("crs") for projection in projections],
        "transform": [tuple(p["transform"]) if p else None for p in projections],
        "orbit": text(known.orbit_property),
        "tile": text(known.tile_property),
    }
    wanted = {name: column(name) for name in properties}
    return in_order(make_table(columns, wanted, footprints))


def _footprint(geojson: dict[str, Any] | None) -> BaseGeometry | None:
    """A footprint as a polygon, whatever the service made of it."""
    if geojson is None:
        return None
    found = shape(geojson)
    return Polygon(found) if isinstance(found, LinearRing) else found


def _overlap(footprints: gpd.GeoSeries, area: BaseGeometry) -> list[float]:
    """Percent of the area that each footprint covers."""
    if footprints.empty:
        return []
    target = reproject_geometry(area, GEOGRAPHIC, EQUAL_AREA)
    covered = footprints.to_crs(EQUAL_AREA).make_valid().intersection(target).area
    return [float(share) for share in 100 * covered / target.area]
