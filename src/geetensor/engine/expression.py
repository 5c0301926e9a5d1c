"""Expressions of images: as they are, with something under their masks, several together.

With `wire`, `graph` and `composite`, the only module in Earth Engine's own spelling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geetensor.engine.graph import (
    Node,
    band_of,
    call,
    collection,
    constant,
    encoded,
    image_node,
    shared_image,
)
from geetensor.engine.wire import ExpressionRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.engine.wire import ImageRef

_MOST_PIXELS = 10**9
"""Of a region. The service's own default is a tenth of a Sentinel-2 scene."""


def stacked(parts: Sequence[tuple[ImageRef, Sequence[str]]]) -> tuple[ExpressionRef, list[str]]:
    """One image with the bands of several, each with its own mask and type.

    Args:
        parts: images, and which bands of them.

    Returns:
        The image, and its bands' names: all of the first part, then those of the next.
    """
    values: dict[str, Node] = {}
    selectors: dict[tuple[str, ...], Node] = {}
    images, names = [], []
    for number, (ref, bands) in enumerate(parts):
        chosen = tuple(bands)
        if chosen not in selectors:
            key = f"bands{len(selectors)}"
            values[key] = {"constantValue": list(chosen)}
            selectors[chosen] = {"valueReference": key}
        image = image_node(ref, f"{number}:", values)
        images.append(call("Image.select", input=image, bandSelectors=selectors[chosen]))
        # Bands are renamed by place: what a collection calls them by itself need not be known.
        names += [f"t{number}_b{index}" for index in range(len(chosen))]
    bands_of_all = call("ImageCollection.toBands", collection=collection(images))
    renamed = call("Image.rename", input=bands_of_all, names={"constantValue": names})
    return ExpressionRef(encoded(renamed, values), f"{len(parts)} images"), names


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
    values: dict[str, Node] = {}
    images, names = [], [*parts[0][1]]
    for number, (ref, bands) in enumerate(parts):
        chosen = {"constantValue": [*bands]}
        image = image_node(ref, f"{number}:", values)
        image = call("Image.select", input=image, bandSelectors=chosen)
        if [*bands] != names:
            image = call("Image.rename", input=image, names={"constantValue": names})
        images.append(image)
    mosaic = call("ImageCollection.mosaic", collection=collection(images))
    label = f"{parts[0][0].label} and {len(parts) - 1} more"
    return ExpressionRef(encoded(mosaic, values), label)


def described(refs: Sequence[ImageRef]) -> bytes:
    """What has the metadata of some images as its value: the image, or a collection of them."""
    values: dict[str, Node] = {}
    images = [image_node(ref, f"{number}:", values) for number, ref in enumerate(refs)]
    if len(images) == 1:
        return encoded(images[0], values)
    return encoded(collection(images), values)


def unmasked(ref: ImageRef, value: float) -> ExpressionRef:
    """An image with `value` under its masked pixels and outside of its footprint."""
    values: dict[str, Node] = {}
    filled = call(
        "Image.unmask",
        input=image_node(ref, "0:", values),
        value=constant(value),
        sameFootprint={"constantValue": False},
    )
    return ExpressionRef(encoded(filled, values), ref.label)


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
    values, image = shared_image(ref)
    result = image
    shared: dict[str, list[MaskBand]] = {}
    for mask in masks:
        shared.setdefault(mask.name, []).append(mask)
    for name, members in shared.items():
        bands = {"constantValue": [mask.of for mask in members]}
        added = call("Image.mask", image=call("Image.select", input=image, bandSelectors=bands))
        bits = [mask.bit for mask in members if mask.bit is not None]
        added = _bits(added, bits) if bits else call("Image.toFloat", value=added)
        added = call("Image.rename", input=added, names={"constantValue": [name]})
        result = call("Image.addBands", dstImg=result, srcImg=added)
    return ExpressionRef(encoded(result, values), ref.label)


def _bits(masks: Node, bits: Sequence[int]) -> Node:
    """One band of uint8 from the masks of up to eight: a bit is set where that mask is not 0."""
    valid = call("Image.neq", image1=masks, image2=constant(0))
    places = call("Image.multiply", image1=valid, image2=constant([*bits]))
    total = call("Image.reduce", image=places, reducer=call("Reducer.sum"))
    return call("Image.toUint8", value=total)


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
    values: dict[str, Node] = {}
    values["region"] = image_node(region, "region:", values)
    found = []
    for number, count in enumerate(counts):
        named = [
            call(
                "Image.rename",
                input=band_of(image_node(ref, f"{number}{name}:", values), count.band),
                names={"constantValue": [name]},
            )
            for name, ref in (("shown", count.shown), ("clear", count.clear))
        ]
        statistics = call(
            "Image.reduceRegion",
            image=call("Image.addBands", dstImg=named[0], srcImg=named[1]),
            reducer=call("Reducer.count"),
            geometry={"valueReference": "region"},
            crs=call("Projection", crs={"constantValue": count.crs}),
            crsTransform={"constantValue": [*count.transform]},
            maxPixels={"constantValue": _MOST_PIXELS},
        )
        found.append(statistics)
    return encoded({"arrayValue": {"values": found}}, values)


def masked_by_bits(ref: ImageRef, band: str, bits: int) -> ExpressionRef:
    """An image, masked where one of its bands has any of some bits.

    Args:
        ref: the image.
        band: of it.
        bits: their sum.
    """
    values, image = shared_image(ref)
    found = call("Image.bitwiseAnd", image1=band_of(image, band), image2=constant(bits))
    clear = call("Image.eq", image1=found, image2=constant(0))
    return _updated(values, image, clear, ref)


def masked_by_classes(ref: ImageRef, band: str, classes: Sequence[int]) -> ExpressionRef:
    """An image, masked where one of its bands has any of some values.

    Args:
        ref: the image.
        band: of it.
        classes: the values, at least one.
    """
    values, image = shared_image(ref)
    clear: Node | None = None
    for number in classes:
        other = call("Image.neq", image1=band_of(image, band), image2=constant(number))
        clear = other if clear is None else call("Image.and", image1=clear, image2=other)
    return _updated(values, image, clear or constant(1), ref)


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
    values, image = shared_image(ref)
    beside = band_of(image_node(other, "1:", values), band)
    compare = "Image.gte" if least else "Image.lte"
    clear = call(compare, image1=beside, image2=constant(threshold))
    return _updated(values, image, clear, ref)


def _updated(values: dict[str, Node], image: Node, mask: Node, ref: ImageRef) -> ExpressionRef:
    return ExpressionRef(
        encoded(call("Image.updateMask", image=image, mask=mask), values), ref.label
    )


def resampled(ref: ImageRef, bands: Sequence[str], mode: str) -> ExpressionRef:
    """An image, some of whose bands are interpolated where they are read on another grid.

    Args:
        ref: the image.
        bands: to interpolate; the others are read by nearest neighbour.
        mode: `bilinear` or `bicubic`.
    """
    values, image = shared_image(ref)
    selected = call("Image.select", input=image, bandSelectors={"constantValue": [*bands]})
    smooth = call("Image.resample", image=selected, mode={"constantValue": mode})
    merged = call("Image.addBands", dstImg=image, srcImg=smooth, overwrite={"constantValue": True})
    return ExpressionRef(encoded(merged, values), ref.label)
