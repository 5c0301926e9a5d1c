"""Expressions of images: as they are, with something under their masks, several together.

With `wire`, the only module in Earth Engine's own spelling. The graph's form is that of the API's
discovery document (`Expression`, `ValueNode`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from geetensor.engine.wire import AssetRef, ExpressionRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geetensor.engine.wire import ImageRef

_Node = dict[str, Any]

_MOST_PIXELS = 10**9
"""Of a region. The service's own default is a tenth of a Sentinel-2 scene."""


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
        value=_constant(value),
        sameFootprint={"constantValue": False},
    )
    return ExpressionRef(_encoded(filled, values), ref.label)


class MaskBand(NamedTuple):
    """A mask that becomes a band, or a part of one.

    Attributes:
        of: the band whose mask it is.
        name: of the added band; masks with bits may share one.
        bit: the value in a uint8, one bit, where the mask is not 0. None: the mask itself, as
            float32.
    """

    of: str
    name: str
    bit: int | None


def with_masks(ref: ImageRef, masks: Sequence[MaskBand]) -> ExpressionRef:
    """An image with bands that say where others are valid.

    Args:
        ref: the image.
        masks: to add.
    """
    values, image = _shared(ref)
    result = image
    shared: dict[str, list[MaskBand]] = {}
    for mask in masks:
        shared.setdefault(mask.name, []).append(mask)
    for name, members in shared.items():
        bands = {"constantValue": [mask.of for mask in members]}
        added = _call("Image.mask", image=_call("Image.select", input=image, bandSelectors=bands))
        bits = [mask.bit for mask in members if mask.bit is not None]
        added = _bits(added, bits) if bits else _call("Image.toFloat", value=added)
        added = _call("Image.rename", input=added, names={"constantValue": [name]})
        result = _call("Image.addBands", dstImg=result, srcImg=added)
    return ExpressionRef(_encoded(result, values), ref.label)


def _bits(masks: _Node, bits: Sequence[int]) -> _Node:
    """One band of uint8 from the masks of up to eight: a bit is set where that mask is not 0."""
    valid = _call("Image.neq", image1=masks, image2=_constant(0))
    places = _call("Image.multiply", image1=valid, image2=_constant([*bits]))
    total = _call("Image.reduce", image=places, reducer=_call("Reducer.sum"))
    return _call("Image.toUint8", value=total)


def _constant(value: object) -> _Node:
    return _call("Image.constant", value={"constantValue": value})


class Count(NamedTuple):
    """Pixels to be counted.

    Attributes:
        shown: an image.
        clear: the same under a further mask.
        band: of both.
        crs: of the pixels that count.
        transform: of these, pixel corner to CRS: six numbers, as an Affine has them.
    """

    shown: ImageRef
    clear: ImageRef
    band: str
    crs: str
    transform: tuple[float, ...]


def counted(counts: Sequence[Count], region: ExpressionRef) -> bytes:
    """What has as its value a list of `{"shown": …, "clear": …}`: valid pixels in a region.

    Those whose centre lies in the region are counted.

    Args:
        counts: of which images.
        region: a geometry.
    """
    values: dict[str, _Node] = {}
    values["region"] = _image(region, "region:", values)
    found = []
    for number, count in enumerate(counts):
        named = [
            _call(
                "Image.rename",
                input=_band(_image(ref, f"{number}{name}:", values), count.band),
                names={"constantValue": [name]},
            )
            for name, ref in (("shown", count.shown), ("clear", count.clear))
        ]
        statistics = _call(
            "Image.reduceRegion",
            image=_call("Image.addBands", dstImg=named[0], srcImg=named[1]),
            reducer=_call("Reducer.count"),
            geometry={"valueReference": "region"},
            crs=_call("Projection", crs={"constantValue": count.crs}),
            crsTransform={"constantValue": [*count.transform]},
            maxPixels={"constantValue": _MOST_PIXELS},
        )
        found.append(statistics)
    return _encoded({"arrayValue": {"values": found}}, values)


def masked_by_bits(ref: ImageRef, band: str, bits: int) -> ExpressionRef:
    """An image, masked where one of its bands has any of some bits.

    Args:
        ref: the image.
        band: of it.
        bits: their sum.
    """
    values, image = _shared(ref)
    found = _call("Image.bitwiseAnd", image1=_band(image, band), image2=_constant(bits))
    clear = _call("Image.eq", image1=found, image2=_constant(0))
    return _updated(values, image, clear, ref)


def masked_by_classes(ref: ImageRef, band: str, classes: Sequence[int]) -> ExpressionRef:
    """An image, masked where one of its bands has any of some values.

    Args:
        ref: the image.
        band: of it.
        classes: the values, at least one.
    """
    values, image = _shared(ref)
    clear: _Node | None = None
    for number in classes:
        other = _call("Image.neq", image1=_band(image, band), image2=_constant(number))
        clear = other if clear is None else _call("Image.and", image1=clear, image2=other)
    return _updated(values, image, clear or _constant(1), ref)


def masked_by_threshold(
    ref: ImageRef, other: ImageRef, band: str, threshold: float, *, least: bool
) -> ExpressionRef:
    """An image, masked where a band of another one is beyond a threshold, or masked itself.

    Args:
        ref: the image.
        other: of the same ground.
        band: of the other.
        threshold: the value that is just clear.
        least: whether higher values are clear, and not lower ones.
    """
    values, image = _shared(ref)
    beside = _band(_image(other, "1:", values), band)
    compare = "Image.gte" if least else "Image.lte"
    clear = _call(compare, image1=beside, image2=_constant(threshold))
    return _updated(values, image, clear, ref)


def _shared(ref: ImageRef) -> tuple[dict[str, _Node], _Node]:
    """A graph with an image in it, to be referred to several times."""
    values: dict[str, _Node] = {}
    values["image"] = _image(ref, "0:", values)
    return values, {"valueReference": "image"}


def _band(image: _Node, band: str) -> _Node:
    return _call("Image.select", input=image, bandSelectors={"constantValue": [band]})


def _updated(values: dict[str, _Node], image: _Node, mask: _Node, ref: ImageRef) -> ExpressionRef:
    return ExpressionRef(
        _encoded(_call("Image.updateMask", image=image, mask=mask), values), ref.label
    )


def resampled(ref: ImageRef, bands: Sequence[str], mode: str) -> ExpressionRef:
    """An image, some of whose bands are interpolated where they are read on another grid.

    Args:
        ref: the image.
        bands: to interpolate; the others are read by nearest neighbour.
        mode: `bilinear` or `bicubic`.
    """
    values, image = _shared(ref)
    selected = _call("Image.select", input=image, bandSelectors={"constantValue": [*bands]})
    smooth = _call("Image.resample", image=selected, mode={"constantValue": mode})
    merged = _call("Image.addBands", dstImg=image, srcImg=smooth, overwrite={"constantValue": True})
    return ExpressionRef(_encoded(merged, values), ref.label)


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
