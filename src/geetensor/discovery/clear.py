"""How much of an area each scene shows without clouds, counted by the service."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine

from geetensor.clouds import CloudSource
from geetensor.collections import collection_of
from geetensor.ee_utils import to_ee_geometry
from geetensor.engine.expression import Count, counted
from geetensor.engine.fetch import compute_each
from geetensor.errors import BadReplyError, NotFoundError
from geetensor.geometry import GEOGRAPHIC
from geetensor.grid import geometry_in_pixels
from geetensor.preparation import without_clouds
from geetensor.source import native_grid, open_sources, serialize

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from shapely.geometry import MultiPolygon, Polygon

    from geetensor.clouds import CloudMask
    from geetensor.engine.transport import Transport
    from geetensor.engine.wire import BandInfo
    from geetensor.source import Source

BATCH = 20
"""Scenes that are counted in one request."""

MOST_PIXELS = 10**6
"""Of an area's box, that are counted of a scene where no scale is given."""


def with_clear(
    scenes: gpd.GeoDataFrame,
    area: Polygon | MultiPolygon,
    clouds: CloudMask,
    scale: float | None,
    column: str,
    transport: Transport,
) -> gpd.GeoDataFrame:
    """The same table with a column of percentages before the geometry.

    Args:
        scenes: with a column `asset_id`.
        area: in longitude and latitude within ±180°.
        clouds: what is cloudy.
        scale: metres of the pixels that are counted; None for the scene's own, or coarser ones.
        column: the new column's name.
        transport: the door to the network.

    Raises:
        InvalidInputError: if a scene has no such cloud mask.
        EarthEngineError: if the service refuses.
    """
    asset_ids = list(dict.fromkeys(scenes["asset_id"]))
    sources = open_sources(asset_ids, transport)
    counts = [_count(source, area, clouds, scale) for source in sources]
    region = serialize(to_ee_geometry(area), "the area")
    batches = [counts[start : start + BATCH] for start in range(0, len(counts), BATCH)]
    answers = compute_each([(counted(batch, region), "the scenes") for batch in batches], transport)
    percentages: list[float] = []
    for batch, answer in zip(batches, answers, strict=True):
        if isinstance(answer, NotFoundError):
            # The scenes are there: it is the cloud mask of some of them that is not.
            alone = [(counted([count], region), count.shown.label) for count in batch]
            percentages += (_alone(one) for one in compute_each(alone, transport))
        elif isinstance(answer, Exception):
            raise answer
        else:
            percentages += _percentages(answer, len(batch))
    found = dict(zip(asset_ids, percentages, strict=True))
    result = scenes.copy()
    values = np.array([found[asset_id] for asset_id in scenes["asset_id"]], np.float64)
    columns = [*result.columns]
    place = columns.index("geometry") if "geometry" in columns else len(columns)
    result.insert(place, column, values)
    return result


def _count(
    source: Source, area: Polygon | MultiPolygon, clouds: CloudMask, scale: float | None
) -> Count:
    """What is to be counted of a scene: pixels of the band that tells clouds, or of the finest."""
    clear = without_clouds(source, clouds)
    by_id = {band.id: band for band in source.info.bands}
    if clouds.source is CloudSource.SCL:
        band = by_id["SCL"]
    elif clouds.source is CloudSource.QA_PIXEL:
        band = by_id["QA_PIXEL"]
    else:
        known = collection_of(source.info.id or "").grid_band
        band = by_id[known] if isinstance(known, str) else source.info.bands[known]
    coarser = _coarser(band, area) if scale is None else scale / abs(band.transform.a)
    transform = band.transform @ Affine.scale(coarser)
    return Count(source.ref, clear, band.id, band.crs, tuple(transform)[:6])


def _coarser(band: BandInfo, area: Polygon | MultiPolygon) -> int:
    """How many times larger than a band's pixels those that are counted are: a power of two."""
    native = native_grid(band)
    if native is None:
        return 1
    left, top, right, bottom = geometry_in_pixels(native, area, GEOGRAPHIC).bounds
    pixels = (right - left) * (bottom - top)
    if not math.isfinite(pixels) or pixels <= MOST_PIXELS:
        return 1
    return 1 << math.ceil(math.log2(pixels / MOST_PIXELS) / 2)


def _alone(answer: Any) -> float:
    """The percentage of one scene; NaN where its cloud mask is not there."""
    if isinstance(answer, NotFoundError):
        return math.nan
    if isinstance(answer, Exception):
        raise answer
    return _percentages(answer, 1)[0]


def _percentages(answer: Any, count: int) -> Sequence[float]:
    """Clear of shown pixels, in percent; NaN where none is shown."""
    try:
        pairs = [(one.get("clear") or 0, one.get("shown") or 0) for one in answer]
        found = [100 * clear / shown if shown else math.nan for clear, shown in pairs]
    except (AttributeError, TypeError) as error:
        raise BadReplyError(f"Asked for counts of pixels, got {answer!r}.") from error
    if len(found) != count:
        raise BadReplyError(f"Asked about {count} scenes, got {len(found)}.")
    return found
