"""Images that are made when they are asked for, and properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, overload

from eemulator.catalog.model import ImageAsset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KEPT = 4_096


class LazyImages(Sequence[ImageAsset]):
    """Images that are made on access; the last ones are kept, so that memory is bounded.

    Args:
        length: how many there are, or what counts them when that is first asked for.
        make: makes the image at a position, the same each time.
        find: the position of a `system:index`, None for none; by default every image is made
            and looked at.
        starting: the positions of the images that begin within a range of milliseconds, its end
            excluded; None where no calendar tells that.

    Attributes:
        starting: see above.
    """

    def __init__(
        self,
        length: int | Callable[[], int],
        make: Callable[[int], ImageAsset],
        find: Callable[[str], int | None] | None = None,
        starting: Callable[[int, int], range] | None = None,
    ) -> None:
        self._length = length
        self._make = lru_cache(maxsize=_KEPT)(make)
        self._find = self._searched if find is None else find
        self.starting = starting

    def __len__(self) -> int:
        if not isinstance(self._length, int):
            self._length = self._length()
        return self._length

    @overload
    def __getitem__(self, index: int) -> ImageAsset: ...
    @overload
    def __getitem__(self, index: slice) -> list[ImageAsset]: ...
    def __getitem__(self, index: int | slice) -> ImageAsset | list[ImageAsset]:
        positions = range(len(self))[index]
        if isinstance(positions, range):
            return [self._make(position) for position in positions]
        return self._make(positions)

    def named(self, name: str) -> ImageAsset | None:
        """The image of a `system:index`."""
        position = self.position(name)
        return None if position is None else self._make(position)

    def position(self, name: str) -> int | None:
        """Where the image of a `system:index` is, or None."""
        return self._find(name)

    def _searched(self, name: str) -> int | None:
        return next((i for i, image in enumerate(self) if image.id.endswith(f"/{name}")), None)


class LazyProperties(Mapping[str, Any]):
    """Properties of which only those that most queries ask for are there at once.

    Args:
        known: these.
        others: works out the others, at the first need.
    """

    def __init__(self, known: dict[str, Any], others: Callable[[], dict[str, Any]]) -> None:
        self._known = known
        self._others: Callable[[], dict[str, Any]] | None = others

    def _all(self) -> dict[str, Any]:
        others, self._others = self._others, None
        if others is not None:
            self._known = {**self._known, **others()}
        return self._known

    def get(self, key: str, default: Any = None) -> Any:
        """A property, or the default."""
        found = self._known.get(key)
        return self._all().get(key, default) if found is None else found

    def __getitem__(self, key: str) -> Any:
        found = self._known.get(key)
        return self._all()[key] if found is None else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())
