"""Asset ids and the resource names that URLs use for them."""

from __future__ import annotations

PROJECT = "local-emulator"
"""The project to sign in with; any other does, too."""

_PUBLIC = "projects/earthengine-public/assets/"
_LEGACY = "projects/earthengine-legacy/assets/"


def asset_id(name: str) -> str:
    """The id of a resource name: what follows `assets/` for public and legacy projects."""
    for prefix in (_PUBLIC, _LEGACY):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def asset_name(identifier: str) -> str:
    """The resource name of an id."""
    if identifier.startswith("projects/") and "/assets/" in identifier:
        return identifier
    root = identifier.partition("/")[0]
    return (_LEGACY if root in ("users", "projects") else _PUBLIC) + identifier
