"""What is asked of one collection, as expressions for the service."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ee

from geetensor.discovery.rows import START
from geetensor.engine.values import PAGE_ROWS
from geetensor.errors import BadReplyError
from geetensor.source import serialize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from geetensor.discovery.dates import Interval
    from geetensor.discovery.question import Question
    from geetensor.discovery.rows import RowFormat
    from geetensor.discovery.sensors import Condition

CUT = 5000
"""Rows that Earth Engine puts into a value at the most. Asking for no more does not depend on what
it says of more."""

PART_ROWS = 5 * PAGE_ROWS
"""Rows, about, of a part of the time. Parts come at the same time, the pages of one in turn. Each
part is a search of its own, which costs a service that looks at every scene for it the whole."""

MOST_PARTS = 32
"""Parts of a query's time."""

_NUMBER = "geetensor_search"
"""Name of the property that says of which search a row is, where there are several."""


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What is asked of one collection.

    Attributes:
        format: of the rows.
        region: that the scenes touch.
        question: what else they shall be.
        conditions: what the collection's own must be.
        limit: of the number of rows, sorted by time; None for all.
    """

    format: RowFormat
    region: ee.Geometry
    question: Question
    conditions: Sequence[Condition]
    limit: int | None

    @property
    def label(self) -> str:
        """What to call it in messages."""
        return f"the query of {self.format.collection}"

    @property
    def may_be_cut(self) -> bool:
        """Whether it may have more rows than a value."""
        return self.limit is None or self.limit > CUT

    def images(self, interval: Interval | None) -> ee.ImageCollection:
        """The scenes of some time; None for any, or none."""
        question, known = self.question, self.format.known
        images: ee.ImageCollection = ee.ImageCollection(self.format.collection)
        if interval is not None:
            images = images.filterDate(interval.start, interval.end)
        images = images.filterBounds(self.region)
        if question.cloud_cover_max is not None:
            # Not `lte`, which Earth Engine takes for "not above": what is not known would pass.
            cover = known.cloud_property, question.cloud_cover_max
            images = images.filter(ee.Filter.Or(ee.Filter.lt(*cover), ee.Filter.eq(*cover)))
        for more in (*(condition.filter() for condition in self.conditions), *question.filters):
            images = images.filter(more)
        if self.limit is not None:
            images = images.limit(self.limit, START)
        return images

    def first_rows(self, *, with_shape: bool) -> ee.FeatureCollection:
        """As many rows as a value may hold."""
        images = self.images(self.question.interval)
        return self._rows(images.limit(CUT) if self.may_be_cut else images, with_shape)

    def value(self, *, with_shape: bool) -> tuple[bytes, str]:
        """The expression of the first rows, and what messages call it."""
        return _serialised(self.first_rows(with_shape=with_shape), self.label)

    def size(self) -> tuple[bytes, str]:
        """The expression of how many there are."""
        label = f"the size of {self.label}"
        return serialize(self.images(self.question.interval).size(), label).expression, label

    def parts(self, count: int, *, with_shape: bool) -> list[tuple[bytes, str]]:
        """The expressions of rows that together are all of them.

        Args:
            count: how many there are, about.
            with_shape: as in `RowFormat.describe`.
        """
        interval = self.question.interval
        if interval is None or self.limit is not None:
            # Cut by time, scenes without one would be lost; and the earliest are of the whole.
            parts = [self.images(interval)]
        else:
            times = interval.cut(min(MOST_PARTS, math.ceil(count / PART_ROWS)))
            parts = [self.images(time) for time in times]
        return [_serialised(self._rows(part, with_shape), self.label) for part in parts]

    def _rows(self, images: ee.ImageCollection, with_shape: bool) -> ee.FeatureCollection:
        rows: ee.FeatureCollection = ee.FeatureCollection(
            images.map(lambda image: self.format.describe(image, with_shape=with_shape))
        )
        return rows


def join_searches(searches: Sequence[Search], *, with_shape: bool) -> tuple[bytes, str]:
    """The expression of the first rows of some searches, `CUT` at the most, and their name.

    Args:
        searches: what is asked.
        with_shape: as in `RowFormat.describe`.
    """
    tables = [
        search.first_rows(with_shape=with_shape).map(_marked(number))
        for number, search in enumerate(searches)
    ]
    label = f"the query of {', '.join(search.format.collection for search in searches)}"
    return _serialised(ee.FeatureCollection(tables).flatten().limit(CUT), label)


def split_features(features: Sequence[Any], count: int) -> list[list[Any]]:
    """The rows of each search, of those that `join_searches` asks for.

    Args:
        features: that came.
        count: of the searches.

    Raises:
        BadReplyError: if one is not of any of them.
    """
    parts: list[list[Any]] = [[] for _ in range(count)]
    for feature in features:
        try:
            parts[int(feature["properties"][_NUMBER])].append(feature)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise BadReplyError(f"A row of no collection: {str(feature)[:200]}") from error
    return parts


def _marked(number: int) -> Callable[[ee.Feature], ee.Feature]:
    """Notes on a row of which search it is."""
    return lambda row: ee.Feature(row).set(_NUMBER, number)


def _serialised(rows: ee.FeatureCollection, label: str) -> tuple[bytes, str]:
    return serialize(rows, label).expression, label
