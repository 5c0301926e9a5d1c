"""Assets that users make: told, changed, copied, moved, deleted, listed and shared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest

import eemulator
from tests.eemulator import synthetic
from tests.eemulator.conftest import signed_in
from tests.eemulator.wire import info, pixels, send

if TYPE_CHECKING:
    from collections.abc import Iterator

# The client calls its own older names deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")

HOME = "projects/local-emulator/assets"


@pytest.fixture(scope="module")
def _module_server() -> Iterator[eemulator.Server]:
    limits = eemulator.Limits(requests_per_second=None, assets=20)
    with eemulator.running(synthetic.catalog(), limits) as server:
        yield server


@pytest.fixture(autouse=True)
def server(
    _module_server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[eemulator.Server]:
    yield signed_in(_module_server, monkeypatch)
    _module_server.reset()


def data(method: str, *arguments: Any, **named: Any) -> Any:
    """A call of `ee.data`."""
    return getattr(ee.data, method)(*arguments, **named)


def names(parent: str) -> list[str]:
    listed = data("listAssets", parent)["assets"]
    return [asset["id"].removeprefix(f"{HOME}/") for asset in listed]


def fails(words: str) -> Any:
    return pytest.raises(ee.EEException, match=words)


def test_folders_and_collections_are_made_listed_and_deleted() -> None:
    made = data("createFolder", f"{HOME}/a")
    assert made["type"] == "FOLDER"
    assert made["name"] == f"{HOME}/a"
    properties = {"title": "Mine", "number": 2.5, "list": [1, "x"]}
    data("createAsset", {"type": "IMAGE_COLLECTION", "properties": properties}, f"{HOME}/a/c")
    assert data("getAsset", f"{HOME}/a/c")["type"] == "IMAGE_COLLECTION"
    assert data("getAsset", f"{HOME}/a/c")["properties"] == properties
    assert names(HOME) == names(f"{HOME}/") == ["a"]
    assert names(f"{HOME}/a") == ["a/c"]
    assert data("getAssetRoots") == [{"id": f"{HOME}/a", "type": "Folder"}]
    assert [a["id"] for a in data("listBuckets")["assets"]] == [f"{HOME}/a"]
    with fails(f"Before trying to delete an asset, delete its children: '{HOME}/a'"):
        data("deleteAsset", f"{HOME}/a")
    data("deleteAsset", f"{HOME}/a/c")
    data("deleteAsset", f"{HOME}/a")
    assert names(HOME) == []
    assert data("getInfo", f"{HOME}/a") is None
    with fails("does not exist or doesn't allow this operation"):
        data("deleteAsset", f"{HOME}/a")


def test_the_command_line_tool_makes_parents() -> None:
    data("create_assets", [f"{HOME}/a/b/c"], "IMAGE_COLLECTION", mk_parents=True)
    assert [data("getAsset", f"{HOME}/{p}")["type"] for p in ("a", "a/b", "a/b/c")] == [
        "FOLDER",
        "FOLDER",
        "IMAGE_COLLECTION",
    ]


def test_homes_of_users_have_ids_without_a_project() -> None:
    assert data("createFolder", "users/me/f")["id"] == "users/me/f"
    assert [a["id"] for a in data("listAssets", "users/me")["assets"]] == ["users/me/f"]
    assert data("getAsset", "users/me/f")["name"] == (
        "projects/earthengine-legacy/assets/users/me/f"
    )


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"{HOME}/taken", "Cannot overwrite asset"),
        (f"{HOME}/taken/in/nothing", "does not exist or doesn't allow"),
        (f"{HOME}/with space", "Invalid asset ID"),
        (f"{HOME}/../up", "Invalid asset ID"),
        (f"{HOME}/taken/", "Invalid asset ID"),
        ("TEST/NEW", "Invalid asset ID"),
        ("TEST/UTM", "Cannot overwrite asset"),
        (f"{HOME}/images/folder", "only folders hold assets"),
        ("users/me", "Cannot overwrite asset"),
    ],
)
def test_folders_that_cannot_be_made(path: str, words: str) -> None:
    data("createFolder", f"{HOME}/taken")
    data("createAsset", {"type": "ImageCollection"}, f"{HOME}/images")
    with fails(words):
        data("createFolder", path)


def test_what_else_cannot_be_made() -> None:
    with fails("IMAGE are made by exports: not implemented by the emulator"):
        data("createAsset", {"type": "Image"}, f"{HOME}/i")
    with fails("asset.type"):
        data("createAsset", {"type": "SOUP"}, f"{HOME}/i")
    with fails("'deep' must be text, a number or a list"):
        data("createAsset", {"type": "FOLDER", "properties": {"deep": {"a": 1}}}, f"{HOME}/i")
    for number in range(20):
        data("createFolder", f"{HOME}/f{number}")
    with fails("Asset quota exceeded: 20 assets"):
        data("createFolder", f"{HOME}/more")
    assert data("getAssetRootQuota", HOME)["asset_count"] == {"usage": 20, "limit": 20}


def copied(name: str, source: str = "TEST/UTM") -> str:
    data("copyAsset", source, f"{HOME}/{name}")
    return f"{HOME}/{name}"


def test_a_copy_has_the_pixels_and_another_name() -> None:
    mine = copied("mine")
    np.testing.assert_array_equal(pixels(mine), pixels("TEST/UTM"))
    described = info(ee.Image(mine))
    assert described["id"] == mine
    assert described["properties"]["system:index"] == "mine"
    assert described["bands"] == info(ee.Image("TEST/UTM"))["bands"]
    with fails("Cannot overwrite asset"):
        copied("mine", "TEST/COARSE")
    data("copyAsset", "TEST/COARSE", mine, allowOverwrite=True)
    np.testing.assert_array_equal(pixels(mine), pixels("TEST/COARSE"))
    with fails("is not empty"):
        copied("all", "TEST/SERIES")
    with fails("does not exist"):
        copied("nothing", "TEST/NOTHING")


def test_images_in_a_collection_of_ones_own_are_found_and_filtered() -> None:
    data("createAsset", {"type": "IMAGE_COLLECTION"}, f"{HOME}/c")
    for k in (4, 1, 3):
        data("copyAsset", f"TEST/SERIES/s00{k}", f"{HOME}/c/i{k}")
    mine: Any = ee.ImageCollection(f"{HOME}/c")
    assert mine.aggregate_array("system:index").getInfo() == ["i1", "i3", "i4"]
    late = mine.filterDate("2024-01-03", "2024-01-06")
    assert late.aggregate_array("cloud").getInfo() == [20, 10]
    listed = data("listImages", {"parent": f"{HOME}/c", "startTime": "2024-01-03T00:00:00Z"})
    assert [image["id"][-2:] for image in listed["images"]] == ["i3", "i4"]
    np.testing.assert_array_equal(pixels(f"{HOME}/c/i3"), pixels("TEST/SERIES/s003"))
    with fails("is not an Image"):
        info(ee.Image(f"{HOME}/c"))


def test_moving() -> None:
    mine = copied("mine")
    before = pixels(mine)
    data("createFolder", f"{HOME}/f")
    data("renameAsset", mine, f"{HOME}/f/moved")
    assert names(HOME) == ["f"]
    np.testing.assert_array_equal(pixels(f"{HOME}/f/moved"), before)
    with fails("is not empty"):
        data("renameAsset", f"{HOME}/f", f"{HOME}/g")
    with fails("does not exist"):
        data("renameAsset", f"{HOME}/f/moved", f"{HOME}/none/moved")
    assert names(f"{HOME}/f") == ["f/moved"]
    with fails("denied"):
        data("renameAsset", "TEST/UTM", f"{HOME}/stolen")


def test_a_folder_cannot_be_moved_into_itself() -> None:
    data("createFolder", f"{HOME}/f")
    with fails("does not exist"):
        data("renameAsset", f"{HOME}/f", f"{HOME}/f/g")
    assert names(HOME) == ["f"]


def test_updates_change_what_the_mask_names_and_nothing_else() -> None:
    mine = copied("mine")
    version = data("getAsset", mine)["updateTime"]
    update = {"properties": {"a": 1, "time": "night"}, "start_time": "2020-01-02T00:00:00Z"}
    data("updateAsset", mine, update, ["properties.a", "start_time"])
    now = data("getAsset", mine)
    assert now["properties"] == {"time": "noon", "a": 1}
    assert now["startTime"] == "2020-01-02T00:00:00Z"
    assert now["updateTime"] > version
    assert info(ee.Image(mine).get("system:time_start")) == 1_577_923_200_000
    data("updateAsset", mine, {"properties": {"b": 2}}, ["properties"])
    assert data("getAsset", mine)["properties"] == {"b": 2}
    assert "startTime" in data("getAsset", mine)
    data("setAssetProperties", mine, {"b": None, "c d": [1, 2]})
    assert data("getAsset", mine)["properties"] == {"c d": [1, 2]}
    data("updateAsset", mine, {}, [])
    left = data("getAsset", mine)
    assert left["properties"] == {}
    assert "startTime" not in left
    with fails("unknown path 'colour'"):
        data("updateAsset", mine, {}, ["colour"])
    with fails("denied"):
        data("updateAsset", "TEST/UTM", {}, ["properties"])


def test_bands_can_be_renamed() -> None:
    data("copyAsset", "TEST/UTM", f"{HOME}/mine")
    old = list(synthetic.DTYPES)
    new = [f"x{k}" for k in range(len(old))]
    data("updateAsset", f"{HOME}/mine", {"bands": [{"id": n} for n in new]}, ["bands"])
    found, expected = pixels(f"{HOME}/mine"), pixels("TEST/UTM")
    assert found.dtype.names == tuple(new)
    for before, after in zip(old, new, strict=True):
        np.testing.assert_array_equal(found[after], expected[before])
    with fails("7 different names are needed"):
        data("updateAsset", f"{HOME}/mine", {"bands": [{"id": "x"}]}, ["bands"])


def test_policies() -> None:
    mine = copied("mine")
    assert data("getIamPolicy", mine)["bindings"][0]["role"] == "roles/owner"
    assert data("getIamPolicy", "TEST/UTM")["bindings"][0]["members"] == ["allUsers"]
    policy = {"bindings": [{"role": "roles/viewer", "members": ["user:you@example.com"]}]}
    data("setIamPolicy", mine, policy)
    assert data("getIamPolicy", mine) == policy
    data("setAssetAcl", mine, {"readers": [], "all_users_can_read": True})
    assert data("getAssetAcl", mine)["all_users_can_read"] is True
    with fails("does not exist"):
        data("setIamPolicy", "TEST/UTM", policy)


def test_pages_of_a_folder() -> None:
    for k in range(5):
        data("createFolder", f"{HOME}/f{k}")
    first = data("listAssets", {"parent": HOME, "pageSize": 3, "view": "BASIC"})
    assert [a["id"][-2:] for a in first["assets"]] == ["f0", "f1", "f2"]
    assert set(first["assets"][0]) == {"type", "name", "id"}
    token = first["nextPageToken"]
    second = data("listAssets", {"parent": HOME, "pageSize": 3, "pageToken": token})
    assert [a["id"][-2:] for a in second["assets"]] == ["f3", "f4"]


def test_imports_are_refused() -> None:
    with fails("image:import: not implemented by the emulator"):
        data("startIngestion", "id", {"name": f"{HOME}/i", "tilesets": []})
    with fails("image:importExternal: not implemented by the emulator"):
        data("startExternalImageIngestion", {"name": f"{HOME}/i", "tilesets": []})
    with fails("table:import: not implemented by the emulator"):
        data("startTableIngestion", "id", {"name": f"{HOME}/t", "sources": []})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "assets?assetId=x", ["FOLDER"]),
        ("POST", "assets?assetId=x", {"type": "FOLDER", "colour": "red"}),
        ("POST", "assets?assetId=x", {"type": "FOLDER", "properties": [1]}),
        ("POST", "assets?assetId=x", {"type": "FOLDER", "startTime": "yesterday"}),
        ("PATCH", "assets/mine", {"asset": [], "updateMask": "properties"}),
        ("PATCH", "assets/mine", {"asset": {}, "updateMask": {"paths": [1]}}),
        ("PATCH", "assets/mine", {"asset": {"bands": [1]}, "updateMask": "bands"}),
        ("PATCH", "assets/mine", {"asset": {"properties": "x"}, "updateMask": "properties"}),
        ("POST", "assets/mine:copy", {}),
        ("POST", "assets/mine:move", {"destinationName": 3}),
        ("POST", "assets/mine:setIamPolicy", {"policy": {"bindings": 1}}),
        ("POST", "assets/mine:setIamPolicy", b"{"),
    ],
)
def test_malformed_requests(server: eemulator.Server, method: str, path: str, body: Any) -> None:
    copied("mine")
    reply = send(server, method, f"/v1/projects/local-emulator/{path}", body)
    assert (reply.status, reply.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert names(HOME) == ["mine"]
    assert json.dumps(reply.json).isascii()
