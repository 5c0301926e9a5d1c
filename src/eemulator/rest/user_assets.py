"""The methods of assets: told, made, changed, copied, moved, deleted, shared.

What an asset that a user does not have is answered with, and all of sharing, is remembered [M].
"""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..catalog.model import CollectionAsset, Folder, ImageAsset
from ..catalog.renamed import renamed_bands
from ..catalog.user import is_root, no_asset
from ..errors import ServiceError, unimplemented
from ..limits import resource_not_found
from ..names import asset_id
from ..values.parse import parse_date
from .assets import asset_json, list_assets
from .fields import check_fields, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..catalog.model import Asset
    from ..catalog.user import UserCatalog
    from .call import Call

_TIMES = {
    "startTime": "system:time_start",
    "start_time": "system:time_start",
    "endTime": "system:time_end",
    "end_time": "system:time_end",
}
_PUBLIC_POLICY = {"bindings": [{"role": "roles/viewer", "members": ["allUsers"]}]}
_OWN_POLICY = {"bindings": [{"role": "roles/owner", "members": ["user:owner@example.com"]}]}


class UserAssets:
    """The methods over a catalogue; called from many threads.

    Args:
        catalog: read and written.

    Attributes:
        methods: by the kind of request.
    """

    def __init__(self, catalog: UserCatalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._policies: dict[str, dict[str, Any]] = {}
        self.methods: dict[str, Callable[[Call], Any]] = {
            "getAsset": self._get,
            "listAssets": lambda call: list_assets(self._catalog, call.name, call.query),
            "createAsset": self._create,
            "updateAsset": self._update,
            "deleteAsset": self._delete,
            "copyAsset": self._copy,
            "moveAsset": self._move,
            "getIamPolicy": self._policy,
            "setIamPolicy": self._set_policy,
        }

    def clear(self) -> None:
        """Forget who may do what."""
        with self._lock:
            self._policies.clear()

    def _get(self, call: Call) -> dict[str, Any]:
        name = call.name.rstrip("/")
        identifier = asset_id(name)
        if is_root(identifier):
            return self._root(name, identifier)
        found = self._catalog.get(identifier)
        if found is not None:
            return asset_json(found)
        own = call.caller and name.startswith(f"projects/{call.caller}/")
        raise no_asset(identifier) if own else resource_not_found(name)

    def _root(self, name: str, identifier: str) -> dict[str, Any]:
        count, size = self._catalog.usage()
        quota = {
            "assetCount": count,
            "maxAssets": self._catalog.most_assets,
            "sizeBytes": size,
            "maxSizeBytes": self._catalog.most_bytes,
        }
        described = {key: str(value) for key, value in quota.items()}
        return {"type": "FOLDER", "name": name, "id": identifier, "quota": described}

    def _create(self, call: Call) -> dict[str, Any]:
        fields = check_fields(parse_json(call.body), "createAsset")
        identifier = asset_id(f"{call.name}/assets/{call.query.get('assetId', '')}")
        properties = _plain(fields.get("properties") or {}) | _times(fields)
        match fields.get("type"):
            case "FOLDER":
                made: Asset = Folder(identifier, properties)
            case "IMAGE_COLLECTION":
                made = CollectionAsset(identifier, (), properties)
            case "IMAGE" | "TABLE" as kind:
                raise unimplemented(f"Assets of type {kind} are made by exports")
            case kind:
                raise ServiceError(f"Invalid value at 'asset.type': {kind!r}.")
        return asset_json(self._catalog.put(made))

    def _update(self, call: Call) -> dict[str, Any]:
        body = check_fields(parse_json(call.body), "updateAsset")
        fields = body.get("asset", {})
        if not isinstance(fields, dict):
            raise ServiceError("Invalid value at 'asset': an object is needed.")
        paths = _paths(body.get("updateMask"))

        def change(asset: Asset) -> Asset:
            return _changed(asset, fields, paths)

        return asset_json(self._catalog.update(asset_id(call.name), change))

    def _delete(self, call: Call) -> dict[str, Any]:
        self._catalog.remove(asset_id(call.name))
        self._forget_policy(call.name)
        return {}

    def _copy(self, call: Call) -> dict[str, Any]:
        body = check_fields(parse_json(call.body), "copyAsset")
        source, overwrite = asset_id(call.name), bool(body.get("overwrite"))
        return asset_json(self._catalog.copy(source, _destination(body), overwrite=overwrite))

    def _move(self, call: Call) -> dict[str, Any]:
        body = check_fields(parse_json(call.body), "moveAsset")
        moved = self._catalog.move(asset_id(call.name), _destination(body))
        self._forget_policy(call.name)
        return asset_json(moved)

    def _forget_policy(self, name: str) -> None:
        with self._lock:
            self._policies.pop(asset_id(name), None)

    def _policy(self, call: Call) -> dict[str, Any]:
        identifier = asset_id(call.name)
        if self._catalog.get(identifier) is None:
            raise no_asset(identifier)
        if not self._catalog.is_own(identifier):
            return _PUBLIC_POLICY
        with self._lock:
            return self._policies.get(identifier, _OWN_POLICY)

    def _set_policy(self, call: Call) -> dict[str, Any]:
        policy = check_fields(parse_json(call.body), "setIamPolicy").get("policy")
        if not isinstance(policy, dict) or not isinstance(policy.get("bindings", []), list):
            raise ServiceError("Invalid value at 'policy': an object with bindings is needed.")
        identifier = asset_id(call.name)
        if not self._catalog.is_own(identifier):
            raise no_asset(identifier)
        with self._lock:
            self._policies[identifier] = policy
        return policy


def _destination(body: Mapping[str, Any]) -> str:
    name = body.get("destinationName")
    if not isinstance(name, str) or not name:
        raise ServiceError("Invalid value at 'destination_name': a name is needed.")
    return asset_id(name)


def _plain(wire: Any) -> dict[str, Any]:
    """Properties as they may be stored: texts, numbers and lists of them [M]; a null is none."""
    if not isinstance(wire, dict):
        raise ServiceError("Invalid value at 'asset.properties': an object is needed.")
    properties = {name: value for name, value in wire.items() if value is not None}
    for name, value in properties.items():
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, (str, int, float)) for part in parts):
            raise ServiceError(
                f"Invalid value at 'asset.properties': '{name}' must be text, a number or a list."
            )
    return properties


def _times(fields: Mapping[str, Any]) -> dict[str, int]:
    return {key: parse_date(fields[wire]).millis for wire, key in _TIMES.items() if wire in fields}


def _paths(mask: Any) -> list[str]:
    """The paths of a field mask: a list, or text with commas; none means all [S]."""
    paths = mask.get("paths") if isinstance(mask, dict) else mask
    if isinstance(paths, str):
        paths = paths.split(",")
    if not paths:
        return ["properties", "startTime", "endTime", "bands"]
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise ServiceError("Invalid value at 'update_mask'.")
    return paths


def _changed(asset: Asset, fields: Mapping[str, Any], paths: list[str]) -> Asset:
    """An asset with some fields as given; a path that is not given is deleted [S]."""
    kept = {"system:index", *_TIMES.values()}
    properties = dict(asset.properties)
    given, times = _plain(fields.get("properties") or {}), _times(fields)
    for path in paths:
        if path == "properties":
            properties = {k: v for k, v in properties.items() if k in kept} | given
        elif path in _TIMES:
            properties.pop(_TIMES[path], None)
            properties |= {k: v for k, v in times.items() if k == _TIMES[path]}
        elif found := re.fullmatch(r'properties\.(?:"([^"]+)"|([^"]+))', path):
            name = found[1] or found[2]
            properties.pop(name, None)
            properties |= {k: v for k, v in given.items() if k == name}
        elif path == "bands":
            if fields.get("bands"):
                asset = _with_bands(asset, fields["bands"])
        else:
            raise ServiceError(f"Invalid value at 'update_mask': unknown path '{path}'.")
    return replace(asset, properties=properties)


def _with_bands(asset: Asset, bands: Any) -> Asset:
    """An image with other names of its bands."""
    if not isinstance(asset, ImageAsset):
        raise ServiceError(f"Asset '{asset.id}' has no bands.")
    try:
        names = [str(band["id"]) for band in bands]
    except (KeyError, TypeError):
        raise ServiceError("Invalid value at 'asset.bands': each needs an id.") from None
    if len(names) != len(asset.bands) or len(set(names)) != len(names):
        raise ServiceError(
            f"Invalid value at 'asset.bands': {len(asset.bands)} different names are needed."
        )
    return renamed_bands(asset, names)
