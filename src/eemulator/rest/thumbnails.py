"""Thumbnails and downloads: requests for pixels, kept under a name and answered by it.

What is wrong with a request is said when it is made, not when it is fetched [I]. Names inside of a
zip are as the client documents them [S]: `{prefix}.tif`, or `{prefix}.{band}.tif`; without a
prefix, the last part of the image's id, or `download`.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..limits import too_many_elements
from ..pixels.pictures import encode_picture, encode_video, picture_type
from ..pixels.render import painted, render
from ..pixels.request import PixelRequest, chosen_bands, file_format_of, pixel_request
from .fields import check_fields, parse_json
from .kept import Kept
from .rendered import Rendered, rendered
from .results import as_collection, as_image
from .visualization import paired, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..limits import Deadline, Limits
    from ..values.image import Image

_ZIPPED = ("ZIPPED_GEO_TIFF", "ZIPPED_GEO_TIFF_PER_BAND")
_STRANGE = re.compile(r"[^\w.\-]")
_IMAGES = "a collection of images"
_FRAMES_PER_SECOND = 5.0  # [M]
# A GIF counts in hundredths of a second.
_MOST_PER_SECOND = 100


class Thumbnails:
    """Thumbnails, videos and film strips of a server.

    Args:
        evaluate: an expression's value, before a deadline.
        limits: what to refuse.

    Attributes:
        kept: the requests, by name.
    """

    def __init__(self, evaluate: Callable[[Any, Deadline], Any], limits: Limits) -> None:
        self._evaluate = evaluate
        self._limits = limits.of_downloads()
        self.kept = Kept("Thumbnail", limits)

    def create(self, parent: str, collection: str, body: bytes) -> dict[str, str]:
        """Keep a request under a name.

        Args:
            parent: `projects/{project}`.
            collection: `thumbnails`, `videoThumbnails` or `filmstripThumbnails`.
            body: of the request.
        """
        fields = check_fields(parse_json(body), collection)
        self._checked(collection, fields, self._limits.deadline())
        return {"name": self.kept.keep(parent, collection, body)}

    def get_pixels(self, name: str) -> Rendered:
        """The file of a name."""
        collection = name.split("/")[-2]
        fields = check_fields(parse_json(self.kept.get(name)), collection)
        deadline = self._limits.deadline()
        return self._checked(collection, fields, deadline)()

    def _checked(
        self, collection: str, fields: Mapping[str, Any], deadline: Deadline
    ) -> Callable[[], Rendered]:
        """What makes the file of a request that is within the limits."""
        file_format = fields.get("fileFormat")
        zipped = file_format in _ZIPPED and collection == "thumbnails"
        if collection != "videoThumbnails" and not zipped:
            file_format = file_format_of(fields)
        value = self._evaluate(fields.get("expression"), deadline)
        if collection == "thumbnails":
            shown = as_image(value)
            if zipped:
                return self._zipped(shown, fields, deadline, per_band=file_format == _ZIPPED[1])
            both, left = paired(shown, fields)
            pixel_request(*seen(both, left), self._limits)
            return lambda: rendered(both, left, self._limits, deadline)
        requests = self._frames(value, fields)
        counted = sum(request.counted_bytes() for request in requests)
        if collection == "videoThumbnails":
            pace = _frames_per_second(fields)
            return lambda: Rendered(
                encode_video([painted(request, deadline) for request in requests], pace),
                "image/gif",
                counted,
            )

        def strip() -> Rendered:
            frames = [painted(request, deadline) for request in requests]
            content = encode_picture(np.concatenate(frames), str(file_format))
            return Rendered(content, picture_type(content), counted)

        return strip

    def _zipped(
        self, image: Image, fields: Mapping[str, Any], deadline: Deadline, *, per_band: bool
    ) -> Callable[[], Rendered]:
        """GeoTIFFs in a zip; of a file for each band, each on its band's own pixels."""
        prefix = fields.get("filenamePrefix") or (image.asset_id or "download").split("/")[-1]
        prefix = _STRANGE.sub("_", str(prefix))
        plain = dict(fields) | {"fileFormat": "GEO_TIFF"}
        parts: dict[str, PixelRequest] = {}
        if per_band:
            for band in chosen_bands(image, fields.get("bandIds")):
                alone = plain | {"bandIds": [band.id]}
                name = f"{prefix}.{_STRANGE.sub('_', band.id)}.tif"
                parts[name] = pixel_request(*seen(image, alone), self._limits)
        else:
            parts[f"{prefix}.tif"] = pixel_request(*seen(image, plain), self._limits)
        counted = sum(request.counted_bytes() for request in parts.values())
        self._limits.check_request_bytes(counted)

        def packed() -> Rendered:
            target = io.BytesIO()
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for name, request in parts.items():
                    archive.writestr(name, render(request, deadline))
            return Rendered(target.getvalue(), "application/zip", counted)

        return packed

    def _frames(self, value: Any, fields: Mapping[str, Any]) -> list[PixelRequest]:
        """A request a frame, all on the first one's grid."""
        plain = dict(fields) | {"fileFormat": "PNG"}
        requests: list[PixelRequest] = []
        counted = 0
        for element in as_collection(value, _IMAGES):
            image, left = seen(as_image(element, _IMAGES), plain)
            if requests:
                request = replace(requests[0], bands=image.bands)
            else:
                request = pixel_request(image, left, self._limits)
            requests.append(request)
            if len(requests) > self._limits.elements:
                raise too_many_elements(self._limits.elements)
            counted += request.counted_bytes()
            self._limits.check_request_bytes(counted)
        if not requests:
            raise ServiceError("The collection has no images.")
        return requests


def _frames_per_second(fields: Mapping[str, Any]) -> float:
    options = fields.get("videoOptions") or {}
    pace = options.get("framesPerSecond") if isinstance(options, dict) else math.nan
    try:
        number = _FRAMES_PER_SECOND if pace is None else float(pace)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 < number <= _MOST_PER_SECOND:
        raise ServiceError(
            f"Invalid value at 'video_options.frames_per_second': it must be above 0 and at most "
            f"{_MOST_PER_SECOND}."
        )
    return number
