"""Keyword arguments that exporters share, for their overloads; the exporters say what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from affine import Affine
    from numpy.typing import DTypeLike

    from geetensor.clouds import CloudMask


class OfOneRequest(TypedDict, total=False):
    """Of `geetensor.ee_image.export_image_fast`, and of all others."""

    crs_geometry: str
    transform: Affine | None
    dtype: DTypeLike | None
    fill_value: float | None
    resampling: str
    scaled: bool
    cloud_mask: CloudMask | str | None
    timeout: float | None


class OfPatches(OfOneRequest, total=False):
    """Of `geetensor.ee_image.export_many`."""

    size: int | tuple[int, int] | None
    max_workers: int | None
    progress: bool


class OfAnyExport(OfOneRequest, total=False):
    """Of `geetensor.ee_image.export_image`, and of those that write to disk."""

    sharded: bool
    resume: bool
    overwrite: bool
    max_workers: int | None
    progress: bool


class OfCube(OfAnyExport, total=False):
    """Of `geetensor.ee_image.export_cube`."""

    group_by: Literal["solar_day"] | None
    missing: Literal["error", "fill"]
    chunks: dict[str, int] | None


class OfComposite(OfAnyExport, total=False):
    """Of `geetensor.ee_image.export_composite`."""

    quality_band: str | None
    missing: Literal["error", "fill"]
