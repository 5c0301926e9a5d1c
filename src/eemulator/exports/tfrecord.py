"""Images as TFRecord files: patches, row by row, and where they lie.

https://developers.google.com/earth-engine/guides/tfrecord [S], unless marked. Each patch is a
`tf.train.Example` with one list of floats a band. Files are `prefix-00000.tfrecord.gz` and so on,
and `prefix-mixer.json`, as users name those that they got [S].
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError, unimplemented
from ..pixels.reader import Reader
from ..values.projection import Projection
from .records import example, framed, record_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..pixels.node import Plane
    from ..pixels.request import PixelRequest
    from ..values.image import ImageBand
    from .operations import Watch

_REFUSED = ("tensorDepths", "sequenceData", "collapseBands")


@dataclass(frozen=True, slots=True)
class TfRecordOptions:
    """What a user may say of the files.

    Attributes:
        patch: columns and rows of a patch, without what overlaps; 256 each where nobody says [M].
        margin: columns and rows on each side that overlap with the neighbours: half of the kernel.
        compress: with gzip. On the wire, what is not said is false, whatever the guide calls the
            default.
        most_bytes: of the records of one file, before compression.
        default: value of pixels that are masked, be it in part.
        most_masked: the part of a patch's pixels that may be masked in any band [I], or the patch
            is left out; other than 1, there is no mixer file.
    """

    patch: tuple[int, int] = (256, 256)
    margin: tuple[int, int] = (0, 0)
    compress: bool = False
    most_bytes: int = 2**30
    default: float = 0.0
    most_masked: float = 1.0


def parse_options(wire: Any) -> TfRecordOptions:
    """`tfRecordOptions` of a request.

    Raises:
        ServiceError: they are malformed, or not emulated.
    """
    if not isinstance(wire, dict):
        raise ServiceError("Invalid value at 'tf_record_options': an object is needed.")
    for name in _REFUSED:
        if wire.get(name):
            raise unimplemented(f"TFRecord with {name}")
    plain = TfRecordOptions()
    try:
        kernel = _size(wire.get("marginDimensions")) or (0, 0)
        options = TfRecordOptions(
            _size(wire.get("tileDimensions")) or plain.patch,
            (kernel[0] // 2, kernel[1] // 2),
            bool(wire.get("compress")),
            int((wire.get("maxSizeBytes") or {}).get("value", plain.most_bytes)),
            float(wire.get("defaultValue") or 0.0),
            float((wire.get("maxMaskedRatio") or {}).get("value", plain.most_masked)),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise ServiceError("Invalid value at 'tf_record_options'.") from None
    if min(options.patch) < 1 or min(kernel) < 0:
        raise ServiceError("patchDimensions must be positive, and kernelSize not negative.")
    if not (0 <= options.most_masked <= 1 and np.isfinite(options.default)):
        raise ServiceError("Invalid value at 'tf_record_options'.")
    return options


def _size(wire: Any) -> tuple[int, int] | None:
    return None if wire is None else (int(wire["width"]), int(wire["height"]))


def write_tfrecords(
    request: PixelRequest, options: TfRecordOptions, folder: Path, watch: Watch
) -> list[tuple[Path, str]]:
    """Write all files of an image.

    Args:
        request: bands and grid. Patches that do not fit into it, in the east and south, are left
            out.
        options: the user's.
        folder: where.
        watch: told of the progress.

    Returns:
        The files, and what follows the prefix in the name of each; there is one at least.
    """
    files: list[tuple[Path, str]] = []
    wide, high = options.patch
    across, down = request.grid.width // wide, request.grid.height // high
    end = ".tfrecord.gz" if options.compress else ".tfrecord"
    with ExitStack() as opened:
        room, target = -1, None
        for record in _records(request, options, watch):
            if target is None or room < len(record):
                opened.close()
                path = folder / f"{len(files)}{end}"
                files.append((path, f"-{len(files):05}{end}"))
                target = opened.enter_context(record_file(path, compress=options.compress))
                room = options.most_bytes
            target.write(record)
            room -= len(record)
    if not files:
        path = folder / f"0{end}"
        with record_file(path, compress=options.compress):
            files.append((path, f"-00000{end}"))
    if options.most_masked == 1:
        files.append((_mixer(request.grid, options, across, down, folder), "-mixer.json"))
    return files


def _records(request: PixelRequest, options: TfRecordOptions, watch: Watch) -> Iterator[bytes]:
    """Those patches that are written, from north to south and from west to east."""
    (wide, high), (aside, above) = options.patch, options.margin
    across, down = request.grid.width // wide, request.grid.height // high
    reader = Reader(request.bands, watch)
    for number in range(across * down):
        row, column = divmod(number, across)
        grid = _moved(request.grid, column * wide - aside, row * high - above)
        grid = replace(grid, width=wide + 2 * aside, height=high + 2 * above)
        planes = reader.read(request.bands, grid)
        reader.forget()
        watch.progress = (number + 1) / (across * down)
        if options.most_masked == 1 or _masked_part(planes) <= options.most_masked:
            yield framed(
                example(
                    {
                        band.id: _floats(band, plane, options.default)
                        for band, plane in zip(request.bands, planes, strict=True)
                    }
                )
            )


def _moved(grid: Grid, columns: int, rows: int) -> Grid:
    moved = Projection(grid.crs, grid.transform).translated(columns, rows)
    return replace(grid, transform=moved.transform)


def _masked(plane: Plane) -> NDArray[np.bool_]:
    """Pixels that are not fully there."""
    if plane.mask is None:
        return np.zeros(plane.values.shape, np.bool_)
    return np.asarray(plane.mask < 1)


def _masked_part(planes: list[Plane]) -> float:
    return float(np.any([_masked(plane) for plane in planes], axis=0).mean())


def _floats(band: ImageBand, plane: Plane, default: float) -> NDArray[np.float32]:
    """Values of a band, row by row."""
    dtype = band.type.output_dtype
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        default = min(max(int(default), info.min), info.max)
    values: NDArray[np.float32] = plane.values.astype(np.float32)
    values[_masked(plane)] = default
    return values.ravel()


def _mixer(grid: Grid, options: TfRecordOptions, across: int, down: int, folder: Path) -> Path:
    """Where the patches lie, without what overlaps."""
    path = folder / "mixer.json"
    described = {
        "projection": {"crs": grid.crs, "affine": {"doubleMatrix": list(grid.transform)}},
        "patchDimensions": list(options.patch),
        "patchesPerRow": across,
        "totalPatches": across * down,
    }
    path.write_text(json.dumps(described), encoding="utf-8")
    return path
