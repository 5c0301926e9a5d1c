"""Exports to disk and the memory they take, against an emulator in a process of its own.

`python streams.py [KIND:DATES[:scaled] ...]`, with KIND one of zarr, folder and tif, prints of each
what it took, as reflectances of float32 if scaled: seconds, of them the client's CPU, the bytes of
the cube and of its files, and the most memory that its process ever had, the interpreter and
imports with it. A date is 0.96 GB: 4 bands of 10980² pixels of 16 bits, a whole scene of
Sentinel-2, of which 11 are noise. Some pixels of each date are compared with what they must be.
Files are written below TMPDIR and removed.
"""

from __future__ import annotations

import functools
import multiprocessing
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pandas as pd
import rasterio
import shapely
import zarr

import eemulator
import pixels
from geetensor import ee_image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from numpy.typing import NDArray

RUNS = ("zarr:1", "zarr:4", "zarr:8", "zarr:21", "tif:1", "folder:4", "zarr:2:scaled")

_SERIES = "COPERNICUS/S2_SR_HARMONIZED"
"""A collection whose scale is known: 1e-4."""

_PLACES = {"zarr": "cube.zarr", "folder": "cube/", "tif": "image.tif"}
_PATCH = slice(5000, 5100)
"""Rows and columns to compare. No more: what this process has held counts for those it starts."""

_BOUNDS = (
    pixels.LEFT,
    pixels.TOP - pixels.RESOLUTION * pixels.SIDE,
    pixels.LEFT + pixels.RESOLUTION * pixels.SIDE,
    pixels.TOP,
)


_PERIOD = 2**24


def date_id(number: int) -> str:
    """The asset of a date."""
    return f"{_SERIES}/d{number:03d}"


@functools.cache
def _noise() -> NDArray[np.uint16]:
    """A period, and as much again as the rows of a request reach beyond it."""
    period = np.random.default_rng(0).integers(1000, 3048, _PERIOD, dtype=np.uint16)
    return np.resize(period, 2 * _PERIOD)


def values(number: int, row: int, col: int, height: int, width: int) -> NDArray[np.uint16]:
    """What a window of a date holds, in any band: a view, which costs next to nothing."""
    start = (row * pixels.SIDE + col + number * 999_983) % _PERIOD
    window = _noise()[start:], (height, width), (2 * pixels.SIDE, 2)
    return np.lib.stride_tricks.as_strided(*window, writeable=False)


@dataclass(frozen=True)
class _Noise:
    number: int

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        shape = np.broadcast_shapes(rows.shape, cols.shape)
        found = values(self.number, int(rows[0, 0]), int(cols[0, 0]), *shape)
        return [(found, np.ones(shape, np.bool_)) for _ in bands]


def _catalog() -> eemulator.Catalog:
    step, side = float(pixels.RESOLUTION), pixels.SIDE
    transform = (step, 0.0, pixels.LEFT, 0.0, -step, pixels.TOP)
    grid = eemulator.Grid(pixels.CRS, transform, side, side)
    bands = tuple(eemulator.Band(name, np.dtype("uint16"), grid) for name in pixels.BANDS)
    ground = shapely.box(46.8, -19.2, 48.0, -18.0)
    dates = [
        eemulator.ImageAsset(
            date_id(n), bands, {"system:time_start": pixels.START}, ground, _Noise(n)
        )
        for n in range(pixels.DATES)
    ]
    return eemulator.Catalog([eemulator.CollectionAsset(_SERIES, dates)])


def serve(pipe: Connection) -> None:
    """Serve until something comes through the pipe; then say how many requests there were."""
    with eemulator.running(_catalog(), eemulator.Limits(requests_per_second=None)) as server:
        pipe.send((server.url, server.project))
        while pipe.recv() == "count":
            pipe.send(sum(n for name, n in server.stats.requests.items() if "Pixels" in name))
            server.reset_stats()


def export(
    pipe: Connection, kind: str, dates: int, scaled: bool, folder: str, url: str, project: str
) -> None:
    """Export once, and say what it took."""
    ee.Initialize(credentials=None, url=url, project=project)
    query = pd.DataFrame(
        {
            "asset_id": [date_id(number) for number in range(dates)],
            "acquisition_date": pd.date_range("2024-01-01", periods=dates, tz="UTC"),
        }
    )
    wall, cpu = time.perf_counter(), time.process_time()
    to = f"{folder}/{_PLACES[kind]}"
    ee_image.export_cube(query, _BOUNDS, crs_geometry=pixels.CRS, to=to, scaled=scaled)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    unit = 1 if sys.platform == "darwin" else 1024
    pipe.send((wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit))


def check(kind: str, dates: int, scaled: bool, folder: str) -> None:
    """Compare some pixels of each date with what they must be."""
    place, side = Path(folder) / _PLACES[kind], _PATCH.stop - _PATCH.start
    for number in range(dates):
        if kind == "zarr":
            array = zarr.open_array(place, path="pixels", mode="r")
            found = np.asarray(array[number, :, _PATCH, _PATCH])
        else:
            files = [place] if kind == "tif" else sorted(place.glob("*.tif"))
            with rasterio.open(files[number]) as file:
                found = file.read(window=(_PATCH, _PATCH))
        wanted: NDArray[Any] = values(number, _PATCH.start, _PATCH.start, side, side)
        if scaled:
            wanted = (wanted * 1e-4).astype(np.float32)
        assert np.array_equal(found, np.broadcast_to(wanted, found.shape)), number


def main() -> None:
    """Measure."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,))
    server.start()
    url, project = ours.recv()
    for run in sys.argv[1:] or RUNS:
        kind, dates, *options = run.split(":")
        scaled = options == ["scaled"]
        with tempfile.TemporaryDirectory() as folder:
            mine, its = context.Pipe()
            arguments = (its, kind, int(dates), scaled, folder, url, project)
            worker = context.Process(target=export, args=arguments)
            worker.start()
            its.close()  # so that its end is seen, however it ends
            wall, cpu, peak = mine.recv()
            worker.join()
            ours.send("count")
            requests = ours.recv()
            check(kind, int(dates), scaled, folder)
            stored = sum(one.stat().st_size for one in Path(folder).rglob("*") if one.is_file())
        values = int(dates) * len(pixels.BANDS) * pixels.SIDE**2 * (4 if scaled else 2)
        print(
            f"{run:>13}: {values / 1e9:5.2f} GB in {requests} requests, {wall:6.1f} s, "
            f"CPU {cpu:6.1f} s, {stored / 1e9:5.2f} GB of files, peak {peak / 1e6:4.0f} MB",
            flush=True,
        )
    ours.send("end")
    server.join()


if __name__ == "__main__":
    main()
