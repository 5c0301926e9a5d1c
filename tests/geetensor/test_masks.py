"""Masked pixels: how they travel, and that no valid value can be taken for one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geetensor.errors import InvalidInputError
from geetensor.masks import (
    FileFormat,
    group_bands,
    integer_dtype,
    output_dtype,
    resolve_fill,
)

INTEGERS = [np.dtype(t) for t in ("uint8", "int8", "uint16", "int16", "uint32", "int32")]
FLOATS = [np.dtype("f4"), np.dtype("f8")]


@given(
    dtypes=st.lists(st.sampled_from(INTEGERS + FLOATS), min_size=1, max_size=6),
    fill=st.sampled_from([0, 1, -9999, 65535, math.nan, 0.5]),
)
def test_every_band_travels_once_and_its_mask_cannot_be_mistaken(
    dtypes: list[np.dtype], fill: float
) -> None:
    groups = group_bands(dtypes, fill)
    assert sorted(i for g in groups for i in g.indices) == list(range(len(dtypes)))
    for group in groups:
        if fill == 0:
            assert (group.file_format, group.unmask, group.marker) == (FileFormat.NPY, None, None)
            continue
        for index, wire in zip(group.indices, group.dtypes, strict=True):
            own = dtypes[index]
            if own.kind == "f":
                assert (group.file_format, group.marker) == (FileFormat.GEO_TIFF, -math.inf)
                assert wire == own
                assert set(group.dtypes) == {own}
            else:
                assert group.unmask is not None
                assert wire.type(group.unmask) == group.unmask
                assert np.result_type(own, wire) == wire
                if group.marker is None:
                    assert group.unmask == fill
                else:
                    info = np.iinfo(own)
                    assert not info.min <= group.marker <= info.max


def test_a_fill_that_fits_costs_nothing() -> None:
    [group] = group_bands([np.dtype("int16")], -32768)
    assert group.bytes_per_pixel == 3
    [wider] = group_bands([np.dtype("uint16")], math.nan)
    assert wider.bytes_per_pixel == 5


def test_a_fill_that_a_double_cannot_hold_is_put_in_on_arrival() -> None:
    [group] = group_bands([np.dtype("uint8")], 2**53 + 1)
    assert (group.unmask, group.marker) == (-1, -1)


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
