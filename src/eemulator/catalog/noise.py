"""Smooth random fields of the plane, the same on every call and for every window.

Only operations that IEEE 754 defines to the last bit are used on arrays (+ - × ÷, floor,
comparisons, integer arithmetic, table lookups), so a value depends on its own coordinates alone,
never on the shape of the array it was computed in. Sines and powers would not do: NumPy's vector
code and its scalar tail may round them differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Floats = NDArray[np.floating[Any]]
"""Always float32; typed wider, because NumPy's stubs forget the precision of scalar operands."""
Ints = NDArray[np.int64]

_BITS = 7
_SIZE = 1 << _BITS
_MASK = _SIZE - 1

# Points that noise is worked out of at once. A million cost four times as much each: the many
# arrays on the way no longer fit into the cache.
_PART = 8192


def hash32(a: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Scrambles 32-bit integers (Wellons' lowbias32), elementwise."""
    a = a ^ (a >> np.uint32(16))
    a = a * np.uint32(0x7FEB352D)
    a = a ^ (a >> np.uint32(15))
    a = a * np.uint32(0x846CA68B)
    return a ^ (a >> np.uint32(16))


def _uniform(stream: int) -> Floats:
    """A table of numbers in [-1, 1), one for each cell of a lattice."""
    index = np.arange(_SIZE * _SIZE, dtype=np.uint32) + np.uint32(stream * 0x10000)
    return (hash32(index) >> np.uint32(8)).astype(np.float32) / np.float32(2**23) - np.float32(1)


# Gradients at lattice points (they need not have unit length), and plain values. The lattices
# repeat after 128 cells; octaves of different cell size and rotation hide it.
_GRADIENT_X = _uniform(1)
_GRADIENT_Y = _uniform(2)
_VALUES = _uniform(3)


class Slope(NamedTuple):
    """A field and its partial derivatives."""

    value: Floats
    dx: Floats
    dy: Floats


def lattice_values(i: Ints, j: Ints, seed: int) -> Floats:
    """Independent numbers in [-1, 1) at integer points."""
    return _VALUES.take(((j + seed * 57) & _MASK) << _BITS | ((i + seed * 113) & _MASK))


def gradient_noise(x: Floats, y: Floats, seed: int) -> Floats:
    """Perlin's noise with unit cells: about -0.6 to 0.6, zero mean.

    Args:
        x: abscissae in cells, any shape.
        y: ordinates, same shape.
        seed: chooses the field.
    """
    return _perlin(x, y, seed, slope=False).value


def gradient_noise_slope(x: Floats, y: Floats, seed: int) -> Slope:
    """The same field with its derivatives (per cell)."""
    return _perlin(x, y, seed, slope=True)


def _perlin(x: Floats, y: Floats, seed: int, *, slope: bool) -> Slope:
    one = np.float32(1)
    x0, y0 = np.floor(x), np.floor(y)
    fx, fy = x - x0, y - y0
    i = x0.astype(np.int64) + (seed * 113)
    j = y0.astype(np.int64) + (seed * 57)
    i0, j0 = i & _MASK, (j & _MASK) << _BITS
    i1, j1 = (i + 1) & _MASK, ((j + 1) & _MASK) << _BITS
    gx, gy = fx - one, fy - one
    n00, a00, b00 = _corner(j0 | i0, fx, fy)
    n10, a10, b10 = _corner(j0 | i1, gx, fy)
    n01, a01, b01 = _corner(j1 | i0, fx, gy)
    n11, a11, b11 = _corner(j1 | i1, gx, gy)

    u, v = _fade(fx), _fade(fy)
    along, across = n10 - n00, n01 - n00
    twist = n11 - n10 - across
    value = n00 + u * along + v * (across + u * twist)
    if not slope:
        return Slope(value, value, value)
    uv = u * v
    dx = a00 + u * (a10 - a00) + v * (a01 - a00) + uv * (a11 - a10 - a01 + a00)
    dx = dx + _fade_slope(fx) * (along + v * twist)
    dy = b00 + u * (b10 - b00) + v * (b01 - b00) + uv * (b11 - b10 - b01 + b00)
    dy = dy + _fade_slope(fy) * (across + u * twist)
    return Slope(value, dx, dy)


def _corner(at: Ints, dx: Floats, dy: Floats) -> tuple[Floats, Floats, Floats]:
    """What a corner's gradient adds at a distance from it, and the gradient."""
    # "wrap" spares a pass that looks for indices beyond the table; there are none.
    a, b = _GRADIENT_X.take(at, mode="wrap"), _GRADIENT_Y.take(at, mode="wrap")
    n = a * dx
    n += b * dy
    return n, a, b


def _fade(t: Floats) -> Floats:
    """Quintic from 0 to 1 with flat ends (Perlin 2002)."""
    bent = t * np.float32(6)
    bent -= np.float32(15)
    bent *= t
    bent += np.float32(10)
    cube = t * t
    cube *= t
    cube *= bent
    return cube


def _fade_slope(t: Floats) -> Floats:
    s = t * (t - np.float32(1))
    return s * s * np.float32(30)


class Octave(NamedTuple):
    """One layer of a sum of noises.

    Attributes:
        cell: size of a cell, in the units of the coordinates.
        weight: what it contributes.
        seed: chooses the field.
    """

    cell: float
    weight: float
    seed: int


# Turns of successive octaves, as (cosine, sine) of Pythagorean triples: lattice lines of
# different octaves never lie on each other, nor along the pixels.
_TURNS = ((12 / 13, 5 / 13), (3 / 5, 4 / 5), (15 / 17, -8 / 17), (20 / 29, 21 / 29))


def turned(x: Floats, y: Floats, octave: Octave) -> tuple[Floats, Floats, float, float]:
    """Coordinates in an octave's own turned cells, with the turn's scaled cosine and sine."""
    cosine, sine = _TURNS[octave.seed % len(_TURNS)]
    c, s = np.float32(cosine / octave.cell), np.float32(sine / octave.cell)
    return x * c + y * s, y * c - x * s, float(c), float(s)


def fractal(x: Floats, y: Floats, octaves: Sequence[Octave]) -> Floats:
    """Sum of noises."""
    if not octaves:
        raise ValueError("a fractal needs an octave")
    total = np.empty(x.shape, np.float32)
    for part, (u, v) in _parts(x, y):
        total.reshape(-1)[part] = _sum(u, v, octaves)
    return total


def _sum(x: Floats, y: Floats, octaves: Sequence[Octave]) -> Floats:
    total: Floats | None = None
    for octave in octaves:
        u, v, _, _ = turned(x, y, octave)
        layer = gradient_noise(u, v, octave.seed)
        layer *= np.float32(octave.weight)
        if total is None:
            total = layer
        else:
            total += layer
    assert total is not None  # noqa: S101
    return total


def slope_of(x: Floats, y: Floats, octave: Octave) -> Slope:
    """One octave (weighted) with its derivatives per unit of the coordinates."""
    whole = np.empty((3, x.size), np.float32)
    w = np.float32(octave.weight)
    for part, (at_x, at_y) in _parts(x, y):
        u, v, c, s = turned(at_x, at_y, octave)
        n, du, dv = gradient_noise_slope(u, v, octave.seed)
        cw, sw = np.float32(c) * w, np.float32(s) * w
        whole[0, part] = n * w
        whole[1, part] = du * cw - dv * sw
        whole[2, part] = du * sw + dv * cw
    return Slope(*(field.reshape(x.shape) for field in whole))


def _parts(x: Floats, y: Floats) -> Iterator[tuple[slice, tuple[Floats, Floats]]]:
    """Points, in their flat order, so many at a time that what is worked out stays in the cache."""
    flat_x, flat_y = x.reshape(-1), y.reshape(-1)
    for start in range(0, flat_x.size, _PART):
        part = slice(start, start + _PART)
        yield part, (flat_x[part], flat_y[part])


def ramp(x: Floats, low: float, high: float) -> Floats:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((x - np.float32(low)) * np.float32(1 / (high - low)), np.float32(0), np.float32(1))
    smooth: Floats = t * t * (np.float32(3) - np.float32(2) * t)
    return smooth
