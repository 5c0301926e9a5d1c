"""Real eigenvectors of matrices that are not symmetric, by the implicit double-step QR algorithm.

As EJML has it (https://ejml.org), which the service uses [S]: the matrix is brought to Hessenberg
form by reflections, the eigenvalues are found by double steps, and then the triangular form by
single steps with the eigenvalues as shifts. The method is that of D. S. Watkins, Fundamentals of
Matrix Computations, 2nd edition. Vectors of equal eigenvalues are the same where the matrix has
fewer vectors than rows; they come unmixed, as the documented examples show.
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

_PATIENCE = 20
_MOST_STEPS = _PATIENCE * 20
_SAME = 100.0 * EPSILON


def general(matrix: Matrix) -> tuple[Vector, Matrix]:
    """Eigenvalues, and a row for each vector.

    Raises:
        ServiceError: some are not real, or they are not found.
    """
    form, outer = _hessenberg(matrix)
    found = _Values(form).run()
    if any(value.imag for value in found):
        raise ServiceError("The emulator has no eigenvectors of matrices whose values are complex.")
    schur = _Triangle(form, [value.real for value in found])
    values = schur.run()
    return np.array(values), schur.vectors(values) @ outer.T


def _hessenberg(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """A matrix with nothing below the diagonal's neighbour, and the one that makes it."""
    a = matrix.copy()
    size = len(a)
    reflections = []
    for k in range(size - 2):
        found = reflection(a[k + 1 :, k])
        reflections.append(found)
        found.rows(a[k + 1 :, k + 1 :])
        found.columns(a[:, k + 1 :])
        a[k + 1, k], a[k + 2 :, k] = found.first, 0.0
    q = np.eye(size)
    for k in range(size - 3, -1, -1):
        reflections[k].rows(q[k + 1 :, k + 1 :])
    return a, q


class _Steps:
    """A Hessenberg matrix, its part under work, and the steps that are taken there.

    Args:
        form: the matrix; it is copied.
        turned: what is reflected along with it, row by row.
    """

    def __init__(self, form: Matrix, turned: Matrix | None = None) -> None:
        self.a = form.copy()
        self._turned = turned
        self.first, self.last = 0, len(form) - 1
        self._splits: list[int] = []
        self.steps = 0
        self._exceptional = 0
        self._exceptions = 0
        self._random = JavaRandom(0x2342)

    def next_part(self) -> None:
        """Go on with the part before the last split."""
        self.last = self._splits.pop()
        self.first = self._splits[-1] + 1 if self._splits else 0

    def found(self) -> None:
        """An eigenvalue is: the count of steps begins again."""
        self.steps = self._exceptional = 0

    def check(self) -> None:
        """Count a step.

        Raises:
            ServiceError: they are too many.
        """
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise ServiceError("The eigenvalues of the matrix are not found.")

    @property
    def is_stuck(self) -> bool:
        """Whether nothing was found for long."""
        return self.steps - self._exceptional > _PATIENCE

    @property
    def is_done(self) -> bool:
        """Whether the last element of the diagonal is an eigenvalue."""
        alone = self.last == self.first
        return alone or (not self.is_stuck and self.is_zero(self.last))

    def take(self) -> float:
        """The last element of the diagonal, which is done with."""
        value = float(self.a[self.last, self.last])
        self.last -= 1
        self.found()
        return value

    def is_zero(self, row: int) -> bool:
        """Whether the element before the diagonal's is as good as zero."""
        near = abs(self.a[row - 1, row - 1]) + abs(self.a[row, row])
        return bool(abs(self.a[row, row - 1]) <= 0.5 * EPSILON * near)

    def split(self) -> bool:
        """Leave what is before a zero for later; whether there is one."""
        for row in range(self.last, self.first, -1):
            if self.is_zero(row):
                self.first = row
                self._splits.append(row - 1)
                return True
        return False

    def single(self, shift: float) -> None:
        """One step with a real shift."""
        start, a = self.first, self.a
        bulge = np.array([a[start, start] - shift, a[start + 1, start]])
        if not self._reflect(start, bulge, abs(a[start, start]) * EPSILON, push=False):
            return
        for i in range(start, self.last - 1):
            self._push(i, 2)

    def double(self) -> None:
        """One step with the eigenvalues of the last two rows and columns, real or not."""
        a, i, j = self.a, self.first, self.last
        block = np.concatenate(
            [a[i : i + 2, i : i + 2].ravel(), a[j - 1 : j + 1, j - 1 : j + 1].ravel()]
        )
        below = a[i + 2, i + 1]
        most = max(float(np.abs(block).max()), abs(below))
        a11, a12, a21, a22, z11, z12, z21, z22 = (block / most).tolist()
        bulge = np.array(
            [
                (a11 - z11) * (a11 - z22) - z21 * z12 + a12 * a21,
                (a11 + a22 - z11 - z22) * a21,
                below / most * a21,
            ]
        )
        if not self._reflect(i, bulge, 0.0, push=False):
            return
        for row in range(i, j - 2):
            self._push(row, 3)
        self._push(j - 2, 2)

    def at_random(self) -> None:
        """One step with some shift of the matrix's size, when nothing else helps."""
        size = abs(self.a[self.last, self.last]) or 1.0
        self._exceptions += 1
        close = 1.0 - 0.1**self._exceptions
        size *= close + 2.0 * (1.0 - close) * (self._random.fraction() - 0.5)
        self.single(-size if self._random.truth() else size)
        self._exceptional = self.steps

    def _push(self, i: int, count: int) -> None:
        """Push the bulge below row i one row on."""
        column = self.a[i + 1 : i + 1 + count, i].copy()
        self._reflect(i + 1, column, abs(self.a[i, i]) * EPSILON, push=True)

    def _reflect(self, i: int, vector: Vector, threshold: float, *, push: bool) -> bool:
        """Reflect rows and columns from i on; whether there was anything to reflect."""
        end = i + len(vector)
        made = reflection(vector, threshold)
        if push:
            self.a[i:end, i - 1] = 0.0
        if made.gamma == 0.0:
            return False
        made.rows(self.a[i:end, i if push else 0 :])
        if push:
            self.a[i, i - 1] = made.first
        made.columns(self.a[:, i:end])
        if self._turned is not None:
            made.rows(self._turned[i:end])
        return True


class _Values(_Steps):
    """The eigenvalues of a Hessenberg matrix."""

    def run(self) -> list[complex]:
        """All of them, in the order in which they are found."""
        found: list[complex] = []
        while len(found) < len(self.a):
            self.check()
            if self.last < self.first:
                self.next_part()
            elif self.last - self.first == 1:
                found += _two(self.a[self.first : self.last + 1, self.first : self.last + 1])
                self.last -= 2
                self.found()
            elif self.is_done:
                found.append(complex(self.take()))
            elif self.is_stuck:
                self.at_random()
            elif not self.split():
                self.double()
        return found


class _Triangle(_Steps):
    """The triangular form of a Hessenberg matrix whose eigenvalues are known, and real.

    Args:
        form: the matrix.
        script: the eigenvalues, in the order in which they were found.
    """

    def __init__(self, form: Matrix, script: list[float]) -> None:
        self._q = np.eye(len(form))
        super().__init__(form, self._q)
        self._script = script
        self._on_script = True

    def run(self) -> list[float]:
        """The eigenvalues, from the last row to the first but for splits."""
        found: list[float] = []
        while len(found) < len(self.a):
            self.check()
            if self.last < self.first:
                self.next_part()
            elif self.is_done:
                found.append(self.take())
            elif self.is_stuck:
                self.at_random()
            elif not self.split():
                self._approach(len(found))
        return found

    def _approach(self, index: int) -> None:
        """One step: with the known eigenvalue, or where that does not help with another shift."""
        if self._on_script:
            if self.steps > _PATIENCE // 2:
                self._on_script = False
            else:
                self.single(self._script[index])
        elif self.last - self.first > 1:
            self.double()
        else:
            self.single(self.a[self.last, self.last])

    def vectors(self, values: list[float]) -> Matrix:
        """A row for each eigenvalue: the vector of length 1, in the Hessenberg matrix's frame."""
        size = len(values)
        found: dict[int, Vector] = {}
        for row in range(size):
            if size - 1 - row in found:
                continue
            value = values[size - 1 - row]
            above = self._above(value, row)
            for i in range(row, size):
                if abs(values[size - 1 - i] - value) / (abs(value) or 1.0) < _SAME:
                    vector = np.zeros(size)
                    vector[:row], vector[i] = above, 1.0
                    turned = vector @ self._q
                    found[size - 1 - i] = turned / np.linalg.norm(turned)
        return np.array([found[i] for i in range(size)])

    def _above(self, value: float, row: int) -> Vector:
        """The elements of a vector above row, where it has a 1, by back substitution."""
        made = -self.a[:row, row]
        for i in range(row - 1, -1, -1):
            made[i] = (made[i] - self.a[i, i + 1 : row] @ made[i + 1 :]) / (self.a[i, i] - value)
        return made


def _two(block: Matrix) -> list[complex]:
    """The eigenvalues of a 2 x 2 matrix, after a rotation that makes its diagonal even."""
    scale = float(np.abs(block).max())
    if scale == 0:
        return [0j, 0j]
    (a11, a12), (a21, a22) = (block / scale).tolist()
    if a12 + a21 == 0:
        c = s = math.sqrt(0.5)
    else:
        slope = (a11 - a22) / (a12 + a21)
        t = slope / (1.0 + math.sqrt(1.0 + slope * slope))
        c = 1.0 / math.sqrt(1.0 + t * t)
        s = c * t
    even = c * c * a11 + s * s * a22 - c * s * (a12 + a21)
    b12 = c * c * a12 - s * s * a21 + c * s * (a11 - a22)
    b21 = c * c * a21 - s * s * a12 + c * s * (a11 - a22)
    if b12 * b21 < 0:
        apart = math.sqrt(-b12 * b21)
        return [complex(even * scale, apart * scale), complex(even * scale, -apart * scale)]
    both = b12 + b21
    reach = math.sqrt(b12 / both) * math.sqrt(b21 / both) * both if b12 else 0.0
    return [complex((even - reach) * scale), complex((even + reach) * scale)]
