"""The picture of a table: what is on it, whatever the table."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib import image
from matplotlib.colors import to_hex

from geetensor import ee_scenes
from geetensor.errors import InvalidInputError
from tests.geetensor.scene_tables import FIJI, many, table

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

PNG = b"\x89PNG\r\n"


def draw(*arguments: Any) -> tuple[Axes, Axes, list[Axes]]:
    """The map, the timeline and the colour bar."""
    figure = ee_scenes.plot_scenes(*arguments)
    figure.canvas.draw()
    places, times, *bars = figure.axes
    return places, times, bars


def labels(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def test_a_png(tmp_path: Path) -> None:
    path = tmp_path / "scenes.png"
    figure = ee_scenes.plot_scenes(table(), (47.3, -18.9, 47.6, -18.3), path=path)
    assert path.read_bytes().startswith(PNG)
    shown: bytes = figure._repr_png_()  # type: ignore[attr-defined]
    assert image.imread(io.BytesIO(shown)).shape == image.imread(path).shape


def test_a_row_for_each_satellite_and_a_bar_for_each_scene() -> None:
    clouds = [0.0, 50.0, np.nan, 100.0] * 10
    rows = many(40, satellite=["A", "B", None, "A"] * 10, cloud_cover=clouds)
    _, times, bars = draw(rows)
    assert labels(times) == ["satellite not known\n10", "B\n10", "A\n20"]
    [collection] = [c for c in times.collections if len(c.get_paths()) == 40]
    colours = [to_hex(colour) for colour in np.array(collection.get_edgecolor())]
    assert len(set(colours)) == 4
    assert colours[0] == "#9a7fb5"  # the unknown ones lie below
    assert times.get_title("left") == "1 Jan 2024 – 9 Feb 2024, UTC"
    assert times.get_title("right") == "cloud cover not known"
    assert len(bars) == 1


def test_footprints_that_coincide_are_one() -> None:
    places, _, _ = draw(many(500, cloud_cover=[10.0, 30.0] * 250), (0.2, 0.2, 0.4, 0.4))
    footprints, outline = places.collections
    assert len(footprints.get_paths()) == 1
    assert places.get_title("left") == "500 footprints"
    assert 0 < np.array(footprints.get_facecolor())[0, 3] < 1
    assert to_hex(np.array(outline.get_edgecolor())[0]) == "#c2593f"


def test_across_the_antimeridian() -> None:
    rows = table(1)
    for area in (None, FIJI, (179.2, -17.8, 180.2, -17.2)):
        places, _, _ = draw(rows, area)
        left, right = places.get_xlim()
        assert 1.5 < right - left < 2
        assert "180°" in {label.get_text() for label in places.get_xticklabels()} or left > -180


def test_the_whole_globe() -> None:
    places, times, bars = draw(table(4), shapely.box(10, 45, 12, 47))
    assert places.get_xlim() == (-180, 180)
    assert places.get_ylim() == (-90, 90)
    assert labels(times) == ["Terra\n1"]
    assert not bars


@pytest.mark.parametrize("area", [None, (47.3, -18.9, 47.6, -18.3)])
def test_next_to_nothing(area: Any) -> None:
    for rows in (table()[:0], table(5), many(1).assign(acquisition_date=pd.NaT)):
        draw(rows, area)
    places, times, _ = draw(table()[:0], area)
    assert places.get_title("left") == "0 footprints"
    assert times.get_title("left") == "no scene has a time"


def test_scenes_that_last() -> None:
    end = pd.date_range("2024-01-09", periods=3, tz="UTC")
    _, times, _ = draw(many(3, end_date=end))
    assert sorted(len(c.get_paths()) for c in times.collections) == [3, 3]
    assert times.get_xlim()[1] > times.collections[0].get_paths()[-1].get_extents().x1


def test_bad_input() -> None:
    with pytest.raises(InvalidInputError, match="must be a GeoDataFrame"):
        ee_scenes.plot_scenes(None)
    with pytest.raises(InvalidInputError, match="Bounds must be"):
        ee_scenes.plot_scenes(table(), (1, 2, 3))
