"""Which scenes there are for an area and a time, as a table.

The table is a GeoDataFrame of footprints in EPSG:4326, one scene a row, sorted by time. Its
columns are those of `COLUMNS`, in an empty table too, then the properties asked for, then
`geometry`; its index counts the rows. `geetensor.ee_image.export_cube` takes it as it is, also
when it was written to GeoParquet in between.

Arguments that most functions share:

- `polygon`: the area, in EPSG:4326: shapely, `ee.Geometry`, GeoJSON or bounds; with several parts
  and holes, as you like. An area across the antimeridian goes on beyond 180° (170 to 190), has a
  part on each side, or has bounds whose west is east of their east. Edges are straight in longitude
  and latitude.
- `start_date`: a day (`"2024-06-30"`, a `date`), a month, a year or a moment, included; in UTC,
  unless it has a timezone.
- `end_date`: a day, month or year, which is included, or a moment, which is not.
- `filters`: an `ee.Filter` that a scene must pass, too, or several.
- `properties`: of the scenes, to be further columns. What a scene lacks is None, and among
  numbers NaN.
- `cloud_cover_max`: percent, included; of the whole scene, by its own metadata. Scenes for which it
  is not known are left out.
- `deduplicate`: leave out scenes that add nothing to others of their pass (`geetensor.discovery.
  duplicates` says how): overlapping tiles, and scenes processed twice.
- `limit`: of the number of scenes; the earliest are kept.
- `progress`: show a progress bar.

A usual query is one request, of several collections, too. Where there are more than 5,000 scenes,
they come in pages. All requests take their turn with those for pixels, and are repeated where the
service was busy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from geetensor.clouds import parse_cloud_mask
from geetensor.collections import DEM, EMBEDDINGS, S1, S2_SR, S2_TOA
from geetensor.discovery.areas import parse_polygon, parse_polygons
from geetensor.discovery.cells import put_on_cells
from geetensor.discovery.clear import with_clear
from geetensor.discovery.clouds import CLOUD_COLUMNS, with_clouds
from geetensor.discovery.find import find_scenes
from geetensor.discovery.many import find_many
from geetensor.discovery.question import check_collection, parse_question
from geetensor.discovery.sensors import landsat_collections, modis_collection, s1_conditions
from geetensor.discovery.table import COLUMNS as COLUMNS
from geetensor.engine.session import current_session
from geetensor.engine.transport import Transport
from geetensor.errors import InvalidInputError
from geetensor.grid import resolution_from_scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ee
    import geopandas as gpd

    from geetensor.clouds import CloudMask
    from geetensor.discovery.dates import Date
    from geetensor.discovery.question import Question
    from geetensor.discovery.sensors import Condition
    from geetensor.ee_utils import Geometry


def query_collection(
    collection: str,
    polygon: Geometry,
    start_date: Date | None,
    end_date: Date | None,
    *,
    filters: ee.Filter | Sequence[ee.Filter] | None = None,
    properties: Sequence[str] = (),
    cloud_cover_max: float | None = None,
    deduplicate: bool = False,
    limit: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """The scenes of an image collection that touch an area within a time.

    Args:
        collection: asset id of any image collection, known to `geetensor.collections` or not.
        polygon: the area; this and the others as the module says.
        start_date: None, with `end_date`, for scenes of any time, or of none.
        end_date: None, with `start_date`, for scenes of any time, or of none.
        filters: what else a scene must pass.
        properties: to be further columns.
        cloud_cover_max: percent, included.
        deduplicate: leave out scenes that add nothing to others of their pass.
        limit: of the number of scenes.
        progress: show a progress bar.

    Returns:
        A table with `COLUMNS`, then the properties, then `geometry`.

    Raises:
        InvalidInputError: if an argument is wrong, or the collection is not known to have
            cloud cover. Nothing was sent.
        SignInError: if there is no session, or the project or account is refused.
        NotFoundError: if there is no such collection.
        EarthEngineError: if the service refuses or keeps failing.

    Example:
        >>> query_collection("COPERNICUS/S2_HARMONIZED", aoi, "2024-06-01", "2024-06-30").crs.name
        'WGS 84'
    """
    question = parse_question(
        start_date,
        end_date,
        filters=filters,
        properties=properties,
        cloud_cover_max=cloud_cover_max,
        deduplicate=deduplicate,
        limit=limit,
    )
    return _find({collection: ()}, polygon, question, progress=progress)


def query_s2_l2a(
    polygon: Geometry,
    start_date: Date,
    end_date: Date,
    *,
    filters: ee.Filter | Sequence[ee.Filter] | None = None,
    properties: Sequence[str] = (),
    cloud_cover_max: float | None = None,
    deduplicate: bool = False,
    limit: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Sentinel-2 surface reflectance scenes; see `query_collection`.

    Example:
        >>> query_s2_l2a(aoi, "2024-06-01", "2024-06-30")["collection"].unique().tolist()
        ['COPERNICUS/S2_SR_HARMONIZED']
    """
    return query_collection(
        S2_SR,
        polygon,
        start_date,
        end_date,
        filters=filters,
        properties=properties,
        cloud_cover_max=cloud_cover_max,
        deduplicate=deduplicate,
        limit=limit,
        progress=progress,
    )


def query_s2_l1c(
    polygon: Geometry,
    start_date: Date,
    end_date: Date,
    *,
    filters: ee.Filter | Sequence[ee.Filter] | None = None,
    properties: Sequence[str] = (),
    cloud_cover_max: float | None = None,
    deduplicate: bool = False,
    limit: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Sentinel-2 top-of-atmosphere scenes; see `query_collection`.

    Example:
        >>> query_s2_l1c(aoi, "2024-06-01", "2024-06-30")["collection"].unique().tolist()
        ['COPERNICUS/S2_HARMONIZED']
    """
    return query_collection(
        S2_TOA,
        polygon,
        start_date,
        end_date,
        filters=filters,
        properties=properties,
        cloud_cover_max=cloud_cover_max,
        deduplicate=deduplicate,
        limit=limit,
        progress=progress,
    )


def query_s2_cloud(
    polygon: Geometry,
    start_date: Date,
    end_date: Date,
    *,
    level: Literal["l2a", "l1c"] = "l2a",
    filters: ee.Filter | Sequence[ee.Filter] | None = None,
    properties: Sequence[str] = (),
    cloud_cover_max: float | None = None,
    deduplicate: bool = False,
    limit: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Sentinel-2 scenes with their cloud masks; see `query_collection` for the other arguments.

    `level` is that of the scenes: surface reflectance (`"l2a"`) or top of atmosphere (`"l1c"`).

    Returns:
        The table of the scenes, with the columns `cloud_score_plus` and `cloud_probability`
        (s2cloudless): asset ids, missing where there is no such mask.

    Example:
        >>> scenes = query_s2_cloud(aoi, "2024-06-01", "2024-06-30", limit=2)
        >>> list(scenes.columns[-3:])
        ['cloud_score_plus', 'cloud_probability', 'geometry']
    """
    levels = {"l2a": S2_SR, "l1c": S2_TOA}
    if level not in levels:
        raise InvalidInputError(f"level must be 'l2a' or 'l1c', got {level!r}.")
    question = parse_question(
        start_date,
        end_date,
        filters=filters,
        properties=properties,
        cloud_cover_max=cloud_cover_max,
        deduplicate=deduplicate,
        limit=limit,
        taken=[*CLOUD_COLUMNS],
    )
    scenes = _find({levels[level]: ()}, polygon, question, progress=progress)
    with Transport(current_session()) as transport:
        return with_clouds(scenes, transport)


def query_s1(
    polygon: Geometry,
    start_date: Date,
    end_date: Date,
    *,
    orbit: str | int | None = None,
    polarisations: Sequence[str] = ("VV", "VH"),
    mode: str | None = "IW",
    filters: ee.Filter | Sequence[ee.Filter] | None = None,
    properties: Sequence[str] = (),
    deduplicate: bool = False,
    limit: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Sentinel-1 ground range detected scenes; see `query_collection` for the other arguments.

    - `orbit`: `"ASCENDING"` or `"DESCENDING"`, or the number of a relative orbit; None for any.
    - `polarisations`: that a scene must have, all of them; others may be there, too.
    - `mode`: of the instrument: `"IW"`, `"EW"`, `"SM"`; None for any.

    Example:
        >>> scenes = query_s1(aoi, "2024-06-01", "2024-06-30", orbit="DESCENDING")
        >>> scenes["satellite"].unique().tolist()
        ['Sentinel-1A']
    """
    conditions = s1_conditions(orbit, polarisations, mode)
    question = parse_question(
        start_date,
        end_date,
        filters=filters,
        properties=properties,
        deduplicate=deduplicate,
        limit=limit,
    )
    return _find({S1: conditions}, polygon, question, progress=progress)


def query_landsat(
    polygon: Geometry,
    start_date: Date,
    end_date: Date,
    *,
    missions: Sequence[int] = (8, 9),
    level: Literal["toa", "sr", "raw"] = "toa",
    tiers: Sequence[int | str] = (1, 2),
    filters: ee.Filter | Sequence[ee.Filter] | None = None,
    properties: Sequence[str] = (),
    cloud_cover_max: float | None = None,
    deduplicate: bool = False,
    limit: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Landsat scenes of collection 2, of all missions in one table.

    - `missions`: of 4, 5, 7, 8 and 9.
    - `level`: `"toa"`, top of atmosphere; `"sr"`, surface reflectance and temperature; `"raw"`,
      digital numbers.
    - `tiers`: 1, 2, and `"RT"` for scenes in real time, not yet assessed (Landsat 7 and 8, not
      surface reflectance).

    See `query_collection` for the other arguments.

    Example:
        >>> query_landsat(aoi, "2024-06-01", "2024-06-30", level="sr")["tile"].unique().tolist()
        ['159073']
    """
    found = landsat_collections(missions, level, tiers)
    question = parse_question(
        start_date,
        end_date,
        filters=filters,
        properties=properties,
        cloud_cover_max=cloud_cover_max,
        deduplicate=deduplicate,
        limit=limit,
    )
    return _find(found, polygon, question, progress=progress)


def query_modis(
    polygon: Geometry,
    start_date: Date,
    end_date: Date,
    *,
    product: str = "MOD09GA",
    version: str = "061",
    filters: ee.Filter | Sequence[ee.Filter] | None = None,
    properties: Sequence[str] = (),
    limit: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Images of a MODIS product; see `query_collection` for the other arguments.

    `product` is any that Earth Engine has below `MODIS/<version>`. Its images are global, one a day
    or period, and have neither clouds nor duplicates to choose by.

    Example:
        >>> query_modis(aoi, "2024-06-01", "2024-06-03")["satellite"].tolist()
        ['Terra', 'Terra', 'Terra']
    """
    question = parse_question(
        start_date, end_date, filters=filters, properties=properties, limit=limit
    )
    return _find({modis_collection(product, version): ()}, polygon, question, progress=progress)


def query_dem(
    polygon: Geometry,
    *,
    collection: str = DEM,
    filters: ee.Filter | Sequence[ee.Filter] | None = None,
    properties: Sequence[str] = (),
    deduplicate: bool = False,
    limit: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Tiles of an elevation model; see `query_collection` for the other arguments.

    `collection` is by default the Copernicus model of 30 m. Models that are a single image
    (`USGS/SRTMGL1_003`) need no query: the functions of `geetensor.ee_image` take their id.

    Example:
        >>> query_dem(aoi)["collection"].unique().tolist()
        ['COPERNICUS/DEM/GLO30']
    """
    question = parse_question(
        None, None, filters=filters, properties=properties, deduplicate=deduplicate, limit=limit
    )
    return _find({collection: ()}, polygon, question, progress=progress)


def query_embeddings(
    polygon: Geometry,
    start_date: Date,
    end_date: Date,
    *,
    filters: ee.Filter | Sequence[ee.Filter] | None = None,
    properties: Sequence[str] = (),
    deduplicate: bool = False,
    limit: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Tiles of the annual satellite embeddings; see `query_collection` for the arguments.

    A tile's `acquisition_date` is the first moment of its year, and `end_date` that of the next.

    Example:
        >>> query_embeddings(aoi, "2023", "2024")["acquisition_date"].dt.year.unique().tolist()
        [2023, 2024]
    """
    question = parse_question(
        start_date,
        end_date,
        filters=filters,
        properties=properties,
        deduplicate=deduplicate,
        limit=limit,
    )
    return _find({EMBEDDINGS: ()}, polygon, question, progress=progress)


def query_many(
    collection: str,
    polygons: Sequence[Geometry] | gpd.GeoSeries | gpd.GeoDataFrame,
    start_date: Date | None,
    end_date: Date | None,
    *,
    filters: ee.Filter | Sequence[ee.Filter] | None = None,
    properties: Sequence[str] = (),
    cloud_cover_max: float | None = None,
    deduplicate: bool = False,
    limit: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """The scenes of each of many areas, thousands of them in few requests.

    `polygons` are the areas, each as `query_collection` takes it; or a GeoDataFrame of them, in any
    CRS. `deduplicate` and `limit` are for each area. See `query_collection` for the others.

    Returns:
        A row for each area and each scene that touches it. The column `area_id`, before all others,
        holds the area's position in `polygons`, or its label in the GeoDataFrame's index. Sorted
        by area, in their order, then by time. `overlap_percentage` is of the area.

    Example:
        >>> fields = [aoi, aoi.buffer(0.01)]
        >>> rows = query_many("COPERNICUS/S2_HARMONIZED", fields, "2024-06-01", "2024-06-30")
        >>> rows["area_id"].unique().tolist()
        [0, 1]
    """
    question = parse_question(
        start_date,
        end_date,
        filters=filters,
        properties=properties,
        cloud_cover_max=cloud_cover_max,
        deduplicate=deduplicate,
        limit=limit,
        taken=["area_id"],
    )
    check_collection(collection, question)
    with Transport(current_session()) as transport:
        areas, labels = parse_polygons(polygons, transport)
        rows = find_many(collection, areas, question, transport, progress=progress)
    return rows.assign(area_id=labels[rows["area_id"].to_numpy()])


def scenes_on_grid(scenes: gpd.GeoDataFrame, grid: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Which scenes show which cells of a grid, without duplicates.

    Of a pass over a cell, the scenes are those that `deduplicate` would keep with the cell as the
    area: the newest processing baseline counts if the table has a column of it
    (`properties=["PROCESSING_BASELINE"]`).

    Args:
        scenes: a table as the functions of this module give it.
        grid: cells, in any CRS.

    Returns:
        A row for each cell and scene. The column `cell`, before all others, holds the cell's label
        in the grid's index; the others are those of `scenes`, with the overlap and the solar time
        of the cell. Sorted by cell, in their order, then by time.

    Raises:
        InvalidInputError: if an argument is not such a table.

    Example:
        >>> scenes = query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
        >>> grid = gpd.GeoDataFrame(geometry=[aoi], index=[7], crs="EPSG:4326")
        >>> scenes_on_grid(scenes, grid)["cell"].unique().tolist()
        [7]
    """
    return put_on_cells(scenes, grid)


def add_clear_percentage(
    scenes: gpd.GeoDataFrame,
    polygon: Geometry,
    cloud_mask: CloudMask | str = "cloud_score_plus",
    *,
    scale: float | None = None,
    column: str = "clear_percentage",
) -> gpd.GeoDataFrame:
    """How much of an area is free of clouds, scene by scene, counted by the service.

    `cloud_cover` is of the whole scene; this is of the area itself: of the pixels that a scene
    shows with their centre in the polygon, the percentage that `cloud_mask` calls clear.

    Args:
        scenes: a table as the functions of this module give it.
        polygon: the area, as in `query_collection`.
        cloud_mask: as `geetensor.ee_image.export_image` takes it; of all scenes.
        scale: size of the pixels that are counted, in metres. Default: the scene's own; where that
            makes more than a million in the area's box, 2, 4, 8 or more times as large.
        column: name of the new column, before `geometry`.

    Returns:
        The same rows with the column, 0 to 100. NaN where a scene shows nothing of the area, or
        has no cloud mask of that kind.

    Raises:
        InvalidInputError: if an argument is wrong, or a scene is of a sensor without such masks.
        SignInError: if there is no session, or the project or account is refused.
        EarthEngineError: if the service refuses.

    Example:
        >>> scenes = query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
        >>> clear = add_clear_percentage(scenes, aoi)
        >>> bool(clear["clear_percentage"].between(0, 100).all())
        True
    """
    clouds = parse_cloud_mask(cloud_mask)
    if clouds is None:
        raise InvalidInputError("cloud_mask is needed to tell what is clear.")
    if scale is not None:
        resolution_from_scale(scale, "EPSG:3857")
    if not isinstance(scenes, pd.DataFrame) or "asset_id" not in scenes:
        raise InvalidInputError("scenes must be a table with the column asset_id.")
    if column in scenes:
        raise InvalidInputError(f"The table has a column {column!r} already.")
    with Transport(current_session()) as transport:
        area = parse_polygon(polygon, transport)
        return with_clear(scenes, area, clouds, scale, column, transport)


def _find(
    collections: Mapping[str, Sequence[Condition]],
    polygon: Geometry,
    question: Question,
    *,
    progress: bool,
) -> gpd.GeoDataFrame:
    """The scenes of an area.

    Args:
        collections: asset ids, and which of their scenes are meant.
        polygon: the area.
        question: what is asked.
        progress: show a progress bar.
    """
    for collection in collections:
        check_collection(collection, question)
    with Transport(current_session()) as transport:
        area = parse_polygon(polygon, transport)
        return find_scenes(collections, area, question, transport, progress=progress)
