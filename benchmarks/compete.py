"""One contestant on one case, in a process of its own: prints what it took as JSON.

`python compete.py CASE ENTRY URL PROJECT`. Imports and `ee.Initialize` come before the clock, the
comparison with the formula after it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import pixels
from cases import CASES, Case
from contestants import Entry, entries

if TYPE_CHECKING:
    from contestants import Exported


def peak_bytes() -> int:
    """The most memory that this process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def is_exact(case: Case, exported: Exported) -> bool:
    """Whether every band of every piece is what it must be."""
    exported = iter(exported)
    for piece in case.pieces:
        bands = list(next(exported, ()))
        wanted = pixels.values(piece.number, piece.row, piece.col, piece.side, piece.side)
        if len(bands) != case.bands or not all(np.array_equal(band, wanted) for band in bands):
            return False
    return next(exported, None) is None


def compete(case: Case, entry: Entry, url: str, project: str) -> dict[str, Any]:
    """Prepare, export, compare.

    Returns:
        Seconds of wall clock and of CPU time of the export; whether it is exact; seconds that the
        imports took; the most bytes of memory before the export, and by its end.
    """
    began = time.perf_counter()
    import ee

    contestant = entry.contestant()
    imports = time.perf_counter() - began
    ee.Initialize(credentials=None, url=url, project=project)

    before = peak_bytes()
    began, worked = time.perf_counter(), time.process_time()
    exported = contestant.export(case, entry.told)
    wall, cpu = time.perf_counter() - began, time.process_time() - worked
    peak = peak_bytes()
    return {
        "wall": round(wall, 3),
        "cpu": round(cpu, 3),
        "exact": is_exact(case, exported),
        "imports": round(imports, 3),
        "before": before,
        "peak": peak,
    }


def main() -> None:
    """Run one; what an export dies of is a result, too."""
    _, case_name, entry_name, url, project = sys.argv
    case = CASES[case_name]
    [entry] = [entry for entry in entries(case) if entry.name == entry_name]
    try:
        result = compete(case, entry, url, project)
    except Exception as error:
        result = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
