"""Bars of wall clock time over the bound, as SVG written by hand."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from cases import CASES, Case
from contestants import entries

if TYPE_CHECKING:
    from results import Results

# All lengths are in the SVG's own units, pixels at full size.
COLUMNS = 2
NAMES, PLOT, LABELS = 150, 200, 110
"""Widths of a panel's parts: who, the bars, and what is written behind the longest of them."""
PANEL = NAMES + PLOT + LABELS
GAP = 20
LINE = 18
HEAD, FOOT = 26, 30
TOP = 44

MOST = 200.0
"""Times the bound where the axis ends."""
TICKS = (1, 2, 5, 10, 20, 50, 100)
FITS = 50
"""Characters of an error, behind a name."""

OURS, OTHERS, WRONG = "#16796b", "#b4bcc4", "#c0392b"
TEXT, FAINT, LINES = "#24292f", "#6e7781", "#e1e4e8"
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"


def draw(results: Results) -> str:
    """The chart of all that was measured: a panel a case, a bar a contestant."""
    panels = []
    for name, case in CASES.items():
        rows = [(e.name, got) for e in entries(case) if (got := results.get(name, e.name))]
        if rows:
            panels.append((case, rows))
    parts, y = [], TOP
    for start in range(0, len(panels), COLUMNS):
        beside = panels[start : start + COLUMNS]
        for number, (case, rows) in enumerate(beside):
            x = GAP + number * (PANEL + GAP)
            parts.append(f'<g transform="translate({x} {y})">{_panel(case, rows)}</g>')
        y += HEAD + FOOT + LINE * max(len(rows) for _, rows in beside)
    width = GAP + COLUMNS * (PANEL + GAP)
    title = "Wall clock time over the bound (1 = as fast as the service allows; logarithmic)"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" role="img">',
            f"<title>{title}</title>",
            f'<rect width="{width}" height="{y}" fill="white"/>',
            f'<g font-family="{FONT}" font-size="11">',
            _text(GAP, 26, title, size=14),
            *parts,
            "</g>",
            "</svg>\n",
        ]
    )


def _panel(case: Case, rows: list[tuple[str, dict[str, Any]]]) -> str:
    bottom = HEAD + LINE * len(rows)
    parts = [_text(0, 16, f"{case.title} (bound {case.bound:.2f} s)", size=12)]
    for tick in TICKS:
        x, colour = NAMES + _length(tick), TEXT if tick == 1 else LINES
        parts.append(f'<path d="M{x} {HEAD}V{bottom}" stroke="{colour}"/>')
        parts.append(_text(x, bottom + 12, f"{tick}", FAINT, anchor="middle"))
    for number, (name, result) in enumerate(rows):
        parts.append(_row(HEAD + LINE * number, name, case, result))
    return "\n".join(parts)


def _row(y: int, name: str, case: Case, result: dict[str, Any]) -> str:
    base = y + 13
    who = _text(NAMES - 6, base, name, anchor="end")
    if "failed" in result:
        return f"{who}\n{_text(NAMES + 6, base, _short(result['failed']), FAINT)}"
    times = result["wall"] / case.bound
    length = _length(times)
    colour = OURS if name.startswith("geetensor") else OTHERS
    said = f"{times:.1f} ×, {result['wall']:.1f} s"
    if not result["exact"]:
        colour, said = WRONG, f"{said}, wrong pixels"
    bar = f'<rect x="{NAMES}" y="{y + 3}" width="{length}" height="{LINE - 6}" fill="{colour}"/>'
    return f"{who}\n{bar}\n{_text(NAMES + length + 5, base, said)}"


def _length(times: float) -> float:
    """Of a bar."""
    return round(PLOT * min(1.0, math.log(max(times, 1.0), MOST)), 1)


def _text(
    x: float, y: float, said: str, colour: str = TEXT, size: int = 11, anchor: str = "start"
) -> str:
    weight = ' font-weight="600"' if size > 11 else ""
    return (
        f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}"{weight} '
        f'text-anchor="{anchor}">{escape(said)}</text>'
    )


def _short(failure: str) -> str:
    """What fits behind a name: of `SomeError: … message='this', …`, this."""
    if quoted := re.search("message='([^']*)'", failure):
        failure = quoted[1]
    said = " ".join(failure.split(": ", 1)[-1].split())
    said = said if said.startswith("not done") else f"fails: {said}"
    return said if len(said) <= FITS else f"{said[: FITS - 1]}…"
