"""Numbers, strings, lists, dates and descriptions of the reference's examples."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import ee
import pytest

from .documented import Pages, check, to

pytestmark = pytest.mark.usefixtures("server")

NUMBERS: Pages = {
    "number": [
        (lambda: ee.Number(1.2e-35), 1.2e-35),
        (lambda: ee.Number(3.4e10), 34000000000),
    ],
    "number-add": [(lambda: ee.Number(5).add(ee.Number(-10.2)), to(9, -5.199999999))],
    "number-and": [
        (lambda: ee.Number(1).And(2.3), 1),
        (lambda: ee.Number(1).And(-1), 1),
        (lambda: ee.Number(0).And(1), 0),
    ],
    "number-bitcount": [
        (lambda: ee.Number(0xFFFF).bitCount(), 16),
        (lambda: ee.Number(-1).bitCount(), 64),
        (lambda: ee.Number(-2).bitCount(), 63),
    ],
    # "loses decimal precision" and "becomes … max": the page prints no numbers.
    "number-byte": [
        (lambda: ee.Number(255 + 12345).byte(), 255),
        (lambda: ee.Number(-12345).byte(), 0),
    ],
    "number-clamp": [
        (lambda: ee.Number(259).clamp(0, 255), 255),
        (lambda: ee.Number(-259).clamp(0, 255), 0),
    ],
    "number-divide": [
        (lambda: ee.Number(5).divide(ee.Number(-10.2)), to(9, -0.490196078)),
        (lambda: ee.Number(-10.2).divide(ee.Number(5)), -2.04),
        (lambda: ee.Number(10).divide(ee.Number(0)), 0),
    ],
    "number-format": [
        (lambda: ee.Number(1).format("%03d"), "001"),
        (lambda: ee.Number(1.23476).format("%.1f"), "1.2"),
        (lambda: ee.Number(1.23476).format("%.3f"), "1.235"),
        (lambda: ee.Number(123476).format("%.3e"), "1.235e+05"),
        (lambda: ee.Number(123476).format("%.2f"), "123476.00"),
    ],
    "number-gammainc": [
        (lambda: ee.Number(0).gammainc(1), 0),
        (lambda: ee.Number(1).gammainc(1), to(9, 0.632120558)),
        (lambda: ee.Number(10).gammainc(1), to(9, 0.999954600)),
        (lambda: ee.Number(-1).gammainc(1), "NaN"),
        (lambda: ee.Number(10).gammainc(-1), "NaN"),
    ],
    "number-lanczos": [
        (lambda: ee.Number(-1).lanczos(), "Infinity"),
        (lambda: ee.Number(-0.9).lanczos(), to(9, 524.955196990)),
        (lambda: ee.Number(0).lanczos(), to(9, 32.946318679)),
        (lambda: ee.Number(10).lanczos(), to(9, 2.281783181)),
        (lambda: ee.Number(1e10).lanczos(), to(9, 1.000000001)),
    ],
    "number-atan2": [
        (lambda: ee.Number(0).atan2(0), 0),
        (lambda: ee.Number(1).atan2(0), 0),
        (lambda: ee.Number(0).atan2(1), to(9, 1.570796326)),
        (lambda: ee.Number(-1).atan2(0), to(9, 3.141592653)),
        (lambda: ee.Number(0).atan2(-1), to(9, -1.570796326)),
    ],
    "number-bitwisenot": [(lambda: ee.Number(25).bitwiseNot(), -26)],
    "number-ceil": [(lambda: ee.Number(-2.9).ceil(), -2)],
    "number-digamma": [
        (lambda: ee.Number(-1.5).digamma(), to(9, 0.703156637)),
        (lambda: ee.Number(-1).digamma(), "-Infinity"),
        (lambda: ee.Number(0).digamma(), "-Infinity"),
        (lambda: ee.Number(0.5).digamma(), to(9, -1.963510028)),
        (lambda: ee.Number(1).digamma(), to(9, -0.577215667)),
        (lambda: ee.Number(100).digamma(), to(9, 4.600161852)),
        (lambda: ee.Number(1e13).digamma(), to(9, 29.933606208)),
    ],
    "number-erf": [(lambda: ee.Number(-0.001).erf(), to(9, -0.001128378))],
    "number-erfc": [
        (lambda: ee.Number(0.001).erfc(), to(9, 0.998871621)),
        (lambda: ee.Number(10).erfc(), pytest.approx(2.088487583e-45, rel=1e-9)),
    ],
    "number-erfcinv": [
        (lambda: ee.Number(0).erfcInv(), "Infinity"),
        (lambda: ee.Number(0.001).erfcInv(), to(9, 2.326753765)),
    ],
    "number-erfinv": [
        (lambda: ee.Number(-1).erfInv(), "-Infinity"),
        (lambda: ee.Number(0.001).erfInv(), to(9, 0.000886227)),
        (lambda: ee.Number(1).erfInv(), "Infinity"),
    ],
    "number-gamma": [
        (lambda: ee.Number(0.001).gamma(), to(9, 999.423772484)),
        (lambda: ee.Number(100).gamma(), pytest.approx(9.332621544e155, rel=1e-9)),
        (lambda: ee.Number(200).gamma(), "Infinity"),
    ],
    "number-hypot": [(lambda: ee.Number(-3).hypot(-4), 5)],
    "number-log10": [
        (lambda: ee.Number(0.1).log10(), -1),
        (lambda: ee.Number(100).log10(), 2),
    ],
    "number-not": [(lambda: ee.Number(5).Not(), 0), (lambda: ee.Number(0).Not(), 1)],
    "number-rightshift": [(lambda: ee.Number(20).rightShift(2), 5)],
    "number-subtract": [
        (lambda: ee.Number(0).subtract(-3.4), 3.4),
        (lambda: ee.Number(0).toUint8().subtract(ee.Number(1).toUint8()), -1),
        (lambda: ee.Number(255).toUint8().subtract(-123), 378),
    ],
    "number-tan": [(lambda: ee.Number(math.pi / 2).tan(), 16331239353195370)],
    "number-leftshift": [(lambda: ee.Number(20).leftShift(2), 80)],
    "number-mod": [
        (lambda: ee.Number(1).mod(ee.Number(-2)), 1),
        (lambda: ee.Number(5.5).mod(ee.Number(2)), 1.5),
        (lambda: ee.Number(-12).mod(ee.Number(5)), -2),
        (lambda: ee.Number(-4).mod(ee.Number(2)), 0),
    ],
    "number-parse": [
        (lambda: ee.Number.parse("10"), 10),
        (lambda: ee.Number.parse(ee.Feature(None, {"id": "1000"}).get("id")), 1000),
        (lambda: ee.Number.parse(ee.Feature(None, {"id": 1000}).get("id")), 1000),
        (lambda: ee.Number.parse("0001"), 1),
        (lambda: ee.Number.parse("3E8", 16), 1000),
    ],
    "number-pow": [
        (lambda: ee.Number(-5).pow(ee.Number(2)), 25),
        (lambda: ee.Number(5).pow(ee.Number(-2)), 0.04),
        (lambda: ee.Number(5).pow(ee.Number(2.2)), to(9, 34.493241536)),
        (lambda: ee.Number(5.2).pow(ee.Number(2)), to(9, 27.040000000)),
    ],
    "number-round": [
        (lambda: ee.Number(10.4).round(), 10),
        (lambda: ee.Number(10.5).round(), 11),
    ],
    "number-trigamma": [
        (lambda: ee.Number(-100).trigamma(), "Infinity"),
        (lambda: ee.Number(0.001).trigamma(), to(9, 1000001.642533195)),
        (lambda: ee.Number(0.5).trigamma(), to(9, 4.934802200)),
        (lambda: ee.Number(200).trigamma(), to(9, 0.005012520)),
    ],
    "number-unitscale": [
        (lambda: ee.Number(-10).unitScale(0, 100), -0.1),
        (lambda: ee.Number(10).unitScale(0, 100), 0.1),
    ],
}

STRINGS: Pages = {
    "string": [(lambda: ee.String(""), ""), (lambda: ee.String("").length(), 0)],
    "string-compareto": [
        (lambda: ee.String("a").compareTo("b"), -1),
        (lambda: ee.String("b").compareTo("a"), 1),
    ],
    "string-decodejson": [
        (lambda: ee.String('{"a": "abc", "b": 1}').decodeJSON(), {"a": "abc", "b": 1})
    ],
    "string-encodejson": [
        (lambda: ee.String.encodeJSON(ee.String("earth")), '"earth"'),
        (lambda: ee.String.encodeJSON(ee.Number(1)), "1"),
        (lambda: ee.String.encodeJSON(ee.List([1, 2, 3])), "[1,2,3]"),
        (
            lambda: ee.String.encodeJSON(ee.Dictionary({"lc_name": "grassland", "lc_class": 3})),
            '{"lc_class":3,"lc_name":"grassland"}',
        ),
    ],
    "string-index": [
        (lambda: ee.String("abc123").index(""), 0),
        (lambda: ee.String("abc123").index("c1"), 2),
        (lambda: ee.String("abc123").index("ZZ"), -1),
    ],
    "string-match": [
        (lambda: ee.String("ABCabc123").match(""), [""]),
        (lambda: ee.String("ABCabc123").match("ab", "g"), ["ab"]),
        (lambda: ee.String("ABCabc123").match("ab", "i"), ["AB"]),
        (lambda: ee.String("ABCabc123").match("AB", "ig"), ["AB", "ab"]),
        (lambda: ee.String("ABCabc123").match("[a-z]+[0-9]+"), ["abc123"]),
        (lambda: ee.String("ABCabc123").match("\\d{2}"), ["12"]),
        (lambda: ee.String("ABCabc123").match("abc[^0-9]", "i"), ["ABCa"]),
    ],
    "string-replace": [
        (lambda: ee.String("abc-abc").replace("abc", "X"), "X-abc"),
        (lambda: ee.String("abc-abc").replace("abc", "", "g"), "-"),
        (lambda: ee.String("aBc-Abc").replace("abc", "Z", "i"), "Z-Abc"),
        (lambda: ee.String("aBc-Abc").replace("abc", "Z", "ig"), "Z-Z"),
    ],
    "string-rindex": [
        (lambda: ee.String("aBc-Abc").rindex("A"), 4),
        (lambda: ee.String("aBc-Abc").rindex("Z"), -1),
        (lambda: ee.String("aBc-Abc").rindex(""), 7),
    ],
    "string-slice": [
        (lambda: ee.String("").slice(-1), ""),
        (lambda: ee.String("abcdefghijklmnopqrstuvwxyz").slice(-3), "xyz"),
        (lambda: ee.String("abcdefghijklmnopqrstuvwxyz").slice(3, 3), ""),
        (lambda: ee.String("abcdefghijklmnopqrstuvwxyz").slice(-4, 25), "wxy"),
    ],
    "string-split": [
        (lambda: ee.String("aBAbcD").split("Ab"), ["aB", "cD"]),
        (lambda: ee.String("aBAbcD").split("ab", "i"), ["", "", "cD"]),
        (lambda: ee.String("aBAbcD").split("[bc]", "i"), ["a", "A", "", "D"]),
        (lambda: ee.String("aBAbcD").split("(BA|c)"), ["a", "b", "D"]),
        (lambda: ee.String("a,b,cdee f,g").split(""), list("a,b,cdee f,g")),
        (lambda: ee.String("a,b,cdee f,g").split("[[:space:]]"), ["a,b,cdee", "f,g"]),
        (lambda: ee.String("a,b,cdee f,g").split("ee"), ["a,b,cd", " f,g"]),
        (
            lambda: ee.String("a,b,cdee f,g").split("[a-z]"),
            ["", ",", ",", "", "", "", " ", ","],
        ),
        (lambda: ee.String("a,b,cdee f,g").split("[^a-z]"), ["a", "b", "cdee", "f", "g"]),
        (lambda: ee.String("a.b*c?d").split("\\."), ["a", "b*c?d"]),
        (lambda: ee.String("a.b*c?d").split("[*]"), ["a.b", "c?d"]),
    ],
    "string-trim": [
        (lambda: ee.String("\t\n\r abc\t\n\r ").trim(), "abc"),
        (lambda: ee.String(" a\t\n\r b ").trim(), "a\t\n\r b"),
    ],
}

S2 = {"B1": 182, "B2": 219, "B3": 443}

COLLECTED: Pages = {
    "list": [
        (lambda: ee.List([None]), [None]),
        (lambda: ee.List([True]), [True]),
        (lambda: ee.List([[], [[]], [1, [], "a"]]), [[], [[]], [1, [], "a"]]),
    ],
    "list-filter": [
        (
            lambda: ee.List([1, 2, 3, None, 6, 7]).filter(ee.Filter.notNull(["item"])),
            [1, 2, 3, 6, 7],
        ),
        (lambda: ee.List([1, 2, 3, None, 6, 7]).filter(ee.Filter.gt("item", 4)), [6, 7]),
    ],
    "list-frequency": [(lambda: ee.List([0, 1, 2, 2, 3, 4]).frequency(2), 2)],
    "list-sequence": [
        (lambda: ee.List.sequence(0, 5), [0, 1, 2, 3, 4, 5]),
        (lambda: ee.List.sequence(0, None, -2, 6), [0, -2, -4, -6, -8, -10]),
        (lambda: ee.List.sequence(0, 10, 2, 999).size(), 999),
        (lambda: ee.List.sequence(0, 10, 2, 3), [0, 5, 10]),
        (lambda: ee.List.sequence(start=10, count=3), [10, 11, 12]),
        (lambda: ee.List.sequence(start=3, step=2, end=6), [3, 5]),
        (lambda: ee.List.sequence(start=-1e9, end=1e9, count=3), [-1000000000, 0, 1000000000]),
    ],
    "list-splice": [
        (lambda: ee.List([0, 1, 2, 3, 4]).splice(-2, 1), [0, 1, 2, 4]),
        (lambda: ee.List([0, 1, 2, 3, 4]).splice(2, 3, ["X", "Y", "Z"]), [0, 1, "X", "Y", "Z"]),
    ],
    "dictionary": [
        (lambda: ee.Dictionary(), {}),
        (lambda: ee.Dictionary(ee.List(["B1", 182, "B2", 219, "B3", 443])), S2),
    ],
    "dictionary-get": [
        (lambda: ee.Dictionary(S2).get("Band_1", defaultValue=-9999), -9999),
    ],
    "dictionary-rename": [
        (lambda: ee.Dictionary(S2).rename(["B3"], ["B1"], True), {"B1": 443, "B2": 219}),
    ],
    "dictionary-select": [
        (lambda: ee.Dictionary(S2).select(["B1", "B2"]), {"B1": 182, "B2": 219}),
        (lambda: ee.Dictionary(S2).select(["B[1-2]"]), {"B1": 182, "B2": 219}),
        (
            lambda: ee.Dictionary(S2).select(["B1", "B2", "Region"], True),
            {"B1": 182, "B2": 219},
        ),
    ],
    "dictionary-remove": [
        (lambda: ee.Dictionary(S2).remove(["B2", "B3"]), {"B1": 182}),
        (lambda: ee.Dictionary(S2).remove(["B2", "B3", "Region"], True), {"B1": 182}),
    ],
    "dictionary-toarray": [(lambda: ee.Dictionary(S2).toArray(["B1", "B2"]), [182, 219])],
    "algorithms-if": [
        (lambda: ee.Algorithms.If(ee.String("Tree").compareTo("Tree"), 0, 1), 1),
        (lambda: ee.Algorithms.If(ee.String("NotTree").compareTo("Tree"), 0, 1), 0),
    ],
    "algorithms-objecttype": [
        (lambda: ee.Algorithms.ObjectType(1), "Integer"),
        (lambda: ee.Algorithms.ObjectType(ee.String("a string")), "String"),
        (lambda: ee.Algorithms.ObjectType(ee.List([1, "a string"])), "List"),
        (lambda: ee.Algorithms.ObjectType(ee.Feature(None, {"int": 42}).get("int")), "Integer"),
        (
            lambda: ee.Algorithms.ObjectType(
                ee.Feature(None, {"int8": ee.Number(-3).int8()}).get("int8")
            ),
            "Long",
        ),
    ],
}


SUMMER = "1975-07-23T21:13:59"


def written(text: str, pattern: str | None, zone: str | None = None) -> Any:
    return ee.Date(text).format(pattern, zone)


def read(pattern: str, text: str) -> Any:
    return ee.Date.parse(pattern, text).millis()


DATES: Pages = {
    "date": [
        (lambda: ee.Date("2020").millis(), 1577836800000),
        (lambda: ee.Date("2017-6-24").format(), "2017-06-24T00:00:00"),
        (lambda: ee.Date("2017-6-24T00:14:46").format(), "2017-06-24T00:14:46"),
        (lambda: ee.Date("2020", "US/Mountain").format(), "2020-01-01T07:00:00"),
    ],
    "date-format": [
        *[
            (partial(written, "2020-08-18", None, zone), f"2020-08-{text}:00:00")
            for zone, text in {
                "GMT": "18T00", "Etc/GMT": "18T00", "Etc/GMT+0": "18T00", "Zulu": "18T00",
                "UTC": "18T00", "America/Los_Angeles": "17T17", "US/Pacific": "17T17",
                "PST8PDT": "17T17", "Australia/Tasmania": "18T10", "Etc/GMT-10": "18T10",
            }.items()
        ],
        *[
            (partial(written, SUMMER, pattern), text)
            for pattern, text in {
                "YYYY GG": "1975 AD", "CC YY": "19 75", "xxxx ww": "1975 30", "yy DDD": "75 204",
                "MM dd": "07 23", "e E": "3 Wed", "e EEEEEEEE": "3 Wednesday", "a K h": "PM 9 9",
                "a KK hh": "PM 09 09", "H k m s S": "21 21 13 59 0",
                "HH kk mm ss SS": "21 21 13 59 00", "z": "UTC",
                "zzzz": "Coordinated Universal Time", "Z": "+0000", "ZZ": "+00:00", "ZZZ": "UTC",
                "YY 'yada' MM": "75 yada 07", "YY ''MM'' dd": "75 '07' 23",
            }.items()
        ],
        *[
            (partial(written, SUMMER, pattern, "PST8PDT"), text)
            for pattern, text in {
                "z": "PDT", "zzzz": "Pacific Daylight Time", "Z": "-0700", "ZZ": "-07:00",
                "ZZZ": "PST8PDT",
            }.items()
        ],
    ],
    "date-parse": [
        (partial(read, pattern, text), 1619740800000)
        for pattern, text in {
            "YYYY MM dd": "2021 4 30", "YYYY-MM-dd": "2021-4-30", "YYYY/MM/dd": "2021/4/30",
            "MM/dd/YY": "4/30/21", "MMM. dd, YYYY": "Apr. 30, 2021",
            "YYYY-MM-dd HH:mm:ss": "2021-4-30 00:00:00",
        }.items()
    ],
    "date-getrelative": [
        (lambda: ee.Date("2021-4-30T07:15:31.24").getRelative("month", "year"), 3),
        (lambda: ee.Date("2021-4-30T07:15:31.24").getRelative("year", "month"), 0),
    ],
}  # fmt: skip


DOUBLE = {"type": "PixelType", "precision": "double"}

MARGINS: list[tuple[float, str, dict[str, Any]]] = [
    (0, "meters", {"unit": "meters", "value": 0}),
    (1, "meters", {"unit": "meters", "value": 1}),
    (-1, "meters", {"unit": "meters", "value": 1}),
    (1e8, "meters", {"unit": "infinite"}),
    (1e7, "meters", {"unit": "meters", "value": 10000000}),
    (1, "projected", {"unit": "projected", "value": 1}),
    (1, "infinite", {"unit": "infinite"}),
]

DESCRIBED: Pages = {
    "pixeltype": [
        (
            lambda: ee.PixelType("int", -20, -10),
            {"type": "PixelType", "precision": "int", "min": -20, "max": -10},
        ),
        (lambda: ee.PixelType("float"), {"type": "PixelType", "precision": "float"}),
        (lambda: ee.PixelType("double", None, None, 0), DOUBLE),
        (lambda: ee.PixelType("double", None, None, 1), {**DOUBLE, "dimensions": 1}),
        (
            lambda: ee.PixelType("double", None, None, 100000000),
            {**DOUBLE, "dimensions": 100000000},
        ),
        (
            lambda: ee.PixelType("double", 1, 3, 2),
            {**DOUBLE, "min": 1, "max": 3, "dimensions": 2},
        ),
        (lambda: ee.PixelType("double", None, 2.3, 0), DOUBLE),
        (lambda: ee.PixelType("double", 3.4, None, 0), DOUBLE),
    ],
    "errormargin": [
        (
            partial(ee.ErrorMargin, value, unit),
            {"type": "ErrorMargin"} | told,
        )
        for value, unit, told in MARGINS
    ],
    "projection": [
        (
            lambda: ee.Projection("EPSG:3857"),
            {"type": "Projection", "crs": "EPSG:3857", "transform": [1, 0, 0, 0, 1, 0]},
        ),
    ],
}

PAGES = {**NUMBERS, **STRINGS, **COLLECTED, **DATES, **DESCRIBED}


@pytest.mark.parametrize("page", PAGES)
def test_values_are_those_of_the_page(page: str) -> None:
    check(PAGES[page])
