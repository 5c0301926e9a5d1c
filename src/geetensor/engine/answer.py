"""What a reply that is no success means for the task that asked."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from geetensor.engine import wire
from geetensor.engine.retry import (
    LONGEST_RETRY_AFTER,
    Remedy,
    RetryPolicy,
    is_for_load,
    remedy,
)
from geetensor.engine.tasks import Fail, Refused, Retry
from geetensor.errors import (
    EarthEngineError,
    NotFoundError,
    ServiceUnavailableError,
    SignInError,
)

if TYPE_CHECKING:
    from geetensor.engine.call import Call
    from geetensor.engine.tasks import Outcome
    from geetensor.engine.transport import Reply

POLICY = RetryPolicy()

_JITTER = random.Random()


def answer_to(reply: Reply, subject: str, call: Call) -> Outcome:
    """What to do about a reply, where asking for less would not help.

    Args:
        reply: no success.
        subject: what was asked for.
        call: of the request.
    """
    attempt = call.attempt
    for_load = is_for_load(reply.status, reply.reasons)
    if not for_load and remedy(reply.status, reply.message) is not Remedy.RETRY:
        return Fail(_failure(reply, subject, attempt))
    advice = "Nothing is wrong with the request: try again later, or with fewer max_workers."
    asked = reply.retry_after or 0.0
    if asked > LONGEST_RETRY_AFTER:
        advice = f"The service asks to try again in {asked:.0f} s, which is not waited for."
    error = ServiceUnavailableError(
        reply.message,
        status=reply.status or None,
        attempts=attempt,
        subject=subject,
        advice=advice,
    )
    if asked > LONGEST_RETRY_AFTER:
        return Fail(error)
    if for_load:
        return Refused(reply.retry_after, error)
    delay = POLICY.delay(attempt, reply.retry_after, _JITTER, calm=call.calm)
    return Fail(error) if delay is None else Retry(delay, reply.message)


def _failure(reply: Reply, subject: str, attempt: int) -> Exception:
    """The error that says what happened, to what, and what to do."""
    status, message = reply.status, reply.message
    if status == 401:
        return SignInError(
            f"Earth Engine answered 401 to {subject}: {message} Sign in again: "
            "geetensor.ee_utils.initialize(), or ee.Authenticate()."
        )
    if status == 403:
        return SignInError(f"Earth Engine answered 403 to {subject}: {message}")
    kind, advice = EarthEngineError, ""
    if wire.is_not_found(status, message):
        kind, advice = NotFoundError, "Check the asset id and who may read it."
    elif wire.is_no_collection(status, message):
        advice = "A single image goes to the functions of geetensor.ee_image as it is."
    return kind(message, status=status, attempts=attempt, subject=subject, advice=advice)
