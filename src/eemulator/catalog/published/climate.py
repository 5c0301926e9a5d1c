"""Weather and climate.

Bands, first days and, for GRIDMET's droughts, IMERG V07 and TerraClimate, order and ranges are
those of the catalogue's sources (github.com/google/earthengine-catalog), so is the order of
ERA5-Land's bands [S]; dtypes, lattices, forms of indices, other orders and ranges are remembered
[M]. Collections end with 2024.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from eemulator.catalog.model import Grid
from eemulator.catalog.published.calendars import Steps, months, parts_of_months, utc
from eemulator.catalog.published.datasets import Dataset, degrees
from eemulator.catalog.published.layers import Layer, layers

if TYPE_CHECKING:
    from datetime import datetime

_DAY = timedelta(days=1)

_ERA5_LAND = Grid("EPSG:4326", (0.1, 0.0, -180.05, 0.0, -0.1, 90.05), 3601, 1801)
_ERA5 = Grid("EPSG:4326", (0.25, 0.0, -180.125, 0.0, -0.25, 90.125), 1440, 721)
_IMERG = degrees(0.1, 3600, 1800)
_FOUR_KM = 1 / 24
_CONUS = Grid(
    "EPSG:4326",
    (_FOUR_KM, 0.0, -124.78749996666667, 0.0, -_FOUR_KM, 49.42083333333334),
    1386,
    585,
)


def _words(text: str) -> list[str]:
    return text.split()


# What accumulates through a day; the daily and monthly images have the sums.
_FLOWS = _words(
    "snowfall snowmelt surface_latent_heat_flux surface_net_solar_radiation "
    "surface_net_thermal_radiation surface_sensible_heat_flux surface_solar_radiation_downwards "
    "surface_thermal_radiation_downwards evaporation_from_bare_soil "
    "evaporation_from_open_water_surfaces_excluding_oceans evaporation_from_the_top_of_canopy "
    "evaporation_from_vegetation_transpiration potential_evaporation runoff snow_evaporation "
    "sub_surface_runoff surface_runoff total_evaporation total_precipitation"
)
_LAND = _words(
    "dewpoint_temperature_2m temperature_2m skin_temperature soil_temperature_level_1 "
    "soil_temperature_level_2 soil_temperature_level_3 soil_temperature_level_4 "
    "lake_bottom_temperature lake_ice_depth lake_ice_temperature lake_mix_layer_depth "
    "lake_mix_layer_temperature lake_shape_factor lake_total_layer_temperature snow_albedo "
    "snow_cover snow_density snow_depth snow_depth_water_equivalent snowfall snowmelt "
    "temperature_of_snow_layer skin_reservoir_content volumetric_soil_water_layer_1 "
    "volumetric_soil_water_layer_2 volumetric_soil_water_layer_3 volumetric_soil_water_layer_4 "
    "forecast_albedo surface_latent_heat_flux surface_net_solar_radiation "
    "surface_net_thermal_radiation surface_sensible_heat_flux surface_solar_radiation_downwards "
    "surface_thermal_radiation_downwards evaporation_from_bare_soil "
    "evaporation_from_open_water_surfaces_excluding_oceans evaporation_from_the_top_of_canopy "
    "evaporation_from_vegetation_transpiration potential_evaporation runoff snow_evaporation "
    "sub_surface_runoff surface_runoff total_evaporation u_component_of_wind_10m "
    "v_component_of_wind_10m surface_pressure total_precipitation leaf_area_index_high_vegetation "
    "leaf_area_index_low_vegetation"
)
# Of what a name holds, the first that fits: least and greatest value, made up.
_RANGES = (
    ("temperature", 240.0, 315.0),
    ("radiation", 0.0, 2.5e7),
    ("flux", -1.5e7, 1.5e6),
    ("pressure", 60_000.0, 104_000.0),
    ("wind", -12.0, 12.0),
    ("evaporation", -0.008, 0.0),
    ("precipitation", 0.0, 0.02),
    ("runoff", 0.0, 0.01),
    ("snow_cover", 0.0, 100.0),
    ("snow_density", 100.0, 400.0),
    ("leaf_area", 0.0, 6.0),
    ("mix_layer_depth", 0.0, 40.0),
)


def _land(name: str) -> Layer:
    low, high = next(((a, b) for part, a, b in _RANGES if part in name), (0.0, 1.0))
    return Layer(name, "float64", low, high)


def _hourly() -> tuple[Layer, ...]:
    return tuple(_land(name) for name in (*_LAND, *(f"{flow}_hourly" for flow in _FLOWS)))


def _aggregated() -> tuple[Layer, ...]:
    sums = [f"{name}_sum" if name in _FLOWS else name for name in _LAND]
    extremes = [f"{name}_{end}" for name in _LAND for end in ("min", "max")]
    return tuple(_land(name) for name in (*sums, *extremes))


def _year(start: datetime) -> dict[str, Any]:
    return {"year": start.year}


def _month(start: datetime) -> dict[str, Any]:
    return {"month": start.month, **_year(start)}


def _day(start: datetime) -> dict[str, Any]:
    return {"day": start.day, **_month(start)}


def _hour(start: datetime) -> dict[str, Any]:
    return {"hour": start.hour}


def _era5() -> tuple[Layer, ...]:
    temperatures = "mean_2m_air_temperature minimum_2m_air_temperature maximum_2m_air_temperature"
    return (
        *layers(f"{temperatures} dewpoint_2m_temperature", "float32", 240, 315),
        Layer("total_precipitation", "float32", 0, 0.02),
        Layer("surface_pressure", "float32", 60_000, 104_000),
        Layer("mean_sea_level_pressure", "float32", 98_000, 104_000),
        *layers("u_component_of_wind_10m v_component_of_wind_10m", "float32", -12, 12),
    )


def _droughts() -> tuple[Layer, ...]:
    spans = ("14d", "30d", "90d", "180d", "270d", "1y", "2y", "5y")
    names = [f"{index}{span}" for index in ("spi", "eddi", "spei") for span in spans]
    return (*layers(" ".join(names), "float32", -6, 6), *layers("pdsi z", "float32", -15, 15))


def _imerg(names: str) -> tuple[Layer, ...]:
    time, source, microwave, weight, infrared, rain, raw, liquid, error = names.split()
    return (
        Layer(time, "int16", 0, 29),
        Layer(source, "int16", 0, 14, "MODE"),
        Layer(microwave, "float32", 0, 120),
        Layer(weight, "int16", 0, 100),
        Layer(infrared, "float32", 0, 79.5),
        Layer(rain, "float32", 0, 174),
        Layer(raw, "float32", 0, 120),
        Layer(liquid, "int16", 0, 100),
        Layer(error, "float32", 0.24, 250),
    )


def _terraclimate() -> tuple[Layer, ...]:
    return (
        Layer("aet", "int16", 0, 3140),
        Layer("def", "int16", 0, 4548),
        Layer("pdsi", "int16", -4317, 3418),
        Layer("pet", "int16", 0, 4548),
        Layer("pr", "int16", 0, 7245),
        Layer("ro", "int16", 0, 12_560),
        Layer("soil", "int16", 0, 8882),
        Layer("srad", "int16", 0, 5477),
        Layer("swe", "int16", 0, 32_767),
        Layer("tmmn", "int16", -770, 387),
        Layer("tmmx", "int16", -670, 576),
        Layer("vap", "int16", 0, 14_749),
        Layer("vpd", "int16", 0, 1113),
        Layer("vs", "int16", 0, 2923),
    )


def _gridmet() -> tuple[Layer, ...]:
    return (
        Layer("pr", "float32", 0, 120),
        *layers("rmax rmin", "float32", 0, 100),
        Layer("sph", "float32", 0, 0.02),
        Layer("srad", "float32", 0, 400),
        Layer("th", "float32", 0, 360),
        *layers("tmmn tmmx", "float32", 240, 315),
        Layer("vs", "float32", 0, 20),
        Layer("erc", "float32", 0, 120),
        *layers("eto etr", "float32", 0, 15),
        Layer("bi", "float32", 0, 150),
        *layers("fm100 fm1000", "float32", 0, 35),
        Layer("vpd", "float32", 0, 8),
    )


def _forecast() -> tuple[Layer, ...]:
    soil = " ".join(
        f"Volumetric_Soil_Moisture_Content_depth_below_surface_layer_{depth}_cm"
        for depth in (5, 25, 70, 150)
    )
    wind = "u-component_of_wind_height_above_ground v-component_of_wind_height_above_ground"
    temperatures = (
        "Temperature_height_above_ground Maximum_temperature_height_above_ground_6_Hour_Interval "
        "Minimum_temperature_height_above_ground_6_Hour_Interval"
    )
    fluxes = (
        "Downward_Long-Wave_Radp_Flux_surface_6_Hour_Average "
        "Downward_Short-Wave_Radiation_Flux_surface_6_Hour_Average "
        "Upward_Long-Wave_Radp_Flux_surface_6_Hour_Average "
        "Upward_Short-Wave_Radiation_Flux_surface_6_Hour_Average "
        "Latent_heat_net_flux_surface_6_Hour_Average "
        "Sensible_heat_net_flux_surface_6_Hour_Average "
        "Potential_Evaporation_Rate_surface_6_Hour_Average"
    )
    humidity = (
        "Specific_humidity_height_above_ground "
        "Maximum_specific_humidity_at_2m_height_above_ground_6_Hour_Interval "
        "Minimum_specific_humidity_at_2m_height_above_ground_6_Hour_Interval"
    )
    return (
        *layers(temperatures, "float32", 240, 315),
        *layers(humidity, "float32", 0, 0.02),
        *layers(wind, "float32", -20, 20),
        *layers(fluxes, "float32", 0, 500),
        *layers(soil, "float32", 0.02, 1),
        Layer("Geopotential_height_surface", "float32", 0, 5000),
        Layer("Precipitation_rate_surface_6_Hour_Average", "float32", 0, 0.004),
        Layer("Pressure_surface", "float32", 60_000, 104_000),
    )


def _normals(names: str) -> tuple[Layer, ...]:
    ranges = {"ppt": (0, 600), "tdmean": (-20, 25), "tmax": (-10, 40), "tmean": (-15, 35)}
    ranges |= {"tmin": (-20, 30), "vpdmax": (0, 60), "vpdmin": (0, 20)}
    return tuple(Layer(name, "float32", *ranges.get(name, (0, 30))) for name in names.split())


def datasets() -> list[Dataset]:
    """All of them."""
    half_hour = timedelta(minutes=30)
    rain = Layer("precipitation", "float32", 0, 200)
    chirps = degrees(0.05, 7200, 2000, north=50.0)
    daily = "%Y%m%d"
    return [
        Dataset(
            ("ECMWF/ERA5_LAND/HOURLY",),
            _ERA5_LAND,
            _hourly(),
            Steps(utc(1950, 1, 1, 1), timedelta(hours=1), "%Y%m%dT%H", utc(2024, 12, 31, 23)),
            of_time=_hour,
        ),
        Dataset(
            ("ECMWF/ERA5_LAND/DAILY_AGGR",),
            _ERA5_LAND,
            _aggregated(),
            Steps(utc(1950, 1, 2), _DAY, daily),
            of_time=_day,
        ),
        Dataset(
            ("ECMWF/ERA5_LAND/MONTHLY_AGGR",),
            _ERA5_LAND,
            _aggregated(),
            months(utc(1950, 2, 1), "%Y%m"),
            of_time=_month,
        ),
        Dataset(
            ("ECMWF/ERA5/DAILY",),
            _ERA5,
            _era5(),
            Steps(utc(1979, 1, 2), _DAY, daily, utc(2020, 7, 9)),
            of_time=_day,
        ),
        Dataset(
            ("ECMWF/ERA5/MONTHLY",),
            _ERA5,
            _era5(),
            months(utc(1979, 1, 1), "%Y%m", utc(2020, 6, 1)),
            of_time=_month,
        ),
        Dataset(
            ("NASA/GPM_L3/IMERG_V07",),
            _IMERG,
            _imerg(
                "MWobservationTime MWprecipSource MWprecipitation IRinfluence IRprecipitation "
                "precipitation precipitationUncal probabilityLiquidPrecipitation randomError"
            ),
            Steps(utc(1998, 1, 1), half_hour, "%Y%m%d%H%M%S", utc(2024, 12, 31, 23) + half_hour),
            {"status": "permanent"},
        ),
        Dataset(
            ("NASA/GPM_L3/IMERG_V06",),
            _IMERG,
            _imerg(
                "HQobservationTime HQprecipSource HQprecipitation IRkalmanFilterWeight "
                "IRprecipitation precipitationCal precipitationUncal "
                "probabilityLiquidPrecipitation randomError"
            ),
            Steps(utc(2000, 6, 1), half_hour, "%Y%m%d%H%M%S", utc(2023, 12, 31, 23) + half_hour),
            {"status": "permanent"},
        ),
        Dataset(("UCSB-CHG/CHIRPS/DAILY",), chirps, (rain,), Steps(utc(1981, 1, 1), _DAY, daily)),
        Dataset(
            ("UCSB-CHG/CHIRPS/PENTAD",),
            chirps,
            (rain,),
            parts_of_months(utc(1981, 1, 1), (1, 6, 11, 16, 21, 26), daily),
            of_time=_month,
        ),
        Dataset(
            ("IDAHO_EPSCOR/TERRACLIMATE",),
            degrees(_FOUR_KM, 8640, 4320),
            _terraclimate(),
            months(utc(1958, 1, 1), "%Y%m"),
            {"status": "permanent"},
        ),
        Dataset(
            ("IDAHO_EPSCOR/GRIDMET",),
            _CONUS,
            _gridmet(),
            Steps(utc(1979, 1, 1), _DAY, daily),
            {"status": "permanent"},
        ),
        Dataset(
            ("GRIDMET/DROUGHT",),
            _CONUS,
            _droughts(),
            Steps(utc(1980, 1, 5), timedelta(days=5), daily),
            {"status": "permanent"},
        ),
        Dataset(
            ("NOAA/CFSV2/FOR6H",),
            Grid("EPSG:4326", (0.2, 0.0, -180.0, 0.0, -0.2, 90.0), 1800, 900),
            _forecast(),
            Steps(utc(1979, 1, 1), timedelta(hours=6), "%Y%m%d%H", utc(2024, 12, 31, 18)),
        ),
        *(
            Dataset(
                (f"OREGONSTATE/PRISM/{name}",),
                Grid(
                    "EPSG:4326",
                    (_FOUR_KM, 0.0, -125 - _FOUR_KM / 2, 0.0, -_FOUR_KM, 49.9375),
                    1405,
                    621,
                ),
                _normals(bands),
                months(utc(first, 1, 1), "%m", utc(first, 12, 1)),
            )
            for name, first, bands in (
                ("Norm81m", 1981, "ppt tmean tmin tmax tdmean vpdmin vpdmax"),
                (
                    "Norm91m",
                    1991,
                    "ppt tmean tmin tmax tdmean vpdmin vpdmax solclear solslope soltotal soltrans",
                ),
            )
        ),
    ]
