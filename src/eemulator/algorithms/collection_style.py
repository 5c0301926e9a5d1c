"""Collections of features as pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.drawn import DASHES, MARKERS, Drawn, Style
from ..values.colors import parse_shade
from ..values.image import Image, ImageBand
from ..values.pixel_type import BYTE

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.collection import Collection
    from ..values.geometry import Geometry

_BANDS = ("vis-red", "vis-green", "vis-blue")
# How opaque a filling is that has no colour of its own [S].
_FILLING = 0.66
# Names of marks in Matlab [S].
_ABBREVIATED = {
    "o": "circle",
    "s": "square",
    "d": "diamond",
    "x": "cross",
    "+": "plus",
    "p": "pentagram",
    "h": "hexagram",
    "^": "triangle_up",
    "v": "triangle_down",
    "<": "triangle_left",
    ">": "triangle_right",
}
# Keys of a dictionary of styles, and what they say of a `Style`.
_KEYS = {
    "color": "color",
    "fillColor": "fill",
    "width": "width",
    "pointSize": "size",
    "pointShape": "marker",
    "lineType": "line",
}
_LARGEST = 1_000


@algorithm("Collection.draw", session=True)
def draw(session: Session, collection: Collection, color: str, radius: int, width: int) -> Image:
    """Bands `vis-red`, `vis-green` and `vis-blue` [M]: fillings are seen through [I].

    Raises:
        ServiceError: the colour or a size is none.
    """
    style = _changed(None, {"color": color, "pointSize": radius, "width": width})
    return _picture(session, [(e.geometry, style) for e in collection if e.geometry is not None])


@algorithm("Collection.style", session=True, ignores=["neighborhood"])
def style(
    session: Session,
    collection: Collection,
    color: str,
    size: int,
    marker: str,
    width: float,
    fill: str | None,
    property_: str | None,
    line: str,
) -> Image:
    """The same, by a style for all and, where a property holds a dictionary, one for each.

    Raises:
        ServiceError: a style cannot be.
    """
    general = {
        "color": color,
        "pointSize": size,
        "pointShape": marker,
        "width": width,
        "fillColor": fill,
        "lineType": line,
    }
    base = _changed(None, general)
    features = []
    for element in collection:
        session.deadline.check()
        if element.geometry is None:
            continue
        own = None if property_ is None else element.get(property_)
        if own is not None and not isinstance(own, dict):
            raise ServiceError(f"The property '{property_}' is no dictionary.")
        filled = fill is not None
        features.append((element.geometry, _changed(base, own, filled=filled) if own else base))
    return _picture(session, features)


def _picture(session: Session, features: list[tuple[Geometry, Style]]) -> Image:
    node = Drawn(features, session.deadline)
    return Image.of(ImageBand(name, BYTE, node, i) for i, name in enumerate(_BANDS))


_DEFAULT = Style((0, 0, 0, 1.0), (0, 0, 0, _FILLING), 2.0, 3.0, "circle", "solid")


def _changed(base: Style | None, values: dict[str, Any], *, filled: bool = False) -> Style:
    """A style with some of it changed; without a filling of its own, it goes with the colour.

    Raises:
        ServiceError: a key is not known, or its value cannot be.
    """
    found: dict[str, Any] = {}
    for key, value in values.items():
        if key not in _KEYS:
            raise ServiceError(f"Unknown style '{key}'; there are {', '.join(_KEYS)}.")
        if value is not None:
            found[_KEYS[key]] = _parsed(key, value)
    if "color" in found and "fill" not in found and not filled:
        red, green, blue, opacity = found["color"]
        found["fill"] = (red, green, blue, opacity * _FILLING)
    return replace(base or _DEFAULT, **found)


def _parsed(key: str, value: Any) -> Any:
    if key in ("color", "fillColor"):
        return parse_shade(value)
    if key in ("width", "pointSize"):
        # Numbers that are not finite do not lie there either.
        if not (isinstance(value, (int, float)) and 0 <= value <= _LARGEST):
            raise ServiceError(f"Style '{key}' must be 0 to {_LARGEST}, got {value!r}.")
        return float(value)
    known = MARKERS if key == "pointShape" else DASHES
    name = _ABBREVIATED.get(value, value) if isinstance(value, str) else value
    if name not in known:
        raise ServiceError(f"Unknown style '{key}': {value!r}; there are {', '.join(known)}.")
    return name
