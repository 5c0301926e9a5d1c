"""Reducers of rows: rank correlations, regressions, medians of points; and of arrays."""

from __future__ import annotations

import math

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.histograms import fixed_2d_histogram
from ..values.ranks import kendall, of_positions
from ..values.reducer import Reducer, arrays, check_inputs, double, of_pairs, of_stack
from ..values.shrunk import geometric_median, ridge_regression, robust_regression
from ..values.unpacked import disaggregated, for_each_element, with_split_weights


@algorithm("Reducer.kendallsCorrelation")
def kendalls_correlation(inputs: int) -> Reducer:
    """Tau-b of two inputs, or of one and its position in the order.

    Raises:
        ServiceError: there are neither one nor two inputs.
    """
    outputs = ("tau", "p-value")
    if inputs == 2:
        return of_pairs("kendallsCorrelation", outputs, kendall)
    if inputs != 1:
        raise ServiceError(f"Reducer.kendallsCorrelation has 1 or 2 inputs, got {inputs}.")
    return of_stack(
        "kendallsCorrelation",
        1,
        {output: (of_positions(which, kendall), double) for which, output in enumerate(outputs)},
    )


def _variables(name: str, independent: int, dependent: int) -> int:
    if independent < 1 or dependent < 1:
        raise ServiceError("There must be an independent and a dependent variable.")
    check_inputs(name, independent + dependent)
    return independent + dependent


@algorithm("Reducer.robustLinearRegression")
def robust_linear_regression(independent: int, dependent: int, margin: float | None) -> Reducer:
    """Least squares without outliers.

    Raises:
        ServiceError: there is no variable, or the margin is not positive.
    """
    if margin is not None and not margin > 0:
        raise ServiceError(f"Parameter 'beta' must be positive, got {margin}.")
    inputs = _variables("robustLinearRegression", independent, dependent)
    coefficients, residuals = robust_regression(independent, dependent, margin)
    return of_stack(
        "robustLinearRegression",
        inputs,
        {"coefficients": (coefficients, arrays(2)), "residuals": (residuals, arrays(1))},
    )


@algorithm("Reducer.ridgeRegression")
def make_ridge_regression(independent: int, dependent: int, penalty: float) -> Reducer:
    """Least squares with small coefficients.

    Raises:
        ServiceError: there is no variable, or the penalty is negative.
    """
    if not (math.isfinite(penalty) and penalty >= 0):
        raise ServiceError(f"Parameter 'lambda' must not be negative, got {penalty}.")
    inputs = _variables("ridgeRegression", independent, dependent)
    coefficients, residuals, chances = ridge_regression(independent, dependent, penalty)
    return of_stack(
        "ridgeRegression",
        inputs,
        {
            "coefficients": (coefficients, arrays(2)),
            "residuals": (residuals, arrays(1)),
            "pValue": (chances, arrays(1)),
        },
    )


@algorithm("Reducer.geometricMedian", ignores=["initialStepSize"])
def make_geometric_median(inputs: int, least: float) -> Reducer:
    """The point nearest to all; its coordinates are called `median_0` and so on [I].

    Raises:
        ServiceError: there is no input, too many, or the least improvement is not positive.
    """
    check_inputs("geometricMedian", inputs)
    if not least > 0:
        raise ServiceError(f"Parameter 'eta' must be positive, got {least}.")
    coordinate = geometric_median(inputs, least)
    return of_stack(
        "geometricMedian",
        inputs,
        {f"median_{which}": (coordinate(which), double) for which in range(inputs)},
    )


@algorithm("Reducer.fixed2DHistogram")
def make_fixed_2d_histogram(
    x_low: float, x_high: float, x_steps: int, y_low: float, y_high: float, y_steps: int
) -> Reducer:
    """Counts in cells of one size."""
    return fixed_2d_histogram((x_low, x_high, x_steps), (y_low, y_high, y_steps))


@algorithm("Reducer.forEachElement")
def make_for_each_element(reducer: Reducer) -> Reducer:
    """A reducer of each position of arrays."""
    return for_each_element(reducer)


@algorithm("Reducer.disaggregate")
def make_disaggregate(reducer: Reducer, axis: int | None) -> Reducer:
    """A reducer of the items of arrays and lists."""
    return disaggregated(reducer, axis)


@algorithm("Reducer.splitWeights")
def make_split_weights(reducer: Reducer) -> Reducer:
    """A reducer whose weight is an input."""
    return with_split_weights(reducer)
