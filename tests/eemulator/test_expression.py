"""The expression graph: every kind of node, memoisation, depth, malformed graphs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import ee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemulator import Catalog, Limits
from eemulator.algorithms import load_all
from eemulator.errors import ServiceError
from eemulator.expression import registry
from eemulator.expression.evaluate import Evaluator, Session
from eemulator.expression.graph import parse_expression
from eemulator.limits import Deadline

from .wire import call, compute, ref

if TYPE_CHECKING:
    from eemulator import Server


load_all()


def evaluate(values: dict[str, Any], result: str = "0") -> Any:
    """The value of a graph, without a server."""
    expression = parse_expression({"result": result, "values": values}, 1_000_000)
    return Evaluator(expression, Session(Catalog([]), Limits(), Deadline(30))).result()


def function(body: str, *names: str) -> dict[str, Any]:
    return {"functionDefinitionValue": {"argumentNames": list(names), "body": body}}


def argument(name: str) -> dict[str, Any]:
    return {"argumentReference": name}


def test_every_kind_of_node() -> None:
    values = {
        "0": {"dictionaryValue": {"values": {
            "constant": {"constantValue": {"a": [1, None, "x"]}},
            "integer": {"integerValue": "9007199254740993"},
            "bytes": {"bytesValue": "AAE="},
            "array": {"arrayValue": {"values": [ref("1"), {"constantValue": True}]}},
            "call": call("Number.add", left=ref("1"), right=2),
            "own": {"functionInvocationValue": {
                "functionReference": "2", "arguments": {"x": {"constantValue": 5}}}},
        }}},
        "1": {"constantValue": 1},
        "2": function("3", "x"),
        "3": call("Number.multiply", left=argument("x"), right=argument("x")),
    }  # fmt: skip
    assert evaluate(values) == {
        "constant": {"a": [1, None, "x"]},
        "integer": 9007199254740993,
        "bytes": b"\x00\x01",
        "array": [1, True],
        "call": 3,
        "own": 25,
    }


def test_values_under_arguments_are_not_remembered_from_call_to_call() -> None:
    # The body refers to its square through a key, twice.
    values = {
        "0": call("List.map", list=[1, 2, 3], baseAlgorithm=ref("f")),
        "f": function("body", "x"),
        "body": call("Number.add", left=ref("square"), right=ref("square")),
        "square": call("Number.multiply", left=argument("x"), right=argument("x")),
    }
    assert evaluate(values) == [2, 8, 18]


def test_inner_functions_see_outer_arguments() -> None:
    values = {
        "0": call("List.map", list=[1, 10], baseAlgorithm=ref("outer")),
        "outer": function("inner map", "x"),
        "inner map": call("List.map", list=[1, 2], baseAlgorithm=ref("inner")),
        "inner": function("product", "y"),
        "product": call("Number.multiply", left=argument("x"), right=argument("y")),
    }
    assert evaluate(values) == [[1, 2], [10, 20]]


def test_an_inner_argument_hides_an_outer_one_of_its_name() -> None:
    values = {
        "0": call("List.map", list=[1, 10], baseAlgorithm=ref("outer")),
        "outer": function("both", "x"),
        "both": call("List.cat", list=ref("inner map"), other=ref("own")),
        "own": {"arrayValue": {"values": [ref("twice")]}},
        "inner map": call("List.map", list=[3], baseAlgorithm=ref("inner")),
        "inner": function("twice", "x"),
        "twice": call("Number.multiply", left=argument("x"), right=2),
    }
    assert evaluate(values) == [[6, 2], [6, 20]]


def test_what_depends_on_no_argument_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    name = "Number.add"
    known = registry.lookup(name)

    def counting(left: float, right: float) -> float:
        calls.append((left, right))
        return left + right

    monkeypatch.setitem(
        registry._ALGORITHMS, name, registry.Algorithm(known.signature, counting, False, False)
    )
    values = {
        "0": call("List.map", list=[1, 2, 3], baseAlgorithm=ref("f")),
        "f": function("body", "x"),
        "body": call("Number.multiply", left=argument("x"), right=ref("sum")),
        "sum": call(name, left=1, right=1),
    }
    assert evaluate(values) == [2, 4, 6]
    assert calls == [(1, 1)]


def test_doubling_costs_no_more_than_its_nodes(server: Server) -> None:
    values: dict[str, Any] = {"0": {"constantValue": 1}}
    for i in range(1, 60):
        values[str(i)] = call("Number.add", left=ref(str(i - 1)), right=ref(str(i - 1)))
    assert evaluate(values, "59") == 2**59
    image: dict[str, Any] = {"0": call("Image.constant", value=1)}
    for i in range(1, 40):
        both = {"image1": ref(str(i - 1)), "image2": ref(str(i - 1))}
        image[str(i)] = call("Image.max", **both)
    reply = compute(server, {"result": "39", "values": image})
    assert reply.json["result"]["bands"][0]["data_type"]["max"] == 1


def test_depth_is_no_matter(server: Server) -> None:
    depth = 20_000
    values: dict[str, Any] = {"0": {"constantValue": 0}}
    for i in range(1, depth):
        values[str(i)] = call("Number.add", left=ref(str(i - 1)), right=1)
    assert evaluate(values, str(depth - 1)) == depth - 1
    # Inline nesting is bounded by what the JSON parser takes: an error, not a crash.
    inline: dict[str, Any] = {"constantValue": 0}
    for _ in range(200):
        inline = call("Number.add", left=inline, right=1)
    assert compute(server, {"result": "0", "values": {"0": inline}}).json == {"result": 200}


def test_lazy_collections_nested_too_deep_are_refused(server: Server) -> None:
    values: dict[str, Any] = {
        "0": call("ImageCollection.load", id="TEST/SERIES"),
        "f": function("same", "x"),
        "same": call("Element.set", object=argument("x"), key="k", value=1),
    }
    for i in range(1, 3000):
        values[str(i)] = call("Collection.map", collection=ref(str(i - 1)), baseAlgorithm=ref("f"))
    values["last"] = call("Collection.first", collection=ref("2999"))
    reply = compute(server, {"result": "last", "values": values})
    assert reply.status == 400
    assert "nested too deeply" in reply.message


@pytest.mark.parametrize(
    "wire",
    [
        None,
        [],
        {},
        {"result": "0"},
        {"result": "0", "values": []},
        {"result": "1", "values": {"0": {"constantValue": 1}}},
        {"result": 0, "values": {"0": {"constantValue": 1}}},
        {"result": "0", "values": {"0": {}}},
        {"result": "0", "values": {"0": 7}},
        {"result": "0", "values": {"0": {"constantValue": 1, "integerValue": "1"}}},
        {"result": "0", "values": {"0": {"integerValue": "one"}}},
        {"result": "0", "values": {"0": {"bytesValue": "?"}}},
        {"result": "0", "values": {"0": {"valueReference": "9"}}},
        {"result": "0", "values": {"0": {"valueReference": 0}}},
        {"result": "0", "values": {"0": {"valueReference": "0"}}},
        {"result": "0", "values": {"0": {"arrayValue": {"values": 3}}}},
        {"result": "0", "values": {"0": {"dictionaryValue": {"values": []}}}},
        {"result": "0", "values": {"0": {"argumentReference": "x"}}},
        {"result": "0", "values": {"0": {"functionInvocationValue": {}}}},
        {"result": "0", "values": {"0": {"functionInvocationValue": {"functionName": 3}}}},
        {"result": "0", "values": {"0": {"functionDefinitionValue": {"body": "0"}}}},
        {"result": "0", "values": {"0": {"functionDefinitionValue": {"argumentNames": 1}}}},
        {
            "result": "0",
            "values": {
                "0": {"functionInvocationValue": {"functionReference": "1", "arguments": {}}},
                "1": {"constantValue": 5},
            },
        },
    ],
)
def test_malformed_graphs_are_400(server: Server, wire: Any) -> None:
    reply = compute(server, wire)
    assert reply.status == 400, reply.body
    assert server.stats.refusals == {"invalid": 1}


def test_too_many_nodes() -> None:
    wire = {"result": "0", "values": {"0": {"arrayValue": {"values": [ref("1")] * 50}}, "1": {
        "constantValue": 1}}}  # fmt: skip
    assert parse_expression(wire, 52)
    with pytest.raises(ServiceError, match="more than 51 nodes"):
        parse_expression(wire, 51)


def test_missing_wrong_and_unknown_arguments_are_told(server: Server) -> None:
    def message(node: dict[str, Any]) -> str:
        return compute(server, {"result": "0", "values": {"0": node}}).message

    assert message(call("Image.select", bandSelectors=["a"])) == (
        "Image.select: Parameter 'input' is required and may not be null."
    )
    assert message(call("Image.add", image1=1, image2="COPERNICUS/S2")) == (
        "Image.add: Parameter 'image2' must be of type Image, got String."
    )
    assert "Unrecognized argument 'nonsense'" in message(call("Image.constant", nonsense=1))


def test_the_other_branch_is_not_computed(server: Server) -> None:
    assert server.url
    bad = ee.Image("TEST/NO")
    assert ee.Algorithms.If(True, 1, bad).getInfo() == 1
    assert ee.Algorithms.If(ee.Number(0), bad, "no").getInfo() == "no"
    with pytest.raises(ee.EEException, match="not found"):
        ee.Algorithms.If(ee.String("yes"), bad, 1).getInfo()


def test_a_function_that_calls_itself_is_refused() -> None:
    values = {
        "0": {"functionInvocationValue": {"functionReference": "f", "arguments": {"x": ref("f")}}},
        "f": function("self", "x"),
        "self": {"functionInvocationValue": {
            "functionReference": "x", "arguments": {"x": argument("x")}}},
        "x": argument("x"),
    }  # fmt: skip
    with pytest.raises(ServiceError, match="nested too deeply"):
        evaluate(values)


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(
        allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
))  # fmt: skip
def test_any_constant_comes_back(value: Any) -> None:
    assert evaluate({"0": {"constantValue": value}}) == value


@given(
    st.dictionaries(
        st.sampled_from("0123"),
        st.sampled_from(
            [
                {"constantValue": 1},
                ref("0"),
                ref("1"),
                ref("2"),
                call("Number.add", left=ref("1"), right=ref("2")),
                call("List.get", list=[1], index=ref("3")),
                {"arrayValue": {"values": [ref("1"), ref("3")]}},
                function("2", "x"),
                {"argumentReference": "x"},
                {"functionInvocationValue": {"functionReference": "3", "arguments": {}}},
                call("List.map", list=[1, 2], baseAlgorithm=ref("3")),
            ]
        ),
    )
)
def test_random_graphs_end_in_a_value_or_a_refusal(values: dict[str, Any]) -> None:
    with suppress(ServiceError):
        evaluate(values)
