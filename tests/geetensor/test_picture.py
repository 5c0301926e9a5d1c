"""The picture of a plan: well-formed, in proportion, and never large."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
import shapely
from affine import Affine

from geetensor.coverage import Coverage, cover
from geetensor.geometry import Area
from geetensor.grid import PixelGrid, Window
from geetensor.picture import draw

UTM_CRS = "EPSG:32738"
GRID = PixelGrid(UTM_CRS, Affine(10, 0, 400_000, 0, -10, 8_000_000), 1280, 960)
CORNER = Area(
    shapely.Polygon(
        [(400_000 + 10 * x, 8_000_000 - 10 * y) for x, y in
         ((0, 0), (1280, 0), (1280, 240), (300, 240), (300, 960), (0, 960))]
    ),
    UTM_CRS,
)  # fmt: skip
CAPTION = [("image", 'A & <B>\x00 "é"'), ("", "and more")]


GOLDEN = """\
<svg xmlns="http://www.w3.org/2000/svg" width="672" height="580" viewBox="0 0 672 580" font-family="Helvetica, Arial, sans-serif" font-size="12">
<rect width="672" height="580" fill="#ffffff"/>
<g transform="translate(16 16)">
<path d="M0 0H640V480H0Z" fill="#dceaf4"/>
<path d="M256 128H640V256H256ZM256 256H640V384H256ZM256 384H640V480H256Z" fill="#f2f0eb"/>
<path d="M0 0H640V240H0ZM0 240H320V480H0Z" fill="none" stroke="#6c9dc2"/>
<path d="M0 0H640V240H0Z" fill="none" stroke="#4f9a86" stroke-dasharray="5 3"/>
<path d="M0 0H640V480H0Z" fill="none" stroke="#97a3ae"/>
<path d="M0 0L640 0L640 120L150 120L150 480L0 480Z" fill="none" stroke="#c2593f" stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round"/>
</g>
<rect x="16.5" y="510.5" width="13" height="10" fill="#dceaf4" stroke="#6c9dc2"/>
<rect x="34.5" y="510.5" width="13" height="10" fill="#dceaf4" stroke="#4f9a86"/>
<text x="54" y="520" fill="#2e3a45">requests, by the bands that travel together</text>
<rect x="356" y="510.5" width="13" height="10" fill="#ffffff" stroke="#c2593f"/>
<text x="375.5" y="520" fill="#2e3a45">area</text>
<rect x="424" y="510.5" width="13" height="10" fill="#f2f0eb" stroke="#97a3ae"/>
<text x="443.5" y="520" fill="#2e3a45">not touched by the area: fill</text>
<text x="16" y="546" fill="#74818d">image</text>
<text x="88" y="546" fill="#2e3a45">A &amp; &lt;B&gt; &quot;&#233;&quot;</text>
<text x="88" y="564" fill="#2e3a45">and more</text>
</svg>
"""  # noqa: E501 - a path is one line


def whole(grid: PixelGrid) -> Area:
    return Area(shapely.box(*grid.bounds), grid.crs)


def paths(svg: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own
    return root.findall(".//{*}path")


def test_golden() -> None:
    windows = [Window(0, 0, 480, 1280), Window(480, 0, 480, 640)]
    svg = draw(GRID, CORNER, cover(GRID, CORNER), [windows, windows[:1]], CAPTION)
    assert svg == GOLDEN


def test_text_is_escaped_and_all_ascii() -> None:
    svg = draw(GRID, CORNER, cover(GRID, CORNER), [], CAPTION)
    assert svg.isascii()
    texts = [e.text for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("text")]  # noqa: S314
    assert 'A & <B> "é"' in texts
    svg = draw(GRID, CORNER, cover(GRID, CORNER), [], [("image", "ab" * 50 + "yz" * 50)])
    assert re.search("(ab)+a?&#8230;z?(yz)+<", svg)


@pytest.mark.parametrize(
    ("transform", "width", "height", "drawn"),
    [
        (Affine(10, 0, 0, 0, -10, 0), 100, 100, (480, 480)),
        (Affine(10, 0, 0, 0, -10, 0), 4000, 1000, (640, 160)),
        (Affine(25, 0, 0, 0, -50, 0), 1000, 250, (640, 320)),
        (Affine(0, 10, 0, 10, 0, 0), 100, 100, (480, 480)),
        (Affine(10, 0, 0, 0, -10, 0), 30_000, 1, (640, 4)),
        (Affine(10, 0, 0, 0, -10, 0), 1, 30_000, (4, 480)),
    ],
)
def test_lengths_are_in_proportion(
    transform: Affine, width: int, height: int, drawn: tuple[int, int]
) -> None:
    grid = PixelGrid(UTM_CRS, transform, width, height)
    svg = draw(grid, whole(grid), cover(grid, whole(grid)), [], [])
    assert paths(svg)[0].get("d") == f"M0 0H{drawn[0]}V{drawn[1]}H0Z"


def test_one_colour_for_the_same_tiles() -> None:
    windows = [Window(0, 0, 960, 640), Window(0, 640, 960, 640)]
    covered = cover(GRID, whole(GRID))
    once = draw(GRID, whole(GRID), covered, [windows], [])
    assert draw(GRID, whole(GRID), covered, [windows * 12, windows], []) == once
    assert "by the bands" not in once
    apart = draw(GRID, whole(GRID), covered, [windows, windows[:1]], [])
    assert "requests, by the bands that travel together" in apart


def test_what_is_too_much_to_see_is_not_drawn() -> None:
    grid = PixelGrid(UTM_CRS, Affine(10, 0, 400_000, 0, -10, 8_000_000), 2**17, 2**17)
    random = np.random.default_rng(0)
    corners = random.uniform(grid.bounds[:2], grid.bounds[2:], (30_000, 2))
    fields = shapely.MultiPolygon([shapely.box(x, y, x + 500, y + 500) for x, y in corners])
    coverage = Coverage(grid.shape, 256, random.random((512, 512)) < 0.5)
    windows = [Window(256 * i, 256 * j, 256, 256) for i in range(512) for j in range(512)]
    svg = draw(grid, Area(fields, UTM_CRS), coverage, [windows], CAPTION)
    assert "in too many parts to outline" in svg
    assert len(svg) < 500_000
    paths(svg)
    some = draw(grid, whole(grid), coverage, [windows[:4_000]], CAPTION)
    assert len(some) < 500_000
    assert "too many" not in some


def test_a_long_outline_is_simplified() -> None:
    angle = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    radius = 4_000 + np.random.default_rng(0).random(len(angle))
    x, y = 406_400 + radius * np.cos(angle), 7_995_200 + radius * np.sin(angle)
    area = Area(shapely.Polygon(np.column_stack((x, y))), UTM_CRS)
    assert len(draw(GRID, area, cover(GRID, area), [], [])) < 5_000
