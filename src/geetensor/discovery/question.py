"""What a caller asks of scenes, checked as far as it can be alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING

import ee

from geetensor.collections import COLLECTIONS, UNKNOWN
from geetensor.discovery.dates import Interval, parse_interval
from geetensor.discovery.table import COLUMNS
from geetensor.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.discovery.dates import Date


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What scenes shall be.

    Attributes:
        interval: when they were taken; None for any time, or none.
        filters: what else they must meet.
        properties: of theirs, to be further columns.
        cloud_cover_max: percent, included; None for any, also where it is not known.
        deduplicate: whether scenes that add nothing to others are left out.
        limit: of their number, the earliest are kept; None for all.
    """

    interval: Interval | None
    filters: tuple[ee.Filter, ...] = ()
    properties: tuple[str, ...] = ()
    cloud_cover_max: float | None = None
    deduplicate: bool = False
    limit: int | None = None


def parse_question(
    start_date: Date | None,
    end_date: Date | None,
    *,
    filters: ee.Filter | Sequence[ee.Filter] | None = None,
    properties: Sequence[str] | str = (),
    cloud_cover_max: float | None = None,
    deduplicate: bool = False,
    limit: int | None = None,
    taken: Sequence[str] = (),
) -> Question:
    """Check what can be checked without knowing the collection.

    Args:
        start_date: as in `parse_interval`.
        end_date: as in `parse_interval`.
        filters: what else scenes must pass.
        properties: of theirs, to be further columns.
        cloud_cover_max: percent, included.
        deduplicate: whether scenes that add nothing to others are left out.
        limit: of their number.
        taken: names of columns that the table has besides those of all tables.

    Raises:
        InvalidInputError: with the reason.
    """
    if limit is not None and not (_is(limit, Integral) and limit > 0):
        raise InvalidInputError(f"limit must be a whole number above 0, got {limit!r}.")
    if cloud_cover_max is not None and not (
        _is(cloud_cover_max, Real) and math.isfinite(cloud_cover_max)
    ):
        raise InvalidInputError(f"cloud_cover_max must be percent, got {cloud_cover_max!r}.")
    return Question(
        parse_interval(start_date, end_date),
        _parse_filters(filters),
        _parse_properties(properties, taken),
        None if cloud_cover_max is None else float(cloud_cover_max),
        bool(deduplicate),
        None if limit is None else int(limit),
    )


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _parse_filters(filters: ee.Filter | Sequence[ee.Filter] | None) -> tuple[ee.Filter, ...]:
    if filters is None:
        return ()
    if isinstance(filters, ee.Filter):
        return (filters,)
    if isinstance(filters, list | tuple) and all(isinstance(one, ee.Filter) for one in filters):
        return tuple(filters)
    raise InvalidInputError(f"filters must be an ee.Filter or several, got {filters!r}.")


def _parse_properties(properties: Sequence[str] | str, taken: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(properties, Iterable):
        raise InvalidInputError(f"properties must be names, got {properties!r}.")
    names = (properties,) if isinstance(properties, str) else tuple(properties)
    if not all(isinstance(name, str) and name for name in names):
        raise InvalidInputError(f"properties must be names, got {properties!r}.")
    if twice := {*COLUMNS, *taken, "geometry"} & {*names}:
        raise InvalidInputError(
            f"properties names what the table has as a column of its own: {', '.join(twice)}."
        )
    return tuple(dict.fromkeys(names))


def check_collection(collection: str, question: Question) -> None:
    """Refuse a collection that the question does not suit.

    Raises:
        InvalidInputError: if it is no asset id, or not known to have cloud cover.
    """
    if not isinstance(collection, str) or not collection.strip("/ "):
        raise InvalidInputError(
            f"collection must be the asset id of an image collection, got {collection!r}."
        )
    cloud_property = COLLECTIONS.get(collection, UNKNOWN).cloud_property
    if question.cloud_cover_max is not None and cloud_property is None:
        raise InvalidInputError(
            f"It is not known which property of {collection} holds its cloud cover. Pass "
            "filters=ee.Filter.lte(PROPERTY, percent)."
        )
