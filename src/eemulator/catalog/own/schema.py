"""What a `catalog.yaml` may say. `docs/own-data.md` tells it to users."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from .bandnames import BAND_NAME
from .dates import read_moment
from .errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .document import Document

Pyramiding = Literal["MEAN", "SAMPLE", "MODE", "MIN", "MAX", "MEDIAN"]

Dtype = Literal[
    "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float32", "float64"
]
"""Of pixels that Earth Engine has a type for."""

_INDEX = re.compile(r"[A-Za-z0-9_\-]+")
_ASSET_ID = re.compile(rf"{_INDEX.pattern}(/{_INDEX.pattern})*")
_MOST_PROBLEMS = 10


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"'{text}' is no {what}")
        return text

    return check


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _nodata(value: Any) -> Any:
    """`nan`, as people write it, is text to YAML 1.1."""
    named = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}
    return named.get(value.lower(), value) if isinstance(value, str) else value


def _property_name(name: str) -> str:
    if name.startswith("system:"):
        raise ValueError(f"'{name}' is not set here: write `start` and `end` for times")
    if not name:
        raise ValueError("a property needs a name")
    return name


def _path(text: str) -> str:
    if not text or "\0" in text:
        raise ValueError(f"{text!r} is no path")
    return text


AssetId = Annotated[
    StrictStr,
    AfterValidator(_matching(_ASSET_ID, "asset id, such as projects/farm/assets/drone")),
]
Index = Annotated[
    StrictStr,
    AfterValidator(_matching(_INDEX, "index: letters, digits, '_' and '-' make one")),
]
BandName = Annotated[
    StrictStr,
    AfterValidator(_matching(BAND_NAME, "band name: letters, digits, '_', '-' and '.' make one")),
]
PathText = Annotated[StrictStr, AfterValidator(_path)]
NoData = Annotated[StrictInt | StrictFloat | Literal["none"], BeforeValidator(_nodata)]
Moment = Annotated[int, BeforeValidator(read_moment)]
PropertyName = Annotated[StrictStr, AfterValidator(_property_name)]
Scalar = StrictStr | StrictInt | StrictFloat
Properties = dict[PropertyName, Scalar | list[Scalar]]


class Strict(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=True)


class BandSpec(Strict):
    """A band: how it is called, and what it is in the file.

    Attributes:
        name: in Earth Engine.
        origin: number in the file, from 1, or what the file (or its name) calls it.
        file: its own, in an image whose bands are files.
        nodata: value of masked pixels; `none` for no such value.
        dtype: a wider type than the file's.
        pyramiding: how overviews are made.
    """

    name: BandName
    origin: StrictInt | StrictStr | None = Field(default=None, alias="from")
    file: PathText | None = None
    nodata: NoData | None = None
    dtype: Dtype | None = None
    pyramiding: Pyramiding | None = None


class MaskSpec(Strict):
    """Where a band is that masks the others: 0 is masked.

    Attributes:
        origin: as of a band.
        file: of an image, if it is none of the bands' files.
    """

    origin: StrictInt | StrictStr = Field(default=1, alias="from")
    file: PathText | None = None


class _Pixels(Strict):
    """What images and collections have in common.

    Attributes:
        zarr: a Zarr group, instead of files.
        bands: all that the files have, under the names that they have there, by default.
        nodata: of all bands; by default what each file says.
        alpha: whether a band that a file calls alpha masks the others, or is one of them.
        mask: where a band is that masks the others.
        pyramiding: of all bands.
        crs: for files that have none.
    """

    zarr: PathText | None = None
    bands: list[Annotated[BandSpec, BeforeValidator(_named)]] | None = Field(
        default=None, min_length=1
    )
    nodata: NoData | None = None
    alpha: Literal["mask", "band"] = "mask"
    mask: MaskSpec | None = None
    pyramiding: Pyramiding = "MEAN"
    crs: StrictStr | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> _Pixels:
        names = [band.name for band in self.bands or ()]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"there are two bands '{twice[0]}': give one another name")
        return self


class ImageSpec(_Pixels):
    """An image that stands alone, or one of a collection that lists them.

    Attributes:
        file: a GeoTIFF.
        start: when it was taken, milliseconds since 1970.
        end: when that was over, likewise.
        properties: of it.
    """

    file: PathText | None = None
    start: Moment | None = None
    end: Moment | None = None
    properties: Properties = {}

    @model_validator(mode="after")
    def _one_source(self) -> ImageSpec:
        in_bands = [band.file is not None for band in self.bands or ()]
        given = [self.file is not None, self.zarr is not None, any(in_bands)]
        if sum(given) != 1 or (any(in_bands) and not all(in_bands)):
            raise ValueError("give one of `file`, `zarr`, or a `file` to each of its `bands`")
        return self


class CollectionSpec(_Pixels):
    """An image collection.

    Attributes:
        files: patterns of GeoTIFFs' paths (`drone/**/*.tif`).
        name: what the names of the files say: `{tile}_{start:%Y%m%d}_{band}.tif`.
        images: its images, by index.
        stac: a static STAC catalogue or collection, instead of files.
        properties: of the collection.
        image_properties: of each image.
    """

    files: Annotated[list[PathText], BeforeValidator(_listed)] | None = Field(
        default=None, min_length=1
    )
    name: StrictStr | None = None
    images: dict[Index, ImageSpec] | None = None
    stac: PathText | None = None
    properties: Properties = {}
    image_properties: Properties = {}

    @model_validator(mode="after")
    def _one_source(self) -> CollectionSpec:
        given = [self.files, self.zarr, self.images, self.stac]
        if sum(one is not None for one in given) != 1:
            raise ValueError("give one of `files`, `zarr`, `images` and `stac`")
        if self.name is not None and self.files is None:
            raise ValueError("`name` says what the names of `files` mean, and there are none")
        if self.images is not None and self.model_fields_set - {
            "images",
            "properties",
            "image_properties",
        }:
            raise ValueError("with `images`, say what bands are in each of them")
        if any(band.file is not None for band in self.bands or ()):
            raise ValueError("a band's `file` is for single images: a collection has `name`")
        if self.mask is not None and self.mask.file is not None:
            raise ValueError("a mask's `file` is for single images: say `from` here")
        return self


class TableSpec(Strict):
    """A table of features.

    Attributes:
        file: GeoJSON, GeoPackage, FlatGeobuf or CSV.
        layer: of a file that has several.
        crs: for files that have none.
        x: column of longitudes or eastings in a CSV file.
        y: column of latitudes or northings in a CSV file.
        properties: of the table.
    """

    file: PathText
    layer: StrictStr | None = None
    crs: StrictStr | None = None
    x: StrictStr = "longitude"
    y: StrictStr = "latitude"
    properties: Properties = {}


class CatalogSpec(Strict):
    """The whole file: assets by id."""

    images: dict[AssetId, ImageSpec] = {}
    collections: dict[AssetId, CollectionSpec] = {}
    tables: dict[AssetId, TableSpec] = {}


def parse_catalog(document: Document) -> CatalogSpec:
    """What a document says, understood.

    Raises:
        CatalogError: it has a key that means nothing, a value of the wrong kind, or no assets.
    """
    if not isinstance(document.data, dict) or not document.data:
        raise CatalogError(
            f"{document.place(())}: names no assets: it needs `images`, `collections` or `tables`."
        )
    try:
        spec = CatalogSpec.model_validate(document.data)
    except ValidationError as error:
        told = _problems(document, error)
        more = [f"… and {len(told) - _MOST_PROBLEMS} more"] if len(told) > _MOST_PROBLEMS else []
        raise CatalogError("\n".join([*told[:_MOST_PROBLEMS], *more])) from None
    ids = [*spec.images, *spec.collections, *spec.tables]
    for twice in {one for one in ids if ids.count(one) > 1}:
        raise CatalogError(f"{document.path}: the asset '{twice}' is there twice. Rename one.")
    return spec


def _problems(document: Document, error: ValidationError) -> list[str]:
    """A line a problem; of a value that is none of several types, one line for all of them."""
    told: dict[tuple[str | int, ...], list[str]] = {}
    for problem in error.errors(include_url=False):
        keys = tuple(key for key in _known(document.data, problem["loc"]))
        told.setdefault(keys, []).append(_message(problem))
    return [
        f"{document.place(keys)}: {', or '.join(dict.fromkeys(messages))}"
        for keys, messages in told.items()
    ]


def _known(data: Any, location: tuple[str | int, ...]) -> list[str | int]:
    """The part of an error's location that the document has: pydantic names types, too."""
    keys: list[str | int] = []
    for key in location:
        if isinstance(data, dict):
            # Of a key that is no text, pydantic tells the text.
            items = {str(name): item for name, item in data.items()}
        elif isinstance(data, list):
            items = {str(position): item for position, item in enumerate(data)}
        else:
            break
        if str(key) in items:
            data = items[str(key)]
            keys.append(key)
    return keys


def _message(problem: Any) -> str:
    kind, given = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        return "unknown key. `docs/own-data.md` lists those that there are"
    if kind == "missing":
        return f"the key `{problem['loc'][-1]}` is missing"
    message = problem["msg"].removeprefix("Value error, ")
    if kind == "value_error":
        return str(message)
    quote = " (put it in quotes)" if kind == "string_type" and not _is_container(given) else ""
    return f"{message[0].lower()}{message[1:]}{quote}, got {given!r:.80}"


def _is_container(value: Any) -> bool:
    return isinstance(value, (dict, list)) or value is None
