"""Evaluation of expressions.

Named values are computed one after the other, each after those that it needs, so that the length
of a chain is bounded by memory and not by Python's stack. Values that depend on no function
argument are computed once; the others once in each call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..limits import Limits, too_deep
from ..pixels.pyramid import Pyramids
from .code import Compiler, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..catalog.model import Catalog
    from ..limits import Deadline
    from ..profiles import Profiles
    from .graph import Expression, Node


@dataclass(frozen=True, slots=True)
class Session:
    """What algorithms may know of the world.

    Attributes:
        catalog: the assets.
        limits: what to refuse.
        deadline: when to give up.
        pyramids: coarser levels of stored images; by default those that this session makes.
        profiles: what earlier requests took.
    """

    catalog: Catalog
    limits: Limits
    deadline: Deadline
    pyramids: Pyramids = field(default_factory=lambda: Pyramids(Limits()))
    profiles: Profiles | None = None


class Evaluator:
    """Evaluates one expression.

    Args:
        expression: checked.
        session: the world.
    """

    def __init__(self, expression: Expression, session: Session) -> None:
        self._nodes = dict(expression.values)
        self._result = expression.result
        self._open = set(expression.open_keys)
        self._session = session
        self._top = Scope({}, None)
        self._codes: dict[str, tuple[Callable[[Scope], Any], tuple[str, ...]]] = {}

    def result(self) -> Any:
        """The value of the whole expression.

        Raises:
            ServiceError: in the service's words.
        """
        try:
            return self.value(self._result, self._top)
        except RecursionError:
            raise too_deep() from None

    def value(self, key: str, scope: Scope) -> Any:
        """A named value under the arguments of a call, computed now if it is not known."""
        opened = self._open
        home = scope if key in opened else self._top
        if key in home.known:
            return home.known[key]
        top = self._top.known
        stack = [key]
        while stack:
            self._session.deadline.check()
            current = stack[-1]
            home = scope if current in opened else self._top
            if current not in home.known:
                code, needs = self._code(current)
                missing = [n for n in needs if n not in (home.known if n in opened else top)]
                if missing:
                    stack += missing
                    continue
                home.known[current] = code(home)
            stack.pop()
        return home.known[key]

    def name(self, node: Node, key: str) -> str:
        """A name for a node that is nested in the value of a key."""
        made = f"{key}#{len(self._nodes)}"
        while made in self._nodes:
            made += "#"
        self._nodes[made] = node
        if key in self._open:
            self._open.add(made)
        return made

    def _code(self, key: str) -> tuple[Callable[[Scope], Any], tuple[str, ...]]:
        known = self._codes.get(key)
        if known is None:
            compiler = Compiler(self, key, self._session)
            code = compiler.compile(self._nodes[key])
            known = self._codes[key] = (code, tuple(dict.fromkeys(compiler.needs)))
        return known
