"""Collections of images, and what they are composed into."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..catalog.lazy import LazyImages
from ..catalog.model import CollectionAsset
from ..errors import ServiceError
from ..expression.registry import algorithm
from ..limits import asset_not_found
from ..names import asset_id
from ..pixels.composite import Mosaic, Stack
from ..pixels.coverage import united
from ..pixels.stored import stored_image
from ..values.collection import Collection
from ..values.image import Image, ImageBand, unique_names
from ..values.pixel_type import union_of
from ..values.reducer import SIMPLE
from .collections import joined
from .image_math import joint_type, on_grid_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..expression.evaluate import Session
    from ..pixels.node import PixelNode
    from ..values.element import Element
    from ..values.geometry import Geometry
    from ..values.pixel_type import PixelType
    from ..values.reducer import Reducer
    from ..values.time import DateRange

_MOST_TO_BANDS = 5_000


@algorithm("ImageCollection.load", session=True, ignores=["version"])
def load(session: Session, name: str) -> Collection:
    """A stored collection; its images are made as they are looked at."""
    asset = session.catalog.get(asset_id(name))
    if asset is None:
        raise asset_not_found("ImageCollection", name)
    if not isinstance(asset, CollectionAsset):
        raise ServiceError(f"Asset '{name}' is not an ImageCollection.")
    return _part(session, asset, range(len(asset.images)))


def _part(session: Session, asset: CollectionAsset, positions: range) -> Collection:
    """The images at some positions of a stored collection."""
    images = asset.images

    def elements() -> Iterator[Element]:
        all_of_them = len(positions) == len(images)
        found = images if all_of_them else (images[position] for position in positions)
        return (stored_image(image, session.pyramids, session.deadline) for image in found)

    def starting(times: DateRange) -> Collection:
        if dated is None:
            return part
        known = dated(times.start, times.end)
        both = range(max(known.start, positions.start), min(known.stop, positions.stop))
        return _part(session, asset, both)

    dated = images.starting if isinstance(images, LazyImages) else None
    empty = Collection((), asset.properties, asset.id, of_images=True)
    part = replace(empty.derived(elements, len(positions)), starting=starting)
    return part


@algorithm("ImageCollection.fromImages")
def from_images(images: list[Any]) -> Collection:
    """A collection of given images; those without an index are numbered."""
    made = []
    for item in images:
        if not isinstance(item, Image):
            raise ServiceError("Parameter 'images' must be a list of images.")
        made.append(item)
    return Collection.of(made, of_images=True)


@algorithm("ImageCollection.merge")
def merge(one: Collection, other: Collection) -> Collection:
    """Both, indices prefixed `1_` and `2_`."""
    return joined(one, other)


def images_of(collection: Collection) -> list[Image]:
    """The elements, all of them images.

    Raises:
        ServiceError: one is not.
    """
    images = []
    for element in collection:
        if not isinstance(element, Image):
            raise ServiceError("The collection must hold images.")
        images.append(element)
    return images


def footprint_of(images: Sequence[Image]) -> Geometry | None:
    """The union of footprints; None, everywhere, as soon as one is."""
    if any(image.footprint is None for image in images) or not images:
        return None
    return Collection(images).geometry


@algorithm("ImageCollection.mosaic")
def mosaic(collection: Collection) -> Image:
    """The last on top; bands are those of the first image, the projection is none [M].

    Raises:
        ServiceError: pixels of a band are numbers in one image and arrays in another.
    """
    images = images_of(collection)
    names = images[0].names if images else []
    layers: list[list[ImageBand | None]] = []
    for image in images:
        known = {band.id: band for band in image.bands}
        layers.append([known.get(name) for name in names])
    kinds = [
        joint_type(band.type for layer in layers if (band := layer[i]) is not None)
        for i in range(len(names))
    ]
    node = Mosaic(layers, kinds)
    return Image.of(composite_bands(names, kinds, node, layers), footprint=footprint_of(images))


def composite_bands(
    names: Sequence[str],
    kinds: Sequence[PixelType],
    node: PixelNode,
    layers: Sequence[Sequence[ImageBand | None]],
) -> Iterator[ImageBand]:
    """Bands without a projection, as far as the images reach."""
    for i, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        extent = united([band.extent for layer in layers if (band := layer[i]) is not None])
        yield ImageBand(name, kind, node, i, extent=extent)


@algorithm("ImageCollection.toBands")
def to_bands(collection: Collection) -> Image:
    """All bands of all images, named `{index}_{band}`; each keeps its projection.

    Raises:
        ServiceError: too many.
    """
    images = images_of(collection)
    bands = [
        band.renamed(f"{position if image.index is None else image.index}_{band.id}")
        for position, image in enumerate(images)
        for band in image.bands
    ]
    if len(bands) > _MOST_TO_BANDS:
        raise ServiceError(f"Too many bands: {len(bands)}, at most {_MOST_TO_BANDS}.")
    return Image.of(unique_names(bands), footprint=footprint_of(images))


def reduced(collection: Collection, reducer: Reducer, keep_names: bool) -> Image:
    """A statistic through the stack of each band of the first image.

    Args:
        collection: images that all have those bands.
        reducer: has one input, or as many as there are bands.
        keep_names: whether bands keep their names, or get those of the outputs appended.

    Raises:
        ServiceError: the reducer has no form for pixels or other inputs, or a band is missing.
    """
    images = images_of(collection)
    names = images[0].names if images else []
    reducer.require_stack(inputs=len(names))
    stacks = [image.named(names) for image in images]
    # One stack a band; or one of all bands, image by image, for a reducer of that many inputs.
    groups = [[i] for i in range(len(names))] if reducer.inputs == 1 else [list(range(len(names)))]
    columns = [[layer[i] for layer in stacks for i in group] for group in groups]
    outputs, result_names, kinds, first_bands = [], [], [], []
    for number, (group, column) in enumerate(zip(groups, columns, strict=True)):
        source = union_of(band.type for band in column)
        for output, statistic, rule in zip(
            reducer.outputs, reducer.statistics, reducer.rules, strict=True
        ):
            kind = rule(source, len(images))
            outputs.append((number, statistic, kind.dtype))
            kinds.append(kind)
            first_bands.append(group[0])
            own = names[group[0]] if keep_names else f"{names[group[0]]}_{output}"
            result_names.append(own if reducer.inputs == 1 else output)
    node = Stack(columns, outputs)
    layers = [[layer[i] for i in first_bands] for layer in stacks]
    bands = composite_bands(result_names, kinds, node, layers)
    return Image.of(bands, footprint=footprint_of(images))


@algorithm("ImageCollection.reduce", ignores=["parallelScale"])
def reduce_collection(collection: Collection, reducer: Reducer) -> Image:
    """Any reducer through the stack."""
    return reduced(collection, reducer, keep_names=False)


def _register(name: str, reducer: Reducer) -> None:
    @algorithm(f"reduce.{name}")
    def run(collection: Collection) -> Image:
        return reduced(collection, reducer, keep_names=True)


for _name in ("min", "max", "count", "sum", "product", "mean", "median", "mode"):
    _register(_name, SIMPLE[_name])
_register("and", SIMPLE["allNonZero"])
_register("or", SIMPLE["anyNonZero"])


@algorithm("Image.reduce")
def reduce_bands(image: Image, reducer: Reducer) -> Image:
    """A statistic across the bands, pixel by pixel; bands are named after the outputs."""
    reducer.require_stack()
    if not image.bands:
        raise ServiceError("Image has no bands.")
    source = union_of(band.type for band in image.bands)
    kinds = [rule(source, len(image.bands)) for rule in reducer.rules]
    node = Stack(
        [image.bands],
        [(0, s, kind.dtype) for s, kind in zip(reducer.statistics, kinds, strict=True)],
    )
    first = image.bands[0]
    return image.computed(
        on_grid_of(first, name, kind, node, i)
        for i, (name, kind) in enumerate(zip(reducer.outputs, kinds, strict=True))
    )
