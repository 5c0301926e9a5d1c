"""Writes the table of `scene_statistics`: `python -m eemulator.catalog.count_classes`."""

from __future__ import annotations

import csv

from eemulator.catalog import default_catalog
from eemulator.catalog.model import CollectionAsset
from eemulator.catalog.scene_statistics import TABLE, count
from eemulator.catalog.sentinel2 import scene_keys


def main() -> None:
    """Counts the classes of every scene."""
    collection = default_catalog().get("COPERNICUS/S2_SR_HARMONIZED")
    if not isinstance(collection, CollectionAsset):
        raise TypeError("the catalogue has no Sentinel-2")
    # What was processed twice is the same. By tile, so that the ground that one date needed is
    # still there for the next.
    once = [n for n, key in enumerate(scene_keys()) if key.again is None]
    by_tile = sorted(
        (collection.images[n] for n in once),
        key=lambda image: str(image.properties["MGRS_TILE"]),
    )
    rows = sorted(
        ({"index": image.properties["system:index"], **count(image)} for image in by_tile),
        key=lambda row: str(row["index"]),
    )
    TABLE.parent.mkdir(exist_ok=True)
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
