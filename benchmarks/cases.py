"""What is exported, and under which conditions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np

import pixels

QUOTA = 40
"""Requests at a time that Earth Engine grants by default."""


class Kind(Enum):
    """What the pieces of an export are to each other."""

    IMAGE = "one image"
    SERIES = "dates of one area"
    PATCHES = "places of one image"


@dataclass(frozen=True)
class Service:
    """How the server answers.

    Attributes:
        latency: seconds before a reply's first byte.
        rate: counted bytes a second of one request.
        concurrency: requests that are allowed at a time.
        memory: counted bytes past which a request is out of memory; None for never.
        faults: share of requests that fail.
        kinds: how they fail, one of these each time: values of `eemulator.FaultKind`.
        seed: which requests fail, by their number: the same ones for every contestant.
    """

    latency: float = 0.4
    rate: float = 6e6
    concurrency: int = QUOTA
    memory: int | None = None
    faults: float = 0.0
    kinds: tuple[str, ...] = ("503", "429", "reset", "truncate")
    seed: int = 0


@dataclass(frozen=True)
class Piece:
    """One array of the output: a square of native pixels of one asset.

    Attributes:
        asset_id: of the image.
        number: of the image, for `pixels.values`.
        row: of the first pixel.
        col: of the first pixel.
        side: pixels.
    """

    asset_id: str
    number: int
    row: int
    col: int
    side: int

    @property
    def corner(self) -> tuple[float, float]:
        """Metres: the outer corner of the upper left pixel."""
        step = pixels.RESOLUTION
        return pixels.LEFT + step * self.col, pixels.TOP - step * self.row

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Metres: left, bottom, right, top."""
        left, top = self.corner
        size = pixels.RESOLUTION * self.side
        return left, top - size, left + size, top

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """From pixels to metres, in the order of Earth Engine's `crsTransform`."""
        left, top = self.corner
        return float(pixels.RESOLUTION), 0.0, left, 0.0, -float(pixels.RESOLUTION), top


@dataclass(frozen=True)
class Case:
    """One export.

    Attributes:
        title: of its table.
        side: pixels of a piece.
        bands: of uint16.
        kind: of export.
        count: pieces.
        service: how the server answers.
    """

    title: str
    side: int
    bands: int
    kind: Kind = Kind.IMAGE
    count: int = 1
    service: Service = Service()

    @cached_property
    def pieces(self) -> list[Piece]:
        """What to export, in the output's order."""
        match self.kind:
            case Kind.IMAGE:
                return [Piece(pixels.IMAGE, 0, 0, 0, self.side)]
            case Kind.SERIES:
                return [Piece(pixels.date_id(n), n, 0, 0, self.side) for n in range(self.count)]
            case Kind.PATCHES:
                last = pixels.SIDE - self.side
                places = np.random.default_rng(1).integers(0, last, (self.count, 2), endpoint=True)
                return [Piece(pixels.IMAGE, 0, row, col, self.side) for row, col in places.tolist()]

    @property
    def band_names(self) -> list[str]:
        """Earth Engine's."""
        return list(pixels.BANDS[: self.bands])

    @property
    def output_bytes(self) -> int:
        """Of all pieces."""
        return self.count * self.bands * self.side**2 * 2

    @property
    def counted_bytes(self) -> int:
        """The same as Earth Engine counts them: a byte of mask with each value."""
        return self.output_bytes // 2 * 3

    @property
    def rounds(self) -> float:
        """Latencies one after another that the service cannot spare a client.

        An image and a series may be asked for in as many requests as are allowed at a time; no
        request holds two places.
        """
        return self.count / self.service.concurrency if self.kind is Kind.PATCHES else 1.0

    @property
    def bound(self) -> float:
        """Seconds that the service itself needs: its latencies, then all connections full."""
        service = self.service
        sending = self.counted_bytes / (service.concurrency * service.rate)
        return self.rounds * service.latency + sending


# The seeds are the first ones of which the first 25, 50, 200 and 1,000 requests have their share of
# faults, and the first 8 have one: an export of few requests meets faults, too.
_FAULTS = Service(faults=0.1, seed=296)
_STORM = Service(faults=0.3, seed=239)
_HANG = Service(faults=0.02, kinds=("hang",), seed=45)

CASES = {
    "image": Case("One image, 4 bands × 5000²", 5000, 4),
    "scene": Case("A whole scene, 4 bands × 10980²", 10980, 4),
    "series": Case("400 dates × 3 bands × 128²", 128, 3, Kind.SERIES, 400),
    "patches": Case("1,000 patches, 4 bands × 256²", 256, 4, Kind.PATCHES, 1000),
    "quota": Case("One image under a quota of 6", 5000, 4, service=Service(concurrency=6)),
    "memory": Case("One image, no request over 4 MB", 5000, 4, service=Service(memory=4_000_000)),
    "faults": Case("One image, 10 % of requests fail", 5000, 4, service=_FAULTS),
    "storm": Case("One image, 30 % of requests fail", 5000, 4, service=_STORM),
    "hang": Case("One image, 2 % of requests hang for 60 s", 5000, 4, service=_HANG),
}
