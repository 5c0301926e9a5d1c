"""plan_image and plan_cube: what they say is what the exporters then do."""

from __future__ import annotations

import inspect
import itertools
import json
import logging
import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pyproj
import pytest
import shapely
from affine import Affine

import eemulator
import geetensor.preview
from geetensor import ee_image
from geetensor.engine.events import TileFetched
from geetensor.engine.transport import Transport
from geetensor.errors import (
    InvalidInputError,
    OutputTooLargeError,
)
from tests.eemulator import synthetic
from tests.geetensor.conftest import sign_in
from tests.geetensor.test_export_cube import AREA, SERIES, table
from tests.geetensor.test_export_image import AREAS, UTM_CRS, WHOLE, box

if TYPE_CHECKING:
    from collections.abc import Callable

    from geetensor.ee_image import Plan

CORNER = shapely.Polygon(
    [(400_000 + 10 * x, 8_000_000 - 10 * y) for x, y in
     ((0, 0), (240, 0), (240, 40), (40, 40), (40, 200), (0, 200))]
)  # fmt: skip
"""An L that leaves out most of its bounds."""

LONG = table(*(f"TEST/SERIES/s{n % 6:03d}" for n in range(40)))

IMAGES: dict[str, Any] = {
    "all at once": ("TEST/UTM", WHOLE, {"bands": ["u16", "u8"]}),
    "an L": ("TEST/UTM", CORNER, {"bands": ["u16", "i16"], "scale": 1}),
    "an L of floats": ("TEST/UTM", CORNER, {"bands": ["f64", "u16", "f32", "u8"], "scale": 2}),
    "a fill": ("TEST/UTM", CORNER, {"bands": ["u8"], "scale": 2, "fill_value": 7}),
    "two parts": ("TEST/UTM", AREAS["two parts"], {"scale": 2, "dtype": "float32"}),
    "degrees": ("TEST/UTM", CORNER, {"bands": ["i32"], "crs": "EPSG:4326", "scale": 2}),
    "sheared": ("TEST/SHEARED", CORNER.buffer(-100), {"bands": ["u16"], "fill_value": 0}),
    "computed": (
        lambda: ee.Image("TEST/UTM").select(["u16", "f32"]).multiply(2),
        CORNER,
        {"scale": 2},
    ),
}

CUBES: dict[str, Any] = {
    "dates together": (SERIES, AREA, {"bands": ["u16", "flag"]}),
    "many dates": (LONG, box(0, 0, 128, 128), {"bands": ["u16", "i16"]}),
    "dates in tiles": (SERIES, CORNER, {"bands": ["u16", "f32"], "scale": 2}),
    "one date": (SERIES[:1], AREA, {"bands": ["u16"]}),
    "types apart": (
        table("TEST/SERIES/s002", "TEST/LONLAT"),
        AREA,
        {"fill_value": -1, "scale": 10},
    ),
}


def pixel_requests(server: eemulator.Server) -> int:
    kinds = server.stats.requests
    return kinds.get("getPixels", 0) + kinds.get("computePixels", 0)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The bodies of all requests for pixels."""
    bodies: list[dict[str, Any]] = []
    post = Transport.post

    def noted(self: Transport, path: str, body: bytes, *rest: Any) -> Any:
        if path.endswith("Pixels"):
            bodies.append(json.loads(body))
        return post(self, path, body, *rest)

    monkeypatch.setattr(Transport, "post", noted)
    return bodies


def on_the_wire(plan: Plan) -> Counter[Any]:
    """What requests should say: corner, width, height, and number of bands."""
    found: Counter[Any] = Counter()
    for row, tile in zip(plan.footprints().itertuples(), plan.tiles, strict=True):
        assert len(row.bands) == len(tile.group.indices)
        x, y = plan.transform @ (row.col, row.row)
        found[x, y, row.width, row.height, tile.group.band_count * len(row.times)] += 1
    return found


def said(body: dict[str, Any]) -> Any:
    """The same of a request."""
    affine, size = body["grid"]["affineTransform"], body["grid"]["dimensions"]
    corner = affine["translateX"], affine["translateY"]
    return *corner, size["width"], size["height"], len(body["bandIds"])


def assert_executed(
    plan: Plan,
    export: Callable[[], Any],
    server: eemulator.Server,
    sent: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Run an export and compare all that can be compared."""
    assert pixel_requests(server) == 0
    with caplog.at_level(logging.DEBUG, "geetensor"):
        out = export()
    events = [arg for record in caplog.records for arg in record.args or ()]
    fetched = [event for event in events if isinstance(event, TileFetched)]
    assert Counter(event.tile for event in fetched) == Counter(plan.tiles)
    assert sum(event.tile.counted_bytes for event in fetched) == plan.counted_bytes
    assert pixel_requests(server) == plan.requests == len(sent)
    assert Counter(map(said, sent)) == on_the_wire(plan)
    assert out.shape == plan.shape
    assert out.dtype == plan.dtype
    assert out.values.nbytes == plan.output_bytes
    assert out.transform == plan.transform
    assert out.crs == plan.crs
    assert out.attrs["band_names"] == [*plan.band_names]
    np.testing.assert_equal(plan.fill_value, out.fill_value_default)
    assert max(tile.counted_bytes for tile in plan.tiles) == plan.largest_request_bytes
    # What no request brings is fill.
    seen = np.zeros(plan.export.shape, np.bool_)
    for tile in plan.tiles:
        for time, band in itertools.product(tile.times, tile.group.indices):
            seen[time, band][tile.window.slices] = True
    assert seen.all() == (plan.left_out == 0)
    unseen = out.values.reshape(seen.shape)[~seen]
    np.testing.assert_array_equal(unseen, np.full_like(unseen, plan.fill_value))


@pytest.mark.parametrize("case", IMAGES)
def test_the_plan_of_an_image_is_what_is_executed(
    server: eemulator.Server,
    sent: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
    case: str,
) -> None:
    image, area, options = IMAGES[case]
    image = image() if callable(image) else image
    arguments = {"crs_geometry": UTM_CRS, "max_workers": 8, **options}
    plan = ee_image.plan_image(image, area, **arguments)
    assert plan.concurrency == 8
    assert_executed(
        plan, lambda: ee_image.export_image(image, area, **arguments), server, sent, caplog
    )


@pytest.mark.parametrize("case", CUBES)
def test_the_plan_of_a_cube_is_what_is_executed(
    server: eemulator.Server,
    sent: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
    case: str,
) -> None:
    query, area, options = CUBES[case]
    arguments = {"crs_geometry": UTM_CRS, "max_workers": 8, **options}
    plan = ee_image.plan_cube(query, area, **arguments)
    assert plan.images == tuple(query["asset_id"])
    assert_executed(
        plan, lambda: ee_image.export_cube(query, area, **arguments), server, sent, caplog
    )


def test_without_max_workers_it_is_for_what_the_service_allows(
    server: eemulator.Server, sent: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    arguments: dict[str, Any] = {"bands": ["u16"], "scale": 0.5, "crs_geometry": UTM_CRS}
    plan = ee_image.plan_image("TEST/UTM", CORNER, **arguments)
    assert 8 < plan.concurrency <= 40
    assert_executed(
        plan,
        lambda: ee_image.export_image("TEST/UTM", CORNER, **arguments),
        server,
        sent,
        caplog,
    )


def test_the_service_counts_bytes_as_the_plan_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusals(limit: int | None) -> tuple[Plan, int]:
        limits = eemulator.Limits(**({"request_bytes": limit} if limit else {}))
        with eemulator.running(synthetic.catalog(), limits) as server:
            sign_in(server, monkeypatch)
            arguments: dict[str, Any] = {"crs_geometry": UTM_CRS, "scale": 2, "max_workers": 8}
            plan = ee_image.plan_image("TEST/UTM", CORNER, ["u16", "f32"], **arguments)
            ee_image.export_image("TEST/UTM", CORNER, ["u16", "f32"], **arguments)
            return plan, server.stats.refusals.get("request size", 0)

    plan, _ = refusals(None)
    assert refusals(plan.largest_request_bytes)[1] == 0
    assert refusals(plan.largest_request_bytes - 1)[1] > 0


@pytest.mark.parametrize(
    ("planner", "exporter"),
    [
        (ee_image.plan_image, ee_image.export_image),
        (ee_image.plan_cube, ee_image.export_cube),
        (ee_image.plan_composite, ee_image.export_composite),
    ],
)
def test_they_take_the_exporters_arguments(planner: Any, exporter: Any) -> None:
    wanted = dict(inspect.signature(exporter).parameters)
    for name in ("progress", "resume", "overwrite", "sharded"):
        wanted.pop(name, None)
    assert dict(inspect.signature(planner).parameters) == wanted


def test_a_plan_of_far_too_much_is_refused(server: eemulator.Server) -> None:
    with pytest.raises(OutputTooLargeError, match=r"takes 750 TB and 59,\d+,\d+ requests, too"):
        ee_image.plan_image("TEST/UTM", WHOLE, ["u8"], 1e-4, crs_geometry=UTM_CRS)
    assert set(server.stats.requests) <= {"value:compute"}


def test_tables_are_checked_as_for_a_cube(server: eemulator.Server) -> None:
    with pytest.raises(InvalidInputError, match="lacks the column asset_id"):
        ee_image.plan_cube(SERIES.drop(columns="asset_id"), AREA, crs_geometry=UTM_CRS)
    query = table("TEST/PAIR/west", "TEST/PAIR/east")
    with pytest.warns(UserWarning, match="1 of 2 scenes") as warned:
        ee_image.plan_cube(query, AREA, ["i32"], crs_geometry=UTM_CRS)
    assert warned[0].filename == __file__


def test_more_than_fits_into_memory_has_a_plan(server: eemulator.Server) -> None:
    plan = ee_image.plan_image(
        "TEST/UTM", WHOLE, ["u8"], 0.005, crs_geometry=UTM_CRS, max_workers=8
    )
    assert plan.output_bytes == 300_000_000_000
    assert "300 GB" in str(plan)
    assert len(plan.to_svg()) < 10**5


TEXTS = {
    "all at once": """\
image     TEST/UTM
bands     u16, u8
grid      300 columns × 250 rows, pixels of 10 m, EPSG:32738
output    uint16 (2, 250, 300), 300 kB; masked pixels become 0
requests  1 of 375 kB as Earth Engine counts""",
    "an L": """\
image     TEST/UTM
bands     u16, i16
grid      2400 columns × 2000 rows, pixels of 1 m, EPSG:32738
output    int32 (2, 2000, 2400), 38.4 MB; masked pixels become 0
requests  14 of at most 1.44 MB, 20.2 MB in all as Earth Engine counts; 8 at a time
left out  6 of 20 tiles, which the area does not touch""",
    "an L of floats": """\
image     TEST/UTM
bands     f64, u16, f32, u8
grid      1200 columns × 1000 rows, pixels of 2 m, EPSG:32738
output    float64 (4, 1000, 1200), 38.4 MB; masked pixels become NaN
requests  14 of at most 1.26 MB, 17.6 MB in all as Earth Engine counts; 8 at a time
left out  6 of 20 tiles, which the area does not touch""",
    "degrees": """\
image     TEST/UTM
bands     i32
grid      1268 columns × 1008 rows, pixels of 1.79663e-05°, EPSG:4326
output    int32 (1, 1008, 1268), 5.11 MB; masked pixels become 0
requests  6 of at most 533 kB, 3.2 MB in all as Earth Engine counts; 8 at a time
left out  6 of 12 tiles, which the area does not touch""",
    "computed": """\
image     the computed image
bands     u16, f32
grid      1200 columns × 1000 rows, pixels of 2 m, EPSG:32738
output    float64 (2, 1000, 1200), 19.2 MB; masked pixels become NaN
requests  14 of at most 720 kB, 10.1 MB in all as Earth Engine counts; 8 at a time
left out  6 of 20 tiles, which the area does not touch""",
    "dates together": """\
images    4, from TEST/SERIES/s004
          to TEST/SERIES/s001
bands     u16, flag
grid      50 columns × 20 rows, pixels of 10 m, EPSG:32738
output    uint16 (4, 2, 20, 50), 16 kB; masked pixels become 0
requests  1 of 20 kB as Earth Engine counts""",
    "dates in tiles": """\
images    4, from TEST/SERIES/s004
          to TEST/SERIES/s001
bands     u16, f32
grid      1200 columns × 1000 rows, pixels of 2 m, EPSG:32738
output    float32 (4, 2, 1000, 1200), 38.4 MB; masked pixels become NaN
requests  20 of at most 2.4 MB, 48 MB in all as Earth Engine counts; 8 at a time""",
    "one date": """\
images    1: TEST/SERIES/s004
bands     u16
grid      50 columns × 20 rows, pixels of 10 m, EPSG:32738
output    uint16 (1, 1, 20, 50), 2 kB; masked pixels become 0
requests  1 of 3 kB as Earth Engine counts""",
}


@pytest.mark.parametrize("case", TEXTS)
def test_text(server: eemulator.Server, case: str) -> None:
    first, area, options = {**IMAGES, **CUBES}[case]
    plan_it: Any = ee_image.plan_cube if case in CUBES else ee_image.plan_image
    first = first() if callable(first) else first
    plan = plan_it(first, area, **{"crs_geometry": UTM_CRS, "max_workers": 8, **options})
    assert str(plan) == repr(plan) == TEXTS[case]


def test_long_lists_and_names_are_shortened(server: eemulator.Server) -> None:
    names = [f"b{n}" for n in range(20)]
    crs = pyproj.CRS("+proj=laea +lat_0=-18 +lon_0=44 +units=us-ft").to_wkt()
    crs = crs.replace('"unknown"', '"Here & <there>"', 1)
    image = ee.Image("TEST/UTM").select(["u8"] * 20, names)
    plan = ee_image.plan_image(image, box(0, 0, 9, 9), crs=crs, scale=30, crs_geometry=UTM_CRS)
    text = str(plan)
    assert "b0, b1, b2, b3, b4, b5, b6, b7, … (20 in all)" in text
    assert "pixels of 30 US survey foot, Here & <there>" in text
    assert "Here &amp; &lt;there&gt;" in plan.to_svg()
    oblong = ee_image.plan_image(
        "TEST/UTM", WHOLE, ["u8"], crs_geometry=UTM_CRS, transform=Affine(25, 0, 0, 0, -40, 0)
    )
    assert "pixels of 25 × 40 m, EPSG:32738" in str(oblong)


def test_footprints_lie_where_the_pixels_do(server: eemulator.Server) -> None:
    plan = ee_image.plan_image(
        "TEST/UTM", CORNER, ["u16", "f32"], 2, crs_geometry=UTM_CRS, max_workers=8
    )
    table = plan.footprints()
    assert table.crs == UTM_CRS
    assert table["counted_bytes"].sum() == plan.counted_bytes
    assert {*table["bands"]} == {("u16", "f32")}
    assert {*table["times"]} == {(0,)}
    for row in table.itertuples():
        window = row.row, row.col, row.height, row.width
        assert (
            row.geometry.bounds
            == plan.export.grid.window(type(plan.tiles[0].window)(*window)).bounds
        )
    for bands, part in table.groupby("bands"):
        ground = shapely.union_all(part.geometry)
        assert ground.buffer(1e-6).contains(CORNER), bands
        assert ground.area == pytest.approx(part.geometry.area.sum())  # no overlaps
    assert plan.left_out > 0
    assert ground.area < 0.9 * shapely.box(*plan.bounds).area


def test_footprints_of_a_sheared_lattice(server: eemulator.Server) -> None:
    area = CORNER.buffer(-100)
    plan = ee_image.plan_image("TEST/SHEARED", area, ["u16"], crs_geometry=UTM_CRS)
    [ground] = plan.footprints().geometry
    assert ground.contains(area)
    assert ground.area == pytest.approx(math.prod(plan.shape) * abs(plan.transform.determinant))
    assert ground.area < 0.9 * shapely.box(*plan.bounds).area


def test_footprints_of_a_cube_say_which_dates(server: eemulator.Server) -> None:
    plan = ee_image.plan_cube(
        LONG, box(0, 0, 128, 128), ["u16", "i16"], crs_geometry=UTM_CRS, max_workers=4
    )
    table = plan.footprints()
    assert [time for times in table["times"] for time in times] == [*range(40)]
    assert len(table) == 4
    assert (table["counted_bytes"] == 10 * 128 * 128 * 6).all()


def test_seconds_of_waves(server: eemulator.Server) -> None:
    plan = ee_image.plan_cube(
        LONG, box(0, 0, 128, 128), ["u16", "i16"], crs_geometry=UTM_CRS, max_workers=4
    )
    one = 10 * 128 * 128 * 6
    assert plan.seconds(latency=0.5, bytes_per_second=one) == 1.5
    assert replace(plan, concurrency=3).seconds(latency=0.5, bytes_per_second=one) == 3
    assert plan.seconds(latency=0, bytes_per_second=math.inf) == 0
    narrow = ee_image.plan_image(
        "TEST/UTM", CORNER, ["u16", "f32"], 2, crs_geometry=UTM_CRS, max_workers=1
    )
    assert narrow.seconds(latency=2, bytes_per_second=1e6) == pytest.approx(
        2 * narrow.requests + narrow.counted_bytes / 1e6
    )
    for wrong in ((-1, 1), (1, 0), (math.nan, 1), (1, math.nan)):
        with pytest.raises(InvalidInputError, match="latency must be"):
            plan.seconds(latency=wrong[0], bytes_per_second=wrong[1])


def test_a_plan_is_a_value(server: eemulator.Server) -> None:
    plan = ee_image.plan_image("TEST/UTM", WHOLE, ["u8"], crs_geometry=UTM_CRS)
    assert isinstance(plan, ee_image.Plan)
    with pytest.raises(AttributeError):
        plan.concurrency = 1  # type: ignore[misc]
    assert plan.bounds == WHOLE
    assert plan._repr_svg_() == plan.to_svg()


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (1_234_567, "1.23 MB"),
        (45_600_000_000, "45.6 GB"),
        (2e15, "2 PB"),
    ],
)
def test_sizes(count: float, text: str) -> None:
    assert geetensor.preview._bytes(count) == text
