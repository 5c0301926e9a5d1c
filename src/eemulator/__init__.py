"""An Earth Engine that runs on this machine: the REST API over a small catalogue."""

from .catalog.model import Band, Catalog, CollectionAsset, Grid, ImageAsset
from .catalog.own import CatalogError, load_catalog
from .inprocess import Transport, transport
from .limits import Limits
from .page.log import Entry
from .server import Server, running
from .stats import Snapshot
from .weather import Fault, FaultKind, Faults, Pace

__all__ = [
    "Band",
    "Catalog",
    "CatalogError",
    "CollectionAsset",
    "Entry",
    "Fault",
    "FaultKind",
    "Faults",
    "Grid",
    "ImageAsset",
    "Limits",
    "Pace",
    "Server",
    "Snapshot",
    "Transport",
    "load_catalog",
    "running",
    "transport",
]
