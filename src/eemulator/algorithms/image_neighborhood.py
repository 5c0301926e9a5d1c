"""Images seen through a kernel: convolution, focal filters, neighbourhoods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.neighborhood import convolved, neighbor, reduced, windowed
from ..values.image import Image, ImageBand, unique_names
from ..values.kernel import Kernel, round_about
from ..values.pixel_type import DOUBLE, union_of
from ..values.reducer import SIMPLE
from .image_math import on_grid_of
from .kernels import SHAPES

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.reducer import Reducer

_MOST_ITERATIONS = 1_000


@algorithm("Image.convolve", session=True)
def convolve(session: Session, image: Image, kernel: Kernel) -> Image:
    """The sum of the neighbours times the weights above them.

    The kernel is not turned round first: the weight in its upper left corner is that of the upper
    left neighbour [M]. Integers give doubles [M].
    """
    kinds = [DOUBLE if band.type.is_int else band.type.without_range() for band in image.bands]
    node = windowed(
        image.bands, kernel, [((i,), convolved) for i in range(len(image.bands))], session.limits
    )
    return image.computed(
        on_grid_of(band, band.id, kind, node, i)
        for i, (band, kind) in enumerate(zip(image.bands, kinds, strict=True))
    )


@algorithm("Image.reduceNeighborhood", session=True)
def reduce_neighborhood(
    session: Session,
    image: Image,
    reducer: Reducer,
    kernel: Kernel,
    weight: str,
    skip_masked: bool,
    optimization: str | None,
) -> Image:
    """A reducer over the valid neighbours; bands are `{band}_{output}`.

    A reducer of several inputs takes as many bands together, and its outputs name the result [S];
    nothing weighs then [M]. https://developers.google.com/earth-engine/apidocs/
    ee-image-reduceneighborhood

    Raises:
        ServiceError: the reducer has no form for pixels, or not as many inputs as there are bands,
            or an argument is none of those known.
    """
    if weight not in ("kernel", "mask", "min"):
        raise ServiceError(f"Unknown input weight '{weight}'; 'mask', 'kernel', 'min' are known.")
    if optimization not in (None, "boxcar", "window"):
        raise ServiceError(f"Unknown optimization '{optimization}'.")
    return _reduced(session, image, reducer, kernel, weight, skip_masked=skip_masked)


def _reduced(
    session: Session,
    image: Image,
    reducer: Reducer,
    kernel: Kernel,
    weight: str,
    *,
    skip_masked: bool,
    keep_names: bool = False,
) -> Image:
    count = len(image.bands)
    reducer.require_stack(inputs=count)
    outputs, made = [], []
    weighing = weight if reducer.weighted else None
    # A kernel in metres may reach any number of pixels: the largest stands for all.
    cells = int(np.count_nonzero(kernel.window(1.0).weights)) if kernel.in_pixels else 513**2
    together = reducer.inputs > 1
    groups = [range(count)] if together else [range(i, i + 1) for i in range(count)]
    for group in groups:
        band = image.bands[group[0]]
        source = union_of(image.bands[i].type for i in group)
        for output, statistic, rule in zip(
            reducer.outputs, reducer.statistics, reducer.rules, strict=True
        ):
            # Weights are not whole numbers: neither is a weighted sum.
            kind = DOUBLE if weighing and output == "sum" else rule(source, cells)
            run = reduced(statistic, kind, weighing=weighing, skip_masked=skip_masked)
            outputs.append((tuple(group), run))
            name = output if together else f"{band.id}_{output}"
            made.append((band, band.id if keep_names else name, kind))
    node = windowed(image.bands, kernel, outputs, session.limits)
    return image.computed(
        on_grid_of(band, name, kind, node, i) for i, (band, name, kind) in enumerate(made)
    )


def _register(name: str, *names: str) -> None:
    reducer = SIMPLE[name]

    @algorithm(*names, session=True)
    def run(
        session: Session,
        image: Image,
        radius: float,
        shape: str,
        units: str,
        iterations: int,
        kernel: Kernel | None,
    ) -> Image:
        if kernel is None:
            if shape not in SHAPES:
                raise ServiceError(f"Unknown kernel type '{shape}'; there are {', '.join(SHAPES)}.")
            kernel = round_about(
                shape, (radius, radius), units, SHAPES[shape], 1.0, normalize=False
            )
        if not 1 <= iterations <= _MOST_ITERATIONS:
            raise ServiceError(f"The iterations must be 1 to {_MOST_ITERATIONS}, got {iterations}.")
        for _ in range(iterations):
            # Masked pixels are filled from around: a mosaic's gaps are closed like this [S].
            image = _reduced(
                session, image, reducer, kernel, "kernel", skip_masked=False, keep_names=True
            )
        return image


for _name in ("max", "min", "mean", "median", "mode"):
    _register(_name, f"Image.focal_{_name}", f"Image.focal{_name.capitalize()}", f"Window.{_name}")


@algorithm("Image.neighborhoodToBands", session=True)
def neighborhood_to_bands(session: Session, image: Image, kernel: Kernel) -> Image:
    """A band of each neighbour, `{band}_{x}_{y}`: columns and rows from the focus [I].

    Raises:
        ServiceError: the kernel is in metres, or there would be too many bands.
    """
    if not kernel.in_pixels:
        raise ServiceError("The kernel must be in pixels: it decides how many bands there are.")
    window = kernel.window(1.0)
    cells = [(column, row) for row, column in np.argwhere(window.weights != 0).tolist()]
    session.limits.check_band_count(len(cells) * len(image.bands))
    outputs, made = [], []
    for i, band in enumerate(image.bands):
        for column, row in cells:
            outputs.append(((i,), neighbor(column, row)))
            made.append((band, f"{band.id}_{column - window.column}_{row - window.row}"))
    node = windowed(image.bands, kernel, outputs, session.limits)
    bands: list[ImageBand] = [
        on_grid_of(band, name, band.type, node, i) for i, (band, name) in enumerate(made)
    ]
    return image.computed(unique_names(bands))
