"""export_many: many small exports, each of which may fail alone."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

import geetensor.patches
import geetensor.plan
from geetensor import ee_image
from geetensor.errors import (
    EarthEngineError,
    GeetensorError,
    InvalidInputError,
    NotFoundError,
    OutsideImageError,
    SignInError,
    UnknownBandError,
)
from tests.eemulator.synthetic import SHEARED, UTM
from tests.geetensor.faulty import Broken, Refusal
from tests.geetensor.oracle import assert_exact
from tests.geetensor.test_export_image import UTM_CRS, box

if TYPE_CHECKING:
    from collections.abc import Iterator

    from georeader.geotensor import GeoTensor

    import eemulator
    from tests.geetensor.conftest import Start
    from tests.geetensor.faulty import Fault

LONLAT = Transformer.from_crs(UTM_CRS, "EPSG:4326", always_xy=True)


def point(col: int, row: int) -> tuple[float, float]:
    """The centre of a pixel of `UTM`, in metres."""
    left, bottom, right, top = box(col, row, 1, 1)
    return (left + right) / 2, (bottom + top) / 2


def many(jobs: Any, bands: Any = ("u16", "flag"), **arguments: Any) -> dict[int, Any]:
    done = list(ee_image.export_many(jobs, bands, crs_geometry=UTM_CRS, **arguments))
    results = dict(done)
    assert len(results) == len(done)
    return results


def corner(patch: GeoTensor) -> tuple[float, float]:
    """Column and row of `UTM` at the upper left."""
    col, row = ~Affine(*UTM.transform) @ (patch.transform.c, patch.transform.f)
    return col, row


def whole(result: GeoTensor | GeetensorError) -> GeoTensor:
    assert not isinstance(result, GeetensorError), result
    return result


def test_patches_of_one_image(server: eemulator.Server) -> None:
    places = [(col, row) for col in range(0, 280, 20) for row in range(0, 230, 18)]
    results = many([("TEST/UTM", box(col, row, 16, 12)) for col, row in places])
    assert sorted(results) == list(range(len(places)))
    for index, (col, row) in enumerate(places):
        patch = whole(results[index])
        assert patch.shape == (2, 12, 16)
        assert (patch.transform.c, patch.transform.f) == (
            box(col, row, 1, 1)[0],
            box(col, row, 1, 1)[3],
        )
        assert patch.attrs == {"band_names": ["u16", "flag"], "asset_id": "TEST/UTM"}
        assert_exact(patch, ["u16", "flag"], 3, UTM)
    assert server.stats.requests == {"value:compute": 1, "getPixels": len(places)}


many_points = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many_points
@given(
    col=st.integers(0, 299),
    row=st.integers(0, 249),
    size=st.one_of(st.integers(1, 40), st.tuples(st.integers(1, 40), st.integers(1, 40))),
    form=st.sampled_from(["pair", "shapely", "geojson"]),
)
def test_a_patch_is_around_its_point(
    server: eemulator.Server, col: int, row: int, size: Any, form: str
) -> None:
    x, y = point(col, row)
    forms = {"pair": (x, y), "shapely": shapely.Point(x, y),
             "geojson": {"type": "Point", "coordinates": [x, y]}}  # fmt: skip
    patch = whole(many([("TEST/UTM", forms[form], size)])[0])
    height, width = size if isinstance(size, tuple) else (size, size)
    assert patch.shape == (2, height, width)
    assert corner(patch) == (col - width // 2, row - height // 2)
    assert_exact(patch, ["u16", "flag"], 3, UTM)


def test_points_of_the_client_have_their_own_crs(server: eemulator.Server) -> None:
    lonlat = LONLAT.transform(*point(70, 80))
    for geometry in (ee.Geometry.Point(lonlat), ee.Feature(ee.Geometry.Point(lonlat))):
        patch = whole(many([("TEST/UTM", geometry)], size=9)[0])
        assert (patch.transform.c, patch.transform.f) == (
            box(66, 76, 1, 1)[0],
            box(66, 76, 1, 1)[3],
        )


def test_images_of_all_kinds(server: eemulator.Server) -> None:
    jobs = [
        *((f"TEST/SERIES/s{n:03d}", box(n, n, 20, 20)) for n in range(6)),
        (ee.Image("TEST/UTM").add(0), box(3, 4, 10, 10)),
        ("TEST/SHEARED", (400_500.0, 7_999_500.0), 16),
        ("TEST/UTM", box(0, 0, 40, 40)),
    ]
    results = many(jobs, ["i32"], fill_value=-1)
    for n in range(6):
        assert_exact(whole(results[n]), ["i32"], 10 + n, UTM, -1)
    assert_exact(whole(results[6]), ["i32"], 3, UTM, -1)
    assert "asset_id" not in results[6].attrs
    assert_exact(whole(results[7]), ["i32"], 5, SHEARED, -1)
    assert_exact(whole(results[8]), ["i32"], 3, UTM, -1)


def test_what_fails_is_its_own_error_and_the_rest_is_there(server: eemulator.Server) -> None:
    good = box(5, 6, 7, 8)
    jobs: list[Any] = [
        ("TEST/UTM", good),
        ("TEST/GONE", good),
        ("TEST/UTM", box(9000, 9000, 5, 5)),
        ("TEST/UTM", (1.0, 2.0)),
        ("TEST/UTM", point(1, 1), 0),
        ("TEST/UTM", shapely.Polygon()),
        ("TEST/UTM",),
        "TEST/UTM",
        (17, good),
        ("TEST/UTM", point(1, 1), 4),
        (ee.Image("TEST/UTM").rename(["a"]), good),
        (ee.Image("TEST/UTM").select(["flag"]), good),
        ("TEST/UTM", (math.nan, 1.0), 4),
        ("TEST/UTM", good),
    ]
    results = many(jobs)
    expected = {
        1: (NotFoundError, "TEST/GONE.*not found"),
        2: (OutsideImageError, "does not touch"),
        3: (InvalidInputError, "needs a size"),
        4: (InvalidInputError, "size must be pixels"),
        5: (InvalidInputError, "empty"),
        6: (InvalidInputError, r"Job 6 must be \(image, geometry\)"),
        7: (InvalidInputError, "Job 7 must be"),
        8: (InvalidInputError, "asset id or an ee.Image"),
        10: (EarthEngineError, "rename"),
        11: (UnknownBandError, "no band 'u16'"),
        12: (InvalidInputError, "not finite"),
    }
    assert sorted(results) == list(range(len(jobs)))
    for index, result in results.items():
        if index in expected:
            kind, message = expected[index]
            with pytest.raises(kind, match=message):
                raise result
        else:
            assert_exact(whole(result), ["u16", "flag"], 3, UTM)


def test_pixels_that_fail_fail_their_patch_alone(start: Start) -> None:
    gone = Refusal(400, "Image.load: on strike.")
    start(lambda path, _: gone if "s002:getPixels" in path else None)
    jobs = [(f"TEST/SERIES/s{n % 6:03d}", box(n, n, 20, 20)) for n in range(30)]
    results = many(jobs)
    for n in range(30):
        if n % 6 == 2:
            with pytest.raises(EarthEngineError, match="s002, bands u16, flag, rows.*on strike"):
                raise results[n]
        else:
            assert_exact(whole(results[n]), ["u16", "flag"], 10 + n % 6, UTM)


def test_patches_of_several_requests_with_faults(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 3_000)
    ways: list[Fault] = [
        Broken("truncated"),
        Broken("reset"),
        Refusal(400, "User memory limit exceeded."),
        Refusal(429, "Too Many Requests"),
    ]
    start(lambda path, n: ways[n // 5 % 4] if "Pixels" in path and n % 5 == 0 else None)
    results = many([("TEST/UTM", box(10 * n, n, 60, 50)) for n in range(8)])
    for n in range(8):
        assert_exact(whole(results[n]), ["u16", "flag"], 3, UTM)


def test_no_way_in_ends_it_all(start: Start) -> None:
    proxy = start(lambda *_: Refusal(403, "Caller does not have required permission"))
    with pytest.raises(SignInError, match="required permission"):
        many([("TEST/UTM", box(0, 0, 5, 5))] * 50)
    assert len(proxy.seen) == 1
    proxy.decide = lambda path, _: Refusal(403, "closed") if "Pixels" in path else None
    with pytest.raises(SignInError, match="closed"):
        many([("TEST/UTM", box(0, 0, 5, 5))] * 50)


def test_jobs_are_read_and_kept_only_some_way_ahead(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def endless() -> Iterator[Any]:
        while True:
            read.append(threading.get_ident())
            yield "TEST/UTM", box(len(read) % 200, 3, 50, 40)

    for most in (geetensor.patches.AHEAD_BYTES, 10_000):
        monkeypatch.setattr(geetensor.patches, "AHEAD_BYTES", most)
        read.clear()
        server.reset_stats()
        patches = ee_image.export_many(endless(), ["u16"], crs_geometry=UTM_CRS)
        for _ in range(5):
            next(patches)
        assert len(read) <= geetensor.patches.AHEAD + 5
        assert set(read) == {threading.get_ident()}
        patches.close()  # type: ignore[attr-defined]
        if most == 10_000:  # bytes: two patches
            assert server.stats.requests["getPixels"] <= 5 + 3
    assert not [t for t in threading.enumerate() if t.name.startswith("geetensor")]


def test_what_the_jobs_raise_ends_it(server: eemulator.Server) -> None:
    def jobs() -> Iterator[Any]:
        yield "TEST/UTM", box(0, 0, 5, 5)
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        many(jobs())
    assert not [t for t in threading.enumerate() if t.name.startswith("geetensor")]


def test_arguments_are_checked_at_the_call(server: eemulator.Server) -> None:
    for arguments in ({"size": 0}, {"size": 2.5}, {"scale": -1}, {"max_workers": 0}, {"crs": "?"}):
        with pytest.raises(InvalidInputError):
            ee_image.export_many([], **arguments)
    assert many([]) == {}
    assert not server.stats.requests


def test_no_more_at_a_time_than_asked_for(server: eemulator.Server) -> None:
    results = many([("TEST/UTM", box(n, n, 30, 30)) for n in range(60)], max_workers=3)
    assert len(results) == 60
    assert server.stats.peak_concurrency <= 3


def test_another_export_goes_on_beside(server: eemulator.Server) -> None:
    patches = ee_image.export_many(
        [("TEST/UTM", box(n, n, 30, 30)) for n in range(60)], ["u16"], crs_geometry=UTM_CRS
    )
    first = next(patches)
    beside = ee_image.export_image("TEST/UTM", box(0, 0, 300, 250), ["u16"], crs_geometry=UTM_CRS)
    assert_exact(beside, ["u16"], 3, UTM)
    indices = {first[0], *(index for index, _ in patches)}
    assert indices == set(range(60))
    assert np.array_equal(beside.values.shape, (1, 250, 300))
