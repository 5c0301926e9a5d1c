"""edown: a folder of GeoTIFFs.

It can be told where the service is, but not to ask it without an account: it signs in by itself,
and by a service account if there is one. So this account's key says that tokens are given here.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import edown
import numpy as np
import pytest
import rasterio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import eemulator
from tests.eemulator import synthetic

from .ground import NUMBERS, SERIES, on_synthetic_ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_eemulator.session import EarthEngine

pytestmark = on_synthetic_ground


class _Tokens(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps({"access_token": "any", "expires_in": 3600}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The key of a service account, and where its tokens come from."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Tokens)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "key.json"
    path.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": "local-emulator",
                "client_email": "tests@local-emulator.iam.gserviceaccount.com",
                "private_key": key.decode(),
                "token_uri": f"http://127.0.0.1:{server.server_port}/token",
            }
        )
    )
    monkeypatch.setenv("GEE_SERVICE_ACCOUNT", "tests@local-emulator.iam.gserviceaccount.com")
    monkeypatch.setenv("GEE_SERVICE_ACCOUNT_KEY", str(path))
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def test_download(earth_engine: EarthEngine, account: None, tmp_path: Path) -> None:
    image = earth_engine.server.catalog.get(f"{SERIES}/s000")
    assert isinstance(image, eemulator.ImageAsset)
    assert image.footprint is not None
    middle = image.footprint.centroid
    done = edown.download_images(
        edown.DownloadConfig(
            SERIES,
            "2024-01-01",
            "2024-01-02",  # the last day, which it includes
            edown.AOI.from_bbox(middle.buffer(0.002).bounds),
            bands=("i16",),
            server_url=earth_engine.server.url,
            output_root=tmp_path / "out",
        )
    )
    assert done.failed == 0
    assert done.downloaded == 2
    left, top = synthetic.UTM.transform[2], synthetic.UTM.transform[5]
    for result in done.results:
        with rasterio.open(result.tiff_path) as file:
            row, col = round((top - file.transform.f) / 10), round((file.transform.c - left) / 10)
            rows = np.arange(row, row + file.height)[:, None]
            cols = np.arange(col, col + file.width)[None]
            k = NUMBERS[result.image_id]
            wanted = synthetic.formula("i16", k, rows, cols)
            ok = synthetic.is_valid("i16", k, rows, cols)
            found = file.read(1)
        np.testing.assert_array_equal(found, np.where(ok, wanted, 0))
