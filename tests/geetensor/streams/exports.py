"""Exports in some ten blocks, what they leave behind, and stores that fail."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import geetensor.blocks
import geetensor.coverage
from geetensor import ee_image
from tests.geetensor.test_export_cube import SERIES
from tests.geetensor.test_export_image import UTM_CRS, box

if TYPE_CHECKING:
    from collections.abc import Iterator

    import eemulator

BANDS = ["u16", "i32"]
AREA = box(5, 7, 120, 100)
BLOCKS = 4
"""Of an image."""


def use_small_blocks() -> None:
    """Blocks of 64 pixels a side with all bands, for the rest of the process."""
    geetensor.blocks.BLOCK_BYTES = 60_000
    geetensor.blocks.CHUNK_SIDE = 64
    geetensor.coverage.BLOCK = 32


def export(to: str | Path | None = None, *, image: bool | None = None, **arguments: Any) -> Any:
    """A cube, or an image for a GeoTIFF, with a block for each tile of 64 pixels."""
    arguments = {"crs_geometry": UTM_CRS, **arguments}
    if image or (image is None and to is not None and str(to).endswith(".tif")):
        return ee_image.export_image("TEST/UTM", AREA, BANDS, to=to, **arguments)
    return ee_image.export_cube(SERIES, AREA, BANDS, to=to, **arguments)


def contents(path: str | Path) -> dict[str, bytes]:
    """Every file of an output, by its place in it."""
    path = Path(path)
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return {str(one.relative_to(path)): one.read_bytes() for one in files}


def alone(folder: Path, *names: str) -> bool:
    """Whether nothing but some outputs is in a folder."""
    return {one.name for one in folder.iterdir()} == set(names)


def journal_of(to: str | Path) -> Path:
    """Where the journal of an output is that is not complete."""
    to = Path(to)
    return to.parent / f".{to.name}.partial" / "journal.jsonl"


def stored_blocks(to: str | Path) -> int:
    """Blocks that the journal of an output has."""
    journal = journal_of(to)
    return len(journal.read_bytes().splitlines()[1:]) if journal.exists() else 0


def requested(server: eemulator.Server) -> int:
    """Requests for pixels so far."""
    return sum(n for name, n in server.stats.requests.items() if name.endswith("Pixels"))


def fetched(caplog: pytest.LogCaptureFixture) -> int:
    """Tiles that this process has fetched since the log was cleared.

    The server's count has requests, too, that an earlier export left under way.
    """
    return sum("there after" in record.getMessage() for record in caplog.records)


@contextmanager
def failing_after(
    count: int, owner: type, error: Exception, method: str = "write"
) -> Iterator[None]:
    """All calls of a method fail after some."""
    original, lock, calls = getattr(owner, method), threading.Lock(), [0]

    def failing(*args: Any) -> Any:
        with lock:
            calls[0] += 1
            failed = calls[0] > count
        if failed:
            raise error
        return original(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, method, failing)
        yield
