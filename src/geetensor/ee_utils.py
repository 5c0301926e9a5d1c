"""Signing in, and geometries between Earth Engine and shapely."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ee
import googleapiclient.errors
from google.auth.exceptions import GoogleAuthError
from shapely.geometry import mapping

from geetensor.callers import warn_caller
from geetensor.engine.fetch import compute_value
from geetensor.engine.session import NOT_SIGNED_IN, current_session, is_signed_in
from geetensor.engine.transport import Transport
from geetensor.errors import InvalidInputError, SignInError
from geetensor.geometry import GEOGRAPHIC, Area, Spot, as_point, parse_area, parse_spot
from geetensor.grid import reproject_geometry
from geetensor.source import serialize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry import MultiPolygon, Polygon

    Geometry = Polygon | MultiPolygon | ee.Geometry | Mapping[str, Any] | Sequence[float]
    """An area: shapely, Earth Engine's, GeoJSON, or bounds (min x, min y, max x, max y)."""

HIGH_VOLUME_URL = "https://earthengine-highvolume.googleapis.com"
"""The endpoint for many requests at a time. It caches less than the standard one."""

STANDARD_URL = "https://earthengine.googleapis.com"

PROJECT_VARIABLE = "EARTHENGINE_PROJECT"
KEY_VARIABLE = "EARTHENGINE_SERVICE_ACCOUNT_KEY"


def initialize(
    project: str | None = None,
    *,
    service_account_key: str | os.PathLike[str] | None = None,
    high_volume: bool = True,
    url: str | None = None,
) -> None:
    """Sign in to Earth Engine, unless the `ee` client has a session: that one is kept.

    Credentials are, in this order: the service account's; those that `earthengine authenticate`
    stored; Google's application-default ones. To an endpoint that is not Google's (an emulator)
    none are sent.

    Args:
        project: Cloud project that pays. Default: `$EARTHENGINE_PROJECT`, the service account's
            own, or the one stored with the credentials.
        service_account_key: path of a JSON key file, or its text. Default:
            `$EARTHENGINE_SERVICE_ACCOUNT_KEY`, for an endpoint of Google's.
        high_volume: use the endpoint for many requests at a time.
        url: another endpoint, such as an emulator's.

    Raises:
        SignInError: if there are no credentials, no project, or the service refuses them.
        InvalidInputError: if the service account's key is not one.

    Example:
        >>> from geetensor import ee_utils
        >>> ee_utils.initialize(url=server.url, project=server.project)
    """
    project = project or os.environ.get(PROJECT_VARIABLE)
    url = url.rstrip("/") if url else None
    if is_signed_in():
        kept = current_session()
        if (project or kept.project) != kept.project or (url or kept.base_url) != kept.base_url:
            warn_caller(
                f"Already signed in to {kept.base_url} with project {kept.project}: kept as it "
                "is. Call ee.Reset() first to sign in anew."
            )
        return
    endpoint = url or (HIGH_VOLUME_URL if high_volume else STANDARD_URL)
    credentials = None
    if not _is_google(endpoint):
        if service_account_key:
            raise InvalidInputError(
                f"{endpoint} is not Google's: a service account's key is not used for it."
            )
    elif key := service_account_key or os.environ.get(KEY_VARIABLE):
        credentials, key_project = _service_account(key)
        project = project or key_project
    else:
        credentials = _stored_credentials()
        project = project or credentials.quota_project_id
    if not project:
        raise SignInError(
            "No Cloud project. Pass project='my-project', or set EARTHENGINE_PROJECT. It must be "
            "registered for Earth Engine: https://code.earthengine.google.com/register"
        )
    try:
        ee.Initialize(credentials=credentials, url=endpoint, project=project)
    except (ee.EEException, googleapiclient.errors.Error, GoogleAuthError, OSError) as error:
        ee.Reset()
        raise SignInError(
            f"Earth Engine at {endpoint} refused the session for project {project!r}: {error}"
        ) from error


def _is_google(endpoint: str) -> bool:
    return (urlsplit(endpoint).hostname or "").endswith(".googleapis.com")


def _service_account(key: str | os.PathLike[str]) -> tuple[Any, str | None]:
    """Credentials and project of a key. Its text never reaches a message."""
    if not isinstance(key, (str, os.PathLike)):
        raise InvalidInputError(
            f"The service account's key must be a path or JSON text, got {type(key).__name__}."
        )
    text = os.fspath(key).strip()
    try:
        if not text.startswith("{"):
            text = Path(text).expanduser().read_text(encoding="utf-8")
        info = json.loads(text)
        credentials = ee.ServiceAccountCredentials(key_data=text)
    except OSError as error:
        raise InvalidInputError(
            f"The service account's key cannot be read: {error.strerror}. Pass the path of its "
            "JSON file, or its text."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInputError(
            "The service account's key is not the JSON that Google Cloud made."
        ) from None
    return credentials, info.get("project_id")


def _stored_credentials() -> Any:
    try:
        return ee.data.get_persistent_credentials()
    except ee.EEException as error:
        raise SignInError(
            "No credentials for Earth Engine. Run `earthengine authenticate` once, or pass "
            f"service_account_key=, or set {KEY_VARIABLE}."
        ) from error


def parse_geometry(geometry: Geometry, crs: object, transport: Transport | None = None) -> Area:
    """An area in any form.

    Args:
        geometry: an `ee.Geometry`, or what `geetensor.geometry.parse_area` takes.
        crs: of its coordinates; an `ee.Geometry` has its own.
        transport: to ask the service for a geometry that it computes; None: a new one.

    Raises:
        InvalidInputError: if it is no valid area.
    """
    return parse_area(*_without_ee(geometry, crs, transport))


def parse_extent(
    geometry: Geometry | Any, size: object, crs: object, transport: Transport | None = None
) -> Area | Spot:
    """An area in any form, or a point and a size.

    Args:
        geometry: as `parse_geometry` takes, or a point: shapely's, GeoJSON's, an
            `ee.Geometry.Point`, or x and y.
        size: pixels around a point, as in `geetensor.geometry.parse_spot`; None for an area.
        crs: of its coordinates; an `ee.Geometry` has its own.
        transport: as in `parse_geometry`.

    Raises:
        InvalidInputError: if it is neither, or a point without a size.
    """
    plain, own_crs = _without_ee(geometry, crs, transport)
    point = as_point(plain)
    if point is None:
        return parse_area(plain, own_crs)
    if size is None:
        raise InvalidInputError(f"The point {point} needs a size in pixels: pass size=.")
    return parse_spot(point, size, own_crs)


def _without_ee(
    geometry: Geometry | Any, crs: object, transport: Transport | None
) -> tuple[Any, object]:
    """A geometry that is no object of the client's, and the CRS of its coordinates."""
    if isinstance(geometry, (ee.Feature, ee.FeatureCollection)):
        geometry = geometry.geometry()
    if isinstance(geometry, ee.Geometry):
        return _geojson(geometry, transport), GEOGRAPHIC
    if isinstance(geometry, ee.ComputedObject):
        raise InvalidInputError(f"geometry must be an area, got {type(geometry).__name__}.")
    return geometry, crs


def _geojson(geometry: ee.Geometry, transport: Transport | None) -> dict[str, Any]:
    if not geometry.func:
        return dict(geometry.toGeoJSON())
    expression = serialize(geometry, "the geometry").expression
    if transport is not None:
        return dict(compute_value(expression, transport, label="the computed geometry"))
    with Transport(current_session()) as own:
        return dict(compute_value(expression, own, label="the computed geometry"))


def to_shapely(geometry: Geometry, *, crs: object = GEOGRAPHIC) -> Polygon | MultiPolygon:
    """An area as a shapely geometry in longitude and latitude (EPSG:4326).

    Edges are taken as straight in the geometry's own CRS; Earth Engine's geodesic edges differ
    from that by 0.2 m at most over 5 km at 45° of latitude.

    Args:
        geometry: `ee.Geometry` (a computed one is asked of the service), `ee.Feature`,
            shapely, GeoJSON or bounds.
        crs: of its coordinates; an `ee.Geometry` has its own.

    Raises:
        InvalidInputError: if it is no valid area.

    Example:
        >>> to_shapely(ee.Geometry.Rectangle(47.4, -19.0, 47.6, -18.8)).bounds
        (47.4, -19.0, 47.6, -18.8)
    """
    area = parse_geometry(geometry, crs)
    moved = reproject_geometry(area.shape, area.crs, GEOGRAPHIC)
    return parse_area(mapping(moved), GEOGRAPHIC).shape


def to_ee_geometry(geometry: Geometry, *, crs: object = GEOGRAPHIC) -> ee.Geometry:
    """An area as an `ee.Geometry` with straight (planar) edges.

    Args:
        geometry: shapely, GeoJSON or bounds; an `ee.Geometry`, or an `ee.Feature`'s, is
            returned as it is.
        crs: of its coordinates.

    Raises:
        InvalidInputError: if it is no valid area.
        SignInError: if there is no session, which the client needs for any object.

    Example:
        >>> to_ee_geometry((47.4, -19.0, 47.6, -18.8)).getInfo()["type"]
        'Polygon'
    """
    if not is_signed_in():
        raise SignInError(NOT_SIGNED_IN)
    if isinstance(geometry, ee.Feature):
        geometry = geometry.geometry()
    if isinstance(geometry, ee.Geometry):
        converted: ee.Geometry = geometry
    else:
        area = parse_area(geometry, crs)
        geojson = json.loads(json.dumps(mapping(area.shape)))  # lists in place of tuples
        converted = ee.Geometry(geojson, proj=area.crs, geodesic=False)
    return converted
