"""Householder reflections, from which orthogonal decompositions are made.

A reflection is `I - gamma u uᵀ` with 1 for the first element of `u`. Signs are those of D. S.
Watkins, Fundamentals of Matrix Computations, and of EJML after him: the reflected vector's first
element gets the sign that it had not. Sums are those of single products, as in Java: a
fused multiplication rounds otherwise, and what is just zero decides about one more reflection.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Vector = NDArray[np.float64]

EPSILON = 2.0**-52


class Reflection(NamedTuple):
    """A reflection that leaves of a vector its first element only.

    Attributes:
        u: its vector, the first element 1.
        gamma: its factor; 0 where the vector is 0 already, and nothing is reflected.
        first: what becomes of the vector's first element.
    """

    u: Vector
    gamma: float
    first: float

    def rows(self, matrix: Matrix) -> None:
        """Reflect from the left, in place: `matrix` has as many rows as `u` has elements."""
        together = self.gamma * (self.u[:, np.newaxis] * matrix).sum(0)
        matrix -= np.outer(self.u, together)

    def columns(self, matrix: Matrix) -> None:
        """Reflect from the right, in place: as many columns."""
        matrix -= np.outer(self.gamma * (matrix * self.u).sum(1), self.u)


def reflection(vector: Vector, threshold: float = 0.0) -> Reflection:
    """The reflection of a vector; none where no element is greater than a threshold."""
    most = float(np.abs(vector).max())
    if not most > threshold:
        return Reflection(np.zeros(len(vector)), 0.0, float(vector[0]))
    scaled = vector / most
    length = math.copysign(math.sqrt((scaled * scaled).sum()), 1.0 if scaled[0] >= 0 else -1.0)
    reach = float(scaled[0]) + length
    u = scaled / reach
    u[0] = 1.0
    return Reflection(u, reach / length, -length * most)
