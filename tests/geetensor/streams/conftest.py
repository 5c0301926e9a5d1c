"""Every export of these tests has small blocks, and tells in the log what it fetched."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

import geetensor.blocks
import geetensor.coverage
from tests.geetensor.streams.exports import use_small_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (geetensor.blocks, "BLOCK_BYTES"),
            (geetensor.blocks, "CHUNK_SIDE"),
            (geetensor.coverage, "BLOCK"),
        ):
            patch.setattr(module, name, getattr(module, name))  # to be put back
        use_small_blocks()
        yield


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "geetensor")
