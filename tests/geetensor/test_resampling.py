"""`resampling=`: the service interpolates, wherever there is something between pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from rasterio.warp import Resampling, reproject

import eemulator
import geetensor.plan
from eemulator.catalog.tiles import TILES
from geetensor import ee_image
from geetensor.errors import InvalidInputError
from geetensor.grid import PixelGrid, on_lattice
from tests.eemulator.synthetic import SHEARED, UTM, formula
from tests.geetensor.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

UTM_CRS = "EPSG:32738"
LEFT, TOP = UTM.transform[2], UTM.transform[5]
AREA = (LEFT + 400, TOP - 1200, LEFT + 1500, TOP - 300)
SCENE = "COPERNICUS/S2_SR_HARMONIZED/20240204T070201_20240204T070203_T38KQE"


@pytest.mark.parametrize(
    ("resampling", "gdals"),
    [("bilinear", Resampling.bilinear), ("bicubic", Resampling.cubic)],
)
def test_pixels_are_those_of_gdal(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch, resampling: str, gdals: Resampling
) -> None:
    def export() -> Any:
        return ee_image.export_image(
            "TEST/UTM", AREA, ["i32"], 4, crs_geometry=UTM_CRS, resampling=resampling
        )

    out = export()
    theirs = np.zeros(out.shape[1:])
    rows, cols = np.mgrid[0 : UTM.height, 0 : UTM.width]
    reproject(
        formula("i32", 3, rows, cols).astype(np.float64),
        theirs,
        src_transform=Affine(*UTM.transform),
        dst_transform=out.transform,
        src_crs=UTM_CRS,
        dst_crs=UTM_CRS,
        resampling=gdals,
    )
    assert out.dtype == np.int32
    np.testing.assert_allclose(out.values[0], theirs, atol=0.51)
    assert server.stats.requests == {"value:compute": 1, "computePixels": 1}
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 20_000)
    np.testing.assert_array_equal(export().values, out.values)
    assert server.stats.requests["computePixels"] > 10


def test_on_native_pixels_nothing_is_computed(server: eemulator.Server) -> None:
    arguments: dict[str, Any] = {"crs_geometry": UTM_CRS, "resampling": "bicubic"}
    plain = ee_image.export_image("TEST/UTM", AREA, ["u16"], crs_geometry=UTM_CRS)
    smooth = ee_image.export_image("TEST/UTM", AREA, ["u16"], **arguments)
    np.testing.assert_array_equal(smooth.values, plain.values)
    assert "computePixels" not in server.stats.requests


def test_every_exporter_takes_it(server: eemulator.Server) -> None:
    arguments: dict[str, Any] = {
        "bands": ["f32", "u8"],
        "scale": 7,
        "crs_geometry": UTM_CRS,
        "resampling": "bilinear",
        "fill_value": -9999,
        "dtype": "float64",
    }
    out = ee_image.export_image("TEST/SERIES/s001", AREA, **arguments)
    nearest = ee_image.export_image(
        "TEST/SERIES/s001", AREA, **arguments | {"resampling": "nearest"}
    )
    # Masked pixels are those of nearest neighbour.
    np.testing.assert_array_equal(out.values == -9999, nearest.values == -9999)
    assert (out.values != nearest.values).mean() > 0.5
    fast = ee_image.export_image_fast("TEST/SERIES/s001", AREA, **arguments | {"bands": ["u8"]})
    np.testing.assert_array_equal(fast.values[0], out.values[1])
    table = pd.DataFrame(
        {
            "asset_id": ["TEST/SERIES/s000", "TEST/SERIES/s001"],
            "acquisition_date": pd.to_datetime(["2024-01-01", "2024-01-02"], utc=True),
        }
    )
    cube = ee_image.export_cube(table, AREA, **arguments)
    np.testing.assert_array_equal(cube.values[1], out.values)
    [(_, patch)] = ee_image.export_many([("TEST/SERIES/s001", AREA)], **arguments)
    assert not isinstance(patch, Exception)
    np.testing.assert_array_equal(patch.values, out.values)
    plan = ee_image.plan_image("TEST/SERIES/s001", AREA, **arguments)
    assert plan.shape == out.shape
    assert ee_image.plan_cube(table, AREA, **arguments).shape == cube.shape


def test_bad_arguments_are_refused_before_any_pixel(server: eemulator.Server) -> None:
    with pytest.raises(InvalidInputError, match="nearest, bilinear, bicubic"):
        ee_image.export_image("TEST/UTM", AREA, ["u8"], resampling="cubic")
    composite = ee.ImageCollection("TEST/SERIES").median()
    with pytest.raises(InvalidInputError, match="no pixels to interpolate between"):
        ee_image.export_image(
            composite, AREA, ["u8"], 10, UTM_CRS, crs_geometry=UTM_CRS, resampling="bicubic"
        )
    assert set(server.stats.requests) == {"value:compute"}


@pytest.fixture(scope="module")
def catalogue() -> Iterator[eemulator.Server]:
    with eemulator.running() as server:
        yield server


@pytest.mark.parametrize("offset", [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("method", ["bilinear", "bicubic"])
def test_the_service_and_the_repair_agree(
    catalogue: eemulator.Server,
    monkeypatch: pytest.MonkeyPatch,
    offset: tuple[int, int],
    method: Any,
) -> None:
    sign_in(catalogue, monkeypatch)
    tile = TILES["38KQE"]
    left, top = tile.left + 10 * (4000 + offset[1]), tile.top - 10 * (3000 + offset[0])
    area = (left, top - 450, left + 410, top)
    names = ["B4", "B5", "B1", "SCL", "MSK_CLASSI_OPAQUE"]
    nearest = ee_image.export_image(SCENE, area, names, crs_geometry=tile.crs)
    served = ee_image.export_image(SCENE, area, names, crs_geometry=tile.crs, resampling=method)
    repaired = ee_image.interpolate_20mbands_s2ee(nearest, method=method)
    for index in (0, 3, 4):  # native pixels, and classes
        np.testing.assert_array_equal(served.values[index], nearest.values[index])
    for index, reach in ((1, 4), (2, 12)):
        inner = np.s_[index, reach:-reach, reach:-reach]
        gap = served.values[inner].astype(int) - repaired.values[inner]
        # Weights of sixths are not exact, so that a half may be rounded either way.
        assert np.abs(gap).max() <= (index == 2)
        assert (gap != 0).mean() < 0.01
        assert (served.values[inner] != nearest.values[inner]).mean() > 0.5


def test_on_lattice() -> None:
    native = PixelGrid(UTM_CRS, Affine(*UTM.transform), 300, 250)
    assert on_lattice(
        PixelGrid("EPSG:32738", native.transform @ Affine.translation(-3, 7), 1, 1), native
    )
    for other in (
        PixelGrid("EPSG:32739", native.transform, 1, 1),
        PixelGrid(UTM_CRS, native.transform @ Affine.translation(0.5, 0), 1, 1),
        PixelGrid(UTM_CRS, native.transform @ Affine.scale(2), 1, 1),
    ):
        assert not on_lattice(other, native)
    sheared = PixelGrid(SHEARED.crs, Affine(*SHEARED.transform), 9, 9)
    moved = PixelGrid(SHEARED.crs, sheared.transform @ Affine.translation(4, -2), 9, 9)
    assert on_lattice(moved, sheared)
