"""Quick-looks of GeoTensors."""

from __future__ import annotations

import warnings
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


def stretch_of(image: GeoTensor) -> NDArray[np.float32]:
    """What most valid pixels of the first three bands hold.

    Args:
        image: `(C, H, W)`, or `(T, C, H, W)`: then of each pixel's median over time, so that
            clouds do not count.

    Returns:
        `(2, 3, 1, 1)`: the value shown black and the value shown white, of each band. Black is
        each band's own, as haze is; the range is one, so that colours stay.
    """
    sample = image.values[..., :3, ::8, ::8].astype("float32")
    sample[sample == image.fill_value_default] = np.nan
    if sample.ndim == 4:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # pixels that are never valid
            sample = np.nanmedian(sample, axis=0)
    low, high = np.nanpercentile(sample, [1, 99], axis=(1, 2)).astype("float32")
    return np.stack([low, low + (high - low).max()])[..., None, None]


def rgb(image: GeoTensor, stretch: NDArray[np.float32] | None = None) -> NDArray[np.uint8]:
    """The first three bands of a `(C, H, W)` image; masked pixels are white.

    Args:
        image: at least three bands.
        stretch: as `stretch_of` gives it; None: the image's own.

    Returns:
        `(H', W', 3)`, thinned to `LARGEST_SIDE` pixels.
    """
    low, high = stretch_of(image) if stretch is None else stretch
    step = max(1, -(-max(image.shape[-2:]) // LARGEST_SIDE))
    values = image.values[:3, ::step, ::step]
    valid = (values != image.fill_value_default).any(axis=0)
    stretched = np.clip((values - low) / np.maximum(high - low, 1e-9), 0, 1)
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


def contact_sheet(cube: GeoTensor, path: Path, stretch: NDArray[np.float32] | None = None) -> Path:
    """A `(T, C, H, W)` series as a PNG: every date a picture, all in one stretch.

    Args:
        cube: with `attrs["acquisition_dates"]`.
        path: of the PNG.
        stretch: as `stretch_of` gives it; None: the series' own.
    """
    dates = cube.attrs["acquisition_dates"]
    columns = min(10, len(dates))
    rows = -(-len(dates) // columns)
    figure = Figure(figsize=(1.5 * columns, 1.7 * rows), layout="compressed")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    stretch = stretch_of(cube) if stretch is None else stretch
    for axes in grid:
        axes.set_axis_off()
    for axes, image, date in zip(grid, cube, dates, strict=False):
        show(axes, rgb(image, stretch), f"{date:%Y-%m-%d}")
    figure.savefig(path, dpi=110)
    return path


def overview(images: list[GeoTensor], path: Path) -> Path:
    """The demo in one PNG: four dates of the series, the large image, the mosaic."""
    cube, region, mosaic = images
    figure = Figure(figsize=(11, 3.9), layout="compressed")
    axes = figure.subplot_mosaic("01RRMM;23RRMM")
    stretch = stretch_of(cube)
    glaring = (cube.values[:, 0, ::8, ::8] > stretch[1, 0]).mean(axis=(1, 2))
    for quarter, part in enumerate(np.array_split(np.arange(len(cube)), 4)):
        index = part[glaring[part].argmin()]  # the clearest date of a quarter of the series
        date = cube.attrs["acquisition_dates"][index]
        show(axes[str(quarter)], rgb(cube[index], stretch), f"{date:%d %b %Y}")
    show(axes["R"], rgb(region), f"one export, {region.nbytes / 1e6:.0f} MB")
    show(axes["M"], rgb(mosaic), "two real Landsat 8 scenes, one mosaic")
    figure.savefig(path, dpi=120)
    return path
