"""Java's random numbers: the linear congruential generator of `java.util.Random`.

https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Random.html states the
algorithm as part of the interface.
"""

from __future__ import annotations

from typing import Any

_FACTOR = 0x5DEECE66D
_BITS = 48
_ROOM = 1 << _BITS


class JavaRandom:
    """A generator.

    Args:
        seed: 64 bits, of which the lower 48 count.
    """

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ _FACTOR) % _ROOM

    def _next(self, bits: int) -> int:
        """So many bits, not signed."""
        self._state = (self._state * _FACTOR + 0xB) % _ROOM
        return self._state >> (_BITS - bits)

    def integer(self, bound: int) -> int:
        """0 to a bound of at most 31 bits, which is not included."""
        if bound & (bound - 1) == 0:
            return bound * self._next(31) >> 31
        while True:
            bits = self._next(31)
            value = bits % bound
            # The last stretch of 31 bits is shorter than the bound.
            if bits - value + bound - 1 < 2**31:
                return value

    def fraction(self) -> float:
        """0 to 1, which is not included."""
        return ((self._next(26) << 27) + self._next(27)) * 2.0**-53

    def truth(self) -> bool:
        """One bit."""
        return self._next(1) == 1

    def shuffled(self, items: list[Any]) -> list[Any]:
        """Items in another order, as `java.util.Collections.shuffle` gives it."""
        made = items.copy()
        for last in range(len(made) - 1, 0, -1):
            other = self.integer(last + 1)
            made[last], made[other] = made[other], made[last]
        return made
