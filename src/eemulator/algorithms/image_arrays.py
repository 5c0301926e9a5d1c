"""Images whose pixels are arrays: made of bands, cut, joined, reduced, and made bands again."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.array_pixels import Partial, Rows, per_pixel, require_room
from ..pixels.pointwise import Pointwise, Recipe
from ..values.image import Image, ImageBand, require_bands
from ..values.pixel_type import DOUBLE, INT64, PixelType, union_of
from .image_collections import composite_bands, footprint_of, images_of
from .image_mask import partners
from .image_math import derived, paired

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..pixels.array_pixels import Function, Stack
    from ..values.collection import Collection
    from ..values.reducer import Reducer

_DEEPEST = 16
_MOST_POSITIONS = 1_000
_LENGTH = PixelType("int", 0, 2**31 - 1)


def computed(
    image: Image,
    parts: Sequence[tuple[str, PixelType, tuple[ImageBand, ...], Function]],
    split: Callable[..., Stack] | None = None,
) -> Image:
    """An image of functions of arrays, pixel by pixel.

    Args:
        image: whose metadata it has.
        parts: the name, the type, the inputs and the function of each band.
        split: which pixels may go together, as in `per_pixel`.
    """
    node = Pointwise(
        (Recipe(inputs, per_pixel(function, kind, split)) for _, kind, inputs, function in parts),
        arrays=True,
    )
    return image.computed(
        derived(name, kind, inputs, node, i) for i, (name, kind, inputs, _) in enumerate(parts)
    )


def each(
    image: Image, function: Function, kind: Callable[[PixelType], PixelType] = lambda kind: kind
) -> Image:
    """A function of each band on its own."""
    return computed(image, [(b.id, kind(b.type), (b,), function) for b in image.bands])


def each_pair(left: Image, right: Image, function: Function, kind: PixelType) -> Image:
    """A function of the bands of two images that meet."""
    return computed(left, [(name, kind, (a, b), function) for name, a, b in paired(left, right)])


def axis_of(image: Image, *axes: int) -> None:
    """Refuse axes that the arrays of a band have not."""
    for band in image.bands:
        for axis in axes:
            if not 0 <= axis < band.type.dimensions:
                raise ServiceError(
                    f"There is no axis {axis} in band '{band.id}', whose pixels have "
                    f"{band.type.dimensions} dimensions."
                )


def _joined(axis: int, dimensions: int) -> Callable[..., Stack]:
    """Arrays one after the other; along a new axis where it is one more than there are."""

    def function(*stacks: Stack) -> Stack:
        if axis == dimensions:
            stacks = tuple(stack[..., np.newaxis] for stack in stacks)
        shapes = {stack.shape[1 : axis + 1] + stack.shape[axis + 2 :] for stack in stacks}
        if len(shapes) > 1:
            raise ServiceError(f"Array arguments must have same lengths but along axis {axis}.")
        require_room(len(stacks[0]), *stacks[0].shape[1:], len(stacks))
        return np.concatenate(stacks, axis + 1)

    return function


def _joined_type(kinds: Sequence[PixelType], axis: int) -> PixelType:
    """Of arrays that are joined.

    Raises:
        ServiceError: their dimensions differ, or they have no such axis.
    """
    dimensions = kinds[0].dimensions
    if any(kind.dimensions != dimensions for kind in kinds):
        raise ServiceError("The bands must have pixels of equal dimensions.")
    if not 0 <= axis <= min(dimensions, _DEEPEST - 1):
        raise ServiceError(f"The axis must be 0 to {dimensions}, got {axis}.")
    return union_of(kind.element for kind in kinds).arrayed(max(dimensions, axis + 1))


@algorithm("Image.toArray")
def to_array(image: Image, axis: int) -> Image:
    """The bands along an axis of one array, band `array`; masked where one of them is [S].

    Raises:
        ServiceError: the bands' dimensions differ, or the axis is beyond the next new one.
    """
    require_bands(image)
    kind = _joined_type([band.type for band in image.bands], axis)
    function = _joined(axis, image.bands[0].type.dimensions)
    return computed(image, [("array", kind, image.bands, function)])


@algorithm("ImageCollection.toArray")
def collection_to_array(collection: Collection) -> Image:
    """Rows of the images' bands, band `array`; images that are masked in a band are left out [S].

    Raises:
        ServiceError: no image, or their bands are not alike, or arrays.
    """
    images = images_of(collection)
    names = images[0].names if images else []
    if not names:
        raise ServiceError("The collection must have an image with a band.")
    layers = [image.named(names) for image in images]
    kinds = [band.type for layer in layers for band in layer]
    if any(kind.dimensions for kind in kinds):
        raise ServiceError("Bands must have scalar values, not array values.")
    kind = union_of(kinds).arrayed(2)
    made = composite_bands(["array"], [kind], Rows(layers, kind), layers)
    return Image.of(made, footprint=footprint_of(images))


@algorithm("ImageCollection.toArrayPerBand")
def collection_to_array_per_band(collection: Collection, axis: int, drop_masked: bool) -> Image:
    """The images along an axis, each band an array of its own.

    A pixel is masked where one of the images is, or only where all are if masked values are
    dropped.

    Raises:
        ServiceError: no image, their bands are not alike, or arrays with values to be dropped.
    """
    images = images_of(collection)
    names = images[0].names if images else []
    if not names:
        raise ServiceError("The collection must have an image with a band.")
    layers = [image.named(names) for image in images]
    stacks = list(zip(*layers, strict=True))
    kinds = [_joined_type([band.type for band in stack], axis) for stack in stacks]
    if not drop_masked:
        recipes = [
            Recipe(stack, per_pixel(_joined(axis, stack[0].type.dimensions), kind))
            for stack, kind in zip(stacks, kinds, strict=True)
        ]
    else:
        if any(band.type.dimensions for stack in stacks for band in stack):
            raise ServiceError("The emulator drops masked numbers only, not masked arrays.")
        recipes = []
        for stack, kind in zip(stacks, kinds, strict=True):
            rows = Rows([[band] for band in stack], kind.arrayed(2))
            column = ImageBand("rows", kind.arrayed(2), rows, 0)
            recipes.append(Recipe((column,), per_pixel(lambda table: table[:, :, 0], kind)))
    node = Pointwise(recipes, arrays=True)
    made = composite_bands(names, kinds, node, layers)
    return Image.of(made, footprint=footprint_of(images))


@algorithm("Image.arrayCat")
def cat(left: Image, right: Image, axis: int) -> Image:
    """Arrays of two images one after the other; along a new axis where it is one more.

    Raises:
        ServiceError: the dimensions differ, or a pixel's lengths do.
    """
    parts = []
    for name, a, b in paired(left, right):
        kind = _joined_type([a.type, b.type], axis)
        parts.append((name, kind, (a, b), _joined(axis, a.type.dimensions)))
    return computed(left, parts)


@algorithm("Image.arrayFlatten")
def flatten(image: Image, labels: list[list[str]], separator: str) -> Image:
    """An array's elements as bands, named by the labels of their positions; the last runs fastest.

    Raises:
        ServiceError: several bands, no labels for an axis, or (of a pixel) another shape.
    """
    if len(image.bands) != 1:
        raise ServiceError(f"The image must have one band, got {len(image.bands)}.")
    band = image.bands[0]
    shape = tuple(len(axis) for axis in labels)
    if len(shape) != band.type.dimensions or not math.prod(shape):
        raise ServiceError(
            f"There must be labels for each of the {band.type.dimensions} axes, got {list(shape)}."
        )
    if math.prod(shape) > _MOST_POSITIONS:
        raise ServiceError(f"Too many bands: {math.prod(shape)}, at most {_MOST_POSITIONS}.")
    names = [separator.join(position) for position in itertools.product(*labels)]
    if len(set(names)) != len(names):
        raise ServiceError("The labels must give different names.")

    def element(position: tuple[int, ...]) -> Function:
        def function(stack: Stack) -> Stack:
            if stack.shape[1:] != shape:
                raise ServiceError(
                    f"The array of a pixel has the lengths {list(stack.shape[1:])}, the labels "
                    f"have {list(shape)}."
                )
            at: tuple[Any, ...] = (slice(None), *position)
            found: Stack = stack[at]
            return found

        return function

    kind = band.type.element
    return computed(
        image,
        [
            (name, kind, (band,), element(position))
            for name, position in zip(names, np.ndindex(*shape), strict=True)
        ],
    )


@algorithm("Image.arrayProject")
def project(image: Image, axes: list[int]) -> Image:
    """Some axes, in this order; the others must have the length 1."""
    axis_of(image, *axes)
    if len(set(axes)) != len(axes) or not axes:
        raise ServiceError("There must be axes to keep, all different.")

    def function(stack: Stack) -> Stack:
        others = [axis for axis in range(stack.ndim - 1) if axis not in axes]
        if any(stack.shape[axis + 1] != 1 for axis in others):
            raise ServiceError(
                f"Axes that are dropped must have the length 1, got {list(stack.shape[1:])}."
            )
        moved = np.transpose(stack, [0, *(axis + 1 for axis in [*axes, *others])])
        return moved.reshape(moved.shape[: len(axes) + 1])

    return each(image, function, lambda kind: kind.arrayed(len(axes)))


@algorithm("Image.arrayGet")
def get(image: Image, position: Image) -> Image:
    """The element at a position, whose bands are its coordinates.

    Raises:
        ServiceError: there are not as many bands as dimensions, or (of a pixel) it lies outside.
    """
    if any(band.type.dimensions != len(position.bands) for band in image.bands):
        raise ServiceError("The position must have a band for each dimension of the arrays.")
    _require_numbers(position)

    def function(stack: Stack, *coordinates: Stack) -> Stack:
        at = [coordinate.astype(np.int64) for coordinate in coordinates]
        for axis, (wanted, size) in enumerate(zip(at, stack.shape[1:], strict=True)):
            outside = wanted[(wanted < 0) | (wanted >= size)]
            if outside.size:
                raise ServiceError(
                    f"Position {outside[0]} is out of bounds for axis {axis} of length {size}."
                )
        found: Stack = stack[(np.arange(len(stack)), *at)]
        return found

    return computed(
        image,
        [(b.id, b.type.element, (b, *position.bands), function) for b in image.bands],
    )


def _require_numbers(*images: Image) -> None:
    for band in itertools.chain.from_iterable(image.bands for image in images):
        if band.type.dimensions:
            raise ServiceError(f"The pixels of band '{band.id}' must be numbers, not arrays.")


@algorithm("Image.arraySlice")
def slice_(image: Image, axis: int, start: Image | None, end: Image | None, step: int) -> Image:
    """Positions along an axis, by default all; negative ones count from the end.

    Raises:
        ServiceError: no such axis, or the step is not positive.
    """
    axis_of(image, axis)
    if step < 1:
        raise ServiceError(f"Parameter 'step' must be positive, got {step}.")
    limits = [limit for limit in (start, end) if limit is not None]

    def function(stack: Stack, *bounds: Stack) -> Stack:
        given = iter(int(bound[0]) for bound in bounds)
        first = None if start is None else next(given)
        last = None if end is None else next(given)
        return stack[(slice(None),) * (axis + 1) + (slice(first, last, step),)]

    return _governed(image, limits, function)


def _governed(
    image: Image,
    numbers: Sequence[Image],
    function: Function,
    kind: Callable[[PixelType], PixelType] = lambda kind: kind,
) -> Image:
    """A function of arrays and of integers, which decide about the lengths of the result."""
    _require_numbers(*numbers)
    sides = [partners(image, number) for number in numbers]

    def split(stack: Stack, *settings: Stack) -> Stack:
        if not settings:
            return np.zeros((len(stack), 1), np.int64)
        return np.stack([setting.astype(np.int64) for setting in settings], axis=1)

    parts = [
        (band.id, kind(band.type), (band, *(side[i] for side in sides)), function)
        for i, band in enumerate(image.bands)
    ]
    return computed(image, parts, split)


@algorithm("Image.arrayRepeat")
def repeat(image: Image, axis: int, copies: Image) -> Image:
    """Copies one after the other along an axis; a new one where it is one more than there are.

    Raises:
        ServiceError: no such axis, or (of a pixel) a negative number of copies.
    """
    for band in image.bands:
        if not 0 <= axis <= min(band.type.dimensions, _DEEPEST - 1):
            raise ServiceError(f"The axis must be 0 to {band.type.dimensions}, got {axis}.")

    def function(stack: Stack, wanted: Stack) -> Stack:
        count = int(wanted[0])
        if count < 0:
            raise ServiceError(f"An array cannot be repeated {count} times.")
        if axis == stack.ndim - 1:
            stack = stack[..., np.newaxis]
        require_room(*stack.shape, count)
        return np.tile(stack, [count if i == axis + 1 else 1 for i in range(stack.ndim)])

    return _governed(
        image, [copies], function, lambda kind: kind.arrayed(max(kind.dimensions, axis + 1))
    )


@algorithm("Image.arrayMask")
def mask(image: Image, keep: Image) -> Image:
    """The positions along which another array is not 0; it has one axis longer than 1.

    Raises:
        ServiceError: (of a pixel) the lengths do not fit.
    """

    def along(stack: Stack, chosen: Stack) -> int:
        axis = _long_axis(stack, chosen)
        if axis is None:
            raise ServiceError(
                f"A mask of {list(chosen.shape[1:])} does not fit an array of "
                f"{list(stack.shape[1:])}."
            )
        return axis

    def kept(stack: Stack, chosen: Stack) -> Stack:
        along(stack, chosen)
        return np.count_nonzero(chosen.reshape(len(chosen), -1), axis=1, keepdims=True)

    def function(stack: Stack, chosen: Stack) -> Stack:
        flags = chosen.reshape(len(chosen), -1) == 0
        order = np.argsort(flags, axis=1, kind="stable")[:, : int((~flags[0]).sum())]
        return _taken(stack, order, along(stack, chosen))

    others = partners(image, keep)
    return computed(
        image,
        [(a.id, a.type, (a, b), function) for a, b in zip(image.bands, others, strict=True)],
        kept,
    )


def _long_axis(stack: Stack, other: Stack) -> int | None:
    """The one axis of a stack that another array goes along; None if it does not fit."""
    shape = other.shape[1:]
    long = [axis for axis, size in enumerate(shape) if size > 1]
    axis = long[0] if long else 0
    if len(long) > 1 or axis >= stack.ndim - 1 or stack.shape[axis + 1] != math.prod(shape):
        return None
    return axis + 1


def _taken(stack: Stack, order: NDArray[np.intp], axis: int) -> Stack:
    """Positions along an axis, of each pixel its own."""
    shape = [1] * stack.ndim
    shape[0], shape[axis] = order.shape
    return np.take_along_axis(stack, order.reshape(shape), axis)


@algorithm("Image.arraySort")
def sort(image: Image, keys: Image | None) -> Image:
    """In order of keys, along the one axis on which these are longer than 1; of its own values.

    Raises:
        ServiceError: (of a pixel) the keys are longer than 1 along several axes, or do not fit.
    """

    def function(stack: Stack, given: Stack) -> Stack:
        axis = _long_axis(stack, given)
        if axis is None:
            raise ServiceError(
                f"Keys of {list(given.shape[1:])} do not fit an array of {list(stack.shape[1:])}."
            )
        order = np.argsort(given.reshape(len(given), -1), axis=1, kind="stable")
        return _taken(stack, order, axis)

    others = partners(image, image if keys is None else keys)
    return computed(
        image,
        [(a.id, a.type, (a, b), function) for a, b in zip(image.bands, others, strict=True)],
    )


@algorithm("Image.arrayTranspose", "Image.matrixTranspose")
def transpose(image: Image, one: int, other: int) -> Image:
    """Two axes in each other's place."""
    axis_of(image, one, other)
    return each(image, lambda stack: np.swapaxes(stack, one + 1, other + 1))


@algorithm("Image.arrayLength")
def length(image: Image, axis: int) -> Image:
    """The length along an axis."""
    axis_of(image, axis)
    return each(image, lambda stack: np.full(len(stack), stack.shape[axis + 1]), lambda _: _LENGTH)


@algorithm("Image.arrayLengths")
def lengths(image: Image) -> Image:
    """The lengths of all axes."""
    return each(
        image,
        lambda stack: np.broadcast_to(np.array(stack.shape[1:]), (len(stack), stack.ndim - 1)),
        lambda _: _LENGTH.arrayed(1),
    )


@algorithm("Image.arrayDimensions")
def dimensions(image: Image) -> Image:
    """The number of axes; 0 of numbers."""
    return each(
        image,
        lambda stack: np.full(len(stack), stack.ndim - 1),
        lambda _: PixelType("int", 0, _DEEPEST),
    )


@algorithm("Image.arrayArgmax")
def argmax(image: Image) -> Image:
    """The position of the first of the greatest elements; masked of an empty array."""

    def function(stack: Stack) -> Stack | None:
        if 0 in stack.shape[1:]:
            return None
        flat = np.argmax(stack.reshape(len(stack), -1), axis=1)
        return np.stack(np.unravel_index(flat, stack.shape[1:]), axis=-1)

    axis_of(image, 0)
    return each(image, function, lambda _: _LENGTH.arrayed(1))


@algorithm("Image.arrayDotProduct")
def dot_product(left: Image, right: Image) -> Image:
    """The sum of the products of two vectors."""

    def function(one: Stack, other: Stack) -> Stack:
        if one.ndim != 2 or one.shape != other.shape:
            raise ServiceError("The arrays must be vectors of one length.")
        found: Stack = (one.astype(np.float64) * other).sum(1)
        return found

    return each_pair(left, right, function, DOUBLE)


@algorithm("Image.arrayAccum")
def accumulate(image: Image, axis: int, reducer: Reducer | None) -> Image:
    """A reducer of all up to each position along an axis; the sum by default.

    Raises:
        ServiceError: no such axis, or the reducer has several inputs or outputs.
    """
    axis_of(image, axis)
    if reducer is None:
        return each(
            image,
            lambda stack: np.cumsum(
                stack,
                axis + 1,
                dtype=np.int64 if stack.dtype.kind in "iub" else np.float64,
            ),
            lambda kind: (INT64 if kind.is_int else DOUBLE).arrayed(kind.dimensions),
        )
    _require_plain(reducer)

    def function(stack: Stack) -> Stack | Partial:
        moved = np.moveaxis(stack, axis + 1, 0)
        if not len(moved):
            return stack
        found = [reduced(reducer, 0, moved[: i + 1]) for i in range(len(moved))]
        values = np.stack([values for values, _ in found], axis + 1)
        return Partial(values, _known(found, len(stack)))

    return each(image, function, lambda kind: _reduced_type(reducer, 0, kind))


def _require_numeric(reducer: Reducer) -> None:
    reducer.require_stack(inputs=reducer.inputs)
    if any(rule(DOUBLE, 1).dimensions for rule in reducer.rules):
        raise ServiceError(f"The emulator does not reduce arrays with Reducer.{reducer.name}.")


def _require_plain(reducer: Reducer) -> None:
    _require_numeric(reducer)
    if reducer.inputs != 1 or len(reducer.outputs) != 1:
        raise ServiceError("The reducer must have one input and one output.")


def _reduced_type(reducer: Reducer, output: int, kind: PixelType) -> PixelType:
    """Of a reduced array, of which it is not known how many elements go together."""
    return reducer.rules[output](kind.element, _MOST_POSITIONS).arrayed(kind.dimensions)


def reduced(reducer: Reducer, output: int, rows: Stack) -> tuple[Stack, Stack]:
    """One output of a reducer along the first axis, and where there is one."""
    values, known = reducer.statistics[output](rows, np.ones(rows.shape, np.bool_))
    return values, np.broadcast_to(known, values.shape)


def _known(found: Sequence[tuple[Stack, Stack]], count: int) -> NDArray[np.bool_]:
    """Of which pixels all results are known."""
    table = np.concatenate([known.reshape(count, -1) for _, known in found], axis=1)
    every: NDArray[np.bool_] = np.all(table, axis=1)
    return every


@algorithm("Image.arrayReduce")
def reduce_(image: Image, reducer: Reducer, axes: list[int], field: int | None) -> Image:
    """A reducer along some axes, which become of length 1; a pixel without a result is masked.

    Inputs of a reducer of several lie along the field axis, which its outputs take afterwards.

    Raises:
        ServiceError: the axes do not fit the arrays, or the fields the reducer.
    """
    chosen = sorted(set(axes))
    axis_of(image, *chosen, *([] if field is None else [field]))
    if field is None:
        _require_plain(reducer)
    elif field in chosen:
        raise ServiceError("The field axis cannot be reduced.")
    _require_numeric(reducer)

    def function(stack: Stack) -> Partial | None:
        moved = [axis + 1 for axis in chosen]
        if field is not None:
            if stack.shape[field + 1] != reducer.inputs:
                raise ServiceError(
                    f"The field axis has the length {stack.shape[field + 1]}, but the reducer has "
                    f"{reducer.inputs} inputs."
                )
            moved.append(field + 1)
        rest = [axis for axis in range(stack.ndim) if axis not in moved]
        ordered = np.transpose(stack, [*moved, *rest])
        kept = ordered.shape[len(moved) :]
        # Without an axis to reduce there is one row; of an empty one, none.
        rows = ordered.reshape(math.prod(ordered.shape[: len(moved)]), math.prod(kept))
        if not len(rows):
            return None
        found = [reduced(reducer, i, rows) for i in range(len(reducer.outputs))]
        final = [
            1 if axis - 1 in chosen or axis - 1 == field else size
            for axis, size in enumerate(stack.shape)
        ]
        values = [output.reshape(final) for output, _ in found]
        joined = values[0] if field is None else np.concatenate(values, axis=field + 1)
        return Partial(joined, _known(found, len(stack)))

    def kind_of(kind: PixelType) -> PixelType:
        return union_of(
            _reduced_type(reducer, i, kind).element for i in range(len(reducer.outputs))
        ).arrayed(kind.dimensions)

    return each(image, function, kind_of)


@algorithm("Image.arrayPad")
def pad(image: Image, wanted: list[int], fill: float) -> Image:
    """Grown at the end of each axis to a length, if it is shorter."""
    if any(band.type.dimensions != len(wanted) for band in image.bands):
        raise ServiceError(f"There must be a length for each axis, got {len(wanted)}.")

    def kind_of(kind: PixelType) -> PixelType:
        joint = kind.element.union(PixelType.of_constant(fill))
        return joint.without_range().arrayed(kind.dimensions)

    def function(stack: Stack) -> Stack:
        more = [max(want - size, 0) for want, size in zip(wanted, stack.shape[1:], strict=True)]
        # Each axis takes one at least: an empty one makes no room for the others.
        sizes = zip(stack.shape[1:], more, strict=True)
        require_room(len(stack), *(max(a + b, 1) for a, b in sizes))
        dtype = np.result_type(stack.dtype, np.min_scalar_type(fill))
        grown = [(0, 0), *((0, extra) for extra in more)]
        return np.pad(stack.astype(dtype), grown, constant_values=fill)

    return each(image, function, kind_of)


@algorithm("Image.arrayReshape")
def reshape(image: Image, shape: Image, count: int) -> Image:
    """Other lengths, given by an image of vectors, for the same numbers; one may be -1.

    Raises:
        ServiceError: (of a pixel) the vector has not as many elements as stated, or does not fit.
    """
    if not 0 <= count <= _DEEPEST:
        raise ServiceError(f"There can be 0 to {_DEEPEST} dimensions, got {count}.")

    def flat(_: Stack, wanted: Stack) -> Stack:
        if wanted.ndim != 2 or wanted.shape[1] != count:
            raise ServiceError(f"The lengths must be a vector of {count} elements.")
        return wanted.astype(np.int64) if count else np.zeros((len(wanted), 1), np.int64)

    def function(stack: Stack, wanted: Stack) -> Stack:
        to = [int(size) for size in wanted[0]]
        try:
            return stack.reshape(len(stack), *to)
        except ValueError:
            raise ServiceError(
                f"An array of lengths {list(stack.shape[1:])} cannot be of lengths {to}."
            ) from None

    others = partners(image, shape)
    return computed(
        image,
        [
            (a.id, a.type.arrayed(count), (a, b), function)
            for a, b in zip(image.bands, others, strict=True)
        ],
        flat,
    )
