"""How a masked pixel travels: which reply format, and what marks it there.

Earth Engine's replies carry no mask. In NPY a masked pixel is 0; in GEO_TIFF it is the nodata
value, minus infinity for floats. Where that value could be a valid one too, the service is
asked to write another under masked pixels (`Image.unmask`), or to send the mask beside the values,
one bit a band: whichever takes fewer bytes. So a masked pixel never has to be guessed.
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

    from numpy.typing import NDArray


class FileFormat(StrEnum):
    """Formats of a reply, as the service spells them."""

    NPY = "NPY"
    GEO_TIFF = "GEO_TIFF"


class Beside(StrEnum):
    """What of the masks travels beside the values, as bands of their own."""

    BITS = "valid"
    """One bit a band, 1 where it is valid; eight bands share a uint8."""

    FRACTIONS = "mask"
    """A float32 a band, 0 to 1."""


BITS = 8
"""Bands whose masks share a band of bits."""

_EXACT = {"f4": 2**24, "f8": 2**53}
"""Up to here a float has every integer, and Earth Engine sends what needs more than 32 bits as
float64."""

Fill = int | float
"""The value of a masked pixel in the output."""

Under = tuple[float | None, Beside | None]
"""What is done about masks before an image leaves the service: a value that is written under them,
and what travels beside."""


@dataclass(frozen=True, slots=True)
class BandGroup:
    """Bands that one request can carry, and how their masked pixels are told.

    Attributes:
        indices: positions of the bands in the output.
        dtypes: of each band on the wire.
        file_format: of the reply.
        unmask: the value the service is asked to write under masked pixels; None: not asked.
        marker: the value in the reply to be replaced by the fill; None: nothing to replace.
        beside: what of the masks travels as further bands; None for nothing.
    """

    indices: tuple[int, ...]
    dtypes: tuple[np.dtype[Any], ...]
    file_format: FileFormat
    unmask: int | float | None = None
    marker: float | None = None
    beside: Beside | None = None

    @property
    def under(self) -> Under:
        """What is done about masks before the image leaves the service."""
        return self.unmask, self.beside

    @property
    def mask_names(self) -> tuple[str, ...]:
        """The further bands, in the order in which they follow."""
        match self.beside:
            case None:
                return ()
            case Beside.BITS:
                return tuple(dict.fromkeys(bits_name(index) for index in self.indices))
            case Beside.FRACTIONS:
                return tuple(fraction_name(index) for index in self.indices)

    @property
    def band_count(self) -> int:
        """Bands of a request, those of masks included."""
        return len(self.indices) + len(self.mask_names)

    @property
    def bytes_per_pixel(self) -> int:
        """What Earth Engine counts for a pixel: each band's value and a byte for its mask."""
        each = 4 if self.beside is Beside.FRACTIONS else 1
        return sum(d.itemsize + 1 for d in self.dtypes) + (each + 1) * len(self.mask_names)

    def valid(
        self, place: int, band: NDArray[Any], beside: Sequence[NDArray[Any]]
    ) -> NDArray[np.bool_] | None:
        """Where a band of a reply is valid.

        Args:
            place: of the band among the group's.
            band: its pixels.
            beside: those of the further bands, in the order of `mask_names`.

        Returns:
            True for valid; None where nothing has to be replaced.
        """
        found: NDArray[np.bool_] | None = None
        match self.beside:
            case Beside.BITS:
                index = self.indices[place]
                bits = beside[self.mask_names.index(bits_name(index))]
                found = (bits.astype(np.uint8, copy=False) & bit(index)) != 0
            case Beside.FRACTIONS:
                found = beside[place] > 0
            case None if self.marker is not None:
                found = band != self.marker
        return found

    def only(self, bands: Container[int]) -> BandGroup | None:
        """The part of it that some bands of the output are; None if none of them is in it."""
        kept = [at for at, index in enumerate(self.indices) if index in bands]
        if not kept:
            return None
        indices = tuple(self.indices[at] for at in kept)
        return replace(self, indices=indices, dtypes=tuple(self.dtypes[at] for at in kept))


def bits_name(index: int) -> str:
    """The band with the bit of a band of the output."""
    return f"geetensor_{Beside.BITS}{index // BITS}"


def bit(index: int) -> int:
    """The value of that bit."""
    return 1 << index % BITS


def fraction_name(index: int) -> str:
    """The band with the mask of a band of the output."""
    return f"geetensor_{Beside.FRACTIONS}{index}"


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


def group_bands(
    dtypes: Sequence[np.dtype[Any]],
    fill: Fill,
    *,
    beside: Beside | None = None,
    finite: bool = False,
) -> list[BandGroup]:
    """Which bands travel together, so that every masked pixel becomes exactly `fill`.

    Args:
        dtypes: of each band on the wire, in the output's order.
        fill: value of masked pixels in the output.
        beside: what of the masks the caller wants to have.
        finite: whether it is known that no valid pixel is infinite.

    Returns:
        One group of all bands.
    """
    indices, dtypes = tuple(range(len(dtypes))), tuple(dtypes)
    plain = BandGroup(indices, dtypes, FileFormat.NPY)
    if beside is not None:
        return [replace(plain, beside=beside)]
    if fill == 0:
        return [plain]  # NPY already is what is wanted
    if finite and len({*dtypes}) == 1 and dtypes[0].kind == "f":
        return [replace(plain, file_format=FileFormat.GEO_TIFF, marker=-math.inf)]
    bits = replace(plain, beside=Beside.BITS)
    if not all(_takes(dtype, fill) for dtype in dtypes):
        return [bits]
    wire = tuple(_widened(dtype, int(fill)) for dtype in dtypes)
    filled = replace(plain, dtypes=wire, unmask=int(fill))
    return [min(filled, bits, key=lambda group: group.bytes_per_pixel)]


def group_stored(dtypes: Sequence[np.dtype[Any]], fill: Fill) -> list[BandGroup]:
    """The same for images that the service is to compute nothing for.

    Args:
        dtypes: of each band on the wire, in the output's order.
        fill: value of masked pixels in the output.

    Returns:
        A group for each dtype, as a GEO_TIFF has one for all its bands; one for all where the
        fill is 0. A valid minus infinity is taken for a masked pixel. Nothing where integers
        are to have another fill than 0.
    """
    if fill == 0:
        return group_bands(dtypes, 0)
    if any(dtype.kind != "f" for dtype in dtypes):
        return []
    groups = []
    for dtype in sorted({*dtypes}, key=lambda d: d.itemsize):
        indices = tuple(i for i, d in enumerate(dtypes) if d == dtype)
        same = (dtype,) * len(indices)
        groups.append(BandGroup(indices, same, FileFormat.GEO_TIFF, marker=-math.inf))
    return groups


def _takes(dtype: np.dtype[Any], fill: Fill) -> bool:
    """Whether the service can write exactly this value under a band's masked pixels.

    A band of floats stays one, as the value is sent as an integer (inferred, not verified).
    """
    exact = _EXACT[dtype.str[1:] if dtype.kind == "f" else "f8"]
    return math.isfinite(fill) and fill == int(fill) and abs(fill) <= exact


def _widened(dtype: np.dtype[Any], value: int) -> np.dtype[Any]:
    """The band's dtype on the wire once `value` may stand in it."""
    if dtype.kind == "f":
        return dtype
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
