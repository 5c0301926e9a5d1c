"""What a test's emulator is like, by the ini file and by the test's marker."""

from __future__ import annotations

import importlib
import re
from dataclasses import fields, replace
from functools import cache
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from eemulator import Catalog, CatalogError, Limits, Pace, load_catalog

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MARKER = "earth_engine"
_OPTIONS = ("catalog", "limits", "pace")

_OF_MODULE = re.compile(r"[\w.]+:\w+")

T = TypeVar("T", Limits, Pace)


def options_of(item: pytest.Item) -> tuple[Catalog | None, Limits, Pace]:
    """Catalogue (None: the emulator's own), limits and pace for a test.

    Raises:
        pytest.UsageError: an option is unknown, or not what it must be.
    """
    config = item.config
    marker = item.get_closest_marker(_MARKER)
    given: dict[str, Any] = dict(marker.kwargs) if marker else {}
    if marker and (marker.args or given.keys() - set(_OPTIONS)):
        raise pytest.UsageError(f"the marker {_MARKER} takes {', '.join(_OPTIONS)}, by name")
    chosen = given.get("catalog") or config.getini("earth_engine_catalog") or None
    catalog = _catalog(chosen, config.inipath.parent if config.inipath else config.rootpath)
    limits = _with(Limits(), _numbers(config, "earth_engine_limits"), "earth_engine_limits")
    pace = _with(Pace(), _numbers(config, "earth_engine_pace"), "earth_engine_pace")
    return (
        catalog,
        _override(limits, given.get("limits"), Limits),
        _override(pace, given.get("pace"), Pace),
    )


def _catalog(given: Any, folder: Path) -> Catalog | None:
    """A catalogue, or what the text, path or function that was given leads to."""
    found = given
    if isinstance(found, PathLike) or (isinstance(found, str) and not _OF_MODULE.fullmatch(found)):
        try:
            return _own_data(folder / found)
        except CatalogError as error:
            text = f"earth_engine_catalog: {error} An object is named as 'module:name'."
            raise pytest.UsageError(text) from error
    if isinstance(found, str):
        module, _, name = found.partition(":")
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise pytest.UsageError(f"earth_engine_catalog: {error}") from error
    if found is not None and not isinstance(found, Catalog) and callable(found):
        found = found()
    if found is not None and not isinstance(found, Catalog):
        raise pytest.UsageError(f"earth_engine_catalog: {given!r} is no eemulator.Catalog")
    return found


@cache
def _own_data(path: Path) -> Catalog:
    """A catalogue of files; it opens them all, so once for all tests."""
    return load_catalog(path)


def _numbers(config: pytest.Config, option: str) -> dict[str, float | int | None]:
    """Lines `name = number` of the ini file."""
    found: dict[str, float | int | None] = {}
    for line in config.getini(option):
        name, _, text = (part.strip() for part in line.partition("="))
        try:
            value = None if text.lower() == "none" else float(text)
        except ValueError:
            raise pytest.UsageError(f"{option}: '{line}' is not 'name = number'") from None
        found[name] = int(value) if value is not None and value.is_integer() else value
    return found


def _override(base: T, given: Any, kind: type[T]) -> T:
    """What a marker says, on top of the ini file."""
    if given is None:
        return base
    if isinstance(given, kind):
        return given
    if isinstance(given, dict):
        return _with(base, given, f"the marker {_MARKER}")
    raise pytest.UsageError(f"the marker {_MARKER}: {given!r} is no {kind.__name__}")


def _with(base: T, given: Mapping[str, Any], where: str) -> T:
    known = {field.name for field in fields(base)}
    if unknown := given.keys() - known:
        raise pytest.UsageError(
            f"{where}: {type(base).__name__} has no {', '.join(sorted(unknown))}; "
            f"it has {', '.join(sorted(known))}"
        )
    return replace(base, **given)
