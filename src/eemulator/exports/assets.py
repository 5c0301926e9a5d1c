"""Images and tables kept as assets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..catalog.model import Band, ImageAsset, TableAsset
from ..errors import ServiceError
from ..limits import asset_bytes_exceeded
from ..values.geometry import Feature, projected_box
from ..values.projection import Projection
from ..values.to_json import to_json
from .pixels import strips

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ..limits import Limits
    from ..pixels.request import PixelRequest
    from ..values.collection import Collection
    from ..values.image import Image
    from .operations import Watch

POLICIES = ("MEAN", "MODE", "SAMPLE", "MIN", "MAX", "MEDIAN")
"""How overviews may be made [S]."""

# What the JavaScript client sends where the user says nothing; it means the default.
_UNSPECIFIED = "PYRAMIDING_POLICY_UNSPECIFIED"


@dataclass(frozen=True)
class Pyramiding:
    """How the overviews of an exported image are made.

    Attributes:
        default: of bands that are not named [S].
        of_band: by the band's name.
    """

    default: str
    of_band: Mapping[str, str]


def parse_pyramiding(wire: Mapping[str, Any]) -> Pyramiding:
    """From the `assetExportOptions` of a request.

    Raises:
        ServiceError: there is no such policy.
    """
    default = wire.get("pyramidingPolicy") or _UNSPECIFIED
    overrides = wire.get("pyramidingPolicyOverrides") or {}
    if not isinstance(overrides, dict):
        raise ServiceError("Invalid value at 'pyramiding_policy_overrides'.")
    for policy in (default, *overrides.values()):
        if policy not in (*POLICIES, _UNSPECIFIED):
            raise ServiceError(
                f"Invalid value at 'pyramiding_policy': '{policy}'; use one of "
                f"{', '.join(POLICIES)}."
            )
    if default == _UNSPECIFIED:
        default = "MEAN"
    said = {band: policy for band, policy in overrides.items() if policy != _UNSPECIFIED}
    return Pyramiding(default, said)


@dataclass(frozen=True, eq=False)
class _Kept:
    """Pixels in memory, by band: values, 0 where they are masked, and what is valid."""

    planes: Mapping[str, tuple[NDArray[Any], NDArray[np.bool_]]]

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        return [(values[rows, cols], ok[rows, cols]) for values, ok in map(self._of, bands)]

    def _of(self, band: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        return self.planes[band]


def image_asset(
    asset_id: str,
    image: Image,
    request: PixelRequest,
    pyramiding: Pyramiding,
    most_bytes: int,
    watch: Watch,
) -> tuple[ImageAsset, int]:
    """Compute an image and keep it; masks become yes or no.

    Args:
        asset_id: what it will be called.
        image: whose properties are kept, as far as they are text, numbers or lists [M].
        request: bands and grid.
        pyramiding: how overviews are made.
        most_bytes: that it may take.
        watch: told of the progress.

    Returns:
        The asset and the bytes that it takes.

    Raises:
        ServiceError: a policy is for a band that is not there, or it takes too many bytes.
    """
    grid, bands = request.grid, request.bands
    unknown = pyramiding.of_band.keys() - {band.id for band in bands}
    if unknown:
        raise ServiceError(f"Pyramiding policy of unknown bands: {', '.join(sorted(unknown))}.")
    shape = (grid.height, grid.width)
    size = grid.width * grid.height * sum(band.type.dtype.itemsize + 1 for band in bands)
    if size > most_bytes:
        raise asset_bytes_exceeded(size, most_bytes)
    planes = {b.id: (np.zeros(shape, b.type.dtype), np.ones(shape, np.bool_)) for b in bands}
    for rows, found in strips(bands, grid, watch):
        for band, (values, valid) in zip(bands, found, strict=True):
            kept, ok = planes[band.id]
            np.copyto(kept[rows], values, where=True if valid is None else valid, casting="unsafe")
            if valid is not None:
                ok[rows] = valid
        watch.progress = rows.stop / grid.height
    box = projected_box((0, 0, *shape[::-1]), Projection(grid.crs, grid.transform))
    made = ImageAsset(
        id=asset_id,
        bands=tuple(
            Band(b.id, b.type.dtype, grid, pyramiding.of_band.get(b.id, pyramiding.default))
            for b in bands
        ),
        properties={k: v for k, v in image.properties.items() if _is_plain(v)},
        footprint=box.lonlat,
        sample=_Kept(planes),
    )
    return made, size


def table_asset(
    asset_id: str, collection: Collection, most_bytes: int, limits: Limits, watch: Watch
) -> tuple[TableAsset, int]:
    """Compute a table and keep it.

    Args:
        asset_id: what it will be called.
        collection: of features.
        most_bytes: that it may take, as JSON.
        limits: of one feature.
        watch: that is looked at between features.

    Returns:
        The asset and its bytes.

    Raises:
        ServiceError: it takes too many bytes.
    """
    features, size = [], 0
    for element in collection:
        watch.check()
        size += len(json.dumps(to_json(element, limits)))
        if size > most_bytes:
            raise asset_bytes_exceeded(size, most_bytes)
        features.append(Feature(element.geometry, element.properties))
    properties = {k: v for k, v in collection.properties.items() if _is_plain(v)}
    return TableAsset(asset_id, features, properties), size


def _is_plain(value: Any) -> bool:
    parts = value if isinstance(value, list) else [value]
    return all(isinstance(part, (str, int, float)) for part in parts)
