"""A picture of a table of scenes: where they are, and when."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geetensor.bridges.extent import around
from geetensor.bridges.rows import parse_scenes
from geetensor.discovery.globe import centre, polygons_of
from geetensor.errors import MissingPackageError

try:
    from matplotlib import dates as mdates
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import LineCollection, PathCollection
    from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
    from matplotlib.figure import Figure
    from matplotlib.path import Path
    from matplotlib.ticker import FuncFormatter, MaxNLocator
except ImportError as error:
    raise MissingPackageError("matplotlib", "plot") from error

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from shapely.geometry import MultiPolygon, Polygon
    from shapely.geometry.base import BaseGeometry

_CLOUDS = LinearSegmentedColormap.from_list(
    "clouds", ["#0b4f7d", "#2f86b0", "#8fbccf", "#c9cfd0", "#d8d2c8"]
)
_UNKNOWN = "#9a7fb5"
"""Colour of scenes whose cloud cover is not known."""

_AREA, _TEXT, _LABEL, _LINE = "#c2593f", "#2e3a45", "#74818d", "#e6e9ec"

_INK = 0.5
"""Opacity of all the footprints that lie upon each other, together."""

_FAINTEST, _BOLDEST = 0.02, 0.3
"""Opacity of one of them."""

_ALIKE = 0.02
"""Of the map's longer side: footprints with sides that differ by about this are drawn as one."""

_BAR = 0.34
"""Half the height of a scene's bar in the timeline, in rows."""

_MARGIN = 0.06
"""Of the map's sides, around what it shows."""

_NARROWEST = 0.02
"""Degrees that the map shows at the least."""

_LONG = 0.004
"""Of the timeline: a scene that lasts longer is drawn with its duration."""

_RESOLUTION = 150
"""Dots an inch of a PNG."""


class SceneFigure(Figure):
    """A figure that a notebook shows by itself, without `pyplot`'s global state."""

    def save(self, file: Any) -> None:
        """Write a PNG."""
        self.savefig(file, format="png", dpi=_RESOLUTION)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.save(buffer)
        return buffer.getvalue()


def draw_scenes(scenes: gpd.GeoDataFrame, area: Polygon | MultiPolygon | None) -> SceneFigure:
    """Draw the footprints beside a timeline; see `geetensor.ee_scenes.plot_scenes`.

    Args:
        scenes: the table.
        area: within ±180°; None for none.
    """
    table = parse_scenes(scenes)
    # The clearest are drawn last, over the others.
    table = table.sort_values("cloud_cover", ascending=False, na_position="first", kind="stable")
    colours = _colours(table["cloud_cover"].to_numpy())
    satellites = table["satellite"].fillna("satellite not known")
    figure = SceneFigure(
        figsize=(11, max(4.4, 2.4 + 0.5 * satellites.nunique())), layout="constrained"
    )
    places, times = figure.subplots(1, 2, width_ratios=(1, 1.35))
    _draw_map(places, table, area)
    _draw_timeline(times, table, satellites, colours)
    if table["cloud_cover"].notna().any():
        shades = ScalarMappable(Normalize(0, 100), _CLOUDS)
        bar = figure.colorbar(shades, ax=times, fraction=0.035, pad=0.02)
        bar.set_label("cloud cover of the scene, %", color=_LABEL, fontsize=8)
        bar.ax.tick_params(labelsize=8, labelcolor=_LABEL, length=0)
        bar.ax.spines[:].set_visible(False)
    return figure


def _colours(cloud_cover: NDArray[Any]) -> NDArray[Any]:
    """`(N, 3)`: red, green and blue of each scene, 0 to 1."""
    known = np.isfinite(cloud_cover)
    colours = np.full((known.size, 3), to_rgb(_UNKNOWN))
    colours[known] = _CLOUDS(Normalize(0, 100, clip=True)(cloud_cover[known]))[:, :3]
    return colours


def _draw_map(axes: Axes, table: gpd.GeoDataFrame, area: Polygon | MultiPolygon | None) -> None:
    located = table[table.geometry.notna() & ~table.geometry.is_empty]
    _style(axes, f"{len(located)} footprint{'s' * (len(located) != 1)}")
    shown = [*located.geometry, *([area] if area is not None else [])]
    if not shown:
        return
    middle = centre(polygons_of(area if area is not None else shown[-1]))[0]
    placed = np.array([around(one, middle) for one in shown])
    bounds = shapely.bounds(placed)
    (left, bottom), (right, top) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    side = max(right - left, top - bottom)
    _draw_footprints(axes, placed[: len(located)], located["cloud_cover"].to_numpy(), side)
    if area is not None:
        outline = [_path(placed[-1])]
        axes.add_collection(
            PathCollection(outline, facecolors="none", edgecolors=_AREA, linewidths=1.8)
        )
    margin = max(_MARGIN * side, _NARROWEST / 2)
    beside = min(margin, (360 - (right - left)) / 2)  # no place is shown twice
    axes.set_xlim(left - beside, right + beside)
    axes.set_ylim(max(bottom - margin, -90), min(top + margin, 90))
    axes.set_aspect(1 / max(math.cos(math.radians((bottom + top) / 2)), 0.05), anchor="NW")
    axes.xaxis.set_major_locator(MaxNLocator(4, min_n_ticks=2))
    axes.yaxis.set_major_locator(MaxNLocator(6, min_n_ticks=2))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _longitude(x)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _degrees(y, "NS")))


def _draw_footprints(
    axes: Axes, footprints: NDArray[Any], cloud_cover: NDArray[Any], side: float
) -> None:
    """Draw footprints, those that nearly coincide as one, in the colour of their mean.

    A hundred of them upon each other, each faint enough to see through all, would come out in
    wrong colours: a pixel's have eight bits.

    Args:
        axes: to draw on.
        footprints: `(N,)` polygons.
        cloud_cover: `(N,)`, percent or NaN.
        side: degrees, of the map's longer side.
    """
    bounds = shapely.bounds(footprints)
    alike = pd.DataFrame(np.round(bounds / max(_ALIKE * side, 1e-9)))
    groups = alike.assign(cloud_cover=cloud_cover).groupby([*alike.columns], sort=False)
    drawn = groups.head(1).index
    colours = _colours(groups["cloud_cover"].mean().to_numpy())
    opacity = _opacity(bounds[drawn])
    axes.add_collection(
        PathCollection(
            [_path(footprint) for footprint in footprints[drawn]],
            facecolors=[(*rgb, opacity) for rgb in colours],
            edgecolors=[(*rgb, min(1.0, 3 * opacity)) for rgb in colours],
            linewidths=0.7,
        )
    )


def _opacity(bounds: NDArray[Any]) -> float:
    """Of one footprint, so that as many as lie upon each other can be seen through.

    Args:
        bounds: `(N, 4)`, of the footprints.
    """
    if not len(bounds):
        return _BOLDEST
    (left, bottom), (right, top) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    width, height = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    depth = (width * height).sum() / max((right - left) * (top - bottom), 1e-12)
    return float(np.clip(1 - (1 - _INK) ** (1 / max(depth, 1.0)), _FAINTEST, _BOLDEST))


def _path(geometry: BaseGeometry) -> Path:
    rings = shapely.get_rings(shapely.get_parts(polygons_of(geometry)))
    return Path.make_compound_path(
        *(Path(shapely.get_coordinates(ring), closed=True) for ring in rings)
    )


def _longitude(x: float) -> str:
    return _degrees((x + 180) % 360 - 180, "EW")


def _degrees(value: float, names: str) -> str:
    rounded = round(value, 4)
    side = names[0] if rounded > 0 else names[1] if rounded < 0 else ""
    return f"{abs(rounded):g}°{side if abs(rounded) != 180 else ''}"


def _draw_timeline(
    axes: Axes, table: pd.DataFrame, satellites: pd.Series[str], colours: NDArray[Any]
) -> None:
    start = table["acquisition_date"].dt.tz_localize(None)
    end = table["end_date"].dt.tz_localize(None).fillna(start)
    dated = start.notna().to_numpy()
    _style(axes, _period(start[dated], end[dated]))
    if table["cloud_cover"].isna().any():
        axes.set_title("cloud cover not known", loc="right", fontsize=8, color=_UNKNOWN)
    names = sorted(satellites[dated].unique(), reverse=True)
    if not names:
        axes.set_axis_off()
        return
    row = satellites[dated].map(names.index).to_numpy()
    left, right = (_days(moments[dated]) for moments in (start, end))
    margin = max(0.02 * (right.max() - left.min()), 0.5)
    axes.set_xlim(left.min() - margin, right.max() + margin)
    axes.set_ylim(-0.6, len(names) - 0.4)
    long = right - left > _LONG * (right.max() - left.min() + 2 * margin)
    lasting = zip(left[long], right[long], row[long], strict=True)
    axes.add_collection(
        LineCollection(
            [[(a, y), (b, y)] for a, b, y in lasting], colors=colours[dated][long], linewidths=5
        )
    )
    counts = satellites[dated].value_counts()
    axes.add_collection(
        LineCollection(
            [[(x, y - _BAR), (x, y + _BAR)] for x, y in zip(left, row, strict=True)],
            colors=colours[dated],
            linewidths=float(np.clip(150 / counts.max(), 1, 3)),
        )
    )
    axes.set_yticks(range(len(names)), [f"{name}\n{counts[name]}" for name in names])
    locator = mdates.AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    dates = mdates.ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(dates)
    axes.grid(axis="x", color=_LINE, linewidth=0.8)


def _days(moments: pd.Series[Any]) -> NDArray[np.float64]:
    """Where moments are on an axis of dates."""
    days = mdates.date2num(moments)  # type: ignore[no-untyped-call]
    return np.asarray(days, np.float64)


def _period(start: pd.Series[Any], end: pd.Series[Any]) -> str:
    """First and last day of some scenes."""
    if start.empty:
        return "no scene has a time"
    first, last = (f"{day.day} {day:%b %Y}" for day in (start.min(), end.max()))
    return first if first == last else f"{first} – {last}, UTC"


def _style(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=9, color=_TEXT)
    axes.tick_params(labelsize=8, labelcolor=_LABEL, color=_LINE)
    axes.spines[:].set_color(_LINE)
    axes.set_axisbelow(True)
    axes.xaxis.get_offset_text().set(fontsize=8, color=_LABEL)
