"""The bits of integers as arrays, the lowest first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..expression.registry import algorithm
from ..values.array import Array
from ..values.pixel_type import BOOLEAN, INT64
from .image_arrays import computed

if TYPE_CHECKING:
    from ..pixels.array_pixels import Stack
    from ..values.image import Image


def _unsigned(values: Stack) -> Stack:
    """The 64 bits of integers; fractions are cut."""
    return values.astype(np.int64).view(np.uint64)


def _lengths(values: Stack) -> Stack:
    """The position of the highest set bit, counted from 1; 1 for 0 [S]. `(n, 1)`."""
    bits = _unsigned(values)
    powers = np.uint64(1) << np.arange(64, dtype=np.uint64)
    # A number has as many bits as there are powers of two up to it.
    found: Stack = np.maximum((bits[:, np.newaxis] >= powers).sum(axis=1, keepdims=True), 1)
    return found


def _bits(values: Stack) -> Stack:
    """`(n, length)`, of numbers that all take as many bits."""
    places = np.arange(int(_lengths(values[:1])[0, 0]), dtype=np.uint64)
    found: Stack = (_unsigned(values)[:, np.newaxis] >> places & np.uint64(1)).astype(np.uint8)
    return found


@algorithm("Array.bitsToArray")
def bits_to_array(value: float) -> Array:
    """The bits of a number of 64 bits, up to the highest that is set."""
    low, high = INT64.bounds
    whole = 0 if math.isnan(value) else int(min(max(value, low), high))
    return Array.of(_bits(np.array([whole]))[0], BOOLEAN)


@algorithm("Image.bitsToArrayImage")
def bits_to_array_image(image: Image) -> Image:
    """Each pixel's bits, up to the highest that is set; 0 has one bit, as of a number [I]."""
    return computed(
        image, [(b.id, BOOLEAN.arrayed(1), (b,), _bits) for b in image.bands], split=_lengths
    )
