"""Many scenes as one image: how the service is to make it. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from geetensor.collections import (
    CLOUD_SCORE_PLUS,
    S2_NOT_HARMONIZED,
    S2_SR,
    S2_TOA,
    collection_of,
    is_class,
)
from geetensor.engine.composite import Layer, averaged, best, central
from geetensor.engine.wire import AssetRef
from geetensor.errors import InvalidInputError, UnknownBandError
from geetensor.masks import output_dtype
from geetensor.mosaics import union
from geetensor.plan import LIMITS
from geetensor.preparation import arriving_dtypes, prepared, scalings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.engine.wire import ExpressionRef, ImageRef
    from geetensor.grid import PixelGrid
    from geetensor.mosaics import Bands
    from geetensor.options import Options
    from geetensor.scales import Scaling
    from geetensor.source import Source


class Method(StrEnum):
    """What becomes of a pixel's values; Earth Engine's names, where it has one."""

    MEDIAN = "median"
    """Of each band by itself."""

    MEAN = "mean"
    """Of each band by itself."""

    QUALITY = "qualityMosaic"
    """All bands of the scene with the highest quality."""

    MEDOID = "medoid"
    """All bands of the scene that is nearest to the median. As in SEPAL's composites and
    LandTrendr's: each scene is compared with one image, where the medoid of Flood (2013,
    https://doi.org/10.3390/rs5126481) compares each with every other one."""


AVERAGES = (Method.MEDIAN, Method.MEAN)
"""Methods whose values no scene need have."""

CLOUD_SCORES = ("cs", "cs_cdf")
"""Qualities of Sentinel-2 scenes that Cloud Score+ has, by its names."""


_BESIDE_BYTES = 2**20
"""Of a request's body, what is kept for all that is not the composite: masks, grid, names."""

_TYPE_NAMES = {"float32": "float", "float64": "double"}
"""Earth Engine's, where they are not NumPy's."""

Units = tuple["Scaling | None", ...]
"""What brings bands to physical units; None for one that is in them, or that the scene lacks."""

Quality = tuple["tuple[ImageRef, str] | None", "Scaling | None"]
"""By what a scene is compared: a band of an image, and what brings that to physical units."""


@dataclass(frozen=True, slots=True)
class Composite:
    """How one image is made of many.

    Attributes:
        method: what becomes of a pixel's values.
        quality_band: of the scenes, by which `qualityMosaic` chooses; or one of `CLOUD_SCORES`.
    """

    method: Method
    quality_band: str | None = None


def parse_composite(method: object, quality_band: object) -> Composite:
    """A user's arguments.

    Raises:
        InvalidInputError: if they are none, or do not belong together.
    """
    if not isinstance(method, str) or method not in [*Method]:
        raise InvalidInputError(f"method must be one of {', '.join(Method)}, got {method!r}.")
    chosen = Method(method)
    if (chosen is Method.QUALITY) != (quality_band is not None):
        raise InvalidInputError(
            "quality_band= goes with method='qualityMosaic', which needs it; got "
            f"method={method!r}, quality_band={quality_band!r}."
        )
    if quality_band is not None and not isinstance(quality_band, str):
        raise InvalidInputError(f"quality_band must be the name of a band, got {quality_band!r}.")
    return Composite(chosen, quality_band)


def default_bands(source: Source, composite: Composite) -> tuple[str, ...]:
    """The bands of a composite for which none are asked: all that it can have.

    Args:
        source: the first scene.
        composite: how it is made.

    Raises:
        InvalidInputError: if there are none.
    """
    names = [band.id for band in source.info.bands]
    if composite.method in AVERAGES:
        names = [name for name in names if not _is_class(source, name)]
    if not names:
        raise InvalidInputError(f"{source.label} has no bands to make a {composite.method} of.")
    return tuple(names)


def compose(
    sources: Sequence[Source],
    selected: Sequence[Bands],
    names: Sequence[str],
    grid: PixelGrid,
    options: Options,
    composite: Composite,
) -> ExpressionRef:
    """The image that the service is to make.

    Scenes are rid of clouds, resampled and brought to physical units one by one, and compared or
    averaged then.

    Args:
        sources: scenes, in the order in which equals count.
        selected: the bands of each, in the output's order; None for one that it lacks.
        names: of these, as the caller and the image have them.
        grid: of the output.
        options: how the output should be.
        composite: how it is made.

    Raises:
        InvalidInputError: if scenes cannot be compared, or are too many for a request.
        UnknownBandError: if one lacks the quality band.
    """
    classes = [
        any(
            band is not None and _is_class(source, band.id)
            for source, band in zip(sources, column, strict=True)
        )
        for column in zip(*selected, strict=True)
    ]
    _check_classes(names, classes, composite)
    scenes = [*zip(sources, selected, strict=True)]
    units = [_scalings(source, bands, options) for source, bands in scenes]
    _check_units(scenes, names, units, options)
    qualities = _qualities(sources, options, composite)
    types = _types(selected, options)
    layers = [
        Layer(
            prepared(source, [band for band in bands if band is not None], grid, options),
            tuple(None if band is None else band.id for band in bands),
            found if options.scaled and found is not None else (None,) * len(bands),
            types,
            *quality,
        )
        for (source, bands), found, quality in zip(scenes, units, qualities, strict=True)
    ]
    measured = [name for name, of_class in zip(names, classes, strict=True) if not of_class]
    as_float = _as_float(selected, units, options, composite)
    match composite.method:
        case Method.MEDIAN | Method.MEAN:
            ref = averaged(layers, names, composite.method, as_float=as_float)
        case Method.QUALITY:
            ref = best(layers, names, measured or names, as_float=as_float)
        case Method.MEDOID:
            ref = central(layers, names, measured, as_float=as_float)
    most = LIMITS.payload_bytes - _BESIDE_BYTES
    if len(ref.expression) > most:
        raise InvalidInputError(
            f"A {composite.method} of {len(sources)} scenes takes {len(ref.expression) / 1e6:.1f} "
            f"MB to ask for, and a request has room for {most / 1e6:.1f} MB: compose fewer scenes "
            "at a time."
        )
    return ref


def _is_class(source: Source, band: str) -> bool:
    return is_class(collection_of(source.info.id or ""), band)


def _check_classes(names: Sequence[str], classes: Sequence[bool], composite: Composite) -> None:
    """Refuse what has no meaning between classes."""
    of_class = [name for name, one in zip(names, classes, strict=True) if one]
    if composite.method in AVERAGES and of_class:
        raise InvalidInputError(
            f"{', '.join(of_class)}: a {composite.method} of classes or bits is none of them. "
            "Leave such bands out, or take 'medoid' or 'qualityMosaic', whose pixels are a scene's."
        )
    if composite.method is Method.MEDOID and all(classes):
        raise InvalidInputError(
            f"{', '.join(of_class)}: there are no distances between classes or bits. Ask for "
            "other bands, too."
        )


def _scalings(source: Source, bands: Bands, options: Options) -> Units | None:
    """What brings a scene to physical units; None where nobody knows, and nobody has to."""
    if options.scaled:
        return scalings(source, bands)
    if collection_of(source.info.id or "").scales is None:
        return None
    try:
        return scalings(source, bands)
    except InvalidInputError:  # it lacks the property that tells
        return None


def _check_units(
    scenes: Sequence[tuple[Source, Bands]],
    names: Sequence[str],
    units: Sequence[Units | None],
    options: Options,
) -> None:
    """Refuse stored numbers that mean different things."""
    if options.scaled:
        return
    for place, name in enumerate(names):
        known = [
            (source, found[place])
            for (source, bands), found in zip(scenes, units, strict=True)
            if found is not None and bands[place] is not None
        ]
        for source, scaling in known[1:]:
            if scaling != known[0][1]:
                raise InvalidInputError(
                    f"{known[0][0].label} and {source.label} have different scales of {name}, so "
                    "that their numbers cannot be compared. Pass scaled=True."
                )


def _types(selected: Sequence[Bands], options: Options) -> tuple[str, ...] | None:
    """The types that scenes are brought to; None where they have the same by themselves."""
    if options.scaled:
        return ("double",) * len(selected[0])
    columns = [[band.dtype for band in column if band] for column in zip(*selected, strict=True)]
    if all(len(column) == len(selected) and len({*column}) == 1 for column in columns):
        return None
    return tuple(_TYPE_NAMES.get(name := union(column).name, name) for column in columns)


def _qualities(sources: Sequence[Source], options: Options, composite: Composite) -> list[Quality]:
    """By what each scene is compared."""
    name = composite.quality_band
    if name is None:
        return [(None, None)] * len(sources)
    found: list[Quality] = []
    scenes: list[tuple[Source, Bands]] = []
    units: list[Units | None] = []
    for source in sources:
        [band] = source.bands([name])
        scenes.append((source, (band,)))
        collection, _, index = (source.info.id or "").rpartition("/")
        if band is not None:
            scaling = _scalings(source, (band,), options)
            units.append(scaling)
            used = scaling[0] if options.scaled and scaling else None
            found.append(((source.ref, band.id), used))
        elif name in CLOUD_SCORES and collection in (S2_SR, S2_TOA, *S2_NOT_HARMONIZED):
            units.append(None)
            found.append(((AssetRef(f"{CLOUD_SCORE_PLUS}/{index}"), name), None))
        else:
            available = ", ".join(one.id for one in source.info.bands)
            raise UnknownBandError(
                f"{source.label} has no band {name!r}, by which scenes are to be compared. Its "
                f"bands: {available}."
            )
    _check_units(scenes, [name], units, options)
    return found


def _as_float(
    selected: Sequence[Bands],
    units: Sequence[Units | None],
    options: Options,
    composite: Composite,
) -> bool:
    """Whether float32 is all that is wanted, where the service would send float64."""
    if options.dtype is not None and options.dtype != np.float32:
        return False
    if not options.scaled:
        return options.dtype is not None and composite.method in AVERAGES
    arriving = [
        dtype
        for bands, found in zip(selected, units, strict=True)
        for dtype in arriving_dtypes(bands, found)
    ]
    return options.dtype is not None or output_dtype(arriving) == np.float32
