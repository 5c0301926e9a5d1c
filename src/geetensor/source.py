"""An image to read: what it is called on the wire, and what its metadata says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ee

from geetensor.collections import resolve_band
from geetensor.engine.fetch import compute_value
from geetensor.engine.wire import (
    AssetRef,
    BandInfo,
    ExpressionRef,
    ImageInfo,
    ImageRef,
    decode_image_info,
)
from geetensor.errors import BadReplyError, InvalidInputError, UnknownBandError
from geetensor.grid import PixelGrid, Window, metres_per_unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geetensor.engine.transport import Transport

METADATA_BATCH = 250
"""Images whose metadata is asked for in one request."""


@dataclass(frozen=True, slots=True)
class Source:
    """An image to read.

    Attributes:
        image: the client's object.
        ref: how requests name it.
        info: its metadata.
        label: what to call it in messages.
    """

    image: ee.Image
    ref: ImageRef
    info: ImageInfo
    label: str

    def bands(self, names: Sequence[str] | None) -> tuple[BandInfo, ...]:
        """The bands asked for, in that order; all of them for None.

        Raises:
            UnknownBandError: if the image lacks one; lists those that it has.
        """
        available = tuple(band.id for band in self.info.bands)
        if names is None:
            return self.info.bands
        by_id = {band.id: band for band in self.info.bands}
        found = []
        for name in names:
            band_id = resolve_band(name, available, self.info.id)
            if band_id is None:
                raise UnknownBandError(
                    f"{self.label} has no band {name!r}, or none that this name means without "
                    f"doubt. Its bands: {', '.join(available)}."
                )
            if by_id[band_id] in found:
                raise InvalidInputError(f"bands names {band_id} of {self.label} twice.")
            found.append(by_id[band_id])
        return tuple(found)

    def unmasked(self, value: float) -> ExpressionRef:
        """The image with `value` under its masked pixels and outside of its footprint."""
        return serialize(self.image.unmask(value, sameFootprint=False), self.label)


def serialize(value: ee.ComputedObject, label: str) -> ExpressionRef:
    """A computed object's expression, ready for any number of requests."""
    return ExpressionRef(json.dumps(ee.serializer.encode(value)).encode(), label)


def open_sources(images: Sequence[str | ee.Image], transport: Transport) -> list[Source]:
    """Look images up: one request for many.

    Args:
        images: asset ids and computed images.
        transport: the door to the network.

    Raises:
        InvalidInputError: if one is neither.
        EarthEngineError: if the service does not know one.
    """
    named = [_name(image) for image in images]
    infos = [
        info
        for start in range(0, len(named), METADATA_BATCH)
        for info in _describe(named[start : start + METADATA_BATCH], transport)
    ]
    return [
        Source(image, ref, info, info.id or label)
        for (image, ref, label), info in zip(named, infos, strict=True)
    ]


_Named = tuple[ee.Image, ImageRef, str]
"""The client's object, how requests name it, and what messages call it."""


def _name(image: object) -> _Named:
    if isinstance(image, str):
        if not image.strip("/ "):
            raise InvalidInputError("The asset id is empty.")
        return ee.Image.load(image), AssetRef(image), image
    if isinstance(image, ee.Image):
        label = "the computed image"
        return image, serialize(image, label), label
    raise InvalidInputError(
        f"Expected an asset id or an ee.Image, got {type(image).__name__}. "
        "A collection becomes one image by .mosaic(), .median() or .first()."
    )


def _describe(named: Sequence[_Named], transport: Transport) -> Iterator[ImageInfo]:
    if len(named) == 1:
        image, ref, label = named[0]
        known = ref if isinstance(ref, ExpressionRef) else serialize(image, label)
        yield decode_image_info(compute_value(known.expression, transport, label=label))
        return
    label = f"{named[0][2]} and {len(named) - 1} more images"
    collection = ee.ImageCollection([image for image, _, _ in named])
    result = compute_value(serialize(collection, label).expression, transport, label=label)
    features = result.get("features", []) if isinstance(result, dict) else []
    if len(features) != len(named):
        raise BadReplyError(f"Asked about {len(named)} images, got {len(features)}: {label}.")
    for feature in features:
        yield decode_image_info(feature)


def finest(bands: Sequence[BandInfo]) -> BandInfo:
    """The band with the smallest pixels on the ground; the first of equals."""

    def pixel_area(band: BandInfo) -> float:
        return abs(band.transform.determinant) * metres_per_unit(band.crs) ** 2

    return min(bands, key=pixel_area)


def native_grid(band: BandInfo) -> PixelGrid | None:
    """A band's own grid; None where it has no fixed projection, as composites have none.

    Earth Engine then says 1 degree of EPSG:4326, without bounds.
    """
    if band.shape is None and band.crs == "EPSG:4326" and abs(band.transform.determinant) == 1:
        return None
    base = PixelGrid(band.crs, band.transform, 0, 0)
    if band.shape is None:
        return base
    return base.window(Window(*band.origin, *band.shape))
