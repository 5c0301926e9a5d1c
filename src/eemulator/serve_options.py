"""Options of `python -m eemulator serve`: quotas, pace, faults and exports."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .limits import Limits
from .weather import Fault, FaultKind, Pace

if TYPE_CHECKING:
    from .weather import Faults

_DEFAULTS = Limits()


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    parser.add_argument(
        "--exports", metavar="DIR", help="folder that exported files go to; without, none are made"
    )
    quotas = parser.add_argument_group("quotas")
    quotas.add_argument(
        "--concurrency",
        type=_count,
        default=_DEFAULTS.concurrent_requests,
        metavar="N",
        help="requests under way at once (%(default)s)",
    )
    quotas.add_argument(
        "--per-second",
        type=_count,
        default=_DEFAULTS.requests_per_second,
        metavar="N",
        help="requests begun in any second (%(default)s)",
    )
    quotas.add_argument(
        "--per-minute", type=_count, metavar="N", help="requests begun in any minute (no limit)"
    )
    quotas.add_argument(
        "--eecu-seconds",
        type=_amount,
        metavar="S",
        help="processor time after which the project is in restricted mode (no limit)",
    )
    quotas.add_argument(
        "--timeout",
        type=_amount,
        default=_DEFAULTS.computation_seconds,
        metavar="S",
        help="longest computation, in seconds (%(default)s)",
    )
    weather = parser.add_argument_group("rough weather")
    weather.add_argument(
        "--latency", type=_amount, default=0.0, metavar="S", help="seconds before each reply (0)"
    )
    weather.add_argument(
        "--bytes-per-second", type=_amount, metavar="N", help="speed of each reply (no limit)"
    )
    weather.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="KIND@N",
        help=f"let the Nth request fail; kinds are {', '.join(FaultKind)}",
    )
    weather.add_argument(
        "--fault-share", type=_share, metavar="P", help="let this share of requests fail, 0 to 1"
    )
    weather.add_argument(
        "--fault-kinds",
        type=_kinds,
        default=[FaultKind.UNAVAILABLE],
        metavar="KIND,…",
        help="what happens to those (503)",
    )
    weather.add_argument(
        "--fault-seed", type=int, default=0, metavar="N", help="which of the requests they are (0)"
    )


def limits_of(chosen: argparse.Namespace) -> Limits:
    """The limits that were asked for."""
    return Limits(
        concurrent_requests=chosen.concurrency,
        requests_per_second=chosen.per_second,
        requests_per_minute=chosen.per_minute,
        eecu_seconds=chosen.eecu_seconds,
        computation_seconds=chosen.timeout,
    )


def pace_of(chosen: argparse.Namespace) -> Pace:
    """The pace that was asked for."""
    return Pace(chosen.latency, chosen.bytes_per_second)


def script_faults(faults: Faults, chosen: argparse.Namespace) -> None:
    """Set the faults that were asked for."""
    for number, kind in chosen.fault:
        faults.at(number, Fault(kind))
    if chosen.fault_share is not None:
        kinds = [Fault(kind) for kind in chosen.fault_kinds]
        faults.at_random(chosen.fault_share, *kinds, seed=chosen.fault_seed)


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not positive")
    return value


def _amount(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no amount")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1")
    return value


def _kind(text: str) -> FaultKind:
    try:
        return FaultKind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"unknown kind '{text}'; use one of {', '.join(FaultKind)}"
        ) from None


def _kinds(text: str) -> list[FaultKind]:
    return [_kind(part) for part in text.split(",")]


def _fault(text: str) -> tuple[int, FaultKind]:
    kind, sign, number = text.partition("@")
    if not sign:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form KIND@N")
    return _count(number), _kind(kind)
