"""Expressions of images: as they are, with something under their masks, several together.

With `wire`, the only module in Earth Engine's own spelling. The graph's form is that of the API's
discovery document (`Expression`, `ValueNode`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from geetensor.engine.wire import AssetRef, ExpressionRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geetensor.engine.wire import ImageRef

_Node = dict[str, Any]


def stacked(parts: Sequence[tuple[ImageRef, Sequence[str]]]) -> tuple[ExpressionRef, list[str]]:
    """One image with the bands of several, each with its own mask and type.

    Args:
        parts: images, and which bands of them.

    Returns:
        The image, and its bands' names: all of the first part, then those of the next.
    """
    values: dict[str, _Node] = {}
    selectors: dict[tuple[str, ...], _Node] = {}
    images, names = [], []
    for number, (ref, bands) in enumerate(parts):
        chosen = tuple(bands)
        if chosen not in selectors:
            key = f"bands{len(selectors)}"
            values[key] = {"constantValue": list(chosen)}
            selectors[chosen] = {"valueReference": key}
        image = _image(ref, f"{number}:", values)
        images.append(_call("Image.select", input=image, bandSelectors=selectors[chosen]))
        # Bands are renamed by place: what a collection calls them by itself need not be known.
        names += [f"t{number}_b{index}" for index in range(len(chosen))]
    bands_of_all = _call("ImageCollection.toBands", collection=_collection(images))
    renamed = _call("Image.rename", input=bands_of_all, names={"constantValue": names})
    return ExpressionRef(_encoded(renamed, values), f"{len(parts)} images"), names


def mosaicked(parts: Sequence[tuple[ImageRef, Sequence[str]]]) -> ExpressionRef:
    """One image of several that lie over each other, the last one on top.

    Bands of the same place are one. Where one is masked in an image, the next below shows, each
    band by itself: `ImageCollection.mosaic`, whose documentation says that it composites
    "according to their position in the collection (priority is last to first) and pixel mask
    status" (https://developers.google.com/earth-engine/guides/ic_composite_mosaic).

    Args:
        parts: images from the bottom to the top, and as many bands of each.

    Returns:
        The image; its bands have the names of the first part's.
    """
    values: dict[str, _Node] = {}
    images, names = [], [*parts[0][1]]
    for number, (ref, bands) in enumerate(parts):
        chosen = {"constantValue": [*bands]}
        image = _image(ref, f"{number}:", values)
        image = _call("Image.select", input=image, bandSelectors=chosen)
        if [*bands] != names:
            image = _call("Image.rename", input=image, names={"constantValue": names})
        images.append(image)
    mosaic = _call("ImageCollection.mosaic", collection=_collection(images))
    label = f"{parts[0][0].label} and {len(parts) - 1} more"
    return ExpressionRef(_encoded(mosaic, values), label)


def described(refs: Sequence[ImageRef]) -> bytes:
    """What has the metadata of some images as its value: the image, or a collection of them."""
    values: dict[str, _Node] = {}
    images = [_image(ref, f"{number}:", values) for number, ref in enumerate(refs)]
    if len(images) == 1:
        return _encoded(images[0], values)
    return _encoded(_collection(images), values)


def unmasked(ref: ImageRef, value: float) -> ExpressionRef:
    """An image with `value` under its masked pixels and outside of its footprint."""
    values: dict[str, _Node] = {}
    filled = _call(
        "Image.unmask",
        input=_image(ref, "0:", values),
        value=_call("Image.constant", value={"constantValue": value}),
        sameFootprint={"constantValue": False},
    )
    return ExpressionRef(_encoded(filled, values), ref.label)


def _encoded(result: _Node, values: dict[str, _Node]) -> bytes:
    return json.dumps({"result": "result", "values": {**values, "result": result}}).encode()


def _collection(images: Sequence[_Node]) -> _Node:
    return _call("ImageCollection.fromImages", images={"arrayValue": {"values": [*images]}})


def _call(function: str, **arguments: _Node) -> _Node:
    return {"functionInvocationValue": {"functionName": function, "arguments": arguments}}


def _image(ref: ImageRef, prefix: str, values: dict[str, _Node]) -> _Node:
    """The node of an image; what it refers to is added to `values` under prefixed keys."""
    if isinstance(ref, AssetRef):
        return _call("Image.load", id={"constantValue": ref.asset_id})
    graph = json.loads(ref.expression)
    for key, node in graph["values"].items():
        values[prefix + key] = _prefixed(node, prefix)
    return {"valueReference": prefix + graph["result"]}


def _prefixed(node: Mapping[str, Any], prefix: str) -> _Node:
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


def _all_prefixed(nodes: Mapping[str, Mapping[str, Any]], prefix: str) -> dict[str, _Node]:
    return {name: _prefixed(node, prefix) for name, node in nodes.items()}
