"""What the names of files say: dates, bands, properties."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import TYPE_CHECKING, Any

from .bandnames import band_name
from .dates import millis
from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TIMES = ("start", "end")
# What the directives of dates look like; strptime itself takes more than they write.
_DIRECTIVES = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{2}",
    "d": r"\d{2}",
    "j": r"\d{3}",
    "H": r"\d{2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "f": r"\d{1,6}",
    "b": r"[A-Za-z]{3}",
}
_NUMBERS = {"d": (r"-?\d+", int), "f": (r"-?\d+(?:\.\d+)?", float)}
_UNFIT = re.compile(r"[^A-Za-z0-9_\-]+")


@dataclass(frozen=True, slots=True)
class Named:
    """What a file's name says.

    Attributes:
        index: `system:index` of its image.
        band: which band of it the file is; None if it is not said.
        start: milliseconds; None if it is not said.
        end: likewise.
        properties: the other fields.
    """

    index: str
    band: str | None
    start: int | None
    end: int | None
    properties: Mapping[str, str | int | float]


class NamePattern:
    """A pattern such as `{tile}_{start:%Y%m%d}_{band}.tif`.

    Fields are text without `/`; `{start:…}` and `{end:…}` dates in strftime's directives, UTC;
    `{cloud:d}` and `{cloud:f}` numbers. `{band}` is which band the file is, `{index}` the image's
    index, and every other name is a property. A field of the name `_` is anything, and left out.

    Args:
        text: the pattern, of the file's name, or of the end of its path if it has a `/`.

    Raises:
        Refused: it is no such pattern.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._formats: dict[str, str] = {}
        self._depth = text.count("/") + 1
        parts: list[str] = []
        try:
            fields = list(Formatter().parse(text))
        except ValueError as error:
            raise Refused(f"the pattern '{text}' cannot be read: {error}", "name") from None
        for literal, field, form, conversion in fields:
            parts.append(re.escape(literal))
            if field is not None:
                parts.append(self._field(field, form or "", conversion))
        self._expression = re.compile("".join(parts))

    def read(self, path: Path) -> Named:
        """What the name of a file says.

        Raises:
            Refused: it is not named so.
        """
        name = "/".join(path.parts[-self._depth :])
        found = self._expression.fullmatch(name)
        if found is None:
            raise Refused(f"the file '{name}' does not match the pattern '{self.text}'", "name")
        texts = found.groupdict()
        values = {field: self._value(field, text, name) for field, text in texts.items()}
        index = texts.get("index") or _without_band(name, found)
        return Named(
            index=index_of(index),
            band=None if "band" not in values else band_name(values.pop("band")),
            start=values.pop("start", None),
            end=values.pop("end", None),
            properties={key: value for key, value in values.items() if key != "index"},
        )

    def _field(self, field: str, form: str, conversion: str | None) -> str:
        if field == "_" and not form:
            return r"[^/]*?"
        if not field.isidentifier() or conversion:
            raise Refused(f"'{{{field}}}' in the pattern '{self.text}' is no name", "name")
        if field in self._formats:
            raise Refused(f"'{{{field}}}' is twice in the pattern '{self.text}'", "name")
        self._formats[field] = form
        if field in _TIMES:
            return f"(?P<{field}>{self._date(field, form)})"
        if not form:
            return f"(?P<{field}>[^/]+?)"
        if form not in _NUMBERS or field in ("band", "index"):
            raise Refused(
                f"'{{{field}:{form}}}' in the pattern '{self.text}': only `d` and `f` (numbers) "
                "are known here; dates are called `start` and `end`",
                "name",
            )
        return f"(?P<{field}>{_NUMBERS[form][0]})"

    def _date(self, field: str, form: str) -> str:
        pieces = re.split(r"%(.)", form)
        literals, directives = pieces[::2], pieces[1::2]
        unknown = [one for one in directives if one not in _DIRECTIVES]
        if not directives or unknown:
            raise Refused(
                f"'{{{field}:{form}}}' in the pattern '{self.text}' is no date: write for example "
                f"{{{field}:%Y%m%d}}; known are %{' %'.join(_DIRECTIVES)}",
                "name",
            )
        expression = re.escape(literals[0])
        for directive, literal in zip(directives, literals[1:], strict=True):
            expression += _DIRECTIVES[directive] + re.escape(literal)
        return expression

    def _value(self, field: str, text: str, name: str) -> Any:
        form = self._formats[field]
        if field in _TIMES:
            try:
                return millis(datetime.strptime(text, form))  # noqa: DTZ007 - UTC, by `millis`
            except ValueError:
                raise Refused(
                    f"the file '{name}': '{text}' is no date of the form '{form}'", "name"
                ) from None
        return _NUMBERS[form][1](text) if form else text


def index_of(name: str) -> str:
    """A name as an index can be: letters, digits, `_` and `-`.

    Raises:
        Refused: nothing of it is left.
    """
    index = _UNFIT.sub("_", name).strip("_")
    if not index:
        raise Refused(f"'{name}' makes no index: letters, digits, '_' and '-' do")
    return index


def _without_band(name: str, found: re.Match[str]) -> str:
    """A file's name without its extension and without what says the band."""
    stem = name.rpartition(".")[0] or name
    if "band" in found.re.groupindex:
        start, end = found.span("band")
        stem = stem[:start] + stem[end:]
        stem = re.sub(r"([_\-.])[_\-.]+", r"\1", stem).strip("_-.")
    return stem
