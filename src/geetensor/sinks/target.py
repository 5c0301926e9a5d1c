"""Where an output is to go: what `to=` means."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from geetensor.errors import InvalidInputError, MissingPackageError, TargetError


class Kind(StrEnum):
    """What is written."""

    ZARR = "Zarr"
    GEOTIFF = "GeoTIFF"
    FOLDER = "folder of GeoTIFFs"


_PACKAGES = {
    Kind.ZARR: {"zarr": "zarr", "fsspec": "zarr"},
    Kind.GEOTIFF: {},
    Kind.FOLDER: {"pystac": "stac"},
}
"""Those that a kind needs, and the extras that bring them."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an output is to go.

    Attributes:
        location: a path, or a URL that fsspec knows.
        kind: what is written there.
        overwrite: whether it may replace what is there.
    """

    location: str
    kind: Kind
    overwrite: bool = False

    @property
    def is_remote(self) -> bool:
        """Whether it is a URL."""
        return "://" in self.location

    @property
    def path(self) -> Path:
        """Of the output, on this machine's file system."""
        return Path(self.location)

    def check_packages(self) -> None:
        """Refuse what this environment cannot write.

        Raises:
            MissingPackageError: with the way to get what is missing.
            InvalidInputError: if fsspec does not know the URL's scheme, or lacks its package.
        """
        needed = _PACKAGES[self.kind]
        for package in needed:
            if find_spec(package) is None:
                raise MissingPackageError(package, needed[package])
        if self.is_remote:
            from fsspec import get_filesystem_class
            from fsspec.utils import get_protocol

            try:
                for url in self.location.split("::"):  # as in simplecache::s3://…
                    get_filesystem_class(get_protocol(url))
            except (ImportError, ValueError) as error:
                raise InvalidInputError(f"{self.location} cannot be opened: {error}") from error

    def check_free(self) -> None:
        """Refuse to replace what is there, unless that is allowed and looks like such an output.

        Raises:
            TargetError: with the reason.
        """
        if self.is_remote or not (self.path.exists() or self.path.is_symlink()):
            return
        empty = self.path.is_dir() and not any(self.path.iterdir())
        if empty and self.kind is not Kind.GEOTIFF:
            return
        if not self.overwrite:
            raise TargetError(
                f"{self.location} exists. Pass overwrite=True to replace it, or another name."
            )
        if not self._looks_alike():
            raise TargetError(
                f"{self.location} is no {self.kind}, and will not be overwritten: choose another "
                "name, or remove it."
            )

    def _looks_alike(self) -> bool:
        path = self.path
        match self.kind:
            case Kind.ZARR:
                return any((path / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray"))
            case Kind.GEOTIFF:
                return path.is_file()
            case Kind.FOLDER:
                return path.is_dir() and all(
                    one.is_file() and one.suffix in {".tif", ".json"} for one in path.iterdir()
                )


def parse_target(to: object, *, overwrite: bool = False) -> Target:
    """What `to=` means.

    Args:
        to: `….zarr`, `….tif` or a folder (`…/`, or one that exists); a path, or for Zarr a URL.
        overwrite: whether it may replace what is there.

    Raises:
        InvalidInputError: if it says nothing of these.
    """
    if not isinstance(to, (str, os.PathLike)):
        raise InvalidInputError(f"to must be a path or URL, got {type(to).__name__}.")
    text = os.fspath(to)
    if not isinstance(text, str) or not text.strip("/"):
        raise InvalidInputError(f"to must name a file or folder, got {text!r}.")
    bare = text.rstrip("/" + os.sep)
    if bare.lower().endswith(".zarr"):
        return Target(bare, Kind.ZARR, overwrite)
    if "://" in text:
        raise InvalidInputError(f"Only Zarr is written to a URL: {text!r} does not end in .zarr.")
    bare = str(Path(bare).expanduser())
    if bare.lower().endswith((".tif", ".tiff")):
        return Target(bare, Kind.GEOTIFF, overwrite)
    if text != text.rstrip("/" + os.sep) or Path(bare).is_dir():
        return Target(bare, Kind.FOLDER, overwrite)
    raise InvalidInputError(
        f"to={text!r} names no kind of output: end it in .zarr, .tif, or / for a folder."
    )
