"""What the documentation shows runs, on the emulator's own catalogue."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ee
import geopandas as gpd
import pytest
import shapely

import eemulator
from geetensor import (
    clouds,
    ee_dask,
    ee_image,
    ee_query,
    ee_scenes,
    ee_utils,
    ee_xarray,
    preview,
    sentinel2,
)
from tests.geetensor.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DISTRIBUTED = (ROOT / "docs/distributed.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def catalogue_server() -> Iterator[eemulator.Server]:
    with eemulator.running() as server:
        yield server


@pytest.fixture
def names(
    catalogue_server: eemulator.Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, Any]:
    """The names that examples use. The files that they write go to a folder of their own."""
    sign_in(catalogue_server, monkeypatch)
    monkeypatch.chdir(tmp_path)
    aoi = shapely.box(47.46, -18.96, 47.47, -18.95)
    scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
    return {
        "aoi": aoi,
        "asset_id": scenes["asset_id"].iloc[0],
        "ee": ee,
        "ee_image": ee_image,
        "ee_query": ee_query,
        "ee_scenes": ee_scenes,
        "ee_xarray": ee_xarray,
        "eemulator": eemulator,
        "gpd": gpd,
        "scenes": scenes,
        "server": catalogue_server,
    }


@pytest.mark.parametrize(
    "module",
    [
        clouds,
        ee_dask,
        ee_image,
        ee_query,
        ee_scenes,
        ee_utils,
        ee_xarray,
        preview,
        sentinel2,
    ],
    ids=lambda m: m.__name__,
)
def test_docstrings(
    names: dict[str, Any], module: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(module, extraglobs=names)
    assert result.attempted >= 1
    assert result.failed == 0


def test_the_seed_example(names: dict[str, Any]) -> None:
    aoi = names["aoi"]
    scenes = ee_query.query_s2_l2a(polygon=aoi, start_date="2024-01-01", end_date="2024-12-31")
    scenes = scenes[scenes["cloud_cover"] < 20]
    cube = ee_image.export_cube(scenes, geometry=aoi, bands=["B04", "B03", "B02"], scale=10)
    assert cube.shape == (len(scenes), 3, 113, 108)
    assert cube.dtype == "uint16"
    assert cube.attrs["asset_ids"] == list(scenes["asset_id"])


def test_the_readmes_examples(
    names: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    six_lines, composite, patches, stream, xarray_opens, discovery, plan, *others = blocks
    elsewhere, lazy, engine, emulator, signing_in = others
    [printed] = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    with pytest.warns(UserWarning, match="Already signed in"):
        exec(six_lines, names)  # noqa: S102 - our own README
    assert names["cube"].ndim == 4
    exec(composite, names)  # noqa: S102
    composed = f"median (2, 113, 108) {len(names['season'])}\n"
    assert capsys.readouterr().out == composed
    exec(patches, names)  # noqa: S102
    assert capsys.readouterr().out.count("(2, 256, 256)") == len(names["scenes"])
    monkeypatch.chdir(tmp_path)
    exec(stream, names)  # noqa: S102
    exec(xarray_opens, names)  # noqa: S102
    assert capsys.readouterr().out == "('time', 'band', 'y', 'x') uint16\n"
    exec(discovery, names)  # noqa: S102
    assert "LANDSAT_8" in capsys.readouterr().out
    assert names["rows"]["area_id"].unique().tolist() == [0, 1]
    exec(plan, names)  # noqa: S102
    assert capsys.readouterr().out == printed
    picture = (ROOT / "docs/images/plan.svg").read_text(encoding="ascii")
    assert names["plan"].to_svg() == picture
    exec(elsewhere, names)  # noqa: S102
    assert len(names["items"]) == len(names["catalog"]) == len(names["year"])
    assert Path("scenes.png").stat().st_size > 10_000
    exec(lazy, names)  # noqa: S102
    assert capsys.readouterr().out == "(2,) (100, 100)\n"
    exec(engine, names)  # noqa: S102
    assert capsys.readouterr().out == "(12, 9)\n"
    ee.Reset()
    exec(emulator, names)  # noqa: S102
    assert capsys.readouterr().out
    assert "ee_utils.initialize(project=" in signing_in


def test_the_examples_on_20_m_bands(names: dict[str, Any]) -> None:
    text = (ROOT / "docs/sentinel2-20m.md").read_text(encoding="utf-8")
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, names)  # noqa: S102 - our own documentation
    assert names["smooth"].shape == names["image"].shape


@pytest.mark.timeout(300)
def test_the_example_of_a_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    example, _ = re.findall(r"```python\n(.*?)```", DISTRIBUTED, re.DOTALL)
    ee.Reset()
    exec(example, {})  # noqa: S102 - our own
    printed = capsys.readouterr().out
    found = re.fullmatch(r"{'y': 338, 'x': 322} (\d) (.*)\n", printed)
    assert found is not None, printed
    assert 6 <= int(found[1]) <= 8


def test_what_a_continent_costs(names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    _, example = re.findall(r"```python\n(.*?)```", DISTRIBUTED, re.DOTALL)
    [printed] = re.findall(r"```text\n(.*?)```", DISTRIBUTED, re.DOTALL)
    exec(example, names)  # noqa: S102
    assert capsys.readouterr().out == printed
    plan = names["plan"]
    assert "computePixels" not in names["server"].stats.requests
    each = plan.counted_bytes / plan.requests
    for latency, rate, hours in ((0.4, 6e6, 4.7), (1, 3e6, 9.7), (30, 6e6, 34)):
        by_formula = plan.requests * (latency + each / rate) / 39 / 3600
        by_plan = plan.seconds(latency=latency, bytes_per_second=rate) / 3600
        assert by_formula == pytest.approx(by_plan, rel=0.01)
        assert f"{hours}" == f"{by_plan:.2g}"
        assert f"| {hours} | {12 * by_formula:.0f} |" in DISTRIBUTED
