"""What tests of exports share: tasks that are over, and what their files must hold."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np

from .synthetic import UTM, formula, is_valid

_ROWS, _COLS = np.arange(UTM.height)[:, None], np.arange(UTM.width)[None]


def finished(task: Any, *, start: bool = True) -> dict[str, Any]:
    """The status of a task, when it is over; the server is waited for, not polled."""
    if start:
        task.start()
    while task.active():
        ee.data._get_cloud_projects().operations().wait(name=task.operation_name, body={}).execute()
    status: dict[str, Any] = task.status()
    return status


def to_drive(image: Any, name: str, **options: Any) -> dict[str, Any]:
    return finished(ee.batch.Export.image.toDrive(image, description=name, **options))


def expected(band: str, k: int = 3) -> tuple[Any, Any]:
    """Values of a whole band, 0 where they are masked, and what is valid."""
    valid = is_valid(band, k, _ROWS, _COLS)
    values = formula(band, k, _ROWS, _COLS)
    return np.where(valid, values, values.dtype.type(0)), valid
