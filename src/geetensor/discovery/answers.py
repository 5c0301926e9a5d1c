"""The requests of queries: one for a usual query, pages for a long one.

A query is first asked as one value, of `CUT` rows at the most. Where it has more, it is asked again
as a table in pages (`toList` would compute all earlier rows anew for each slice). A page says where
the next one begins, so that they come one after another; therefore the time is cut in parts of
equal length, whose pages come at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from geetensor.discovery.rows import SHAPE_ALGORITHMS, Scenes
from geetensor.discovery.search import CUT, join_searches, split_features
from geetensor.engine.fetch import compute_each, fetch_features
from geetensor.engine.wire import wants_pages
from geetensor.errors import BadReplyError, EarthEngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.discovery.search import Search
    from geetensor.engine.transport import Transport
    from geetensor.progress import RowCounter

_without_shapes: WeakSet[Any] = WeakSet()
"""Sign-ins whose service does not tell the shapes of grids."""


def run_searches(
    searches: Sequence[Search],
    transport: Transport,
    count: RowCounter,
    *,
    together: bool = False,
) -> list[list[Scenes]]:
    """All scenes of each search, in no order.

    Args:
        searches: what is asked.
        transport: the door to the network.
        count: told of the rows as they come.
        together: whether to ask for all in one request, as long as their rows fit into a value.

    Raises:
        EarthEngineError: the first refusal.
    """
    sign_in = transport.session.sign_in
    if sign_in in _without_shapes:
        return _Run(searches, transport, count, together, with_shape=False).run()
    try:
        return _Run(searches, transport, count, together, with_shape=True).run()
    except EarthEngineError as error:
        if not _lacks_shapes(error):
            raise
    found = _Run(searches, transport, count, together, with_shape=False).run()
    _without_shapes.add(sign_in)
    return found


def _lacks_shapes(error: EarthEngineError) -> bool:
    """Whether it was the shapes of grids that the service refused."""
    return error.status == 400 and any(name in error.service_message for name in SHAPE_ALGORITHMS)


def _features(value: Any, label: str) -> list[Any]:
    if not isinstance(value, dict) or "features" not in value:
        raise BadReplyError(f"Expected a table from {label}, got {str(value)[:200]}.")
    features: list[Any] = value["features"]
    return features


@dataclass(slots=True)
class _Run:
    """Some searches under way.

    Attributes:
        searches: what is asked.
        transport: the door to the network.
        count: told of the rows as they come.
        together: whether to ask for all in one request first.
        with_shape: whether rows tell the shapes of grids.
        found: the scenes of each search.
    """

    searches: Sequence[Search]
    transport: Transport
    count: RowCounter
    together: bool
    with_shape: bool
    found: list[list[Scenes]] = field(default_factory=list)

    def run(self) -> list[list[Scenes]]:
        """Ask for values, and for pages where these are not all."""
        self.found = [[] for _ in self.searches]
        if self.together and len(self.searches) > 1:
            one = join_searches(self.searches, with_shape=self.with_shape)
            [answer] = compute_each([one], self.transport, convert=self._take_joined, tables=True)
            if self._is_all(answer):
                return self.found
        values = [search.value(with_shape=self.with_shape) for search in self.searches]
        answers = compute_each(values, self.transport, convert=self._take_value, tables=True)
        long = [index for index, answer in enumerate(answers) if not self._is_all(answer)]
        if long:
            self._run_pages(long)
        return self.found

    def _take_joined(self, _: int, value: Any) -> bool:
        """Keep the rows of all searches, unless they may not be all."""
        features = _features(value, "the query")
        if len(features) >= CUT:
            return False
        for index, own in enumerate(split_features(features, len(self.searches))):
            self._take(index, own)
        return True

    def _take_value(self, index: int, value: Any) -> bool:
        """Keep the rows of a search, unless they may not be all."""
        search = self.searches[index]
        features = _features(value, search.label)
        if search.may_be_cut and len(features) >= CUT:
            return False
        self._take(index, features)
        return True

    def _take(self, index: int, features: list[Any]) -> None:
        scenes = self.searches[index].format.read(features)
        self.found[index].append(scenes)
        self.count.add(len(scenes))

    @staticmethod
    def _is_all(answer: bool | Exception) -> bool:
        """Whether a value had all rows; what is too heavy for one may come in pages."""
        if isinstance(answer, Exception):
            if isinstance(answer, EarthEngineError) and wants_pages(
                answer.status or 0, answer.service_message
            ):
                return False
            raise answer
        return answer

    def _run_pages(self, long: Sequence[int]) -> None:
        """Ask for all rows of some searches, by pages.

        Args:
            long: their indices.
        """
        sizes = [self.searches[index].size() for index in long]
        tables: list[tuple[bytes, str]] = []
        owners: list[int] = []
        for index, size in zip(long, compute_each(sizes, self.transport, tables=True), strict=True):
            if isinstance(size, Exception):
                raise size
            self.count.expect(size)
            parts = self.searches[index].parts(size, with_shape=self.with_shape)
            tables += parts
            owners += [index] * len(parts)
        fetch_features(tables, lambda table, rows: self._take(owners[table], rows), self.transport)
