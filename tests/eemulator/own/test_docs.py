"""What docs/own-data.md shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import ee
import pytest

import eemulator
from eemulator.catalog.own.document import Document
from eemulator.catalog.own.filenames import _DIRECTIVES
from eemulator.catalog.own.schema import (
    BandSpec,
    CatalogSpec,
    CollectionSpec,
    ImageSpec,
    MaskSpec,
    Pyramiding,
    TableSpec,
    parse_catalog,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

PAGE = (Path(__file__).parents[3] / "docs/own-data.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ee.deprecation, "_FetchDataCatalogStac", dict)
    monkeypatch.chdir(tmp_path)
    files, client = blocks("python")
    catalog, *_ = blocks("yaml")
    names: dict[str, Any] = {}
    exec(files, names)  # noqa: S102 - our own page
    Path("catalog.yaml").write_text(catalog, encoding="utf-8")
    ee.Reset()
    exec(client, names)  # noqa: S102
    assert capsys.readouterr().out == blocks("text")[0]


@pytest.mark.parametrize("text", blocks("yaml"))
def test_the_other_examples_are_understood(text: str, tmp_path: Path) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_text(text, encoding="utf-8")
    # None of their files are here: that is what is wrong with them, and nothing else.
    with pytest.raises(eemulator.CatalogError, match=r"there is no f|no file matches"):
        eemulator.load_catalog(path)


@pytest.mark.parametrize(
    "model", [CatalogSpec, ImageSpec, CollectionSpec, BandSpec, MaskSpec, TableSpec]
)
def test_every_key_is_told(model: type[BaseModel]) -> None:
    told = set(re.findall(r"`\{?([a-z_]+)", PAGE))
    keys = {field.alias or name for name, field in model.model_fields.items()}
    assert keys <= told


def test_every_choice_is_told() -> None:
    assert all(f"`{choice}`" in PAGE for choice in get_args(Pyramiding))
    assert f"`{' '.join(f'%{one}' for one in _DIRECTIVES)}`" in PAGE


def test_an_empty_mapping_is_one(tmp_path: Path) -> None:
    document = Document(tmp_path / "catalog.yaml", {"images": {}}, None)
    assert parse_catalog(document).images == {}
