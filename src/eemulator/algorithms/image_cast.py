"""Casts of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.arithmetic import cast
from ..pixels.constant import Transparent
from ..pixels.pointwise import Pointwise, Recipe
from ..values.image import ImageBand
from ..values.pixel_type import TYPES, PixelType
from .image_math import derived

if TYPE_CHECKING:
    from ..pixels.node import Plane
    from ..values.image import Image


def cast_bands(image: Image, kinds: list[PixelType]) -> Image:
    """Each band in another type; the properties stay, and the dimensions of arrays."""
    kinds = [
        kind.arrayed(band.type.dimensions) for band, kind in zip(image.bands, kinds, strict=True)
    ]
    node = Pointwise(
        (
            Recipe((band,), _caster(band.type, kind))
            for band, kind in zip(image.bands, kinds, strict=True)
        ),
        arrays=True,
    )
    return image.with_bands(
        derived(band.id, kind, (band,), node, i)
        for i, (band, kind) in enumerate(zip(image.bands, kinds, strict=True))
    )


def _caster(source: PixelType, target: PixelType) -> Any:
    def run(plane: Plane) -> Plane:
        return cast(plane, source, target)._replace(lengths=plane.lengths)

    return run


def _register(name: str, kind: PixelType) -> None:
    titled = name[0].upper() + name[1:]

    @algorithm(f"Image.{name}", f"Image.to{titled}")
    def run(image: Image) -> Image:
        return cast_bands(image, [kind] * len(image.bands))


for _name, _kind in TYPES.items():
    _register(_name, _kind)


@algorithm("Image.cast")
def cast_by_name(image: Image, types: dict[str, Any], order: list[str] | None) -> Image:
    """Some bands in other types, perhaps in another order; those it lacks are added, transparent.

    Raises:
        ServiceError: there is no such type, or the order is not of all bands [S].
    """
    added = sorted(types.keys() - image.names)
    wanted_types = [_type_of(types[name]) for name in added]
    node = Transparent(wanted_types)
    transparent = [
        ImageBand(name, kind, node, i)
        for i, (name, kind) in enumerate(zip(added, wanted_types, strict=True))
    ]
    whole = image.with_bands([*image.bands, *transparent]) if added else image
    if order is not None and sorted(order) != sorted(whole.names):
        raise ServiceError(
            f"The band order must be of all bands of the result, {', '.join(whole.names)}; "
            f"got {', '.join(order)}."
        )
    chosen = whole if order is None else whole.with_bands(whole.named(order))
    return cast_bands(chosen, [_type_of(types.get(band.id, band.type)) for band in chosen.bands])


def _type_of(wanted: Any) -> PixelType:
    kind = TYPES.get(wanted) if isinstance(wanted, str) else wanted
    if not isinstance(kind, PixelType):
        raise ServiceError(f"Unknown pixel type '{wanted}'.")
    return kind
