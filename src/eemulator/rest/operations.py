"""The methods of exports and operations: requests understood, state told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError, unimplemented
from ..exports import tfrecord
from ..exports.assets import image_asset, parse_pyramiding, table_asset
from ..exports.folder import publish
from ..exports.geotiff import parse_options, write_geotiffs
from ..exports.operations import State
from ..exports.pixels import export_request
from ..exports.tables import WRITERS, write_table
from ..expression.evaluate import Evaluator, Session
from ..expression.graph import parse_expression
from ..names import asset_id
from . import tile_exports
from .fields import check_fields, parse_json
from .pages import page_size, page_start, page_token, question_key
from .results import as_collection, as_image
from .tables import parse_selectors
from .tile_exports import write_tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ..catalog.user import UserCatalog
    from ..exports.folder import ExportFolder
    from ..exports.operations import Operation, Operations, Watch
    from ..expression.graph import Expression
    from ..limits import Limits
    from ..pixels.pyramid import Pyramids
    from ..pixels.request import PixelRequest
    from ..values.collection import Collection
    from ..values.image import Image
    from .call import Call

    Work = Callable[[Watch], list[str]]
    ImageWriter = Callable[[PixelRequest, Mapping[str, Any], Path, Watch], list[tuple[Path, str]]]

_MOST_PIXELS = 10**8
"""`maxPixels` where none is given [S]."""

_PRIORITY = 100
"""The priority where none is given [S]."""

_PAGE = 500
_TYPE = "type.googleapis.com/"


class ExportMethods:
    """The methods; called from many threads.

    Args:
        catalog: read, and written by exports to assets.
        limits: what to refuse.
        operations: what runs in the background.
        folder: where files go; None for nowhere.
        pyramids: coarser levels of stored images.

    Attributes:
        methods: by the kind of request.
    """

    def __init__(
        self,
        catalog: UserCatalog,
        limits: Limits,
        operations: Operations,
        folder: ExportFolder | None,
        pyramids: Pyramids,
    ) -> None:
        self._pyramids = pyramids
        self._catalog = catalog
        self._limits = limits
        self._operations = operations
        self._folder = folder
        self.methods: dict[str, Callable[[Call], Any]] = {
            "image:export": self._export_image,
            "table:export": self._export_table,
            "map:export": self._export_map,
            "listOperations": self._list,
            "getOperation": lambda call: operation_json(operations.get(call.name)),
            "cancelOperation": self._cancel,
            # Whoever routes the request has waited.
            "waitOperation": lambda call: operation_json(operations.get(call.name)),
        }

    def _export_image(self, call: Call) -> dict[str, Any]:
        fields = check_fields(parse_json(call.body), call.kind)
        if (known := self._operations.requested(call.name, _request_id(fields))) is not None:
            return operation_json(known)
        expression = self._expression(fields)
        if "assetExportOptions" in fields:
            work = self._image_to_asset(expression, fields)
        else:
            work = self._image_to_files(expression, fields)
        return self._start(call, fields, "EXPORT_IMAGE", work)

    def _image_to_files(self, expression: Expression, fields: Mapping[str, Any]) -> Work:
        options = _object(fields, "fileExportOptions")
        write = _image_writer(options)
        folder, parts = self._destination(options, fields)
        most = _most_pixels(fields)

        def work(watch: Watch) -> list[str]:
            image = self._image(expression, watch)
            request = export_request(image, fields.get("grid"), most, self._limits)
            stem = folder.stem(parts)
            with folder.workshop() as workshop:
                files = write(request, image.properties, workshop, watch)
                watch.check()
                publish([(ready, stem.with_name(stem.name + end)) for ready, end in files])
            return [stem.parent.as_uri()]

        return work

    def _image_to_asset(self, expression: Expression, fields: Mapping[str, Any]) -> Work:
        options = _object(fields, "assetExportOptions")
        pyramiding = parse_pyramiding(options)
        identifier, overwrite = self._asset_destination(options, is_image=True)
        most = _most_pixels(fields)

        def work(watch: Watch) -> list[str]:
            image = self._image(expression, watch)
            request = export_request(image, fields.get("grid"), most, self._limits)
            left = self._catalog.bytes_left()
            made, size = image_asset(identifier, image, request, pyramiding, left, watch)
            watch.check()
            self._catalog.put(made, size, overwrite=overwrite)
            return [_asset_uri(identifier)]

        return work

    def _export_table(self, call: Call) -> dict[str, Any]:
        fields = check_fields(parse_json(call.body), call.kind)
        if (known := self._operations.requested(call.name, _request_id(fields))) is not None:
            return operation_json(known)
        for name in ("featureViewExportOptions", "bigqueryExportOptions", "maxVertices"):
            if name in fields:
                raise unimplemented(f"table:export with {name}")
        expression = self._expression(fields)
        if "assetExportOptions" in fields:
            work = self._table_to_asset(expression, fields)
        else:
            work = self._table_to_file(expression, fields)
        return self._start(call, fields, "EXPORT_FEATURES", work)

    def _table_to_file(self, expression: Expression, fields: Mapping[str, Any]) -> Work:
        options = _object(fields, "fileExportOptions")
        file_format = options.get("fileFormat") or "CSV"
        if file_format not in WRITERS:
            raise unimplemented(f"Exporting tables as {file_format}")
        columns = parse_selectors(fields)
        folder, parts = self._destination(options, fields)

        def work(watch: Watch) -> list[str]:
            table = self._table(expression, watch)
            stem = folder.stem(parts)
            with folder.workshop() as workshop:
                files = write_table(table, file_format, columns, workshop, self._limits, watch)
                watch.check()
                publish([(ready, stem.with_name(stem.name + end)) for ready, end in files])
            return [stem.parent.as_uri()]

        return work

    def _table_to_asset(self, expression: Expression, fields: Mapping[str, Any]) -> Work:
        options = _object(fields, "assetExportOptions")
        identifier, overwrite = self._asset_destination(options, is_image=False)

        def work(watch: Watch) -> list[str]:
            table = self._table(expression, watch)
            left = self._catalog.bytes_left()
            made, size = table_asset(identifier, table, left, self._limits, watch)
            watch.check()
            self._catalog.put(made, size, overwrite=overwrite)
            return [_asset_uri(identifier)]

        return work

    def _export_map(self, call: Call) -> dict[str, Any]:
        fields = check_fields(parse_json(call.body), call.kind)
        if (known := self._operations.requested(call.name, _request_id(fields))) is not None:
            return operation_json(known)
        expression = self._expression(fields)
        destination = _object(fields, "tileExportOptions")
        options = tile_exports.parse_options(
            fields.get("tileOptions") or {}, destination.get("fileFormat")
        )
        folder, parts = self._destination(destination, fields)
        if len(parts) > 1 and not parts[-1]:
            parts.pop()  # A slash at the end is optional [S].

        def work(watch: Watch) -> list[str]:
            image = self._image(expression, watch)
            with folder.workshop() as workshop:
                files = write_tiles(image, options, workshop, self._limits, watch)
                watch.check()
                publish([(ready, folder.stem([*parts, *tile])) for ready, tile in files])
            return [folder.stem(parts).as_uri()]

        return self._start(call, fields, "EXPORT_TILES", work)

    def _start(
        self, call: Call, fields: Mapping[str, Any], kind: str, work: Work
    ) -> dict[str, Any]:
        started = self._operations.start(
            call.name,
            _request_id(fields),
            kind,
            str(fields.get("description") or ""),
            _whole(fields.get("priority"), _PRIORITY, "priority"),
            work,
        )
        return operation_json(started)

    def _expression(self, fields: Mapping[str, Any]) -> Expression:
        return parse_expression(fields.get("expression"), self._limits.expression_nodes)

    def _image(self, expression: Expression, watch: Watch) -> Image:
        return as_image(self._evaluate(expression, watch))

    def _table(self, expression: Expression, watch: Watch) -> Collection:
        return as_collection(self._evaluate(expression, watch))

    def _evaluate(self, expression: Expression, watch: Watch) -> Any:
        session = Session(self._catalog, self._limits, watch, self._pyramids)
        return Evaluator(expression, session).result()

    def _destination(
        self, options: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> tuple[ExportFolder, list[str]]:
        """The folder, and a path in it: Drive's folder or a bucket, and what follows."""
        if self._folder is None:
            raise ServiceError(
                "The emulator has no folder for exported files. Start it with `--exports DIR`, or "
                "`eemulator.running(exports=DIR)`; exports to assets need none.",
                kind="no exports",
            )
        fallback = fields.get("description") or "export"
        drive, cloud = options.get("driveDestination"), options.get("cloudStorageDestination")
        if isinstance(cloud, dict):
            if not cloud.get("bucket"):
                raise ServiceError("Invalid value at 'bucket': a name is needed.")
            prefix = str(cloud.get("filenamePrefix") or fallback)
            return self._folder, [str(cloud["bucket"]), *prefix.split("/")]
        if isinstance(drive, dict):
            # A folder of Drive is one folder, whatever its name [S].
            folders = [str(drive["folder"])] if drive.get("folder") else []
            return self._folder, [*folders, str(drive.get("filenamePrefix") or fallback)]
        raise ServiceError("Invalid value at 'file_export_options': a destination is needed.")

    def _asset_destination(self, options: Mapping[str, Any], *, is_image: bool) -> tuple[str, bool]:
        destination = _object(options, "earthEngineDestination")
        overwrite = bool(destination.get("overwrite"))
        identifier = asset_id(str(destination.get("name") or ""))
        self._catalog.check_new(identifier, overwrite=overwrite, is_image=is_image)
        return identifier, overwrite

    def _list(self, call: Call) -> dict[str, Any]:
        found = self._operations.of_project(call.name)
        key = question_key([call.name, "operations"])
        start, size = (
            page_start(call.query.get("pageToken"), key),
            page_size(call.query, _PAGE, _PAGE),
        )
        page: dict[str, Any] = {}
        if shown := [operation_json(each) for each in found[start : start + size]]:
            page["operations"] = shown
        if len(found) > start + size:
            page["nextPageToken"] = page_token(key, start + size)
        return page

    def _cancel(self, call: Call) -> dict[str, Any]:
        self._operations.cancel(call.name)
        return {}


def _image_writer(options: Mapping[str, Any]) -> ImageWriter:
    """What writes the files of an image.

    Raises:
        ServiceError: the options are malformed, or of a format that is not emulated.
    """
    match options.get("fileFormat"):
        case "GEO_TIFF":
            tiff = parse_options(options.get("geoTiffOptions") or {})
            return lambda request, properties, folder, watch: write_geotiffs(
                request, properties, tiff, folder, watch
            )
        case "TF_RECORD_IMAGE":
            records = tfrecord.parse_options(options.get("tfRecordOptions") or {})
            return lambda request, _, folder, watch: tfrecord.write_tfrecords(
                request, records, folder, watch
            )
        case other:
            raise unimplemented(f"Exporting images as {other}")


def operation_json(operation: Operation) -> dict[str, Any]:
    """An Operation."""
    metadata: dict[str, Any] = {
        "@type": f"{_TYPE}google.earthengine.v1.OperationMetadata",
        "state": operation.state.value,
        "description": operation.description,
        "type": operation.kind,
        "priority": operation.priority,
        "createTime": _moment(operation.created),
        "updateTime": _moment(operation.updated),
    }
    if operation.started is not None:
        metadata |= {"startTime": _moment(operation.started), "attempt": 1}
    if operation.state is not State.PENDING:
        metadata["progress"] = operation.watch.progress
    described: dict[str, Any] = {"name": operation.name, "metadata": metadata}
    if operation.ended is not None:
        metadata["endTime"] = _moment(operation.ended)
        metadata["batchEecuUsageSeconds"] = round(operation.cpu_seconds, 6)
        described["done"] = True
    match operation.state:
        case State.SUCCEEDED:
            metadata["destinationUris"] = operation.destinations
            described["response"] = {"@type": f"{_TYPE}google.protobuf.Empty"}
        case State.FAILED:
            described["error"] = operation.error
        case State.CANCELLED:
            described["error"] = {"code": 1, "message": "Cancelled."}
    return described


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _asset_uri(identifier: str) -> str:
    return f"https://code.earthengine.google.com/?asset={identifier}"


def _request_id(fields: Mapping[str, Any]) -> str:
    return str(fields.get("requestId") or "")


def _object(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = fields.get(name)
    if not isinstance(found, dict):
        raise ServiceError(f"Invalid value at '{name}': an object is needed.")
    return found


def _most_pixels(fields: Mapping[str, Any]) -> int:
    return _whole(fields.get("maxPixels"), _MOST_PIXELS, "max_pixels")


def _whole(wire: Any, default: int, name: str) -> int:
    """An integer, as a number or text, in an object with `value` or without [W]."""
    if wire is None:
        return default
    try:
        return int(wire["value"] if isinstance(wire, dict) else wire)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ServiceError(f"Invalid value at '{name}': an integer is needed.") from None
