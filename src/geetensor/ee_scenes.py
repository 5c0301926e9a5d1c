"""The table of scenes in other tools' terms: STAC, stac-geoparquet, GeoCatalog, pictures.

All take a table as the functions of `geetensor.ee_query` give it, or what is left of one: rows and
columns may be missing, `asset_id` apart, and it may have been to a file. None asks the service for
anything.

A table is a GeoDataFrame, so `scenes.to_parquet(path)` writes GeoParquet, which `read_scenes`
reads; and `scenes.explore()` shows an interactive map, with folium and mapclassify.

STAC needs `pip install 'geetensor[stac]'`, the picture `pip install 'geetensor[plot]'`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from geetensor.bridges.geocatalog import from_catalog, read_catalog, to_catalog
from geetensor.bridges.rows import parse_scenes
from geetensor.discovery.areas import parse_polygon

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import pystac
    from matplotlib.figure import Figure

    from geetensor.ee_utils import Geometry


def read_scenes(path: str | os.PathLike[str]) -> gpd.GeoDataFrame:
    """A table that `scenes.to_parquet(path)` wrote, as it was.

    `geopandas.read_parquet` reads it, too, and `export_cube` takes either; but there the transforms
    are NumPy arrays, which cannot be compared or shown on a map, and columns without a value have
    lost their type.

    Args:
        path: of a GeoParquet file.

    Raises:
        InvalidInputError: if it is not a table of scenes.

    Example:
        >>> scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
        >>> scenes.to_parquet("scenes.parquet")
        >>> read_scenes("scenes.parquet").equals(scenes)
        True
    """
    return parse_scenes(gpd.read_parquet(path))


def to_stac(scenes: gpd.GeoDataFrame) -> pystac.ItemCollection:
    """Scenes as STAC Items.

    An Item's id is the last part of the asset id; where two collections share that, as those of
    Sentinel-2 do, the whole asset id with dots. Its only asset, `image`, has the address `ee://`
    and the asset id. Fields of the extensions eo, proj, sat and view are there as far as the table
    tells them: the bands with common names are those of `geetensor.collections`; the sun's position
    needs its properties (`SUN_AZIMUTH` and `SUN_ELEVATION`, or `MEAN_SOLAR_AZIMUTH_ANGLE` and
    `MEAN_SOLAR_ZENITH_ANGLE`) among the table's, `sat:orbit_state` needs `SENSING_ORBIT_DIRECTION`
    or `orbitProperties_pass`. All properties are there with the prefix `ee:`, and what the table
    alone knows, such as the overlap, with `geetensor:`.

    Args:
        scenes: the table, a row for each scene.

    Returns:
        Items of STAC 1.1 in the order of the rows; `item.validate()` accepts them.

    Raises:
        InvalidInputError: if a scene has several rows, or no time.
        MissingPackageError: if pystac is not installed.

    Example:
        >>> scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
        >>> items = to_stac(scenes)
        >>> items[0].assets["image"].href == f"ee://{scenes['asset_id'][0]}"
        True
        >>> items[0].properties["platform"], items[0].properties["proj:code"]
        ('sentinel-2a', 'EPSG:32738')
    """
    from geetensor.bridges.stac import to_items

    return to_items(scenes)


def from_stac(items: Iterable[pystac.Item]) -> gpd.GeoDataFrame:
    """The table of STAC Items that name Earth Engine images.

    After `to_stac` it is the table as it was, but for what STAC has no place for: columns without
    any value, cloud covers beyond 0 to 100, the order of further columns.

    Args:
        items: an ItemCollection or Items, each with an asset whose address begins with `ee://`.

    Returns:
        A table in the order of the Items, with properties that are not the table's as further
        columns.

    Raises:
        InvalidInputError: if an Item is not in Earth Engine.
        MissingPackageError: if pystac is not installed.

    Example:
        >>> scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
        >>> from_stac(to_stac(scenes)).equals(scenes)
        True
    """
    from geetensor.bridges.stac import from_items

    return from_items(items)


def write_stac_geoparquet(scenes: gpd.GeoDataFrame, path: str | os.PathLike[str]) -> None:
    """Write scenes to a file of stac-geoparquet, the Items being those of `to_stac`.

    Args:
        scenes: the table, with at least one row; every scene has a footprint.
        path: of the file.

    Raises:
        InvalidInputError: as in `to_stac`; also if there is no scene, or one without a footprint.
        MissingPackageError: if pystac or stac-geoparquet is not installed.

    Example:
        >>> scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
        >>> write_stac_geoparquet(scenes, "items.parquet")
        >>> read_stac_geoparquet("items.parquet").equals(scenes)
        True
    """
    from geetensor.bridges.stac_geoparquet import write_items

    write_items(scenes, path)


def read_stac_geoparquet(path: str | os.PathLike[str]) -> gpd.GeoDataFrame:
    """The table of a file of stac-geoparquet.

    Args:
        path: of the file.

    Returns:
        As `from_stac` does.

    Raises:
        InvalidInputError: if an Item is not in Earth Engine.
        MissingPackageError: if pystac or stac-geoparquet is not installed.

    Example:
        >>> scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
        >>> write_stac_geoparquet(scenes, "items.parquet")
        >>> cube = ee_image.export_cube(read_stac_geoparquet("items.parquet")[:2], aoi, ["B04"])
        >>> cube.shape
        (2, 1, 113, 108)
    """
    from geetensor.bridges.stac_geoparquet import read_items

    return read_items(path)


def to_geocatalog(scenes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Scenes as rows of a geotoolz GeoCatalog.

    Args:
        scenes: the table.

    Returns:
        The table with a column `filepath`, `ee://` and the asset id, and with the index `datetime`:
        closed intervals from `acquisition_date` to `end_date`, without a timezone, in UTC. A scene
        without a time is there from 1900 to 2100. `to_parquet` and `read_geocatalog` keep all.

    Raises:
        InvalidInputError: if it is not a table of scenes.

    Example:
        >>> catalog = to_geocatalog(ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30"))
        >>> catalog.index.name, catalog.index.closed
        ('datetime', 'both')
        >>> catalog.to_parquet("catalog.parquet")
        >>> read_geocatalog("catalog.parquet").equals(catalog)
        True
    """
    return to_catalog(scenes)


def from_geocatalog(catalog: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The table of rows of a GeoCatalog.

    Args:
        catalog: as `to_geocatalog` gives it, or a part of it.

    Raises:
        InvalidInputError: if a row's `filepath` is not in Earth Engine.

    Example:
        >>> scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
        >>> from_geocatalog(to_geocatalog(scenes)).equals(scenes)
        True
    """
    return from_catalog(catalog)


def read_geocatalog(path: str | os.PathLike[str]) -> gpd.GeoDataFrame:
    """A catalogue that its `to_parquet(path)` or geotoolz wrote, as it was.

    Args:
        path: of a GeoParquet file.

    Raises:
        InvalidInputError: if it is not a catalogue.

    Example:
        >>> catalog = to_geocatalog(ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30"))
        >>> catalog.to_parquet("catalog.parquet")
        >>> read_geocatalog("catalog.parquet").index.equals(catalog.index)
        True
    """
    return read_catalog(path)


def plot_scenes(
    scenes: gpd.GeoDataFrame,
    polygon: Geometry | None = None,
    *,
    path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draw scenes: their footprints on a map, beside a timeline with a row for each satellite.

    Both are coloured by cloud cover, and the clearest lie on top. Footprints that nearly coincide
    are drawn as one, in the colour of their mean.

    Args:
        scenes: the table.
        polygon: the area, as in `geetensor.ee_query`; its outline is drawn.
        path: of a PNG to write.

    Returns:
        A matplotlib figure, which a notebook shows; `figure.savefig` writes other formats.

    Raises:
        InvalidInputError: if it is not a table of scenes, or the polygon is no area.
        MissingPackageError: if matplotlib is not installed.

    Example:
        >>> scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
        >>> figure = plot_scenes(scenes, aoi, path="scenes.png")
    """
    from geetensor.bridges.plot import draw_scenes

    figure = draw_scenes(scenes, None if polygon is None else parse_polygon(polygon))
    if path is not None:
        figure.save(path)
    return figure
