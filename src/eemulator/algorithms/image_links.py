"""Images linked to those of another collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.constant import constant_image
from ..values.image import Image
from .image_bands import add_bands, select
from .image_cast import cast_by_name
from .image_collections import images_of
from .image_mask import update_mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..values.collection import Collection
    from ..values.element import Element


@algorithm("Image.linkCollection")
def link_collection(
    image: Image, source: Collection, bands: Any, properties: Any, match: str
) -> Image:
    """Bands and properties of the image of a collection that has the same property.

    Without one, the bands are wholly masked [S], and the properties are removed. Their types are
    those of the collection's first image; of an empty one nothing is known but zeros [I].
    """
    value = image.get(match)
    wanted = _names(bands)
    found = None
    if value is not None:
        found = next((other for other in source if other.get(match) == value), None)
    if wanted:
        linked = next(iter(source), None) if found is None else found
        if linked is None:
            added = _unknown(wanted)
        elif not isinstance(linked, Image):
            raise ServiceError("The collection must hold images.")
        else:
            added = select(linked, wanted, None)
        if found is None:
            added = update_mask(added, constant_image(0))
        image = add_bands(image, added, None, overwrite=True)
    for name in _names(properties):
        image = image.with_property(name, None if found is None else found.get(name))
    return image


def _unknown(names: list[str]) -> Image:
    """Bands of zeros."""
    zero = constant_image(0).bands[0]
    return Image.of(zero.renamed(name) for name in names)


def _names(given: Any) -> list[str]:
    names = [given] if isinstance(given, str) else given or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ServiceError("Linked bands and properties must be names or lists of names.")
    return names


@algorithm("ImageCollection.combine")
def combine(primary: Collection, secondary: Collection, overwrite: bool) -> Collection:
    """The images that the other collection has too, by index, with the bands of both."""

    def elements() -> Iterator[Element]:
        others = {image.index: image for image in images_of(secondary)}
        for image in images_of(primary):
            other = others.get(image.index)
            if other is not None:
                yield add_bands(image, other, None, overwrite)

    return primary.derived(elements)


@algorithm("ImageCollection.cast")
def cast_collection(collection: Collection, types: dict[str, Any], order: list[str]) -> Collection:
    """Some bands of each image in other types, in an order."""

    def elements() -> Iterator[Element]:
        return (cast_by_name(image, types, order) for image in images_of(collection))

    return collection.derived(elements, collection.count)


@algorithm("Image.retile")
def retile(image: Image, size: int) -> Image:
    """The same: the emulator's own strips are small enough.

    Raises:
        ServiceError: the size is none of those allowed.
    """
    if not 1 <= size <= 32_768:
        raise ServiceError(f"The tile size must be 1 to 32768, got {size}.")
    return image
