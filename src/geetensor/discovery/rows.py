"""Scenes as the service tells of them: what is asked of each, and how it is read."""

from __future__ import annotations

import functools
import itertools
import json
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ee
import numpy as np

from geetensor.discovery.globe import parse_footprints
from geetensor.discovery.table import make_table
from geetensor.engine.wire import decode_band_info
from geetensor.errors import BadReplyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from geetensor.collections import Collection

START, END, INDEX = "system:time_start", "system:time_end", "system:index"

# Names of our own: a feature's `INDEX` comes back as its id, or not at all.
_INDEX = "geetensor_index"
_GRID = "geetensor_grid"

SHAPE_ALGORITHMS = ("Describe", "Dictionary", "String.encodeJSON")
"""What the service needs to tell a grid's shape. That it does within a map is known of others'
code, not tried."""


@dataclass(frozen=True, slots=True)
class RowFormat:
    """What a row tells of a scene.

    Attributes:
        collection: asset id.
        known: what is known of the collection.
        properties: that are to be further columns.
    """

    collection: str
    known: Collection
    properties: tuple[str, ...]

    def describe(self, image: ee.Image, *, with_shape: bool) -> ee.Feature:
        """A scene's row, made by the service: its footprint and properties, not its bands.

        Args:
            image: the scene.
            with_shape: whether the row is to tell the grid's shape, which a projection does not.
                The grid then comes as text, so that it is the same in a value and in a page of a
                table, whatever becomes there of what is neither a number nor text.
        """
        image = ee.Image(image)
        grid = image.select([self.known.grid_band])
        row = {name: image.get(name) for name in self._wanted()}
        row[_INDEX] = image.get(INDEX)
        if with_shape:
            described = ee.Dictionary(ee.Algorithms.Describe(grid))
            row[_GRID] = ee.String.encodeJSON(described.get("bands"))
        else:
            row[_GRID] = grid.projection()
        feature: ee.Feature = ee.Feature(image.geometry(), row)
        return feature

    def _wanted(self) -> list[str]:
        templates = (self.known.satellite, self.known.orbit, self.known.tile)
        named = [name for template in templates for name in _fields(template)]
        named += [START, END, self.known.cloud_property or START, *self.properties]
        return [name for name in dict.fromkeys(named) if name != INDEX]

    def read(self, features: Sequence[Any]) -> Scenes:
        """Rows that came.

        Raises:
            BadReplyError: if they are not what `describe` asks for.
        """
        try:
            rows = [feature["properties"] for feature in features]
            places = [feature["geometry"] for feature in features]
            indices = [row[_INDEX] for row in rows]
        except (KeyError, TypeError) as error:
            raise BadReplyError(f"A row of {self.collection} lacks {error}.") from error
        known = self.known
        grids = [_grid(row.get(_GRID)) for row in rows]
        columns: dict[str, Iterable[Any]] = {
            "asset_id": [f"{self.collection}/{index}" for index in indices],
            "collection": [self.collection] * len(rows),
            "acquisition_date": _times([row.get(START) for row in rows]),
            "end_date": _times([row.get(END) for row in rows]),
            "satellite": [_text(known.satellite, row) for row in rows],
            "cloud_cover": [row.get(known.cloud_property) for row in rows],
            "crs": [grid[0] for grid in grids],
            "transform": [grid[1] for grid in grids],
            "shape": [grid[2] for grid in grids],
            "orbit": [_text(known.orbit, row) for row in rows],
            "tile": [_text(known.tile, row) for row in rows],
        }
        own = {name: _INDEX if name == INDEX else name for name in self.properties}
        properties = {name: [row.get(asked) for row in rows] for name, asked in own.items()}
        return Scenes(columns, properties, parse_footprints(places))


@dataclass(frozen=True, slots=True)
class Scenes:
    """Some scenes, in columns.

    Attributes:
        columns: of the table, as far as the scenes themselves tell them.
        properties: further columns.
        footprints: within ±180°; None for none.
    """

    columns: Mapping[str, Iterable[Any]]
    properties: Mapping[str, Iterable[Any]]
    footprints: NDArray[Any]

    def __len__(self) -> int:
        return len(self.footprints)


def tabulate(parts: Sequence[Scenes], properties: Sequence[str]) -> gpd.GeoDataFrame:
    """Scenes as a table, in the order in which they are given.

    Args:
        parts: all with these properties.
        properties: further columns.
    """

    def joined(columns: Sequence[Mapping[str, Iterable[Any]]], name: str) -> list[Any]:
        return list(itertools.chain.from_iterable(part[name] for part in columns))

    names = parts[0].columns if parts else ()
    return make_table(
        {name: joined([part.columns for part in parts], name) for name in names},
        {name: joined([part.properties for part in parts], name) for name in properties},
        list(itertools.chain.from_iterable(part.footprints for part in parts)),
    )


def _times(milliseconds: Sequence[float | None]) -> NDArray[np.datetime64]:
    nothing = np.datetime64("NaT", "ms")
    return np.array(
        [nothing if ms is None else np.datetime64(int(ms), "ms") for ms in milliseconds],
        dtype="datetime64[ms]",
    )


@functools.cache
def _fields(template: str | None) -> list[str]:
    """Names of the properties that a template has."""
    return [name for _, name, _, _ in string.Formatter().parse(template or "") if name]


def _text(template: str | None, row: Mapping[str, Any]) -> str | None:
    """A template with a scene's properties; None if it lacks one."""
    values = {name: row.get(name) for name in _fields(template)}
    if template is None or None in values.values():
        return None
    return template.format_map({name: _whole(value) for name, value in values.items()})


def _whole(value: Any) -> Any:
    """A number without its fraction if that is nothing: JSON does not say which kind it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Grid = tuple[str | None, tuple[float, ...] | None, tuple[int, int] | None]


def _grid(told: Any) -> _Grid:
    """CRS, transform and shape of a band's grid."""
    if told is None:
        return None, None, None
    if isinstance(told, str):
        return _parsed_grid(told)
    try:
        return told.get("crs") or told.get("wkt"), tuple(map(float, told["transform"])), None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadReplyError(f"Not a projection: {str(told)[:200]}") from error


@functools.lru_cache(maxsize=4096)
def _parsed_grid(text: str) -> _Grid:
    """The same, of a band's metadata as text. Scenes of a tile share theirs."""
    try:
        [band] = json.loads(text)
    except (ValueError, TypeError) as error:
        raise BadReplyError(f"Not the metadata of a band: {text[:200]}") from error
    info = decode_band_info(band)
    return info.crs, tuple(info.transform)[:6], info.shape
