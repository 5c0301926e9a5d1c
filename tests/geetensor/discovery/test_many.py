"""Many areas, and cells of grids: each by itself, and all at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal

import eemulator
from eemulator import Catalog
from geetensor import ee_query
from geetensor.collections import S2_SR
from geetensor.discovery import globe
from geetensor.errors import EarthEngineError, InvalidInputError
from tests.geetensor.conftest import sign_in
from tests.geetensor.discovery.scenes import collection, edge, scene, sentinel2
from tests.geetensor.test_ee_query import DTYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

JUNE = ("2024-06-01", "2024-06-30")
MANY = "TEST/TILES"


def tiles() -> list[Any]:
    """A lattice of overlapping tiles over several squares of 10 degrees, each on two days."""
    return [
        scene(
            f"{MANY}/x{x}y{y}d{day}",
            shapely.box(x - 0.6, y - 0.6, x + 0.6, y + 0.6),
            f"2024-06-{day:02}T07:00:00",
            rank=x * day,
        )
        for x in range(5, 25)
        for y in range(-4, 5)
        for day in (3, 13)
    ]


@pytest.fixture(scope="module")
def tiled() -> Iterator[eemulator.Server]:
    limits = eemulator.Limits(requests_per_second=None)
    catalog = Catalog([collection(MANY, *tiles()), edge(), collection(S2_SR, *sentinel2(S2_SR))])
    with eemulator.running(catalog, limits) as server:
        yield server


@pytest.fixture(autouse=True)
def served(tiled: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> eemulator.Server:
    sign_in(tiled, monkeypatch)
    return tiled


def areas() -> list[Any]:
    """Small and large ones, in no order, across squares, with holes and parts."""
    rng = np.random.default_rng(1)
    small = [shapely.box(x, y, x + 0.2, y + 0.1) for x, y in rng.uniform((5, -4), (24, 4), (30, 2))]
    holed = shapely.box(12, 0, 15, 2).difference(shapely.box(12.5, 0.5, 14.5, 1.5))
    parts = shapely.MultiPolygon([shapely.box(6, -3, 6.2, -2.8), shapely.box(22, 3, 22.4, 3.1)])
    return [*small, holed, parts, shapely.box(100, 0, 101, 1), (7, -1, 7.5, 1)]


def rough_coast(lon: float, lat: float, corners: int) -> Any:
    """A bay of 2 by 2 degrees, with as many corners."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = np.random.default_rng(2).uniform(0.9, 1.0, corners)
    ring = np.column_stack((lon + radius * np.cos(turn), lat + radius * np.sin(turn)))
    return shapely.Polygon(ring).difference(shapely.box(lon - 0.7, lat - 0.7, lon + 0.7, lat + 0.7))


def test_an_area_with_more_corners_than_fit_into_a_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(globe, "MOST_CORNERS", 500)
    coast = rough_coast(14, 0, 3000)
    near = [tile.id for tile in tiles() if shapely.intersects(tile.footprint, coast)]
    assert 10 < len(near) < 2 * 3 * 9
    limits = eemulator.Limits(requests_per_second=None, payload_bytes=50_000)
    with eemulator.running(Catalog([collection(MANY, *tiles())]), limits) as server:
        sign_in(server, monkeypatch)
        every = ee_query.query_collection(MANY, coast, *JUNE)
        assert sorted(every["asset_id"]) == sorted(near)
        few = ee_query.query_collection(MANY, coast, *JUNE, limit=5)
        assert_frame_equal(few, every[:5])
        rows = ee_query.query_many(MANY, [coast, (9, 0, 9.1, 0.1)], *JUNE)
        assert [*rows.loc[rows["area_id"] == 0, "asset_id"]] == [*every["asset_id"]]
        assert not server.stats.refusals
        monkeypatch.setattr(globe, "MOST_CORNERS", 5000)
        with pytest.raises(EarthEngineError, match="payload size exceeds"):
            ee_query.query_collection(MANY, coast, *JUNE)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"deduplicate": True, "properties": ["rank"]},
        {"limit": 3},
    ],
)
def test_many_areas_are_each_as_if_alone(
    arguments: dict[str, Any], served: eemulator.Server
) -> None:
    polygons = areas()
    rows = ee_query.query_many(MANY, polygons, *JUNE, **arguments)
    assert served.stats.requests == {"value:compute": 1}
    assert list(rows.index) == list(range(len(rows)))
    for position, polygon in enumerate(polygons):
        alone = ee_query.query_collection(MANY, polygon, *JUNE, **arguments)
        here = rows[rows["area_id"] == position].drop(columns="area_id").reset_index(drop=True)
        # What only seems to touch at a corner may differ.
        touched = [table[table["overlap_percentage"] > 1e-3] for table in (here, alone)]
        here, alone = (table.reset_index(drop=True) for table in touched)
        assert_frame_equal(here, alone, check_dtype=len(alone) > 0, rtol=1e-3)
    assert rows["area_id"].is_monotonic_increasing


def test_areas_have_the_labels_of_their_index(served: eemulator.Server) -> None:
    fields = gpd.GeoDataFrame(
        {"crop": ["wheat", "rice"]},
        index=["north", "south"],
        geometry=[shapely.box(10, 1, 10.1, 1.1), shapely.box(10, -1.1, 10.1, -1)],
        crs="EPSG:4326",
    )
    there = ee_query.query_many(MANY, fields, *JUNE)
    assert there["area_id"].unique().tolist() == ["north", "south"]
    projected = ee_query.query_many(MANY, fields.to_crs("EPSG:32632"), *JUNE)
    assert list(projected["asset_id"]) == list(there["asset_id"])
    assert projected["overlap_percentage"].to_numpy() == pytest.approx(
        there["overlap_percentage"].to_numpy(), abs=1e-3
    )
    assert fields["crop"].to_numpy()[fields.index.get_indexer(there["area_id"])][0] == "wheat"


def test_no_areas(served: eemulator.Server) -> None:
    nothing = ee_query.query_many(MANY, [], *JUNE)
    assert {name: str(dtype) for name, dtype in nothing.dtypes.items()} == {
        "area_id": "int64",
        **DTYPES,
    }
    assert not served.stats.requests


def test_thousands_of_fields_in_few_requests(served: eemulator.Server) -> None:
    rng = np.random.default_rng(2)
    corners = rng.uniform((5, -4), (24, 4), (3000, 2))
    fields = [shapely.box(x, y, x + 0.01, y + 0.01) for x, y in corners]
    rows = ee_query.query_many(MANY, fields, *JUNE)
    assert served.stats.requests["value:compute"] <= 16
    assert rows["area_id"].nunique() == 3000
    # Two days, and one, two or four tiles.
    assert {*rows.groupby("area_id").size()} <= {2, 4, 8}
    whole = rows.groupby(["area_id", "solar_day"])["overlap_percentage"].max()
    assert whole.min() > 0


def test_areas_on_both_sides_of_the_antimeridian() -> None:
    rows = ee_query.query_many(
        "TEST/EDGE", [(179.2, -17.5, -179.2, -16.5), (178.5, -17, 178.6, -16.5)], *JUNE
    )
    names = rows["asset_id"].str.rpartition("/")[2]
    assert {*names[rows["area_id"] == 0]} == {"beyond", "before", "parted", "east", "west"}
    assert {*names[rows["area_id"] == 1]} == {"east"}


def cells(crs: str = "EPSG:4326") -> gpd.GeoDataFrame:
    """Cells of a quarter degree about the place where the two tiles of a pass overlap."""
    made = [
        shapely.box(x, y, x + 0.25, y + 0.25)
        for x in np.arange(44.5, 45.5, 0.25)
        for y in np.arange(-19.5, -17.8, 0.25)
    ]
    return gpd.GeoDataFrame(index=[f"c{i}" for i in range(len(made))], geometry=made,
                            crs="EPSG:4326").to_crs(crs)  # fmt: skip


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32738"])
def test_scenes_on_a_grid(crs: str, served: eemulator.Server) -> None:
    scenes = ee_query.query_s2_l2a(
        (44, -20, 46, -17), *JUNE, properties=["PROCESSING_BASELINE", "MGRS_TILE"]
    )
    before = served.stats.requests["value:compute"]
    grid = cells(crs)
    rows = ee_query.scenes_on_grid(scenes, grid)
    assert served.stats.requests["value:compute"] == before
    assert list(rows.columns) == ["cell", *scenes.columns]
    assert list(rows.index) == list(range(len(rows)))
    labels = rows["cell"].to_numpy()
    assert [*dict.fromkeys(labels)] == list(grid.index)
    # Six passes; each once, but for the cells that no tile shows whole.
    counts = rows.groupby(["cell", "solar_day"]).size()
    shapes = grid.geometry.to_crs("EPSG:4326")
    for (label, _), count in counts.items():
        bottom, top = shapes[label].bounds[1::2]
        straddles = bottom < -18.6 + 1e-6 and top > -18.5 - 1e-6
        assert count == 1 or straddles
    twice = scenes[scenes["asset_id"].str.contains("20240611")]
    assert len(twice) == 4
    assert {*rows[rows["asset_id"].isin(twice["asset_id"])]["PROCESSING_BASELINE"]} == {"05.10"}
    cover = rows.groupby(["cell", "solar_day"])["overlap_percentage"].sum()
    assert cover.min() > 99  # what adds less than a hundredth of itself is left out


def test_a_grid_beside_the_scenes_and_one_without_cells() -> None:
    scenes = ee_query.query_s2_l2a((44, -20, 46, -17), *JUNE)
    far = cells().translate(90, 0).to_frame("geometry")
    for grid in (far, far[:0]):
        rows = ee_query.scenes_on_grid(scenes, grid)
        assert len(rows) == 0
        dtypes = {name: str(dtype) for name, dtype in rows.dtypes.items()}
        assert {name: dtypes[name] for name in DTYPES} == DTYPES
    assert len(ee_query.scenes_on_grid(scenes[:0], cells())) == 0


def test_what_is_no_table_or_grid_is_refused() -> None:
    scenes = ee_query.query_s2_l2a((44, -20, 46, -17), *JUNE, limit=2)
    grid = cells()
    with pytest.raises(InvalidInputError, match="scenes must be a table"):
        ee_query.scenes_on_grid(pd.DataFrame(scenes), grid)
    with pytest.raises(InvalidInputError, match="scenes must be a table"):
        ee_query.scenes_on_grid(scenes.to_crs("EPSG:32738"), grid)
    with pytest.raises(InvalidInputError, match="scenes lacks satellite, orbit"):
        ee_query.scenes_on_grid(scenes.drop(columns=["satellite", "orbit"]), grid)
    with pytest.raises(InvalidInputError, match="has a column cell already"):
        ee_query.scenes_on_grid(scenes.assign(cell=1), grid)
    with pytest.raises(InvalidInputError, match="with a CRS"):
        ee_query.scenes_on_grid(scenes, grid.set_crs(None, allow_override=True))
    with pytest.raises(InvalidInputError, match="'c0' is no valid polygon"):
        ee_query.scenes_on_grid(scenes, grid.assign(geometry=grid.geometry.boundary))
