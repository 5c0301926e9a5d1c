"""Expressions that are put together from others: the service must read them as they were."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ee

from geetensor.engine.expression import described, stacked, unmasked
from geetensor.engine.fetch import compute_value
from geetensor.engine.session import current_session
from geetensor.engine.transport import Transport
from geetensor.engine.wire import AssetRef, ExpressionRef
from geetensor.export import plan_export, run_export
from geetensor.geometry import parse_area
from geetensor.options import parse_options
from geetensor.source import open_sources, serialize
from tests.geetensor.test_export_image import UTM_CRS, box

if TYPE_CHECKING:
    import eemulator
    from geetensor.engine.wire import ImageRef


def mapped(name: str) -> ee.Image:
    """An image whose graph has functions, arguments, arrays and dictionaries."""
    odd = ee.Dictionary({"valueReference": name, "body": [1, {"valueReference": "0"}]})
    collection = ee.ImageCollection([ee.Image(name), ee.Image(name)])
    chosen = collection.map(lambda image: image.select(["i32", "u8"]).set("odd", odd.get("body")))
    mosaic: ee.Image = chosen.sort("system:index").mosaic()
    return mosaic


def value_of(expression: bytes) -> Any:
    with Transport(current_session()) as transport:
        return compute_value(expression, transport, label="it")


def test_computed_images_share_a_request(server: eemulator.Server) -> None:
    names = ["TEST/SERIES/s001", "TEST/SERIES/s004", "TEST/UTM"]
    images = [mapped(names[0]), mapped(names[1]), ee.Image(names[2])]
    area = parse_area(box(30, 40, 50, 20), UTM_CRS)
    options = parse_options(["u8", "i32"], 10, UTM_CRS, None, None, -7)
    with Transport(current_session()) as transport:
        sources = open_sources(images, transport)
        server.reset_stats()
        export = plan_export(sources[:2], area, options)
        values = run_export(export, transport).values
        alone = [run_export(plan_export([s], area, options), transport).values[0] for s in sources]
    assert server.stats.requests["computePixels"] == 4
    assert (values == alone[:2]).all()
    assert not (values[0] == alone[2]).all()


def test_constants_are_left_as_they_are() -> None:
    constant = {"valueReference": "0", "functionInvocationValue": {"body": "x"}}
    graph = {"result": "0", "values": {"0": {"constantValue": constant}}}
    ref = ExpressionRef(json.dumps(graph).encode(), "it")
    combined, names = stacked([(ref, ["a"]), (AssetRef("X/Y"), ["a"])])
    values = json.loads(combined.expression)["values"]
    assert values["0:0"] == {"constantValue": constant}
    assert names == ["t0_b0", "t1_b0"]


def test_described_is_the_image_or_all_of_them(server: eemulator.Server) -> None:
    refs: list[ImageRef] = [AssetRef("TEST/UTM"), serialize(mapped("TEST/SERIES/s001"), "it")]
    assert value_of(described(refs[:1]))["id"] == "TEST/UTM"
    features = value_of(described(refs))["features"]
    assert [[band["id"] for band in f["bands"]] for f in features][1] == ["i32", "u8"]


def test_unmasked_is_what_the_client_makes_of_it(server: eemulator.Server) -> None:
    image = mapped("TEST/SERIES/s001")
    ours = value_of(unmasked(serialize(image, "it"), 300).expression)
    theirs = value_of(serialize(image.unmask(300, sameFootprint=False), "it").expression)
    assert ours == theirs
