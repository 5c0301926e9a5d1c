"""Masks of images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.clip import inside_band
from ..pixels.constant import constant_image
from ..pixels.coverage import coverage, united
from ..pixels.default_grid import clipped_window
from ..pixels.node import Plane, both, valid
from ..pixels.overlay import overlaid
from ..pixels.pointwise import Pointwise, Recipe
from ..values.collection import Collection
from ..values.filters import geometry_of
from ..values.parse import parse_geometry
from ..values.pixel_type import MASK
from ..values.shapes import combined
from ..values.shapes import inside as lies_inside
from .image_math import derived, joint_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..pixels.node import Mask
    from ..values.image import Image, ImageBand


def partners(image: Image, other: Image) -> Sequence[ImageBand]:
    """The other image's band for each band: its only one, or by position.

    Raises:
        ServiceError: it has more than one, and not as many.
    """
    if len(other.bands) == 1:
        return list(other.bands) * len(image.bands)
    if len(other.bands) != len(image.bands):
        raise ServiceError(
            f"The second image must have 1 or {len(image.bands)} bands, got {len(other.bands)}."
        )
    return other.bands


def _opacity(plane: Plane) -> Mask:
    """The values of a mask image, within 0 to 1, as a mask; 0 where it is masked itself."""
    values = plane.values
    if values.dtype.kind in "iu":
        shown: Mask = values > 0
    else:
        shown = np.clip(np.nan_to_num(values), 0, 1).astype(np.float32)
    if plane.mask is None:
        return shown
    # `both` gives None for two Nones only, and `shown` is none.
    return both(shown, valid(plane.mask))  # type: ignore[return-value]


@algorithm("Image.mask")
def mask(image: Image, new: Image | None) -> Image:
    """The mask as an image, or the image under another mask; metadata and footprint stay [S]."""
    if new is None:
        node = Pointwise((Recipe((band,), _mask_values) for band in image.bands), arrays=True)
        return image.with_bands(
            derived(band.id, MASK, (band,), node, i) for i, band in enumerate(image.bands)
        )
    others = partners(image, new)
    node = Pointwise(
        Recipe((band, partner, *_cover(band)), _replaced_mask(band))
        for band, partner in zip(image.bands, others, strict=True)
    )
    return image.with_bands(
        derived(band.id, band.type, (band,), node, i) for i, band in enumerate(image.bands)
    )


def _mask_values(plane: Plane) -> Plane:
    if plane.mask is None:
        return Plane(np.broadcast_to(np.float32(1), plane.values.shape[:2]), None)
    return Plane(plane.mask.astype(np.float32), None)


def _cover(band: ImageBand) -> tuple[ImageBand, ...]:
    return () if band.extent is None else (coverage(band.extent),)


def _replaced_mask(band: ImageBand) -> Any:
    low, high = (band.type.bounds) if band.type.is_int else (0, 0)
    nearest_zero = min(max(0, low), high)

    def run(plane: Plane, new: Plane, cover: Plane | None = None) -> Plane:
        opacity = both(_opacity(new), None if cover is None else cover.mask)
        if plane.mask is None:
            return Plane(plane.values, opacity)
        # What becomes visible that never had a value shows the value closest to zero.
        empty = plane.values.dtype.type(nearest_zero)
        return Plane(np.where(valid(plane.mask), plane.values, empty), opacity)

    return run


@algorithm("Image.updateMask")
def update_mask(image: Image, new: Image) -> Image:
    """The image where both it and the mask are; fractions multiply [I]."""
    others = partners(image, new)
    if any(band.type.dimensions for band in others):
        raise ServiceError("The mask must be numbers, not arrays; arrayMask takes arrays.")
    node = Pointwise(
        (
            Recipe((band, partner), _reduced_mask)
            for band, partner in zip(image.bands, others, strict=True)
        ),
        arrays=True,
    )
    return image.with_bands(
        derived(band.id, band.type, (band,), node, i) for i, band in enumerate(image.bands)
    )


def _reduced_mask(plane: Plane, new: Plane) -> Plane:
    return plane._replace(mask=both(plane.mask, _opacity(new)), zeroed=False)


@algorithm("Image.unmask")
def unmask(image: Image, value: Image | None, same_footprint: bool) -> Image:
    """Masked pixels take the value; the type grows to hold it.

    With `same_footprint`, pixels outside of the image's extent stay masked.

    Raises:
        ServiceError: pixels are arrays and the value is a number, or the other way round.
    """
    fill = constant_image(0) if value is None else value
    others = partners(image, fill)
    recipes, bands = [], []
    for band, partner in zip(image.bands, others, strict=True):
        kind = joint_type((band.type, partner.type))
        cover = _cover(band) if same_footprint else ()
        recipes.append(Recipe((band, partner, *cover), _filled(kind.dtype)))
        bands.append((band, partner, kind))
    node = Pointwise(recipes, arrays=True)
    made = []
    for i, (band, partner, kind) in enumerate(bands):
        filled = derived(band.id, kind, (band,), node, i)
        if not same_footprint:
            extent = united([band.extent, partner.extent])
            filled = replace(filled, extent=extent)
        made.append(filled)
    return image.with_bands(made)


def _filled(dtype: np.dtype[Any]) -> Any:
    def run(plane: Plane, fill: Plane, cover: Plane | None = None) -> Plane:
        if plane.mask is None:
            return Plane(plane.values.astype(dtype, copy=False), None, lengths=plane.lengths)
        shown = valid(plane.mask)
        values, lengths = overlaid(shown, plane, fill, dtype)
        beneath = both(fill.mask, None if cover is None else cover.mask)
        whole: Mask | None
        if beneath is None:
            whole = (
                None if plane.mask.dtype == np.bool_ else np.where(shown, plane.mask, np.float32(1))
            )
        else:
            whole = np.where(shown, plane.mask, beneath)
        return Plane(values, whole, lengths=lengths)

    return run


@algorithm("Image.clip")
def clip(image: Image, geometry: Any) -> Image:
    """The image within a geometry, or an element's.

    Its bands tell which pixels are left, and its footprint is the geometry, or where that meets
    the footprint [I]: of nothing, where they do not meet.

    Raises:
        ServiceError: it is no geometry.
    """
    area = geometry_of(parse_geometry(geometry) if isinstance(geometry, dict) else geometry)
    if area is None:
        raise ServiceError("Parameter 'geometry' must be a Geometry or have one.")
    inside = inside_band(area)
    node = Pointwise((Recipe((band, inside), _within) for band in image.bands), arrays=True)
    clipped = image.with_bands(
        replace(band, node=node, index=i, window=clipped_window(band, area))
        for i, band in enumerate(image.bands)
    )
    if image.footprint is not None and not lies_inside(area, image.footprint):
        area = combined(area, image.footprint, shapely.intersection)
    return replace(clipped, footprint=area)


@algorithm("Image.clipToCollection")
def clip_to_collection(image: Image, collection: Any) -> Image:
    """The image within the geometries of a collection's features; metadata stays [S].

    Raises:
        ServiceError: it is no collection.
    """
    if not isinstance(collection, Collection):
        raise ServiceError("Parameter 'collection' must be a FeatureCollection.")
    return clip(image, collection.geometry)


def _within(plane: Plane, inside: Plane) -> Plane:
    return plane._replace(mask=both(plane.mask, inside.mask), zeroed=False)
