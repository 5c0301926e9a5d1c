"""Whatever is asked, the answer is a value or a refusal: never an internal error, never a hang."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import eemulator
from eemulator import Limits
from eemulator.algorithms import load_all
from eemulator.errors import ServiceError
from eemulator.expression import registry
from eemulator.expression.evaluate import Evaluator, Session
from eemulator.expression.graph import parse_expression
from eemulator.limits import Deadline
from eemulator.pixels.render import render
from eemulator.pixels.request import pixel_request
from eemulator.rest.replies import encode_json
from eemulator.values.image import Image
from eemulator.values.to_json import to_json
from eemulator.watchdog import Watchdog

from . import synthetic
from .wire import call, ref

if TYPE_CHECKING:
    from collections.abc import Iterator

load_all()
CATALOG = synthetic.catalog()
LIMITS = Limits(working_pixels=200_000, result_values=100_000, computation_seconds=60.0)

SEEDS: dict[str, dict[str, Any]] = {
    "image": call("Image.load", id="TEST/UTM"),
    "coarse": call("Image.load", id="TEST/COARSE"),
    "constant": call("Image.constant", value=[1, -2.5]),
    "series": call("ImageCollection.load", id="TEST/SERIES"),
    "point": call("GeometryConstructors.Point", coordinates=[44.06, -18.09]),
    "box": call("GeometryConstructors.BBox", west=44.06, south=-18.1, east=44.061, north=-18.09),
    "ring": call("GeometryConstructors.LinearRing", coordinates=[[0, 0], [1, 0], [0, 1]]),
    "feature": call("Feature", geometry=None, metadata={"a": 1}),
    "utm": call("Projection", crs="EPSG:32738"),
    "mean": call("Reducer.mean"),
    "pairs": call("Reducer.toList", tupleSize=2),
    "date": call("Date", value="2024-01-02"),
    "range": call("DateRange", start=0, end=10**13),
    "filter": call("Filter.lessThan", leftField="cloud", rightValue=20),
    "same": call("Filter.equals", leftField="system:index", rightField="system:index"),
    "near": call("Filter.maxDifference", difference=9, leftField="cloud", rightField="cloud"),
    "circle": call("Kernel.circle", radius=2),
    "wide": call("Kernel.square", radius=200, units="meters"),
    "array": call("Array", values=[[1, 2], [3, 4.5]]),
    "byte": call("PixelType.byte"),
    "features": call(
        "Collection",
        features={
            "arrayValue": {"values": [call("Feature", geometry=ref("box"), metadata={"a": 2})]}
        },
    ),
    "join": call("Join.saveAll", matchesKey="m", measureKey="d"),
    "inner": call("Join.inner"),
    "classifier": call(
        "Classifier.train",
        classifier=call("Classifier.smileCart"),
        features=ref("sample"),
        classProperty="u8",
    ),
    "clusterer": call(
        "Clusterer.train",
        clusterer=call("Clusterer.wekaKMeans", nClusters=3),
        features=ref("sample"),
    ),
    "forest": call("Classifier.smileRandomForest", numberOfTrees=3),
    "groups": call("Clusterer.wekaXMeans"),
    "sample": call("Image.sample", image=ref("image"), region=ref("box"), scale=30, numPixels=20),
    "across": call("GeometryConstructors.BBox", west=179, south=-1, east=-178, north=2),
    "identity": {"functionDefinitionValue": {"argumentNames": ["x"], "body": "argument"}},
    "argument": {"argumentReference": "x"},
    "none": {"functionDefinitionValue": {"argumentNames": ["x"], "body": "null"}},
    "null": {"constantValue": None},
}
FITTING = {
    "Image<unknown bands>": ("image", "coarse", "constant"),
    "ImageCollection": ("series",),
    "FeatureCollection": ("features", "sample", "series"),
    "Kernel": ("circle", "wide"),
    "Array": ("array",),
    "PixelType": ("byte",),
    "Element": ("image", "feature", "series"),
    "Reducer": ("mean", "pairs"),
    "Geometry": ("point", "box", "ring", "across"),
    "Projection": ("utm",),
    "Filter": ("filter", "same", "near"),
    "Join": ("join", "inner"),
    "Algorithm": ("identity", "none"),
    "Date": ("date",),
    "DateRange": ("range",),
    "Classifier": ("classifier", "forest"),
    "Clusterer": ("clusterer", "groups"),
}
CONSTANTS: list[Any] = [
    None, True, False, 0, 1, -1, 2, 7.5, -0.0, 1e308, -1e308, 10**30, "", "u8", "a", "EPSG:4326",
    "EPSG:32738", "TEST/UTM", "(", "system:index", "day", [], [1, 2], ["u8", "u16"], [0], [[1]],
    [1, "a", None], {}, {"a": 1}, {"type": "Point", "coordinates": [1, 2]}, {"u8": "int16"},
    [10, 0, 399960, 0, -10, 8000020], [1, 0, 0, 0, 0, 0], "(a|aa)+$", "b('u8') + 1", 300, 10**9,
    "mean", "sam", "clamp", "square", [0.5, 1, 3], [[1, 2], [3, 4]],
    float("nan"), float("inf"), 1e-300, 2**62, 2**63, -(10**18), [None], [[]], ["u8"] * 50,
    [1] * 999, "x" * 999, "\x00", "../../etc/passwd", "%s%n", "yyyy", "America/New_York",
    {"": None}, ["a", "a"], 65536,
    {"type": "Polygon", "coordinates": [[[0, 0], [1e308, 1e308], [float("nan"), 1], [0, 0]]]},
]  # fmt: skip


BODY = {"fileFormat": "NPY", "grid": {"dimensions": {"width": 9, "height": 7}}}


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    values = dict(SEEDS)
    names = draw(st.lists(st.sampled_from(registry.implemented()), min_size=1, max_size=6))
    for number, name in enumerate(names):
        made = [ref(f"n{i}") for i in range(number)]
        anything = [ref(key) for key in SEEDS if key != "argument"] + made
        anything += [{"constantValue": value} for value in CONSTANTS]
        arguments = {}
        for argument in registry.lookup(name).signature.arguments:
            if argument.optional and draw(st.booleans()):
                continue
            # Mostly of the right type, or nothing would ever be computed.
            fitting = [ref(key) for key in FITTING.get(argument.type, ())] + made
            choice = st.sampled_from(fitting) if fitting else st.sampled_from(anything)
            arguments[argument.name] = draw(choice | choice | st.sampled_from(anything))
        values[f"n{number}"] = {
            "functionInvocationValue": {"functionName": name, "arguments": arguments}
        }
    return {"result": f"n{len(names) - 1}", "values": values}


def _answer(wire: dict[str, Any]) -> None:
    """All that a request for a value, and one for pixels, would have to do."""
    deadline = Deadline(LIMITS.computation_seconds)
    expression = parse_expression(wire, 10_000)
    value = Evaluator(expression, Session(CATALOG, LIMITS, deadline)).result()
    encode_json(to_json(value, LIMITS))
    if isinstance(value, Image):
        render(pixel_request(value, BODY, LIMITS), deadline)


@pytest.fixture(scope="module")
def watchdog() -> Iterator[Watchdog]:
    dog = Watchdog(LIMITS)
    yield dog
    dog.close()


@pytest.mark.timeout(300)
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(wire=graphs())
def test_random_expressions(watchdog: Watchdog, wire: dict[str, Any]) -> None:
    refusal = _refusal(watchdog, wire)
    # None may loop, nor tell where the emulator is installed.
    assert refusal is None or refusal.kind != "timeout"
    assert str(Path(eemulator.__file__).parent) not in str(refusal)
    assert "site-packages" not in str(refusal)


def _refusal(watchdog: Watchdog, wire: dict[str, Any]) -> ServiceError | None:
    try:
        watchdog.run(partial(_answer, wire))
    except ServiceError as error:
        return error
    return None


@pytest.mark.timeout(300)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.sampled_from(
            [
                lambda x: call("Image.focal_max", image=x, radius=3),
                lambda x: call("Image.focal_median", image=x, radius=2, kernelType="square"),
                lambda x: call("Image.convolve", image=x, kernel=ref("circle")),
                lambda x: call("Image.convolve", image=x, kernel=ref("wide")),
                lambda x: call("Image.fastDistanceTransform", image=x, neighborhood=40),
                lambda x: call("Image.reduceResolution", image=x, reducer=ref("mean")),
                lambda x: call("Image.reproject", image=x, crs=ref("utm"), scale=35),
                lambda x: call("Image.unmask", input=x),
                lambda x: call("Image.updateMask", image=x, mask=x),
                lambda x: call("Image.normalizedDifference", input=x),
                lambda x: call("Image.clip", input=x, geometry=ref("box")),
                lambda x: call("Image.add", image1=x, image2=x),
                lambda x: call("Terrain.slope", input=x),
                lambda x: call("Image.select", input=x, bandSelectors=[0]),
            ]
        ),
        max_size=6,
    ),
    st.sampled_from(["image", "coarse", "constant"]),
)
def test_pixels_of_chains(chain: list[Any], start: str) -> None:
    """Operations that ask for wider windows and other lattices, one through another."""
    values = dict(SEEDS)
    node = ref(start)
    for number, step in enumerate(chain):
        values[f"n{number}"] = step(node)
        node = ref(f"n{number}")
    values["end"] = call("Image.toDouble", value=node)
    deadline = Deadline(20)
    with suppress(ServiceError):
        expression = parse_expression({"result": "end", "values": values}, 10_000)
        value = Evaluator(expression, Session(CATALOG, LIMITS, deadline)).result()
        assert isinstance(value, Image)
        rendered = render(pixel_request(value, BODY, LIMITS), deadline)
        assert np.load(io.BytesIO(rendered)).shape == (7, 9)


@pytest.mark.parametrize(
    "double",
    [
        lambda x: {"arrayValue": {"values": [x, x]}},
        lambda x: call("List.cat", list=x, other=x),
        lambda x: call("List.zip", list=x, other=x),
        lambda x: call("String.cat", string1=x, string2=x),
        lambda x: call("Number.multiply", left=x, right=x),
        lambda x: call("ImageCollection.merge", collection1=x, collection2=x),
    ],
)
def test_doubling_bombs_are_refused(double: Any) -> None:
    name = double(ref("0")).get("functionInvocationValue", {}).get("functionName", "")
    start: Any = {"constantValue": [1]}
    if name.startswith("String"):
        start = {"constantValue": "x"}
    elif name.startswith("Number"):
        start = {"constantValue": 3}
    elif name.startswith("Image"):
        start = SEEDS["series"]
    values = {"0": start}
    for i in range(1, 60):
        values[str(i)] = double(ref(str(i - 1)))
    expression = parse_expression({"result": "59", "values": values}, 10_000)
    evaluator = Evaluator(expression, Session(CATALOG, LIMITS, Deadline(20)))
    with suppress(ServiceError):
        to_json(evaluator.result(), LIMITS)


@pytest.mark.parametrize(
    "found",
    [
        call("Array.project", array=ref("array"), axes=[None]),
        call("Array.pad", array=call("Array", values=[]), lengths=[10**30]),
        call("Array.reshape", array=ref("array"), shape=[[2, 2]]),
        call("Filter.and", filters=[None]),
        call("Collection.bounds", collection=call("Collection", features={"constantValue": []})),
    ],
)
def test_what_was_found_stays_repaired(found: dict[str, Any]) -> None:
    expression = parse_expression({"result": "e", "values": {**SEEDS, "e": found}}, 10_000)
    with suppress(ServiceError):
        to_json(Evaluator(expression, Session(CATALOG, LIMITS, Deadline(20))).result(), LIMITS)


def test_a_computation_ends_at_its_deadline() -> None:
    values: dict[str, Any] = {
        "0": call("List.map", list=ref("many"), baseAlgorithm=ref("f0")),
        "many": call("List.repeat", value=1, count=1000),
    }
    for i in range(5):
        values[f"f{i}"] = {"functionDefinitionValue": {"argumentNames": [f"x{i}"], "body": f"b{i}"}}
        values[f"b{i}"] = call("List.map", list=ref(f"l{i}"), baseAlgorithm=ref(f"f{i + 1}"))
        values[f"l{i}"] = call("List.repeat", value={"argumentReference": f"x{i}"}, count=1000)
    values["f5"] = {"functionDefinitionValue": {"argumentNames": ["y"], "body": "b5"}}
    values["b5"] = {"argumentReference": "y"}
    expression = parse_expression({"result": "0", "values": values}, 10_000)
    evaluator = Evaluator(expression, Session(CATALOG, LIMITS, Deadline(0.5)))
    with pytest.raises(ServiceError, match="Computation timed out"):
        evaluator.result()
