"""scikit-learn's support vector machines, imported only where one is trained.

libsvm gives what it has after so many steps, and so does the service. scikit-learn warns then,
which is an exception in a process that makes its warnings so. It has no types: mypy takes its
classes for anything.
"""

from __future__ import annotations

from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM


class _Silent:
    def _warn_from_fit_status(self) -> None:
        """Called by scikit-learn after training."""


class ClassMachine(_Silent, SVC):  # type: ignore[misc]
    """C_SVC."""


class NuClassMachine(_Silent, NuSVC):  # type: ignore[misc]
    """NU_SVC."""


class OneClassMachine(_Silent, OneClassSVM):  # type: ignore[misc]
    """ONE_CLASS."""


class EpsilonMachine(_Silent, SVR):  # type: ignore[misc]
    """EPSILON_SVR."""


class NuMachine(_Silent, NuSVR):  # type: ignore[misc]
    """NU_SVR."""
