"""Images put together by what they show: conditions, overlays, the best of a collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..limits import too_many_elements
from ..pixels.clip import painted_band
from ..pixels.composite import Best
from ..pixels.coverage import united
from ..pixels.node import Plane, both, valid
from ..pixels.overlay import overlaid
from ..pixels.pointwise import Pointwise, Recipe
from ..values.image import Image, ImageBand
from ..values.pixel_type import PixelType, union_of
from .image_collections import composite_bands, footprint_of, images_of
from .image_mask import partners, update_mask
from .image_math import derived, joint_type, paired

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..expression.evaluate import Session
    from ..pixels.node import Mask
    from ..values.collection import Collection
    from ..values.element import Element


@algorithm("Image.where")
def where(image: Image, test: Image, value: Image) -> Image:
    """The value where the test is not 0; the input where it is, or where either is masked.

    What is masked stays so. The type is the larger of both; metadata and footprint stay [S].

    Raises:
        ServiceError: pixels of the test are arrays, or those of one of the others only.
    """
    _require_numbers(test)
    recipes, kinds = [], []
    for band, condition, other in zip(
        image.bands, partners(image, test), partners(image, value), strict=True
    ):
        kind = joint_type((band.type, other.type))
        kinds.append(kind)
        recipes.append(Recipe((band, condition, other), _replaced(kind.dtype)))
    node = Pointwise(recipes, arrays=True)
    return image.with_bands(
        derived(band.id, kind, (band,), node, i)
        for i, (band, kind) in enumerate(zip(image.bands, kinds, strict=True))
    )


def _require_numbers(test: Image) -> None:
    if any(band.type.dimensions for band in test.bands):
        raise ServiceError("The test must be numbers, not arrays.")


def _replaced(dtype: np.dtype[Any]) -> Callable[[Plane, Plane, Plane], Plane]:
    def run(plane: Plane, test: Plane, value: Plane) -> Plane:
        chosen = test.values != 0
        for mask in (test.mask, value.mask):
            if mask is not None:
                chosen &= valid(mask)
        values, lengths = overlaid(chosen, value, plane, dtype)
        return Plane(values, plane.mask, lengths=lengths)

    return run


def chosen(condition: Image, yes: Image, no: Image) -> Image:
    """One of two images at each pixel; masked where the condition or the image chosen is [M].

    Raises:
        ServiceError: pixels of one image are arrays, or those of the condition.
    """
    _require_numbers(condition)
    pairs = paired(yes, no)
    recipes, made = [], []
    wide = Image.of(band.renamed(name) for name, band, _ in pairs)
    for (name, a, b), test in zip(pairs, partners(wide, condition), strict=True):
        kind = joint_type((a.type, b.type))
        recipes.append(Recipe((test, a, b), _one_of(kind.dtype)))
        made.append((name, kind, (test, a, b)))
    node = Pointwise(recipes, arrays=True)
    subject = next((i for i in (condition, yes, no) if i.footprint is not None), condition)
    return subject.computed(
        derived(name, kind, sources, node, i) for i, (name, kind, sources) in enumerate(made)
    )


def _one_of(dtype: np.dtype[Any]) -> Callable[[Plane, Plane, Plane], Plane]:
    def run(test: Plane, yes: Plane, no: Plane) -> Plane:
        truth = test.values != 0
        values, lengths = overlaid(truth, yes, no, dtype)
        if yes.mask is None and no.mask is None:
            return Plane(values, test.mask, lengths=lengths)
        masks = (np.True_ if plane.mask is None else plane.mask for plane in (yes, no))
        return Plane(values, both(test.mask, np.where(truth, *masks)), lengths=lengths)

    return run


@algorithm("Image.selfMask")
def self_mask(image: Image) -> Image:
    """Masked wherever it is 0."""
    return update_mask(image, image)


@algorithm("Image.blend")
def blend(bottom: Image, top: Image) -> Image:
    """One image over another, masks as opacity.

    Fractions mix the values and add up as layers of paint do [I]. The result has the wider of
    both types, the names of the image with more bands and no fixed projection [M].

    Raises:
        ServiceError: both have several bands, and not as many.
    """
    count = max(len(bottom.bands), len(top.bands))
    lower, upper = (
        list(image.bands) * (count if len(image.bands) == 1 else 1) for image in (bottom, top)
    )
    if len(lower) != len(upper):
        raise ServiceError(
            f"The images must have as many bands, or one of them one; got {len(lower)} and "
            f"{len(upper)}."
        )
    names = (bottom if len(bottom.bands) == count else top).names
    kinds = [union_of((a.type, b.type)) for a, b in zip(lower, upper, strict=True)]
    node = Pointwise(
        Recipe((a, b), _overlaid(kind.dtype))
        for a, b, kind in zip(lower, upper, kinds, strict=True)
    )
    return Image.of(
        (
            ImageBand(name, kind.without_range(), node, i, extent=united([a.extent, b.extent]))
            for i, (name, kind, a, b) in enumerate(zip(names, kinds, lower, upper, strict=True))
        ),
        footprint=footprint_of([bottom, top]),
    )


def _overlaid(dtype: np.dtype[Any]) -> Callable[[Plane, Plane], Plane]:
    def run(below: Plane, above: Plane) -> Plane:
        if above.mask is None:
            return Plane(above.values.astype(dtype, copy=False), None)
        if above.mask.dtype == np.bool_:
            values = np.where(above.mask, above.values, below.values).astype(dtype, copy=False)
            return Plane(values, _either(above.mask, below.mask))
        over = above.mask
        under = (1 - over) * (np.float32(1) if below.mask is None else below.mask)
        whole: Mask = (over + under).astype(np.float32)
        share = over / np.where(whole > 0, whole, 1)
        mixed = above.values * share + below.values * (1 - share)
        return Plane(_rounded(mixed, dtype), whole)

    return run


def _either(above: Mask, below: Mask | None) -> Mask | None:
    if below is None:
        return None
    return np.where(above, np.ones((), below.dtype), below)


def _rounded(values: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    return (np.rint(values) if dtype.kind in "iu" else values).astype(dtype, copy=False)


@algorithm("ImageCollection.qualityMosaic")
def quality_mosaic(collection: Collection, name: str) -> Image:
    """All bands of the image whose quality is highest, pixel by pixel.

    Where the quality is masked, an image is not considered. Of equal qualities the first counts
    [M]. Bands are those of the first image.

    Raises:
        ServiceError: an image lacks a band.
    """
    images = images_of(collection)
    names = images[0].names if images else []
    layers = [image.named(names) for image in images]
    qualities = [image.named([name])[0] for image in images]
    kinds = [union_of(band.type for band in column) for column in zip(*layers, strict=True)]
    node = Best(qualities, layers, [kind.dtype for kind in kinds])
    return Image.of(composite_bands(names, kinds, node, layers), footprint=footprint_of(images))


# In pixels. The service's own bound is not known [M].
_WIDEST = 1_000


def _number_of(feature: Element, name: str, value: Any) -> float:
    """A number, or that of a feature's property.

    Raises:
        ServiceError: it is none.
    """
    found = feature.get(value) if isinstance(value, str) else value
    if not isinstance(found, (int, float)):
        raise ServiceError(f"Parameter '{name}' must be a number or the name of a property.")
    return found


@algorithm("Image.paint", session=True)
def paint(session: Session, image: Image, collection: Collection, color: Any, width: Any) -> Image:
    """A value in every band wherever a feature covers a pixel's centre; the last feature on top.

    With a width, wherever its outline does [S]: so many pixels of the grid asked for, half on
    either side of the line [M]. The type grows to hold what is painted [M]. Painted pixels are
    valid.

    Args:
        session: its limits bound the number of features.
        image: what to paint on.
        collection: features; those without a place are left out.
        color: a number, or the name of a numeric property.
        width: of outlines, a number or the name of a numeric property; None to fill.

    Raises:
        ServiceError: too many features, or a color or a width that is no number.
    """
    features = collection.first(session.limits.elements + 1)
    if len(features) > session.limits.elements:
        raise too_many_elements(session.limits.elements)
    areas, values, widths = [], [], []
    for feature in features:
        value = _number_of(feature, "color", color)
        stroke = None if width is None else _number_of(feature, "width", width)
        if stroke is not None and not 0 <= stroke <= _WIDEST:
            raise ServiceError(f"A line must be 0 to {_WIDEST} pixels wide, got {stroke}.")
        if feature.geometry is not None:
            areas.append(feature.geometry.filled)
            values.append(value)
            widths.append(stroke or 0)
    painted = union_of(
        PixelType.of_constant(int(v) if isinstance(v, bool) else v) for v in values or [0]
    ).without_range()
    over = painted_band(areas, values, painted, None if width is None else widths)
    recipes, kinds = [], []
    for band in image.bands:
        kind = band.type.union(painted)
        kinds.append(kind)
        recipes.append(Recipe((band, over), _overlaid(kind.dtype)))
    node = Pointwise(recipes)
    return image.with_bands(
        derived(band.id, kind, (band,), node, i)
        for i, (band, kind) in enumerate(zip(image.bands, kinds, strict=True))
    )
