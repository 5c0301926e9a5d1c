"""Who is asking: the identity that `ee.Initialize()` left in the client.

The client has no public way to its session's state. This module is the only one that reads it,
and it only reads: the user's session is never changed.
"""

from __future__ import annotations

import platform
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ee
import google.auth.exceptions
from ee import _state as ee_state

from geetensor.errors import SignInError

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_SIGNED_IN = (
    "There is no Earth Engine session. Call geetensor.ee_utils.initialize(project='my-project'), "
    "or ee.Initialize(project='my-project'), first."
)

CANNOT_RENEW = (
    "The credentials for Earth Engine have expired and cannot be renewed. Sign in again: run "
    "`earthengine authenticate`, or pass a service account's key to "
    "geetensor.ee_utils.initialize()."
)

_DEFAULT_PROJECT = "earthengine-legacy"


class _SignIn:
    """A sign-in of its own."""


@dataclass(frozen=True, slots=True)
class Session:
    """An Earth Engine session, as far as requests need it.

    Attributes:
        base_url: of the REST API, without a trailing slash.
        project: the Cloud project that pays.
        workload_tag: the user's tag on requests; empty for none.
        headers: that say which project and which client is asking.
        sign_in: the same for all sessions of one `ee.Initialize()`, another after the next.
        credentials: google-auth's; None without sign-in. Never shown.
        api_key: Never shown.
    """

    base_url: str
    project: str
    workload_tag: str
    headers: dict[str, str]
    sign_in: object = field(default_factory=_SignIn, repr=False)
    credentials: Any = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Refuse: a session holds credentials."""
        raise TypeError("A session holds credentials and cannot be pickled.")

    def authorization(self, refresh: Callable[[Any], None], refused: str = "") -> dict[str, str]:
        """The header that signs a request in; empty without credentials.

        Args:
            refresh: renews the credentials that it is given, over the network.
            refused: the value of that header in a request that the service answered 401: where
                it is still the current one, the credentials are renewed.

        Raises:
            SignInError: if they cannot be renewed.
        """
        if self.credentials is None:
            return {}
        with _REFRESHING:
            if not self.credentials.valid or (
                refused and self._signature().get(_AUTHORIZATION) == refused
            ):
                try:
                    refresh(self.credentials)
                except google.auth.exceptions.RefreshError:
                    # Its text may quote the reply of the token's endpoint: not for messages.
                    raise SignInError(CANNOT_RENEW) from None
            return self._signature()

    def _signature(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        self.credentials.apply(headers)
        # Credentials may add the project's header too, which is among ours already.
        found = [value for name, value in headers.items() if name.lower() == "authorization"]
        return {_AUTHORIZATION: found[0]} if found else {}


_AUTHORIZATION = "Authorization"

_REFRESHING = threading.Lock()


def is_signed_in() -> bool:
    """Whether the user's `ee` client has a session."""
    return bool(ee_state.get_state().initialized)


def current_session() -> Session:
    """The session that the user's `ee` client is signed in with.

    Raises:
        SignInError: if `ee.Initialize()` was not called.
    """
    state = ee_state.get_state()
    if not state.initialized or not state.cloud_api_base_url:
        raise SignInError(NOT_SIGNED_IN)
    project = state.cloud_api_user_project or _DEFAULT_PROJECT
    headers = {
        "X-Goog-Api-Client": f"ee-py/{ee.__version__} python/{platform.python_version()}",
    }
    if project != _DEFAULT_PROJECT:
        headers["X-Goog-User-Project"] = str(project)
    if state.user_agent:
        headers["User-Agent"] = state.user_agent
    return Session(
        base_url=state.cloud_api_base_url.rstrip("/"),
        project=str(project),
        workload_tag=state.workload_tag.get(),
        headers=headers,
        sign_in=state.cloud_api_resource,
        credentials=state.credentials,
        api_key=state.cloud_api_key,
    )
