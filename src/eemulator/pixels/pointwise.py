"""Operations that compute each pixel from the pixels at the same place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .node import Need, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from ..catalog.model import Grid
    from ..values.image import ImageBand
    from .node import Plane


@dataclass(frozen=True, eq=False, slots=True)
class Recipe:
    """How one output is made.

    Attributes:
        inputs: the bands that it needs.
        compute: from their planes, in that order, to its own.
    """

    inputs: tuple[ImageBand, ...]
    compute: Callable[..., Plane]


class Pointwise(Operation):
    """One recipe an output.

    Args:
        recipes: of the outputs.
        arrays: whether they take planes whose pixels are arrays.
    """

    def __init__(self, recipes: Iterable[Recipe], *, arrays: bool = False) -> None:
        self._recipes = tuple(recipes)
        self.takes_arrays = arrays
        self.inputs = [band for recipe in self._recipes for band in recipe.inputs]

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Ask for all inputs together, then follow the recipes."""
        recipes = [self._recipes[index] for index in indices]
        planes = yield Need([band for recipe in recipes for band in recipe.inputs], grid)
        result = []
        position = 0
        for recipe in recipes:
            following = position + len(recipe.inputs)
            result.append(recipe.compute(*planes[position:following]))
            position = following
        return result
