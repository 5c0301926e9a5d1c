"""What each REST method does, without HTTP."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..algorithms import load_all
from ..catalog.model import Catalog, ImageAsset
from ..errors import ServiceError
from ..expression.evaluate import Evaluator, Session
from ..expression.graph import parse_expression
from ..limits import Deadline, too_deep
from ..pixels.render import render
from ..pixels.request import file_format_of, pixel_request
from ..pixels.stored import stored_image
from ..values.collection import Collection
from ..values.image import Image
from ..values.json_text import load_json
from ..values.to_json import to_json
from .assets import asset_json, find_asset, image_json, list_assets
from .fields import check_fields
from .pages import page_size, page_start, page_token, question_key
from .replies import encode_json
from .tables import feature_fields
from .walks import Walk, Walks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..limits import Limits
    from ..values.element import Element

_MEDIA_TYPES = {"NPY": "application/octet-stream", "GEO_TIFF": "image/tiff"}


# Requests kept under a name; the oldest go first.
_MOST_THUMBNAILS = 1_000


@dataclass(frozen=True, slots=True)
class Rendered:
    """Pixels as a file.

    Attributes:
        content: its bytes.
        media_type: of the content.
        counted_bytes: as the request limit counts them.
    """

    content: bytes | bytearray
    media_type: str
    counted_bytes: int


class Methods:
    """The service's methods over a catalogue; called from many threads.

    Args:
        catalog: the assets.
        limits: what to refuse.

    Attributes:
        of_values: the methods that compute and reply with JSON, by the kind of request.
    """

    def __init__(self, catalog: Catalog, limits: Limits) -> None:
        load_all()
        self._catalog = catalog
        self._limits = limits
        self._lock = threading.Lock()
        self._thumbnails: dict[str, Mapping[str, Any]] = {}
        self._walks = Walks()
        self.of_values: dict[str, Callable[[bytes], bytes]] = {
            "value:compute": self.compute_value,
            "computeFeatures": self.compute_features,
            "computeImages": self.compute_images,
        }

    def get_asset(self, name: str) -> dict[str, Any]:
        """One asset."""
        return asset_json(find_asset(self._catalog, name))

    def list_assets(self, parent: str, query: Mapping[str, str]) -> dict[str, Any]:
        """One page of assets."""
        return list_assets(self._catalog, parent, query)

    def compute_value(self, body: bytes) -> bytes:
        """`value:compute`: the reply, as JSON text."""
        parsed = _parse(body)
        if not isinstance(parsed, dict):
            raise ServiceError("Invalid JSON payload received. Root element must be a message.")
        try:
            value = self._evaluate(parsed.get("expression"), self._deadline())
            shown = to_json(value, self._limits)
            return encode_json({"result": shown})
        except RecursionError:
            raise too_deep() from None

    def compute_features(self, body: bytes) -> bytes:
        """`table:computeFeatures`: one page, as JSON text."""
        page, token = self._page(check_fields(_parse(body), "computeFeatures"))
        features = to_json([feature_fields(element) for element in page], self._limits)
        reply = {"type": "FeatureCollection", "features": features}
        return encode_json(reply | token)

    def compute_images(self, body: bytes) -> bytes:
        """`imageCollection:computeImages`: one page, as JSON text."""
        page, token = self._page(check_fields(_parse(body), "computeImages"))
        images = []
        for element in page:
            if not isinstance(element, Image):
                raise ServiceError("Expression does not evaluate to a collection of images.")
            images.append(image_json(element))
        return encode_json({"images": images} | token)

    def _page(self, fields: Mapping[str, Any]) -> tuple[list[Element], dict[str, str]]:
        """The elements of a page, and the field of the next one's token if there is one."""
        size = page_size(fields, self._limits.page, self._limits.elements)
        key = question_key(fields.get("expression"))
        start = page_start(fields.get("pageToken"), key)
        try:
            walk = self._walks.take(key, start) or self._walk(fields.get("expression"), start)
            elements = walk.take(size)
            more = walk.has_more()
        except RecursionError:
            raise too_deep() from None
        if not more:
            return elements, {}
        stop = start + len(elements)
        self._walks.keep(key, stop, walk)
        return elements, {"nextPageToken": page_token(key, stop)}

    def _walk(self, wire: Any, start: int) -> Walk:
        """A walk through the elements of an expression, from a position on."""
        deadline = self._deadline()
        value = self._evaluate(wire, deadline)
        if not isinstance(value, Collection):
            raise ServiceError("Expression does not evaluate to a collection.")
        return Walk(islice(value, start, None), deadline)

    def compute_pixels(self, body: bytes) -> Rendered:
        """`image:computePixels`."""
        fields = check_fields(_parse(body), "computePixels")
        file_format_of(fields)
        return self._computed_pixels(fields)

    def create_thumbnail(self, parent: str, body: bytes) -> dict[str, str]:
        """`thumbnails`: keep a request for pixels, to be asked for by name."""
        fields = check_fields(_parse(body), "thumbnails")
        file_format_of(fields)
        name = f"{parent}/thumbnails/{uuid.uuid4().hex}"
        with self._lock:
            self._thumbnails[name] = fields
            while len(self._thumbnails) > _MOST_THUMBNAILS:
                del self._thumbnails[next(iter(self._thumbnails))]
        return {"name": name}

    def get_thumbnail(self, name: str) -> Rendered:
        """`thumbnails/*:getPixels`."""
        with self._lock:
            fields = self._thumbnails.get(name)
        if fields is None:
            raise ServiceError(f"Thumbnail '{name}' not found.", code=404, kind="not found")
        return self._computed_pixels(fields)

    def get_pixels(self, name: str, body: bytes) -> Rendered:
        """`assets/*:getPixels`."""
        fields = check_fields(_parse(body), "getPixels")
        file_format_of(fields)
        asset = find_asset(self._catalog, name)
        if not isinstance(asset, ImageAsset):
            raise ServiceError(f"Asset '{name}' is not an image.")
        return self._pixels(stored_image(asset), fields, self._deadline())

    def _computed_pixels(self, fields: Mapping[str, Any]) -> Rendered:
        deadline = self._deadline()
        value = self._evaluate(fields.get("expression"), deadline)
        if not isinstance(value, Image):
            raise ServiceError("Expression does not evaluate to an image.")
        return self._pixels(value, fields, deadline)

    def _deadline(self) -> Deadline:
        return Deadline(self._limits.computation_seconds)

    def _pixels(self, image: Image, fields: Mapping[str, Any], deadline: Deadline) -> Rendered:
        request = pixel_request(image, fields, self._limits)
        content = render(request, deadline)
        return Rendered(content, _MEDIA_TYPES[request.file_format], request.counted_bytes())

    def _evaluate(self, wire: Any, deadline: Deadline) -> Any:
        expression = parse_expression(wire, self._limits.expression_nodes)
        return Evaluator(expression, Session(self._catalog, self._limits, deadline)).result()


def _parse(body: bytes) -> Any:
    try:
        return load_json(body)
    except ValueError:
        raise ServiceError("Invalid JSON payload received.") from None
