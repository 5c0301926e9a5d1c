"""Signing in, and geometries there and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ee
import pytest
import shapely
from google.auth.exceptions import RefreshError

from geetensor import ee_image, ee_utils
from geetensor.errors import InvalidInputError, SignInError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import eemulator

SQUARE = shapely.box(47.0, -19.0, 47.5, -18.5)


@pytest.fixture
def signed_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (ee_utils.PROJECT_VARIABLE, ee_utils.KEY_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ee.deprecation, "_FetchDataCatalogStac", dict)
    ee.Reset()
    yield
    ee.Reset()


@pytest.fixture
def initialized(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `ee.Initialize` would have been called with."""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(ee, "Initialize", lambda **arguments: calls.append(arguments))
    return calls


def test_an_emulator_needs_no_credentials(server: eemulator.Server, signed_out: None) -> None:
    ee_utils.initialize(project=server.project, url=server.url)
    assert ee.Image("TEST/UTM").bandNames().size().getInfo() == 7


def test_the_project_may_come_from_the_environment(
    server: eemulator.Server, signed_out: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SignInError, match="No Cloud project"):
        ee_utils.initialize(url=server.url)
    monkeypatch.setenv("EARTHENGINE_PROJECT", "mine")
    ee_utils.initialize(url=server.url)
    assert ee.data._get_state().cloud_api_user_project == "mine"


def test_a_session_is_kept(server: eemulator.Server) -> None:
    before = vars(ee.data._get_state()).copy()
    ee_utils.initialize()
    with pytest.warns(
        UserWarning, match="Already signed in .* with project local-emulator"
    ) as warned:
        ee_utils.initialize(project="another")
    assert warned[0].filename == __file__
    assert vars(ee.data._get_state()) == before


def test_without_a_session_nothing_is_exported(signed_out: None) -> None:
    with pytest.raises(SignInError, match=r"no Earth Engine session\. Call .*initialize"):
        ee_image.export_image("TEST/UTM", SQUARE)


def test_credentials_are_never_sent_to_a_host_that_is_not_googles(
    signed_out: None, initialized: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ee.data, "get_persistent_credentials", lambda: pytest.fail("asked"))
    ee_utils.initialize("p", url="http://localhost:1")
    ee_utils.initialize("p", url="https://googleapis.com.evil.example")
    assert [call["credentials"] for call in initialized] == [None, None]


def test_a_key_in_the_environment_does_not_keep_one_from_an_emulator(
    signed_out: None, initialized: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARTHENGINE_SERVICE_ACCOUNT_KEY", service_account_key())
    ee_utils.initialize("p", url="http://localhost:1/")
    assert initialized == [{"credentials": None, "url": "http://localhost:1", "project": "p"}]
    with pytest.raises(InvalidInputError, match="is not Google's"):
        ee_utils.initialize(
            "p", url="http://localhost:1", service_account_key=service_account_key()
        )


def test_a_refused_key_leaves_no_session(signed_out: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise RefreshError("invalid_grant")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(ee, "Initialize", refuse)
    with pytest.raises(SignInError, match="invalid_grant"):
        ee_utils.initialize(service_account_key=service_account_key())
    assert ee.data._get_state().credentials is None


def test_stored_credentials_and_endpoints(
    signed_out: None, initialized: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stored:
        quota_project_id = "stored-project"

    stored = Stored()
    monkeypatch.setattr(ee.data, "get_persistent_credentials", lambda: stored)
    ee_utils.initialize()
    ee_utils.initialize("mine", high_volume=False)
    assert initialized == [
        {"credentials": stored, "url": ee_utils.HIGH_VOLUME_URL, "project": "stored-project"},
        {"credentials": stored, "url": ee_utils.STANDARD_URL, "project": "mine"},
    ]

    def none_stored() -> None:
        raise ee.EEException("Please authorize access")

    monkeypatch.setattr(ee.data, "get_persistent_credentials", none_stored)
    with pytest.raises(SignInError, match="earthengine authenticate"):
        ee_utils.initialize("mine")


def service_account_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "account-project",
            "private_key_id": "1",
            "private_key": private.decode(),
            "client_email": "robot@account-project.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": "https://oauth2.googleapis.com/token",
        }
    )


@pytest.mark.parametrize("way", ["text", "path", "environment"])
def test_a_service_account(
    way: str,
    signed_out: None,
    initialized: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    key = service_account_key()
    file = tmp_path / "key.json"
    file.write_text(key)
    if way == "environment":
        monkeypatch.setenv("EARTHENGINE_SERVICE_ACCOUNT_KEY", key)
        ee_utils.initialize()
    else:
        ee_utils.initialize(service_account_key=key if way == "text" else file)
    [call] = initialized
    assert call["project"] == "account-project"
    assert call["credentials"].service_account_email.startswith("robot@")


@pytest.mark.parametrize("key", ["{", '{"private_key": "hush"}', "/no/such/hush.json", "[]"])
def test_a_bad_key_is_refused_and_not_shown(signed_out: None, key: str) -> None:
    with pytest.raises(InvalidInputError, match="service account's key") as raised:
        ee_utils.initialize(service_account_key=key)
    assert "hush" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_refused_session_says_why(server: eemulator.Server, signed_out: None) -> None:
    with pytest.raises(SignInError, match="refused the session for project 'p'"):
        ee_utils.initialize("p", url=f"{server.url}/nothing/here")
    assert not ee.data.is_initialized()


@pytest.mark.parametrize(
    "form",
    [
        lambda: ee.Geometry.Polygon(shapely.geometry.mapping(SQUARE)["coordinates"]),
        lambda: ee.Geometry.Rectangle([47.0, -19.0, 47.5, -18.5]),
        lambda: ee.Feature(ee.Geometry.Rectangle([47.0, -19.0, 47.5, -18.5])),
        lambda: SQUARE,
        lambda: SQUARE.bounds,
    ],
)
def test_to_shapely(server: eemulator.Server, form: Any) -> None:
    assert ee_utils.to_shapely(form()).equals(SQUARE)


@pytest.mark.parametrize(
    "area",
    [
        SQUARE,
        shapely.MultiPolygon([SQUARE, shapely.box(48, -19, 49, -18)]),
        SQUARE.difference(shapely.box(47.1, -18.9, 47.2, -18.8)),
    ],
)
def test_there_and_back(server: eemulator.Server, area: shapely.Polygon) -> None:
    assert ee_utils.to_shapely(ee_utils.to_ee_geometry(area)).equals(area)


def test_an_ee_geometry_is_returned_as_it_is(server: eemulator.Server) -> None:
    point = ee.Geometry.Point([47, -19])
    feature = ee.Feature(ee.Geometry.Rectangle(list(SQUARE.bounds)))
    assert ee_utils.to_shapely(ee_utils.to_ee_geometry(feature)).equals(SQUARE)
    assert ee_utils.to_ee_geometry(point) is point
    with pytest.raises(InvalidInputError, match="got Point"):
        ee_utils.to_shapely(point)


def test_projected_areas_become_longitude_and_latitude(server: eemulator.Server) -> None:
    area = ee_utils.to_shapely((500000, 7900000, 510000, 7910000), crs="EPSG:32738")
    assert area.bounds == pytest.approx((45.0, -18.99, 45.095, -18.90), abs=0.005)
