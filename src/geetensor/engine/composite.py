"""Expressions of composites: scenes that lie over each other, and what becomes of a pixel's values.

Each scene is brought to the same names and types, and to physical units where that is asked for,
before anything is compared or averaged: the service may want collections to be homogeneous, and
`cast` is what it has for that (https://developers.google.com/earth-engine/apidocs/ee-imagecollection-cast).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from geetensor.engine.graph import (
    Node,
    band_of,
    bands_of,
    call,
    collection,
    constant,
    encoded,
    image_node,
)
from geetensor.engine.wire import ExpressionRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.engine.wire import ImageRef
    from geetensor.scales import Scaling

_ORDER = "geetensor_order"


class Layer(NamedTuple):
    """A scene of a composite.

    Attributes:
        ref: the scene.
        bands: of it, in the composite's order; None for one that it lacks, which is masked
            there. Then there are types.
        scalings: what brings each to physical units; None for one that stays as it is.
        types: to cast them to, Earth Engine's names; None where all scenes have the same.
        quality: an image and a band of it, by which scenes are compared; None for none.
        quality_scaling: what brings that one to physical units.
    """

    ref: ImageRef
    bands: tuple[str | None, ...]
    scalings: tuple[Scaling | None, ...]
    types: tuple[str, ...] | None = None
    quality: tuple[ImageRef, str] | None = None
    quality_scaling: Scaling | None = None


def averaged(
    layers: Sequence[Layer], names: Sequence[str], reducer: str, *, as_float: bool
) -> ExpressionRef:
    """An image with a statistic of the valid values of each band.

    Args:
        layers: the scenes.
        names: of the composite's bands.
        reducer: `mean` or `median`.
        as_float: whether to send float32.
    """
    values: dict[str, Node] = {}
    images = [_layer(number, layer, names, values) for number, layer in enumerate(layers)]
    result = call(f"reduce.{reducer}", collection=collection(images))
    return _finished(result, values, f"the {reducer} of {len(layers)} scenes", as_float=as_float)


def best(
    layers: Sequence[Layer], names: Sequence[str], complete: Sequence[str], *, as_float: bool
) -> ExpressionRef:
    """An image of the scene with the highest quality, pixel by pixel; the first of equals.

    Args:
        layers: the scenes, all with a quality.
        names: of the composite's bands.
        complete: those which must be valid for a scene to count.
        as_float: whether to send float32.
    """
    values: dict[str, Node] = {}
    images, scores = [], []
    for number, layer in enumerate(layers):
        image, valid = _complete(number, layer, names, complete, values)
        ref, band = layer.quality or (layer.ref, "")
        quality = band_of(image_node(ref, f"{number}q:", values), band)
        if layer.quality_scaling is not None:
            quality = _scaled(quality, [layer.quality_scaling])
        score = call("Image.rename", input=quality, names={"constantValue": ["quality"]})
        score = call("Image.toDouble", value=score)
        images.append(image)
        scores.append(call("Image.updateMask", image=score, mask=valid))
    result = _chosen(images, scores, names, "max", values)
    return _finished(result, values, f"the best of {len(layers)} scenes", as_float=as_float)


def central(
    layers: Sequence[Layer], names: Sequence[str], measured: Sequence[str], *, as_float: bool
) -> ExpressionRef:
    """An image of the scene that is nearest to the median of all; the first of equals.

    Args:
        layers: the scenes.
        names: of the composite's bands.
        measured: those between which distances are Euclidean, and which must be valid for a scene
            to count.
        as_float: whether to send float32.
    """
    values: dict[str, Node] = {}
    images = [
        _complete(number, layer, names, measured, values)[0] for number, layer in enumerate(layers)
    ]
    measures = [bands_of(image, measured) for image in images]
    values["median"] = call("reduce.median", collection=collection(measures))
    scores = []
    for measure in measures:
        apart = call("Image.subtract", image1=measure, image2={"valueReference": "median"})
        square = call("Image.multiply", image1=apart, image2=apart)
        scores.append(call("Image.reduce", image=square, reducer=call("Reducer.sum")))
    result = _chosen(images, scores, names, "min", values)
    return _finished(result, values, f"the medoid of {len(layers)} scenes", as_float=as_float)


def _layer(number: int, layer: Layer, names: Sequence[str], values: dict[str, Node]) -> Node:
    """A scene with the composite's bands, to be referred to any number of times."""
    own = [band for band in layer.bands if band is not None]
    having = [name for name, band in zip(names, layer.bands, strict=True) if band is not None]
    scalings = [s for s, band in zip(layer.scalings, layer.bands, strict=True) if band is not None]
    image = bands_of(image_node(layer.ref, f"{number}:", values), own)
    if own != having:
        image = call("Image.rename", input=image, names={"constantValue": having})
    if any(scaling is not None for scaling in scalings):
        image = _scaled(image, scalings)
    if layer.types is not None:
        # "If bandTypes includes bands that are not already in the input image, they will be added
        # to the image as transparent bands": the algorithm's own description.
        image = call(
            "Image.cast",
            image=image,
            bandTypes={"constantValue": dict(zip(names, layer.types, strict=True))},
            bandOrder={"constantValue": [*names]},
        )
    values[f"layer{number}"] = image
    return {"valueReference": f"layer{number}"}


def _scaled(image: Node, scalings: Sequence[Scaling | None]) -> Node:
    """An image in physical units. The service multiplies and adds band by band."""
    gains = [1.0 if scaling is None else scaling.gain for scaling in scalings]
    offsets = [0.0 if scaling is None else scaling.offset for scaling in scalings]
    product = call("Image.multiply", image1=image, image2=constant(gains))
    return call("Image.add", image1=product, image2=constant(offsets))


def _complete(
    number: int,
    layer: Layer,
    names: Sequence[str],
    needed: Sequence[str],
    values: dict[str, Node],
) -> tuple[Node, Node]:
    """A scene, masked wherever one of some bands is; and that mask."""
    image = _layer(number, layer, names, values)
    masks = call("Image.mask", image=bands_of(image, needed))
    least = call("Image.reduce", image=masks, reducer=call("Reducer.min"))
    values[f"valid{number}"] = call("Image.neq", image1=least, image2=constant(0))
    valid: Node = {"valueReference": f"valid{number}"}
    values[f"complete{number}"] = call("Image.updateMask", image=image, mask=valid)
    return {"valueReference": f"complete{number}"}, valid


def _chosen(
    images: Sequence[Node],
    scores: Sequence[Node],
    names: Sequence[str],
    reducer: str,
    values: dict[str, Node],
) -> Node:
    """The image whose score is the best, pixel by pixel.

    What `ImageCollection.qualityMosaic` does with equal qualities is not documented, so that those
    with the best score are ranked by their places: no two have the same.
    """
    for number, score in enumerate(scores):
        values[f"score{number}"] = score
    references: list[Node] = [{"valueReference": f"score{number}"} for number in range(len(scores))]
    values["best"] = call(f"reduce.{reducer}", collection=collection(references))
    ranked = []
    for number, (image, score) in enumerate(zip(images, references, strict=True)):
        is_best = call("Image.eq", image1=score, image2={"valueReference": "best"})
        place = call("Image.toInt32", value=constant(len(images) - number))
        rank = call("Image.updateMask", image=place, mask=is_best)
        order = call("Image.rename", input=rank, names={"constantValue": [_ORDER]})
        ranked.append(call("Image.addBands", dstImg=image, srcImg=order))
    mosaic = call(
        "ImageCollection.qualityMosaic",
        collection=collection(ranked),
        qualityBand={"constantValue": _ORDER},
    )
    return bands_of(mosaic, names)


def _finished(
    result: Node, values: dict[str, Node], label: str, *, as_float: bool
) -> ExpressionRef:
    if as_float:
        result = call("Image.toFloat", value=result)
    return ExpressionRef(encoded(result, values), label)
