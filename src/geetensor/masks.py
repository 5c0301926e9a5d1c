"""How a masked pixel travels: which reply format, and which value marks it there.

Earth Engine's replies carry no mask. In NPY a masked pixel is 0; in GEO_TIFF it is the nodata
value, minus infinity for floats. Where that value could be a valid one too, the service is
asked to write another under masked pixels (`Image.unmask`) before it answers. So a masked pixel
never has to be guessed, and costs a wider type only when no value of the band's own type will do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from geetensor.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Container, Sequence


class FileFormat(StrEnum):
    """Formats of a reply, as the service spells them."""

    NPY = "NPY"
    GEO_TIFF = "GEO_TIFF"


_EXACT_IN_FLOAT64 = 2**53
"""Up to here float64, in which Earth Engine sends what needs more than 32 bits, has every
integer."""

Fill = int | float
"""The value of a masked pixel in the output."""


@dataclass(frozen=True, slots=True)
class BandGroup:
    """Bands that one request can carry, and how their masked pixels are told.

    Attributes:
        indices: positions of the bands in the output.
        dtypes: of each band on the wire.
        file_format: of the reply.
        unmask: the value the service is asked to write under masked pixels; None: not asked.
        marker: the value in the reply to be replaced by the fill; None: nothing to replace.
    """

    indices: tuple[int, ...]
    dtypes: tuple[np.dtype[Any], ...]
    file_format: FileFormat
    unmask: int | float | None = None
    marker: int | float | None = None

    @property
    def bytes_per_pixel(self) -> int:
        """What Earth Engine counts for a pixel: each band's value and a byte for its mask."""
        return sum(dtype.itemsize + 1 for dtype in self.dtypes)

    def only(self, bands: Container[int]) -> BandGroup | None:
        """The part of it that some bands of the output are; None if none of them is in it."""
        kept = [at for at, index in enumerate(self.indices) if index in bands]
        if not kept:
            return None
        indices = tuple(self.indices[at] for at in kept)
        return replace(self, indices=indices, dtypes=tuple(self.dtypes[at] for at in kept))


def output_dtype(dtypes: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    """The smallest dtype that holds every band without loss."""
    return np.dtype(np.result_type(*dtypes))


def resolve_fill(fill_value: float | None, dtype: np.dtype[Any]) -> Fill:
    """The fill value of an output: the one asked for, or the default of its dtype.

    Args:
        fill_value: None for the default, 0 for integers and NaN for floats.
        dtype: of the output.

    Raises:
        InvalidInputError: if the dtype cannot hold the value.
    """
    if fill_value is None:
        return math.nan if dtype.kind == "f" else 0
    if not isinstance(fill_value, Real) or isinstance(fill_value, bool):
        raise InvalidInputError(f"fill_value must be a number, got {fill_value!r}.")
    refusal = InvalidInputError(
        f"fill_value {fill_value!r} cannot be held by the output's dtype {dtype.name}. Pass "
        f"dtype= to widen it, or another fill_value."
    )
    if dtype.kind == "f":
        if math.isfinite(fill_value) and abs(fill_value) > float(np.finfo(dtype).max):
            raise refusal
        return float(dtype.type(fill_value))
    if not math.isfinite(fill_value) or fill_value != int(fill_value):
        raise refusal
    info = np.iinfo(dtype)
    if not info.min <= fill_value <= info.max:
        raise refusal
    return int(fill_value)


def group_bands(dtypes: Sequence[np.dtype[Any]], fill: Fill) -> list[BandGroup]:
    """Which bands travel together, so that every masked pixel becomes exactly `fill`.

    Args:
        dtypes: of each band on the wire, in the output's order.
        fill: value of masked pixels in the output.

    Returns:
        Groups that cover every band once. With a fill of 0 there is one group, as NPY already
        is what is wanted.
    """
    if fill == 0:
        return [BandGroup(tuple(range(len(dtypes))), tuple(dtypes), FileFormat.NPY)]
    integers = [i for i, dtype in enumerate(dtypes) if dtype.kind != "f"]
    groups = []
    if integers:
        groups.append(_integer_group(integers, [dtypes[i] for i in integers], fill))
    for dtype in sorted({d for d in dtypes if d.kind == "f"}, key=lambda d: d.itemsize):
        indices = tuple(i for i, d in enumerate(dtypes) if d == dtype)
        # A GEO_TIFF has one dtype for all its bands: a group for each.
        groups.append(
            BandGroup(indices, (dtype,) * len(indices), FileFormat.GEO_TIFF, marker=-math.inf)
        )
    return groups


def _integer_group(indices: list[int], dtypes: list[np.dtype[Any]], fill: Fill) -> BandGroup:
    if math.isfinite(fill) and fill == int(fill) and abs(fill) <= _EXACT_IN_FLOAT64:
        # The fill itself goes under the masked pixels: nothing to tell apart afterwards.
        sent, marker = int(fill), None
    else:
        # A value that no band's type has, so that it cannot be a pixel's.
        sent = marker = min(int(np.iinfo(dtype).min) for dtype in dtypes) - 1
    wire = tuple(_widened(dtype, sent) for dtype in dtypes)
    return BandGroup(tuple(indices), wire, FileFormat.NPY, unmask=sent, marker=marker)


def _widened(dtype: np.dtype[Any], value: int) -> np.dtype[Any]:
    """The band's dtype on the wire once `value` may stand in it."""
    info = np.iinfo(dtype)
    return integer_dtype(min(value, int(info.min)), max(value, int(info.max)))


def integer_dtype(low: float, high: float) -> np.dtype[Any]:
    """The dtype in which Earth Engine sends integers of a range.

    What needs 64 bits arrives as float64.
    """
    for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32"):
        info = np.iinfo(name)
        if info.min <= low and high <= info.max:
            return np.dtype(name)
    return np.dtype("float64")
