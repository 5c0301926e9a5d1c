"""Tables of the public catalogue, as a few rows each.

Columns and their types are the catalogue's (github.com/google/earthengine-catalog) [S]. Places are
rectangles near the real bounds of what they are named after [M]; power plants, their capacities and
years are made up. A table's rows are made when it is first read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import shapely

from eemulator.catalog.model import TableAsset
from eemulator.catalog.published.places import COUNTRIES, ECOREGIONS, PLANTS, STATES
from eemulator.values.element import Element
from eemulator.values.geometry import Feature, Geometry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from eemulator.catalog.published.places import Country, State

    Row = tuple[Geometry, dict[str, Any]]


class _Rows(Sequence[Element]):
    """The rows of a table, made at the first need."""

    def __init__(self, length: int, make: Callable[[], Iterator[Row]]) -> None:
        self._length = length
        self._make = make

    @cached_property
    def _rows(self) -> list[Feature]:
        return [
            Feature(place, {"system:index": f"{number:020x}", **properties})
            for number, (place, properties) in enumerate(self._make())
        ]

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Element: ...
    @overload
    def __getitem__(self, index: slice) -> list[Element]: ...
    def __getitem__(self, index: int | slice) -> Element | Sequence[Element]:
        return self._rows[index]


def _box(bounds: tuple[float, float, float, float]) -> Geometry:
    return Geometry(shapely.box(*bounds))


def _area(bounds: tuple[float, float, float, float]) -> float:
    """Square degrees."""
    west, south, east, north = bounds
    return (east - west) * (north - south)


def _round(bounds: tuple[float, float, float, float]) -> float:
    """Degrees around."""
    west, south, east, north = bounds
    return 2 * (east - west + north - south)


def _lsib(country: Country) -> dict[str, Any]:
    return {
        "abbreviati": country.iso2,
        "country_co": country.fips,
        "country_na": country.name,
        "wld_rgn": country.region,
    }


def _gaul(level: int) -> Callable[[Country], dict[str, Any]]:
    def columns(country: Country) -> dict[str, Any]:
        known: dict[str, Any] = {
            "ADM0_CODE": country.gaul,
            "ADM0_NAME": country.gaul_name,
            "DISP_AREA": "NO",
            "EXP0_YEAR": 3000,
            "STATUS": "Member State",
            "STR0_YEAR": 1000,
            "Shape_Area": _area(country.bounds),
            "Shape_Leng": _round(country.bounds),
        }
        for n in range(1, level + 1):
            known |= {
                f"ADM{n}_CODE": 10 * country.gaul + n,
                f"ADM{n}_NAME": f"{country.name} {n}",
                f"EXP{n}_YEAR": 3000,
                f"STR{n}_YEAR": 1000,
            }
        return known

    return columns


def _state(state: State) -> dict[str, Any]:
    west, south, east, north = state.bounds
    return {
        "ALAND": round(1e10 * _area(state.bounds)),
        "AWATER": round(3e8 * _area(state.bounds)),
        "DIVISION": state.division,
        "FUNCSTAT": "A",
        "GEOID": state.fips,
        "INTPTLAT": f"{(south + north) / 2:+011.7f}",
        "INTPTLON": f"{(west + east) / 2:+012.7f}",
        "LSAD": "00",
        "MTFCC": "G4000",
        "NAME": state.name,
        "REGION": state.region,
        "STATEFP": state.fips,
        "STATENS": f"{1_779_775 + int(state.fips):08d}",
        "STUSPS": state.letters,
    }


def _counties() -> Iterator[Row]:
    """Each state in four quarters."""
    for state in STATES:
        west, south, east, north = state.bounds
        x, y = (west + east) / 2, (south + north) / 2
        quarters = (
            (west, y, x, north),
            (x, y, east, north),
            (west, south, x, y),
            (x, south, east, y),
        )
        for n, (corner, bounds) in enumerate(zip(_CORNERS, quarters, strict=True)):
            code = f"{2 * n + 1:03d}"
            yield (
                _box(bounds),
                {
                    "ALAND": round(1e10 * _area(bounds)),
                    "AWATER": round(3e8 * _area(bounds)),
                    "CLASSFP": "H1",
                    "COUNTYFP": code,
                    "FUNCSTAT": "A",
                    "GEOID": state.fips + code,
                    "LSAD": "06",
                    "MTFCC": "G4020",
                    "NAME": f"{corner} {state.name}",
                    "NAMELSAD": f"{corner} {state.name} County",
                    "STATEFP": state.fips,
                },
            )


_CORNERS = ("Northwest", "Northeast", "Southwest", "Southeast")


def _plants() -> Iterator[Row]:
    """Eight in each country and each of some states, on a diagonal of the rectangle."""
    owners = [(country.iso3, country.name, country.bounds) for country in COUNTRIES]
    owners += [("USA", "United States of America", state.bounds) for state in STATES]
    number = 0
    for code, name, (west, south, east, north) in owners:
        for n, fuel in enumerate(PLANTS):
            share = (n + 1) / (len(PLANTS) + 1)
            x, y = west + share * (east - west), south + share * (north - south)
            capacity = float(10 * (n + 1) * (1 + number % 7))
            yield (
                Geometry(shapely.Point(x, y)),
                {
                    "cap_year": 2015.0 + n % 3,
                    "capacitymw": capacity,
                    "comm_year": str(1960 + (number * 7) % 58),
                    "country": code,
                    "country_lg": name,
                    "fuel1": fuel,
                    "fuel2": "Oil" if fuel == "Gas" else "",
                    "fuel3": "",
                    "fuel4": "",
                    "gppd_idnr": f"{code}{number:07d}",
                    "gwh_2013": 0.0,
                    "gwh_2014": 0.0,
                    "gwh_2015": 0.0,
                    "gwh_2016": 0.0,
                    "gwh_estimt": capacity * 4.5,
                    "latitude": y,
                    "longitude": x,
                    "name": f"{name} {fuel} {n + 1}",
                    "owner": "",
                    "source": "eemulator",
                    "src_latlon": "eemulator",
                    "url": "",
                },
            )
            number += 1


def _ecoregions() -> Iterator[Row]:
    for number, region in enumerate(ECOREGIONS, 1):
        yield (
            _box(region.bounds),
            {
                "BIOME_NAME": region.biome_name,
                "BIOME_NUM": float(region.biome),
                "COLOR": region.color,
                "COLOR_BIO": region.color,
                "COLOR_NNH": "#257339",
                "ECO_ID": float(region.number),
                "ECO_NAME": region.name,
                "LICENSE": "CC-BY 4.0",
                "NNH": 2.0,
                "NNH_NAME": "Nature Could Reach Half",
                "OBJECTID": float(number),
                "REALM": region.realm,
                "SHAPE_AREA": _area(region.bounds),
                "SHAPE_LENG": _round(region.bounds),
            },
        )


# Mean temperature and precipitation of January and July, and what the row is.
_CHART = (
    ("Desert", 0, (-115.5, 33.0, -113.5, 35.0), (12.0, 33.0), (15.0, 18.0)),
    ("Forest", 1, (-123.5, 43.0, -122.0, 45.0), (3.0, 18.0), (220.0, 18.0)),
    ("Grassland", 2, (-101.0, 38.0, -99.0, 40.0), (-2.0, 26.0), (14.0, 85.0)),
)


def _chart() -> Iterator[Row]:
    """The ecoregions of the guides to charts; months lie between January and July."""
    for label, value, bounds, temperatures, rains in _CHART:
        columns: dict[str, Any] = {"label": label, "value": value}
        for month in range(12):
            july = 1 - abs(month - 6) / 6
            for name, (cold, warm) in (("tmean", temperatures), ("ppt", rains)):
                columns[f"{month + 1:02d}_{name}"] = cold + july * (warm - cold)
        yield _box(bounds), {**columns, "warm": int(temperatures[0] > 0)}


def tables() -> list[TableAsset]:
    """All of them."""

    def of_countries(name: str, columns: Callable[[Country], dict[str, Any]]) -> TableAsset:
        rows = _Rows(len(COUNTRIES), lambda: ((_box(c.bounds), columns(c)) for c in COUNTRIES))
        return TableAsset(name, rows)

    states = (len(STATES), lambda: ((_box(state.bounds), _state(state)) for state in STATES))
    plants = len(PLANTS) * (len(COUNTRIES) + len(STATES))
    return [
        of_countries("USDOS/LSIB_SIMPLE/2017", _lsib),
        *(
            of_countries(f"FAO/{folder}/2015/level{level}", _gaul(level))
            for folder in ("GAUL", "GAUL_SIMPLIFIED_500m")
            for level in range(3)
        ),
        TableAsset("TIGER/2016/States", _Rows(*states)),
        TableAsset("TIGER/2018/States", _Rows(*states)),
        TableAsset("TIGER/2016/Counties", _Rows(4 * len(STATES), _counties)),
        TableAsset("TIGER/2018/Counties", _Rows(4 * len(STATES), _counties)),
        TableAsset("WRI/GPPD/power_plants", _Rows(plants, _plants)),
        TableAsset("RESOLVE/ECOREGIONS/2017", _Rows(len(ECOREGIONS), _ecoregions)),
        TableAsset("projects/google/charts_feature_example", _Rows(len(_CHART), _chart)),
    ]
