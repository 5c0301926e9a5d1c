"""Quick-looks of GeoTensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from pathlib import Path

    from georeader.geotensor import GeoTensor
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

mpl.use("Agg")

LARGEST_SIDE = 1400
"""Pixels of a quick-look."""


def rgb(image: GeoTensor, low: float | None = None, high: float | None = None) -> NDArray[np.uint8]:
    """The first three bands, stretched to what most pixels hold; masked pixels are white.

    Args:
        image: `(C, H, W)`, at least three bands.
        low: value shown black; None: the 2nd percentile.
        high: value shown white; None: the 98th percentile.

    Returns:
        `(H', W', 3)`, thinned to `LARGEST_SIDE` pixels.
    """
    step = max(1, -(-max(image.shape[-2:]) // LARGEST_SIDE))
    values = image.values[:3, ::step, ::step]
    valid = (values != image.fill_value_default).any(axis=0)
    if low is None or high is None:
        low, high = np.percentile(values[:, valid], [2, 98]) if valid.any() else (0, 1)
    stretched = np.clip((values.astype("float32") - low) / max(high - low, 1e-9), 0, 1)
    pixels = (255 * stretched**0.8).astype(np.uint8)
    pixels[:, ~valid] = 255
    return np.moveaxis(pixels, 0, -1)


def show(axes: Axes, pixels: NDArray[np.uint8], title: str) -> None:
    """A picture with a title and no axes."""
    axes.imshow(pixels, interpolation="antialiased")
    axes.set_title(title, fontsize=8)
    axes.set_axis_off()


def quicklook(image: GeoTensor, path: Path) -> Path:
    """A `(C, H, W)` image as a PNG."""
    mpl.image.imsave(path, rgb(image))
    return path


def contact_sheet(cube: GeoTensor, path: Path) -> Path:
    """A `(T, C, H, W)` series as a PNG: every date a picture, all in one stretch."""
    dates = cube.attrs["acquisition_dates"]
    columns = min(10, len(dates))
    rows = -(-len(dates) // columns)
    figure = Figure(figsize=(1.5 * columns, 1.7 * rows), layout="compressed")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    sample = cube.values[..., ::8, ::8]
    low, high = np.percentile(sample[sample != cube.fill_value_default], [2, 98])
    for axes in grid:
        axes.set_axis_off()
    for axes, image, date in zip(grid, cube, dates, strict=False):
        show(axes, rgb(image, low, high), f"{date:%Y-%m-%d}")
    figure.savefig(path, dpi=110)
    return path


def overview(images: list[GeoTensor], path: Path) -> Path:
    """The demo in one PNG: four dates of the series, the large image, the mosaic."""
    cube, region, mosaic = images
    figure = Figure(figsize=(11, 3.9), layout="compressed")
    left, middle, right = figure.subfigures(1, 3)
    picked = np.linspace(0, len(cube) - 1, 4).astype(int)
    low, high = np.percentile(cube.values[cube.values != cube.fill_value_default], [2, 98])
    for axes, index in zip(left.subplots(2, 2).ravel(), picked, strict=True):
        date = cube.attrs["acquisition_dates"][index]
        show(axes, rgb(cube[index], low, high), f"{date:%d %b %Y}")
    for part, image, title in (
        (middle, region, f"one export, {region.nbytes / 1e6:.0f} MB"),
        (right, mosaic, "two real Landsat 8 scenes, one mosaic"),
    ):
        show(part.subplots(), rgb(image), title)
    figure.savefig(path, dpi=120)
    return path
