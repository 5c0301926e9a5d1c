"""Support vector machines: libsvm, as scikit-learn brings it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ServiceError
from ...limits import out_of_memory
from .classifier import Model, by_probability
from .forest import require_two
from .platt import coupled, sigmoid
from .table import blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .classifier import Answers, Learn
    from .table import Rows, Table

KERNELS = ("LINEAR", "POLY", "RBF", "SIGMOID")
PROCEDURES = ("Voting", "Margin")
MODES = {
    "C_SVC": ("CLASSIFICATION", "PROBABILITY", "MULTIPROBABILITY"),
    "NU_SVC": ("CLASSIFICATION", "PROBABILITY", "MULTIPROBABILITY"),
    "ONE_CLASS": ("CLASSIFICATION",),
    "EPSILON_SVR": ("CLASSIFICATION", "REGRESSION"),
    "NU_SVR": ("REGRESSION",),
}
"""Output modes of each type: https://developers.google.com/earth-engine/guides/classification [S].

Its table does not give EPSILON_SVR the mode REGRESSION, nor NU_SVR that by default; an error of
the table, as both are regressions: the former has both modes here.
"""

# Training runs to its end in compiled code: steps times numbers of the table, some ten seconds.
_MOST_WORK = 10**10
_MOST_NUMBERS = 10**6
# libsvm's own bound.
_MOST_STEPS = 10**7
# Of the training data, for probabilities; as libsvm has it.
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Machine:
    """Arguments of `Classifier.libsvm`; None for libsvm's default.

    Attributes:
        procedure: `Voting`: each pair of classes has a vote; `Margin`: and its size counts [I].
        kind: one of `MODES`.
        kernel: one of `KERNELS`.
        shrinking: whether to use that heuristic.
        degree: of POLY.
        gamma: of POLY, RBF and SIGMOID; by default 1 over the number of properties [S].
        offset: of POLY and SIGMOID.
        cost: of C_SVC and both regressions.
        nu: of NU_SVC, ONE_CLASS and NU_SVR.
        tolerance: where EPSILON_SVR ends [S].
        loss_tolerance: of EPSILON_SVR.
        one_class: that ONE_CLASS is trained on.
    """

    procedure: str
    kind: str
    kernel: str
    shrinking: bool
    degree: int | None
    gamma: float | None
    offset: float | None
    cost: float | None
    nu: float | None
    tolerance: float | None
    loss_tolerance: float | None
    one_class: int | None

    def check(self) -> None:
        """Refuse arguments out of their ranges."""
        for name, value, known in (
            ("decisionProcedure", self.procedure, PROCEDURES),
            ("svmType", self.kind, tuple(MODES)),
            ("kernelType", self.kernel, KERNELS),
        ):
            if value not in known:
                raise ServiceError(f"Unknown {name} '{value}'; there are {', '.join(known)}.")
        if self.degree is not None and not 0 <= self.degree <= 100:
            raise ServiceError(f"degree must be 0 to 100, got {self.degree}.")
        for name, number, most in (
            ("gamma", self.gamma, 1e30),
            ("cost", self.cost, 1e30),
            ("nu", self.nu, 1.0),
            ("terminationEpsilon", self.tolerance, 1e30),
            ("lossEpsilon", self.loss_tolerance, 1e30),
        ):
            if number is not None and not 0 < number <= most:
                raise ServiceError(f"{name} must be within (0, {most:g}], got {number}.")
        if self.offset is not None and not abs(self.offset) <= 1e30:
            raise ServiceError(f"coef0 must be a finite number, got {self.offset}.")
        if self.one_class not in (None, 0, 1):
            raise ServiceError(f"oneClass must be 0 or 1, got {self.one_class}.")

    @property
    def learn(self) -> Learn:
        """What trains it."""
        if self.kind in ("EPSILON_SVR", "NU_SVR"):
            return lambda table, _: self._regression(table)
        if self.kind == "ONE_CLASS":
            return lambda table, _: self._one_class(table)
        return lambda table, _: self._classes(table)

    def _classes(self, table: Table) -> Model:
        from .machines import ClassMachine, NuClassMachine

        classes, numbers = table.classes()
        require_two(classes)
        options = self._options(table, len(classes)) | {"decision_function_shape": "ovo"}
        if self.kind == "C_SVC":
            machine = ClassMachine(C=_or(self.cost, 1.0), **options)
        else:
            machine = NuClassMachine(nu=_or(self.nu, 0.5), **options)
        fitted = _fitted(machine, table.rows, numbers)

        def chosen(rows: Rows) -> Answers:
            if self.procedure == "Voting":
                found = fitted.predict(rows)
            else:
                found = _margins(_decisions(fitted, rows), len(classes)).argmax(axis=1)
            answers: Answers = classes[found]
            return answers

        sigmoids = cache(lambda: _sigmoids(machine, table, numbers))

        def probabilities(rows: Rows) -> NDArray[np.float64]:
            parts = [
                coupled(_decisions(fitted, some), sigmoids(), len(classes))
                for some in blocks(rows, (len(classes) + 1) ** 2)
            ]
            return np.concatenate(parts)

        outputs = by_probability(classes, probabilities) | {"CLASSIFICATION": chosen}
        return Model(outputs, lambda: {"classes": classes.tolist()})

    def _one_class(self, table: Table) -> Model:
        from .machines import OneClassMachine

        inside = _or(self.one_class, 0)
        rows = table.rows[table.labels == inside]
        if not len(rows):
            raise ServiceError(f"There are no training data of class {inside}.")
        fitted = _fitted(OneClassMachine(nu=_or(self.nu, 0.5), **self._options(table)), rows, None)

        def told(rows: Rows) -> Answers:
            answers: Answers = np.where(fitted.predict(rows) > 0, inside, 1 - inside)
            return answers

        return Model({"CLASSIFICATION": told}, lambda: {"classes": [0, 1]})

    def _regression(self, table: Table) -> Model:
        from .machines import EpsilonMachine, NuMachine

        options = self._options(table)
        if self.kind == "EPSILON_SVR":
            options["tol"] = _or(self.tolerance, 1e-3)
            machine = EpsilonMachine(
                C=_or(self.cost, 1.0), epsilon=_or(self.loss_tolerance, 0.1), **options
            )
        else:
            machine = NuMachine(C=_or(self.cost, 1.0), nu=_or(self.nu, 0.5), **options)
        fitted = _fitted(machine, table.rows, table.labels)
        return Model(
            {
                "CLASSIFICATION": lambda rows: np.rint(fitted.predict(rows)),
                "REGRESSION": fitted.predict,
            },
            dict,
        )

    def _options(self, table: Table, classes: int = 2) -> dict[str, Any]:
        """What all kinds have in common; pairs of classes share the steps.

        Raises:
            ServiceError: the table is too large.
        """
        if table.rows.size > _MOST_NUMBERS:
            raise out_of_memory()
        gamma = 1 / table.rows.shape[1] if self.gamma is None else self.gamma
        return {
            "kernel": self.kernel.lower(),
            "shrinking": self.shrinking,
            "degree": _or(self.degree, 3),
            "gamma": gamma,
            "coef0": _or(self.offset, 0.0),
            "max_iter": min(_MOST_STEPS, max(1, _MOST_WORK // (table.rows.size * (classes - 1)))),
        }


def _fitted(machine: Any, rows: Rows, targets: NDArray[Any] | None) -> Any:
    """A machine that has learned.

    Raises:
        ServiceError: it cannot.
    """
    try:
        return machine.fit(rows, targets)
    except ValueError as error:
        words = str(error).rstrip(".")
        raise ServiceError(f"The support vector machine cannot be trained: {words}.") from None


def _decisions(machine: Any, rows: Rows) -> NDArray[np.float64]:
    """Of each pair of classes, positive for the first: `(rows, pairs)`."""
    found: NDArray[np.float64] = machine.decision_function(rows)
    return -found[:, np.newaxis] if found.ndim == 1 else found


def _sigmoids(machine: Any, table: Table, numbers: NDArray[np.int64]) -> list[tuple[float, float]]:
    """That of each pair of classes, by decisions on rows that were left out of the training."""
    from sklearn.base import clone

    found = []
    for one, other in combinations(range(numbers.max() + 1), 2):
        members = np.flatnonzero((numbers == one) | (numbers == other))
        members = np.random.default_rng(0).permutation(members)
        first = numbers[members] == one
        decisions = np.zeros(len(members))
        for fold in range(_FOLDS):
            table.deadline.check()
            left_out = np.arange(len(members)) % _FOLDS == fold
            known = first[~left_out]
            if not left_out.any() or not known.size:
                continue
            if known.all() or not known.any():
                decisions[left_out] = 1 if known.all() else -1
                continue
            trained = _fitted(clone(machine), table.rows[members[~left_out]], ~known)
            decisions[left_out] = _decisions(trained, table.rows[members[left_out]])[:, 0]
        found.append(sigmoid(decisions, first))
    return found


def _margins(decisions: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """What all pairs of classes say for each of them: `(rows, classes)`."""
    found = np.zeros((len(decisions), count))
    for column, (one, other) in enumerate(combinations(range(count), 2)):
        found[:, one] += decisions[:, column]
        found[:, other] -= decisions[:, column]
    return found


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value
