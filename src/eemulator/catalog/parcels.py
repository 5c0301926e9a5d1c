"""Fields: a patchwork of parcels with straight borders, bent a little by the land."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from eemulator.catalog.noise import Floats, Ints, hash32

f32 = np.float32

# Blocks of this size (metres) are cut into one to four strips each way.
_WIDTH, _HEIGHT = 420.0, 310.0
_MASK = 0x3FFF
_RANDOM = hash32(np.arange(_MASK + 1, dtype=np.uint32) + np.uint32(0x51ED270B)).astype(np.int32)
# Neighbouring columns of blocks are shifted against each other, so that corners do not line up.
_SHIFT = (_RANDOM & 1023).astype(np.float32) / f32(1024)


class Parcels(NamedTuple):
    """The parcel that each pixel lies in.

    Attributes:
        kind: 0 to 255, what it grows (see `seasons`).
        tone: -1 to 1, how bright its soil and its crop are.
        margin: -1 to 1, how far it ventures beyond good land.
        border: metres to its edge.
    """

    kind: Ints
    tone: Floats
    margin: Floats
    border: Floats


def parcels(u: Floats, v: Floats) -> Parcels:
    """The parcels at points (bent coordinates, metres)."""
    across = u * f32(1 / _WIDTH)
    column = np.floor(across)
    across -= column
    columns = column.astype(np.int32)
    along = v * f32(1 / _HEIGHT) + _SHIFT.take(columns & _MASK)
    row = np.floor(along)
    along -= row
    block = columns * np.int32(40503) + row.astype(np.int32) * np.int32(28657)
    cut = _RANDOM.take(block & _MASK)

    strips = ((cut & 3) + 1).astype(np.float32)
    across *= strips
    strip = np.floor(across)
    across -= strip
    steps = ((cut >> 2 & 3) + 1).astype(np.float32)
    along *= steps
    step = np.floor(along)
    along -= step
    block += (strip * f32(8) + step).astype(np.int32) * np.int32(7919)
    parcel = _RANDOM.take(block & _MASK)

    border_x = np.minimum(across, f32(1) - across) * (f32(_WIDTH) / strips)
    border_y = np.minimum(along, f32(1) - along) * (f32(_HEIGHT) / steps)
    return Parcels(
        kind=parcel & 255,
        tone=(parcel >> 8 & 255).astype(np.float32) * f32(1 / 128) - f32(1),
        margin=(parcel >> 16 & 255).astype(np.float32) * f32(1 / 128) - f32(1),
        border=np.minimum(border_x, border_y),
    )
