"""Algorithms by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ServiceError
from ..wheel import Signature, signatures

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_F = TypeVar("_F", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class Algorithm:
    """What a name means.

    Attributes:
        signature: as the client's wheel states it.
        run: takes the arguments in the order of the signature.
        lazy: whether it takes its arguments unevaluated, as functions without arguments.
        needs_session: whether it takes the `Session` before the arguments.
    """

    signature: Signature
    run: Callable[..., Any]
    lazy: bool
    needs_session: bool


_ALGORITHMS: dict[str, Algorithm] = {}


def algorithm(
    *names: str, lazy: bool = False, session: bool = False, ignores: Collection[str] = ()
) -> Callable[[_F], _F]:
    """Register a function as the algorithm of one or several names.

    Args:
        names: as in the client's `algorithms.json`; their signatures are taken from there.
        lazy: give the arguments as functions, to be called if they are wanted.
        session: give the `Session` first.
        ignores: arguments that are checked like any other and then left out, as they cannot
            change the result here: error margins, sizes of the service's tiles.
    """

    def register(function: _F) -> _F:
        known = signatures()
        for name in names:
            # An older or newer client may not know the name: then nobody can call it.
            if name in known:
                run = _without(function, known[name], ignores, first=int(session))
                _ALGORITHMS[name] = Algorithm(known[name], run, lazy, session)
        return function

    return register


def _without(
    function: Callable[..., Any], signature: Signature, ignores: Collection[str], first: int
) -> Callable[..., Any]:
    """A function of all arguments of a signature, from one that does not take some of them."""
    positions = [i for i, a in enumerate(signature.arguments, first) if a.name not in ignores]
    if len(positions) == len(signature.arguments):
        return function
    kept = [*range(first), *positions]

    def run(*arguments: Any) -> Any:
        return function(*(arguments[i] for i in kept))

    return run


def lookup(name: str) -> Algorithm:
    """The algorithm of a name.

    Raises:
        ServiceError: Earth Engine has none of that name, or the emulator has not.
    """
    found = _ALGORITHMS.get(name)
    if found is not None:
        return found
    if name in signatures():
        raise ServiceError(f"{name}: the emulator does not have this algorithm.", kind="algorithm")
    raise ServiceError(f"Unrecognized function name: '{name}'.", kind="algorithm")


def implemented() -> list[str]:
    """Names of all algorithms that the emulator has, sorted."""
    return sorted(_ALGORITHMS)
