"""cubexpress: GeoTIFFs of a table of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cubexpress
import numpy as np
import rasterio

from .ground import (
    CRS,
    HEIGHT,
    IMAGE,
    LEFT,
    NUMBERS,
    SERIES,
    TOP,
    WIDTH,
    on_synthetic_ground,
    valid,
    values,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_eemulator.session import EarthEngine

pytestmark = on_synthetic_ground

BANDS = ["u8", "u16"]


def row(name: str, asset_id: str) -> Any:
    where = cubexpress.RasterTransform(CRS, LEFT, TOP, 10.0, -10.0, WIDTH, HEIGHT)
    return cubexpress.RequestRow(name, where, asset_id, BANDS)


def check(path: Path, asset_id: str) -> None:
    with rasterio.open(path) as file:
        assert tuple(file.transform)[:6] == (10, 0, LEFT, 0, -10, TOP)
        for index, band in enumerate(BANDS, start=1):
            wanted = np.where(valid(band, asset_id), values(band, asset_id), 0)
            np.testing.assert_array_equal(file.read(index), wanted)


def test_one(earth_engine: EarthEngine, tmp_path: Path) -> None:
    check(cubexpress.express_one(row("image", IMAGE), tmp_path, nworkers=2), IMAGE)


def test_a_table(earth_engine: EarthEngine, tmp_path: Path) -> None:
    ids = [name for name in NUMBERS if name.startswith(SERIES)]
    table = cubexpress.RequestTable([row(name.rpartition("/")[2], name) for name in ids])
    done = cubexpress.express(table, tmp_path, nworkers=2, verbose=False)
    assert not done.failed
    for asset_id in ids:
        check(done.paths[asset_id.rpartition("/")[2]], asset_id)
