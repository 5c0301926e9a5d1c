"""From what was measured to docs/benchmarks.md and its chart: `python report.py`."""

from __future__ import annotations

import argparse
import inspect
import re
from pathlib import Path
from typing import Any

import chart
from cases import CASES, Case
from contestants import CONTESTANTS, entries
from results import RESULTS, Results

DOCS = Path(__file__).parent.parent / "docs"
PAGE, CHART = "benchmarks.md", "images/benchmarks.svg"
LONGEST = 160
"""Characters of an error that a table shows."""

_OF_INITIALIZE = {"discovery", "algorithms"}

HEADER = """\
| | wall | × bound | CPU s/GB | memory, MB | requests | refused | imports |
|---|---|---|---|---|---|---|---|"""

INTRODUCTION = """\
# Benchmarks

*Made by `make bench`. Do not edit: the text is in `benchmarks/report.py`.*

Every contestant exports the same pixels from the same server, `eemulator`, which takes its time as
Earth Engine does, and has the same quotas and refusals. The images cost it next to nothing, so
that the client is what is measured. Nothing here was measured against Earth Engine itself.

![Wall clock time over the bound, of each contestant on each case](images/benchmarks.svg)

**The bound** is what the service itself needs, whoever asks: one latency, then as many connections
as it allows, all full: `latency + counted bytes / (requests at a time × rate)`. Bytes are counted
as Earth Engine does, a byte of mask with each value. Patches are one request each, so their bound
is `patches / requests at a time × (latency + counted bytes of one / rate)`.

**Told**: who can be told how many requests to have under way is told 40, Earth Engine's default
quota. geetensor is told nothing. Under a smaller quota, each takes part a second time, told it.

## How to run it

```console
make bench                      # all, then this page and the chart
make bench CASES="quota hang"   # these cases again, then the page and the chart from all there is
make bench RUNS=3               # the median of three runs of each
```

sets up an environment of its own in `.venv-bench`. Each measurement goes to
`benchmarks/results.jsonl` when it is done; `.venv-bench/bin/python benchmarks/report.py` makes this
page from that file. `benchmarks/run.py --help` says how to measure one contestant only.

## What the columns say

- Each run has a server and a process of its own. The clock starts after the imports and
  `ee.Initialize`, and stops when all pixels are in memory, or in the contestant's own files.
  Requests for metadata are on the clock.
- **wall**, **× bound**: seconds by the wall clock; the same over the bound. Of several runs, the
  median, with the fastest and the slowest.
- **CPU s/GB**: CPU time of the contestant's process, for a GB of output. The server needs the same
  cores for its own work.
- **memory, MB**: what the process's peak grew by during the export, the output included.
- **requests**, **refused**: as the server counted them, those of `ee.Initialize` left out. Broken
  replies are not refusals.
- **imports**: seconds to import `ee` and the contestant, before the clock.
- Every pixel is compared with a formula when the clock has stopped. **wrong** marks an export that
  is not exact, **fails** one that raised, with its last words.
"""


def conditions(case: Case) -> str:
    """One sentence on how the server answers, and the bound."""
    service = case.service
    said = [
        f"{case.output_bytes / 1e6:.0f} MB; latency {service.latency} s",
        f"{service.rate / 1e6:g} MB/s a request",
        f"{service.concurrency} requests at a time",
    ]
    if service.memory is not None:
        said.append(f"`User memory limit exceeded` above {service.memory / 1e6:g} counted MB")
    if service.faults:
        said.append(f"{100 * service.faults:g} % of requests: {' or '.join(service.kinds)}")
    return f"{', '.join(said)}. Bound: {case.bound:.2f} s."


def row(name: str, case: Case, result: dict[str, Any]) -> str:
    """One line of a table."""
    requests = sum(n for kind, n in result["requests"].items() if kind not in _OF_INITIALIZE)
    counts = f"{requests} | {sum(result['refusals'].values())}"
    if "failed" in result:
        return f"| {name} | fails: {_in_a_cell(result['failed'])} | | | | {counts} | |"
    walls = result["walls"]
    spread = f" ({walls[0]:.1f}–{walls[-1]:.1f})" if len(walls) > 1 else ""
    return (
        f"| {name}{'' if result['exact'] else ' **wrong**'} | {result['wall']:.1f} s{spread} | "
        f"{result['wall'] / case.bound:.2f} | {result['cpu'] / (case.output_bytes / 1e9):.1f} | "
        f"{(result['peak'] - result['before']) / 1e6:.0f} | {counts} | {result['imports']:.1f} s |"
    )


def page(results: Results) -> str:
    """The whole of docs/benchmarks.md."""
    found = {
        name: [(entry, got) for entry in entries(case) if (got := results.get(name, entry.name))]
        for name, case in CASES.items()
    }
    measured = [got for rows in found.values() for _, got in rows]
    where = {f"{got['machine']}, Python {got['python']}, {got['date']}" for got in measured}
    parts = [INTRODUCTION, f"Measured on: {'; '.join(sorted(where))}.\n", "## Contestants\n"]
    for name, kind in CONTESTANTS.items():
        mine = [got for rows in found.values() for entry, got in rows if entry.contestant is kind]
        used = {got["version"] for got in mine}
        said = " ".join((inspect.getdoc(kind) or "").split())
        if used:
            parts.append(f"- **{name}** ({kind.distribution} {', '.join(sorted(used))}): {said}")
    for name, rows in found.items():
        if rows:
            case = CASES[name]
            parts += [f"\n## {case.title}\n", f"{conditions(case)}\n", HEADER]
            parts += [row(entry.name, case, got) for entry, got in rows]
    return "\n".join(parts) + "\n"


def _in_a_cell(message: str) -> str:
    message = " ".join(re.sub(r"https?://[^\s']+", "…", message).split()).replace("|", "\\|")
    return message if len(message) <= LONGEST else f"{message[: LONGEST - 1]}…"


def main() -> None:
    """Write both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder to write to")
    chosen = parser.parse_args()
    results = Results(chosen.results)
    (chosen.docs / CHART).parent.mkdir(parents=True, exist_ok=True)
    (chosen.docs / CHART).write_text(chart.draw(results), "utf-8")
    (chosen.docs / PAGE).write_text(page(results), "utf-8")


if __name__ == "__main__":
    main()
