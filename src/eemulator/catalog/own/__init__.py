"""One's own GeoTIFFs, Zarr groups and tables as assets."""

from __future__ import annotations

from .errors import CatalogError
from .load import load_catalog

__all__ = ["CatalogError", "load_catalog"]
