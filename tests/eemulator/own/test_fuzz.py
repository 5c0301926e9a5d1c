"""Whatever a catalogue says, it is served or refused; nothing else is raised."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import eemulator
from tests.eemulator.own.files import numbers, write

if TYPE_CHECKING:
    from pathlib import Path

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.integers(),
    st.floats(),
    st.dates(),
    st.datetimes(),
    st.text(max_size=8),
    st.sampled_from(
        ["a.tif", "b.tif", "t.csv", "*.tif", "**", "../*", "/", "none", "nan", "MODE", "mask", "x"]
    ),
    st.sampled_from(["{start:%Y}.tif", "{band}.tif", "{x}.tif", "{", "own/a", "EPSG:32738", "b1"]),
)
BAND_KEYS = ["name", "from", "file", "nodata", "dtype", "pyramiding"]
PIXEL_KEYS = ["zarr", "bands", "alpha", "mask", "crs", "start", "end", "properties"]
OTHER_KEYS = ["files", "images", "stac", "image_properties", "layer", "x", "y"]
KEYS = st.sampled_from(BAND_KEYS + PIXEL_KEYS + OTHER_KEYS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(KEYS, SCALARS), inner, max_size=3)
    ),
    max_leaves=8,
)
ENTRIES = st.dictionaries(KEYS, VALUES, max_size=4)
FILE = st.sampled_from(["a.tif", "b.tif"])
SOUND: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries({"file": FILE}, optional={"bands": VALUES, "mask": VALUES}),
    st.fixed_dictionaries({"files": FILE}, optional={"name": SCALARS, "nodata": SCALARS}),
    ENTRIES,
)
CATALOGS = st.dictionaries(
    st.sampled_from(["images", "collections", "tables"]),
    st.one_of(st.dictionaries(st.sampled_from(["own/a", "b", ""]), SOUND, max_size=2), VALUES),
    min_size=1,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fuzz")
    write(made / "a.tif", numbers((2, 6, 8), np.uint8))
    write(made / "b.tif", numbers((1, 6, 8), np.float32))
    (made / "t.csv").write_text("x,y,z\n1,2,3\n")
    return made


@given(data=CATALOGS)
def test_any_catalogue(folder: Path, data: Any) -> None:
    path = folder / "catalog.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    with suppress(eemulator.CatalogError):
        assert list(eemulator.load_catalog(path)) is not None


@given(text=st.text(alphabet=st.sampled_from("ab:{}[]-,&*!|>'\"\n #?%@`1~.<"), max_size=40))
def test_any_text(folder: Path, text: str) -> None:
    path = folder / "catalog.yaml"
    path.write_text(text, encoding="utf-8")
    with suppress(eemulator.CatalogError):
        assert list(eemulator.load_catalog(path)) is not None
