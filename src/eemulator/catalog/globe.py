"""Heights of the Earth where the other sensors see nothing: invented hills and plains.

A global model must say something wherever it is asked. The relief is a sum of noises of the place
on the sphere, so it goes on across the antimeridian and the poles; what would lie below the sea is
at its level. It knows no continents, and meets the land of `ground` in a step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eemulator.catalog.lattice import Lattice
from eemulator.catalog.noise import Floats, Ints, Octave, fractal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Degrees = NDArray[np.float64]

# Degrees between the points that heights are worked out at: some 900 m.
_SPACING = 1 / 128

_RADIUS = 6371.0
_PLAIN = np.float32(350)

# Cells in km, weights in metres. Each stands three times: seen along each axis of the Earth.
_RELIEF = (
    Octave(2900.0, 800.0, 15),
    Octave(640.0, 520.0, 16),
    Octave(140.0, 300.0, 17),
    Octave(31.0, 190.0, 18),
    Octave(7.0, 90.0, 19),
)


def heights(longitude: Degrees, latitude: Degrees) -> Floats:
    """Metres above the sea, 0 or more.

    Args:
        longitude: `(1, w)`, or `(h, w)`, degrees.
        latitude: `(h, 1)`, or `(h, w)`, degrees.

    Returns:
        `(h, w)`, float32; the same for a point whatever it is asked for with.
    """
    lattice = Lattice(longitude, latitude, _SPACING)
    return lattice.field(_nodes(lattice.i, lattice.j))(slice(None))


def _nodes(i: Ints, j: Ints) -> Floats:
    longitude, latitude = np.broadcast_arrays(i * np.float64(_SPACING), j * np.float64(_SPACING))
    across = _RADIUS * _sine(90 - np.abs(latitude))
    x = (across * _sine(90 - np.abs(_turned(longitude)))).astype(np.float32)
    y = (across * _sine(_folded(_turned(longitude)))).astype(np.float32)
    z = (_RADIUS * _sine(latitude)).astype(np.float32)
    relief = fractal(x, y, _RELIEF) + fractal(y, z, _RELIEF) + fractal(z, x, _RELIEF)
    return np.maximum(relief + _PLAIN, np.float32(0))


def _turned(degrees: Degrees) -> Degrees:
    """The same direction within ±180°."""
    turns: Degrees = np.floor((degrees + 180) / 360)
    return degrees - 360 * turns


def _folded(degrees: Degrees) -> Degrees:
    """The angle within ±90° that has the same sine."""
    folded: Degrees = np.clip(degrees, -180 - degrees, 180 - degrees)
    return folded


def _sine(degrees: Degrees) -> Degrees:
    """Of angles within ±90°, to five digits.

    Products and sums only: `np.sin` may round a value otherwise in arrays of another length.
    """
    t = degrees * (np.pi / 180)
    s = t * t
    return t * (1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72))))
