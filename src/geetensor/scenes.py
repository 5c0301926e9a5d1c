"""The images of an output: prepared scene by scene, mosaicked, and named for requests."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from geetensor.engine.pixels import Scene
from geetensor.errors import InvalidInputError
from geetensor.masks import group_bands, group_stored
from geetensor.mosaics import mosaic
from geetensor.preparation import (
    arriving_dtypes,
    is_finite,
    prepared,
    scalings,
    under_masks,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from geetensor.engine.wire import BandInfo
    from geetensor.grid import PixelGrid
    from geetensor.masks import BandGroup, Fill
    from geetensor.mosaics import Bands
    from geetensor.options import Options
    from geetensor.scales import Scaling
    from geetensor.source import Source

Scalings = tuple["Scaling | None", ...]
"""What brings the bands of an image to physical units, in the output's order; None for one that
stays as it is, or that the image lacks."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An image of an output, without its cloudy pixels, and resampled, as it was asked for.

    Attributes:
        source: the image.
        bands: in the output's order; None for one that it lacks.
        scalings: None if nothing is to be in physical units.
        finite: whether no valid pixel is infinite.
    """

    source: Source
    bands: Bands
    scalings: Scalings | None
    finite: bool

    @property
    def dtypes(self) -> list[np.dtype[Any]]:
        """Those that the output has to hold."""
        return arriving_dtypes(self.bands, self.scalings)

    def scene(
        self, names: Sequence[str], fill: Fill, options: Options, *, stored: bool = False
    ) -> Scene:
        """The image as requests name it, with what is to stand under its masks.

        Args:
            names: of the output's bands.
            fill: value of masked pixels in the output.
            options: how the output should be.
            stored: whether the service may compute nothing, as `getPixels` does.

        Raises:
            InvalidInputError: if masked pixels cannot be told in that way.
        """
        present = {place: band for place, band in enumerate(self.bands) if band is not None}
        groups = self._groups([*present.values()], fill, options, stored=stored)
        places = [*present]
        groups = tuple(
            replace(group, indices=tuple(places[at] for at in group.indices)) for group in groups
        )
        ids = {place: band.id for place, band in present.items()}
        refs = {group.under: under_masks(self.source.ref, group.under, ids) for group in groups}
        # A band that it lacks is never asked for; it is called what the caller calls it.
        named = tuple(ids.get(place, name) for place, name in enumerate(names))
        return Scene(self.source.label, named, groups, refs, self.scalings)

    def _groups(
        self, bands: Sequence[BandInfo], fill: Fill, options: Options, *, stored: bool
    ) -> tuple[BandGroup, ...]:
        """How some bands travel, with their masks."""
        dtypes = [band.dtype for band in bands]
        if stored:
            groups = group_stored(dtypes, fill)
            if not groups:
                raise InvalidInputError(
                    f"Masked pixels of integer bands cannot become {fill} by getPixels alone. "
                    "Pass fill_value=0, or use export_image."
                )
            return tuple(groups)
        # The fill is no number of the unscaled band's: the service cannot write it.
        told = math.nan if options.scaled else fill
        return tuple(group_bands(dtypes, told, beside=options.mask, finite=self.finite))


def prepare(
    sources: Sequence[Source],
    selected: Sequence[Bands],
    steps: Sequence[Sequence[int]] | None,
    grid: PixelGrid,
    options: Options,
) -> list[Prepared]:
    """The images of an output. Sends nothing.

    Clouds are masked and pixels interpolated scene by scene, and mosaicked then: where the scene
    on top is cloudy, the next one shows.

    Args:
        sources: scenes.
        selected: the bands of each, in the output's order.
        steps: of the time axis: which scenes each is a mosaic of, the lowest first. None: each
            scene is one.
        grid: of the output.
        options: how the output should be.

    Raises:
        InvalidInputError: if a scene cannot be prepared so, or scenes of a mosaic have different
            scales.
    """
    scenes = [
        Prepared(
            replace(source, ref=prepared(source, [b for b in bands if b], grid, options)),
            bands,
            scalings(source, bands) if options.scaled else None,
            is_finite(source),
        )
        for source, bands in zip(sources, selected, strict=True)
    ]
    if steps is None:
        return scenes
    return [_mosaicked([scenes[at] for at in step]) for step in steps]


def _mosaicked(members: Sequence[Prepared]) -> Prepared:
    source, bands = mosaic([(member.source, member.bands) for member in members])
    finite = all(member.finite for member in members)
    return Prepared(source, bands, _shared_scalings(members), finite)


def _shared_scalings(members: Sequence[Prepared]) -> Scalings | None:
    """What brings all members of a mosaic to physical units."""
    found: list[Scaling | None] = []
    for place in range(len(members[0].bands)):
        having = [
            (member, member.scalings[place])
            for member in members
            if member.scalings is not None and member.bands[place] is not None
        ]
        for member, scaling in having[1:]:
            if scaling != having[0][1]:
                band = member.bands[place]
                raise InvalidInputError(
                    f"{having[0][0].source.label} and {member.source.label} have different scales "
                    f"of {band.id if band else place}, so that one image of both has none. Leave "
                    "out one of them, or scaled=True, or group_by; collections that are "
                    "harmonized have one scale."
                )
        found.append(having[0][1] if having else None)
    return None if members[0].scalings is None else tuple(found)
