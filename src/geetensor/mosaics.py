"""Several scenes as one image: mosaicked by the service. Sends nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geetensor.engine.expression import mosaicked, stacked
from geetensor.masks import integer_dtype
from geetensor.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.engine.wire import BandInfo, ImageRef

Bands = tuple["BandInfo | None", ...]
"""The bands of an image in the output's order; None for one that it lacks."""


def mosaic(members: Sequence[tuple[Source, Bands]]) -> tuple[Source, Bands]:
    """One image of several: each band's pixels are those of the last scene where it is not masked.

    A band is made of the scenes that have it. A single scene is left as it is.

    Args:
        members: scenes from the bottom to the top, and their bands.

    Returns:
        The image, and its bands. Grids are the first scene's.
    """
    if len(members) == 1:
        return members[0]
    # Bands that the same scenes have are of one mosaic.
    owners: dict[tuple[int, ...], list[int]] = {}
    for place, bands in enumerate(zip(*(bands for _, bands in members), strict=True)):
        having = tuple(at for at, band in enumerate(bands) if band is not None)
        if having:
            owners.setdefault(having, []).append(place)
    found: list[BandInfo | None] = [None] * len(members[0][1])
    parts: list[tuple[ImageRef, list[str]]] = []
    for having, places in owners.items():
        chosen = [[_known(members[at][1][place]) for place in places] for at in having]
        for place, same in zip(places, zip(*chosen, strict=True), strict=True):
            found[place] = replace(same[0], dtype=union([band.dtype for band in same]))
        images = [
            (members[at][0].ref, [band.id for band in bands])
            for at, bands in zip(having, chosen, strict=True)
        ]
        names = [band.id for band in chosen[0]]
        parts.append((mosaicked(images), names))
    ref, names = parts[0]
    if len(parts) > 1:
        ref, names = stacked(parts)
        ordered = [place for places in owners.values() for place in places]
        for place, name in zip(ordered, names, strict=True):
            found[place] = replace(_known(found[place]), id=name)
    first = members[0][0]
    label = f"{first.label} and {len(members) - 1} more of its day"
    return Source(ref, first.info, label), tuple(found)


def _known(band: BandInfo | None) -> BandInfo:
    assert band is not None  # noqa: S101
    return band


def union(dtypes: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    """In which values of any of some types arrive (inferred, where they differ)."""
    if any(dtype.kind == "f" for dtype in dtypes):
        return np.dtype(np.result_type(*dtypes))
    ranges = [np.iinfo(dtype) for dtype in dtypes]
    return integer_dtype(min(r.min for r in ranges), max(r.max for r in ranges))
