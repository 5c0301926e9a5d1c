"""PNG, JPEG and GIF: images of bytes for the eye.

What the reference leaves open is assumed here [M]: a PNG is RGBA, of a single band too, and its
alpha is the mask; a JPEG is RGB with masked pixels black; `AUTO_JPEG_PNG` is a JPEG where every
pixel is opaque; a film strip has its frames one below the other.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from .node import Plane

    Colours = NDArray[np.uint8]
    Opaque = Literal["JPEG", "PNG", "AUTO_JPEG_PNG"]

PICTURES = ("PNG", "JPEG", "AUTO_JPEG_PNG")

_PNG_SIGNATURE = b"\x89PNG"
# Zlib's fastest: a tile is read once, here on this machine.
_COMPRESSION = 1


def colours(grid: Grid, chunks: Iterable[tuple[slice, list[Plane]]]) -> Colours:
    """Red, green, blue and alpha: `(height, width, 4)`; all 0 where the mask is.

    Args:
        grid: where the pixels are.
        chunks: rows and the planes of one or three bands of bytes there, whose masks are alike.
    """
    made = np.zeros((grid.height, grid.width, 4), np.uint8)
    for rows, planes in chunks:
        mask = planes[0].mask
        part = made[rows]
        part[..., 3] = 255 if mask is None else np.rint(mask.astype(np.float32) * 255)
        shown = part[..., 3] > 0
        for i in range(3):
            part[..., i] = np.where(shown, planes[i % len(planes)].values, 0)
    return made


def encode_picture(made: Colours, file_format: str) -> bytes:
    """The file of `(height, width, 4)` bytes, in one of `PICTURES`."""
    opaque = bool((made[..., 3] == 255).all())
    target = io.BytesIO()
    if file_format == "JPEG" or (file_format == "AUTO_JPEG_PNG" and opaque):
        Image.fromarray(np.ascontiguousarray(made[..., :3])).save(target, "JPEG")
    else:
        Image.fromarray(made).save(target, "PNG", compress_level=_COMPRESSION)
    return target.getvalue()


def encode_video(frames: Sequence[Colours], frames_per_second: float) -> bytes:
    """An animated GIF that repeats for ever; masked pixels are black."""
    images = [Image.fromarray(np.ascontiguousarray(frame[..., :3])) for frame in frames]
    target = io.BytesIO()
    images[0].save(
        target,
        "GIF",
        save_all=True,
        append_images=images[1:],
        duration=1000 / frames_per_second,
        loop=0,
    )
    return target.getvalue()


def picture_type(content: bytes | memoryview) -> str:
    """The media type of a PNG or a JPEG."""
    return "image/png" if content[:4] == _PNG_SIGNATURE else "image/jpeg"
