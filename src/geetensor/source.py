"""An image to read: what it is called on the wire, and what its metadata says."""

from __future__ import annotations

import functools
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import ee

from geetensor.collections import other_names, resolve_band
from geetensor.engine.expression import described
from geetensor.engine.fetch import compute_each
from geetensor.engine.wire import (
    AssetRef,
    BandInfo,
    ExpressionRef,
    ImageInfo,
    ImageRef,
    decode_image_info,
)
from geetensor.errors import (
    BadReplyError,
    GeetensorError,
    InvalidInputError,
    UnknownBandError,
)
from geetensor.grid import PixelGrid, Window, metres_per_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.engine.session import Session
    from geetensor.engine.transport import Transport

METADATA_BATCH = 100
"""Images whose metadata is asked for in one request."""

MEMORY_SECONDS = 300.0
"""How long the metadata of a stored image is taken to be what it was."""

_MOST_REMEMBERED = 10_000
"""Images, of one sign-in."""

_NAMED = 10
"""Images that a message names before it only counts them."""


@dataclass(frozen=True, slots=True)
class Source:
    """An image to read.

    Attributes:
        ref: how requests name it.
        info: its metadata.
        label: what to call it in messages.
    """

    ref: ImageRef
    info: ImageInfo
    label: str

    def bands(self, names: Sequence[str]) -> tuple[BandInfo | None, ...]:
        """The bands asked for, in that order; None for one that it lacks.

        Raises:
            InvalidInputError: if two names mean the same band.
        """
        by_id = {band.id: band for band in self.info.bands}
        ids = [resolve_band(name, tuple(by_id), self.info.id) for name in names]
        for band_id in ids:
            if band_id is not None and ids.count(band_id) > 1:
                raise InvalidInputError(f"bands names {band_id} of {self.label} twice.")
        return tuple(None if band_id is None else by_id[band_id] for band_id in ids)


def serialize(value: ee.ComputedObject, label: str) -> ExpressionRef:
    """A computed object's expression, ready for any number of requests."""
    return ExpressionRef(json.dumps(ee.serializer.encode(value)).encode(), label)


def open_sources(images: Sequence[str | ee.Image], transport: Transport) -> list[Source]:
    """Look images up, many in a request; stored ones only where that was not done just before.

    Args:
        images: asset ids and computed images.
        transport: the door to the network.

    Raises:
        InvalidInputError: if one is neither.
        EarthEngineError: if the service does not know one.
    """
    opened = _open([_name(image) for image in images], transport, apart=False)
    errors = [one for one in opened if isinstance(one, GeetensorError)]
    if errors:
        raise errors[0]
    return [one for one in opened if isinstance(one, Source)]


def open_ref(ref: ImageRef, transport: Transport) -> Source:
    """Look an image up that is put together here.

    Raises:
        EarthEngineError: if the service cannot tell what it is.
    """
    [opened] = _open([ref], transport, apart=False)
    if isinstance(opened, GeetensorError):
        raise opened
    return opened


def open_each(
    images: Sequence[str | ee.Image], transport: Transport
) -> list[Source | GeetensorError]:
    """The same, where one that fails does not end the others: its error stands in its place.

    Raises:
        SignInError: if there is no way in.
    """
    opened: list[Source | GeetensorError | None] = [None] * len(images)
    named: dict[int, ImageRef] = {}
    for index, image in enumerate(images):
        try:
            named[index] = _name(image)
        except InvalidInputError as error:
            opened[index] = error
    for index, one in zip(named, _open([*named.values()], transport, apart=True), strict=True):
        opened[index] = one
    return [one for one in opened if one is not None]


def _open(
    refs: Sequence[ImageRef], transport: Transport, *, apart: bool
) -> list[Source | GeetensorError]:
    """Look images up: from memory, else many in a request.

    Args:
        refs: the images.
        transport: the door to the network.
        apart: whether images of a request that fails are asked for one by one.
    """
    memory = _memory_of(transport.session)
    known: dict[ImageRef, ImageInfo | GeetensorError | None] = {
        ref: memory.recall(ref) for ref in refs
    }
    new = [ref for ref, info in known.items() if info is None]
    batches = [new[start : start + METADATA_BATCH] for start in range(0, len(new), METADATA_BATCH)]
    while batches:
        answers = compute_each([_question(batch) for batch in batches], transport)
        again = []
        for batch, answer in zip(batches, answers, strict=True):
            for ref, found in zip(batch, _infos(len(batch), answer), strict=True):
                known[ref] = found
            if apart and len(batch) > 1 and isinstance(answer, Exception):
                again += [[one] for one in batch]
        batches = again
    for ref in new:
        memory.note(ref, known[ref])
    sources: list[Source | GeetensorError] = []
    for ref in refs:
        match known[ref]:
            case ImageInfo() as info:
                sources.append(Source(ref, info, info.id or ref.label))
            case GeetensorError() as error:
                sources.append(error)
    return sources


class _Memory:
    """Metadata of stored images, as one sign-in sees them."""

    def __init__(self) -> None:
        self._infos: dict[AssetRef, tuple[float, ImageInfo]] = {}

    def recall(self, ref: ImageRef) -> ImageInfo | None:
        """What is known of an image; None for nothing, or nothing recent."""
        noted, info = self._infos.get(ref, (0.0, None)) if isinstance(ref, AssetRef) else (0, None)
        return info if info is not None and time.monotonic() - noted < MEMORY_SECONDS else None

    def note(self, ref: ImageRef, info: object) -> None:
        """Remember an image, if it is a stored one and there is something to remember."""
        if isinstance(ref, AssetRef) and isinstance(info, ImageInfo):
            if len(self._infos) >= _MOST_REMEMBERED:
                self._infos.clear()
            self._infos[ref] = time.monotonic(), info


_memories: WeakKeyDictionary[object, _Memory] = WeakKeyDictionary()
_lock = threading.Lock()


def forget_images() -> None:
    """Know nothing of any image any more, as after a new sign-in."""
    with _lock:
        _memories.clear()


def _memory_of(session: Session) -> _Memory:
    with _lock:
        return _memories.setdefault(session.sign_in, _Memory())


def _name(image: object) -> ImageRef:
    if isinstance(image, str):
        if not image.strip("/ "):
            raise InvalidInputError("The asset id is empty.")
        return AssetRef(image)
    if isinstance(image, ee.Image):
        return serialize(image, "the computed image")
    raise InvalidInputError(
        f"Expected an asset id or an ee.Image, got {type(image).__name__}. "
        "A collection becomes one image by .mosaic(), .median() or .first()."
    )


def _question(batch: Sequence[ImageRef]) -> tuple[bytes, str]:
    """The expression of some images' metadata, and what messages call it."""
    others = f" and {len(batch) - 1} more images" if len(batch) > 1 else ""
    return described(batch), batch[0].label + others


def _infos(count: int, answer: Any) -> Sequence[ImageInfo | GeetensorError]:
    """What an answer to `_question` says of each image: its metadata, or why there is none."""
    try:
        if isinstance(answer, Exception):
            raise answer
        if count == 1:
            return [decode_image_info(answer)]
        features = answer.get("features", []) if isinstance(answer, dict) else []
        if len(features) != count:
            raise BadReplyError(f"Asked about {count} images, got {len(features)}.")
        return [decode_image_info(feature) for feature in features]
    except GeetensorError as error:
        return [error] * count


def select_bands(
    sources: Sequence[Source], names: Sequence[str], *, partial: bool
) -> list[tuple[BandInfo | None, ...]]:
    """The bands of each image, in the order of the names; None for one that it lacks.

    Args:
        sources: the images.
        names: of the bands.
        partial: whether an image may lack some of them; not all, and each has one that has it.

    Raises:
        UnknownBandError: if one lacks a band; says which images and bands.
        InvalidInputError: if two names mean the same band.
    """
    selected = [source.bands(names) for source in sources]
    lacking = {
        source.label: missing
        for source, bands in zip(sources, selected, strict=True)
        if (missing := [name for name, band in zip(names, bands, strict=True) if band is None])
    }
    for name, bands in zip(names, zip(*selected, strict=True), strict=True):
        if not any(bands):
            available = tuple(band.id for band in sources[0].info.bands)
            others = other_names(available, sources[0].info.id)
            also = f" Other names for them: {', '.join(others)}." if others else ""
            raise UnknownBandError(
                f"{sources[0].label} has no band {name!r}, or none that this name means without "
                f"doubt. Its bands: {', '.join(available)}.{also}"
            )
    empty = [label for label, missing in lacking.items() if len(missing) == len(names)]
    if lacking and (empty or not partial):
        advice = "Leave them out, ask for other bands, or pass missing='fill' to have fill there."
        if empty and partial:
            advice = f"{empty[0]} has none of the bands: leave it out."
        listed = [f"{label} lacks {', '.join(missing)}" for label, missing in lacking.items()]
        more = f"; and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
        raise UnknownBandError(
            f"{len(listed)} of {len({source.label for source in sources})} scenes lack bands: "
            f"{'; '.join(listed[:_NAMED])}{more}. {advice}"
        )
    return selected


def finest(bands: Sequence[BandInfo]) -> BandInfo:
    """The band with the smallest pixels on the ground; the first of equals."""

    def pixel_area(band: BandInfo) -> float:
        return abs(band.transform.determinant) * metres_per_unit(band.crs) ** 2

    return min(bands, key=pixel_area)


@functools.lru_cache(maxsize=1024)
def native_grid(band: BandInfo) -> PixelGrid | None:
    """A band's own grid; None where it has no fixed projection, as composites have none.

    Earth Engine then says 1 degree of EPSG:4326, without bounds.
    """
    if band.shape is None and band.crs == "EPSG:4326" and abs(band.transform.determinant) == 1:
        return None
    base = PixelGrid(band.crs, band.transform, 0, 0)
    if band.shape is None:
        return base
    return base.window(Window(*band.origin, *band.shape))
