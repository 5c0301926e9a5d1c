"""Comparisons of spectra, and indices of single sensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.arithmetic import BINARY
from ..pixels.array_pixels import Partial, per_pixel
from ..pixels.node import Plane, both
from ..pixels.pointwise import Pointwise, Recipe
from ..pixels.resampled import Reprojected
from ..values.image import Image, ImageBand, require_bands
from ..values.kernel import round_about
from ..values.pixel_type import DOUBLE, FLOAT
from ..values.reducer import SIMPLE
from .image_bands import select
from .image_cast import cast_bands
from .image_math import binary, derived
from .image_neighborhood import reduce_neighborhood
from .image_resolution import reduce_resolution
from .kernels import SHAPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..expression.evaluate import Session
    from ..pixels.spectral import Metric

    Floats = NDArray[np.float64]


def _angle(a: Floats, b: Floats) -> Floats:
    """Between two spectra, in radians."""
    lengths = np.sqrt((a * a).sum(0) * (b * b).sum(0))
    found: Floats = np.arccos(((a * b).sum(0) / lengths).clip(-1, 1))
    return found


def _square(a: Floats, b: Floats) -> Floats:
    found: Floats = ((a - b) ** 2).sum(0)
    return found


def _information(a: Floats, b: Floats) -> Floats:
    """Both relative entropies of the spectra as probabilities."""
    p, q = a / a.sum(0), b / b.sum(0)
    found: Floats = ((p - q) * np.log(p / q)).sum(0)
    return found


def _earth_mover(a: Floats, b: Floats) -> Floats:
    """What must be moved from band to neighbouring band, spectra as they are [M]."""
    found: Floats = np.abs(np.cumsum(a - b, axis=0)).sum(0)
    return found


_METRICS: dict[str, Metric] = {
    "sam": _angle,
    "sid": _information,
    "sed": _square,
    "emd": _earth_mover,
}


def metric_of(name: str) -> Metric:
    """The distance of a name.

    Raises:
        ServiceError: there is none.
    """
    if name not in _METRICS:
        raise ServiceError(f"Unknown metric '{name}'; there are {', '.join(_METRICS)}.")
    return _METRICS[name]


@algorithm("Image.spectralDistance")
def spectral_distance(one: Image, other: Image, metric: str) -> Image:
    """Band `distance` between the spectra of two images: an angle in radians by default.

    Spectra are the bands; or, where the first band is of arrays, that band's in each image [S].
    Masked where any band is, or where the metric has no value [M].

    Raises:
        ServiceError: not as many bands, none, arrays of several dimensions or of other lengths, or
            the metric is not known.
    """
    measure = metric_of(metric)
    count = len(one.bands)
    if count and other.bands and one.bands[0].type.dimensions:
        return _array_distance(one, other, measure)
    if count != len(other.bands) or not count:
        raise ServiceError(
            f"The images must have as many bands; got {count} and {len(other.bands)}."
        )

    def run(*planes: Plane) -> Plane:
        with np.errstate(all="ignore"):
            spectra = np.stack([plane.values.astype(np.float64) for plane in planes])
            values = measure(spectra[:count], spectra[count:])
        mask: Any = np.isfinite(values)
        for plane in planes:
            mask = both(mask, plane.mask)
        return Plane(values, mask)

    sources = (*one.bands, *other.bands)
    node = Pointwise([Recipe(sources, run)])
    return one.computed([derived("distance", DOUBLE, sources, node, 0)])


def _array_distance(one: Image, other: Image, measure: Metric) -> Image:
    pair = (one.bands[0], other.bands[0])
    if any(band.type.dimensions != 1 for band in pair):
        raise ServiceError("The arrays to compare must have one dimension.")

    def function(a: Floats, b: Floats) -> Partial:
        if a.shape != b.shape:
            raise ServiceError(
                f"The arrays to compare must be as long; got {a.shape[1]} and {b.shape[1]}."
            )
        # The metrics have the bands first, and pixels in two dimensions.
        found = measure(*(each.T[:, :, np.newaxis].astype(np.float64) for each in (a, b)))[:, 0]
        return Partial(found, np.isfinite(found))

    node = Pointwise([Recipe(pair, per_pixel(function, DOUBLE))], arrays=True)
    return one.computed([derived("distance", DOUBLE, pair, node, 0)])


@algorithm("Sentinel2.CDI", session=True)
def cloud_displacement_index(session: Session, image: Image) -> Image:
    """Frantz et al. (2018): how much more the near infrared bands differ by parallax.

    `(V(B8 / B7) - V(B8 / B8A)) / (V(B8 / B7) + V(B8 / B8A))` with V the variance in 7 by 7 pixels
    of 20 m, B8 averaged to these; float band `cdi` [S], on the lattice of B8A [I].

    Raises:
        ServiceError: one of the bands is missing.
    """
    near, seventh, narrow = (select(image, [name], None) for name in ("B8", "B7", "B8A"))
    lattice = require_bands(narrow).projection
    coarse = reduce_resolution(session, near, SIMPLE["mean"], False, 64)
    kernel = round_about("square", (3, 3), "pixels", SHAPES["square"], 1.0, normalize=False)
    spread = []
    for other in (seventh, narrow):
        ratio = binary(BINARY["divide"], coarse, cast_bands(other, [DOUBLE]))
        variance = reduce_neighborhood(
            session,
            ratio,
            SIMPLE["variance"],
            kernel,
            "kernel",
            skip_masked=True,
            optimization=None,
        )
        spread.append(variance)
    index = binary(
        BINARY["divide"],
        binary(BINARY["subtract"], *spread),
        binary(BINARY["add"], *spread),
    )
    band = require_bands(cast_bands(index, [FLOAT]))
    node = Reprojected([band], lattice, session.limits)
    source = require_bands(narrow)
    return image.computed(
        [ImageBand("cdi", FLOAT, node, 0, lattice, source.dimensions, source.extent)]
    )
