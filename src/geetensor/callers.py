"""Warnings that point at the user's own line, from however deep within."""

from __future__ import annotations

import inspect
import warnings

_PACKAGE = __name__.partition(".")[0]


def warn_caller(message: str) -> None:
    """Warn of something, as of the line that called this package.

    `stacklevel` alone has to be counted anew with every function in between, and counts those of
    other modules' context managers.

    Args:
        message: what is the matter.
    """
    frame, level, outermost = inspect.currentframe(), 0, 1
    while frame is not None:
        level += 1
        if frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
            outermost = level
        frame = frame.f_back
    warnings.warn(message, stacklevel=outermost + 1)
