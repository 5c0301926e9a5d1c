"""The methods that compute nothing: assets, operations, the project's settings, and refusals."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import unimplemented
from .features import list_features
from .operations import ExportMethods
from .user_assets import UserAssets

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..catalog.user import UserCatalog
    from ..exports.folder import ExportFolder
    from ..exports.operations import Operations
    from ..limits import Limits
    from ..pixels.pyramid import Pyramids
    from .call import Call

_PROJECT = r"/v1/(?P<name>projects/[^/]+)"
_ASSET = r"/v1/(?P<name>projects/[^/]+/assets/.+?)"
_OPERATION = r"/v1/(?P<name>projects/[^/]+/operations/[^/:]+)"

_ROUTES = [
    (method, re.compile(pattern), kind)
    for method, pattern, kind in (
        ("GET", rf"{_PROJECT}/config", "getConfig"),
        ("GET", rf"{_PROJECT}/operations", "listOperations"),
        ("GET", _OPERATION, "getOperation"),
        ("POST", rf"{_OPERATION}:cancel", "cancelOperation"),
        ("POST", rf"{_OPERATION}:wait", "waitOperation"),
        ("POST", rf"{_PROJECT}/image:export", "image:export"),
        ("POST", rf"{_PROJECT}/table:export", "table:export"),
        ("POST", rf"{_PROJECT}/map:export", "map:export"),
        ("POST", rf"{_PROJECT}/(?:video|videoMap|classifier):export", "unimplemented"),
        ("POST", rf"{_PROJECT}/(?:image|table):import(?:External)?", "unimplemented"),
        ("POST", rf"{_PROJECT}/assets", "createAsset"),
        ("POST", rf"{_ASSET}:copy", "copyAsset"),
        ("POST", rf"{_ASSET}:move", "moveAsset"),
        ("POST", rf"{_ASSET}:getIamPolicy", "getIamPolicy"),
        ("POST", rf"{_ASSET}:setIamPolicy", "setIamPolicy"),
        ("PATCH", _ASSET, "updateAsset"),
        ("DELETE", _ASSET, "deleteAsset"),
        ("GET", rf"{_PROJECT}/assets/?", "getAsset"),
        ("GET", rf"{_ASSET}:listFeatures", "listFeatures"),
    )
]


def resource_route(method: str, path: str) -> tuple[str, str] | None:
    """What a method and a path mean here: a kind and a resource name; None for nothing."""
    for verb, pattern, kind in _ROUTES:
        if verb == method and (found := pattern.fullmatch(path)):
            name = path.removeprefix("/v1/") if kind == "unimplemented" else found["name"]
            return kind, f"{name}/assets" if kind == "getAsset" else name
    return None


class Resources:
    """Those methods.

    Args:
        catalog: read and written.
        limits: what to refuse.
        operations: what runs in the background.
        folder: where exported files go; None for nowhere.
        pyramids: coarser levels of stored images.

    Attributes:
        methods: by the kind of request.
    """

    def __init__(
        self,
        catalog: UserCatalog,
        limits: Limits,
        operations: Operations,
        folder: ExportFolder | None,
        pyramids: Pyramids,
    ) -> None:
        self._limits = limits
        self._assets = UserAssets(catalog)
        self.methods: dict[str, Callable[[Call], Any]] = {
            **self._assets.methods,
            **ExportMethods(catalog, limits, operations, folder, pyramids).methods,
            "getConfig": self._config,
            "listFeatures": partial(list_features, catalog, limits),
            "unimplemented": _refuse,
        }

    def clear(self) -> None:
        """Forget what users set."""
        self._assets.clear()

    def _config(self, call: Call) -> dict[str, Any]:
        name = f"{call.name}/config"
        return {"name": name, "maxConcurrentExports": str(self._limits.concurrent_exports)}


def _refuse(call: Call) -> Any:
    raise unimplemented(call.name.partition("/")[2].partition("/")[2])
