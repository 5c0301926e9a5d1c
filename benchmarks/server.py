"""A server for one case, in a process of its own: `python server.py CASE`.

The first line out has the URL and the project, as JSON. A line in asks for the counters since the
last. It ends with its standard input.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import eemulator
from cases import CASES
from catalogue import catalog


def main() -> None:
    """Serve until standard input ends."""
    [_, case_name] = sys.argv
    service = CASES[case_name].service
    limits = eemulator.Limits(
        concurrent_requests=service.concurrency, max_pixels_bytes=service.memory
    )
    pace = eemulator.Pace(service.latency, service.rate)
    with eemulator.running(catalog(), limits, pace=pace) as server:
        if service.faults:
            faults = [eemulator.Fault(eemulator.FaultKind(kind)) for kind in service.kinds]
            server.faults.at_random(service.faults, *faults, seed=service.seed)
        print(json.dumps({"url": server.url, "project": server.project}), flush=True)
        for _ in sys.stdin:
            print(json.dumps(asdict(server.stats)), flush=True)
            server.reset_stats()


if __name__ == "__main__":
    main()
