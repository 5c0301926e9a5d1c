"""Eigenvalues and eigenvectors, in the order and with the signs of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .eigen_general import general
from .eigen_symmetric import symmetric

if TYPE_CHECKING:
    from .reflections import Matrix

_TOLERANCE = 1e-8


def eigen(matrix: Matrix) -> Matrix:
    """Rows of an eigenvalue and its vector, the greatest value first.

    Raises:
        ServiceError: eigenvalues are not real, or not found.
    """
    values, vectors = symmetric(matrix) if _is_symmetric(matrix) else general(matrix)
    order = np.argsort(-values, kind="stable")
    return np.column_stack([values, vectors])[order]


def _is_symmetric(matrix: Matrix) -> bool:
    """As EJML asks: a matrix of zeros alone is not, unless it is a single number."""
    most = np.abs(matrix).max()
    if most == 0:
        return len(matrix) == 1
    return bool((np.abs(matrix / most - (matrix / most).T) <= _TOLERANCE).all())
