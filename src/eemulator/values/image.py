"""Images: bands, each with a type, a grid and a place where its pixels come from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..limits import no_such_band
from .element import Element
from .geometry import Geometry
from .projection import WGS84, Projection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..catalog.model import Grid
    from ..pixels.node import PixelNode
    from .pixel_type import PixelType


Window = tuple[int, int, int, int]
"""Pixels of a lattice: `(left, top, right, bottom)`."""

_OWN = {"system:id", "system:version", "system:footprint", "system:band_names"}
"""Properties that say what an `Image` is."""


@dataclass(frozen=True, eq=False, slots=True)
class ImageBand:
    """One band: what it is, and which output of which node gives its pixels.

    Attributes:
        id: its name.
        type: of its pixels.
        node: computes the pixels.
        index: which of the node's outputs.
        projection: its default projection; `WGS84` (1° pixels) where it has no fixed one.
        dimensions: `(width, height)` in pixels of that projection, where it is bounded.
        extent: lattices outside of which the band is masked; None where it is unbounded.
        window: `(left, top, right, bottom)`, the pixels of that projection that a clip left, where
            there was one.
    """

    id: str
    type: PixelType
    node: PixelNode
    index: int
    projection: Projection = WGS84
    dimensions: tuple[int, int] | None = None
    extent: tuple[Grid, ...] | None = None
    window: Window | None = None

    @property
    def bounds(self) -> Window | None:
        """Where it may have pixels: `(left, top, right, bottom)` in those of its projection."""
        if self.window is None and self.dimensions is not None:
            return 0, 0, *self.dimensions
        return self.window

    @property
    def is_fixed(self) -> bool:
        """Whether it has a projection of its own: constants and composites have not."""
        return self.projection != WGS84 or self.dimensions is not None

    def renamed(self, name: str) -> ImageBand:
        """The same pixels under another name."""
        return self if name == self.id else replace(self, id=name)

    def json(self) -> dict[str, Any]:
        """As in `getInfo`; only a band that was clipped has an origin [S]."""
        described: dict[str, Any] = {"id": self.id, "data_type": self.type.json()}
        if self.bounds is not None:
            left, top, right, bottom = self.bounds
            described["dimensions"] = [right - left, bottom - top]
            if (left, top) != (0, 0):
                described["origin"] = [left, top]
        crs = self.projection.crs_json()
        described |= {"crs" if key == "crs" else "crs_wkt": value for key, value in crs.items()}
        described["crs_transform"] = list(self.projection.transform)
        return described


@dataclass(frozen=True, eq=False)
class Image(Element):
    """A stack of bands with properties; metadata only, pixels are pulled by a `Reader`.

    Attributes:
        make_bands: gives the bands, when they are first asked for: most images of a collection
            are only looked at for their properties.
        properties: without those that are fields of their own.
        asset_id: of a stored image, or one that kept its identity.
        version: of that asset.
        footprint: where it has data; None for everywhere.
    """

    make_bands: Callable[[], tuple[ImageBand, ...]] = field(repr=False)
    properties: Mapping[str, Any] = field(default_factory=dict)
    asset_id: str | None = None
    version: int | None = None
    footprint: Geometry | None = None

    type_name = "Image"

    @staticmethod
    def of(bands: Iterable[ImageBand], **metadata: Any) -> Image:
        """An image of given bands."""
        made = tuple(bands)
        return Image(lambda: made, **metadata)

    @cached_property
    def bands(self) -> tuple[ImageBand, ...]:
        """The bands, in order."""
        return self.make_bands()

    @property
    def names(self) -> list[str]:
        """The bands' names, in order."""
        return [band.id for band in self.bands]

    def with_bands(self, bands: Iterable[ImageBand]) -> Image:
        """The same identity and properties over other bands."""
        made = tuple(bands)
        return replace(self, make_bands=lambda: made)

    def with_properties(self, properties: Mapping[str, Any]) -> Image:
        """The same bands with other properties; the system's own say what the image is [I].

        eemont looks for `system:id` in what it copied all properties to.
        """
        if _OWN.isdisjoint(properties):
            return replace(self, properties=properties)
        other = {name: v for name, v in properties.items() if name != "system:band_names"}
        asset_id = other.pop("system:id", self.asset_id)
        version = other.pop("system:version", self.version)
        footprint = other.pop("system:footprint", self.footprint)
        return replace(
            self,
            properties=other,
            asset_id=asset_id if isinstance(asset_id, str) else self.asset_id,
            version=version if isinstance(version, int) else self.version,
            footprint=footprint if isinstance(footprint, Geometry) else self.footprint,
        )

    def computed(self, bands: Iterable[ImageBand]) -> Image:
        """What arithmetic leaves of the metadata: the index and the footprint [M]."""
        index = self.properties.get("system:index")
        kept = {} if index is None else {"system:index": index}
        return Image.of(bands, properties=kept, footprint=self.footprint)

    def named(self, names: Sequence[str]) -> list[ImageBand]:
        """Bands by their exact names.

        Raises:
            ServiceError: there is no such band.
        """
        known = {band.id: band for band in self.bands}
        for name in names:
            if name not in known:
                raise no_such_band(name, self.names)
        return [known[name] for name in names]

    def get(self, name: str) -> Any:
        """A property, or None."""
        if name == "system:footprint":
            return self.footprint
        if name == "system:id":
            return self.asset_id
        if name == "system:version":
            return self.version
        if name == "system:band_names":
            return self.names
        return self.properties.get(name)

    @property
    def geometry(self) -> Geometry | None:
        """Its footprint."""
        return self.footprint


def unique_names(bands: Iterable[ImageBand]) -> list[ImageBand]:
    """Number repeated names: `a`, `a_1`, `a_2`."""
    taken: set[str] = set()
    result = []
    for band in bands:
        name, count = band.id, 0
        while name in taken:
            count += 1
            name = f"{band.id}_{count}"
        taken.add(name)
        result.append(band.renamed(name))
    return result


def require_bands(image: Image) -> ImageBand:
    """The first band.

    Raises:
        ServiceError: there is none.
    """
    if not image.bands:
        raise ServiceError("Image has no bands.")
    return image.bands[0]
