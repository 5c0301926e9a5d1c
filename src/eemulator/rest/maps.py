"""Maps: images kept under a name, and their tiles in Web Mercator (EPSG:3857)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..pixels.pictures import PICTURES
from ..pixels.request import file_format_of
from .fields import check_fields, parse_json
from .kept import Kept
from .rendered import Rendered, rendered
from .results import as_image
from .visualization import seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..limits import Deadline, Limits
    from ..values.image import Image

_SIDE = 256
DEEPEST = 24
"""The last zoom [M]."""
HALF = math.pi * 6_378_137.0
"""Metres from the middle of the world to its edge."""


class Maps:
    """Maps of a server.

    Args:
        evaluate: an expression's value, before a deadline.
        limits: what to refuse.

    Attributes:
        kept: the requests, by name.
    """

    def __init__(self, evaluate: Callable[[Any, Deadline], Any], limits: Limits) -> None:
        self._evaluate = evaluate
        self._limits = limits
        self.kept = Kept("Map", limits)

    def create(self, parent: str, body: bytes) -> dict[str, str]:
        """Keep a request under a name; what is wrong with it is said now [I]."""
        fields = check_fields(parse_json(body), "maps")
        file_format = file_format_of(fields)
        if file_format not in PICTURES:
            raise ServiceError(
                f"The file format '{file_format}' is not one of map tiles; use one of "
                f"{', '.join(PICTURES)}."
            )
        seen(self._image(fields, self._limits.deadline()), fields)
        return {"name": self.kept.keep(parent, "maps", body)}

    def body(self, name: str) -> bytes:
        """The request that is kept under the name of a map, by that of one of its tiles.

        Raises:
            ServiceError: there is none.
        """
        return self.kept.get(name.rpartition("/tiles/")[0])

    def tile(self, name: str) -> Rendered:
        """A tile, by `{map}/tiles/{zoom}/{x}/{y}`."""
        zoom, x, y = (int(number) for number in name.rsplit("/", 3)[1:])
        fields = check_fields(parse_json(self.body(name)), "maps")
        if zoom > DEEPEST or x >= 2**zoom or y >= 2**zoom:
            raise ServiceError(f"There is no tile {zoom}/{x}/{y}.")
        deadline = self._limits.deadline()
        image = self._image(fields, deadline)
        return rendered(
            image, dict(fields) | {"grid": tile_grid(zoom, x, y)}, self._limits, deadline
        )

    def _image(self, fields: Mapping[str, Any], deadline: Deadline) -> Image:
        return as_image(self._evaluate(fields.get("expression"), deadline))


def tile_grid(zoom: int, x: int, y: int) -> dict[str, Any]:
    """The pixels of a tile, as a request has them."""
    width = 2 * HALF / 2**zoom
    return {
        "crsCode": "EPSG:3857",
        "dimensions": {"width": _SIDE, "height": _SIDE},
        "affineTransform": {
            "scaleX": width / _SIDE,
            "scaleY": -width / _SIDE,
            "translateX": x * width - HALF,
            "translateY": HALF - y * width,
        },
    }
