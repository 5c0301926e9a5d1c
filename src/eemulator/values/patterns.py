"""Regular expressions that come from a request: matched in linear time, whatever they are.

A pattern with nested quantifiers can keep Python's `re` busy for ever, and a counted one can fill
the memory. RE2 does neither. It has no look-around and no back-references: such a pattern is
refused, though the service may take it [M].
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from ..errors import ServiceError

_MOST_BYTES = 4 * 2**20
_MOST_CHARACTERS = 5_000


class Pattern:
    """A compiled pattern.

    Args:
        text: the pattern.
        ignore_case: whether small letters and capitals are alike.

    Raises:
        ServiceError: it is no pattern, or one that RE2 does not take.
    """

    def __init__(self, text: str, *, ignore_case: bool = False) -> None:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MOST_BYTES
        options.case_sensitive = not ignore_case
        if len(text) > _MOST_CHARACTERS:
            raise ServiceError(f"A pattern of {len(text)} characters is too long.")
        try:
            self._compiled: Any = re2.compile(text, options)
        except (re2.error, UnicodeEncodeError):
            raise ServiceError(f"Invalid pattern '{text}'.") from None

    def fits(self, text: str) -> bool:
        """Whether it matches a whole text."""
        return self._compiled.fullmatch(text) is not None

    def split(self, text: str) -> list[str]:
        """The parts between matches; the groups of these are not among them [S]."""
        parts: list[str] = self._compiled.split(text)
        return [part or "" for part in parts[:: self._compiled.groups + 1]]

    def first(self, text: str) -> list[str]:
        """The first match and its groups; nothing where there is none."""
        found = self._compiled.search(text)
        return [] if found is None else [found[0], *(group or "" for group in found.groups())]

    def all(self, text: str) -> list[str]:
        """All matches."""
        return [found[0] for found in self._compiled.finditer(text)]

    def replaced(self, text: str, replacement: str, *, once: bool) -> str:
        """The first match, or all, replaced; `$1` stands for a group.

        Raises:
            ServiceError: the replacement has a group that the pattern has not.
        """
        written = _GROUP.sub(r"\\g<\1>", replacement.replace("\\", "\\\\"))
        try:
            return str(self._compiled.sub(written, text, count=1 if once else 0))
        except (re2.error, IndexError):
            raise ServiceError(f"Invalid replacement '{replacement}'.") from None


_GROUP: Any = re2.compile(r"\$(\d)")


@lru_cache(maxsize=256)
def pattern_of(text: str) -> Pattern:
    """A regular expression that selects names.

    Raises:
        ServiceError: it is none.
    """
    return Pattern(text)
