"""How far a 20 m band is from the truth at 10 m: as served, and after two repairs.

`python sentinel2_20m.py` prints the table of docs/sentinel2-20m.md; `python sentinel2_20m.py PATH`
draws its picture, too. Georeader's repair needs scikit-image.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine
from georeader.geotensor import GeoTensor
from georeader.readers.ee_image import interpolate_20mbands_s2ee as georeaders_repair
from matplotlib.figure import Figure

from geetensor.ee_image import interpolate_20mbands_s2ee

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

LEFT, TOP = 399_960, 8_000_020
SHAPES = ((240, 240), (241, 243))
HOLE = np.s_[99:120, 130:145]
EDGE = 4

REPAIRS: dict[str, Callable[[GeoTensor], GeoTensor]] = {
    "as served (nearest)": lambda image: image,
    "georeader 2.4.2": lambda image: georeaders_repair(image, ["B05"], inplace=False),
    "bilinear": lambda image: interpolate_20mbands_s2ee(image, ["B05"], method="bilinear"),
    "bicubic": lambda image: interpolate_20mbands_s2ee(image, ["B05"]),
}


def field(shape: tuple[int, int], metres: int) -> NDArray[np.float64]:
    """A smooth field at the centres of pixels: waves of 160 m and more, on a slope."""
    y, x = (np.arange(size)[..., np.newaxis] + 0.5 for size in shape)
    y, x = y * metres, x.T * metres
    waves = 900 * np.sin(2 * np.pi * x / 160) * np.cos(2 * np.pi * y / 200)
    slope: NDArray[np.float64] = 3000 + waves + 0.5 * x - 0.3 * y
    return slope


def served(
    row: int, col: int, shape: tuple[int, int], *, hole: bool
) -> tuple[GeoTensor, NDArray[np.float64]]:
    """A window of the band as Earth Engine gives it at 10 m, and the field itself there."""
    window = np.s_[row : row + shape[0], col : col + shape[1]]
    samples = np.rint(field((130, 130), 20)).astype(np.uint16)
    blocks = samples.repeat(2, axis=0).repeat(2, axis=1)[window].copy()
    if hole:
        blocks[HOLE] = 0
    transform = Affine(10, 0, LEFT + 10 * col, 0, -10, TOP - 10 * row)
    image = GeoTensor(blocks[np.newaxis], transform, "EPSG:32738", fill_value_default=0)
    return image, field((260, 260), 10)[window]


def errors(name: str, row: int, col: int, shape: tuple[int, int], *, hole: bool) -> dict[str, Any]:
    """Root mean square inside, the largest at edges and around holes, and pixels lost or found."""
    image, truth = served(row, col, shape, hole=hole)
    values = REPAIRS[name](image).values[0].astype(float)
    masked = image.values[0] == 0
    off = np.where(masked, 0.0, values - truth)
    near = np.zeros(shape, np.bool_)
    near[EDGE:-EDGE, EDGE:-EDGE] = True
    if hole:
        rows, cols = HOLE
        near[rows.start - EDGE : rows.stop + EDGE, cols.start - EDGE : cols.stop + EDGE] = False
    return {
        "rms": float(np.sqrt(np.mean(off[near] ** 2))),
        "edge": float(np.abs(off[~near]).max()),
        "mask": int(np.count_nonzero((values == 0) != masked)),
    }


def print_table() -> None:
    """The four phases, even and odd sizes, with and without a hole."""
    print("| first pixel | size | hole |", " | ".join(REPAIRS), "|")
    print("|" + "---|" * (3 + len(REPAIRS)))
    for row in (0, 1):
        for col in (0, 1):
            for shape in SHAPES:
                for hole in (False, True):
                    found = [errors(name, row, col, shape, hole=hole) for name in REPAIRS]
                    cells = [
                        f"{e['rms']:.1f} / {e['edge']:.0f}"
                        + (f", {e['mask']} pixels" if e["mask"] else "")
                        for e in found
                    ]
                    size = f"{shape[0]} × {shape[1]}"
                    print(f"| {row}, {col} | {size} | {'yes' if hole else 'no'} |", end=" ")
                    print(" | ".join(cells), "|")


def draw(path: str) -> None:
    """The same 24 × 24 pixels: the truth, as served, repaired twice."""
    image, truth = served(1, 1, SHAPES[1], hole=True)
    window = np.s_[108:132, 132:156]
    shown = {"the field at 10 m": truth} | {
        name: REPAIRS[name](image).values[0] for name in REPAIRS if name != "bilinear"
    }
    figure = Figure(figsize=(10, 2.9), layout="constrained")
    for axes, (name, values) in zip(figure.subplots(1, len(shown)), shown.items(), strict=True):
        pixels = np.ma.masked_equal(values[window], 0)
        axes.imshow(pixels, vmin=2000, vmax=4800, cmap="viridis")
        axes.set_title(name, fontsize=10)
        axes.set_axis_off()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    print_table()
    if len(sys.argv) > 1:
        draw(sys.argv[1])
