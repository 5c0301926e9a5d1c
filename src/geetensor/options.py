"""How an output should be: a caller's arguments, checked as far as they can be alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine

from geetensor.clouds import parse_cloud_mask
from geetensor.errors import InvalidInputError
from geetensor.grid import crs_name, resolution_from_scale
from geetensor.masks import Beside, resolve_fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike

    from geetensor.clouds import CloudMask


RESAMPLINGS = ("nearest", "bilinear", "bicubic")
"""How pixels are made on another grid than the native one; Earth Engine's names."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the output should be: a caller's arguments, checked as far as they can be alone.

    Attributes:
        bands: as the caller names them; None for all.
        scale: as in `resolution_from_scale`; None for the native one.
        crs: None for the native one.
        transform: of the lattice that the output's pixels lie on; None to derive it.
        dtype: of the output; None for the smallest that loses nothing.
        fill_value: of masked pixels; None for the dtype's default.
        resampling: one of `RESAMPLINGS`.
        mask: what of the mask to give beside the values; None for nothing.
        scaled: whether values are to be in physical units.
        cloud_mask: which pixels are to be masked as cloudy; None for none.
    """

    bands: tuple[str, ...] | None
    scale: float | None
    crs: str | None
    transform: Affine | None
    dtype: np.dtype[Any] | None
    fill_value: float | None
    resampling: str = "nearest"
    mask: Beside | None = None
    scaled: bool = False
    cloud_mask: CloudMask | None = None


def parse_options(
    bands: Sequence[str] | str | None,
    scale: float | None,
    crs: object,
    transform: Affine | None,
    dtype: DTypeLike | None,
    fill_value: float | None,
    resampling: str = "nearest",
    return_mask: bool | str = False,
    scaled: bool = False,
    cloud_mask: CloudMask | str | None = None,
) -> Options:
    """Check what can be checked without knowing the image.

    Raises:
        InvalidInputError: with the reason.
    """
    if isinstance(bands, str):
        bands = (bands,)
    if bands is not None:
        listed = tuple(bands) if isinstance(bands, Iterable) else ()
        if not listed or not all(isinstance(name, str) for name in listed):
            raise InvalidInputError(f"bands must be names, at least one; got {bands!r}.")
        bands = listed
        if len(set(bands)) < len(bands):
            raise InvalidInputError(f"bands names one twice: {', '.join(bands)}.")
    name = None if crs is None else crs_name(crs)
    if transform is not None:
        if scale is not None:
            raise InvalidInputError("Pass scale or transform, not both.")
        transform = _check_transform(transform)
    if scale is not None:
        resolution_from_scale(scale, name or "EPSG:3857")
    checked = None if dtype is None else _check_dtype(dtype)
    if checked is not None:
        resolve_fill(fill_value, checked)
    if resampling not in RESAMPLINGS:
        raise InvalidInputError(
            f"resampling must be one of {', '.join(RESAMPLINGS)}, got {resampling!r}."
        )
    mask = _check_mask(return_mask)
    if not isinstance(scaled, bool):
        raise InvalidInputError(f"scaled must be True or False, got {scaled!r}.")
    if scaled and checked is not None and checked.kind != "f":
        raise InvalidInputError(f"Physical units need floats: dtype={checked.name}, scaled=True.")
    clouds = parse_cloud_mask(cloud_mask)
    return Options(
        bands, scale, name, transform, checked, fill_value, resampling, mask, scaled, clouds
    )


def _check_mask(return_mask: bool | str) -> Beside | None:
    if return_mask is False:
        return None
    if return_mask is True:
        return Beside.BITS
    if return_mask == "fraction":
        return Beside.FRACTIONS
    raise InvalidInputError(f"return_mask must be True, False or 'fraction', got {return_mask!r}.")


def _check_transform(transform: Affine) -> Affine:
    try:
        checked = Affine(*(float(v) for v in tuple(transform)[:6]))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"transform must be an Affine, or six numbers in its order; got {transform!r}."
        ) from error
    if not all(math.isfinite(v) for v in checked[:6]) or checked.determinant == 0:
        raise InvalidInputError(f"transform does not span an area: {tuple(checked)[:6]}.")
    return checked


def _check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        checked = np.dtype(dtype)
    except TypeError as error:
        raise InvalidInputError(f"Unknown dtype {dtype!r}.") from error
    if checked.kind not in "iuf":
        raise InvalidInputError(f"dtype must be an integer or a float, got {checked.name}.")
    return checked.newbyteorder("=")
