"""The pytest plugin, as other people's tests use it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import ee
import numpy as np
import pytest

import pytest_eemulator.options
import pytest_eemulator.session  # noqa: F401 - see below
from eemulator.algorithms import load_all
from eemulator.catalog import default_catalog

from .own import files

pytest_plugins = ["pytester"]

# What is imported first while pytester runs it forgets, and it would be run again after that.
load_all()
default_catalog()


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project, and no other plugins: some import numpy."""
    ee.Reset()
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester


def run(project: pytest.Pytester, *, apart: bool = False) -> pytest.RunResult:
    run_here, run_apart = project.runpytest_inprocess, project.runpytest_subprocess
    return (run_apart if apart else run_here)(
        "-p", "no:cacheprovider", "-p", "eemulator", "--strict-markers"
    )


def test_it_costs_nothing_where_it_is_not_used(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import sys

        def test_nothing_is_imported(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("eemulator")
            loaded = {name.partition(".")[0] for name in sys.modules}
            assert not loaded & {"ee", "eemulator", "numpy", "starlette", "uvicorn", "geetensor"}
        """
    )
    run(project, apart=True).assert_outcomes(passed=1)


def test_loading_it_imports_pytest_only() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_eemulator; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(  # noqa: S603 - this very Python
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['pytest_eemulator']"


def test_each_test_has_an_emulator_of_its_own(project: pytest.Pytester) -> None:
    project.makeini(
        """
        [pytest]
        earth_engine_catalog = own:catalog
        earth_engine_limits =
            concurrent_requests = 7
            requests_per_second = none
        earth_engine_pace =
            latency = 0.25
        """
    )
    project.makepyfile(
        own="""
        import eemulator

        def catalog():
            return eemulator.Catalog([eemulator.CollectionAsset("OWN/EMPTY", [])])
        """,
        test_own="""
        import ee
        import pytest

        import eemulator
        import own

        urls = set()

        @pytest.mark.earth_engine(pace={"latency": 0})
        def test_it_is_signed_in(earth_engine):
            assert earth_engine.ee is ee
            assert earth_engine.stats == eemulator.Snapshot()
            assert ee.Number(1).add(2).getInfo() == 3
            assert earth_engine.stats.requests == {"value:compute": 1}
            assert earth_engine.log[0].code == "ee.Number(1).add(2)"
            assert ee.data._get_state().cloud_api_base_url == earth_engine.server.url
            assert earth_engine.limits.requests_per_second is None
            urls.add(earth_engine.server.url)

        @pytest.mark.earth_engine(limits={"concurrent_requests": 3})
        def test_options_and_mischief(earth_engine):
            assert earth_engine.limits.concurrent_requests == 3
            assert earth_engine.limits.requests_per_second is None
            earth_engine.faults.at_random(1, eemulator.Fault(eemulator.FaultKind.MEMORY))
            with pytest.raises(ee.EEException, match="memory limit"):
                ee.Number(1).getInfo()
            ee.data._get_state().max_retries = 0
            ee.data._get_state().workload_tag.set("mine")
            ee.data._get_state().cloud_api_base_url = "http://nowhere.invalid"

        def test_nothing_is_left_of_it(earth_engine):
            assert earth_engine.stats == eemulator.Snapshot()
            assert earth_engine.log == []
            assert earth_engine.limits.concurrent_requests == 7
            assert ee.ImageCollection("OWN/EMPTY").size().getInfo() == 0
            assert 0.25 <= earth_engine.log[-1].seconds
            assert ee.data._get_state().max_retries == 5
            assert ee.data._get_state().workload_tag.get() == ""
            urls.add(earth_engine.server.url)

        def test_others_are_signed_out():
            assert not ee.data.is_initialized()
            with pytest.raises(ee.EEException, match="not initialized"):
                ee.Number(1).getInfo()

        @pytest.fixture
        def through_another(earth_engine):
            ee.Reset()
            return earth_engine

        def test_a_test_may_sign_out(through_another):
            assert not ee.data.is_initialized()

        def test_and_the_next_is_signed_in(earth_engine):
            assert ee.Number(5).getInfo() == 5
            urls.add(earth_engine.server.url)
            assert len(urls) == 1

        @pytest.mark.earth_engine(
            catalog=eemulator.Catalog([]), limits=eemulator.Limits(), pace=eemulator.Pace()
        )
        def test_objects_replace_the_ini_file(earth_engine):
            assert earth_engine.limits == eemulator.Limits()
            assert earth_engine.server.catalog.get("OWN/EMPTY") is None
        """,
    )
    run(project).assert_outcomes(passed=7)


def test_files_as_assets_and_exports_as_files(project: pytest.Pytester) -> None:
    values = np.arange(200, dtype=np.uint16).reshape(1, 10, 20)
    files.write(project.path / "scenes" / "one.tif", values, names=("b",))
    project.makeini("[pytest]\nearth_engine_catalog = scenes\n")
    project.makepyfile(
        """
        import ee
        import numpy as np
        import pytest
        import rasterio

        @pytest.mark.parametrize("name", ["mine", "yours"])
        def test_export(earth_engine, name):
            assert list(earth_engine.exports.iterdir()) == []
            task = ee.batch.Export.image.toDrive(
                ee.ImageCollection("scenes").first().add(1), name, folder="into",
                crs="EPSG:32738", crsTransform=[10, 0, 400_000, 0, -10, 8_000_000],
                dimensions="20x10",
            )
            task.start()
            operations = ee.data._get_cloud_projects().operations()
            operations.wait(name=task.operation_name, body={}).execute()
            assert task.status()["state"] == "COMPLETED", task.status()
            with rasterio.open(earth_engine.exports / "into" / f"{name}.tif") as made:
                assert (made.read(1) == np.arange(1, 201).reshape(10, 20)).all()
            assert len(list(earth_engine.exports.rglob("*.tif"))) == 1
        """
    )
    run(project).assert_outcomes(passed=2)


def test_failures_show_what_was_asked_for(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_sum(earth_engine):
            assert earth_engine.ee.Number(1).add(2).getInfo() == 4
        """
    )
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*Earth Engine requests*", "1. value:compute [[]200[]] ", "ee.Number(1).add(2)"]
    )


@pytest.mark.parametrize(
    ("ini", "marker", "message"),
    [
        ("earth_engine_limits = bands = many", "", "*'bands = many' is not 'name = number'*"),
        ("earth_engine_limits = colour = 1", "", "*Limits has no colour; it has *bands, *"),
        ("earth_engine_catalog = own", "", "*own: there is no such file*'module:name'*"),
        ("earth_engine_catalog = none_such:it", "", "*No module named 'none_such'*"),
        ("earth_engine_catalog = os:sep", "", "*is no eemulator.Catalog*"),
        ("", "limits={'colour': 1}", "*marker earth_engine: Limits has no colour*"),
        ("", "pace=3", "*3 is no Pace*"),
        ("", "speed=3", "*takes catalog, limits, pace, by name*"),
    ],
)
def test_options_are_checked(project: pytest.Pytester, ini: str, marker: str, message: str) -> None:
    project.makeini(f"[pytest]\n{ini}\n")
    project.makepyfile(
        f"""
        import pytest

        @pytest.mark.earth_engine({marker})
        def test_one(earth_engine):
            pass
        """
    )
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


def test_the_documentations_examples(
    project: pytest.Pytester, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ee.deprecation, "_FetchDataCatalogStac", dict)
    text = (Path(__file__).parents[2] / "docs/testing.md").read_text(encoding="utf-8")
    tests, inside = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    [ini] = re.findall(r"```ini\n(.*?)```", text, re.DOTALL)
    project.makepyfile(test_example=tests)
    run(project).assert_outcomes(passed=3)
    capsys.readouterr()
    exec(inside, {})  # noqa: S102 - our own documentation
    assert capsys.readouterr().out == "3 1\n"
    ee.Reset()
    project.makeini(ini)
    project.makepyfile(
        my_catalogue="""
        import eemulator

        def make():
            return eemulator.Catalog([])
        """,
        test_example="""
        def test_options(earth_engine):
            assert list(earth_engine.server.catalog) == []
            assert earth_engine.limits.concurrent_requests == 6
        """,
    )
    run(project).assert_outcomes(passed=1)
