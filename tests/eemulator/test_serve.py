"""`python -m eemulator serve` and its options."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import ee
import pytest

from eemulator import FaultKind, Faults, Limits, Pace
from eemulator.serve_options import add_options, limits_of, pace_of, script_faults


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


DOCUMENT = Path(__file__).parents[2] / "docs/emulator-service.md"


def test_the_documents_example(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ee.deprecation, "_FetchDataCatalogStac", dict)
    [example] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    ee.Reset()
    exec(example, {})  # noqa: S102 - our own
    first, second = capsys.readouterr().out.splitlines()
    assert first == "COMPLETED ['red_and_green.tif']"
    assert second.startswith("['B4'] {'assets': [{'type': 'IMAGE', 'name': 'projects/local-em")


def test_nothing_is_other_than_the_service_by_default() -> None:
    chosen = parsed()
    assert limits_of(chosen) == Limits()
    assert pace_of(chosen) == Pace()
    assert chosen.exports is None
    faults = Faults()
    script_faults(faults, chosen)
    assert [faults.draw() for _ in range(20)] == [None] * 20


def test_quotas_and_pace() -> None:
    chosen = parsed(
        *("--concurrency", "5", "--per-second", "6", "--per-minute", "7", "--eecu-seconds", "8"),
        *("--timeout", "9", "--latency", "0.5", "--bytes-per-second", "1e6"),
    )
    assert limits_of(chosen) == Limits(
        concurrent_requests=5,
        requests_per_second=6,
        requests_per_minute=7,
        eecu_seconds=8,
        computation_seconds=9,
    )
    assert pace_of(chosen) == Pace(0.5, 1e6)


def test_faults() -> None:
    faults = Faults()
    script_faults(faults, parsed("--fault", "429@2", "--fault", "reset@3"))
    drawn = [fault and fault.kind for fault in (faults.draw() for _ in range(4))]
    assert drawn == [None, FaultKind.TOO_MANY_REQUESTS, FaultKind.RESET, None]
    faults.clear()
    script_faults(faults, parsed("--fault-share", "1", "--fault-kinds", "500,hang"))
    kinds = {fault.kind for fault in (faults.draw() for _ in range(50)) if fault}
    assert kinds == {FaultKind.INTERNAL, FaultKind.HANG}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fault", "503"),
        ("--fault", "soup@1"),
        ("--fault", "503@0"),
        ("--fault-share", "2"),
        ("--fault-kinds", "503,soup"),
        ("--concurrency", "0"),
        ("--latency", "-1"),
        ("--timeout", "inf"),
    ],
)
def test_malformed_options(arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(*arguments)
    assert arguments[0] in capsys.readouterr().err
