"""What computations took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ServiceError, unimplemented
from ..expression.registry import algorithm

if TYPE_CHECKING:
    from ..expression.evaluate import Session


@algorithm("Profile.getProfiles", session=True, ignores=["maxEntries"])
def get_profiles(session: Session, ids: list[str], file_format: str) -> str:
    """Profiles of earlier requests, together.

    Raises:
        ServiceError: one is not there, or another format than text is asked for.
    """
    if file_format != "text":
        raise unimplemented(f"Profile.getProfiles as {file_format}")
    if session.profiles is None:
        raise ServiceError("Exports have no profiles.")
    return session.profiles.text(ids)
