"""Which bands an image has: load, select, rename, add."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..catalog.model import ImageAsset
from ..errors import ServiceError
from ..expression.registry import algorithm
from ..limits import asset_not_found, no_such_band
from ..names import asset_id
from ..pixels.constant import constant_array, constant_image
from ..pixels.stored import stored_image
from ..values.array import Array
from ..values.image import Image, ImageBand, unique_names
from ..values.patterns import pattern_of

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.pixel_type import PixelType

_NAME = re.compile(r"[A-Za-z0-9_\-]+")


@algorithm("Image.load", session=True)
def load(session: Session, name: str, version: int) -> Image:
    """A stored image."""
    asset = session.catalog.get(asset_id(name))
    if asset is None:
        raise asset_not_found("Image", name)
    if not isinstance(asset, ImageAsset):
        raise ServiceError(f"Asset '{name}' is not an Image.")
    if version not in (-1, asset.version):
        raise asset_not_found("Image", name)
    return stored_image(asset, session.pyramids, session.deadline)


@algorithm("Image.constant")
def constant(value: Any) -> Image:
    """A number, a list of them, or an array, everywhere."""
    if isinstance(value, Array):
        return constant_array(value)
    if isinstance(value, (int, float)):
        return constant_image(value)
    if isinstance(value, list) and value and all(isinstance(v, (int, float)) for v in value):
        return constant_image(value)
    raise ServiceError("Parameter 'value' must be a number or a list of numbers.")


@algorithm("Image.bandNames")
def band_names(image: Image) -> list[str]:
    """Names of the bands."""
    return image.names


@algorithm("Image.select")
def select(image: Image, selectors: list[Any], names: list[str] | None) -> Image:
    """Bands by name, regular expression or position."""
    chosen = [band for selector in selectors for band in _matches(image, selector)]
    if names is not None:
        if len(names) != len(chosen):
            raise ServiceError(
                f"The number of new names ({len(names)}) must match the number of bands "
                f"selected ({len(chosen)})."
            )
        chosen = _renamed(chosen, names)
    return image.with_bands(unique_names(chosen))


@algorithm("Image.slice")
def slice_(image: Image, start: int, end: int | None) -> Image:
    """Bands from one position to before another; negative ones count from the end."""
    return image.with_bands(image.bands[start:end])


def _matches(image: Image, selector: Any) -> list[ImageBand]:
    if isinstance(selector, str):
        exact = [band for band in image.bands if band.id == selector]
        if exact or _NAME.fullmatch(selector):
            found = exact
        else:
            pattern = pattern_of(selector)
            found = [band for band in image.bands if pattern.fits(band.id)]
        if not found:
            raise no_such_band(selector, image.names)
        return found
    if isinstance(selector, (int, float)) and float(selector).is_integer():
        position = int(selector)
        count = len(image.bands)
        if not -count <= position < count:
            raise ServiceError(
                f"Band index {position} is out of range for an image of {count} bands."
            )
        return [image.bands[position]]
    raise ServiceError(f"Band selectors must be strings or integers, got {selector!r}.")


def _renamed(bands: list[ImageBand], names: list[str]) -> list[ImageBand]:
    return [band.renamed(name) for band, name in zip(bands, names, strict=True)]


@algorithm("Image.rename")
def rename(image: Image, names: list[str]) -> Image:
    """Other names, all of them."""
    if len(names) != len(image.bands):
        raise ServiceError(
            f"The number of names ({len(names)}) must match the number of bands "
            f"({len(image.bands)})."
        )
    if len(set(names)) != len(names):
        raise ServiceError("Band names must be unique.")
    return image.with_bands(_renamed(list(image.bands), names))


@algorithm("Image.addBands")
def add_bands(image: Image, source: Image, names: list[str] | None, overwrite: bool) -> Image:
    """Bands of both; equal names are overwritten or numbered."""
    added = list(source.bands) if names is None else source.named(names)
    if not overwrite:
        return image.with_bands(unique_names([*image.bands, *added]))
    replaced = {band.id: band for band in added}
    kept = [replaced.pop(band.id, band) for band in image.bands]
    return image.with_bands([*kept, *replaced.values()])


@algorithm("Image.cat")
def cat(images: list[Any]) -> Image:
    """Bands of all, equal names numbered; the metadata is the first one's [S].

    Raises:
        ServiceError: one is no image.
    """
    made = [constant(item) if isinstance(item, (int, float)) else item for item in images]
    if not made or not all(isinstance(item, Image) for item in made):
        raise ServiceError("Parameter 'images' must be a list of images.")
    return made[0].with_bands(unique_names([band for image in made for band in image.bands]))


@algorithm("Image.metadata")
def metadata(image: Image, key: str, name: str | None) -> Image:
    """A numeric property as a constant band of doubles [S].

    Raises:
        ServiceError: it is missing, or no number.
    """
    value = image.get(key)
    if not isinstance(value, (int, float)):
        raise ServiceError(f"The image has no numeric property '{key}'.")
    made = constant_image(float(value))
    return made.with_bands([made.bands[0].renamed(key if name is None else name)])


@algorithm("Image.bandTypes")
def band_types(image: Image) -> dict[str, PixelType]:
    """The pixel type of each band."""
    return {band.id: band.type for band in image.bands}


@algorithm("Image.regexpRename")
def regexp_rename(image: Image, pattern: str, replacement: str, every: bool) -> Image:
    """Band names with the matches of a pattern replaced; `$1` stands for a group.

    Raises:
        ServiceError: two bands would have one name.
    """
    found = pattern_of(pattern)
    return rename(
        image, [found.replaced(name, replacement, once=not every) for name in image.names]
    )
