"""What each REST method does, without HTTP."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from ..algorithms import load_all
from ..catalog.model import Catalog, ImageAsset
from ..errors import ServiceError
from ..expression.evaluate import Evaluator, Session
from ..expression.graph import parse_expression
from ..pixels.reader import Reader
from ..pixels.request import file_format_of, pixel_request
from ..pixels.stored import stored_image
from ..profiles import Profiles
from ..values.to_json import to_json
from .assets import find_asset, image_json
from .downloads import Tables
from .fields import check_fields, parse_json
from .maps import Maps
from .pages import page_size, page_start, page_token, question_key
from .rendered import Rendered, rendered
from .replies import encode_json
from .results import as_collection, as_image
from .tables import feature_fields
from .thumbnails import Thumbnails
from .walks import Walk, Walks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..limits import Deadline, Limits
    from ..pixels.node import Plane
    from ..pixels.pyramid import Pyramids
    from ..values.element import Element


class Methods:
    """The service's methods over a catalogue; called from many threads.

    Args:
        catalog: the assets.
        limits: what to refuse.
        pyramids: coarser levels of stored images.

    Attributes:
        of_values: the methods that compute and reply with JSON, by the kind of request.
        thumbnails: pixels by name.
        maps: tiles by name.
        tables: files of tables by name.
        profiles: what they took, of those that were asked to tell.
    """

    def __init__(self, catalog: Catalog, limits: Limits, pyramids: Pyramids) -> None:
        load_all()
        self._catalog = catalog
        self._limits = limits
        self._walks = Walks()
        self._pyramids = pyramids
        self.thumbnails = Thumbnails(self._evaluate, limits)
        self.maps = Maps(self._evaluate, limits)
        self.tables = Tables(self._evaluate, limits)
        self.profiles = Profiles()
        self.of_values: dict[str, Callable[[bytes], bytes]] = {
            "value:compute": self.compute_value,
            "computeFeatures": self.compute_features,
            "computeImages": self.compute_images,
        }

    def keep(self, parent: str, kind: str, body: bytes) -> dict[str, str]:
        """A name for a request that is kept: of thumbnails of any kind, `maps` or `tables`."""
        if kind == "maps":
            return self.maps.create(parent, body)
        if kind == "tables":
            return self.tables.create(parent, body)
        return self.thumbnails.create(parent, kind, body)

    def clear(self) -> None:
        """Forget what is kept for requests to come."""
        for requests in (self.thumbnails, self.maps, self.tables):
            requests.kept.clear()
        self._walks.clear()
        self.profiles.clear()

    def compute_value(self, body: bytes) -> bytes:
        """`value:compute`: the reply, as JSON text."""
        parsed = parse_json(body)
        if not isinstance(parsed, dict):
            raise ServiceError("Invalid JSON payload received. Root element must be a message.")
        value = self._evaluate(parsed.get("expression"), self._deadline())
        return encode_json({"result": to_json(value, self._limits)})

    def compute_features(self, body: bytes) -> bytes:
        """`table:computeFeatures`: one page, as JSON text."""
        page, token = self._page(check_fields(parse_json(body), "computeFeatures"))
        features = to_json([feature_fields(element) for element in page], self._limits)
        reply = {"type": "FeatureCollection", "features": features}
        return encode_json(reply | token)

    def compute_images(self, body: bytes) -> bytes:
        """`imageCollection:computeImages`: one page, as JSON text."""
        page, token = self._page(check_fields(parse_json(body), "computeImages"))
        images = [image_json(as_image(element, "a collection of images")) for element in page]
        return encode_json({"images": images} | token)

    def _page(self, fields: Mapping[str, Any]) -> tuple[list[Element], dict[str, str]]:
        """The elements of a page, and the field of the next one's token if there is one."""
        size = page_size(fields, self._limits.page, self._limits.elements)
        key = question_key(fields.get("expression"))
        start = page_start(fields.get("pageToken"), key)
        walk = self._walks.take(key, start) or self._walk(fields.get("expression"), start)
        elements = walk.take(size)
        if not walk.has_more():
            return elements, {}
        stop = start + len(elements)
        self._walks.keep(key, stop, walk)
        return elements, {"nextPageToken": page_token(key, stop)}

    def _walk(self, wire: Any, start: int) -> Walk:
        """A walk through the elements of an expression, from a position on."""
        deadline = self._deadline()
        elements = as_collection(self._evaluate(wire, deadline))
        return Walk(islice(elements, start, None), deadline)

    def compute_pixels(self, body: bytes) -> Rendered:
        """`image:computePixels`."""
        fields = check_fields(parse_json(body), "computePixels")
        file_format_of(fields)
        deadline = self._deadline()
        image = as_image(self._evaluate(fields.get("expression"), deadline))
        return rendered(image, fields, self._limits, deadline)

    def get_pixels(self, name: str, body: bytes) -> Rendered:
        """`assets/*:getPixels`."""
        fields = check_fields(parse_json(body), "getPixels")
        file_format_of(fields)
        asset = find_asset(self._catalog, name)
        if not isinstance(asset, ImageAsset):
            raise ServiceError(f"Asset '{name}' is not an image.")
        deadline = self._deadline()
        image = stored_image(asset, self._pyramids, deadline)
        return rendered(image, fields, self._limits, deadline)

    def planes(self, asset: ImageAsset, fields: Mapping[str, Any]) -> list[Plane]:
        """Pixels of a stored image as a request's fields ask for them, with their masks."""
        deadline = self._deadline()
        image = stored_image(asset, self._pyramids, deadline)
        request = pixel_request(image, fields, self._limits)
        return Reader(request.bands, deadline).read(request.bands, request.grid)

    def _deadline(self) -> Deadline:
        return self._limits.deadline()

    def _evaluate(self, wire: Any, deadline: Deadline) -> Any:
        expression = parse_expression(wire, self._limits.expression_nodes)
        session = Session(self._catalog, self._limits, deadline, self._pyramids, self.profiles)
        return Evaluator(expression, session).result()
