"""What the service refuses, and in which words.

Every limit and every text that goes with one is here and nowhere else. The marks say how well a
fact is known: [S] read in a public source, [I] inferred, [M] remembered and not verified.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

import psutil

from .errors import ServiceError


@dataclass(frozen=True, slots=True)
class Limits:
    """The service's limits; `None` switches one off where it says so.

    Attributes:
        request_bytes: largest pixel request: width x height x the sum over bands of the item
            size plus one byte of mask [S].
        dimension: largest width or height of a pixel request, in pixels [S].
        bands: most bands of a pixel request [S].
        payload_bytes: largest request body [S].
        elements: most elements of a collection that a value may hold [I], and of one page of
            a table [M].
        page: elements of a table's page where nothing else is asked for [S].
        concurrent_requests: requests under way at once [S].
        requests_per_second: requests begun in any one second; None for no limit [S].
        requests_per_minute: the same in any one minute; None for no limit. The service's 6,000
            are the 100 of each second [S]; a project's own quota may be lower.
        eecu_seconds: compute time after which the project is in restricted mode; None for no
            limit. A second of one of this machine's cores counts as one; the service's unit is
            of its own.
        restricted_requests: requests under way at once in restricted mode [M].
        computation_seconds: longest computation; None for no limit [S].
        max_pixels_bytes: pixel requests that count for more bytes than this fail with the
            service's out-of-memory error; None for no limit. The real threshold depends on the
            computation; this is a knob to rehearse it with.
        expression_nodes: most nodes of one expression. Not a limit of the service: it keeps a
            malicious expression from holding the emulator.
        working_pixels: most pixels of an intermediate image (a `reproject`, a region).
            Not a limit of the service.
        result_values: most values (numbers, strings, lists, …) that a reply, or one value on the
            way to it, may hold. Not a limit of the service: a list of twice the list before,
            sixty times, is a short expression.
        training_bytes: of the numbers that a classifier or clusterer learns from; about what the
            service takes interactively [S].
        process_bytes: memory of the emulator's process; what is computed when it takes more fails
            with the service's out-of-memory error; three quarters of the machine's by default.
            None for no limit. Not a limit of the service.
        concurrent_exports: operations that run at once [M].
        queued_exports: operations that wait [S].
        assets: most assets that users make [M].
        asset_bytes: most bytes of those together, as they are kept in memory; not a limit of the
            service.
        download_dimension: largest width or height of a thumbnail or a download by URL, in
            pixels [S].
        download_bytes: largest of them, counted as `request_bytes`. The reference says 32 MB;
            since 2022 the service refuses what is beyond 48 MiB [S, users' reports].
        kept_names: most thumbnails that are kept under their names, and most maps. How many the
            service keeps, and for how long, is not known: these three are ours.
        kept_bytes: most bytes of their requests.
        kept_seconds: after which a name is forgotten.
        pyramid_bytes: bytes of coarser levels of stored images that are kept. Not a limit of the
            service, which makes them when an image is ingested.
    """

    request_bytes: int = 50_331_648
    dimension: int = 32_768
    bands: int = 1_024
    payload_bytes: int = 10_485_760
    elements: int = 5_000
    page: int = 1_000
    concurrent_requests: int = 40
    requests_per_second: int | None = 100
    requests_per_minute: int | None = None
    eecu_seconds: float | None = None
    restricted_requests: int = 1
    computation_seconds: float | None = 300.0
    max_pixels_bytes: int | None = None
    expression_nodes: int = 1_000_000
    working_pixels: int = 100_000_000
    result_values: int = 5_000_000
    training_bytes: int = 103_809_024
    process_bytes: int | None = field(
        default_factory=lambda: psutil.virtual_memory().total * 3 // 4
    )
    concurrent_exports: int = 2
    queued_exports: int = 3_000
    assets: int = 10_000
    asset_bytes: int = 2**31
    download_dimension: int = 10_000
    download_bytes: int = 50_331_648
    kept_names: int = 10_000
    kept_bytes: int = 134_217_728
    kept_seconds: float = 86_400.0
    pyramid_bytes: int = 268_435_456

    def of_downloads(self) -> Limits:
        """The same with what is refused of thumbnails and downloads."""
        return replace(self, dimension=self.download_dimension, request_bytes=self.download_bytes)

    def deadline(self) -> Deadline:
        """When a computation that begins now must have ended."""
        return Deadline(self.computation_seconds)

    def check_dimensions(self, width: int, height: int) -> None:
        """Refuse a grid of too many pixels a side [S]."""
        if width > self.dimension or height > self.dimension:
            raise ServiceError(
                f"Pixel grid dimensions ({width}x{height}) must be less than or equal to "
                f"{self.dimension}.",
                kind="dimensions",
            )

    def check_band_count(self, count: int) -> None:
        """Refuse too many bands [S]."""
        if count > self.bands:
            raise ServiceError(
                f"Number of bands ({count}) must be less than or equal to {self.bands}.",
                kind="bands",
            )

    def check_request_bytes(self, count: int) -> None:
        """Refuse a pixel request of too many bytes, mask included [S]."""
        if count > self.request_bytes:
            raise ServiceError(
                f"Total request size ({count} bytes) must be less than or equal to "
                f"{self.request_bytes} bytes.",
                kind="request size",
            )
        if self.max_pixels_bytes is not None and count > self.max_pixels_bytes:
            raise out_of_memory()

    def check_working_pixels(self, count: int) -> None:
        """Refuse an intermediate image that would not fit."""
        if count > self.working_pixels:
            raise out_of_memory()


class Deadline:
    """When a computation must have ended.

    Args:
        seconds: from now; None for never.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = math.inf if seconds is None else seconds
        self.restart()

    def restart(self) -> None:
        """Give the whole time again."""
        self._end = time.monotonic() + self._seconds

    def check(self) -> None:
        """Refuse to go on after it [S]."""
        if time.monotonic() > self._end:
            raise timed_out()


def timed_out() -> ServiceError:
    """[S]."""
    return ServiceError("Computation timed out.", kind="timeout")


def out_of_memory() -> ServiceError:
    """[S]."""
    return ServiceError("User memory limit exceeded.", kind="memory")


def value_too_large() -> ServiceError:
    """A value on the way to the result [S, users' logs]; that it is the training data [I]."""
    return ServiceError("Computed value is too large.", kind="result size")


def payload_too_large(limit: int) -> ServiceError:
    """[S]; the status is 400, not 413."""
    return ServiceError(f"Request payload size exceeds the limit: {limit} bytes.", kind="payload")


def too_many_requests() -> ServiceError:
    """[S]."""
    return ServiceError(
        "Too Many Requests: Request was rejected because the request rate or concurrency limit "
        "was exceeded.",
        code=429,
        kind="too many requests",
    )


def quota_exceeded() -> ServiceError:
    """Of requests in a minute [I]."""
    return ServiceError(
        "Quota exceeded for quota metric 'Number of read requests' and limit 'Number of read "
        "requests per minute per user' of service 'earthengine.googleapis.com' for consumer "
        "'project_number:0'.",
        code=429,
        kind="quota",
    )


def too_many_elements(limit: int) -> ServiceError:
    """[I]; no algorithm's name goes before it, also where one gathers the elements [M]."""
    return ServiceError(
        f"Collection query aborted after accumulating over {limit} elements.",
        kind="elements",
        prefixed=False,
    )


MOST_EDGES = 2_000_000
"""Most edges of a geometry that is made [S, the release notes of 29 November 2018]."""


def too_many_edges(count: int) -> ServiceError:
    """[S, users' reports]."""
    return ServiceError(f"Geometry has too many edges ({count} > {MOST_EDGES}).", kind="edges")


def asset_not_found(kind: str, asset_id: str) -> ServiceError:
    """An id inside an expression; `kind` is `Image`, `ImageCollection` [I]."""
    return ServiceError(
        f"{kind} asset '{asset_id}' not found (does not exist or caller does not have access).",
        kind="not found",
    )


def resource_not_found(name: str) -> ServiceError:
    """A name in a URL: 404 for public assets [M], 403 for another project's [I]."""
    if name.startswith("projects/earthengine-public/"):
        return ServiceError(f"Asset '{name}' not found.", code=404, kind="not found")
    return ServiceError(
        f"Permission 'earthengine.assets.get' denied on resource '{name}' (or it may not exist).",
        code=403,
        kind="not found",
    )


def no_such_band(pattern: str, available: list[str]) -> ServiceError:
    """[S]."""
    if not available:
        return ServiceError(
            f"Pattern '{pattern}' was applied to an Image with no bands. See "
            "https://developers.google.com/earth-engine/guides/debugging#no-bands",
            kind="band",
        )
    listed = ", ".join(available)
    return ServiceError(
        f"Band pattern '{pattern}' did not match any bands. Available bands: [{listed}]",
        kind="band",
    )


def export_too_large(count: int, most: int) -> ServiceError:
    """[S]."""
    return ServiceError(
        f"Export too large: specified {count} pixels (max: {most}). Specify higher maxPixels value "
        "if you intend to export a large area.",
        kind="export size",
    )


def array_bands() -> ServiceError:
    """A file of images whose pixels are arrays [M]."""
    return ServiceError("Cannot export array bands.", kind="array bands")


def asset_bytes_exceeded(size: int, left: int) -> ServiceError:
    """The emulator's own words."""
    return ServiceError(
        f"Asset quota exceeded: {size} bytes, and {left} are left. The emulator keeps assets in "
        "memory; delete some, or raise `Limits.asset_bytes`.",
        kind="quota",
    )


def too_deep() -> ServiceError:
    """[M]."""
    return ServiceError("Expression is nested too deeply.", kind="depth")
