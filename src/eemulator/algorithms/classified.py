"""Images and features that are classified and clustered."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.array_pixels import Partial, per_pixel, require_room
from ..pixels.pointwise import Pointwise, Recipe
from ..values.array import Array
from ..values.image import require_bands
from ..values.learning.table import ROWS_AT_ONCE, numbers_of
from ..values.pixel_type import FLOAT, TYPES
from .image_math import derived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from ..expression.evaluate import Session
    from ..pixels.array_pixels import Stack
    from ..values.collection import Collection
    from ..values.element import Element
    from ..values.image import Image
    from ..values.learning.classifier import Classifier
    from ..values.learning.clusterer import Clusterer
    from ..values.learning.table import Rows
    from ..values.pixel_type import PixelType

    Answer = Callable[[Rows], NDArray[Any]]

# Classes and clusters are signed integers of 32 bits, all else floats [M].
_CLASS = TYPES["int32"]
_FEATURES = 1_024


def _kind(classifier: Classifier) -> PixelType:
    kind = _CLASS if classifier.mode == "CLASSIFICATION" else FLOAT
    return kind.arrayed(1) if classifier.gives_lists else kind


@algorithm("Image.classify")
def classify_image(image: Image, classifier: Classifier, output: str) -> Image:
    """One band; it is masked where one of the inputs is, or is not finite [I].

    The inputs are the bands of the names in the classifier's schema [S]. The footprint stays [M].

    Raises:
        ServiceError: the classifier is not trained, or a band is missing.
    """
    names = classifier.ready().names
    return _mapped(image, names, output, _kind(classifier), classifier.output, "Image.classify: ")


@algorithm("Image.cluster")
def cluster_image(image: Image, clusterer: Clusterer, output: str) -> Image:
    """One band, as `Image.classify`."""
    names, found = clusterer.ready()
    return _mapped(image, names, output, _CLASS, found, "Image.cluster: ")


def _mapped(
    image: Image,
    names: Sequence[str],
    output: str,
    kind: PixelType,
    learned: Callable[[], Answer],
    prefix: str,
) -> Image:
    """The answers to the pixels of some bands.

    Args:
        image: that has the bands.
        names: of the bands.
        output: the name of the new one.
        kind: of its pixels.
        learned: gives what answers, when the first pixels are asked for.
        prefix: goes before the words of errors, which come up when the algorithm has returned.
    """
    # A tree that is a leaf asks for no band: it answers where the first one has pixels.
    bands = tuple(image.named(names)) or (require_bands(image),)

    def function(*stacks: Stack) -> Partial:
        try:
            return _answered(stacks, learned(), kind)
        except ServiceError as error:
            raise error.within(prefix) from error

    node = Pointwise([Recipe(bands, per_pixel(function, kind))])
    return image.computed([derived(output, kind, bands, node, 0)])


def _answered(stacks: Sequence[Stack], answer: Answer, kind: PixelType) -> Partial:
    """The answers to rows of which each stack has a number."""
    count = len(stacks[0])
    known: NDArray[np.bool_] = np.ones(count, np.bool_)
    found: NDArray[Any] | None = None
    for start in range(0, count, ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        rows = np.stack([stack[block].astype(np.float64) for stack in stacks], axis=1)
        here: Any = np.isfinite(rows).all(axis=1)
        known[block] = here
        answers = answer(np.where(here[:, np.newaxis], rows, 0))
        if found is None:
            require_room(count, *answers.shape[1:])
            found = np.zeros((count, *answers.shape[1:]), kind.dtype)
        found[block] = answers
    # For the type checker: per_pixel calls for at least one pixel.
    assert found is not None  # noqa: S101
    return Partial(found, known)


@algorithm("FeatureCollection.classify", session=True)
def classify_features(
    session: Session, features: Collection, classifier: Classifier, output: str
) -> Collection:
    """Features with one property more.

    Raises:
        ServiceError: the classifier is not trained; a property is missing or no number.
    """
    names = classifier.ready().names
    whole = classifier.mode == "CLASSIFICATION"
    return _with_answers(
        session,
        features,
        names,
        output,
        classifier.output,
        "FeatureCollection.classify: ",
        whole=whole,
    )


@algorithm("FeatureCollection.cluster", session=True)
def cluster_features(
    session: Session, features: Collection, clusterer: Clusterer, output: str
) -> Collection:
    """Features with one property more, as `FeatureCollection.classify`."""
    names, found = clusterer.ready()
    return _with_answers(
        session, features, names, output, found, "FeatureCollection.cluster: ", whole=True
    )


def _with_answers(
    session: Session,
    features: Collection,
    names: Sequence[str],
    output: str,
    learned: Callable[[], Answer],
    prefix: str,
    *,
    whole: bool,
) -> Collection:
    """Features with the answers to their properties, many at a time.

    Args:
        session: whose deadline holds.
        features: any number.
        names: of the properties that are asked.
        output: the property that is added.
        learned: gives what answers, when the first feature is asked for.
        prefix: goes before the words of errors, which come up when the algorithm has returned.
        whole: whether answers are integers.
    """

    def elements() -> Iterator[Element]:
        source = iter(features)
        position = 0
        while some := list(islice(source, _FEATURES)):
            session.deadline.check()
            try:
                rows = np.array(
                    [numbers_of(each, names, position + i) for i, each in enumerate(some)]
                )
                with np.errstate(all="ignore"):
                    answers = learned()(rows.astype(np.float64))
            except ServiceError as error:
                raise error.within(prefix) from error
            position += len(some)
            for feature, value in zip(some, answers, strict=True):
                yield feature.with_property(output, _plain(value, whole=whole))

    return features.derived(elements, features.count)


def _plain(value: Any, *, whole: bool) -> Any:
    """An answer as a property."""
    if isinstance(value, np.ndarray):
        return Array.of(value.astype(np.int64) if whole else value)
    return int(value) if whole else float(value)
