"""Eigenvectors and the LU decomposition, against what defines them and against NumPy."""

from __future__ import annotations

import ee
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from eemulator.values.eigen import eigen

from .wire import info

GRIDS = st.integers(1, 6).flatmap(
    lambda size: arrays.arrays(np.float64, (size, size), elements=st.integers(-3, 3).map(float))
)


@settings(max_examples=40, deadline=None)
@given(GRIDS)
def test_of_symmetric_matrices(grid: np.ndarray) -> None:
    matrix = grid + grid.T
    found = eigen(matrix)
    values, vectors = found[:, 0], found[:, 1:]
    np.testing.assert_allclose(values, np.linalg.eigvalsh(matrix)[::-1], atol=1e-9)
    np.testing.assert_allclose(matrix @ vectors.T, vectors.T * values, atol=1e-9)
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(len(matrix)), atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(GRIDS, st.integers(0, 2**32 - 1))
def test_of_matrices_with_real_eigenvalues(grid: np.ndarray, seed: int) -> None:
    """Triangular matrices in another orthogonal frame; their diagonals are the eigenvalues."""
    size = len(grid)
    triangle = np.triu(grid, 1) + np.diag(np.arange(1.0, size + 1))
    frame, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))
    matrix = frame @ triangle @ frame.T
    found = eigen(matrix)
    np.testing.assert_allclose(found[:, 0], np.arange(size, 0, -1), atol=1e-6)
    vectors = found[:, 1:]
    np.testing.assert_allclose(matrix @ vectors.T, vectors.T * found[:, 0], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(GRIDS)
@pytest.mark.usefixtures("server")
def test_lu(grid: np.ndarray) -> None:
    found = info(ee.Array(grid.tolist()).matrixLUDecomposition())
    lower, upper, order = (np.array(found[key], float) for key in "LUP")
    np.testing.assert_allclose(order @ grid, lower @ upper, atol=1e-12)
    assert np.array_equal(lower, np.tril(lower))
    assert np.array_equal(np.diagonal(lower), np.ones(len(grid)))
    assert np.array_equal(upper, np.triu(upper))
    assert np.array_equal(order @ order.T, np.eye(len(grid)))
    assert np.abs(lower).max() <= 1 + 1e-15
