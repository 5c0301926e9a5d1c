"""Pixels with their dates, bands and coordinates, as xarray has them. Needs xarray."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geetensor.cf import GRID_MAPPING, centres, fill_attribute, grid_mapping
from geetensor.errors import InvalidInputError, MissingPackageError

try:
    import xarray as xr
except ImportError as error:
    raise MissingPackageError("xarray", "xarray") from error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geetensor.grid import PixelGrid
    from geetensor.masks import Fill
    from geetensor.preview import Plan
    from geetensor.series import Series

NAME = "pixels"
"""Of the array of all values."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of an output's dimensions.

    Attributes:
        grid: of its pixels.
        fill: value of masked pixels.
        band_names: as the caller names them; None for an array without that dimension.
        dates: of the images, datetime64[ns], UTC; None where they are not known.
        asset_ids: of the images; None where they are not known.
        along_time: further coordinates of the images, by name.
        attrs: whatever else there is to say.
    """

    grid: PixelGrid
    fill: Fill
    band_names: Sequence[str] | None = None
    dates: NDArray[np.datetime64] | None = None
    asset_ids: Sequence[str | None] | None = None
    along_time: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    attrs: Mapping[str, Any] = field(default_factory=dict)

    def coordinates(self) -> dict[str, xr.Variable]:
        """Coordinates of the dimensions, as far as they are known, and the CRS."""
        found = {GRID_MAPPING: xr.Variable((), 0, grid_mapping(self.grid))}
        if self.dates is not None:
            found["time"] = xr.Variable(("time",), self.dates, {"standard_name": "time"})
        if self.asset_ids is not None:
            found["asset_id"] = xr.Variable(("time",), texts(self.asset_ids))
        for name, values in self.along_time.items():
            found[name] = xr.Variable(("time",), values)
        if self.band_names is not None:
            found["band"] = xr.Variable(("band",), texts(self.band_names))
        for name, (centre, attrs) in centres(self.grid).items():
            found[name] = xr.Variable((name,), centre, attrs)
        return found

    def variable(self, dims: Sequence[str], values: Any) -> xr.Variable:
        """An array with the fill and a reference to the CRS.

        Args:
            dims: of the array.
            values: not copied.
        """
        attrs = {**self.attrs, **fill_attribute(self.fill, values.dtype)}
        return xr.Variable(dims, values, attrs, {"grid_mapping": GRID_MAPPING}, fastpath=True)

    def array(self, dims: Sequence[str], values: Any, name: str = NAME) -> xr.DataArray:
        """An array with its coordinates.

        Args:
            dims: of the array.
            values: not copied.
            name: of the array.
        """
        return xr.DataArray(self.variable(dims, values), coords=self.coordinates(), name=name)


def texts(names: Sequence[str | None]) -> NDArray[np.object_]:
    """Names as a coordinate; where there is none, an empty text."""
    # Text of a fixed length has no place in Zarr's specification; zarr warns of it.
    return np.array([name or "" for name in names], np.object_)


def plan_labels(
    plan: Plan,
    dates: NDArray[np.datetime64] | None = None,
    asset_ids: Sequence[str | None] | None = None,
) -> Labels:
    """The labels of a plan's output.

    Args:
        plan: of an image or a series.
        dates: as in `Labels`.
        asset_ids: as in `Labels`.
    """
    return Labels(plan.export.grid, plan.fill_value, plan.band_names, dates, asset_ids)


def series_labels(plan: Plan, series: Series) -> Labels:
    """The labels of a cube's plan.

    Args:
        plan: of the series.
        series: the table that it was made of.
    """
    labels = plan_labels(plan, utc_dates(series.dates), series.asset_ids)
    if series.days is None:
        return labels
    return replace(labels, along_time=day_coordinates(series.days, series.satellites))


def day_coordinates(days: Any, satellites: Sequence[str | None]) -> dict[str, NDArray[Any]]:
    """The coordinates of scenes that were grouped by satellite and solar day.

    Args:
        days: of each step of the time axis.
        satellites: of each step.
    """
    return {"solar_day": np.array(days, "datetime64[ns]"), "satellite": texts(satellites)}


def utc_dates(dates: object) -> NDArray[np.datetime64]:
    """Dates as xarray has them: datetime64[ns] without a time zone, in UTC.

    Args:
        dates: of those without a time zone, UTC is meant. None and NaT become NaT.

    Raises:
        InvalidInputError: if one is no date.
    """
    try:
        parsed = pd.to_datetime(pd.Series(dates), utc=True)
        return parsed.dt.tz_localize(None).to_numpy("datetime64[ns]")
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"An acquisition date is no date: {error}") from error
