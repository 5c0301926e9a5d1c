"""What coarse pixels of many scenes cost the emulator: `python low_zoom.py`.

Processor time of this process, in which the emulator runs; and as multiples of a sum of noises
(a million points, four octaves: 0.11 s on a 2.8 GHz Xeon at rest), which a busy machine slows down
as much. Each case is worked out for the first time, then again on other dates of the same land.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import ee
import numpy as np

import eemulator
from eemulator.catalog.noise import Octave, fractal
from eemulator.catalog.tiles import TILES

if TYPE_CHECKING:
    from collections.abc import Callable

_S2 = "COPERNICUS/S2_SR_HARMONIZED"
_LANDSAT = "LANDSAT/LC08/C02/T1_L2"
_GRID = TILES["38KQE"].grid(10)


class _Client:
    """Requests to an emulator within this process."""

    def __init__(self, inside: eemulator.Transport) -> None:
        self._inside = inside
        ee.Initialize(None, http_transport=inside, project=inside.project)

    def fetch(self, method: str, path: str, body: Any = None) -> bytes:
        """The bytes of a reply."""
        reply, content = self._inside.request(
            f"http://emulator{path}",
            method,
            None if body is None else json.dumps(body),
            {"content-type": "application/json"},
        )
        assert reply.status == 200, content[:500]
        return content

    def preview(self, asset_id: str) -> None:
        """As the page shows it."""
        self.fetch("GET", f"/page/preview?id={asset_id}")

    def tile(self, scenes: ee.ImageCollection, zoom: int, x: int, y: int) -> None:
        """A tile of a map of the median, in natural colours."""
        shown = scenes.median().visualize(bands=["B4", "B3", "B2"], max=3000)
        fetcher = shown.getMapId()["tile_fetcher"]
        assert len(fetcher.fetch_tile(x, y, zoom)) > 1_000

    def window(self, scenes: ee.ImageCollection, row: int) -> None:
        """A median of four bands on 512 x 512 pixels of 10 m."""
        a, b, c, d, e, f = _GRID.transform
        names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
        moved = (a, b, c + 4_000 * a, d, e, f + row * e)
        expression = ee.serializer.encode(
            scenes.select(["B4", "B3", "B2", "B8"]).median(), for_cloud_api=True
        )
        body = {
            "expression": expression,
            "fileFormat": "NPY",
            "grid": {
                "dimensions": {"width": 512, "height": 512},
                "affineTransform": dict(zip(names, moved, strict=True)),
                "crsCode": _GRID.crs,
            },
        }
        self.fetch("POST", f"/v1/projects/{self._inside.project}/image:computePixels", body)


def _cost(work: Callable[[], object]) -> float:
    """Processor seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _reference() -> float:
    """Processor seconds of a sum of noises."""
    x = np.linspace(0, 100, 1_000_000, dtype=np.float32)
    y = x * np.float32(0.3)
    return _cost(lambda: fractal(x, y, [Octave(1.0, 1.0, seed) for seed in range(4)]))


def main() -> None:
    """Measure, print."""
    with eemulator.transport(limits=eemulator.Limits(computation_seconds=None)) as inside:
        client = _Client(inside)
        dry = ee.ImageCollection(_S2).filterDate("2024-05-01", "2024-12-01").limit(40)
        here = ee.ImageCollection(_S2).filter(ee.Filter.eq("MGRS_TILE", "38KQE"))
        ids = here.aggregate_array("system:index").getInfo()
        landsat = ee.ImageCollection(_LANDSAT).limit(2).aggregate_array("system:index").getInfo()
        cases: list[tuple[str, Callable[[], None]]] = [
            ("preview of Sentinel-2", lambda: client.preview(f"{_S2}/{ids[0]}")),
            ("of another date", lambda: client.preview(f"{_S2}/{ids[1]}")),
            ("preview of Landsat", lambda: client.preview(f"{_LANDSAT}/{landsat[0]}")),
            ("of another date", lambda: client.preview(f"{_LANDSAT}/{landsat[1]}")),
            ("median of 40 scenes, zoom 7", lambda: client.tile(dry, 7, 80, 70)),
            ("again", lambda: client.tile(dry, 7, 80, 70)),
            (
                f"median of {min(len(ids), 100)} scenes, 10 m",
                lambda: client.window(here.limit(100), 5_000),
            ),
            ("the area to its south", lambda: client.window(here.limit(100), 5_512)),
        ]
        for name, work in cases:
            spent, reference = _cost(work), _reference()
            print(f"{name:40s} | {spent:6.2f} s | {spent / reference:7.1f} sums of noises")


if __name__ == "__main__":
    main()
