"""Masked pixels: how they travel, and that no valid value can be taken for one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geetensor.errors import InvalidInputError
from geetensor.grid import Window
from geetensor.masks import (
    Beside,
    FileFormat,
    group_bands,
    group_stored,
    integer_dtype,
    output_dtype,
    resolve_fill,
)
from geetensor.plan import Tile

INTEGERS = [np.dtype(t) for t in ("uint8", "int8", "uint16", "int16", "uint32", "int32")]
FLOATS = [np.dtype("f4"), np.dtype("f8")]


DTYPES = st.lists(st.sampled_from(INTEGERS + FLOATS), min_size=1, max_size=20)
FILLS = st.sampled_from([0, 1, -9999, 65535, 2**24 + 1, 2**53 + 1, math.nan, math.inf, 0.5])


@given(dtypes=DTYPES, fill=FILLS, beside=st.sampled_from([None, *Beside]), finite=st.booleans())
def test_every_band_travels_once_and_its_mask_cannot_be_mistaken(
    dtypes: list[np.dtype], fill: float, beside: Beside | None, finite: bool
) -> None:
    [group] = group_bands(dtypes, fill, beside=beside, finite=finite)
    assert group.indices == tuple(range(len(dtypes)))
    if group.file_format is FileFormat.GEO_TIFF:
        assert finite
        assert {*group.dtypes} == {dtypes[0]} <= {*FLOATS}
        assert group.under == (None, None)
        assert group.marker == -math.inf
        return
    for own, wire in zip(dtypes, group.dtypes, strict=True):
        assert np.result_type(own, wire) == wire
        if group.unmask is not None:
            assert wire.type(group.unmask) == group.unmask == fill
    if beside is not None:
        assert group.under == (None, beside)
    elif fill == 0:
        assert group.under == (None, None)
    else:
        assert group.under != (None, None)
    if group.beside is not None:
        assert group.dtypes == tuple(dtypes)
    masks = {
        None: 0,
        Beside.BITS: 2 * math.ceil(len(dtypes) / 8),
        Beside.FRACTIONS: 5 * len(dtypes),
    }
    values = sum(dtype.itemsize + 1 for dtype in group.dtypes)
    assert group.bytes_per_pixel == values + masks[group.beside]


@given(dtypes=DTYPES, fill=FILLS)
def test_of_stored_images_only_floats_can_tell(dtypes: list[np.dtype], fill: float) -> None:
    groups = group_stored(dtypes, fill)
    if fill == 0:
        assert groups == group_bands(dtypes, 0)
    elif any(dtype.kind != "f" for dtype in dtypes):
        assert not groups
    else:
        assert sorted(i for g in groups for i in g.indices) == list(range(len(dtypes)))
        for group in groups:
            assert (group.file_format, group.marker) == (FileFormat.GEO_TIFF, -math.inf)
            assert {dtypes[i] for i in group.indices} == {*group.dtypes}
            assert len({*group.dtypes}) == 1


def test_masks_cost_as_little_as_they_can() -> None:
    [fits] = group_bands([np.dtype("int16")], -32768)
    assert (fits.unmask, fits.bytes_per_pixel) == (-32768, 3)
    [wider] = group_bands([np.dtype("uint8")], -1)
    assert (wider.unmask, wider.bytes_per_pixel) == (-1, 3)
    [many] = group_bands([np.dtype("uint8")] * 3, -1)
    assert (many.beside, many.bytes_per_pixel) == (Beside.BITS, 8)
    [same] = group_bands([np.dtype("f4"), np.dtype("f8")], -9999)
    assert (same.unmask, same.bytes_per_pixel) == (-9999, 14)
    [nine] = group_bands([np.dtype("uint16")] * 9, math.nan)
    assert (nine.mask_names, nine.bytes_per_pixel) == (("geetensor_valid0", "geetensor_valid1"), 31)


def test_a_part_of_the_bands_brings_the_bits_that_it_needs() -> None:
    [whole] = group_bands([np.dtype("uint16")] * 20, 0, beside=Beside.BITS)
    [tile] = [Tile(whole, Window(0, 0, 1, 1))]
    left, right = tile.split()
    assert left.group.indices + right.group.indices == whole.indices
    assert left.group.mask_names == ("geetensor_valid0", "geetensor_valid1")
    assert right.group.mask_names == ("geetensor_valid1", "geetensor_valid2")


def test_promotion_loses_nothing() -> None:
    def promoted(*names: str) -> str:
        return output_dtype([np.dtype(n) for n in names]).name

    assert promoted("uint8", "uint16") == "uint16"
    assert promoted("uint16", "int16") == "int32"
    assert promoted("uint16", "float32") == "float32"
    assert promoted("int32", "float32") == "float64"
    assert promoted("uint32", "int32") == "int64"


def test_default_fills() -> None:
    assert resolve_fill(None, np.dtype("uint8")) == 0
    assert math.isnan(resolve_fill(None, np.dtype("float32")))
    assert resolve_fill(-32768, np.dtype("int16")) == -32768
    assert resolve_fill(255.0, np.dtype("uint8")) == 255
    assert resolve_fill(math.inf, np.dtype("float32")) == math.inf


@pytest.mark.parametrize(
    ("fill", "dtype"),
    [
        (-1, "uint8"),
        (256, "uint8"),
        (0.5, "int16"),
        (math.nan, "int32"),
        (1e300, "float32"),
        ("0", "uint8"),
        (1j, "float32"),
        (True, "uint8"),
    ],
)
def test_a_fill_that_the_dtype_cannot_hold_is_refused(fill: Any, dtype: str) -> None:
    with pytest.raises(InvalidInputError, match="fill_value"):
        resolve_fill(fill, np.dtype(dtype))


@pytest.mark.parametrize(
    ("low", "high", "name"),
    [
        (0, 1, "uint8"),
        (0, 255, "uint8"),
        (-1, 1, "int8"),
        (0, 65535, "uint16"),
        (-32768, 0, "int16"),
        (0, 65536, "uint32"),
        (-1, 65535, "int32"),
        (-1, 4294967295, "float64"),
        (0, 2**63, "float64"),
    ],
)
def test_integer_ranges_to_dtypes(low: int, high: int, name: str) -> None:
    assert integer_dtype(low, high).name == name
