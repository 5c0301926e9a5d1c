"""Nodes of expressions, in the form of the API's discovery document (`Expression`, `ValueNode`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from geetensor.engine.wire import AssetRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geetensor.engine.wire import ImageRef

Node = dict[str, Any]


def constant(value: object) -> Node:
    """An image of one value everywhere; of a list, with a band for each."""
    return call("Image.constant", value={"constantValue": value})


def shared_image(ref: ImageRef) -> tuple[dict[str, Node], Node]:
    """A graph with an image in it, to be referred to several times."""
    values: dict[str, Node] = {}
    values["image"] = image_node(ref, "0:", values)
    return values, {"valueReference": "image"}


def bands_of(image: Node, bands: Sequence[str]) -> Node:
    """Some bands of an image, in that order."""
    return call("Image.select", input=image, bandSelectors={"constantValue": [*bands]})


def band_of(image: Node, band: str) -> Node:
    """One of them."""
    return bands_of(image, [band])


def encoded(result: Node, values: dict[str, Node]) -> bytes:
    """The expression whose value a node is, with what is referred to."""
    return json.dumps({"result": "result", "values": {**values, "result": result}}).encode()


def collection(images: Sequence[Node]) -> Node:
    """A collection of images."""
    return call("ImageCollection.fromImages", images={"arrayValue": {"values": [*images]}})


def call(function: str, **arguments: Node) -> Node:
    """An algorithm of the service, called."""
    return {"functionInvocationValue": {"functionName": function, "arguments": arguments}}


def image_node(ref: ImageRef, prefix: str, values: dict[str, Node]) -> Node:
    """The node of an image; what it refers to is added to `values` under prefixed keys."""
    if isinstance(ref, AssetRef):
        return call("Image.load", id={"constantValue": ref.asset_id})
    graph = json.loads(ref.expression)
    for key, node in graph["values"].items():
        values[prefix + key] = _prefixed(node, prefix)
    return {"valueReference": prefix + graph["result"]}


def _prefixed(node: Mapping[str, Any], prefix: str) -> Node:
    """A node whose references have the prefix; constants are left as they are."""
    [(kind, content)] = node.items()
    match kind:
        case "valueReference":
            return {kind: prefix + content}
        case "arrayValue":
            return {kind: {"values": [_prefixed(item, prefix) for item in content["values"]]}}
        case "dictionaryValue":
            return {kind: {"values": _all_prefixed(content["values"], prefix)}}
        case "functionDefinitionValue":
            return {kind: {**content, "body": prefix + content["body"]}}
        case "functionInvocationValue":
            moved = {**content, "arguments": _all_prefixed(content.get("arguments", {}), prefix)}
            if "functionReference" in content:
                moved["functionReference"] = prefix + content["functionReference"]
            return {kind: moved}
        case _:
            return dict(node)


def _all_prefixed(nodes: Mapping[str, Mapping[str, Any]], prefix: str) -> dict[str, Node]:
    return {name: _prefixed(node, prefix) for name, node in nodes.items()}
