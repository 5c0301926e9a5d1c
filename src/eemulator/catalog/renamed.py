"""Images whose bands have got other names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from eemulator.catalog.model import ImageAsset, Sampler


@dataclass(frozen=True)
class _Renamed:
    """The pixels of an image by the new names of its bands.

    Attributes:
        sample: by the old names.
        old: the old name of each new one.
    """

    sample: Sampler
    old: Mapping[str, str]

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        return self.sample([self.old[band] for band in bands], rows, cols)


def renamed_bands(asset: ImageAsset, names: Sequence[str]) -> ImageAsset:
    """The same pixels under other names, one a band."""
    old = {name: band.id for name, band in zip(names, asset.bands, strict=True)}
    bands = tuple(replace(b, id=name) for name, b in zip(names, asset.bands, strict=True))
    afar = asset.afar
    return replace(
        asset,
        bands=bands,
        sample=_Renamed(asset.sample, old),
        afar=None if afar is None else lambda side: _Renamed(afar(side), old),
    )
