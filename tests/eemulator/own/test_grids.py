"""Where files lie, and when they were made."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import shapely

from eemulator import Grid
from eemulator.catalog.own.dates import read_moment
from eemulator.catalog.own.errors import Refused
from eemulator.catalog.own.grids import checked_grid, crs_name, footprint

MAY = 1_714_521_600_000
"""2024-05-01, milliseconds."""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2024, 5, 1), MAY),
        (datetime(2024, 5, 1, 1), MAY + 3_600_000),  # noqa: DTZ001 - as YAML reads it
        (datetime(2024, 5, 1, 1, tzinfo=timezone(timedelta(hours=1))), MAY),
        ("2024-05-01", MAY),
        ("2024-05-01T00:00:00.5Z", MAY + 500),
        ("2024-05-01T03:00:00+03:00", MAY),
        (MAY, MAY),
        (-1, -1),
        ("1969-12-31T23:59:59Z", -1_000),
    ],
)
def test_moments(value: Any, expected: int) -> None:
    assert read_moment(value) == expected


@pytest.mark.parametrize("value", [None, True, 1.5, "noon", "", [2024], {}])
def test_what_is_no_moment(value: Any) -> None:
    with pytest.raises(ValueError, match="is no date"):
        read_moment(value)


def test_names_of_systems() -> None:
    for code in ("EPSG:4326", "EPSG:32738", "EPSG:3857", "EPSG:3035", "EPSG:2154"):
        assert crs_name(pyproj.CRS(code).to_wkt()) == code
        assert crs_name(pyproj.CRS(code).to_wkt("WKT1_GDAL")) == code
        assert crs_name(pyproj.CRS(code).to_wkt("WKT1_ESRI")) == code
        assert crs_name(rasterio.CRS.from_string(code).to_wkt()) == code
    assert crs_name("EPSG:7415") == "EPSG:28992"  # with heights
    assert crs_name("+proj=sinu +R=6371007.181 +units=m") == "SR-ORG:6974"
    own = crs_name("+proj=aea +lat_1=10 +lat_2=20 +lon_0=47 +datum=WGS84")
    assert own.startswith("PROJCS[")
    assert crs_name(own) == own
    for text in ("", "nothing", "EPSG:5773", 'LOCAL_CS["site"]'):
        with pytest.raises(Refused):
            crs_name(text)


def test_footprints() -> None:
    world = Grid("EPSG:4326", (0.5, 0, -180, 0, -0.5, 90), 720, 360)
    whole = footprint([world])
    assert whole is not None
    assert whole.equals(shapely.box(-180, -90, 180, 90))
    utm = Grid("EPSG:32701", (100, 0, 100_000, 0, -100, 8_000_000), 2_000, 1_000)
    over = footprint([utm])
    assert over is not None
    west, south, east, north = over.bounds
    assert 170 < west < 180 < east < 190
    assert -19 < south < north < -17
    to_utm = pyproj.Transformer.from_crs(4326, 32701, always_xy=True)
    points = shapely.get_coordinates(over.segmentize(0.01))
    x, y = to_utm.transform((points[:, 0] + 180) % 360 - 180, points[:, 1])
    # No point of the outline is farther than a third of a pixel from the rectangle's edge.
    rectangle = shapely.box(100_000, 7_900_000, 300_000, 8_000_000).exterior
    assert rectangle.distance(shapely.points(x, y)).max() < 33
    # Outside of what the projection knows, nobody can say where it is.
    sinusoidal = Grid("SR-ORG:6974", (1e5, 0, -3e7, 0, -1e5, 1e7), 600, 200)
    assert footprint([sinusoidal]) is None
    pair = footprint([world, Grid("EPSG:4326", (1, 0, 170, 0, -1, 10), 20, 20)])
    assert pair is not None
    assert pair.bounds == (-180, -90, 190, 90)


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        ((1, 0.1, 0, 0, -1, 0), "rotated"),
        ((1, 0, 0, 0.1, -1, 0), "rotated"),
        ((0, 1, 0, 1, 0, 0), "rotated"),
        ((1, 0, 0, 0, 0, 0), "no size"),
        ((1, 0, np.nan, 0, -1, 0), "not finite"),
    ],
)
def test_what_is_no_grid(transform: Any, message: str) -> None:
    with pytest.raises(Refused, match=message):
        checked_grid("EPSG:4326", transform, 2, 2)
