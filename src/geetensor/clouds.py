"""Which pixels are too cloudy to be shown: sensors' own cloud masks, and those made for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from numbers import Integral, Real

from geetensor.errors import InvalidInputError


class CloudSource(StrEnum):
    """Where it stands which pixels are cloudy."""

    SCL = "scl"
    """Sentinel-2 level 2A's scene classification."""

    CLOUD_SCORE_PLUS = "cloud_score_plus"
    """Google's Cloud Score+ of a Sentinel-2 scene: 0 for cloud, 1 for clear."""

    S2CLOUDLESS = "s2cloudless"
    """Sentinel Hub's cloud probability of a Sentinel-2 scene, 0 to 100; no shadows."""

    QA_PIXEL = "qa_pixel"
    """The bits of Landsat's QA_PIXEL."""


SCL_CLASSES = (1, 3, 8, 9, 10)
"""Saturated or defective, cloud shadow, clouds of medium and of high probability, cirrus. Source:
the table of `SCL` classes at
https://developers.google.com/earth-engine/datasets/catalog/COPERNICUS_S2_SR_HARMONIZED"""

QA_PIXEL_BITS = (1, 2, 3, 4)
"""Dilated cloud, cirrus (Landsat 8 and 9), cloud, cloud shadow. Source: the table of `QA_PIXEL` at
https://developers.google.com/earth-engine/datasets/catalog/LANDSAT_LC08_C02_T1_L2"""

CLEAR_SCORE = 0.6
"""Source: the example at
https://developers.google.com/earth-engine/datasets/catalog/GOOGLE_CLOUD_SCORE_PLUS_V1_S2_HARMONIZED
which calls values from 0.5 to 0.65 good."""

CLOUD_PROBABILITY = 65
"""Percent. Source: the example at
https://developers.google.com/earth-engine/datasets/catalog/COPERNICUS_S2_CLOUD_PROBABILITY"""


@dataclass(frozen=True, slots=True)
class CloudMask:
    """Which pixels the service is to mask.

    Attributes:
        source: where it stands; a `CloudSource`, or its name.
        classes: of `scl`, that are masked.
        bits: of `qa_pixel`; a pixel with any of them is masked.
        clear: of `cloud_score_plus`; pixels with a lower score are masked.
        score: band of `cloud_score_plus`: `cs_cdf`, or `cs`, which is more sensitive to haze.
        probability: of `s2cloudless`, in percent; pixels with a higher one are masked.

    Raises:
        InvalidInputError: if one is none of these.

    Example:
        >>> CloudMask("scl", classes=(8, 9)).source
        <CloudSource.SCL: 'scl'>
    """

    source: CloudSource | str
    classes: tuple[int, ...] = SCL_CLASSES
    bits: tuple[int, ...] = QA_PIXEL_BITS
    clear: float = CLEAR_SCORE
    score: str = "cs_cdf"
    probability: float = CLOUD_PROBABILITY

    def __post_init__(self) -> None:
        """Check what can be."""
        try:
            object.__setattr__(self, "source", CloudSource(self.source))
        except ValueError:
            raise InvalidInputError(
                f"cloud_mask must be one of {', '.join(CloudSource)}, or a CloudMask; got "
                f"{self.source!r}."
            ) from None
        for name, most in (("classes", 11), ("bits", 15)):
            numbers = tuple(getattr(self, name))
            whole = all(isinstance(n, Integral) and 0 <= int(n) <= most for n in numbers)
            if not (numbers and whole):
                raise InvalidInputError(f"{name} must be whole numbers from 0 to {most}.")
            object.__setattr__(self, name, tuple(int(n) for n in numbers))
        for name, most in (("clear", 1), ("probability", 100)):
            value = getattr(self, name)
            if not (isinstance(value, Real) and 0 <= float(value) <= most):
                raise InvalidInputError(f"{name} must be from 0 to {most}, got {value!r}.")
            object.__setattr__(self, name, float(value))
        if self.score not in {"cs", "cs_cdf"}:
            raise InvalidInputError(f"score must be cs or cs_cdf, got {self.score!r}.")


def parse_cloud_mask(cloud_mask: CloudMask | str | None) -> CloudMask | None:
    """A user's argument.

    Raises:
        InvalidInputError: if it is none.
    """
    if cloud_mask is None or isinstance(cloud_mask, CloudMask):
        return cloud_mask
    return CloudMask(cloud_mask)
