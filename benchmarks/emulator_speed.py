"""What the emulator costs beside NumPy: `python emulator_speed.py`.

Served tiles are compared with the same pixels computed from the closed formula and written to a
file, in processor time (of the server's process, and of this one): a busy machine spoils neither.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import rasterio
import shapely
import urllib3
from rasterio.io import MemoryFile

import eemulator
from eemulator import Band, Catalog, Grid, ImageAsset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_BANDS = tuple(f"B{i}" for i in range(1, 9))
_GRID = Grid("EPSG:32738", (10.0, 0.0, 399_960.0, 0.0, -10.0, 8_000_020.0), 4_096, 4_096)
_SIDE = 2_048
_ASSET = "BENCH/FORMULA"
_ROUNDS = 7


def _formula(band: int, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Anything that depends on all of them and is cheap."""
    line = (rows * 31 + band).astype(np.uint16)
    return line ^ (cols * 17).astype(np.uint16)


@dataclass(frozen=True)
class _Formula:
    """See `eemulator.catalog.model.Sampler`; every pixel is valid."""

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        """The pixels at rows and columns."""
        valid = np.ones(np.broadcast_shapes(rows.shape, cols.shape), np.bool_)
        return [(_formula(int(name[1:]), rows, cols), valid) for name in bands]


def _catalog() -> Catalog:
    image = ImageAsset(
        id=_ASSET,
        bands=tuple(Band(name, np.dtype(np.uint16), _GRID) for name in _BANDS),
        properties={},
        footprint=shapely.box(43, -19, 45, -17),
        sample=_Formula(),
    )
    return Catalog([image])


def _serve() -> None:
    limits = eemulator.Limits(request_bytes=2**28, requests_per_second=None)
    with eemulator.running(_catalog(), limits) as server:
        print(json.dumps({"url": server.url, "project": server.project}), flush=True)
        sys.stdin.read()


def _formula_tile(count: int) -> list[NDArray[np.uint16]]:
    rows, cols = np.arange(_SIDE)[:, np.newaxis], np.arange(_SIDE)[np.newaxis]
    return [_formula(band, rows, cols) for band in range(1, count + 1)]


def _difference() -> NDArray[np.float32]:
    a, b = (band.astype(np.float32) for band in _formula_tile(2))
    with np.errstate(all="ignore"):
        return (a - b) / (a + b)


def _npy(bands: dict[str, NDArray[Any]]) -> bytes:
    first = next(iter(bands.values()))
    table = np.empty(first.shape, [(name, band.dtype) for name, band in bands.items()])
    for name, band in bands.items():
        table[name] = band
    file = io.BytesIO()
    np.save(file, table)
    return file.getvalue()


def _tiff(bands: dict[str, NDArray[Any]]) -> bytes:
    stack = np.stack(list(bands.values()))
    profile = {
        "driver": "GTiff",
        "count": len(stack),
        "height": _SIDE,
        "width": _SIDE,
        "dtype": stack.dtype.name,
        "crs": _GRID.crs,
        "transform": rasterio.Affine(*_GRID.transform),
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as target:
            target.write(stack)
        memory.seek(0)
        content: bytes = memory.read()
    return content


def _request(path: str, project: str, count: int, side: int, file_format: str) -> dict[str, Any]:
    names = list(_BANDS[:count])
    transform = dict(
        zip(
            ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY"),
            _GRID.transform,
            strict=True,
        )
    )
    grid = {
        "dimensions": {"width": side, "height": side},
        "affineTransform": transform,
        "crsCode": _GRID.crs,
    }
    body: dict[str, Any] = {"fileFormat": file_format, "grid": grid}
    if path == "getPixels":
        name = f"projects/earthengine-public/assets/{_ASSET}:getPixels"
        return {"path": f"/v1/{name}", "body": json.dumps(body | {"bandIds": names})}
    load = {
        "functionName": "Image.load",
        "arguments": {"id": {"constantValue": _ASSET}},
    }
    difference = {
        "functionName": "Image.normalizedDifference",
        "arguments": {
            "input": {"functionInvocationValue": load},
            "bandNames": {"constantValue": ["B1", "B2"]},
        },
    }
    values = {"0": {"functionInvocationValue": difference}}
    body["expression"] = {"result": "0", "values": values}
    return {"path": f"/v1/projects/{project}/image:computePixels", "body": json.dumps(body)}


class _Client:
    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = urllib3.PoolManager(maxsize=50, retries=False)

    def fetch(self, request: dict[str, Any]) -> bytes:
        """The bytes of a reply."""
        reply = self._pool.request(
            "POST",
            self._url + request["path"],
            body=request["body"],
            headers={"content-type": "application/json"},
        )
        assert reply.status == 200, reply.data[:500]
        return reply.data


def _cost(process: psutil.Process, work: Callable[[], Any]) -> float:
    """Processor seconds of one call, in a process: the mean of several rounds."""
    work()
    before = process.cpu_times()
    for _ in range(_ROUNDS):
        work()
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / _ROUNDS


def _compare(client: _Client, server: psutil.Process, project: str) -> None:
    here = psutil.Process()
    two = dict(zip(_BANDS, _formula_tile(2), strict=False))
    cases: list[tuple[str, dict[str, Any], Callable[[], bytes]]] = [
        (
            f"getPixels, {count} bands, {name}",
            _request("getPixels", project, count, _SIDE, name),
            lambda count=count, write=write: write(  # type: ignore[misc]
                dict(zip(_BANDS, _formula_tile(count), strict=False))
            ),
        )
        for count in (2, 8)
        for name, write in (("NPY", _npy), ("GEO_TIFF", _tiff))
    ]
    cases += [
        (
            f"computePixels, normalizedDifference, {name}",
            _request("computePixels", project, 2, _SIDE, name),
            lambda write=write: write({"nd": _difference()}),  # type: ignore[misc]
        )
        for name, write in (("NPY", _npy), ("GEO_TIFF", _tiff))
    ]
    assert np.array_equal(np.load(io.BytesIO(client.fetch(cases[0][1])))["B2"], two["B2"])
    print(f"{_SIDE} x {_SIDE} pixels, processor time  | served ms | NumPy ms | ratio")
    for name, request, reference in cases:
        served = _cost(server, lambda r=request: client.fetch(r))  # type: ignore[misc]
        computed = _cost(here, reference)
        print(
            f"{name:40s} | {served * 1e3:9.0f} | {computed * 1e3:8.0f} | {served / computed:5.2f}"
        )


def _together(client: _Client, project: str) -> None:
    """Small requests alone, and while a large one runs."""
    small = _request("computePixels", project, 2, 64, "NPY")
    large = _request("getPixels", project, 8, _SIDE, "NPY")

    def forty() -> float:
        threads = [threading.Thread(target=client.fetch, args=(small,)) for _ in range(39)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - began

    def one() -> float:
        began = time.perf_counter()
        client.fetch(large)
        return time.perf_counter() - began

    forty()
    alone, big = min(forty() for _ in range(5)), min(one() for _ in range(5))
    beside = []
    for _ in range(5):
        worker = threading.Thread(target=client.fetch, args=(large,))
        worker.start()
        time.sleep(big / 4)
        beside.append(forty())
        worker.join()
    print(f"8 bands of {_SIDE} x {_SIDE}: {big * 1e3:.0f} ms from request to reply")
    print(
        f"39 small requests at once: {alone * 1e3:.0f} ms alone, {min(beside) * 1e3:.0f} beside it"
    )


def main() -> None:
    """Start a server in a process of its own, measure, print."""
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        told = json.loads(process.stdout.readline())
        client = _Client(told["url"])
        _compare(client, psutil.Process(process.pid), told["project"])
        _together(client, told["project"])
        process.stdin.close()


if __name__ == "__main__":
    _serve() if "--serve" in sys.argv else main()
