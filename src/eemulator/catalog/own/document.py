"""YAML with line numbers, every key once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from .errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file.

    Attributes:
        path: of the file.
        data: what it says, in Python's own types.
        root: its nodes, which know their lines; None where it is empty.
    """

    path: Path
    data: Any
    root: yaml.Node | None

    def place(self, keys: Sequence[str | int]) -> str:
        """Where something is, for a message: `catalog.yaml:12: images / a/b / bands`.

        Args:
            keys: from the top; what follows one that the file does not have is left out.
        """
        node, line = self.root, 1
        there: list[str] = []
        for key in keys:
            found = _child(node, key)
            if found is None:
                break
            line, node = found
            there.append(str(key))
        return ": ".join([f"{self.path}:{line}", *filter(None, [" / ".join(there)])])


def read_document(path: Path) -> Document:
    """A YAML file, read by its safe loader.

    Raises:
        CatalogError: it cannot be read, is no YAML, or has a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path}: cannot be read: {error}") from None
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        data = None if root is None else loader.construct_document(root)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        # PyYAML lets the ValueError of a date such as 2024-13-01 through.
        raise CatalogError(f"{path}: is no YAML: {_told(error)}") from None
    finally:
        loader.dispose()
    _check_keys(path, root)
    return Document(path, data, root)


def _told(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return str(problem) if mark is None else f"line {mark.line + 1}: {problem}"


def _check_keys(path: Path, root: yaml.Node | None) -> None:
    """Refuse a key that a mapping has twice: YAML's loader would silently take the last."""
    waiting = [] if root is None else [root]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if isinstance(key, yaml.ScalarNode) and key.value in lines:
                    first = lines[key.value]
                    raise CatalogError(
                        f"{path}:{line}: the key '{key.value}' is there twice, first in line "
                        f"{first}. Remove one."
                    )
                lines[str(key.value)] = line
                waiting.append(value)


def _child(node: yaml.Node | None, key: str | int) -> tuple[int, yaml.Node] | None:
    """The line and the node of a key or an index."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        item = node.value[key]
        return item.start_mark.line + 1, item
    return None
