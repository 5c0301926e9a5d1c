"""What cannot be served is refused when the catalogue is read, by file, line and key."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
import xarray

import eemulator
from eemulator.__main__ import main
from tests.eemulator.own.files import numbers, write

if TYPE_CHECKING:
    from pathlib import Path

VALUES = numbers((2, 6, 8), np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of all kinds that are wrong, and one that is not."""
    tmp_path = tmp_path_factory.mktemp("own")
    write(tmp_path / "good.tif", VALUES)
    write(tmp_path / "wide.tif", VALUES, size=20)
    write(tmp_path / "bare.tif", VALUES, crs=None)
    turned = rasterio.Affine.translation(4e5, 8e6) * rasterio.Affine.rotation(30)
    write(tmp_path / "turned.tif", VALUES, transform=turned)
    write(tmp_path / "complex.tif", VALUES.astype(np.complex64))
    write(tmp_path / "huge.tif", VALUES.astype(np.uint64))
    write(tmp_path / "series/a_20240501_B1.tif", VALUES[:1])
    write(tmp_path / "series/a_20240501_B2.tif", VALUES[:1])
    write(tmp_path / "bad/a_20241301.tif", VALUES)
    (tmp_path / "text.tif").write_text("no image")
    (tmp_path / "mosaic.tif").write_text(
        f'<VRTDataset rasterXSize="8" rasterYSize="6"><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{tmp_path}/good.tif</SourceFilename></SimpleSource>"
        f"</VRTRasterBand></VRTDataset>"
    )
    uneven = xarray.Dataset({"a": (("y", "x"), VALUES[0])}, {"y": np.arange(6) ** 2, "x": range(8)})
    uneven.to_zarr(tmp_path / "uneven.zarr", consolidated=False)
    return tmp_path


CASES: list[tuple[str, int, str]] = [
    ("", 1, "names no assets"),
    ("[1, 2]", 1, "names no assets"),
    ("imgaes: {}", 1, "imgaes: unknown key"),
    ("images: {own/a: {file: good.tif}\n", 0, "is no YAML: line 2"),
    ("images: !!python/name:os.system {}", 0, "is no YAML: line 1"),
    ("images:\n  own/a: {file: good.tif}\n  own/a: {file: wide.tif}", 3, "twice, first in line 2"),
    ("images:\n  own/a:\n    file: good.tif\n    nodta: 1", 4, "own/a / nodta: unknown key"),
    ("images:\n  own/a:\n    flie: good.tif", 3, "flie: unknown key"),
    ("images:\n  own/a: {}", 2, "own/a: give one of `file`, `zarr`"),
    ("images:\n  own/a: {file: good.tif, zarr: x.zarr}", 2, "give one of"),
    ("images:\n  own/a:\n    file: 7", 3, "own/a / file: input should be a valid string"),
    ("images:\n  own//a: {file: good.tif}", 2, "'own//a' is no asset id"),
    ("images:\n  2024: {file: good.tif}", 2, "(put it in quotes), got 2024"),
    ("images:\n  own/a:\n    file: good.tif\n    bands: [NO, b]", 4, "bands / 0"),
    ("images:\n  own/a:\n    file: good.tif\n    bands: [a, a]", 2, "two bands 'a'"),
    (
        "images:\n  own/a:\n    file: good.tif\n    bands: [a, b, c]",
        4,
        "bands / 0: there is no band 'a', only b1, b2",
    ),
    (
        "images:\n  own/a:\n    file: good.tif\n    bands:\n    - a\n    - {name: c, from: 3}",
        5,
        "no band 'a'",
    ),
    ("images:\n  own/a:\n    file: good.tif\n    bands: [{name: a, from: 3}]", 4, "no band 3"),
    (
        "images:\n  own/a:\n    file: good.tif\n    pyramiding: MAEN",
        4,
        "'MEAN', 'SAMPLE', 'MODE',",
    ),
    ("images:\n  own/a:\n    file: good.tif\n    nodata: nothing", 4, "'none'"),
    ("images:\n  own/a:\n    file: good.tif\n    start: noon", 4, "write 2024-05-31"),
    ("images:\n  own/a:\n    file: good.tif\n    start: 2024-13-01", 0, "month must be in"),
    ("images:\n  own/a:\n    file: good.tif\n    properties: {x: {y: 1}}", 4, "properties / x"),
    ("images:\n  own/a:\n    file: good.tif\n    properties: {x: true}", 4, "properties / x"),
    ("images:\n  own/a:\n    file: good.tif\n    properties:\n      system:index: a", 5, "`start`"),
    ("images:\n  own/a:\n    file: gone.tif", 3, "there is no file"),
    ('images:\n  own/a:\n    file: "a\\0"', 3, "is no path"),
    (f"images:\n  own/a:\n    file: {'a' * 300}", 2, "File name too long"),
    ("images:\n  own/a:\n    file: text.tif", 3, "is no GeoTIFF that can be read"),
    ("images:\n  own/a:\n    file: mosaic.tif", 3, "is no GeoTIFF that can be read"),
    ("images:\n  own/a:\n    file: bare.tif", 2, "has no CRS: set `crs`"),
    ("images:\n  own/a:\n    file: bare.tif\n    crs: EPSG:0", 4, "cannot be parsed"),
    ("images:\n  own/a:\n    file: bare.tif\n    crs: EPSG:5773", 4, "neither geographic nor"),
    ("images:\n  own/a:\n    file: turned.tif", 2, "rotated against the axes"),
    ("images:\n  own/a:\n    file: complex.tif", 2, "complex numbers"),
    ("images:\n  own/a:\n    file: huge.tif", 2, "uint64, which Earth Engine has not"),
    (
        "images:\n  own/a:\n    file: huge.tif\n    bands:\n    - {name: a, from: 1, dtype: int8}",
        5,
        "int8 does not hold every uint64",
    ),
    (
        "images:\n  own/a:\n    file: good.tif\n    mask: {file: wide.tif}",
        4,
        "the mask has not the grid of the band 'b1'",
    ),
    ("images:\n  own/a:\n    file: good.tif\n    mask: {from: qa}", 4, "there is no band 'qa'"),
    ("images:\n  own/a:\n    bands:\n    - {name: a, file: good.tif}", 4, "say `from`"),
    (
        "images:\n  own/a:\n    file: good.tif\n    bands: [b1, {name: b2, nodata: -1}]",
        4,
        "bands / 1 / nodata: no uint8 of the band 'b2' is -1",
    ),
    ("images:\n  own/a:\n    zarr: gone.zarr", 3, "there is no folder"),
    ("images:\n  own/a:\n    zarr: series", 3, "is no Zarr group"),
    ("images:\n  own/a:\n    zarr: uneven.zarr\n    crs: EPSG:4326", 3, "y is not evenly spaced"),
    ("images:\n  own/a:\n    zarr: uneven.zarr", 2, "it has no CRS"),
    ("collections:\n  own/c:\n    files: none/*.tif", 3, "no file matches 'none/*.tif'"),
    ("collections:\n  own/c:\n    files: ''", 3, "'' is no path"),
    ("collections:\n  own/c:\n    files: []", 3, "at least 1 item"),
    ("collections:\n  own/c:\n    name: x", 2, "give one of `files`"),
    ("collections:\n  own/c:\n    files: good.tif\n    name: '{start}'", 4, "{start:%Y%m%d}"),
    (
        "collections:\n  own/c:\n    files: good.tif\n    name: '{start:%Y}.tif'",
        4,
        "the file 'good.tif' does not match the pattern '{start:%Y}.tif'",
    ),
    (
        "collections:\n  own/c:\n    files: bad/*.tif\n    name: 'a_{start:%Y%m%d}.tif'",
        4,
        "'20241301' is no date of the form '%Y%m%d'",
    ),
    (
        "collections:\n  own/c:\n    files: series/*.tif\n    name: '{index}_{_}_{x}.tif'",
        4,
        "image 'a': it is all of a_20240501_B1.tif, a_20240501_B2.tif",
    ),
    (
        "collections:\n  own/c:\n    files: series/*.tif\n    name: '{index}_{_}_{band}{n:d}.tif'",
        4,
        "its files tell different 'n', a_20240501_B2.tif for one",
    ),
    (
        "collections:\n  own/c:\n    files: series/*.tif\n    name: '{_}_{start:%Y%m%d}_{band}.tif'"
        "\n    bands: [B1, B3]",
        5,
        "there is no band 'B3', only B1, B2",
    ),
    (
        "collections:\n  own/c:\n    images:\n      a: {file: good.tif}\n      b: {file: gone.tif}",
        5,
        "own/c / images / b / file: there is no file",
    ),
    ("collections:\n  own/c: {images: {}}", 2, "own/c: the collection has no images"),
    ("collections:\n  own/c:\n    stac: gone.json", 3, "there is no file"),
    (
        "images:\n  own/a: {file: good.tif}\ncollections:\n  own/a: {files: good.tif}",
        0,
        "the asset 'own/a' is there twice",
    ),
]


@pytest.mark.parametrize(("text", "line", "message"), CASES, ids=[case[0] for case in CASES])
def test_what_is_wrong(folder: Path, text: str, line: int, message: str) -> None:
    path = folder / "catalog.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(eemulator.CatalogError) as refused:
        eemulator.load_catalog(path)
    told = str(refused.value)
    assert told.startswith(f"{path}:{line}: " if line else f"{path}: "), told
    assert message in told


def test_every_problem_is_told(folder: Path) -> None:
    path = folder / "catalog.yaml"
    path.write_text("\n".join(["images:", *(f"  own/{n}: {{fil: x}}" for n in range(12))]))
    with pytest.raises(eemulator.CatalogError) as refused:
        eemulator.load_catalog(path)
    told = str(refused.value).splitlines()
    assert len(told) == 11
    place = f"{path}:2: images / own/0 / fil"
    assert told[0] == f"{place}: unknown key. `docs/own-data.md` lists those that there are"
    assert told[-1].startswith("… and ")


def test_files_that_are_no_catalogue(folder: Path) -> None:
    for name, message in (
        ("gone.yaml", "there is no such file"),
        ("good.tif", "a catalogue is a .yaml file"),
    ):
        with pytest.raises(eemulator.CatalogError, match=message):
            eemulator.load_catalog(folder / name)
    (folder / "latin.yaml").write_bytes(b"images: {\xe9: 1}")
    with pytest.raises(eemulator.CatalogError, match="cannot be read"):
        eemulator.load_catalog(folder / "latin.yaml")


def test_a_folder_is_a_collection(folder: Path) -> None:
    write(folder / "series/b.tiff", VALUES)
    xarray.Dataset({"a": (("y", "x"), VALUES[0])}, {"y": range(6), "x": range(8)}).assign_coords(
        spatial_ref=((), 0, {"crs_wkt": rasterio.CRS.from_epsg(32738).to_wkt()})
    ).to_zarr(folder / "cube.zarr", consolidated=False)
    for name, asset_id, indices in (
        ("series", "series", ["a_20240501_B1", "a_20240501_B2", "b"]),
        ("cube.zarr", "cube", ["cube"]),
    ):
        [asset] = eemulator.load_catalog(folder / name)
        assert isinstance(asset, eemulator.CollectionAsset)
        assert asset.id == asset_id
        assert [image.properties["system:index"] for image in asset.images] == indices
    for name, message in (("bad/none", "has no *.tif"), ("", "bare.tif: the file has no CRS")):
        (folder / "bad/none").mkdir(exist_ok=True)
        with pytest.raises(eemulator.CatalogError) as refused:
            eemulator.load_catalog(folder / name)
        assert str(refused.value).startswith(f"{folder / name}: ")
        assert message in str(refused.value)


def test_ids_of_the_built_in_assets_are_taken(folder: Path) -> None:
    path = folder / "catalog.yaml"
    path.write_text("images: {USGS/SRTMGL1_003: {file: good.tif}}")
    assert eemulator.load_catalog(path).get("USGS/SRTMGL1_003") is not None
    with pytest.raises(eemulator.CatalogError, match="is built in, too"):
        eemulator.load_catalog(path, built_in=True)


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "catalog.yaml"
    path.write_text("images: {own/a: {file: gone.tif}}")
    assert main(["serve", "--catalog", str(path), "--port", "0"]) == 1
    assert capsys.readouterr().err.startswith(f"{path}:1: images / own/a / file: there is no file")
    with pytest.raises(SystemExit):
        main(["serve", "--built-in"])
    assert "--built-in goes with --catalog" in capsys.readouterr().err
    path.write_text("images: {own/a: {file: good.tif}}")
    command = [sys.executable, "-m", "eemulator", "serve", "--port", "0", "--catalog", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Earth Engine emulator at http://127.0.0.1:")
        process.terminate()


def test_what_is_loaded_when() -> None:
    """Whoever serves no data of their own does not wait for the packages that read it."""
    packages = ["geopandas", "pystac", "xarray"]
    code = f"import sys, eemulator; print([m for m in {packages} if m in sys.modules])"
    done: Any = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
