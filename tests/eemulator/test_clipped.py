"""What a clip leaves of an image's bands, its footprint and the pixels that nobody placed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from shapely.geometry import box, shape

import eemulator
from eemulator.catalog.model import Grid
from tests.eemulator import synthetic
from tests.eemulator.conftest import signed_in
from tests.eemulator.synthetic import UTM, in_pixels
from tests.eemulator.wire import info, pixels

if TYPE_CHECKING:
    from collections.abc import Iterator

UTM_IMAGE = "TEST/UTM"

WORLD_COVER = Grid(
    "EPSG:4326", (1 / 12_000, 0.0, -180.0, 0.0, -1 / 12_000, 84.0), 4_320_000, 1_728_000
)
"""That of ESA/WorldCover/v100."""


@pytest.fixture(scope="module")
def _module_server() -> Iterator[eemulator.Server]:
    catalog = eemulator.Catalog(
        [*synthetic.catalog(), synthetic.image("TEST/COVER", 1, WORLD_COVER)]
    )
    with eemulator.running(catalog, eemulator.Limits(requests_per_second=None)) as server:
        yield server


@pytest.fixture(autouse=True)
def server(_module_server: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> eemulator.Server:
    return signed_in(_module_server, monkeypatch)


def first_band(image: Any) -> dict[str, Any]:
    band: dict[str, Any] = info(image)["bands"][0]
    return band


def test_a_clip_tells_the_pixels_that_are_left_as_the_service_does() -> None:
    # Printed by the service for ESA/WorldCover/v100 and this rectangle, in 2023.
    west, south, east, north = (
        37.418438390871614,
        -0.46499883273351506,
        38.291851476809114,
        0.4303777575597561,
    )
    image = ee.Image("TEST/COVER").select("u8")
    clipped = image.clip(ee.Geometry.Rectangle([west, south, east, north]))
    found = info(clipped)
    band = found["bands"][0]
    assert band["dimensions"] == [10483, 10747]
    assert band["origin"] == [2609020, 1002834]
    assert list(band) == ["id", "data_type", "dimensions", "origin", "crs", "crs_transform"]
    assert band["crs_transform"] == [1 / 12_000, 0, -180, 0, -1 / 12_000, 84]
    footprint = found["properties"]["system:footprint"]
    assert set(footprint) == {"type", "coordinates"}
    assert shape(footprint).equals_exact(box(west, south, east, north), 0, normalize=True)
    compared = first_band(clipped.lte(40))
    assert (compared["dimensions"], compared["origin"]) == (band["dimensions"], band["origin"])


def test_what_was_never_clipped_has_no_origin() -> None:
    assert "origin" not in first_band(ee.Image(UTM_IMAGE))
    assert "origin" not in first_band(ee.Image(UTM_IMAGE).clip(in_pixels(-9, -9, 999, 999)))


def test_clips_stay_within_the_image_and_within_one_another() -> None:
    image = ee.Image(UTM_IMAGE).select("u16")
    corner = first_band(image.clip(in_pixels(250, 240, 400, 400)))
    assert (corner["origin"], corner["dimensions"]) == ([249, 239], [51, 11])
    twice = image.clip(in_pixels(10, 20, 50, 60)).clip(in_pixels(30, 40, 90, 90))
    band = first_band(twice)
    assert (band["origin"], band["dimensions"]) == ([29, 39], [22, 22])


def test_the_footprint_is_where_the_area_meets_the_image() -> None:
    image = ee.Image(UTM_IMAGE)
    half = in_pixels(150, -500, 1500, 1500)
    footprint = shape(info(image.clip(half).geometry()))
    wanted = shape(info(image.geometry().intersection(half, 1)))
    assert footprint.symmetric_difference(wanted).area < 1e-9 * wanted.area
    away = info(image.clip(in_pixels(5000, 5000, 5100, 5100)))
    assert away["properties"]["system:footprint"]["coordinates"] == []
    assert away["bands"][0]["dimensions"] == [0, 0]


def test_pixels_that_nobody_placed_are_those_that_are_left() -> None:
    image = ee.Image(UTM_IMAGE).select("u16")
    left = pixels(image.clip(in_pixels(40.2, 60.2, 79.6, 99.6)))["u16"]
    whole = pixels(image)["u16"]
    np.testing.assert_array_equal(left, whole[60:100, 40:80])
    with pytest.raises(ee.EEException, match="The region is empty"):
        pixels(image.clip(in_pixels(5000, 5000, 5100, 5100)))


def test_a_composite_counts_degrees_and_keeps_its_default_grid() -> None:
    area = ee.Geometry.Rectangle([44.1, -18.4, 44.4, -17.8])
    band = first_band(ee.Image(1).clip(area))
    assert (band["origin"], band["dimensions"]) == ([43, -19], [2, 2])
    assert (band["crs"], band["crs_transform"]) == ("EPSG:4326", [1, 0, 0, 0, 1, 0])
    assert pixels(ee.Image(1).clip(area)).shape == (2, 1)


def test_computed_images_begin_where_they_were_clipped(server: eemulator.Server) -> None:
    clipped = ee.ImageCollection([ee.Image(UTM_IMAGE).clip(in_pixels(10, 20, 50, 60))])
    (image,) = ee.data.computeImages({"expression": clipped})["images"]
    grid = image["bands"][0]["grid"]
    assert grid["dimensions"] == {"width": 42, "height": 42}
    assert grid["affineTransform"]["translateX"] == UTM.transform[2] + 90
    assert grid["affineTransform"]["translateY"] == UTM.transform[5] - 190


def test_what_lays_pixels_anew_forgets_the_clip() -> None:
    clipped = ee.Image(UTM_IMAGE).select("u16").clip(in_pixels(10, 20, 50, 60))
    anew = (
        clipped.reproject("EPSG:32738", None, 30),
        clipped.setDefaultProjection("EPSG:32738", [30, 0, 0, 0, -30, 0]),
        ee.ImageCollection([clipped]).mosaic(),
    )
    for image in anew:
        assert {"origin", "dimensions"}.isdisjoint(first_band(image))


def test_a_clipped_image_is_interpolated_as_before() -> None:
    image = ee.Image(UTM_IMAGE).select("f32")
    a, _, x, _, e, y = UTM.transform
    wire = {
        "crsCode": UTM.crs,
        "dimensions": {"width": 30, "height": 30},
        "affineTransform": {
            "scaleX": a,
            "scaleY": e,
            "translateX": x + 50.3 * a,
            "translateY": y + 70.4 * e,
        },
    }
    whole = pixels(image.resample("bilinear"), wire)
    within = pixels(image.clip(in_pixels(40, 60, 90, 110)).resample("bilinear"), wire)
    np.testing.assert_array_equal(within, whole)
