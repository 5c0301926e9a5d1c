"""Each collection against what is known of the real one: ids, bands, dtypes, grids, properties."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer

from eemulator.catalog import CollectionAsset, ImageAsset, default_catalog, published

UTM_NORTH = re.compile(r"EPSG:326\d\d")
UTM_SOUTH = re.compile(r"EPSG:327(38|39)")
ANY_UTM = re.compile(r"EPSG:32[67]\d\d")
DEGREES = re.compile(r"EPSG:4326")
SINUSOIDAL = re.compile(r"SR-ORG:6974")


class Known(NamedTuple):
    """What a collection must be like.

    Attributes:
        ids: pattern of `system:index`.
        bands: names, dtype and size of a pixel (metres, or seconds of arc) in the image's order;
            a pattern stands for several.
        crs: of all bands.
        properties: names that each image must have.
        fewest: at least so many images.
    """

    ids: str
    bands: list[tuple[str, str, float]]
    crs: re.Pattern[str]
    properties: str
    fewest: int


S2_ID = r"\d{8}T\d{6}_\d{8}T\d{6}_T\d\d[A-Z]{3}"
SCENE = "CLOUD_COVER CLOUD_COVER_LAND SUN_ELEVATION SUN_AZIMUTH LANDSAT_PRODUCT_ID \
LANDSAT_SCENE_ID WRS_PATH WRS_ROW SPACECRAFT_ID COLLECTION_CATEGORY PROCESSING_LEVEL \
DATE_ACQUIRED UTM_ZONE system:time_start"
QUALITY = [("QA_PIXEL", "uint16", 30.0), ("QA_RADSAT", "uint16", 30.0)]
ANGLES = [(name, "int16", 30.0) for name in ("SAA", "SZA", "VAA", "VZA")]
ST = [
    (f"ST_{n}", "int16", 30.0)
    for n in ["ATRAN", "CDIST", "DRAD", "EMIS", "EMSD", "QA", "TRAD", "URAD"]
]


def _named(names: str, dtype: str, pan: str = "") -> list[tuple[str, str, float]]:
    return [(name, dtype, 15.0 if name == pan else 30.0) for name in names.split()]


OLI, ETM, TM = (
    "B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11",
    "B1 B2 B3 B4 B5 B6_VCID_1 B6_VCID_2 B7 B8",
    "B1 B2 B3 B4 B5 B6 B7",
)
TM_L2 = [
    *_named("SR_B1 SR_B2 SR_B3 SR_B4 SR_B5 SR_B7", "uint16"),
    ("SR_ATMOS_OPACITY", "int16", 30.0),
    ("SR_CLOUD_QA", "uint8", 30.0),
    ("ST_B6", "uint16", 30.0),
    *ST,
    *QUALITY,
]
OLI_L2 = [
    *_named("SR_B1 SR_B2 SR_B3 SR_B4 SR_B5 SR_B6 SR_B7", "uint16"),
    ("SR_QA_AEROSOL", "uint8", 30.0),
    ("ST_B10", "uint16", 30.0),
    *ST,
    *QUALITY,
]
SENSORS = {
    "LC08": (OLI, "uint16", OLI_L2, ("T1", "T2", "T1_RT")),
    "LC09": (OLI, "uint16", OLI_L2, ("T1", "T2", "T1_RT")),
    "LE07": (ETM, "uint8", TM_L2, ("T1", "T2", "T1_RT")),
    "LT05": (TM, "uint8", TM_L2, ("T1", "T2")),
    "LT04": (TM, "uint8", TM_L2, ("T1", "T2")),
}
KNOWN: dict[str, Known] = {
    "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED": Known(
        S2_ID, [("cs", "float64", 10), ("cs_cdf", "float64", 10)], ANY_UTM, "system:index", 438
    ),
    "COPERNICUS/S2_CLOUD_PROBABILITY": Known(
        S2_ID, [("probability", "uint8", 10)], ANY_UTM, "system:index", 438
    ),
    "MODIS/061/MCD43A4": Known(
        r"\d{4}_\d\d_\d\d",
        [
            ("BRDF_Albedo_Band_Mandatory_Quality_Band[1-7]", "uint8", 463.3127165279165),
            ("Nadir_Reflectance_Band[1-7]", "int16", 463.3127165279165),
        ],
        SINUSOIDAL,
        "system:time_start system:time_end",
        9000,
    ),
    "COPERNICUS/DEM/GLO30": Known(
        r"Copernicus_DSM_COG_10_S\d\d_00_E\d\d\d_00_DEM",
        [
            ("DEM", "float32", 1), ("EDM", "uint8", 1), ("FLM", "uint8", 1),
            ("HEM", "float32", 1), ("WBM", "uint8", 1),
        ],
        DEGREES,
        "system:index",
        30,
    ),
    "GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL": Known(
        r"\w+_\d{4}",
        [(r"A\d\d", "float64", 10)],
        UTM_SOUTH,
        "system:time_start system:time_end UTM_ZONE",
        96,
    ),
}  # fmt: skip
for _terra in ("MOD09GA", "MYD09GA"):
    KNOWN[f"MODIS/061/{_terra}"] = KNOWN[f"MODIS/006/{_terra}"] = Known(
        r"\d{4}_\d\d_\d\d",
        [
            (r"num_observations_1km", "int8", 926.625433055833),
            (r"state_1km", "uint16", 926.625433055833),
            (r"Sensor(Zenith|Azimuth)", "int16", 926.625433055833),
            (r"Range", "uint16", 926.625433055833),
            (r"Solar(Zenith|Azimuth)", "int16", 926.625433055833),
            (r"gflags", "uint8", 926.625433055833),
            (r"orbit_pnt", "int8", 926.625433055833),
            (r"granule_pnt", "uint8", 926.625433055833),
            (r"num_observations_500m", "int8", 463.3127165279165),
            (r"sur_refl_b0[1-7]", "int16", 463.3127165279165),
            (r"QC_500m", "uint32", 463.3127165279165),
            (r"obscov_500m", "int8", 463.3127165279165),
            (r"iobs_res|q_scan", "uint8", 463.3127165279165),
        ],
        SINUSOIDAL,
        "system:time_start system:time_end",
        8000,
    )
KNOWN["MODIS/006/MCD43A4"] = KNOWN["MODIS/061/MCD43A4"]
for _prefix, (_bands, _dtype, _surface, _tiers) in SENSORS.items():
    for _tier in _tiers:
        _ids, _fewest = rf"{_prefix}_\d{{6}}_\d{{8}}", 40
        KNOWN[f"LANDSAT/{_prefix}/C02/{_tier}"] = Known(
            _ids, [*_named(_bands, _dtype, "B8"), *QUALITY, *ANGLES], UTM_NORTH, SCENE, _fewest
        )
        KNOWN[f"LANDSAT/{_prefix}/C02/{_tier}_TOA"] = Known(
            _ids, [*_named(_bands, "float32", "B8"), *QUALITY, *ANGLES], UTM_NORTH, SCENE, _fewest
        )
        if _tier != "T1_RT":
            KNOWN[f"LANDSAT/{_prefix}/C02/{_tier}_L2"] = Known(
                _ids, _surface, UTM_NORTH, SCENE, _fewest
            )


def collection(name: str) -> CollectionAsset:
    found = default_catalog().get(name)
    assert isinstance(found, CollectionAsset), name
    return found


def some(name: str) -> list[ImageAsset]:
    """A few images from all over a collection; the last two of Landsat 8 are real crops."""
    images = collection(name).images
    return [images[n] for n in range(0, max(1, len(images) - 2), max(1, len(images) // 7))]


def test_the_table_is_complete() -> None:
    declared = {a.id for a in published.assets()}
    served = {a.id for a in default_catalog() if isinstance(a, CollectionAsset)} - declared
    sentinels = {"S2_SR_HARMONIZED", "S2_HARMONIZED", "S2_SR", "S2", "S1_GRD", "S1_GRD_FLOAT"}
    others = {f"COPERNICUS/{name}" for name in sentinels}
    assert served == KNOWN.keys() | others | {"EEMULATOR/ARCHIVE"}
    single = {a.id for a in default_catalog() if isinstance(a, ImageAsset)} - declared
    assert single == {"USGS/SRTMGL1_003", "NASA/NASADEM_HGT/001"}


@pytest.mark.parametrize("name", KNOWN)
def test_ids(name: str) -> None:
    images = collection(name).images
    assert len(images) >= KNOWN[name].fewest
    indices = [image.id.rpartition("/")[2] for image in images]
    assert indices == sorted(set(indices))
    for image in some(name):
        assert image.id == f"{name}/{image.properties['system:index']}"
        assert re.fullmatch(KNOWN[name].ids, image.properties["system:index"])
        assert default_catalog().get(image.id) == image
    assert default_catalog().get(f"{name}/{indices[0]}x") is None
    assert default_catalog().get(f"{name}/") is None


@pytest.mark.parametrize("name", KNOWN)
def test_bands(name: str) -> None:
    for image in some(name):
        left = list(image.bands)
        for pattern, dtype, size in KNOWN[name].bands:
            taken = 0
            while left and re.fullmatch(pattern, left[0].id):
                band = left.pop(0)
                taken += 1
                assert band.dtype == np.dtype(dtype), band.id
                pixel = band.grid.transform[0] * (3600 if band.grid.crs == "EPSG:4326" else 1)
                assert pixel == pytest.approx(size, rel=1e-12), band.id
                assert band.grid.transform[4] == -band.grid.transform[0]
                assert KNOWN[name].crs.fullmatch(band.grid.crs)
            assert taken > 0, f"{pattern} is missing or out of place in {image.id}"
        assert not left


@pytest.mark.parametrize("name", KNOWN)
def test_properties(name: str) -> None:
    for image in some(name):
        assert set(KNOWN[name].properties.split()) <= set(image.properties)
        for value in image.properties.values():
            assert isinstance(value, (str, int, float, list))
        assert dict(image.properties)["system:index"] == image.properties.get("system:index")


@pytest.mark.parametrize("name", KNOWN)
def test_a_pixel_in_the_middle_of_every_band(name: str) -> None:
    image = collection(name).images[35]
    by_grid: dict[Any, list[str]] = {}
    for each in image.bands:
        by_grid.setdefault(each.grid, []).append(each.id)
    dtypes = {each.id: each.dtype for each in image.bands}
    for grid, bands in by_grid.items():
        place = np.array([[grid.height // 2]]), np.array([[grid.width // 2]])
        for name, (values, valid) in zip(bands, image.sample(bands, *place), strict=True):
            assert values.dtype == dtypes[name]
            assert values.shape == valid.shape == (1, 1)
            assert valid.all(), (image.id, name)


@pytest.mark.parametrize(
    "name",
    [
        "LANDSAT/LC08/C02/T1_TOA",
        "LANDSAT/LT05/C02/T1_L2",
        "COPERNICUS/S1_GRD",
        "COPERNICUS/DEM/GLO30",
        "COPERNICUS/S2_CLOUD_PROBABILITY",
        "GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL",
    ],
)
def test_footprints_are_where_the_pixels_are(name: str) -> None:
    image = collection(name).images[35]
    grid = image.bands[0].grid
    rows, cols = (
        np.linspace(0, side - 1, 9).round().astype(np.int64) for side in (grid.height, grid.width)
    )
    valid = image.sample([image.bands[0].id], rows[:, None], cols[None, :])[0][1]
    a, _, c, _, e, f = grid.transform
    x, y = np.meshgrid(c + a * (cols + 0.5), f + e * (rows + 0.5))
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)
    assert image.footprint is not None
    inside = shapely.contains_xy(image.footprint.buffer(-1e-3), lon, lat)
    outside = ~shapely.contains_xy(image.footprint.buffer(1e-3), lon, lat)
    assert valid[inside].all()
    assert not valid[outside].any()
    assert inside.any()


WINDOWS = {
    "LANDSAT/LC08/C02/T1_TOA/LC08_158073_20240616": (["B4", "B10", "QA_PIXEL", "VZA"], 1180, 2300),
    "LANDSAT/LE07/C02/T1_L2/LE07_159073_20010531": (["SR_B4", "ST_B6", "ST_CDIST"], 3600, 3500),
    "COPERNICUS/S1_GRD/0": (["VV", "VH"], 4000, 9000),
    "MODIS/061/MOD09GA/2024_07_01": (["sur_refl_b01", "sur_refl_b02"], 3600, 47_000),
    "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED/0": (["cs", "cs_cdf"], 5000, 5000),
    "COPERNICUS/DEM/GLO30/Copernicus_DSM_COG_10_S19_00_E047_00_DEM": (["DEM", "WBM"], 100, 200),
    "USGS/SRTMGL1_003": (["elevation"], 270_000 - 60, 817_200 - 50),
    "GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL/x38S_04_48_2024": (["A00", "A63"], 7000, 9000),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_a_pixel_does_not_depend_on_its_window(name: str) -> None:
    bands, top, left = WINDOWS[name]
    parent, _, last = name.rpartition("/")
    image = collection(parent).images[60] if last == "0" else default_catalog().get(name)
    assert isinstance(image, ImageAsset)
    side = 130
    index = np.arange(side)
    whole = image.sample(bands, top + index[:, None], left + index[None, :])
    generator = np.random.default_rng(5)
    rows, cols = generator.integers(0, side, (2, 6, 9))
    windows = [
        (index[37:90, None], index[None, 11:100]),
        (index[::13, None], index[None, ::7]),
        (np.array([[77]]), np.array([[3]])),
        (rows, cols),
    ]
    for r, c in windows:
        parts = image.sample(bands, top + r, left + c)
        for (values, valid), (part, part_valid) in zip(whole, parts, strict=True):
            np.testing.assert_array_equal(part, values[r, c])
            np.testing.assert_array_equal(part_valid, valid[r, c])
    alone = image.sample(bands[-1:], top + index[:, None], left + index[None, :])
    np.testing.assert_array_equal(alone[0][0], whole[-1][0])


def test_the_sinusoidal_projection_is_known() -> None:
    """The CRS's code is in no registry; its sphere and projection are MODIS's."""
    crs = CRS.from_proj4("+proj=sinu +R=6371007.181 +units=m")
    to_plane = Transformer.from_crs(CRS.from_proj4("+proj=longlat +R=6371007.181"), crs)
    grid = collection("MODIS/061/MOD09GA").images[0].bands[-1].grid
    assert grid.width == 86_400
    edge, _ = to_plane.transform(-180, 0)
    assert edge == pytest.approx(grid.transform[2], abs=0.01)
    image = collection("MODIS/061/MOD09GA").images[0]
    for latitude in (-70, -30, 0.01, 45):
        x, y = to_plane.transform(179.99, latitude)
        row = int((grid.transform[5] - y) / 463.3127165279165)
        col = int((x - grid.transform[2]) / 463.3127165279165)
        valid = image.sample(["QC_500m"], np.array([[row]]), np.array([[col - 3, col + 6]]))[0][1]
        assert valid.tolist() == [[True, False]]
