"""Computed values and pages of tables: the tasks that fetch them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from geetensor.engine import wire
from geetensor.engine.answer import answer_to
from geetensor.engine.endpoint import endpoint_of
from geetensor.engine.retry import NO_REPLY
from geetensor.engine.tasks import Done, Fail, Replace
from geetensor.engine.transport import Collected, Reply
from geetensor.errors import BadReplyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from geetensor.engine.call import Call
    from geetensor.engine.tasks import Outcome
    from geetensor.engine.transport import Transport

PAGE_ROWS = 1000
"""Rows of a page: Earth Engine's default. Its greatest is not documented."""


@dataclass(slots=True)
class ValueTask:
    """Computes the value of an expression.

    Attributes:
        expression: serialised.
        transport: the door to the network.
        subject: what to call it in messages.
        convert: what to keep of the value; called in the thread of the request.
        value: when it is done.
    """

    expression: bytes = field(repr=False)
    transport: Transport
    subject: str
    convert: Callable[[Any], Any] | None = None
    held_bytes: int = 0
    value: Any = None

    def run(self, call: Call) -> Outcome:
        """Send the request; see `geetensor.engine.tasks.Task`."""
        session = self.transport.session
        request = wire.compute_call(self.expression, session.project, session.workload_tag)
        outcome, value = _ask(request, wire.decode_value, self.transport, self.subject, call)
        if outcome is not None:
            return outcome
        if value is None:
            return Fail(BadReplyError(f"{self.subject}: Earth Engine computed null."))
        self.value = value if self.convert is None else self.convert(value)
        return Done()


@dataclass(frozen=True, slots=True)
class PageTask:
    """Fetches a page of a table, and hands over to the next one.

    Attributes:
        expression: of the table, serialised.
        transport: the door to the network.
        subject: what to call it in messages.
        take: called with each page's features, in order, in the thread of the request.
        token: of the page; empty for the first.
    """

    expression: bytes = field(repr=False)
    transport: Transport
    subject: str
    take: Callable[[list[Any]], None]
    token: str = ""
    held_bytes: int = 0

    def run(self, call: Call) -> Outcome:
        """Send the request; see `geetensor.engine.tasks.Task`."""
        session = self.transport.session
        request = wire.features_call(
            self.expression, PAGE_ROWS, self.token, session.project, session.workload_tag
        )
        outcome, page = _ask(request, wire.decode_features, self.transport, self.subject, call)
        if outcome is not None:
            return outcome
        features, token = page
        self.take(features)
        return Replace([replace(self, token=token)]) if token else Done()


def _ask(
    request: tuple[str, bytes],
    decode: Callable[[bytes], Any],
    transport: Transport,
    subject: str,
    call: Call,
) -> tuple[Outcome | None, Any]:
    """What a reply means for the task, or None, and what it holds."""
    reply_body = Collected()
    reply = transport.post(*request, reply_body, call)
    endpoint_of(transport.session).heed(reply.headers)
    if reply.status == 200:
        try:
            return None, decode(reply_body.body)
        except BadReplyError as error:
            reply = Reply(NO_REPLY, message=str(error))
    return answer_to(reply, subject, call), None
