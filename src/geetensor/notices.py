"""Warnings that point at the line of the caller's that they concern."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


def notify(message: str) -> None:
    """Warn whoever called this package, however deep in it this is called."""
    level = outermost = 1
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] == "geetensor":
            outermost = level
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=outermost + 1)
