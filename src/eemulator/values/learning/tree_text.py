"""Trees as text: the format in which R prints those of `rpart` and `tree`.

A line a node: `number) condition population deviance value [(probabilities)] [*]`, where the star
marks a leaf, the children of node n are 2n and 2n + 1, and each comes before its descendants:

    1) root 90 60 1
      2) NDVI<=0.2 30 0 0 *
      3) NDVI>0.2 60 30 1 *
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ServiceError
from .trees import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# More than any tree that fits into a request.
_MOST_NODES = 1_000_000
# What follows is looked at from its end: an expression that does so takes the cube of its length.
_NUMBER = re.compile(r"(?P<number>[0-9]{1,400})\)")
_CONDITION = re.compile(
    r"(?P<name>[^\s<>=]+)\s*(?P<sign><=|>=|<|>)\s*(?P<threshold>\S+)(?P<rest>\s.*)?$"
)


@dataclass(slots=True)
class _Node:
    name: str
    sign: str
    threshold: float
    value: float
    population: float
    impurity: float
    leaf: bool
    line: int


def parse_trees(texts: Sequence[str]) -> tuple[list[Tree], tuple[str, ...]]:
    """The trees of texts, one or more in each, and the names they ask for as they are met.

    Lines without a number and a parenthesis, as those of a heading, are skipped.

    Raises:
        ServiceError: a line cannot be read; a node comes that was not expected [S]; no tree.
    """
    names: dict[str, int] = {}
    trees = [_assembled(nodes, names) for text in texts for nodes in _forests(text)]
    if not trees:
        raise ServiceError("There is no tree in the text.")
    return trees, tuple(names)


def _forests(text: str) -> Iterator[dict[int, _Node]]:
    """The nodes of each tree of a text, by their numbers."""
    nodes: dict[int, _Node] = {}
    expected: list[int] = []
    line = 0
    for line, content in enumerate(text.splitlines(), start=1):
        stripped = content.strip()
        found = _NUMBER.match(stripped)
        if found is None:
            continue
        number = int(found["number"])
        if not expected:
            if nodes:
                yield nodes
            nodes, expected = {}, [1]
        if number != expected[-1]:
            raise ServiceError(f"Error parsing line {line}: expected {expected[-1]}, got {number}.")
        expected.pop()
        rest, leaf = stripped[found.end() :], stripped.endswith("*")
        rest = rest.removesuffix("*").strip()
        nodes[number] = node = _node(rest, line, leaf=leaf, number=number)
        if len(nodes) > _MOST_NODES:
            raise ServiceError(f"A tree may have at most {_MOST_NODES} nodes.")
        if not node.leaf:
            expected += [2 * number + 1, 2 * number]
    if expected:
        raise ServiceError(f"Error parsing line {line}: expected {expected[-1]}, got the end.")
    if nodes:
        yield nodes


def _node(rest: str, line: int, *, leaf: bool, number: int) -> _Node:
    name = sign = ""
    threshold = 0.0
    if number == 1:
        if rest.split(maxsplit=1)[:1] != ["root"]:
            raise ServiceError(f"Error parsing line {line}: expected root.")
        rest = rest[len("root") :]
    else:
        condition = _CONDITION.match(rest)
        if condition is None:
            raise ServiceError(f"Error parsing line {line}: expected a condition.")
        name, sign = condition["name"], condition["sign"]
        threshold = _number(condition["threshold"], line)
        rest = condition["rest"] or ""
    numbers = _without_probabilities(rest).split()
    # The root of some writers has no value; it needs none unless it is all there is.
    if len(numbers) < (3 if leaf else 2) or len(numbers) > 3:
        raise ServiceError(f"Error parsing line {line}: expected 3 numbers, got {len(numbers)}.")
    population, impurity, value = [*(_number(text, line) for text in numbers), 0.0][:3]
    return _Node(name, sign, threshold, value, population, impurity, leaf, line)


def _without_probabilities(rest: str) -> str:
    """What comes before parentheses at the end."""
    return rest.rpartition("(")[0] if rest.rstrip().endswith(")") and "(" in rest else rest


def _number(text: str, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise ServiceError(f"Error parsing line {line}: expected a number, got '{text[:40]}'.")
    return value


def _assembled(nodes: dict[int, _Node], names: dict[str, int]) -> Tree:
    """Nodes as a tree; `names` grows by those that it asks for."""
    places = {number: place for place, number in enumerate(nodes)}
    count = len(nodes)
    feature = np.zeros(count, np.intp)
    left, right = np.full(count, -1, np.intp), np.full(count, -1, np.intp)
    threshold = np.zeros(count)
    for number, node in nodes.items():
        if node.leaf:
            continue
        place, lower, upper = places[number], nodes[2 * number], nodes[2 * number + 1]
        if lower.name != upper.name:
            raise ServiceError(
                f"Error parsing line {upper.line}: expected a condition on '{lower.name}', got "
                f"'{upper.name}'."
            )
        feature[place] = names.setdefault(lower.name, len(names))
        children = [places[2 * number], places[2 * number + 1]]
        # The first condition decides; x < t is x <= the greatest number before t.
        if lower.sign in (">", ">="):
            children.reverse()
        left[place], right[place] = children
        strict = lower.sign in ("<", ">=")
        threshold[place] = math.nextafter(lower.threshold, -math.inf) if strict else lower.threshold
    every = list(nodes.values())
    return Tree(
        feature,
        threshold,
        left,
        right,
        np.array([node.value for node in every]),
        np.array([node.population for node in every]),
        np.array([node.impurity for node in every]),
    )


def tree_text(tree: Tree, names: Sequence[str]) -> str:
    """A tree as `parse_trees` reads it, to the last digit."""
    lines = []
    waiting: list[tuple[int, int, int, str]] = [(0, 1, 0, "root")]
    while waiting:
        place, number, depth, condition = waiting.pop()
        leaf = tree.left[place] < 0
        lines.append(
            f"{'  ' * depth}{number}) {condition} {tree.population[place]:.0f} "
            f"{tree.impurity[place]:.4f} {tree.value[place].item()!r}{' *' if leaf else ''}"
        )
        if not leaf:
            name, at = names[tree.feature[place]], tree.threshold[place].item()
            for child, sign, offset in ((tree.right[place], ">", 1), (tree.left[place], "<=", 0)):
                waiting.append(
                    (int(child), 2 * number + offset, depth + 1, f"{name} {sign} {at!r}")
                )
    return "\n".join(lines) + "\n"
