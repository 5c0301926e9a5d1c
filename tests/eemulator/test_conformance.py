"""The emulator says what the conformance cases say that Earth Engine says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.eemulator.wire import send

if TYPE_CHECKING:
    import eemulator


CONFORMANCE = Path(__file__).parents[1] / "conformance"
REFUSALS = json.loads((CONFORMANCE / "refusals.json").read_text())
TABLES = json.loads((CONFORMANCE / "tables.json").read_text())
REQUESTS = json.loads((CONFORMANCE / "requests.json").read_text())
VALUES = json.loads((CONFORMANCE / "values.json").read_text())


@pytest.mark.parametrize(
    "case", [c for c in REFUSALS if c["provoke"]], ids=lambda case: str(case["name"])
)
def test_refusals(server: eemulator.Server, case: dict[str, Any]) -> None:
    reply = send(server, "POST", case["provoke"]["path"], case["provoke"]["body"])
    assert reply.status == case["status"]
    error = reply.json["error"]
    assert error["code"] == case["status"]
    assert error["status"] == "INVALID_ARGUMENT"
    pattern = re.escape(case["message"]).replace(r"\{\}", r"\d+")
    assert re.fullmatch(pattern, error["message"])


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: str(case["name"]))
def test_requests(own_catalogue: eemulator.Server, case: dict[str, Any]) -> None:
    reply = send(own_catalogue, "POST", case["path"], case["body"])
    assert reply.status == 200
    assert reply.array.dtype.descr == [tuple(field) for field in case["reply"]["fields"]]
    assert list(reply.array.shape) == case["reply"]["shape"]


@pytest.mark.parametrize("case", TABLES, ids=lambda case: str(case["name"]))
def test_tables(own_catalogue: eemulator.Server, case: dict[str, Any]) -> None:
    reply = send(own_catalogue, case["method"], case["path"], case["body"]).json
    assert bool(reply.pop("nextPageToken", "")) == case["more"]
    assert reply == case["reply"]


@pytest.mark.parametrize("case", VALUES, ids=lambda case: str(case["name"]))
def test_values(server: eemulator.Server, case: dict[str, Any]) -> None:
    reply = send(server, "POST", case["path"], case["body"])
    assert json.loads(reply.json["result"]) == case["text"]
