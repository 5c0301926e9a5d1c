"""Long answers by pages, and the tokens that ask for the next one.

A token says where to go on and what was asked, so that the server need not remember anything,
and a token of another question is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping


def question_key(question: Any) -> str:
    """What tells one question (JSON) from another."""
    text = json.dumps(question, sort_keys=True, separators=(",", ":"))
    return _digest(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def page_token(key: str, offset: int) -> str:
    """The token of the page that begins at an offset."""
    text = f"{offset}.{_digest(f'{offset} of {key}')}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def page_start(token: Any, key: str) -> int:
    """Where the page of a token begins; 0 without one.

    Raises:
        ServiceError: the token is none, or was given for another question.
    """
    if not token:
        return 0
    try:
        start = int(base64.urlsafe_b64decode(token).decode().partition(".")[0])
    except (TypeError, ValueError, binascii.Error):
        start = -1
    if start < 0 or page_token(key, start) != token:
        raise ServiceError("Invalid value at 'page_token'.", kind="page token")
    return start


def page_size(fields: Mapping[str, Any], default: int, most: int) -> int:
    """How many items a page may have.

    Args:
        fields: with `pageSize`, perhaps; text or a number, 0 meaning the default.
        default: where nothing is asked for.
        most: larger pages are cut to this.

    Raises:
        ServiceError: it is no number, or negative.
    """
    try:
        size = int(fields.get("pageSize") or default)
    except (TypeError, ValueError):
        raise ServiceError("Invalid value at 'page_size'.") from None
    if size < 1:
        raise ServiceError("Invalid value at 'page_size': it must be positive.")
    return min(size, most)
