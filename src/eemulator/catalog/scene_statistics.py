"""What share of each scene is cloud, shadow, water and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eemulator.catalog.sentinel2 import Level


def properties(index: str, level: Level) -> dict[str, Any]:  # noqa: ARG001
    """Earth Engine's percentages of a scene."""
    return {"CLOUDY_PIXEL_PERCENTAGE": 0.0, "CLOUD_COVERAGE_ASSESSMENT": 0.0}
