"""The picture of a plan: which pixels are asked for, over which area, as SVG. Pure."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geetensor.coverage import Coverage
from geetensor.grid import Window, geometry_in_pixels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from geetensor.geometry import Area
    from geetensor.grid import PixelGrid

MOST_SHAPES = 5_000
"""Of a kind, that are drawn: of more than these, each would be a few pixels of a screen."""

_WIDTH, _HEIGHT = 640.0, 480.0
"""Units that the output's rectangle has at the most; a unit is a pixel of a screen."""

_THINNEST = 4.0
"""Units that it has at the least, however long and narrow it is."""

_MARGIN, _LINE, _LABELS = 16, 18, 72
"""Units: around everything; from line to line; from a line's label to its text."""

_MOST_CHARACTERS = 76
"""Of a line of the caption, as they have room in a wide font."""

_TOUCHED, _BLANK, _AREA = "#dceaf4", "#f2f0eb", "#c2593f"
_TILES = ("#6c9dc2", "#4f9a86", "#9a7fb5")
_FRAME, _TEXT, _LABEL = "#97a3ae", "#2e3a45", "#74818d"


def draw(
    grid: PixelGrid,
    area: Area,
    coverage: Coverage,
    layers: Iterable[Iterable[Window]],
    caption: Sequence[tuple[str, str]],
) -> str:
    """Draw what a plan asks for.

    The first row is at the top, as in the array, and lengths are in proportion to those in CRS
    units. Where there is more than can be seen, less is drawn, so that the file stays small.

    Args:
        grid: of the output.
        area: that the output is to show.
        coverage: the parts of the grid that the area touches; the others are drawn pale.
        layers: windows of the requests, in pixels of the grid, those of the same bands together.
            Windows that several layers or dates have are drawn once, and none of them if they
            are more than `MOST_SHAPES`.
        caption: lines below the picture, each a label and a text.

    Returns:
        An SVG document, all ASCII.
    """
    width, height = _size(grid)
    scale = width / grid.width, height / grid.height
    blanks = _blanks(coverage)
    distinct = [*dict.fromkeys(tuple(dict.fromkeys(layer)) for layer in layers)]
    drawn = distinct if sum(map(len, distinct)) <= MOST_SHAPES else []
    frame = _rectangles([Window(0, 0, *grid.shape)], scale)
    parts = [
        f'<g transform="translate({_number(_MARGIN + (_WIDTH - width) / 2)} {_MARGIN})">',
        f'<path d="{frame}" fill="{_TOUCHED}"/>',
        f'<path d="{_rectangles(blanks, scale)}" fill="{_BLANK}"/>',
    ]
    for index, windows in enumerate(drawn):
        # Later ones are dashed, so that both are seen where they coincide.
        dashes = ' stroke-dasharray="5 3"' if index else ""
        colour = _TILES[index % len(_TILES)]
        parts.append(
            f'<path d="{_rectangles(windows, scale)}" fill="none" stroke="{colour}"{dashes}/>'
        )
    parts += [
        f'<path d="{frame}" fill="none" stroke="{_FRAME}"/>',
        f'<path d="{_rings(grid, area, scale)}" fill="none" stroke="{_AREA}" stroke-width="1.6" '
        'stroke-linejoin="round" stroke-linecap="round"/>',
        "</g>",
    ]
    y = _MARGIN + height + 24
    parts += _legend(y, len(drawn), blank=bool(blanks))
    y += 8
    for label, text in caption:
        y += _LINE
        if label:
            parts.append(_text(_MARGIN, y, label, _LABEL))
        parts.append(_text(_MARGIN + _LABELS, y, _shortened(text), _TEXT))
    w, h = _number(_WIDTH + 2 * _MARGIN), _number(y + _MARGIN)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" '
        f'viewBox="0 0 {w} {h}" font-family="Helvetica, Arial, sans-serif" font-size="12">\n'
        f'<rect width="{w}" height="{h}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )
    return svg.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _size(grid: PixelGrid) -> tuple[float, float]:
    """Width and height of the output's rectangle."""
    a, b, _, d, e, _ = grid.transform[:6]
    width, height = grid.width * math.hypot(a, d), grid.height * math.hypot(b, e)
    scale = min(_WIDTH / width, _HEIGHT / height)
    return max(width * scale, _THINNEST), max(height * scale, _THINNEST)


def _blanks(coverage: Coverage) -> list[Window]:
    """What the area does not touch; only roughly, where it would be too much to draw."""
    while len(blanks := [*coverage.blanks()]) > MOST_SHAPES:
        touched = coverage.touched
        for axis, length in enumerate(touched.shape):
            touched = np.logical_or.reduceat(touched, np.arange(0, length, 2), axis=axis)
        coverage = Coverage(coverage.shape, 2 * coverage.block, touched)
    return blanks


def _rectangles(windows: Iterable[Window], scale: tuple[float, float]) -> str:
    """Windows as the data of a path."""
    across, down = scale
    lines = []
    for row, col, height, width in windows:
        left, right = _number(col * across), _number((col + width) * across)
        top, bottom = _number(row * down), _number((row + height) * down)
        lines.append(f"M{left} {top}H{right}V{bottom}H{left}Z")
    return "".join(lines)


def _rings(grid: PixelGrid, area: Area, scale: tuple[float, float]) -> str:
    """The outline of the area as the data of a path; of many parts, the longest outlines."""
    in_pixels = geometry_in_pixels(grid, area.shape, area.crs)
    on_paper = shapely.transform(in_pixels, lambda xy: xy * scale)
    rings: NDArray[Any] = shapely.get_rings(shapely.get_parts(on_paper))
    longest = np.argsort(-shapely.length(rings), kind="stable")[:MOST_SHAPES]
    lines = []
    # A ring may collapse into a point: the round ends of its line make that a dot.
    for ring in shapely.simplify(rings[longest], 0.2, preserve_topology=False):
        points = shapely.get_coordinates(ring)[:-1].tolist()
        lines.append("M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points) + "Z")
    return "".join(lines)


def _legend(y: float, layers: int, *, blank: bool) -> list[str]:
    """What the colours mean, from left to right."""
    tiles = [(_TOUCHED, colour) for colour in _TILES[:layers]] or [(_TOUCHED, _FRAME)]
    named = {
        0: "requested, in too many parts to outline",
        1: "requests",
    }.get(layers, "requests, by the bands that travel together")
    entries = [(tiles, named), ([("#ffffff", _AREA)], "area")]
    if blank:
        entries.append(([(_BLANK, _FRAME)], "not touched by the area: fill"))
    parts = []
    x = float(_MARGIN)
    for swatches, text in entries:
        for fill, stroke in swatches:
            parts.append(
                f'<rect x="{_number(x + 0.5)}" y="{_number(y - 9.5)}" width="13" height="10" '
                f'fill="{fill}" stroke="{stroke}"/>'
            )
            x += 18
        parts.append(_text(x + 2, y, text, _TEXT))
        x += 24 + 6.5 * len(text)
    return parts


def _text(x: float, y: float, text: str, colour: str) -> str:
    # XML has no way to write control characters, not even as references.
    printable = html.escape("".join(c for c in text if c.isprintable()))
    return f'<text x="{_number(x)}" y="{_number(y)}" fill="{colour}">{printable}</text>'


def _shortened(text: str) -> str:
    half = (_MOST_CHARACTERS - 1) // 2
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:half]}…{text[-half:]}"


def _number(value: float) -> str:
    """A coordinate, to a tenth of a unit."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")  # + 0.0: no "-0"
