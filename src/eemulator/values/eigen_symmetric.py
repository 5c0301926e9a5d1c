"""Eigenvectors of symmetric matrices, by the implicit QR algorithm.

The service uses EJML (https://ejml.org) [S], whose choices decide the signs of the vectors and the
order of those that share a value: the matrix is made tridiagonal by reflections, the eigenvalues
are found first, and then the vectors with the eigenvalues as shifts. The method is that of D. S.
Watkins, Fundamentals of Matrix Computations, 2nd edition, pages 349 to 385.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ServiceError
from .java_random import JavaRandom
from .reflections import EPSILON, reflection

if TYPE_CHECKING:
    from .reflections import Matrix, Vector

_PATIENCE = 15
_MOST_STEPS = _PATIENCE * 15
_SCRIPTED_STEPS = 10


def symmetric(matrix: Matrix) -> tuple[Vector, Matrix]:
    """Eigenvalues, and a row for each vector.

    Raises:
        ServiceError: they are not found.
    """
    diagonal, beside, rotated = _tridiagonal(matrix)
    found = _Tridiagonal(diagonal.tolist(), beside.tolist())
    found.run()
    again = _Tridiagonal(diagonal.tolist(), beside.tolist(), rotated, script=found.diagonal)
    again.run()
    return np.array(again.diagonal), rotated


def _tridiagonal(matrix: Matrix) -> tuple[Vector, Vector, Matrix]:
    """The diagonal, the one beside it, and the transposed orthogonal matrix that makes them."""
    a = matrix.copy()
    size = len(a)
    beside = np.zeros(max(size - 1, 0))
    reflections = []
    for k in range(1, size):
        found = reflection(a[k - 1, k:])
        beside[k - 1] = found.first
        reflections.append(found)
        u, inner = found.u, a[k:, k:]
        v = -found.gamma * (inner @ u)
        w = v - 0.5 * found.gamma * (u @ v) * u
        inner += np.outer(w, u) + np.outer(u, w)
    q = np.eye(size)
    for k in range(size - 1, 0, -1):
        reflections[k - 1].columns(q[k:, k:])
    return np.diagonal(a).copy(), beside, q


class _Tridiagonal:
    """A symmetric tridiagonal matrix on its way to a diagonal one.

    Args:
        diagonal: of it.
        beside: the diagonal beside that.
        rotated: turned along with it, row by row; None where only eigenvalues are wanted.
        script: eigenvalues found before, the first shifts to try.
    """

    def __init__(
        self,
        diagonal: list[float],
        beside: list[float],
        rotated: Matrix | None = None,
        script: list[float] | None = None,
    ) -> None:
        self.diagonal = diagonal
        self._beside = beside
        self._rotated = rotated
        self._script = script
        self._first, self._last = 0, len(diagonal) - 1
        self._splits: list[int] = []
        self._steps = 0
        self._exceptional = 0
        self._exceptions = 0
        self._random = JavaRandom(0x34671E)

    def run(self) -> None:
        """Make it diagonal."""
        while True:
            if self._steps > _MOST_STEPS:
                raise ServiceError("The eigenvalues of the matrix are not found.")
            if self._first == self._last:
                self._steps = self._exceptional = 0
                if not self._splits:
                    return
                self._last = self._splits.pop()
                self._first = self._splits[-1] + 1 if self._splits else 0
            elif self._rotated is None and self._last - self._first == 1:
                self._steps = self._exceptional = 0
                self._solve_two(self._first)
                self._first = self._last
            elif self._steps - self._exceptional > _PATIENCE:
                self._shift_at_random()
            else:
                self._step()
            self._steps += 1

    def _step(self) -> None:
        """Split where nothing is beside the diagonal, or else rotate once through."""
        d, e = self.diagonal, self._beside
        for i in range(self._last - 1, self._first - 1, -1):
            if abs(e[i]) <= (abs(d[i]) + abs(d[i + 1])) * EPSILON:
                self._splits.append(i)
                self._first = i + 1
                return
        if self._script is not None:
            if self._steps > _SCRIPTED_STEPS:
                self._script = None
                return
            shift = self._script[self._last]
        else:
            shift = self._wilkinson()
        self._sweep(*_rotation(d[self._first] - shift, e[self._first]))

    def _sweep(self, c: float, s: float) -> None:
        """A rotation of the first two rows and columns, and those that push the bulge out."""
        e = self._beside
        bulge = self._rotate(self._first, c, s)
        i = self._first
        while i < self._last - 1 and bulge != 0.0:
            c, s = _rotation(e[i], bulge)
            e[i] = c * e[i] + s * bulge
            i += 1
            bulge = self._rotate(i, c, s)

    def _rotate(self, i: int, c: float, s: float) -> float:
        """Rows and columns i and i + 1 rotated; what sticks out beyond them."""
        d, e = self.diagonal, self._beside
        a, b, between = d[i], d[i + 1], e[i]
        d[i] = c * c * a + 2.0 * c * s * between + s * s * b
        d[i + 1] = c * c * b - 2.0 * c * s * between + s * s * a
        e[i] = between * (c * c - s * s) + c * s * (b - a)
        if self._rotated is not None:
            one, other = self._rotated[i].copy(), self._rotated[i + 1].copy()
            self._rotated[i] = c * one + s * other
            self._rotated[i + 1] = -s * one + c * other
        if i + 1 >= self._last:
            return 0.0
        bulge = s * e[i + 1]
        e[i + 1] = c * e[i + 1]
        return bulge

    def _shift_at_random(self) -> None:
        """Rotate by some angle, when nothing else helps."""
        self._exceptions += 1
        angle = 2.0 * (self._random.fraction() - 0.5) * min(0.05 * self._exceptions, 1.0)
        self._sweep(math.cos(angle), math.sin(angle))
        self._exceptional = self._steps

    def _solve_two(self, i: int) -> None:
        """The eigenvalues of two rows and columns, the greater one first."""
        self.diagonal[i], self.diagonal[i + 1] = self._two(i)
        self._beside[i] = 0.0

    def _wilkinson(self) -> float:
        """Of the eigenvalues of the last two rows and columns the one next to the last element."""
        greater, less = self._two(self._last - 1)
        last = self.diagonal[self._last]
        return greater if abs(greater - last) < abs(less - last) else less

    def _two(self, i: int) -> tuple[float, float]:
        a, between, b = self.diagonal[i], self._beside[i], self.diagonal[i + 1]
        scale = max(abs(a), abs(between), abs(b))
        if scale == 0:
            return 0.0, 0.0
        a, between, b = a / scale, between / scale, b / scale
        middle, half = (a + b) * 0.5, (a - b) * 0.5
        reach = math.sqrt(half * half + between * between)
        return scale * (middle + reach), scale * (middle - reach)


def _rotation(run: float, rise: float) -> tuple[float, float]:
    """The cosine and sine of an angle by its slope; run and rise are not both 0."""
    if abs(rise) > abs(run):
        k = run / rise
        s = 1.0 / math.sqrt(1.0 + k * k)
        return k * s, s
    t = rise / run
    c = 1.0 / math.sqrt(1.0 + t * t)
    return c, t * c
