"""An Earth Engine that runs on this machine: the REST API over a small catalogue."""

from .catalog.model import Band, Catalog, CollectionAsset, Grid, ImageAsset
from .limits import Limits
from .server import Server, running
from .stats import Snapshot

__all__ = [
    "Band",
    "Catalog",
    "CollectionAsset",
    "Grid",
    "ImageAsset",
    "Limits",
    "Server",
    "Snapshot",
    "running",
]
