"""Formulas written as text, over images and over numbers."""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.function import Function
from ..expression.registry import algorithm
from ..pixels.arithmetic import BINARY, QUOTIENT, UNARY
from ..pixels.constant import constant_image
from ..values.formula import read
from ..values.image import Image
from ..values.pixel_type import TYPES
from .image_bands import select
from .image_cast import cast_bands
from .image_choice import chosen
from .image_math import binary, unary
from .scalars import function_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MATH = {"PI": math.pi, "E": math.e}


class _Images:
    """Formulas over images.

    Args:
        default: the name of the image that `b()` means.
        images: by name.
        free: whether other names are bands of the default image.
    """

    def __init__(self, default: str, images: Mapping[str, Image], *, free: bool) -> None:
        self._default = default
        self._images = images
        self._free = free

    def number(self, value: float) -> Image:
        """Everywhere the same."""
        return constant_image(value)

    def name(self, name: str) -> Image:
        """An image; perhaps a band of the default one."""
        found = self._images.get(name)
        if found is not None:
            return found
        if self._free and self._default in self._images:
            return select(self._images[self._default], [name], None)
        raise ServiceError(f"Unknown variable '{name}' in the expression.")

    def member(self, base: Image, name: str) -> Image:
        """A band."""
        return select(base, [name], None)

    def item(self, base: Image, selectors: Sequence[str | int]) -> Image:
        """Bands; all where none is named."""
        return select(base, list(selectors), None) if selectors else base

    def selected(self, selectors: Sequence[str | int]) -> Image:
        """Bands of the default image."""
        return self.item(self.name(self._default), selectors)

    def call(self, name: str, operands: Sequence[Image]) -> Image:
        """An operation; extremes take any number of operands."""
        if name in ("min", "max") and len(operands) > 1:
            return reduce(lambda one, other: binary(BINARY[name], one, other), operands)
        if name in BINARY and len(operands) == 2:
            return binary(QUOTIENT if name == "divide" else BINARY[name], *operands)
        if name in UNARY and len(operands) == 1:
            return unary(UNARY[name], operands[0])
        if name in TYPES and len(operands) == 1:
            return cast_bands(operands[0], [TYPES[name]] * len(operands[0].bands))
        raise _no_function(name, len(operands))

    def choice(self, condition: Image, yes: Image, no: Image) -> Image:
        """Pixel by pixel."""
        return chosen(condition, yes, no)

    def titled(self, name: str, value: Image) -> Image:
        """The one band under another name."""
        if len(value.bands) != 1:
            raise ServiceError(f"Only a single band can be named '{name}'.")
        return value.with_bands([value.bands[0].renamed(name)])


def _no_function(name: str, count: int) -> ServiceError:
    return ServiceError(f"There is no function '{name}' of {count} operands.")


@algorithm("Image.parseExpression")
def parse_expression(text: str, default: str, names: list[str], free: bool) -> Function:
    """A function of images by name, from a formula."""

    def run(arguments: dict[str, Any]) -> Image:
        images = {name: _image(name, value) for name, value in arguments.items()}
        return read(text, _Images(default, images, free=free))

    return Function(names, run)


def _image(name: str, value: Any) -> Image:
    if isinstance(value, Image):
        return value
    if isinstance(value, (int, float)):
        return constant_image(value)
    raise ServiceError(f"The variable '{name}' is no image.")


class _Numbers:
    """Formulas over numbers.

    Args:
        values: by name; numbers and dictionaries.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def number(self, value: float) -> Any:
        """Itself."""
        return value

    def name(self, name: str) -> Any:
        """A variable, or `Math`."""
        if name in self._values:
            return self._values[name]
        if name == "Math":
            return _MATH
        raise ServiceError(f"Unknown variable '{name}' in the expression.")

    def member(self, base: Any, name: str) -> Any:
        """A dictionary's."""
        if not isinstance(base, dict) or name not in base:
            raise ServiceError(f"There is no '{name}' in the expression's variable.")
        return base[name]

    def item(self, base: Any, selectors: Sequence[str | int]) -> Any:
        """Numbers have no bands."""
        raise ServiceError(f"A number has no bands: {list(selectors)} of {base!r}.")

    def selected(self, selectors: Sequence[str | int]) -> Any:
        """Numbers have no bands."""
        return self.item(None, selectors)

    def call(self, name: str, operands: Sequence[Any]) -> Any:
        """A function of `Number`."""
        if not all(isinstance(operand, (int, float)) for operand in operands):
            raise ServiceError(f"The operands of '{name}' must be numbers.")
        run = function_of(name, len(operands))
        if run is None:
            raise _no_function(name, len(operands))
        return run(*operands)

    def choice(self, condition: Any, yes: Any, no: Any) -> Any:
        """By the condition's being 0."""
        return yes if condition else no

    def titled(self, name: str, value: Any) -> Any:
        """Numbers have no names."""
        raise ServiceError(f"A number cannot be named '{name}': {value!r}.")


@algorithm("Number.expression")
def number_expression(text: str, variables: dict[str, Any] | None) -> float:
    """The value of a formula of numbers.

    Raises:
        ServiceError: it is none, or its value no number.
    """
    found = read(text, _Numbers(variables or {}))
    if not isinstance(found, (int, float)):
        raise ServiceError("The expression's value is no number.")
    return found
