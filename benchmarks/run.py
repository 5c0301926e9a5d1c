"""Side by side: every contestant on every case, and the bound. `make bench`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cases import CASES, Case
from contestants import CONTESTANTS

HERE = Path(__file__).parent
PATIENCE = 300.0
"""Seconds after which a contestant is stopped."""


def compete(name: str, case_name: str) -> dict[str, Any]:
    """One contestant against a server of its own: what it took, or what it died of."""
    case = CASES[case_name]
    with subprocess.Popen(
        [sys.executable, str(HERE / "server.py"), *_conditions(case)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())
        command = [sys.executable, str(HERE / "contestants.py"), name, case_name]
        try:
            ran = subprocess.run(
                [*command, address["url"], address["project"]],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"not done after {PATIENCE:.0f} s"}
        finally:
            server.stdin.write("\n")
            server.stdin.flush()
            stats = json.loads(server.stdout.readline())
            server.stdin.close()
    if ran.returncode:
        return {"failed": ran.stderr.strip().splitlines()[-1][:70]}
    return {**json.loads(ran.stdout.splitlines()[-1]), **stats}


def _conditions(case: Case) -> list[str]:
    options: dict[str, object] = {
        "latency": case.latency,
        "rate": case.rate,
        "concurrency": case.concurrency,
        "faults": case.faults,
        "memory": case.memory,
    }
    return [f"--{name}={value}" for name, value in options.items() if value is not None]


def row(name: str, case: Case, result: dict[str, Any]) -> str:
    """One line of a table."""
    if "failed" in result:
        return f"| {name} | fails: {result['failed']} | | | | | |"
    requests = sum(result["requests"].values())
    exact = "" if result["exact"] else " **wrong**"
    return (
        f"| {name}{exact} | {result['wall']:.1f} s | {result['wall'] / case.bound:.2f} | "
        f"{result['cpu'] / (case.output_bytes / 1e9):.1f} | {result['over'] / 1e6:.0f} | "
        f"{requests} | {sum(result['refusals'].values())} |"
    )


def main() -> None:
    """Print a table a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES), help="default: all")
    chosen = parser.parse_args()
    for case_name in chosen.cases:
        case = CASES[case_name]
        print(f"\n### {case.title}\n")
        print(
            f"{case.output_bytes / 1e6:.0f} MB; latency {case.latency} s, "
            f"{case.rate / 1e6:g} MB/s a request, {case.concurrency} requests at a time. "
            f"Bound: {case.bound:.2f} s.\n"
        )
        print("| | wall | × bound | CPU s/GB | MB over the output | requests | refused |")
        print("|---|---|---|---|---|---|---|")
        for name in CONTESTANTS:
            print(row(name, case, compete(name, case_name)), flush=True)


if __name__ == "__main__":
    main()
