"""Land, water and lights: MODIS's products, land cover, surface water, forest, elevation.

Bands are the catalogue's (github.com/google/earthengine-catalog) [S], and so are the classes of
WorldCover; dtypes, lattices, order of bands, ranges and other classes are remembered [M]. MODIS's
collections end with 2024, those of version 6 as well, and hold the same as version 6.1's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import shapely

from eemulator.catalog.model import Grid
from eemulator.catalog.published.calendars import (
    LAST,
    Listed,
    Steps,
    months,
    parts_of_years,
    utc,
    years,
)
from eemulator.catalog.published.datasets import Dataset, degrees
from eemulator.catalog.published.layers import Layer, classes, layers
from eemulator.catalog.published.legends import IGBP, NLCD, WORLDCOVER
from eemulator.catalog.sinusoidal import GRIDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from eemulator.catalog.published.calendars import Calendar

_MODIS = "%Y_%m_%d"
_TERRA, _AQUA = utc(2000, 2, 18), utc(2002, 7, 4)
_YEAR = timedelta(days=366)
# Last year, and what follows it in the id.
_FORESTS = ((2015, ""), (2021, "_v1_9"), (2022, "_v1_10"), (2023, "_v1_11"))
_ALBEDOS = (
    "Band1",
    "Band2",
    "Band3",
    "Band4",
    "Band5",
    "Band6",
    "Band7",
    "vis",
    "nir",
    "shortwave",
)


def _reflectance(numbers: Sequence[int]) -> list[Layer]:
    return layers(" ".join(f"sur_refl_b{n:02d}" for n in numbers), "int16", -100, 16_000)


def _flags(names: str, dtype: str, most: int) -> list[Layer]:
    return layers(names, dtype, 0, most, "MODE")


def _qualities() -> list[Layer]:
    names = " ".join(f"BRDF_Albedo_Band_Mandatory_Quality_{name}" for name in _ALBEDOS)
    return _flags(names, "uint8", 1)


def _angles(names: str) -> list[Layer]:
    return layers(names, "int16", 0, 9000)


def _vegetation() -> tuple[Layer, ...]:
    return (
        *layers("NDVI EVI", "int16", -2000, 10_000),
        *_flags("DetailedQA", "uint16", 65_534),
        *_reflectance((1, 2, 3, 7)),
        *_angles("ViewZenith SolarZenith"),
        Layer("RelativeAzimuth", "int16", -18_000, 18_000),
        Layer("DayOfYear", "int16", 1, 366, "MODE"),
        *_flags("SummaryQA", "int8", 3),
    )


def _temperature(angle: str, times: Sequence[Layer]) -> tuple[Layer, ...]:
    def half(day: str) -> list[Layer]:
        return [
            Layer(f"LST_{day}_1km", "uint16", 12_000, 16_500),
            *_flags(f"QC_{day}", "uint8", 255),
            Layer(f"{day}_view_time", "uint8", 0, 240),
            Layer(f"{day}_view_{angle}", "uint8", 0, 130),
        ]

    return (*half("Day"), *half("Night"), *layers("Emis_31 Emis_32", "uint8", 1, 255), *times)


def _snow() -> tuple[Layer, ...]:
    return (
        Layer("NDSI_Snow_Cover", "uint8", 0, 100),
        *_flags("NDSI_Snow_Cover_Basic_QA", "uint8", 4),
        *_flags("NDSI_Snow_Cover_Algorithm_Flags_QA", "uint8", 255),
        Layer("NDSI", "int16", -10_000, 10_000),
        Layer("Snow_Albedo_Daily_Tile", "uint8", 1, 100),
        *_flags("orbit_pnt", "int8", 15),
        *_flags("granule_pnt", "uint8", 254),
        classes("NDSI_Snow_Cover_Class", (200, 201, 211, 237, 239, 250, 254)),
        classes("Snow_Albedo_Daily_Tile_Class", (101, 111, 125, 137, 139, 150, 151, 250, 251, 252)),
    )


def _land_cover() -> tuple[Layer, ...]:
    counts = ((1, 17), (2, 16), (3, 11), (4, 9), (5, 12))
    surface = (1, 2, 11, 12, 13, 14, 15, 16, 21, 22, 31, 32, 41, 42, 43)
    uses = (1, 2, 3, 9, 10, 20, 25, 30, 35, 36, 40)
    return (
        *(classes(f"LC_Type{n}", range(1 if n == 1 else 0, last + 1)) for n, last in counts),
        *_flags("LC_Prop1_Assessment LC_Prop2_Assessment LC_Prop3_Assessment", "uint8", 100),
        classes("LC_Prop1", surface),
        classes("LC_Prop2", uses),
        classes("LC_Prop3", (1, 2, 3, 10, 20, 27, 30, 40, 50, 51)),
        *_flags("QC", "uint8", 10),
        classes("LW", (1, 2)),
    )


class _Product(NamedTuple):
    """A MODIS product.

    Attributes:
        names: of its collections, without version: those of the two satellites or of both.
        metres: side of a pixel.
        first: when Terra's or both satellites' first image begins.
        calendar: makes the calendar that begins at an instant.
        layers: bands.
        versions: in which it is like this.
    """

    names: str
    metres: int
    first: datetime
    calendar: Callable[[datetime], Calendar]
    layers: tuple[Layer, ...]
    versions: tuple[str, ...] = ("061", "006")

    def datasets(self) -> list[Dataset]:
        """Of each satellite."""
        return [
            Dataset(
                tuple(f"MODIS/{version}/{name}" for version in self.versions),
                GRIDS[self.metres],
                self.layers,
                self.calendar(_AQUA if name.startswith("MYD") else self.first),
                IGBP.properties("LC_Type1") if name == "MCD12Q1" else {},
            )
            for name in self.names.split()
        ]


def _each(days: int) -> Callable[[datetime], Calendar]:
    return partial(parts_of_years, days=days, name=_MODIS)


def _daily(first: datetime) -> Calendar:
    return Steps(first, timedelta(days=1), _MODIS)


def _yearly(first: datetime) -> Calendar:
    return years(max(first.year, 2001), LAST.year, _MODIS)


def _products() -> list[_Product]:
    day, year = utc(2000, 2, 24), utc(2001, 1, 1)
    covers = layers("Clear_day_cov Clear_night_cov", "uint16", 0, 2000)
    skies = layers("Clear_sky_days Clear_sky_nights", "uint8", 0, 255)
    kernels = [f"{name}_{part}" for name in _ALBEDOS for part in ("iso", "vol", "geo")]
    brdf = " ".join(f"BRDF_Albedo_Parameters_{kernel}" for kernel in kernels)
    albedo = " ".join(f"Albedo_{sky}_{name}" for sky in ("BSA", "WSA") for name in _ALBEDOS)
    pointers = (*_flags("orbit_pnt", "int8", 15), *_flags("granule_pnt", "uint8", 254))
    net = (Layer("Npp", "int16", -30_000, 32_700), *_flags("Npp_QC", "uint8", 100))
    gross = Layer("Gpp", "uint16", 0, 65_500)
    return [
        _Product("MOD13Q1 MYD13Q1", 250, _TERRA, _each(16), _vegetation()),
        _Product("MOD13A1 MYD13A1", 500, _TERRA, _each(16), _vegetation()),
        _Product("MOD13A2 MYD13A2", 1000, _TERRA, _each(16), _vegetation()),
        _Product("MOD11A1 MYD11A1", 1000, day, _daily, _temperature("angle", covers)),
        _Product("MOD11A2 MYD11A2", 1000, _TERRA, _each(8), _temperature("angl", skies)),
        _Product("MOD09GQ MYD09GQ", 250, day, _daily, _red_and_infrared(pointers)),
        _Product("MOD09Q1 MYD09Q1", 250, _TERRA, _each(8), (
            *_reflectance((1, 2)), *_flags("State QA", "uint16", 65_534))),
        _Product("MOD09A1 MYD09A1", 500, _TERRA, _each(8), (
            *_reflectance(range(1, 8)), *_flags("QA", "uint32", 2**32 - 1),
            *_angles("SolarZenith ViewZenith"), Layer("RelativeAzimuth", "int16", -18_000, 18_000),
            *_flags("StateQA", "uint16", 65_534), Layer("DayOfYear", "uint16", 1, 366, "MODE"))),
        _Product("MODOCGA MYDOCGA", 1000, day, _daily, (
            *_flags("num_observations", "int8", 15), *_reflectance(range(8, 17)),
            *_flags("QC_b8_15_1km QC_b16_15_1km", "uint32", 2**32 - 1), *pointers)),
        _Product("MOD10A1 MYD10A1", 500, day, _daily, _snow()),
        _Product("MOD14A1 MYD14A1", 1000, _TERRA, _daily, (
            classes("FireMask", range(1, 10)), Layer("MaxFRP", "int32", 0, 180_000),
            *_flags("sample", "uint16", 1353), *_flags("QA", "uint8", 255))),
        _Product("MOD16A2 MYD16A2", 500, year, _each(8), (
            Layer("ET", "int16", -5, 453), Layer("LE", "int16", 0, 2000),
            Layer("PET", "int16", -8, 793), Layer("PLE", "int16", 0, 2000),
            *_flags("ET_QC", "uint8", 254))),
        _Product("MOD17A2H MYD17A2H", 500, _TERRA, _each(8), (
            Layer("Gpp", "int16", 0, 30_000), Layer("PsnNet", "int16", -30_000, 30_000),
            *_flags("Psn_QC", "uint8", 254))),
        _Product("MOD17A3HGF MYD17A3HGF", 500, year, _yearly, (gross, *net), ("061",)),
        _Product("MOD17A3HGF MYD17A3HGF", 500, year, _yearly, net, ("006",)),
        _Product("MCD43A1", 500, day, _daily, (*layers(brdf, "int16", 0, 1000), *_qualities())),
        _Product("MCD43A3", 500, day, _daily, (*layers(albedo, "int16", 0, 1000), *_qualities())),
        _Product("MCD15A3H", 500, _AQUA, _each(4), (
            *layers("Fpar Lai", "uint8", 0, 100), *_flags("FparLai_QC FparExtra_QC", "uint8", 254),
            *layers("FparStdDev LaiStdDev", "uint8", 0, 100))),
        _Product("MCD12Q1", 500, year, _yearly, _land_cover()),
        _Product("MCD64A1", 500, utc(2000, 11, 1), partial(months, name=_MODIS), (
            Layer("BurnDate", "int16", 1, 366, "MODE"), *_flags("Uncertainty", "uint8", 100),
            *_flags("QA", "uint8", 255), *_flags("FirstDay LastDay", "int16", 366))),
    ]  # fmt: skip


def _red_and_infrared(pointers: Sequence[Layer]) -> tuple[Layer, ...]:
    return (
        *_flags("num_observations", "int8", 15),
        *_reflectance((1, 2)),
        *_flags("QC_250m", "uint16", 65_534),
        Layer("obscov", "int8", 0, 100),
        *_flags("iobs_res", "uint8", 254),
        *pointers,
    )


def _atmosphere() -> list[Dataset]:
    """A degree a pixel, a month an image."""
    aerosol = "Aerosol_Optical_Depth_Land"
    depths = (
        f"{aerosol}_Ocean_Mean_Mean {aerosol}_Ocean_Std_Deviation_Mean "
        f"{aerosol}_QA_Mean_Mean_470 {aerosol}_QA_Std_Deviation_Mean_470"
    )
    liquid = "Cloud_Optical_Thickness_Liquid"
    found = (
        *layers(depths, "int16", -100, 5000),
        *layers("Cirrus_Fraction_SWIR_FMean Cirrus_Fraction_SWIR_FStd", "int16", 0, 10_000),
        *layers(f"{liquid}_Log_Mean_Mean {liquid}_Log_Std_Deviation_Mean", "int16", 0, 2000),
        *layers(f"{liquid}_Log_Mean_Uncertainty {liquid}_Mean_Uncertainty", "int16", 0, 2000),
    )
    return [
        Dataset((f"MODIS/061/{name}",), degrees(1.0, 360, 180), found, months(first, _MODIS))
        for name, first in (("MOD08_M3", utc(2000, 2, 1)), ("MYD08_M3", utc(2002, 7, 1)))
    ]


def _water() -> list[Dataset]:
    thirty = degrees(0.00025, 1_440_000, 560_000, north=80.0)
    surface = (
        Layer("occurrence", "uint8", 0, 100),
        Layer("change_abs", "int8", -100, 100),
        Layer("change_norm", "int8", -100, 100),
        Layer("seasonality", "uint8", 0, 12),
        Layer("recurrence", "uint8", 0, 100),
        classes("transition", range(11)),
        classes("max_extent", (0, 1)),
    )
    yearly = years(1984, 2021, "%Y")
    monthly = months(utc(1984, 3, 1), "%Y_%m", utc(2021, 12, 1))
    return [
        Dataset(
            tuple(f"JRC/GSW1_{n}/GlobalSurfaceWater" for n in range(5)),
            thirty,
            surface,
            times=(utc(1984, 3, 16), utc(2022, 1, 1)),
        ),
        Dataset(("JRC/GSW1_4/YearlyHistory",), thirty, (classes("waterClass", range(4)),), yearly),
        Dataset(("JRC/GSW1_4/MonthlyHistory",), thirty, (classes("water", range(3)),), monthly),
    ]


def _forest(year: int, version: str) -> Dataset:
    reflected = [f"{end}_b{n}" for end in ("first", "last") for n in (30, 40, 50, 70)]
    return Dataset(
        (f"UMD/hansen/global_forest_change_{year}{version}",),
        degrees(0.00025, 1_440_000, 560_000, north=80.0),
        (
            Layer("treecover2000", "uint8", 0, 100),
            *(classes(name, (0, 1)) for name in ("loss", "gain")),
            *layers(" ".join(reflected), "uint8", 0, 254),
            classes("datamask", (0, 1, 2)),
            Layer("lossyear", "uint8", 0, year - 2000, "MODE"),
        ),
    )


def _cover() -> list[Dataset]:
    ten = degrees(1 / 12_000, 4_320_000, 1_728_000, north=84.0)
    conus = Grid("EPSG:5070", (30.0, 0.0, -2_493_045.0, 0.0, -30.0, 3_310_005.0), 161_190, 104_424)
    nlcd = (
        classes("landcover", NLCD.values),
        Layer("impervious", "uint8", 0, 100),
        classes("impervious_descriptor", (0, 1, 2, *range(20, 28))),
    )

    def surveys(*taken: int) -> Listed:
        return Listed(lambda: [utc(y, 1, 1) for y in (*taken, taken[-1] + 1)], "%Y", _YEAR)

    return [
        *(
            Dataset(
                (f"ESA/WorldCover/{version}",),
                ten,
                (classes("Map", WORLDCOVER.values),),
                years(year, year, "%Y"),
                WORLDCOVER.properties("Map"),
            )
            for version, year in (("v100", 2020), ("v200", 2021))
        ),
        *(
            Dataset(
                (f"USGS/NLCD_RELEASES/{release}",),
                conus,
                nlcd,
                calendar,
                NLCD.properties("landcover"),
                footprint=shapely.box(-130.24, 21.74, -63.66, 52.88),
            )
            for release, calendar in (
                ("2019_REL/NLCD", surveys(2001, 2004, 2006, 2008, 2011, 2013, 2016, 2019)),
                ("2021_REL/NLCD", surveys(2021)),
            )
        ),
        Dataset(
            ("ESA/GLOBCOVER_L4_200901_200912_V2_3",),
            degrees(1 / 360, 129_600, 55_800),
            (
                classes("landcover", (11, 14, 20, *range(30, 240, 10))),
                classes("qa", (0, 1)),
            ),
            times=(utc(2009, 1, 1), utc(2010, 1, 1)),
        ),
        Dataset(
            ("MODIS/MOD44W/MOD44W_005_2000_02_24",),
            GRIDS[250],
            (classes("water_mask", (0, 1)), *_flags("water_mask_qa", "uint8", 9)),
            times=(utc(2000, 2, 24), utc(2000, 2, 25)),
        ),
    ]


def _elevations() -> list[Dataset]:
    # Metres below and above the sea.
    low, high = -100, 5000
    mission = (utc(2000, 2, 11), utc(2000, 2, 22))
    return [
        Dataset(
            ("CGIAR/SRTM90_V4",),
            degrees(1 / 1200, 432_000, 144_000, north=60.0),
            (Layer("elevation", "int16", low, high),),
            times=mission,
        ),
        Dataset(
            ("USGS/GTOPO30",),
            degrees(1 / 120, 43_200, 21_600),
            (Layer("elevation", "int16", low, high),),
        ),
        Dataset(
            ("MERIT/DEM/v1_0_3",),
            degrees(1 / 1200, 432_000, 174_000, north=85.0),
            (Layer("dem", "float32", low, high),),
        ),
        Dataset(
            ("USGS/3DEP/10m", "USGS/NED"),
            degrees(1 / 10_800, 1_231_212, 540_012, west=-180.0, north=73.0),
            (Layer("elevation", "float32", low, high),),
        ),
    ]


def _lights() -> list[Dataset]:
    pixel = 1 / 240
    grid = degrees(pixel, 86_401, 33_601, west=-180 - pixel / 2, north=75 + pixel / 2)
    return [
        Dataset(
            (f"NOAA/VIIRS/DNB/MONTHLY_V1/{name}",),
            grid,
            (Layer("avg_rad", "float32", -1.5, 340), Layer("cf_cvg", "int16", 0, 84)),
            months(first, "%Y%m%d"),
        )
        for name, first in (("VCMCFG", utc(2012, 4, 1)), ("VCMSLCFG", utc(2014, 1, 1)))
    ]


def _worldclim() -> Dataset:
    names = " ".join(f"bio{n:02d}" for n in range(1, 20))
    return Dataset(
        ("WORLDCLIM/V1/BIO",),
        degrees(1 / 120, 43_200, 18_000),
        tuple(layers(names, "int16", -300, 3000)),
    )


def datasets() -> list[Dataset]:
    """All of them."""
    return [
        *(dataset for product in _products() for dataset in product.datasets()),
        *_atmosphere(),
        *_water(),
        *(_forest(*release) for release in _FORESTS),
        *_cover(),
        *_elevations(),
        *_lights(),
        _worldclim(),
    ]
