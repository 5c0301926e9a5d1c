"""Erosion, dilation and gradient of spectra.

Plaza et al. (2002), "Spatial/spectral endmember extraction by multidimensional morphological
operations", as https://developers.google.com/earth-engine/apidocs/ee-image-spectralerosion has it:
distances are those from the pixel in the kernel's middle, or with `useCentroid` from the mean of
all pixels under it [S]. With the middle in the kernel and no centroid, the closest spectrum is thus
the pixel's own, and the gradient the distance to the farthest [I].
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..expression.registry import algorithm
from ..pixels.spectral import SpectralExtreme
from ..values.image import require_bands
from ..values.kernel import round_about
from .image_spectral import metric_of, spectral_distance
from .kernels import SHAPES

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.image import Image
    from ..values.kernel import Kernel


def _extreme(
    session: Session,
    image: Image,
    metric: str,
    kernel: Kernel | None,
    *,
    farthest: bool,
    centroid: bool,
) -> Image:
    require_bands(image)
    node = SpectralExtreme(
        image.bands,
        _eight() if kernel is None else kernel,
        metric_of(metric),
        farthest=farthest,
        centroid=centroid,
        limits=session.limits,
    )
    return image.computed(replace(band, node=node, index=i) for i, band in enumerate(image.bands))


def _eight() -> Kernel:
    """A pixel and its eight neighbours."""
    return round_about("square", (1, 1), "pixels", SHAPES["square"], 1.0, normalize=False)


@algorithm("Image.spectralErosion", session=True)
def spectral_erosion(
    session: Session, image: Image, metric: str, kernel: Kernel | None, centroid: bool
) -> Image:
    """Each pixel's bands from the one under the kernel that is closest to the middle or centroid.

    Raises:
        ServiceError: the metric is not known, or there is no band.
    """
    return _extreme(session, image, metric, kernel, farthest=False, centroid=centroid)


@algorithm("Image.spectralDilation", session=True)
def spectral_dilation(
    session: Session, image: Image, metric: str, kernel: Kernel | None, centroid: bool
) -> Image:
    """Each pixel's bands from the one under the kernel that is farthest from middle or centroid.

    Raises:
        ServiceError: the metric is not known, or there is no band.
    """
    return _extreme(session, image, metric, kernel, farthest=True, centroid=centroid)


@algorithm("Image.spectralGradient", session=True)
def spectral_gradient(
    session: Session, image: Image, metric: str, kernel: Kernel | None, centroid: bool
) -> Image:
    """Band `distance` [M]: how far dilation and erosion are from each other, by the metric.

    Raises:
        ServiceError: the metric is not known, or there is no band.
    """
    far, near = (
        _extreme(session, image, metric, kernel, farthest=farthest, centroid=centroid)
        for farthest in (True, False)
    )
    return spectral_distance(far, near, metric)
