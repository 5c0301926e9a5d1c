"""Side by side: every contestant on every case. Prints tables and keeps what was measured.

`python run.py [CASE ...]`. `make bench` runs all, and then `report.py`.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import report
from cases import CASES
from contestants import CONTESTANTS, Entry, entries
from results import RESULTS, Results

HERE = Path(__file__).parent


def measure(case_name: str, entry: Entry, patience: float) -> dict[str, Any]:
    """One export against a server of its own: what it took, or what it died of.

    Args:
        case_name: of `CASES`.
        entry: who exports.
        patience: seconds after which it is stopped.
    """
    with subprocess.Popen(
        [sys.executable, str(HERE / "server.py"), case_name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())
        command = [sys.executable, str(HERE / "compete.py"), case_name, entry.name]
        result = _compete([*command, address["url"], address["project"]], patience)
        server.stdin.write("\n")
        server.stdin.flush()
        stats = json.loads(server.stdout.readline())
        server.stdin.close()
    return {**result, **stats}


def _compete(command: list[str], patience: float) -> dict[str, Any]:
    # Files are written to a folder that goes, also when the contestant is stopped.
    with tempfile.TemporaryDirectory() as folder:
        try:
            ran = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=patience,
                check=False,
                env={**os.environ, "TMPDIR": folder},
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"not done after {patience:.0f} s"}
    try:
        result: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last = (ran.stderr.strip().splitlines() or ["no message"])[-1]
        return {"failed": f"exit code {ran.returncode}: {last}"}
    return result


def measure_often(case_name: str, entry: Entry, runs: int, patience: float) -> dict[str, Any]:
    """The run of median wall clock time, or the first that failed; with all `walls`."""
    results = []
    for _ in range(runs):
        result = measure(case_name, entry, patience)
        if "failed" in result:
            return result
        results.append(result)
    results.sort(key=lambda result: float(result["wall"]))
    return {**results[(runs - 1) // 2], "walls": [result["wall"] for result in results]}


def main() -> None:
    """Print a table a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=f"default: all of {', '.join(CASES)}")
    parser.add_argument(
        "--only", action="append", help="a row's name, such as Xee; may be repeated"
    )
    parser.add_argument("--runs", type=int, default=1, help="of each; the median is kept")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds for one export")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file to keep them in")
    chosen = parser.parse_args()
    if unknown := set(chosen.cases) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")

    results = Results(chosen.results)
    about = {
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
    }
    versions = {kind: version(kind.distribution) for kind in CONTESTANTS.values()}
    print("; ".join(about.values()))
    print("; ".join(f"{kind.distribution} {number}" for kind, number in versions.items()))
    for case_name in chosen.cases or CASES:
        case = CASES[case_name]
        print(f"\n### {case.title}\n\n{report.conditions(case)}\n\n{report.HEADER}", flush=True)
        for entry in entries(case):
            if chosen.only and entry.name not in chosen.only:
                continue
            measured = measure_often(case_name, entry, chosen.runs, chosen.patience)
            made = {"case": case_name, "entry": entry.name, "version": versions[entry.contestant]}
            results.record({**made, **about, **measured})
            print(report.row(entry.name, case, measured), flush=True)


if __name__ == "__main__":
    main()
