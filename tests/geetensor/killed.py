"""An export in a process of its own, which is killed at a point of its way.

Called with the server's URL and project, `to`, and `where:n`: the n-th time that it gets there.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import ee

import geetensor.blocks
import geetensor.coverage
from geetensor.sinks.geotiff import GeotiffWriter
from geetensor.sinks.journal import Journal
from geetensor.sinks.stage import LocalStage
from geetensor.sinks.zarr import ZarrWriter

POINTS: dict[str, tuple[type, str]] = {
    "zarr block": (ZarrWriter, "write"),
    "tif block": (GeotiffWriter, "write"),
    "journal": (Journal, "_append"),
    "zarr complete": (ZarrWriter, "complete"),
    "image": (GeotiffWriter, "_make_image"),
    "publish": (LocalStage, "publish"),
}


def die_at(where: str, number: int) -> None:
    """Have the process killed when a method has been called so often: just after it is done."""
    owner, name = POINTS[where]
    method = getattr(owner, name)
    calls: list[None] = []

    def called(*args: Any, **kwargs: Any) -> Any:
        if where == "publish":
            os.kill(os.getpid(), signal.SIGKILL)
        result = method(*args, **kwargs)
        calls.append(None)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, called)


def main() -> None:
    from tests.geetensor.test_streams import SMALL_BLOCKS, export

    url, project, to, point = sys.argv[1:]
    for name, value in SMALL_BLOCKS.items():
        setattr(geetensor.blocks, name, value)
    geetensor.coverage.BLOCK = 32
    ee.deprecation._FetchDataCatalogStac = dict  # it would ask a storage host
    ee.Initialize(credentials=None, url=url, project=project)
    where, _, number = point.partition(":")
    die_at(where, int(number))
    export(to)


if __name__ == "__main__":
    main()
