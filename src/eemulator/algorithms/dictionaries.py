"""Dictionaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.constant import constant_image
from ..values.patterns import pattern_of

if TYPE_CHECKING:
    from ..expression.function import Function
    from ..values.image import Image


@algorithm("Dictionary.fromLists")
def from_lists(keys: list[str], values: list[Any]) -> dict[str, Any]:
    """Keys and values that stand at the same position."""
    if len(keys) != len(values):
        raise ServiceError(
            f"The lists must be of one size, got {len(keys)} keys and {len(values)} values."
        )
    return dict(zip(keys, values, strict=True))


@algorithm("Dictionary.get")
def get(dictionary: dict[str, Any], key: str, default: Any) -> Any:
    """A value, or the default."""
    if key in dictionary:
        return dictionary[key]
    if default is None:
        raise ServiceError(f"Dictionary does not contain key: '{key}'.")
    return default


@algorithm("Dictionary.getNumber", "Dictionary.getString", "Dictionary.getGeometry")
def get_typed(dictionary: dict[str, Any], key: str) -> Any:
    """A value; what uses it checks its type."""
    return get(dictionary, key, None)


@algorithm("Dictionary.set")
def set_(dictionary: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """One value changed."""
    return {**dictionary, key: value}


@algorithm("Dictionary.contains")
def contains(dictionary: dict[str, Any], key: str) -> bool:
    """Whether a key is there."""
    return key in dictionary


@algorithm("Dictionary.keys")
def keys(dictionary: dict[str, Any]) -> list[str]:
    """The keys, sorted."""
    return sorted(dictionary)


@algorithm("Dictionary.values")
def values(dictionary: dict[str, Any], names: list[str] | None) -> list[Any]:
    """The values of some keys, or of all, in order of the keys."""
    return [get(dictionary, name, None) for name in (keys(dictionary) if names is None else names)]


@algorithm("Dictionary.size")
def size(dictionary: dict[str, Any]) -> int:
    """How many keys."""
    return len(dictionary)


@algorithm("Dictionary.combine")
def combine(one: dict[str, Any], other: dict[str, Any], overwrite: bool) -> dict[str, Any]:
    """Both; which of two equal keys counts is `overwrite`'s to say."""
    return {**one, **other} if overwrite else {**other, **one}


@algorithm("Dictionary.select")
def select(dictionary: dict[str, Any], names: list[str], ignore_missing: bool) -> dict[str, Any]:
    """Some keys, by name or regular expression."""
    return {key: dictionary[key] for key in _selected(dictionary, names, ignore_missing)}


@algorithm("Dictionary.remove")
def remove(dictionary: dict[str, Any], names: list[str], ignore_missing: bool) -> dict[str, Any]:
    """Without some keys, by name or regular expression."""
    dropped = _selected(dictionary, names, ignore_missing)
    return {key: value for key, value in dictionary.items() if key not in dropped}


def _selected(dictionary: dict[str, Any], names: list[str], ignore_missing: bool) -> list[str]:
    """The keys that names mean.

    Raises:
        ServiceError: a name means none.
    """
    found: list[str] = []
    for name in names:
        fitting = [name] if name in dictionary else sorted(_fitting(dictionary, name))
        if not fitting and not ignore_missing:
            raise ServiceError(f"Dictionary does not contain key: '{name}'.")
        found += fitting
    return found


def _fitting(dictionary: dict[str, Any], pattern: str) -> list[str]:
    expression = pattern_of(pattern)
    return [key for key in dictionary if expression.fits(key)]


@algorithm("Dictionary.rename")
def rename(
    dictionary: dict[str, Any], old: list[str], new: list[str], overwrite: bool
) -> dict[str, Any]:
    """Other names for some keys.

    Raises:
        ServiceError: one is not there, or would be there twice.
    """
    if len(old) != len(new):
        raise ServiceError("The lists of old and new keys must be of one size.")
    renamed = {to: get(dictionary, name, None) for name, to in zip(old, new, strict=True)}
    kept = {key: value for key, value in dictionary.items() if key not in old}
    if not overwrite and (taken := renamed.keys() & kept.keys()):
        raise ServiceError(f"Dictionary contains the key already: '{min(taken)}'.")
    return {**kept, **renamed}


@algorithm("Dictionary.map")
def map_values(dictionary: dict[str, Any], function: Function) -> dict[str, Any]:
    """A function of each key and value."""
    return {key: function(key, value) for key, value in dictionary.items()}


@algorithm("Dictionary.toImage")
def to_image(dictionary: dict[str, Any], names: list[str] | None) -> Image:
    """A constant band of each number."""
    chosen = keys(dictionary) if names is None else names
    numbers = values(dictionary, chosen)
    if not numbers or not all(isinstance(v, (int, float)) for v in numbers):
        raise ServiceError("The values must be numbers.")
    made = constant_image(numbers)
    return made.with_bands(
        band.renamed(name) for band, name in zip(made.bands, chosen, strict=True)
    )
