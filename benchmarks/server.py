"""A server for a benchmark, in a process of its own: JSON in on standard input, JSON out.

The first line out has the URL and the project. A line in asks for the counters since the last.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

import eemulator
from catalogue import catalog


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.4, help="seconds")
    parser.add_argument("--rate", type=float, default=6e6, help="counted bytes a second a request")
    parser.add_argument("--concurrency", type=int, default=40)
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests")
    parser.add_argument("--memory", type=int, default=None, help="counted bytes a request")
    chosen = parser.parse_args()
    limits = eemulator.Limits(
        concurrent_requests=chosen.concurrency, max_pixels_bytes=chosen.memory
    )
    pace = eemulator.Pace(chosen.latency, chosen.rate)
    with eemulator.running(catalog(), limits, pace=pace) as server:
        if chosen.faults:
            kinds = ("503", "429", "reset", "truncate")
            faults = [eemulator.Fault(eemulator.FaultKind(kind)) for kind in kinds]
            server.faults.at_random(chosen.faults, *faults)
        print(json.dumps({"url": server.url, "project": server.project}), flush=True)
        for _ in sys.stdin:
            print(json.dumps(asdict(server.stats)), flush=True)
            server.reset_stats()


if __name__ == "__main__":
    main()
