"""Classifiers: how they learn, in which mode they answer, and what they have learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ServiceError
from .table import Rows, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Answers = NDArray[Any]
"""`(rows,)`, or `(rows, n)` where each answer is an array."""

MODES = (
    "CLASSIFICATION",
    "REGRESSION",
    "PROBABILITY",
    "MULTIPROBABILITY",
    "RAW",
    "RAW_REGRESSION",
)
"""https://developers.google.com/earth-engine/apidocs/ee-classifier-setoutputmode [S]."""

LISTS = frozenset({"MULTIPROBABILITY", "RAW", "RAW_REGRESSION"})
"""Modes whose answers are arrays [S]."""

_REGRESSIONS = frozenset({"REGRESSION", "RAW_REGRESSION"})


@dataclass(frozen=True, eq=False, slots=True)
class Model:
    """What was learned.

    Attributes:
        outputs: what answers in each mode; the answer to a row does not depend on the others.
        explain: the model in words and numbers, as `Classifier.explain` tells it.
    """

    outputs: Mapping[str, Callable[[Rows], Answers]]
    explain: Callable[[], dict[str, Any]]


Learn = Callable[[Table, bool], Model]
"""Learns from a table; to tell numbers, not classes, where the second argument is true."""


@dataclass(frozen=True, eq=False, slots=True)
class Known:
    """What a classifier can tell without more data.

    Attributes:
        names: of its inputs, in order.
        model: of numbers, where its argument is true, else of classes; learned when it is first
            wanted, and once.
        table: what it was learned from.
    """

    names: tuple[str, ...]
    model: Callable[[bool], Model]
    table: Callable[[], Table] | None = None


@dataclass(frozen=True, eq=False)
class Classifier:
    """A classifier, perhaps trained.

    Attributes:
        name: as after `Classifier.`.
        modes: in which it can answer.
        learn: how; None for those that need no training.
        mode: in which it answers.
        lists: modes in which its answers are arrays.
        known: None as long as it is not trained.
    """

    name: str
    modes: Collection[str]
    learn: Learn | None = None
    mode: str = "CLASSIFICATION"
    lists: frozenset[str] = LISTS
    known: Known | None = None

    def with_mode(self, mode: str) -> Classifier:
        """The same in another mode; what it was trained on stays.

        Raises:
            ServiceError: there is no such mode, or not for this classifier.
        """
        if mode not in MODES:
            raise ServiceError(f"Unknown output mode '{mode}'; there are {', '.join(MODES)}.")
        changed = replace(self, mode=mode)
        changed.check_mode()
        return changed

    def check_mode(self) -> None:
        """Refuse a mode that the service's table does not have for this classifier."""
        if self.mode not in self.modes:
            listed = ", ".join(mode for mode in MODES if mode in self.modes)
            raise ServiceError(
                f"Classifier.{self.name} does not support the output mode {self.mode}; "
                f"it supports {listed}."
            )

    def trained(self, names: tuple[str, ...], read: Callable[[], Table]) -> Classifier:
        """The same with something to learn from, in place of anything before [M].

        Args:
            names: of the inputs.
            read: gives the table; called when it is first wanted.

        Raises:
            ServiceError: it needs no training.
        """
        learn = self.learn
        if learn is None:
            raise ServiceError(f"Classifier.{self.name} cannot be trained.")
        table = cache(read)

        @cache
        def model(regression: bool) -> Model:
            with np.errstate(all="ignore"):
                return learn(table(), regression)

        return replace(self, known=Known(names, model, table))

    @property
    def gives_lists(self) -> bool:
        """Whether its answers are arrays."""
        return self.mode in self.lists

    def ready(self) -> Known:
        """What it knows.

        Raises:
            ServiceError: nothing yet, or it cannot answer in its mode.
        """
        if self.known is None:
            raise ServiceError("The classifier must be trained before it can be used.")
        self.check_mode()
        return self.known

    def model(self) -> Model:
        """What it learned."""
        return self.ready().model(self.mode in _REGRESSIONS)

    def output(self) -> Callable[[Rows], Answers]:
        """What answers in its mode."""
        return self.model().outputs[self.mode]


def by_probability(
    classes: NDArray[np.int64], probabilities: Callable[[Rows], NDArray[np.float64]]
) -> dict[str, Callable[[Rows], Answers]]:
    """Outputs of a model that tells how probable each class is: `(rows, classes)`.

    The most probable class, the first of several; all probabilities, classes ascending [I].
    PROBABILITY is for two classes only ("Expected 2 classes for PROBABILITY" [S, users' logs]),
    and that of the greater [M].
    """

    def most_probable(rows: Rows) -> Answers:
        found: Answers = classes[probabilities(rows).argmax(axis=1)]
        return found

    def greater(rows: Rows) -> Answers:
        if len(classes) != 2:
            raise ServiceError(f"Expected 2 classes for PROBABILITY, found {len(classes)}.")
        return probabilities(rows)[:, 1]

    return {
        "CLASSIFICATION": most_probable,
        "PROBABILITY": greater,
        "MULTIPROBABILITY": probabilities,
    }
