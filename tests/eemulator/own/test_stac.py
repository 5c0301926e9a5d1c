"""Static STAC catalogues, as pystac writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pystac
import pytest
import rioxarray  # noqa: F401 - xarray's `rio`
import shapely
import xarray

import eemulator
from tests.eemulator.own.files import CRS, ORIGIN, numbers, whole, write
from tests.eemulator.wire import grid, info, pixels

if TYPE_CHECKING:
    from pathlib import Path

    from tests.eemulator.own.conftest import Serve

SHAPE = (30, 40)
WHERE = shapely.box(44.054, -18.090, 44.058, -18.086)
MAY = 1_714_521_600_000
"""2024-05-01, milliseconds."""


def item(name: str, day: int = 1, **properties: Any) -> pystac.Item:
    return pystac.Item(
        name,
        shapely.geometry.mapping(WHERE),
        list(WHERE.bounds),
        datetime(2024, 5, day, tzinfo=UTC),
        properties,
    )


def tiff(path: Path, **fields: Any) -> pystac.Asset:
    return pystac.Asset(str(path), media_type=pystac.MediaType.COG, extra_fields=fields)


def collection(name: str, **more: Any) -> pystac.Collection:
    extent = pystac.Extent(
        pystac.SpatialExtent([list(WHERE.bounds)]),
        pystac.TemporalExtent([[datetime(2024, 5, 1, tzinfo=UTC), None]]),
    )
    return pystac.Collection(name, f"All of {name}", extent, **more)


def saved(catalog: pystac.Catalog, folder: Path) -> Path:
    """Written below a folder, with links that are relative."""
    catalog.normalize_hrefs(str(folder))
    catalog.make_all_asset_hrefs_relative()
    catalog.save(pystac.CatalogType.SELF_CONTAINED)
    name = "collection.json" if isinstance(catalog, pystac.Collection) else "catalog.json"
    return folder / name


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Two collections: one of two images with an asset a band, one of an image of many bands."""
    folder = tmp_path / "stac"
    root = pystac.Catalog("root", "Everything")
    pairs, stacks = collection("pairs", title="Pairs"), collection("stacks of bands")
    for day in (1, 2):
        scene = item(f"scene-{day}", day, platform="ours")
        scene.properties["eo:cloud_cover"] = 10 * day
        for seed, key in enumerate(("red", "nir")):
            values = numbers((1, *SHAPE), np.uint16, seed + day)
            write(folder / f"pixels/{key}{day}.tif", values)
            scene.add_asset(key, tiff(folder / f"pixels/{key}{day}.tif", nodata=7))
        visual = write(folder / f"pixels/v{day}.tif", numbers((3, *SHAPE), np.uint8))
        scene.add_asset("visual", tiff(visual, bands=[{"name": b} for b in ("B4", "B3", "B2")]))
        picture = pystac.Asset("https://example.org/a.png", media_type="image/png")
        scene.add_asset("thumbnail", picture)
        scene.add_asset("source", pystac.Asset("https://example.org/a.tif", roles=["source"]))
        pairs.add_item(scene)
    scene = item("one", 3)
    write(folder / "pixels/stack.tif", numbers((2, *SHAPE), np.float32))
    bands: Any = [{"name": "ndvi", "nodata": "nan"}, {"name": "evi", "nodata": 7}]
    scene.add_asset("data", tiff(folder / "pixels/stack.tif", bands=bands))
    stacks.add_item(scene)
    stacks.add_item(item("nothing to see"))
    root.add_children([pairs, stacks])
    return saved(root, folder)


def test_a_catalogue(serve: Serve, catalog: Path) -> None:
    server = serve(catalog)
    listed: Any = ee.data.listAssets("projects/earthengine-public/assets")
    assert [asset["id"] for asset in listed["assets"]] == ["stacks_of_bands", "pairs"]
    assert info(ee.ImageCollection("pairs").get("title")) == "Pairs"
    later = ee.ImageCollection("pairs").filterDate("2024-05-02", "2024-05-03")
    scene = info(later.filterBounds(ee.Geometry.Point([44.055, -18.088])).first())
    assert scene["id"] == "pairs/scene-2"
    names = ["red", "nir", "visual_B4", "visual_B3", "visual_B2"]
    assert [band["id"] for band in scene["bands"]] == names
    footprint = scene["properties"].pop("system:footprint")
    ring = shapely.Polygon(footprint["coordinates"])
    assert ring.equals(WHERE)
    assert scene["properties"] == {
        "system:index": "scene-2",
        "system:time_start": MAY + 86_400_000,
        "eo:cloud_cover": 20,
        "platform": "ours",
    }
    found = whole("pairs/scene-2", *SHAPE)
    np.testing.assert_array_equal(found["nir"], numbers((1, *SHAPE), np.uint16, 3)[0])
    np.testing.assert_array_equal(found["visual_B3"], numbers((3, *SHAPE), np.uint8)[1])
    found = whole("stacks_of_bands/one", *SHAPE)
    values = numbers((2, *SHAPE), np.float32)
    np.testing.assert_array_equal(found["ndvi"], values[0])
    np.testing.assert_array_equal(found["evi"], np.where(values[1] == 7, 0, values[1]))
    assert info(ee.ImageCollection("stacks_of_bands").size()) == 1
    assert server.stats.refusals == {}


def test_a_collection_of_a_yaml_file(serve: Serve, catalog: Path, tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_text(
        """
collections:
  projects/farm/assets/pairs:
    stac: stac/pairs/collection.json
    bands: [{name: B4, from: red, pyramiding: MODE}]
    image_properties: {owner: us}
""",
        encoding="utf-8",
    )
    # The collection's own folder is what may be read then, and the pixels are not in it.
    with pytest.raises(eemulator.CatalogError, match="is outside of"):
        eemulator.load_catalog(path)
    path.write_text(path.read_text().replace("pairs/collection.json", "catalog.json"))
    with pytest.raises(eemulator.CatalogError, match=r"Item 'one': there is no band 'red'"):
        eemulator.load_catalog(path)
    path.write_text(path.read_text().replace("from: red", "from: 1"))
    serve(path)
    name = "projects/farm/assets/pairs"
    assert info(ee.ImageCollection(name).aggregate_array("owner")) == ["us"] * 3
    [band] = info(ee.Image(f"{name}/scene-1"))["bands"]
    assert band["id"] == "B4"


def test_cubes(serve: Serve, tmp_path: Path) -> None:
    """Zarr of an Item is one image; Zarr of a Collection, one for each date."""
    height, width = SHAPE
    x, y = ORIGIN[0] + (np.arange(width) + 0.5) * 10, ORIGIN[1] - (np.arange(height) + 0.5) * 10
    values = numbers((2, 1, *SHAPE), np.int16)
    times = np.array(["2024-05-01", "2024-05-02"], "datetime64[ns]")
    labels = {"band": np.array(["red"], object), "y": y, "x": x}
    cube = xarray.DataArray(values, {"time": times, **labels}, ("time", "band", "y", "x"))
    group = cube.to_dataset(name="pixels").rio.write_crs(CRS)
    group.to_zarr(tmp_path / "cube.zarr", consolidated=False)
    group.isel(time=0, drop=True).to_zarr(tmp_path / "still.zarr", consolidated=False)
    made = collection("made")
    made.add_asset("cube", pystac.Asset(str(tmp_path / "cube.zarr")))
    scene = item("still")
    still = pystac.Asset(str(tmp_path / "still.zarr"), media_type="application/vnd.zarr")
    scene.add_asset("pixels", still)
    made.add_item(scene)
    serve(saved(made, tmp_path))
    indices = info(ee.ImageCollection("made").aggregate_array("system:index"))
    assert indices == ["20240501T000000", "20240502T000000", "still"]
    window = grid(CRS, (10, 0, ORIGIN[0], 0, -10, ORIGIN[1]), width, height)
    for index, expected in zip(indices, [*values[:, 0], values[0, 0]], strict=True):
        np.testing.assert_array_equal(pixels(f"made/{index}", window)["red"], expected)


def remote(root: pystac.Catalog) -> None:
    scene = item("far")
    scene.add_asset("data", pystac.Asset("https://example.org/a.tif"))
    root.add_item(scene)


def outside(root: pystac.Catalog) -> None:
    scene = item("out")
    scene.add_asset("data", pystac.Asset("../../../etc/a.tif"))
    root.add_item(scene)


def twins(root: pystac.Catalog) -> None:
    for name in ("a b", "a_b"):
        scene = item(name)
        scene.add_asset("data", pystac.Asset("../good.tif"))
        root.add_item(scene)


@pytest.mark.parametrize(
    ("add", "message"),
    [
        (remote, "Item 'far': https://example.org/a.tif is not on this machine"),
        (outside, "is outside of"),
        (twins, "two images have the index 'a_b'"),
        (lambda root: None, "has no Items of GeoTIFFs or Zarr"),  # noqa: ARG005
    ],
)
def test_what_is_refused(tmp_path: Path, add: Any, message: str) -> None:
    write(tmp_path / "good.tif", numbers((1, *SHAPE), np.uint8))
    root = pystac.Catalog("root", "Everything")
    add(root)
    refused(saved(root, tmp_path), message)


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (
            {"rel": "child", "href": "https://example.org/catalog.json"},
            "https://example.org/catalog.json is not on this machine",
        ),
        ({"rel": "item", "href": "./gone.json"}, "gone.json cannot be read"),
        ({"rel": "item", "href": "../gone.json"}, "is outside of"),
    ],
)
def test_links_that_are_refused(tmp_path: Path, link: Any, message: str) -> None:
    path = saved(pystac.Catalog("root", "Everything"), tmp_path)
    linked(path, link)
    refused(path, message)


def linked(path: Path, link: dict[str, str]) -> None:
    """One more link in a file."""
    said = json.loads(path.read_text())
    said["links"].append(link)
    path.write_text(json.dumps(said))


def refused(path: Path, message: str) -> None:
    """A catalogue is, and its file and the reason are told."""
    with pytest.raises(eemulator.CatalogError) as error:
        eemulator.load_catalog(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_what_is_no_stac(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    for text in ("{}", "[]", "{", '{"type": "FeatureCollection", "features": []}'):
        path.write_text(text)
        with pytest.raises(eemulator.CatalogError, match=r"STAC"):
            eemulator.load_catalog(path)


def test_links_in_a_circle(tmp_path: Path) -> None:
    root = pystac.Catalog("root", "Everything")
    child = pystac.Catalog("child", "Some")
    scene = item("one")
    write(tmp_path / "child/one/a.tif", numbers((1, *SHAPE), np.uint8))
    scene.add_asset("data", pystac.Asset("./a.tif"))
    child.add_item(scene)
    root.add_child(child)
    path = saved(root, tmp_path)
    linked(tmp_path / "child/catalog.json", {"rel": "child", "href": "../catalog.json"})
    assert [asset.id for asset in eemulator.load_catalog(path)] == ["child"]
