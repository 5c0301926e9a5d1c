"""The one exception that becomes an error reply."""

from __future__ import annotations

from typing import Any

STATUS_OF = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class ServiceError(Exception):
    """A request that the service refuses, in the service's own words.

    Args:
        message: what the client is shown.
        code: HTTP status.
        kind: a short name under which `Stats.refusals` counts it.
        prefixed: whether outer algorithms put their names before the message.
    """

    def __init__(
        self, message: str, code: int = 400, kind: str = "invalid", *, prefixed: bool = True
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.kind = kind
        self.prefixed = prefixed
        self.retry_after: int | None = None

    def body(self) -> dict[str, Any]:
        """The JSON reply."""
        status = STATUS_OF.get(self.code, "UNKNOWN")
        return {"error": {"code": self.code, "message": self.message, "status": status}}

    def within(self, prefix: str) -> ServiceError:
        """The same error, seen from an outer algorithm."""
        if not self.prefixed:
            return self
        return ServiceError(f"{prefix}{self.message}", self.code, self.kind)


def unimplemented(what: str) -> ServiceError:
    """Something that the service does and the emulator does not.

    The status is 405, as the client takes 501 for a failure that may pass, and asks again.
    """
    return ServiceError(f"{what}: not implemented by the emulator.", 405, "unimplemented")
