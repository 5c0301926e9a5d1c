"""`ee.profilePrinting`: what computations took."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import ee
import pytest

from tests.eemulator.wire import call, compute, info, pixels

if TYPE_CHECKING:
    import eemulator

pytestmark = pytest.mark.usefixtures("server")


def test_profiles_are_printed() -> None:
    out = io.StringIO()
    with ee.profilePrinting(destination=out):
        assert info(ee.Number(1).add(2)) == 3
        assert info(ee.Number(2).add(2)) == 4
        pixels("TEST/UTM", bandIds=["u8"])
        ee.data.getAsset("TEST/UTM")
    head, *rows = out.getvalue().splitlines()
    assert head == " EECU·s  Count  Description"
    found = {m[3]: int(m[2]) for row in rows if (m := re.fullmatch(r" *(\S+) +(\d+)  (.*)", row))}
    assert found == {"value:compute": 2, "getPixels": 1}


def test_profiles_that_cannot_be_told(server: eemulator.Server) -> None:
    def asked(**arguments: object) -> str:
        node = call("Profile.getProfiles", **arguments)
        return compute(server, {"result": "0", "values": {"0": node}}).message

    assert "Profile 'x' not found." in asked(ids=["x"])
    assert "not implemented by the emulator" in asked(ids=[], format="json")
