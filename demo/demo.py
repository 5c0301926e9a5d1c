"""The main job, end to end, on an Earth Engine that runs on this machine.

Run by `make demo`. Writes GeoTIFFs and pictures into `demo-output/`.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ee
import numpy as np
from georeader.save import save_tiled_geotiff

import eemulator
from geetensor import ee_image, ee_query, ee_utils
from pictures import contact_sheet, overview, quicklook, stretch_of

if TYPE_CHECKING:
    from georeader.geotensor import GeoTensor

OUTPUT = Path("demo-output")

FIELDS = (47.395, -18.30, 47.445, -18.25)
"""Some 5 km of the highlands of Madagascar, in longitude and latitude."""

REGION = (699960 + 20000, 8000020 - 96000, 699960 + 96000, 8000020 - 20000)
"""76 km of the same, in metres of UTM zone 38S."""

UTM_38S = "EPSG:32738"


@dataclass
class Result:
    """One line of the closing table."""

    what: str
    values: GeoTensor
    requests: int
    seconds: float
    files: list[Path]

    def row(self) -> list[str]:
        """The line's cells."""
        return [
            self.what,
            "×".join(str(n) for n in self.values.shape),
            self.values.dtype.name,
            f"{self.values.nbytes / 1e6:.0f}",
            str(self.requests),
            f"{self.seconds:.1f}",
            ", ".join(file.name for file in self.files),
        ]


def requests_so_far(server: eemulator.Server) -> int:
    """How many requests the server has seen, of any kind."""
    return sum(server.stats.requests.values())


def series(server: eemulator.Server) -> Result:
    """A year of Sentinel-2 over some fields: discovered, exported, shown date by date."""
    start, before = time.perf_counter(), requests_so_far(server)
    scenes = ee_query.query_s2_l2a(polygon=FIELDS, start_date="2024-01-01", end_date="2024-12-31")
    clear = scenes[(scenes["cloud_cover"] < 20) & (scenes["overlap_percentage"] > 99)]
    print(f"{len(scenes)} Sentinel-2 scenes in 2024, {len(clear)} whole and with few clouds.")
    cube = ee_image.export_cube(
        clear, geometry=FIELDS, bands=["B04", "B03", "B02"], scale=10, progress=True
    )
    seconds, requests = time.perf_counter() - start, requests_so_far(server) - before
    sheet = contact_sheet(cube, OUTPUT / "series.png")
    return Result("Sentinel-2 series", cube, requests, seconds, [sheet])


def region(server: eemulator.Server) -> Result:
    """One large export: more than 400 MB, saved as a GeoTIFF."""
    scenes = ee_query.query_s2_l2a(
        ee_utils.to_shapely(REGION, crs=UTM_38S), "2024-02-01", "2024-04-30", cloud_cover_max=20
    )
    best = scenes.sort_values(["overlap_percentage", "cloud_cover"], ascending=[False, True])
    asset_id = best["asset_id"].iloc[0]
    bands = ["B04", "B03", "B02", "B08"]
    print(ee_image.plan_image(asset_id, REGION, bands, crs_geometry=UTM_38S, scale=10))
    start, before = time.perf_counter(), requests_so_far(server)
    image = ee_image.export_image(
        asset_id, REGION, bands, crs_geometry=UTM_38S, scale=10, progress=True
    )
    seconds, requests = time.perf_counter() - start, requests_so_far(server) - before
    tif = OUTPUT / "region.tif"
    save_tiled_geotiff(
        image,
        str(tif),
        profile_arg={"compress": "lzw", "predictor": 2, "num_threads": "all_cpus"},
        descriptions=bands,
        dir_tmpfiles=str(OUTPUT),
    )
    return Result(
        f"Sentinel-2 {asset_id[-38:]}",
        image,
        requests,
        seconds,
        [tif, quicklook(image, OUTPUT / "region.png")],
    )


def patches(server: eemulator.Server, cube: GeoTensor) -> Result:
    """Training patches around points of the series' scenes."""
    points = np.random.default_rng(0).uniform(FIELDS[:2], FIELDS[2:], (60, 2))
    scenes, dates = cube.attrs["asset_ids"], cube.attrs["acquisition_dates"]
    jobs = [(scenes[n % len(scenes)], tuple(point)) for n, point in enumerate(points)]
    start, before = time.perf_counter(), requests_so_far(server)
    found = {}
    for index, patch in ee_image.export_many(jobs, ["B04", "B03", "B02"], size=128, progress=True):
        if isinstance(patch, Exception):
            raise patch
        found[index] = patch
    seconds, requests = time.perf_counter() - start, requests_so_far(server) - before
    together = found[0].array_as_geotensor(np.stack([found[n].values for n in range(len(jobs))]))
    together.attrs = {"acquisition_dates": [dates[n % len(dates)] for n in range(len(jobs))]}
    sheet = contact_sheet(together, OUTPUT / "patches.png", stretch_of(cube))
    return Result("Sentinel-2 patches", together, requests, seconds, [sheet])


def mosaic(server: eemulator.Server) -> Result:
    """Two real Landsat 8 scenes of 18 May 2020 as one image, made by the service."""
    pair = ee.ImageCollection("LANDSAT/LC08/C02/T1").filterDate("2020-05-18", "2020-05-19")
    area = ee_query.query_collection(
        "LANDSAT/LC08/C02/T1", (-56, -27, -53, -24), "2020-05-18", "2020-05-18"
    ).union_all()
    start, before = time.perf_counter(), requests_so_far(server)
    image = ee_image.export_image(
        pair.mosaic(), area, ["B4", "B3", "B2"], crs="EPSG:32621", scale=30, progress=True
    )
    seconds, requests = time.perf_counter() - start, requests_so_far(server) - before
    return Result(
        "Landsat 8 mosaic (real)",
        image,
        requests,
        seconds,
        [quicklook(image, OUTPUT / "landsat.png")],
    )


def closing_table(results: list[Result]) -> str:
    """Shape, megabytes, requests, seconds and files of each result."""
    header = ["", "shape", "dtype", "MB", "requests", "seconds", "files"]
    rows = [header, *(result.row() for result in results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([lines[0], "-" * max(len(line.rstrip()) for line in lines), *lines[1:]])


def main() -> None:
    """Run all jobs."""
    OUTPUT.mkdir(exist_ok=True)
    os.environ.setdefault("GDAL_CACHEMAX", "256")
    with eemulator.running() as server:
        print(f"An Earth Engine is running at {server.url}")
        ee_utils.initialize(project=server.project, url=server.url)
        shown = [series(server), region(server), mosaic(server)]
        overview([r.values for r in shown], OUTPUT / "overview.png")
        results = [*shown, patches(server, shown[0].values)]
    print(f"\n{closing_table(results)}\n\nPictures and GeoTIFFs are in {OUTPUT.resolve()}")


if __name__ == "__main__":
    main()
