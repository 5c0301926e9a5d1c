"""Assets: images with bands on their own grids, and collections of images.

Everything here is metadata except `ImageAsset.sample`, the one door to pixels. A catalogue
answers by asset id (`COPERNICUS/S2_SR_HARMONIZED/2024…`), without a `projects/` prefix.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from eemulator.values.element import Element

Precision = Literal["int", "float", "double"]


@dataclass(frozen=True, slots=True)
class Grid:
    """A lattice of pixels in a CRS.

    Attributes:
        crs: a code as Earth Engine spells it (`EPSG:32738`), or WKT.
        transform: `(xScale, xShear, xTranslate, yShear, yScale, yTranslate)`: pixel corner
            (column, row) to CRS coordinates, x being easting or longitude always.
        width: columns, in pixels.
        height: rows, in pixels.
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Band:
    """One band of a stored image.

    Attributes:
        id: its name.
        dtype: the NumPy dtype of its values.
        grid: its own native grid.
        pyramiding: how overviews are made (`MEAN`, `SAMPLE`, `MODE`).
    """

    id: str
    dtype: np.dtype[Any]
    grid: Grid
    pyramiding: str = "MEAN"


class Sampler(Protocol):
    """Where the pixels of an image come from."""

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """Native pixels at given positions.

        Args:
            bands: names of bands that share one grid.
            rows: row indices within that grid, broadcastable with `cols`: `(h, 1)` with
                `(1, w)` for an axis-aligned window, or both `(h, w)`.
            cols: column indices within that grid.

        Returns:
            For each band, values (of the band's dtype) and validity (True = valid, or the part
            that is, as float32), both of the broadcast shape `(h, w)`. Values under an invalid
            pixel are 0.
        """


@dataclass(frozen=True)
class ImageAsset:
    """A stored image.

    Attributes:
        id: asset id.
        bands: in order.
        properties: Earth Engine's properties: `system:index`, `system:time_start` and
            `system:time_end` (integer milliseconds since 1970, UTC), the sensor's own.
        footprint: where the image has data, in longitude and latitude (WGS 84).
        sample: the door to the pixels.
        version: the asset's version, as in `getInfo` (microseconds).
        afar: of pixels that are worked out when they are read, which takes a hundred times as long
            as to copy them: given the side of a coarse pixel in native ones, the door to pixels as
            good as the means of some of them need. None where pixels are stored.
    """

    id: str
    bands: tuple[Band, ...]
    properties: Mapping[str, Any]
    footprint: BaseGeometry | None
    sample: Sampler = field(repr=False)
    version: int = 1_700_000_000_000_000
    afar: Callable[[int], Sampler] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class CollectionAsset:
    """An image collection.

    Attributes:
        id: asset id.
        images: its images, in order of `system:index`; may be made on access.
        properties: of the collection itself.
        version: as an image's.
    """

    id: str
    images: Sequence[ImageAsset]
    properties: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1_700_000_000_000_000


@dataclass(frozen=True)
class TableAsset:
    """A stored table.

    Attributes:
        id: asset id.
        features: its rows.
        properties: of the table itself.
        version: as an image's.
    """

    id: str
    features: Sequence[Element] = field(repr=False)
    properties: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1_700_000_000_000_000


@dataclass(frozen=True)
class Folder:
    """A place for assets.

    Attributes:
        id: asset id.
        properties: of the folder itself.
        version: as an image's.
    """

    id: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1_700_000_000_000_000


Asset = ImageAsset | CollectionAsset | TableAsset | Folder

TYPES: dict[type[Asset], str] = {
    ImageAsset: "IMAGE",
    CollectionAsset: "IMAGE_COLLECTION",
    TableAsset: "TABLE",
    Folder: "FOLDER",
}
"""What the service calls them."""


@runtime_checkable
class NamedImages(Protocol):
    """A sequence of images that knows which is where."""

    def named(self, name: str) -> ImageAsset | None:
        """The image of a `system:index`, or None."""


class Catalog:
    """Assets by id.

    Args:
        assets: images and tables that stand alone, and collections.
    """

    def __init__(self, assets: Iterable[Asset]) -> None:
        self._roots: dict[str, Asset] = {a.id: a for a in assets}
        self._members: dict[str, NamedImages] = {}

    def __iter__(self) -> Iterator[Asset]:
        return iter(self._roots.values())

    def get(self, asset_id: str) -> Asset | None:
        """The asset of that id, or None where there is none."""
        if (root := self._roots.get(asset_id)) is not None:
            return root
        parent_id, _, index = asset_id.rpartition("/")
        parent = self._roots.get(parent_id)
        if not isinstance(parent, CollectionAsset):
            return None
        if parent_id not in self._members:
            images = parent.images
            self._members[parent_id] = (
                images if isinstance(images, NamedImages) else _ByName(images)
            )
        return self._members[parent_id].named(index)


class _ByName:
    """Images that are there already, by name."""

    def __init__(self, images: Iterable[ImageAsset]) -> None:
        self._images = {image.id.rpartition("/")[2]: image for image in images}

    def named(self, name: str) -> ImageAsset | None:
        """The image of a `system:index`, or None."""
        return self._images.get(name)
