"""Classes of land cover: numbers, colours and names."""

from __future__ import annotations

from typing import Any, NamedTuple


class Legend(NamedTuple):
    """A classification.

    Attributes:
        values: the classes' numbers.
        palette: their colours, hexadecimal.
        names: of the classes.
    """

    values: tuple[int, ...]
    palette: tuple[str, ...]
    names: tuple[str, ...]

    def properties(self, band: str) -> dict[str, Any]:
        """What images say of the classes of a band; maps are drawn by it."""
        return {
            f"{band}_class_names": list(self.names),
            f"{band}_class_palette": list(self.palette),
            f"{band}_class_values": list(self.values),
        }


def _legend(text: str) -> Legend:
    rows = [line.split(maxsplit=2) for line in text.strip().splitlines()]
    values, palette, names = zip(*rows, strict=True)
    return Legend(tuple(int(value) for value in values), palette, names)


WORLDCOVER = _legend("""
10 006400 Tree cover
20 ffbb22 Shrubland
30 ffff4c Grassland
40 f096ff Cropland
50 fa0000 Built-up
60 b4b4b4 Bare / sparse vegetation
70 f0f0f0 Snow and ice
80 0064c8 Permanent water bodies
90 0096a0 Herbaceous wetland
95 00cf75 Mangroves
100 fae6a0 Moss and lichen
""")
"""ESA's WorldCover [S]."""

IGBP = _legend("""
1 05450a Evergreen Needleleaf Forests
2 086a10 Evergreen Broadleaf Forests
3 54a708 Deciduous Needleleaf Forests
4 78d203 Deciduous Broadleaf Forests
5 009900 Mixed Forests
6 c6b044 Closed Shrublands
7 dcd159 Open Shrublands
8 dade48 Woody Savannas
9 fbff13 Savannas
10 b6ff05 Grasslands
11 27ff87 Permanent Wetlands
12 c24f44 Croplands
13 a5a5a5 Urban and Built-up Lands
14 ff6d4c Cropland/Natural Vegetation Mosaics
15 69fff8 Permanent Snow and Ice
16 f9ffa4 Barren
17 1c0dff Water Bodies
""")
"""The International Geosphere-Biosphere Programme's: the type 1 of MCD12Q1 [M]."""

NLCD = _legend("""
11 466b9f Open water
12 d1def8 Perennial ice/snow
21 dec5c5 Developed, open space
22 d99282 Developed, low intensity
23 eb0000 Developed, medium intensity
24 ab0000 Developed, high intensity
31 b3ac9f Barren land (rock/sand/clay)
41 68ab5f Deciduous forest
42 1c5f2c Evergreen forest
43 b5c58f Mixed forest
51 af963c Dwarf scrub
52 ccb879 Shrub/scrub
71 dfdfc2 Grassland/herbaceous
72 d1d182 Sedge/herbaceous
73 a3cc51 Lichens
74 82ba9e Moss
81 dcd939 Pasture/hay
82 ab6c28 Cultivated crops
90 b8d9eb Woody wetlands
95 6c9fb8 Emergent herbaceous wetlands
""")
"""The National Land Cover Database's [M]."""
