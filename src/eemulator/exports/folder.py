"""The local folder that stands for Drive and for buckets."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_BYTES = 150
"""Of a name, so that with what follows it is one that file systems take."""


class ExportFolder:
    """Takes the files of exports, and none of them anywhere else.

    Args:
        root: the folder; made if it is not there.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root.resolve()

    def stem(self, parts: Sequence[str]) -> Path:
        """Where files of some name go, without what follows the name.

        Args:
            parts: folders and the beginning of the file's name, as users wrote them. Whatever is
                neither a letter, a digit, a space nor one of `._-` becomes `_`.

        Raises:
            ServiceError: a link leads out of the folder.
        """
        place = self._root.joinpath(*(_plain(part) for part in parts))
        if not place.parent.resolve().is_relative_to(self._root):
            raise ServiceError("The destination is not inside of the export folder.")
        return place

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """A folder for files that are not ready, on the same disk; it goes when it is left."""
        with tempfile.TemporaryDirectory(prefix=".export-", dir=self._root) as made:
            yield Path(made)


def publish(files: Sequence[tuple[Path, Path]]) -> None:
    """Put files that are ready in their places, over what is there.

    Where the folder that holds them all is new, all of them appear at once, by one rename. Files
    that join others are renamed one after the other: nothing renames several at once.

    Args:
        files: where each is, in one folder, and where it belongs.
    """
    if not files:
        return
    top = Path(os.path.commonpath([place.parent for _, place in files]))
    if top.exists():
        _replace(files)
        return
    with tempfile.TemporaryDirectory(dir=files[0][0].parent) as made:
        tree = Path(made) / "tree"
        gathered = [(ready, tree / place.relative_to(top)) for ready, place in files]
        _replace(gathered)
        top.parent.mkdir(parents=True, exist_ok=True)
        try:
            tree.rename(top)
        except OSError:
            # Another export has made the folder meanwhile; if it is something else, it shows now.
            _replace(
                [(ready, place) for (_, ready), (_, place) in zip(gathered, files, strict=True)]
            )


def _replace(files: Sequence[tuple[Path, Path]]) -> None:
    for ready, place in files:
        place.parent.mkdir(parents=True, exist_ok=True)
        ready.replace(place)


def _plain(part: str) -> str:
    """A part of a path that is one, and no way up."""
    short = part.encode("utf-8", "replace")[:_MOST_BYTES].decode("utf-8", "ignore")
    plain = re.sub(r"[^\w.\- ]", "_", short)
    return plain if plain.strip(". ") else "_" * max(len(plain), 1)
