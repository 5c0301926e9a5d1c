"""From an image and the fields of a request to a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..pixels.pictures import PICTURES, picture_type
from ..pixels.render import render
from ..pixels.request import pixel_request
from .visualization import seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..limits import Deadline, Limits
    from ..values.image import Image

_MEDIA_TYPES = {"NPY": "application/octet-stream", "GEO_TIFF": "image/tiff"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """Pixels as a file.

    Attributes:
        content: its bytes.
        media_type: of the content.
        counted_bytes: as the request limit counts them.
    """

    content: bytes | memoryview
    media_type: str
    counted_bytes: int


def rendered(
    image: Image, fields: Mapping[str, Any], limits: Limits, deadline: Deadline
) -> Rendered:
    """The file that a request for pixels of an image asks for."""
    image, fields = seen(image, fields)
    request = pixel_request(image, fields, limits)
    content = render(request, deadline)
    if request.file_format in PICTURES:
        media_type = picture_type(content)
    else:
        media_type = _MEDIA_TYPES[request.file_format]
    return Rendered(content, media_type, request.counted_bytes())
