"""Whatever a body says, the methods of assets and exports answer or refuse."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemulator.algorithms import load_all
from eemulator.catalog.user import UserCatalog
from eemulator.errors import ServiceError
from eemulator.exports.folder import ExportFolder
from eemulator.exports.operations import Operations
from eemulator.limits import Limits
from eemulator.pixels.pyramid import Pyramids
from eemulator.rest.call import Call
from eemulator.rest.resources import Resources
from eemulator.watchdog import Watchdog
from tests.eemulator import synthetic
from tests.eemulator.wire import call

HOME = "projects/p/assets"
EXPRESSION = {"result": "0", "values": {"0": call("Image.load", id="TEST/COARSE")}}

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["GEO_TIFF", "CSV", "MEAN", f"{HOME}/mine", f"{HOME}/new", "FOLDER"])
)
keys = st.sampled_from(
    [
        "value",
        "name",
        "width",
        "height",
        "tileDimensions",
        "noData",
        "floatValue",
        "tileSize",
        "driveDestination",
        "bucket",
        "folder",
        "cloudStorageDestination",
        "filenamePrefix",
        "fileFormat",
        "geoTiffOptions",
        "earthEngineDestination",
        "overwrite",
        "pyramidingPolicy",
        "pyramidingPolicyOverrides",
        "metadataKeys",
        "paths",
        "bindings",
        "bands",
        "id",
    ]
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=8,
)


def bodies(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, values))


exports = ("fileExportOptions", "assetExportOptions", "priority", "description", "requestId")
methods = {
    "image:export": bodies(*exports, "maxPixels", "grid"),
    "table:export": bodies(*exports, "selectors"),
    "createAsset": bodies("type", "properties", "startTime", "endTime"),
    "updateAsset": bodies("asset", "updateMask"),
    "copyAsset": bodies("destinationName", "overwrite"),
    "moveAsset": bodies("destinationName"),
    "setIamPolicy": bodies("policy"),
}
queries = st.dictionaries(
    st.sampled_from(["pageSize", "pageToken", "filter", "region", "view", "assetId"]),
    st.text(max_size=8) | st.sampled_from(["1", "{}", '{"type":"Point"}', "properties.a=1"]),
    max_size=3,
)


@pytest.mark.parametrize("kind", [*methods, "listOperations", "listFeatures", "listAssets"])
def test_any_body_is_answered_or_refused(kind: str) -> None:
    load_all()
    catalog = UserCatalog(synthetic.catalog(), 1_000, 10**7)
    operations = Operations(1, 10**6, lambda _: None, Watchdog(Limits()))
    is_export = kind.endswith(":export")
    with tempfile.TemporaryDirectory() as folder:
        limits = Limits()
        place = ExportFolder(Path(folder))
        resources = Resources(catalog, limits, operations, place, Pyramids(limits))

        @given(methods.get(kind, st.just({})), queries)
        def ask(body: dict[str, Any], query: dict[str, str]) -> None:
            catalog.clear()
            catalog.copy("TEST/COARSE", f"{HOME}/mine")
            if is_export:
                body = {"expression": EXPRESSION, **body}
            in_project = is_export or kind in ("createAsset", "listOperations")
            name = "projects/p" if in_project else f"{HOME}/mine"
            text = json.dumps(body).encode()
            try:
                reply = resources.methods[kind](Call(kind, name, query, text))
            except ServiceError as error:
                reply = error.body()
            json.dumps(reply, allow_nan=False)

        ask()
        operations.close()
        assert not list(Path(folder).glob(".export-*"))
