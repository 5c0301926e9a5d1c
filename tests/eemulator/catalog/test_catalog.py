"""Looking assets up."""

from __future__ import annotations

import subprocess
import sys

from eemulator.catalog import CollectionAsset, ImageAsset, default_catalog
from tests.eemulator.catalog.scenes import SR, TOA


def test_collections() -> None:
    catalog = default_catalog()
    assert catalog is default_catalog()
    names = [asset.id for asset in catalog]
    assert len(set(names)) == len(names)
    assert names[:2] == [TOA, SR]
    assert isinstance(catalog.get(SR), CollectionAsset)
    found = catalog.get(f"{SR}/20240105T070201_20240105T070203_T38KQE")
    assert isinstance(found, ImageAsset)
    assert catalog.get(f"{SR}/20240106T070201_20240106T070203_T38KQE") is None
    assert catalog.get("COPERNICUS/NONE") is None
    assert catalog.get("") is None


def test_images_are_made_once() -> None:
    images = default_catalog().get(SR).images  # type: ignore[union-attr]
    assert images[5] is images[5]
    assert images[-1] is images[len(images) - 1]
    assert len(images[10:20:3]) == 4


def test_making_the_catalogue_costs_nothing() -> None:
    program = (
        "import time, eemulator.catalog as c; t = time.perf_counter(); c.default_catalog();"
        "print(time.perf_counter() - t)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)  # noqa: S603
    assert float(done.stdout) < 0.3
