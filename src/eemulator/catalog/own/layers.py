"""Bands as files have them, and the images that are made of them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ServiceError
from ..model import Band, ImageAsset
from .errors import Refused
from .grids import footprint
from .windows import read_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from ..model import Grid
    from .schema import BandSpec, MaskSpec
    from .windows import Indices, Pixels, Source

_log = logging.getLogger("eemulator")


@dataclass(frozen=True, slots=True)
class Layer:
    """One band.

    Attributes:
        name: of the band.
        source: where its pixels are.
        number: of the band in it, from 0.
        dtype: of its values as they are served.
        grid: of its pixels.
        nodata: value of masked pixels; None for none.
        mask: a band of the same grid that masks it where it is 0.
        pyramiding: how overviews are made.
    """

    name: str
    source: Source
    number: int
    dtype: np.dtype[Any]
    grid: Grid
    nodata: float | None = None
    mask: Layer | None = None
    pyramiding: str = "MEAN"

    @property
    def source_dtype(self) -> np.dtype[Any]:
        """Of its values as they are stored."""
        return self.source.dtype(self.number)

    def band(self) -> Band:
        """As the catalogue describes it."""
        return Band(self.name, self.dtype, self.grid, self.pyramiding)

    def checked(self) -> Layer:
        """This band.

        Raises:
            Refused: Earth Engine has no such pixels.
        """
        if self.dtype.kind not in "iuf" or self.dtype in (np.uint64, np.float16):
            raise Refused(
                f"the band '{self.name}' is {self.dtype.name}, which Earth Engine has not: set "
                "`dtype` to a wider type, or convert the data",
                "bands",
            )
        return self


def chosen(
    layers: Sequence[Layer], specs: Sequence[BandSpec] | None, default: Mapping[str, Any]
) -> list[Layer]:
    """The bands that a catalogue names, of those that files have.

    Without `from`, names mean what the files call their bands; where they call none so, and there
    are as many names as bands, they are the names of these in order.

    Args:
        layers: of the files.
        specs: what the catalogue says; None for all of them.
        default: `nodata` and `pyramiding` of bands that do not say theirs.

    Raises:
        Refused: a band is not there, or has pixels that Earth Engine has not.
    """
    if specs is None:
        return [_refined(layer, default).checked() for layer in layers]
    names = [layer.name for layer in layers]
    in_order = (
        len(specs) == len(layers)
        and all(spec.origin is None for spec in specs)
        and not {spec.name for spec in specs} & set(names)
    )
    found = []
    for position, spec in enumerate(specs):
        origin = position + 1 if in_order else spec.origin
        try:
            layer = picked(layers, spec.name if origin is None else origin)
        except Refused as error:
            raise Refused(str(error), "bands", position) from None
        if isinstance(spec.nodata, (int, float)) and not _held(layer.source_dtype, spec.nodata):
            raise Refused(
                f"no {layer.source_dtype.name} of the band '{layer.name}' is {spec.nodata}",
                "bands",
                position,
                "nodata",
            )
        own = {
            "nodata": default["nodata"] if spec.nodata is None else spec.nodata,
            "pyramiding": spec.pyramiding or default["pyramiding"],
        }
        layer = replace(_refined(layer, own), name=spec.name)
        found.append(_widened(layer, spec.dtype, position).checked())
    return found


def picked(layers: Sequence[Layer], origin: int | str) -> Layer:
    """The band of a number, from 1, or of a name.

    Raises:
        Refused: there is none.
    """
    if isinstance(origin, int):
        if 1 <= origin <= len(layers):
            return layers[origin - 1]
        raise Refused(f"there is no band {origin}: there are {len(layers)}")
    for layer in layers:
        if layer.name == origin:
            return layer
    names = ", ".join(layer.name for layer in layers)
    raise Refused(f"there is no band '{origin}', only {names}. `from` says which of them a band is")


def masked(layers: Sequence[Layer], spec: MaskSpec | None) -> list[Layer]:
    """Bands under a mask that is one of them; it is no band then.

    Raises:
        Refused: it is not there.
    """
    if spec is None:
        return list(layers)
    try:
        mask = picked(layers, spec.origin)
    except Refused as error:
        raise Refused(str(error), "mask") from None
    return under(mask, [layer for layer in layers if layer is not mask])


def under(mask: Layer, layers: Sequence[Layer]) -> list[Layer]:
    """Bands under a mask.

    Raises:
        Refused: its pixels are not those of the bands.
    """
    for layer in layers:
        if layer.grid != mask.grid:
            raise Refused(f"the mask has not the grid of the band '{layer.name}'", "mask")
    return [replace(layer, mask=mask) for layer in layers]


def _refined(layer: Layer, own: Mapping[str, Any]) -> Layer:
    nodata = layer.nodata if own["nodata"] is None else own["nodata"]
    return replace(layer, nodata=None if nodata == "none" else nodata, pyramiding=own["pyramiding"])


def _widened(layer: Layer, dtype: str | None, position: int) -> Layer:
    if dtype is None:
        return layer
    if not np.can_cast(layer.dtype, dtype):
        raise Refused(
            f"{dtype} does not hold every {layer.dtype.name} of the band '{layer.name}'",
            "bands",
            position,
            "dtype",
        )
    return replace(layer, dtype=np.dtype(dtype))


@dataclass(frozen=True, slots=True)
class LayeredPixels:
    """The pixels of an image; calling it samples it (see `model.Sampler`).

    Attributes:
        asset_id: of the image.
        layers: its bands, by name.
    """

    asset_id: str
    layers: Mapping[str, Layer]

    def __call__(self, bands: Sequence[str], rows: Indices, cols: Indices) -> Pixels:
        """Native pixels; those of one file are read together."""
        layers = [self.layers[name] for name in bands]
        wanted: dict[Source, list[int]] = {}
        for layer in layers:
            for one in (layer, layer.mask):
                if one is not None and one.number not in wanted.setdefault(one.source, []):
                    wanted[one.source].append(one.number)
        stored: dict[tuple[Source, int], Any] = {}
        for source, numbers in wanted.items():
            try:
                read = read_at(source, numbers, rows, cols)
            except Exception as error:
                # Paths are the business of whoever runs the server, not of its clients.
                _log.exception("the pixels of %s cannot be read", self.asset_id)
                raise ServiceError(
                    f"Image asset '{self.asset_id}': its pixels cannot be read; the log of the "
                    "server says why.",
                    kind="own data",
                ) from error
            stored.update({(source, n): p for n, p in zip(numbers, read, strict=True)})
        return [_served(layer, stored) for layer in layers]


def _served(
    layer: Layer, stored: Mapping[tuple[Source, int], Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """A band as it is served: 0 where it is masked."""
    values, valid = stored[layer.source, layer.number]
    if layer.nodata is not None:
        valid = valid * ~_equal(values, layer.nodata)
    if layer.mask is not None:
        over, shown = stored[layer.mask.source, layer.mask.number]
        valid = valid * shown * (over != 0)
    there = valid != 0
    if (valid == there).all():
        valid = there
    values = values.astype(layer.dtype, copy=False)
    return np.where(there, values, layer.dtype.type(0)), valid


def _equal(values: NDArray[Any], nodata: float) -> NDArray[np.bool_]:
    """Where values are the one that means nothing: exactly, in their own type."""
    if not _held(values.dtype, nodata):
        return np.zeros(values.shape, np.bool_)
    if np.isnan(nodata):
        return np.asarray(np.isnan(values))
    with np.errstate(over="ignore"):
        return np.asarray(values == values.dtype.type(nodata))


def _held(dtype: np.dtype[Any], nodata: float) -> bool:
    """Whether pixels can have a value; floats are rounded to it."""
    if dtype.kind == "b":
        return nodata in (0, 1)
    if dtype.kind == "f":
        return True
    info = np.iinfo(dtype)
    return bool(np.isfinite(nodata)) and int(nodata) == nodata and info.min <= nodata <= info.max


def made_image(
    asset_id: str,
    layers: Sequence[Layer],
    properties: Mapping[str, Any],
    *,
    version: int,
    area: BaseGeometry | None = None,
) -> ImageAsset:
    """An image of bands.

    Args:
        asset_id: its id.
        layers: its bands.
        properties: without `system:index`.
        version: microseconds.
        area: its footprint; by default that of the bands' grids.

    Raises:
        Refused: it has no bands, or two of one name.
    """
    names = [layer.name for layer in layers]
    if not names:
        raise Refused("the image has no bands")
    if twice := [name for name in names if names.count(name) > 1]:
        raise Refused(f"there are two bands '{twice[0]}': name them in `bands`", "bands")
    return ImageAsset(
        id=asset_id,
        bands=tuple(layer.band() for layer in layers),
        properties={"system:index": asset_id.rpartition("/")[2], **properties},
        footprint=area or footprint(layer.grid for layer in layers),
        sample=LayeredPixels(asset_id, {layer.name: layer for layer in layers}),
        version=version,
    )
