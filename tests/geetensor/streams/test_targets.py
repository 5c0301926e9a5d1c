"""What to= may be, and what is never overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
import pytest
from rio_cogeo.cogeo import cog_validate

from geetensor import ee_image
from geetensor.errors import InvalidInputError, TargetError
from tests.geetensor.streams.exports import (
    AREA,
    alone,
    contents,
    export,
    requested,
)
from tests.geetensor.test_export_cube import SERIES
from tests.geetensor.test_export_image import UTM_CRS, WHOLE

if TYPE_CHECKING:
    import eemulator


def test_what_is_there_is_not_overwritten(server: eemulator.Server, tmp_path: Path) -> None:
    for name in ("out.zarr", "out.tif", "out/"):
        to = f"{tmp_path}/{name}"
        export(to)
        before = contents(to)
        server.reset_stats()
        with pytest.raises(TargetError, match="exists. Pass overwrite=True"):
            export(to)
        assert server.stats.requests == {}
        assert contents(export(to, overwrite=True, fill_value=1)) != before
    Path(tmp_path, "out", "notes.txt").write_text("mine")
    with pytest.raises(TargetError, match="is no folder of GeoTIFFs"):
        export(f"{tmp_path}/out/", overwrite=True)
    assert Path(tmp_path, "out", "notes.txt").exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    assert len(contents(export(empty))) == 8


@pytest.mark.parametrize(
    ("to", "arguments", "reason"),
    [
        (7, {}, "must be a path or URL, got int"),
        ("", {}, "must name a file"),
        ("out.nc", {}, "names no kind of output"),
        ("s3://bucket/out.tif", {}, "Only Zarr is written to a URL"),
        ("nowhere://bucket/out.zarr", {}, "cannot be opened: Protocol not known: nowhere"),
        ("simplecache::nowhere://bucket/out.zarr", {}, "Protocol not known: nowhere"),
        ("lacking://bucket/out.zarr", {}, "cannot be opened: Install no_such_package"),
        ("out.tif", {"image": False}, "no time axis, and the cube has 4 dates"),
        ("out/", {"chunks": {"y": 5}}, "for Zarr only"),
        (None, {"chunks": {"y": 5}}, "for Zarr only"),
        ("out.tif", {"sharded": False}, "sharded= is for Zarr only"),
        (None, {"sharded": False}, "sharded= is for Zarr only"),
        (None, {"overwrite": True}, "overwrite= is for what is written: pass to="),
        (None, {"resume": False}, "resume= is for what is written: pass to="),
        ("out.zarr", {"resume": "no"}, "resume must be True or False, got 'no'"),
        ("out.zarr", {"sharded": (1, 2)}, r"True or False, got \(1, 2\)"),
        ("out.zarr", {"chunks": {"row": 5}}, "chunks must be a dict"),
        ("out.zarr", {"chunks": {"y": 0}}, "chunks must be a dict"),
        ("out.zarr", {"chunks": 5}, "chunks must be a dict"),
        ("out.tif", {"dtype": "float16"}, "cannot hold float16"),
    ],
)
def test_bad_targets_are_refused(
    server: eemulator.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    to: Any,
    arguments: Any,
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    fsspec.register_implementation(
        "lacking", "no_such_package.Files", errtxt="Install no_such_package", clobber=True
    )
    with pytest.raises(InvalidInputError, match=reason):
        export(to, **arguments)
    assert requested(server) == 0
    assert alone(tmp_path)


UNDATED = SERIES.assign(acquisition_date=None)


@pytest.mark.parametrize(
    ("call", "arguments", "reason"),
    [
        ("cube", {"query": SERIES, "to": "out.tif"}, "no time axis, and the cube has 4 dates"),
        ("cube", {"query": UNDATED, "to": "out.zarr"}, "acquisition_date is no date"),
        ("cube", {"query": SERIES, "to": "out/", "dtype": "float16"}, "cannot hold float16"),
        ("composite", {"query": UNDATED}, "acquisition_date is no date"),
        ("composite", {"query": SERIES, "to": "a.tif", "dtype": "float16"}, "cannot hold float16"),
        ("image", {"image_or_asset_id": "TEST/COARSE", "to": "out/"}, "TEST/COARSE is not known"),
    ],
)
def test_plans_refuse_what_their_exporters_do(
    server: eemulator.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    arguments: dict[str, Any],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (f"export_{call}", f"plan_{call}"):
        with pytest.raises(InvalidInputError, match=reason):
            getattr(ee_image, name)(geometry=AREA, bands=["u16"], crs_geometry=UTM_CRS, **arguments)
    assert requested(server) == 0
    assert alone(tmp_path)


@pytest.mark.parametrize("to", ["out.tif", "out.zarr"])
def test_byte_order_is_this_machines(server: eemulator.Server, tmp_path: Path, to: str) -> None:
    mine = contents(export(tmp_path / "mine" / to, image=True, dtype="int32"))
    assert contents(export(tmp_path / "other" / to, image=True, dtype=">i4")) == mine


def test_a_date_that_nobody_knows(server: eemulator.Server, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="date of TEST/COARSE is not known"):
        ee_image.export_image("TEST/COARSE", WHOLE, crs_geometry=UTM_CRS, to=f"{tmp_path}/a/")
    to = tmp_path / "a.tif"
    ee_image.export_image("TEST/COARSE", WHOLE, crs_geometry=UTM_CRS, to=to)
    assert cog_validate(to, strict=True)[0]
