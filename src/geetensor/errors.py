"""What can go wrong, grouped by what the caller would do about it."""

from __future__ import annotations

from typing import Any


class GeetensorError(Exception):
    """Base of every error that this package raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as it is, so that it may come from another process: not composed anew."""
        return _restore, (type(self), self.args, self.__dict__)


def _restore(
    kind: type[GeetensorError], args: tuple[Any, ...], state: dict[str, Any]
) -> GeetensorError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class InvalidInputError(GeetensorError, ValueError):
    """The call itself is wrong. Nothing was sent; change the arguments."""


class UnknownBandError(InvalidInputError):
    """The image has no such band. The message lists the bands that it has."""


class OutsideImageError(InvalidInputError):
    """The area does not touch the image."""


class RequestTooLargeError(InvalidInputError):
    """The pixels cannot come in one request. Use a function that splits."""


class OutputTooLargeError(InvalidInputError, MemoryError):
    """The output does not fit into this machine's free memory."""


class MissingPackageError(GeetensorError, ImportError):
    """An optional package is not installed. The message says how to install it."""

    def __init__(self, package: str, extra: str) -> None:
        """Compose the message.

        Args:
            package: that could not be imported.
            extra: of this distribution, that requires it.
        """
        super().__init__(f"This needs {package}: pip install 'geetensor[{extra}]'.", name=package)


class SignInError(GeetensorError):
    """No usable Earth Engine session: sign in, or have the project registered."""


class EarthEngineError(GeetensorError):
    """The service refused or failed, and asking again would not help.

    Attributes:
        service_message: the service's own words.
        status: HTTP status of the last reply; None if there was no reply.
        attempts: how many times the request was sent.
    """

    def __init__(
        self,
        service_message: str,
        *,
        status: int | None = None,
        attempts: int = 1,
        subject: str = "",
        advice: str = "",
    ) -> None:
        """Compose the message.

        Args:
            service_message: the service's own words.
            status: HTTP status of the last reply; None if there was none.
            attempts: how many times the request was sent.
            subject: the asset and tile that were asked for.
            advice: what to do about it.
        """
        self.service_message = service_message
        self.status = status
        self.attempts = attempts
        said = f"Earth Engine answered {status}" if status else "No usable answer from Earth Engine"
        times = f" (attempt {attempts})" if attempts > 1 else ""
        about = f" to {subject}" if subject else ""
        stop = "" if service_message.endswith((".", "!", "?")) else "."
        tail = f"{stop} {advice}" if advice else ""
        super().__init__(f"{said}{about}{times}: {service_message}{tail}")


class NotFoundError(EarthEngineError):
    """The asset does not exist, or the signed-in account may not read it."""


class ServiceUnavailableError(EarthEngineError):
    """The service kept failing or refusing for its load. The same call may succeed later."""


class BadReplyError(GeetensorError):
    """A reply came that is not what was asked for: wrong shape, wrong dtype, undecodable."""


class LossyReplyError(BadReplyError):
    """A band came in a type that its metadata did not announce, and the output cannot hold it."""


class TargetError(InvalidInputError):
    """The place to write to is not usable as it is. Choose another, or allow to overwrite."""


class TargetBusyError(GeetensorError):
    """Another process is writing to the same place. Wait for it."""


class StorageError(GeetensorError, OSError):
    """What was fetched cannot be stored: the disk is full, or the store is gone.

    What is stored is kept, and so is the journal: make room, and the same call goes on from there.
    """
