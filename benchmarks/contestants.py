"""Who takes part, and how each exports a case.

A contestant is made before the clock starts, and imports what it needs then. Who can be told how
many requests to have under way is told Earth Engine's default quota, whatever the number of cores;
geetensor finds out by itself.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

import pixels
from cases import QUOTA, Case, Kind, Piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Exported = Iterable[Iterable[NDArray[Any]]]
    """Of each piece each band, `(side, side)`."""

TILE = 1024
"""Pixels a side of what one hand-written request asks for."""


class Contestant(Protocol):
    """One way to export. Its docstring goes into the report."""

    distribution: str
    """What to ask the version of."""

    def __init__(self) -> None:
        """Import what the export needs."""

    def export(self, case: Case, workers: int | None) -> Exported:
        """Export.

        Args:
            case: what.
            workers: requests at a time, if told.

        Returns:
            The pixels. An export is over when this is returned; what is in files may be read as
            it is asked for.
        """


class Geetensor:
    """This package: `export_image`, `export_cube`, `export_many`."""

    distribution = "geetensor"

    def __init__(self) -> None:
        import pandas as pd

        from geetensor import ee_image

        self._pd: Any = pd
        self._ee_image: Any = ee_image

    def export(self, case: Case, workers: int | None) -> Exported:
        """See `Contestant`."""
        bands, pieces = case.band_names, case.pieces
        options = {"crs_geometry": pixels.CRS, "max_workers": workers}
        match case.kind:
            case Kind.IMAGE:
                [piece] = pieces
                image = self._ee_image.export_image(piece.asset_id, piece.bounds, bands, **options)
                return [image.values]
            case Kind.SERIES:
                scenes = self._scenes(pieces)
                cube = self._ee_image.export_cube(scenes, pieces[0].bounds, bands, **options)
                return list(cube.values)
            case Kind.PATCHES:
                jobs = [(piece.asset_id, piece.bounds) for piece in pieces]
                patches = dict(self._ee_image.export_many(jobs, bands, **options))
                failures = [found for found in patches.values() if isinstance(found, Exception)]
                if failures:
                    raise RuntimeError(f"{len(failures)} of {len(jobs)} failed: {failures[0]}")
                return [patches[index].values for index in range(len(jobs))]

    def _scenes(self, pieces: list[Piece]) -> Any:
        times = [pixels.START + piece.number * pixels.DAY for piece in pieces]
        return self._pd.DataFrame(
            {
                "asset_id": [piece.asset_id for piece in pieces],
                "acquisition_date": self._pd.to_datetime(times, unit="ms", utc=True),
            }
        )


class ByHand:
    """What people write: a pool of threads, the client's own `getPixels`, NPY, and an array.

    Tiles of 1024², one request each; as many threads as the quota has requests.
    """

    distribution = "earthengine-api"

    def __init__(self) -> None:
        import ee

        self._get_pixels = ee.data.getPixels

    def export(self, case: Case, workers: int | None) -> Exported:
        """See `Contestant`."""
        out = np.empty((case.count, case.bands, case.side, case.side), np.uint16)
        starts = range(0, case.side, TILE)
        tiles = [
            (index, row, col) for index in range(case.count) for row in starts for col in starts
        ]

        def fetch(tile: tuple[int, int, int]) -> None:
            index, row, col = tile
            piece = case.pieces[index]
            left, top = piece.corner
            height, width = min(TILE, case.side - row), min(TILE, case.side - col)
            found: Any = self._get_pixels(
                {
                    "assetId": piece.asset_id,
                    "fileFormat": "NUMPY_NDARRAY",
                    "bandIds": case.band_names,
                    "grid": {
                        "dimensions": {"width": width, "height": height},
                        "affineTransform": {
                            "scaleX": pixels.RESOLUTION,
                            "translateX": left + pixels.RESOLUTION * col,
                            "scaleY": -pixels.RESOLUTION,
                            "translateY": top - pixels.RESOLUTION * row,
                        },
                        "crsCode": pixels.CRS,
                    },
                }
            )
            for number, name in enumerate(case.band_names):
                out[index, number, row : row + height, col : col + width] = found[name]

        with ThreadPoolExecutor(workers or QUOTA) as pool:
            list(pool.map(fetch, tiles))
        return iter(out)


class Geedim:
    """Downloads by URL, two requests a tile, 40 tiles at a time.

    The images of a collection come one after another. So do patches: all downloads of a process
    go through one event loop, which no second thread may enter.
    """

    distribution = "geedim"

    def __init__(self) -> None:
        import ee
        import geedim  # noqa: F401 - registers the `gd` accessor

        self._ee: Any = ee

    def export(self, case: Case, workers: int | None) -> Exported:
        """See `Contestant`."""
        if case.kind is Kind.SERIES:
            source = self._ee.ImageCollection(pixels.SERIES).select(case.band_names).gd
            found = self._download(source, case.pieces[0], workers)
            return iter(np.moveaxis(found, (-1, -2), (0, 1)))  # from row, column, band, time
        source = self._ee.Image(pixels.IMAGE).select(case.band_names).gd
        return [
            np.moveaxis(self._download(source, piece, workers), -1, 0)  # from row, column, band
            for piece in case.pieces
        ]

    @staticmethod
    def _download(source: Any, piece: Piece, workers: int | None) -> NDArray[Any]:
        prepared = source.prepareForExport(
            crs=pixels.CRS, crs_transform=piece.transform, shape=(piece.side, piece.side)
        )
        return np.asarray(prepared.gd.toNumPy(masked=False, max_requests=workers or QUOTA))


class Xee:
    """`xarray.open_dataset(engine="ee")`: float32 always; the bands one after another.

    Told to have 40 threads; by default it has four more than there are cores. Patches are windows
    of one dataset that covers the scene, 40 at a time.
    """

    distribution = "xee"

    def __init__(self) -> None:
        import ee
        import xarray as xr
        import xee  # noqa: F401 - what `engine="ee"` would import

        self._ee: Any = ee
        self._xr: Any = xr

    def export(self, case: Case, workers: int | None) -> Exported:
        """See `Contestant`."""
        if case.kind is Kind.SERIES:
            series = self._ee.ImageCollection(pixels.SERIES)
            bands = self._read(self._open(series, case.pieces[0], workers), case)
            return zip(*bands, strict=True)

        image = self._ee.ImageCollection([self._ee.Image(pixels.IMAGE)])
        if case.kind is Kind.IMAGE:
            bands = self._read(self._open(image, case.pieces[0], workers), case)
            return zip(*bands, strict=True)

        opened = self._open(image, Piece(pixels.IMAGE, 0, 0, 0, pixels.SIDE), workers)

        def read_patch(piece: Piece) -> list[NDArray[Any]]:
            rows = slice(piece.row, piece.row + piece.side)
            cols = slice(piece.col, piece.col + piece.side)
            return self._read(opened.isel(time=0, y=rows, x=cols), case)

        with ThreadPoolExecutor(workers or QUOTA) as pool:
            return list(pool.map(read_patch, case.pieces))

    def _open(self, source: Any, piece: Piece, workers: int | None) -> Any:
        return self._xr.open_dataset(
            source,
            engine="ee",
            crs=pixels.CRS,
            crs_transform=piece.transform,
            shape_2d=(piece.side, piece.side),
            executor_kwargs={"max_workers": workers or QUOTA},
        )

    @staticmethod
    def _read(opened: Any, case: Case) -> list[NDArray[Any]]:
        return [opened[name].to_numpy() for name in case.band_names]


class Cubexpress:
    """Writes GeoTIFFs, which are read for the check when the clock has stopped.

    `express_one` for an image, `express` for many, a file a date or patch; 40 workers. An image
    is asked for whole first, and the refusal tells it how to split.
    """

    distribution = "cubexpress"

    def __init__(self) -> None:
        import cubexpress
        import cubexpress.download.band_names
        import rasterio.merge  # it would import these two in the middle of a download

        self._cubexpress: Any = cubexpress
        self._rasterio: Any = rasterio

    def export(self, case: Case, workers: int | None) -> Exported:
        """See `Contestant`."""
        rows = [self._row(str(index), piece, case) for index, piece in enumerate(case.pieces)]
        folder = Path(tempfile.mkdtemp())
        workers = workers or QUOTA
        if case.kind is Kind.IMAGE:
            return self._read([self._cubexpress.express_one(rows[0], folder, nworkers=workers)])
        table = self._cubexpress.RequestTable(rows)
        done = self._cubexpress.express(table, folder, nworkers=workers, verbose=False)
        if failures := list(done.failed.values()):
            raise RuntimeError(f"{len(failures)} of {done.total} failed: {failures[0]}")
        return self._read([done.paths[row.id] for row in rows])

    def _row(self, name: str, piece: Piece, case: Case) -> Any:
        left, top = piece.corner
        step, side = pixels.RESOLUTION, piece.side
        where = self._cubexpress.RasterTransform(pixels.CRS, left, top, step, -step, side, side)
        return self._cubexpress.RequestRow(name, where, piece.asset_id, case.band_names)

    def _read(self, paths: list[Path]) -> Iterator[NDArray[Any]]:
        for path in paths:
            with self._rasterio.open(path) as file:
                yield file.read()


class Georeader:
    """`georeader.readers.ee_image`: `export_image`, of patches in 40 threads, and `export_cube`.

    An image is split into quadrants until no request is too large; how many requests are under
    way then depends on the cores. Of an area along the pixels' edges it exports a row and a column
    too many, which are cut off. `export_cube` raises a TypeError.
    """

    distribution = "georeader-spaceml"

    def __init__(self) -> None:
        import pandas as pd
        import shapely
        from affine import Affine
        from georeader.readers import ee_image

        self._pd: Any = pd
        self._box: Any = shapely.box
        self._ee_image: Any = ee_image
        self._lattice = Affine(*Piece(pixels.IMAGE, 0, 0, 0, pixels.SIDE).transform)

    def export(self, case: Case, workers: int | None) -> Exported:
        """See `Contestant`."""
        if case.kind is Kind.SERIES:
            return self._series(case)

        def export_one(piece: Piece) -> NDArray[Any]:
            image = self._ee_image.export_image(
                piece.asset_id,
                self._box(*piece.bounds),
                self._lattice,
                pixels.CRS,
                case.band_names,
                crs_polygon=pixels.CRS,
            )
            found: NDArray[Any] = image.values
            return found[:, : piece.side, : piece.side]

        if case.kind is Kind.IMAGE:
            return [export_one(case.pieces[0])]
        with ThreadPoolExecutor(workers or QUOTA) as pool:
            return list(pool.map(export_one, case.pieces))

    def _series(self, case: Case) -> Exported:
        ids = [piece.asset_id.rpartition("/")[2] for piece in case.pieces]
        cube = self._ee_image.export_cube(
            self._pd.DataFrame({"gee_id": ids, "collection_name": pixels.SERIES}),
            self._box(*case.pieces[0].bounds),
            self._lattice,
            pixels.CRS,
            bands_gee=case.band_names,
            crs_polygon=pixels.CRS,
            display_progress=False,
        )
        return list(cube.values)


CONTESTANTS: dict[str, type[Contestant]] = {
    "geetensor": Geetensor,
    "threads by hand": ByHand,
    "geedim": Geedim,
    "Xee": Xee,
    "cubexpress": Cubexpress,
    "georeader": Georeader,
}

_CAN_BE_TOLD = ("geetensor", "threads by hand", "geedim", "Xee", "cubexpress")


@dataclass(frozen=True)
class Entry:
    """A row of a table.

    Attributes:
        name: shown.
        contestant: who exports.
        told: how many requests to have under way; None: nothing.
    """

    name: str
    contestant: type[Contestant]
    told: int | None = None


def entries(case: Case) -> list[Entry]:
    """Who takes part in a case; under a small quota, also with that quota told."""
    plain = [Entry(name, contestant) for name, contestant in CONTESTANTS.items()]
    quota = case.service.concurrency
    if quota == QUOTA:
        return plain
    told = [Entry(f"{name}, told {quota}", CONTESTANTS[name], quota) for name in _CAN_BE_TOLD]
    return plain + told
