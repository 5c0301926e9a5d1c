"""Assets that users make, over those that the emulator has from the start.

They are kept in memory, and gone with the server. What a name may be, what may lie in what and the
words of the refusals are remembered unless marked otherwise [M].
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from eemulator.catalog.model import (
    Asset,
    Catalog,
    CollectionAsset,
    Folder,
    ImageAsset,
)
from eemulator.errors import ServiceError
from eemulator.limits import asset_bytes_exceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROOT = re.compile(r"projects/[\w.:-]+/assets|users/[\w.-]+")
_ID = re.compile(rf"({_ROOT.pattern})(/[A-Za-z0-9_-]{{1,100}})+")


class UserCatalog(Catalog):
    """A catalogue that can be written to; called from many threads.

    Assets of the catalogue below can be read and copied, and not changed.

    Args:
        base: the catalogue below.
        most_assets: how many users may make.
        most_bytes: of pixels and tables, all of them together.
    """

    def __init__(self, base: Catalog, most_assets: int, most_bytes: int) -> None:
        super().__init__(())
        self._base = base
        self.most_assets = most_assets
        self.most_bytes = most_bytes
        self._lock = threading.RLock()
        self._own: dict[str, Asset] = {}
        self._sizes: dict[str, int] = {}
        self._last_version = 0

    def __iter__(self) -> Iterator[Asset]:
        """The catalogue below; what users make is found by its parent."""
        return iter(self._base)

    def get(self, asset_id: str) -> Asset | None:
        """The asset of that id, or None where there is none."""
        with self._lock:
            found = self._own.get(asset_id)
            if isinstance(found, CollectionAsset):
                images = [c for c in self.children(asset_id) if isinstance(c, ImageAsset)]
                return replace(found, images=images)
        return self._base.get(asset_id) if found is None else found

    def made(self) -> list[Asset]:
        """What users made, by name."""
        with self._lock:
            return [self._own[key] for key in sorted(self._own)]

    def is_own(self, asset_id: str) -> bool:
        """Whether a user made the asset."""
        return asset_id in self._own

    def children(self, parent: str) -> list[Asset]:
        """What users put directly into a folder, a collection or a root, by name."""
        with self._lock:
            own = sorted(key for key in self._own if key.rpartition("/")[0] == parent)
            return [self._own[key] for key in own]

    def usage(self) -> tuple[int, int]:
        """How many assets users made, and their bytes."""
        with self._lock:
            return len(self._own), sum(self._sizes.values())

    def bytes_left(self) -> int:
        """How many more may be kept."""
        return max(self.most_bytes - self.usage()[1], 0)

    def check_new(self, asset_id: str, *, overwrite: bool = False, is_image: bool = True) -> None:
        """Refuse an asset that could not be put there now.

        Args:
            asset_id: where.
            overwrite: whether it may replace another one.
            is_image: only images go into collections.

        Raises:
            ServiceError: the name cannot be one, is taken, or has no place to be in.
        """
        if is_root(asset_id) or (found := self.get(asset_id)) is not None:
            if is_root(asset_id) or not overwrite or isinstance(found, (CollectionAsset, Folder)):
                raise ServiceError(f"Cannot overwrite asset '{asset_id}'.", kind="exists")
            if not self.is_own(asset_id):
                raise _not_yours(asset_id)
        if not _ID.fullmatch(asset_id):
            raise ServiceError(
                f"Invalid asset ID '{asset_id}': assets are made under 'projects/…/assets/' or "
                "'users/…/', and names have letters, digits, hyphens and underscores.",
                kind="asset id",
            )
        parent = asset_id.rpartition("/")[0]
        if is_root(parent):
            return
        holder = self._own.get(parent)
        if holder is None:
            raise no_asset(parent)
        if not isinstance(holder, Folder) and not (
            is_image and isinstance(holder, CollectionAsset)
        ):
            raise ServiceError(
                f"Asset '{asset_id}' cannot be made: only folders hold assets, and collections "
                "images.",
                kind="parent",
            )

    def put(self, asset: Asset, size: int = 0, *, overwrite: bool = False) -> Asset:
        """Add an asset.

        Args:
            asset: its version is set anew, and an image's index is the end of its id.
            size: bytes that it holds.
            overwrite: whether it may replace another one.

        Returns:
            The asset as it is kept.

        Raises:
            ServiceError: as `check_new`, or there are too many assets or bytes.
        """
        with self._lock:
            is_image = isinstance(asset, ImageAsset)
            self.check_new(asset.id, overwrite=overwrite, is_image=is_image)
            count, total = self.usage()
            replaced = self._sizes.get(asset.id)
            if count + (replaced is None) > self.most_assets:
                raise ServiceError(
                    f"Asset quota exceeded: {self.most_assets} assets.", kind="quota"
                )
            left = self.most_bytes - total + (replaced or 0)
            if size > left:
                raise asset_bytes_exceeded(size, left)
            self._own[asset.id] = kept = self._stamped(asset)
            self._sizes[asset.id] = size
            return kept

    def update(self, asset_id: str, change: Callable[[Asset], Asset]) -> Asset:
        """Replace an asset by what a function makes of it."""
        with self._lock:
            kept = self._stamped(change(self._yours(asset_id)))
            self._own[asset_id] = kept
            return kept

    def remove(self, asset_id: str) -> None:
        """Delete an asset.

        Raises:
            ServiceError: it holds others [S], or is no user's.
        """
        with self._lock:
            self._yours(asset_id)
            if self.children(asset_id):
                raise ServiceError(
                    f"Before trying to delete an asset, delete its children: '{asset_id}'",
                    kind="not empty",
                )
            del self._own[asset_id], self._sizes[asset_id]

    def copy(self, source: str, destination: str, *, overwrite: bool = False) -> Asset:
        """Copy an image, a table or an empty folder or collection; a copied image counts again."""
        with self._lock:
            found = self.get(source)
            if found is None:
                raise no_asset(source)
            self._check_empty(source)
            size = self._sizes.get(source, 0)
            return self.put(replace(found, id=destination), size, overwrite=overwrite)

    def move(self, source: str, destination: str) -> Asset:
        """Give an asset another id; as `copy`."""
        with self._lock:
            found = self._yours(source)
            self._check_empty(source)
            size = self._sizes.pop(source)
            del self._own[source]
            try:
                return self.put(replace(found, id=destination), size)
            except ServiceError:
                self._own[source], self._sizes[source] = found, size
                raise

    def clear(self) -> None:
        """Forget all that users made."""
        with self._lock:
            self._own.clear()
            self._sizes.clear()

    def _check_empty(self, asset_id: str) -> None:
        found = self.get(asset_id)
        if (isinstance(found, CollectionAsset) and found.images) or self.children(asset_id):
            raise ServiceError(
                f"Asset '{asset_id}' is not empty: copy or move what it holds.", kind="not empty"
            )

    def _yours(self, asset_id: str) -> Asset:
        found = self._own.get(asset_id)
        if found is None:
            raise no_asset(asset_id) if self._base.get(asset_id) is None else _not_yours(asset_id)
        return found

    def _stamped(self, asset: Asset) -> Asset:
        """With a new version, in microseconds, that no other asset has."""
        self._last_version = max(time.time_ns() // 1000, self._last_version + 1)
        if isinstance(asset, ImageAsset):
            index = {"system:index": asset.id.rpartition("/")[2]}
            properties = {k: v for k, v in asset.properties.items() if k not in index}
            asset = replace(asset, properties=index | properties)
        return replace(asset, version=self._last_version)


def is_root(asset_id: str) -> bool:
    """Whether an id is that of a project's or a user's root, which is always there."""
    return _ROOT.fullmatch(asset_id) is not None


def no_asset(asset_id: str) -> ServiceError:
    """There is none of that id."""
    return ServiceError(
        f"Asset '{asset_id}' does not exist or doesn't allow this operation.",
        code=404,
        kind="not found",
    )


def _not_yours(asset_id: str) -> ServiceError:
    return ServiceError(
        f"Permission 'earthengine.assets.update' denied on resource '{asset_id}' (or it may not "
        "exist).",
        code=403,
        kind="permission",
    )
