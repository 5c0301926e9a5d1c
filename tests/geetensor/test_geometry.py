"""Areas: every form that people have, and why the others are refused."""

from __future__ import annotations

import math

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box, mapping

from geetensor.errors import InvalidInputError
from geetensor.geometry import parse_area

SQUARE = box(47.0, -19.0, 47.5, -18.5)


@pytest.mark.parametrize(
    "form",
    [
        SQUARE,
        SQUARE.bounds,
        list(SQUARE.bounds),
        mapping(SQUARE),
        {"type": "Feature", "geometry": mapping(SQUARE), "properties": {}},
        MultiPolygon([SQUARE]),
        shapely.force_3d(SQUARE, 1200.0),
        mapping(shapely.force_3d(SQUARE, 1200.0)),
    ],
)
def test_forms_of_the_same_area(form: object) -> None:
    area = parse_area(form)
    assert area.shape.equals(SQUARE)
    assert not area.shape.has_z
    assert area.crs == "EPSG:4326"


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (Polygon(), "empty"),
        (Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), "not valid: Self-intersection"),
        (Polygon([(0, 0), (1, 1), (2, 2)]), "not valid|no interior"),
        (shapely.Point(1, 1), "got Point"),
        (shapely.LineString([(0, 0), (1, 1)]), "got LineString"),
        ({"type": "Polygon"}, "GeoJSON"),
        ({"kind": "square"}, "GeoJSON"),
        ({"type": "Feature", "geometry": None}, "GeoJSON"),
        ((0, 0, 1), "four numbers"),
        ((0, 0, "a", 1), "four numbers"),
        ((1, 0, 0, 1), "min < max"),
        ((0, 0, math.inf, 1), "finite"),
        ((700000, 7900000, 700100, 7900100), "not degrees"),
        ("here", "got str"),
        (None, "got NoneType"),
        (gpd.GeoSeries([SQUARE]), "got GeoSeries"),
        (gpd.GeoDataFrame(geometry=[SQUARE]), "got GeoDataFrame"),
    ],
)
def test_what_is_no_area_is_refused_with_the_reason(form: object, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        parse_area(form)


def test_projected_coordinates_need_their_crs() -> None:
    area = parse_area((700000, 7900000, 700100, 7900100), "EPSG:32738")
    assert area.crs == "EPSG:32738"
