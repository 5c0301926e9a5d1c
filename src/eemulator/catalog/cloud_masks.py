"""Cloud Score+ and s2cloudless, of the clouds that the Sentinel-2 scenes show.

Each has an image for each scene, of its index, footprint and 10 m grid [S]; dtypes and properties
are remembered [M].
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from eemulator.catalog import sentinel2
from eemulator.catalog.afar import step
from eemulator.catalog.bands import band_values
from eemulator.catalog.blockwise import blockwise, strips
from eemulator.catalog.lazy import LazyImages
from eemulator.catalog.mixing import Around, mix
from eemulator.catalog.model import Band, CollectionAsset, ImageAsset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from eemulator.catalog.blockwise import Indices, Pixels
    from eemulator.catalog.mixing import Mixture
    from eemulator.catalog.noise import Floats
    from eemulator.catalog.orbits import Pass
    from eemulator.catalog.tiles import Tile

f32 = np.float32


class _Mask(NamedTuple):
    """A collection.

    Attributes:
        name: its id.
        bands: their dtypes, by name.
    """

    name: str
    bands: dict[str, np.dtype[Any]]


CLOUD_SCORE = _Mask(
    "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED",
    {"cs": np.dtype(np.float64), "cs_cdf": np.dtype(np.float64)},
)
PROBABILITY = _Mask("COPERNICUS/S2_CLOUD_PROBABILITY", {"probability": np.dtype(np.uint8)})


def _values(m: Mixture, band: str) -> Floats:
    """What a band makes of the sky.

    A score is 1 where the view is clear and 0 where nothing of the ground is seen; haze, cirrus
    and shadow lie between.
    """
    if band == "probability":
        return band_values(m, "MSK_CLDPRB", "L2A")
    score = f32(0.96) - np.clip(m.thickness + f32(0.25), f32(0), f32(1)) * f32(0.9)
    if m.cirrus is not None:
        score -= m.cirrus * f32(0.5)
    if m.shadow is not None:
        score -= m.shadow * f32(0.6)
    clipped: Floats = np.clip(score, f32(0), f32(1))
    if band == "cs_cdf":  # the same order of pixels, spread differently
        return clipped * clipped * (f32(3) - f32(2) * clipped)
    return clipped


@dataclass(frozen=True)
class _Sampler:
    """A scene's mask; calling it samples it (see `model.Sampler`).

    Attributes:
        mask: dtypes of bands.
        tile: what of the land.
        crossing: when.
        side: of what each pixel stands for, in pixels (see `afar`).
    """

    mask: tuple[tuple[str, np.dtype[Any]], ...]
    tile: Tile
    crossing: Pass
    side: int = 1

    def __call__(self, bands: Sequence[str], rows: Indices, cols: Indices) -> Pixels:
        dtypes = dict(self.mask)

        def paint(rows: Indices, cols: Indices, targets: list[NDArray[Any]]) -> NDArray[np.bool_]:
            x, y = self.tile.pixel_centres(10, rows, cols)
            seen = self.crossing.orbit.covers(x, y)
            if not seen.any():
                return seen
            around = Around(x, y, self.crossing.moment, step=step(10 * self.side))
            for strip in strips(*seen.shape):
                pixels = mix(around, strip)
                for name, target in zip(bands, targets, strict=True):
                    target[strip] = _values(pixels, name) * seen[strip]
            return seen

        return blockwise(rows, cols, [dtypes[name] for name in bands], paint)


def _image(mask: _Mask, position: int) -> ImageAsset:
    key = sentinel2.scene_keys()[position]
    grid = key.tile.grid(10)
    millis = key.millis
    return ImageAsset(
        id=f"{mask.name}/{key.index}",
        bands=tuple(Band(name, dtype, grid) for name, dtype in mask.bands.items()),
        properties={
            "system:index": key.index,
            "system:time_start": millis,
            "system:time_end": millis,
        },
        footprint=key.footprint,
        sample=_Sampler(tuple(mask.bands.items()), key.tile, key.crossing),
        afar=partial(_Sampler, tuple(mask.bands.items()), key.tile, key.crossing),
    )


def collections() -> list[CollectionAsset]:
    """Both."""
    return [
        CollectionAsset(
            mask.name,
            LazyImages(
                lambda: len(sentinel2.scene_keys()), partial(_image, mask), sentinel2.position
            ),
            {"type": "ImageCollection"},
        )
        for mask in (CLOUD_SCORE, PROBABILITY)
    ]
