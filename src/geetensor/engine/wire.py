"""Bodies of requests and what replies mean, in Earth Engine's own spelling.

The only module with the REST API's camelCase. Facts are from the API's discovery document and
from earthengine-api 1.7; where the service's message text is all there is to go by, it stands
in one of the patterns below.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine

from geetensor.errors import BadReplyError
from geetensor.masks import integer_dtype

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from geetensor.grid import PixelGrid
    from geetensor.masks import FileFormat

API_VERSION = "v1"

_TOO_LARGE = re.compile(r"Total request size \((\d+) bytes\) must be less than or equal to (\d+)")
_GRID_TOO_LARGE = re.compile(r"Pixel grid dimensions .* must be less than or equal to (\d+)")
_OUT_OF_MEMORY = "User memory limit exceeded"
_TIMED_OUT = "Computation timed out"
# Values that are too large; both inferred, as they are known of other algorithms.
_TOO_LARGE_VALUES = ("Computed value is too large", "Collection query aborted after accumulating")
LOAD_REASONS = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
"""Reasons by which a 403 is a refusal for load. Source: the retries of Google's own clients
(`googleapiclient.http._should_retry_response`); the last one is google.rpc.ErrorInfo's [I]."""

_NO_COLLECTION = re.compile(r"is not an ImageCollection")  # inferred
_NOT_FOUND = re.compile(r"not found \(does not exist or caller does not have access\)")


@dataclass(frozen=True, slots=True)
class AssetRef:
    """A stored image.

    Attributes:
        asset_id: as users write it.
    """

    asset_id: str

    @property
    def label(self) -> str:
        """What to call it in messages."""
        return self.asset_id


@dataclass(frozen=True, slots=True)
class ExpressionRef:
    """A computed image.

    Attributes:
        expression: the serialised expression, JSON as bytes. Made once an export.
        label: what to call it in messages.
    """

    expression: bytes
    label: str

    def __repr__(self) -> str:
        return f"ExpressionRef({self.label!r}, {len(self.expression)} bytes)"


ImageRef = AssetRef | ExpressionRef


def expression_bytes(ref: ImageRef) -> int:
    """What an image takes of the body of a request that names it, about."""
    return len(ref.expression) if isinstance(ref, ExpressionRef) else len(ref.asset_id) + 200


def source_of(ref: ImageRef) -> Hashable:
    """A stored image's collection; a computed image's expression."""
    if isinstance(ref, AssetRef):
        return asset_name(ref.asset_id).rpartition("/")[0]
    return hash(ref.expression)


@dataclass(frozen=True, slots=True)
class BandInfo:
    """What metadata says of a band.

    Attributes:
        id: Earth Engine's name for it.
        dtype: in which its values arrive.
        crs: of its native grid.
        transform: of its native grid, pixel corner to CRS.
        shape: `(height, width)` of its native grid; None where the image has no bounds.
        origin: `(row, column)` of the first pixel; not the grid's own where an image was
            clipped (remembered, not verified).
    """

    id: str
    dtype: np.dtype[Any]
    crs: str
    transform: Affine
    shape: tuple[int, int] | None
    origin: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What metadata says of an image.

    Attributes:
        id: asset id; None for a computed image.
        bands: in the image's order.
        properties: the image's own.
    """

    id: str | None
    bands: tuple[BandInfo, ...]
    properties: Mapping[str, Any]


def asset_name(asset_id: str) -> str:
    """The resource name of an asset id.

    Source: `ee._cloud_api_utils.convert_asset_id_to_asset_name`.
    """
    if re.match(r"^projects/[^/]+/assets/.", asset_id):
        return asset_id
    if asset_id.split("/")[0] in {"users", "projects"}:
        return f"projects/earthengine-legacy/assets/{asset_id}"
    return f"projects/earthengine-public/assets/{asset_id}"


def pixels_call(
    ref: ImageRef,
    grid: PixelGrid,
    band_ids: Sequence[str],
    file_format: FileFormat,
    project: str,
    workload_tag: str,
) -> tuple[str, bytes]:
    """Path and body of a request for pixels.

    Args:
        ref: the image.
        grid: exactly the pixels to send.
        band_ids: Earth Engine's names, in the order wanted.
        file_format: of the reply.
        project: the Cloud project that pays.
        workload_tag: empty for none.
    """
    body: dict[str, Any] = {
        "fileFormat": str(file_format),
        "bandIds": list(band_ids),
        "grid": _grid(grid),
    }
    if workload_tag:
        body["workloadTag"] = workload_tag
    encoded = json.dumps(body).encode()
    if isinstance(ref, AssetRef):
        return f"/{API_VERSION}/{asset_name(ref.asset_id)}:getPixels", encoded
    return (
        f"/{API_VERSION}/projects/{project}/image:computePixels",
        b'{"expression": ' + ref.expression + b", " + encoded[1:],
    )


def compute_call(expression: bytes, project: str, workload_tag: str) -> tuple[str, bytes]:
    """Path and body of a request for a value.

    Args:
        expression: the serialised expression.
        project: the Cloud project that pays.
        workload_tag: empty for none.
    """
    tag = b', "workloadTag": ' + json.dumps(workload_tag).encode() if workload_tag else b""
    return (
        f"/{API_VERSION}/projects/{project}/value:compute",
        b'{"expression": ' + expression + tag + b"}",
    )


def features_call(
    expression: bytes, page_size: int, page_token: str, project: str, workload_tag: str
) -> tuple[str, bytes]:
    """Path and body of a request for a page of a table.

    Source: https://developers.google.com/earth-engine/reference/rest/v1/projects.table/computeFeatures

    Args:
        expression: of a feature collection, serialised.
        page_size: rows, at the most.
        page_token: as the page before gave it; empty for the first.
        project: the Cloud project that pays.
        workload_tag: empty for none.
    """
    rest: dict[str, Any] = {"pageSize": page_size}
    if page_token:
        rest["pageToken"] = page_token
    if workload_tag:
        rest["workloadTag"] = workload_tag
    return (
        f"/{API_VERSION}/projects/{project}/table:computeFeatures",
        b'{"expression": ' + expression + b", " + json.dumps(rest).encode()[1:],
    )


def _grid(grid: PixelGrid) -> dict[str, Any]:
    a, b, c, d, e, f = grid.transform[:6]
    # A code is AUTHORITY:CODE; anything else is WKT.
    is_code = re.fullmatch(r"[\w-]+:\w+", grid.crs) is not None
    return {
        "dimensions": {"width": grid.width, "height": grid.height},
        "affineTransform": {
            "scaleX": a,
            "shearX": b,
            "translateX": c,
            "shearY": d,
            "scaleY": e,
            "translateY": f,
        },
        "crsCode" if is_code else "crsWkt": grid.crs,
    }


def decode_value(body: bytes) -> Any:
    """The result in a `value:compute` reply.

    Raises:
        BadReplyError: if the body is not such a reply.
    """
    try:
        return json.loads(body)["result"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadReplyError(f"The reply is not a computed value: {body[:200]!r}") from error


def decode_features(body: bytes) -> tuple[list[Any], str]:
    """The features in a page of a table, and the token of the next page; empty for none.

    Raises:
        BadReplyError: if the body is not such a page.
    """
    try:
        page = json.loads(body)
        return list(page.get("features", ())), str(page.get("nextPageToken", ""))
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise BadReplyError(f"The reply is not a page of a table: {body[:200]!r}") from error


def decode_band_info(band: Any) -> BandInfo:
    """What an image's metadata say of one of its bands.

    Raises:
        BadReplyError: if it is not a band's.
    """
    try:
        return _band_info(band)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise BadReplyError(f"Not the metadata of a band: {str(band)[:200]}") from error


def decode_image_info(result: Any) -> ImageInfo:
    """An image's metadata, as `getInfo` gives it.

    Raises:
        BadReplyError: if it is not an image's.
    """
    if not isinstance(result, dict) or result.get("type") != "Image":
        found = result.get("type") if isinstance(result, dict) else type(result).__name__
        raise BadReplyError(f"Expected the metadata of an Image, got that of {found}.")
    return ImageInfo(
        id=result.get("id"),
        bands=tuple(_band_info(band) for band in result.get("bands", ())),
        properties=result.get("properties", {}),
    )


def _band_info(band: Mapping[str, Any]) -> BandInfo:
    kind, dimensions = band["data_type"], band.get("dimensions")
    col, row = band.get("origin", (0, 0))
    return BandInfo(
        id=band["id"],
        dtype=_dtype(kind.get("precision"), kind.get("min"), kind.get("max")),
        crs=band.get("crs") or band.get("crs_wkt") or "EPSG:4326",
        transform=_affine(*band.get("crs_transform", (1, 0, 0, 0, 1, 0))),
        shape=(dimensions[1], dimensions[0]) if dimensions else None,
        origin=(row, col),
    )


# Thousands of images have the same few grids and types.


@functools.lru_cache(maxsize=1024)
def _affine(*numbers: float) -> Affine:
    return Affine(*numbers)


@functools.lru_cache(maxsize=1024)
def _dtype(precision: str | None, low: float | None, high: float | None) -> np.dtype[Any]:
    if precision == "float":
        return np.dtype("float32")
    if precision != "int" or low is None or high is None:
        # double, and integers without a range, which have 64 bits and arrive as doubles
        return np.dtype("float64")
    return integer_dtype(low, high)


def error_message(body: bytes) -> str:
    """The service's own words in the body of an error reply."""
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return body[:500].decode("utf-8", "replace").strip() or "(no message)"
    return str(message)


def error_reasons(body: bytes) -> frozenset[str]:
    """The machine-readable reasons in the body of an error reply."""
    try:
        error = json.loads(body)["error"]
        listed = [*error.get("errors", ()), *error.get("details", ())]
        return frozenset(str(item["reason"]) for item in listed if "reason" in item)
    except (ValueError, KeyError, TypeError, AttributeError):
        return frozenset()


def is_restricted(headers: Mapping[str, str]) -> bool:
    """Whether the project may, for now, hardly have requests at the same time.

    Args:
        headers: by lower-case name.
    """
    return "parallelism_restricted=true" in headers.get("x-earth-engine-quota-status", "")


def quoted_side_limit(status: int, message: str) -> int | None:
    """The limit of pixels a side that a refusal quotes; None for any other refusal."""
    match = _GRID_TOO_LARGE.search(message) if status == 400 else None
    return int(match.group(1)) if match else None


def quoted_size_limit(status: int, message: str) -> int | None:
    """The byte limit that a refusal for size quotes; None for any other refusal."""
    match = _TOO_LARGE.search(message) if status == 400 else None
    return int(match.group(2)) if match else None


def is_too_heavy(status: int, message: str) -> bool:
    """Whether a request was too much for the service's memory or time, whatever its limits."""
    return status == 400 and (_OUT_OF_MEMORY in message or _TIMED_OUT in message)


def is_too_slow(message: str) -> bool:
    """Whether a request that was too much was so for the time it takes."""
    return _TIMED_OUT in message


def wants_smaller(status: int, message: str) -> bool:
    """Whether the same pixels would come if asked for in smaller requests."""
    return is_too_heavy(status, message) or (
        status == 400
        and (_TOO_LARGE.search(message) is not None or _GRID_TOO_LARGE.search(message) is not None)
    )


def wants_pages(status: int, message: str) -> bool:
    """Whether a value would come, if it is a table, in pages."""
    too_large = status == 400 and any(text in message for text in _TOO_LARGE_VALUES)
    return too_large or is_too_heavy(status, message)


def is_not_found(status: int, message: str) -> bool:
    """Whether the asset does not exist or may not be read."""
    return status == 404 or (status == 400 and _NOT_FOUND.search(message) is not None)


def is_no_collection(status: int, message: str) -> bool:
    """Whether the asset is something else than the collection that it was taken for."""
    return status == 400 and _NO_COLLECTION.search(message) is not None
