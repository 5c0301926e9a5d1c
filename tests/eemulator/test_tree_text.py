"""Trees as text, whatever they are: read, followed, and written again."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eemulator.values.learning.tree_text import parse_trees, tree_text

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
NAMES = ["B1", "ndvi_mean", "x.y"]
# Few enough that rows lie on thresholds.
NUMBERS = st.sampled_from([-1e300, -2.5, -1.0, 0.0, 5e-324, 0.1, 1 / 3, 1.0, 7.0, 1e17])

# A number that a leaf says; or a name, a sign, a threshold, what follows if it holds, and if not.
TREES: st.SearchStrategy[Any] = st.recursive(
    NUMBERS,
    lambda inner: st.tuples(
        st.sampled_from(NAMES), st.sampled_from(sorted(SIGNS)), NUMBERS, inner, inner
    ),
    max_leaves=12,
)


def written(tree: Any, number: int = 1, condition: str = "root") -> Iterator[str]:
    if not isinstance(tree, tuple):
        yield f" {number}) {condition} 9 0.5 {tree!r} (0.5 0.5) *"
        return
    name, sign, threshold, held, failed = tree
    yield f" {number}) {condition} 9 0.5 1"
    yield from written(held, 2 * number, f"{name}{sign} {threshold!r}")
    yield from written(failed, 2 * number + 1, f"{name} {OPPOSITE[sign]}{threshold!r}")


def followed(tree: Any, row: dict[str, float]) -> float:
    while isinstance(tree, tuple):
        name, sign, threshold, held, failed = tree
        tree = held if SIGNS[sign](row[name], threshold) else failed
    return float(tree)


@given(
    trees=st.lists(TREES, min_size=1, max_size=3),
    values=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=6),
)
def test_any_trees(trees: list[Any], values: list[tuple[float, ...]]) -> None:
    text = "\n".join(line for tree in trees for line in written(tree))
    found, names = parse_trees([text])
    rows = [dict(zip(NAMES, row, strict=True)) for row in values]
    expected = [[followed(tree, row) for row in rows] for tree in trees]
    assert _said(found, names, rows) == expected
    again, order = parse_trees([tree_text(tree, names) for tree in found])
    assert _said(again, order, rows) == expected


def _said(trees: list[Any], names: tuple[str, ...], rows: list[dict[str, float]]) -> Any:
    columns = np.array([[row[name] for row in rows] for name in names])
    if not names:
        columns = np.empty((0, len(rows)))
    return [tree.value[tree.leaves(columns)].tolist() for tree in trees]
