"""The table itself, however it is made."""

from __future__ import annotations

import shapely

from geetensor.discovery.table import COLUMNS, make_table


def test_what_is_left_out_is_missing_as_what_is_none() -> None:
    place = [shapely.box(0, 0, 1, 1)]
    left_out = make_table({}, {}, place)
    given = make_table({name: [None] for name in COLUMNS}, {}, place)
    assert left_out.equals(given)
    assert left_out["transform"].iloc[0] is None
    assert left_out["shape"].iloc[0] is None
    nothing = make_table({}, {}, [])
    assert nothing.dtypes.equals(left_out.dtypes)
