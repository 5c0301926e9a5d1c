"""The algorithms, a module for each type that they belong to."""

from __future__ import annotations

import pkgutil
from importlib import import_module


def load_all() -> None:
    """Import every module of this package, which registers its algorithms."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
