"""The emulator's own paths: what it counted, what goes wrong, how slow it is.

| | |
|---|---|
| `GET /emulator/stats` | what was counted |
| `GET /emulator/faults` | which requests fail |
| `POST /emulator/faults` | `{"kind": "503", "at": [3, 5]}`, `{"kinds": ["reset"], "share": 0.1}` |
| `DELETE /emulator/faults` | no request fails; the next one is number 1 |
| `GET /emulator/pace` | how long replies take |
| `POST /emulator/pace` | `{"latency": 0.4, "bytesPerSecond": 6000000}` |
| `POST /emulator/reset` | `{}`: as if just started |

Nobody is asked who they are, so they answer this machine only. A page in a browser on this machine
could ask, too: what changes something wants JSON as its content type, which a page of another
origin cannot send unasked, and a foreign `Origin` or `Host` is refused, which ends that and a name
that points here.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from ..errors import ServiceError
from ..weather import Fault, FaultKind, Pace
from .fields import parse_json
from .origin import check_machine, check_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from ..stats import Stats
    from ..weather import Faults

PREFIX = "/emulator/"

_MOST_BYTES = 2**20
_FAULT_FIELDS = frozenset({"kind", "kinds", "at", "share", "seed", "retryAfter", "seconds"})
_PACE_FIELDS = frozenset({"latency", "bytesPerSecond"})


class Admin:
    """Those paths.

    Args:
        stats: told.
        faults: told and set.
        pace: the pace now.
        set_pace: replaces it.
        reset: makes the server as if just started.
    """

    def __init__(
        self,
        stats: Stats,
        faults: Faults,
        pace: Callable[[], Pace],
        set_pace: Callable[[Pace], None],
        reset: Callable[[], None],
    ) -> None:
        self._faults = faults
        self._methods: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "stats"): lambda _: asdict(stats.snapshot()),
            ("GET", "faults"): lambda _: _faults_json(faults),
            ("POST", "faults"): self._set_faults,
            ("DELETE", "faults"): lambda _: faults.clear(),
            ("GET", "pace"): lambda _: _pace_json(pace()),
            ("POST", "pace"): lambda body: set_pace(_parse_pace(body)),
            ("POST", "reset"): lambda _: reset(),
        }

    async def reply(self, request: Request) -> Response:
        """The reply to a request; neither it nor a refusal is counted."""
        try:
            return JSONResponse(await self._answer(request))
        except ServiceError as error:
            return JSONResponse(error.body(), error.code)

    async def _answer(self, request: Request) -> Any:
        check_machine(request)
        check_page(request)
        method = self._methods.get((request.method, request.url.path.removeprefix(PREFIX)))
        if method is None:
            raise ServiceError(f"Not found: {request.method} {request.url.path}", code=404)
        body = await _json_body(request) if request.method == "POST" else {}
        # A reset waits until exports have noticed.
        return await asyncio.to_thread(method, body) or {}

    def _set_faults(self, body: Mapping[str, Any]) -> None:
        _check(body, _FAULT_FIELDS)
        kinds = body.get("kinds", [body.get("kind")])
        wait, seconds = body.get("retryAfter"), _positive(body, "seconds", 60.0)
        if wait is not None and not (isinstance(wait, int) and wait >= 0):
            raise ServiceError("Invalid value at 'retryAfter': whole seconds are needed.")
        try:
            faults = [Fault(FaultKind(kind), wait, seconds) for kind in kinds]
        except (TypeError, ValueError):
            known = ", ".join(kind.value for kind in FaultKind)
            raise ServiceError(f"Invalid value at 'kind': use one of {known}.") from None
        if ("at" in body) == ("share" in body):
            raise ServiceError("Either 'at' or 'share' is needed.")
        if "share" in body:
            try:
                self._faults.at_random(body["share"], *faults, seed=int(body.get("seed", 0)))
            except (TypeError, ValueError) as error:
                raise ServiceError(f"Invalid value at 'share': {error}.") from None
            return
        numbers = body["at"] if isinstance(body["at"], list) else [body["at"]]
        if len(faults) != 1 or not all(isinstance(n, int) and n > 0 for n in numbers):
            raise ServiceError("Invalid value at 'at': numbers from 1 on and one kind are needed.")
        for number in numbers:
            self._faults.at(number, faults[0])


async def _json_body(request: Request) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ServiceError("The content type must be application/json.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise ServiceError("The body is too large.")
    return parse_json(body)


def _check(body: Any, known: frozenset[str]) -> None:
    if not isinstance(body, dict):
        raise ServiceError("An object is needed.")
    if unknown := body.keys() - known:
        raise ServiceError(f"Unknown names: {', '.join(sorted(unknown))}.")


def _positive(body: Mapping[str, Any], name: str, default: float) -> float:
    value = body.get(name, default)
    if not isinstance(value, (int, float)) or not (0 <= value < math.inf):
        raise ServiceError(f"Invalid value at '{name}': a number from 0 on is needed.")
    return float(value)


def _parse_pace(body: Any) -> Pace:
    _check(body, _PACE_FIELDS)
    rate = _positive(body, "bytesPerSecond", 0.0) if body.get("bytesPerSecond") else 0.0
    return Pace(_positive(body, "latency", 0.0), rate or None)


def _pace_json(pace: Pace) -> dict[str, Any]:
    return {"latency": pace.latency, "bytesPerSecond": pace.bytes_per_second}


def _fault_json(fault: Fault) -> dict[str, Any]:
    described: dict[str, Any] = {"kind": fault.kind.value, "seconds": fault.seconds}
    return (
        described
        if fault.retry_after is None
        else {
            **described,
            "retryAfter": fault.retry_after,
        }
    )


def _faults_json(faults: Faults) -> dict[str, Any]:
    script = faults.script()
    return {
        "requests": script.requests,
        "at": {str(number): _fault_json(fault) for number, fault in script.at.items()},
        "share": script.share,
        "faults": [_fault_json(fault) for fault in script.at_random],
    }
