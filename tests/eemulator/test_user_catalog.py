"""What holds for assets of users after whatever was done to them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from eemulator.catalog.model import Asset, CollectionAsset, Folder, ImageAsset
from eemulator.catalog.user import UserCatalog
from eemulator.errors import ServiceError
from tests.eemulator import synthetic

HOME = "projects/p/assets"
MOST_ASSETS, MOST_BYTES, SIZE = 4, 25, 10
BASE = synthetic.catalog()
IMAGE = synthetic.image("TEST/ONE", 1, synthetic.UTM)

names = st.sampled_from([f"{HOME}/{path}" for path in ("a", "b", "a/x", "a/y", "b/x", "a/x/z")])
steps = st.tuples(
    st.sampled_from(["folder", "collection", "image", "copy", "move", "remove"]),
    names,
    names | st.just("TEST/UTM"),
    st.booleans(),
)


def do(catalog: UserCatalog, what: str, name: str, other: str, overwrite: bool) -> None:
    match what:
        case "folder":
            catalog.put(Folder(name), overwrite=overwrite)
        case "collection":
            catalog.put(CollectionAsset(name, ()), overwrite=overwrite)
        case "image":
            catalog.put(replace(IMAGE, id=name), SIZE, overwrite=overwrite)
        case "copy":
            catalog.copy(other, name, overwrite=overwrite)
        case "move":
            catalog.move(other, name)
        case "remove":
            catalog.remove(name)


def under(catalog: UserCatalog, parent: str) -> list[Asset]:
    """Everything that is found from a root on."""
    children = catalog.children(parent)
    return [each for child in children for each in (child, *under(catalog, child.id))]


@given(st.lists(steps, max_size=30))
def test_nothing_is_lost_misplaced_or_too_much(script: list[tuple[str, str, str, bool]]) -> None:
    catalog = UserCatalog(BASE, MOST_ASSETS, MOST_BYTES)
    versions: set[int] = set()
    for what, name, other, overwrite in script:
        before = {asset.id: asset for asset in under(catalog, HOME)}, catalog.usage()
        try:
            do(catalog, what, name, other, overwrite)
        except ServiceError:
            # A refusal changes nothing.
            assert ({asset.id: asset for asset in under(catalog, HOME)}, catalog.usage()) == before
        found = under(catalog, HOME)
        count, size = catalog.usage()
        assert len(found) == len({asset.id for asset in found}) == count <= MOST_ASSETS
        assert size <= MOST_BYTES
        own = sum(isinstance(a, ImageAsset) and a.sample is IMAGE.sample for a in found)
        assert size == own * SIZE
        for asset in found:
            parent = catalog.get(asset.id.rpartition("/")[0])
            if isinstance(asset, ImageAsset):
                assert isinstance(parent, (Folder, CollectionAsset, type(None)))
                assert asset.properties["system:index"] == asset.id.rpartition("/")[2]
            else:
                assert isinstance(parent, (Folder, type(None)))
        versions.update(asset.version for asset in found)
    with suppress(ServiceError):
        made = catalog.put(Folder(f"{HOME}/last"))
        assert made.version > max(versions, default=0)


def test_collections_hold_their_images_by_name() -> None:
    catalog = UserCatalog(BASE, 10, 100)
    catalog.put(CollectionAsset(f"{HOME}/c", ()))
    for name in ("z", "a"):
        catalog.put(replace(IMAGE, id=f"{HOME}/c/{name}"), SIZE)
    found = catalog.get(f"{HOME}/c")
    assert isinstance(found, CollectionAsset)
    assert [image.id[-1] for image in found.images] == ["a", "z"]
    assert catalog.bytes_left() == 80
