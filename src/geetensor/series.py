"""A table of scenes as steps of a time axis: each a scene, or those of a satellite and day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from geetensor.errors import InvalidInputError

if TYPE_CHECKING:
    from geetensor.engine.wire import ImageInfo

SOLAR_DAY = "solar_day"
"""The one way to group scenes."""

_GROUP_COLUMNS = ("satellite", "solar_day")


@dataclass(frozen=True, slots=True)
class Composed:
    """What became of many scenes.

    Attributes:
        method: by its name.
        dates: of all scenes, as the table has them.
    """

    method: str
    dates: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """What is known of an output's images besides their pixels.

    Attributes:
        scenes: asset ids of all scenes, in the order of the table; None for a computed image.
        steps: of the time axis: which scenes each is made of, the lowest first.
        dates: of each step, as the table has them; a step's is that of its first scene.
        satellites: of each step; None where nobody knows.
        is_cube: whether the output has a time axis.
        days: of each step, where scenes are grouped by day.
        composite: how all scenes became one image, and when each was taken; None where they did
            not.
    """

    scenes: tuple[str | None, ...]
    steps: tuple[tuple[int, ...], ...]
    dates: tuple[Any, ...]
    satellites: tuple[str | None, ...]
    is_cube: bool
    days: tuple[datetime, ...] | None = None
    composite: Composed | None = None

    @property
    def asset_ids(self) -> tuple[str | None, ...]:
        """Of each step; of several scenes, those of all, with commas between. None: computed."""
        named = ([self.scenes[row] for row in step] for step in self.steps)
        return tuple(",".join(one or "" for one in ids) or None for ids in named)

    @property
    def attrs(self) -> dict[str, Any]:
        """What a GeoTensor says of them."""
        if self.composite is not None:
            return {
                "method": self.composite.method,
                "asset_ids": list(self.scenes),
                "acquisition_dates": list(self.composite.dates),
            }
        if not self.is_cube:
            return {"asset_id": self.asset_ids[0]} if self.asset_ids[0] else {}
        attrs: dict[str, Any] = {
            "asset_ids": list(self.asset_ids),
            "acquisition_dates": list(self.dates),
        }
        if self.days is not None:
            attrs |= {"solar_days": list(self.days), "satellites": list(self.satellites)}
        return attrs

    def utc_dates(self) -> tuple[datetime | None, ...]:
        """When each step was taken; of dates without a time zone, UTC is meant. None: not known.

        Raises:
            InvalidInputError: if a table has a row without a date.
        """
        dates = pd.to_datetime(pd.Series(self.dates), utc=True, errors="coerce")
        if self.is_cube and dates.isna().any():
            raise InvalidInputError("query has a row whose acquisition_date is no date.")
        return tuple(
            None if missing else date.to_pydatetime(warn=False)
            for date, missing in zip(dates, dates.isna(), strict=True)
        )


def series_of_image(info: ImageInfo) -> Series:
    """One image.

    Args:
        info: its metadata.
    """
    start, date = info.properties.get("system:time_start"), None
    if isinstance(start, (int, float)):
        date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=start)
    return Series((info.id,), ((0,),), (date,), (None,), is_cube=False)


def parse_query(query: object, group_by: object = None) -> Series:
    """Check a table of scenes, and tell which of them make a step.

    Args:
        query: the table, in the order of the time axis.
        group_by: "solar_day" for one step a satellite and day, in the order in which they come
            first; None for one a scene.

    Raises:
        InvalidInputError: if it is no such table, or lacks a column.
    """
    if not (group_by is None or (isinstance(group_by, str) and group_by == SOLAR_DAY)):
        raise InvalidInputError(f"group_by must be 'solar_day' or None, got {group_by!r}.")
    if not isinstance(query, pd.DataFrame):
        raise InvalidInputError(f"query must be a table of scenes, got {type(query).__name__}.")
    _need(query, "asset_id", "acquisition_date")
    if query.empty:
        raise InvalidInputError("query has no scenes: there is nothing to export.")
    scenes = tuple(query["asset_id"])
    if not all(isinstance(asset_id, str) for asset_id in scenes):
        raise InvalidInputError("query has a row whose asset_id is no text.")
    satellites: list[str | None] = [None] * len(query)
    if "satellite" in query.columns:
        satellites = [one if isinstance(one, str) else None for one in query["satellite"]]
    dates = list(query["acquisition_date"])
    if group_by is None:
        steps = tuple((row,) for row in range(len(query)))
        return Series(scenes, steps, tuple(dates), tuple(satellites), is_cube=True)
    _need(query, *_GROUP_COLUMNS, hint=" The queries of geetensor.ee_query give it.")
    solar_days = pd.to_datetime(query["solar_day"], errors="coerce")
    if solar_days.isna().any():
        raise InvalidInputError("query has a row whose solar_day is no date.")
    groups: dict[tuple[str | None, pd.Timestamp], list[int]] = {}
    for row, key in enumerate(zip(satellites, solar_days, strict=True)):
        groups.setdefault(key, []).append(row)
    return Series(
        scenes,
        tuple(map(tuple, groups.values())),
        tuple(dates[rows[0]] for rows in groups.values()),
        tuple(satellite for satellite, _ in groups),
        is_cube=True,
        days=tuple(day.to_pydatetime() for _, day in groups),
    )


def composed(series: Series, method: str) -> Series:
    """All scenes of a table as one image, whose date is the earliest.

    Args:
        series: of a scene a step.
        method: by which they became one.

    Raises:
        InvalidInputError: if a row has no date.
    """
    taken = [date for date in series.utc_dates() if date is not None]
    satellites = {*series.satellites}
    return Series(
        series.scenes,
        (tuple(range(len(series.scenes))),),
        (min(taken),),
        (satellites.pop() if len(satellites) == 1 else None,),
        is_cube=False,
        composite=Composed(method, series.dates),
    )


def _need(query: pd.DataFrame, *names: str, hint: str = "") -> None:
    missing = sorted(set(names) - set(query.columns))
    if missing:
        raise InvalidInputError(f"query lacks the column {' and '.join(missing)}.{hint}")
