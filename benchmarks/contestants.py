"""One contestant on one case, in a process of its own: prints what it took as JSON.

`python contestants.py NAME CASE URL PROJECT`. Each contestant exports the same native pixels and
is checked against the formula.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pandas as pd

from cases import CASES, Case
from catalogue import BANDS, DAY, GRID, START, expected

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TILE = 1024
"""Pixels a side of what one hand-written request asks for."""


def bounds(case: Case) -> tuple[float, float, float, float]:
    """The case's area in metres: its first pixels of the grid, from the upper left."""
    _, _, left, _, _, top = GRID.transform
    return left, top - 10 * case.side, left + 10 * case.side, top


def scenes(case: Case) -> pd.DataFrame:
    """The table of a series."""
    dates = pd.to_datetime([START + n * DAY for n in range(case.dates)], unit="ms", utc=True)
    ids = [f"BENCH/SERIES/d{n:03d}" for n in range(case.dates)]
    return pd.DataFrame({"asset_id": ids, "acquisition_date": dates})


def by_geetensor(case: Case) -> NDArray[Any]:
    """This package."""
    from geetensor import ee_image

    bands = list(BANDS[: case.bands])
    if case.dates:
        out = ee_image.export_cube(scenes(case), bounds(case), bands, crs_geometry=GRID.crs)
    else:
        out = ee_image.export_image("BENCH/IMAGE", bounds(case), bands, crs_geometry=GRID.crs)
    values: NDArray[Any] = out.values
    return values if case.dates else values[None]


def by_hand(case: Case) -> NDArray[Any]:
    """A pool of threads, the client's own `getPixels`, NPY, and an array: what people write."""
    out = np.empty((case.dates or 1, case.bands, case.side, case.side), np.uint16)
    _, _, left, _, _, top = GRID.transform
    tiles = [
        (time, row, col)
        for time in range(len(out))
        for row in range(0, case.side, TILE)
        for col in range(0, case.side, TILE)
    ]

    def fetch(tile: tuple[int, int, int]) -> None:
        time, row, col = tile
        height, width = min(TILE, case.side - row), min(TILE, case.side - col)
        transform = {
            "scaleX": 10,
            "translateX": left + 10 * col,
            "scaleY": -10,
            "translateY": top - 10 * row,
        }
        pixels = ee.data.getPixels(
            {
                "assetId": f"BENCH/SERIES/d{time:03d}" if case.dates else "BENCH/IMAGE",
                "fileFormat": "NUMPY_NDARRAY",
                "bandIds": list(BANDS[: case.bands]),
                "grid": {
                    "dimensions": {"width": width, "height": height},
                    "affineTransform": transform,
                    "crsCode": GRID.crs,
                },
            }
        )
        for index, name in enumerate(BANDS[: case.bands]):
            out[time, index, row : row + height, col : col + width] = pixels[name]

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(fetch, tiles))
    return out


def by_georeader(case: Case) -> NDArray[Any]:
    """georeader.readers.ee_image: one image; its `export_cube` raises."""
    import shapely
    from affine import Affine
    from georeader.readers import ee_image

    if case.dates:
        raise NotImplementedError("georeader's export_cube raises TypeError")
    image = ee_image.export_image(
        "BENCH/IMAGE",
        shapely.box(*bounds(case)),
        Affine(*GRID.transform),
        GRID.crs,
        list(BANDS[: case.bands]),
        crs_polygon=GRID.crs,
    )
    values: NDArray[Any] = image.values[None]
    return values


def by_geedim(case: Case) -> NDArray[Any]:
    """geedim: downloads by URL; the images of a collection one after another."""
    import geedim  # noqa: F401 - registers the `gd` accessor

    source = ee.ImageCollection("BENCH/SERIES") if case.dates else ee.Image("BENCH/IMAGE")
    prepared = source.select(list(BANDS[: case.bands])).gd.prepareForExport(
        crs=GRID.crs, crs_transform=_transform(case), shape=(case.side, case.side)
    )
    values = np.asarray(prepared.gd.toNumPy(masked=False))
    # (height, width, band), and of a collection (height, width, band, time)
    return np.moveaxis(values, (-1, -2), (0, 1)) if case.dates else np.moveaxis(values, -1, 0)[None]


def by_xee(case: Case) -> NDArray[Any]:
    """Xee: float32 always; one series of requests a band."""
    import xarray as xr

    source = (
        ee.ImageCollection("BENCH/SERIES")
        if case.dates
        else ee.ImageCollection([ee.Image("BENCH/IMAGE")])
    )
    opened = xr.open_dataset(
        source,
        engine="ee",
        crs=GRID.crs,
        crs_transform=_transform(case),
        shape_2d=(case.side, case.side),
    )
    bands = [opened[name].to_numpy() for name in BANDS[: case.bands]]
    return np.stack(bands, axis=1)


def _transform(case: Case) -> tuple[float, float, float, float, float, float]:
    left, _, _, top = bounds(case)
    return 10.0, 0.0, left, 0.0, -10.0, top


CONTESTANTS: dict[str, Callable[[Case], NDArray[Any]]] = {
    "geetensor": by_geetensor,
    "threads by hand": by_hand,
    "geedim": by_geedim,
    "Xee": by_xee,
    "georeader": by_georeader,
}


def main() -> None:
    """Run one."""
    name, case_name, url, project = sys.argv[1:]
    case = CASES[case_name]
    ee.Initialize(credentials=None, url=url, project=project)
    began, worked = time.perf_counter(), time.process_time()
    values = CONTESTANTS[name](case)
    wall, cpu = time.perf_counter() - began, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    right = values.shape[-2:] == (case.side, case.side) and all(
        np.array_equal(band, expected(number, 0, 0, case.side, case.side))
        for number, image in enumerate(values)
        for band in image
    )
    print(
        json.dumps({"wall": wall, "cpu": cpu, "over": peak - values.nbytes, "exact": bool(right)})
    )


if __name__ == "__main__":
    main()
