"""The documents of the protocol that the earthengine-api wheel carries.

They are read from the installed client, so that signatures and defaults are always those of the
client that calls.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an algorithm, as the client declares it."""

    name: str
    type: str
    optional: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Signature:
    """An algorithm's name and arguments."""

    name: str
    returns: str
    arguments: tuple[Argument, ...]


def _read(name: str) -> Any:
    return json.loads(resources.files("ee").joinpath("tests", name).read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def algorithms_document() -> bytes:
    """The body of `GET /v1/projects/{p}/algorithms`."""
    return json.dumps(_read("algorithms.json"), separators=(",", ":")).encode()


@lru_cache(maxsize=1)
def signatures() -> dict[str, Signature]:
    """Every algorithm that the client knows, by name (without `algorithms/`)."""
    found = {}
    for entry in _read("algorithms.json")["algorithms"]:
        name = entry["name"].removeprefix("algorithms/")
        arguments = tuple(
            Argument(
                a["argumentName"], a["type"], bool(a.get("optional")), _plain(a.get("defaultValue"))
            )
            for a in entry.get("arguments", ())
        )
        found[name] = Signature(name, entry["returnType"], arguments)
    return found


def _plain(default: Any) -> Any:
    """The document writes every number as a double: 0.0 stands for 0."""
    if isinstance(default, float) and default.is_integer():
        return int(default)
    return default


@lru_cache(maxsize=1)
def _discovery() -> dict[str, Any]:
    """The client's discovery document, brought from 2020's v1alpha to today's v1."""
    text = json.dumps(_read("cloud_api_discovery_document.json")).replace("v1alpha", "v1")
    document: dict[str, Any] = json.loads(text)
    projects = document["resources"]["projects"]
    methods = (projects["methods"]["listAssets"], _assets(projects)["listAssets"])
    for method in methods:
        for parameter in ("filter", "view"):
            method["parameters"][parameter] = {"location": "query", "type": "string"}
    # The root of a project's assets has a quota to tell.
    _assets(projects)["get"]["parameters"]["name"]["pattern"] = "^projects/[^/]+/assets/.*$"
    _add_list_features(_assets(projects))
    _add_method(
        projects, "image", "importExternal", "POST", "{+project}/image:importExternal", "project"
    )
    _add_method(projects, "tables", "create", "POST", "{+parent}/tables", "parent")
    _add_method(projects, "featureView", "create", "POST", "{+parent}/featureView", "parent")
    projects["methods"]["getConfig"] = _method(
        "earthengine.projects.getConfig", "GET", "{+name}", "name"
    )
    return document


def _assets(projects: dict[str, Any]) -> dict[str, Any]:
    methods: dict[str, Any] = projects["resources"]["assets"]["methods"]
    return methods


def _add_list_features(assets: dict[str, Any]) -> None:
    """Its parent is called asset now."""
    made = _method(
        "earthengine.projects.assets.listFeatures", "GET", "{+asset}:listFeatures", "asset"
    )
    for name in ("region", "filter", "pageToken", "pageSize"):
        kind = {"type": "integer", "format": "int32"} if name == "pageSize" else {"type": "string"}
        made["parameters"][name] = {"location": "query", **kind}
    assets["listFeatures"] = made


def _add_method(
    projects: dict[str, Any], resource: str, method: str, verb: str, path: str, parameter: str
) -> None:
    owner = projects["resources"].setdefault(resource, {"methods": {}})
    method_id = f"earthengine.projects.{resource}.{method}"
    owner["methods"][method] = _method(method_id, verb, path, parameter)


def _method(method_id: str, verb: str, path: str, parameter: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": method_id,
        "httpMethod": verb,
        "path": f"v1/{path}",
        "flatPath": f"v1/{path}",
        "parameterOrder": [parameter],
        "parameters": {
            parameter: {"location": "path", "required": True, "type": "string", "pattern": "^.+$"}
        },
        "response": {"type": "any"},
    }
    if verb == "POST":
        described["request"] = {"type": "any"}
    return described


def discovery_document(url: str) -> dict[str, Any]:
    """The body of `GET /$discovery/rest`.

    Args:
        url: the emulator's own, without a slash at the end.
    """
    document = deepcopy(_discovery())
    document["rootUrl"] = document["baseUrl"] = f"{url}/"
    return document
