"""Which request is not going to be answered: told from its siblings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geetensor.engine.pace import COMPUTED, EVIDENCE, MUCH_EVIDENCE, STORED, VALUE, Pace, Patience

seconds = st.floats(0.001, 500.0)


def pace(*answered: float, patience: Patience = STORED, past: Pace | None = None) -> Pace:
    made = Pace(patience, past)
    for wait in answered:
        made.answered(wait)
    return made


def test_a_request_by_itself_has_the_patience_of_its_kind() -> None:
    assert pace().patience([5.0]) == 15.0
    assert pace(0.4, 0.4).patience([5.0, 0.4]) == 15.0
    assert pace(patience=COMPUTED).patience([5.0]) == 60.0
    assert pace(patience=VALUE).patience([5.0]) == 20.0


def test_many_without_an_answer_are_a_slow_service() -> None:
    assert pace().patience([50.0] * 3) is None
    assert pace(0.4, 0.4).patience([50.0] * 36) is None


def test_an_earlier_export_of_the_same_source_tells_about_a_single_request() -> None:
    past = Pace()
    pace(0.2, 0.2, 0.6, past=past)
    assert pace(past=past).patience([1.0]) == pytest.approx(3.0)  # at the least
    pace(2.0, 2.0, 2.0, 2.0, past=past)
    assert pace(past=past).patience([1.0]) == pytest.approx(20.0)


def test_the_more_siblings_were_quick_the_sooner_one_is_given_up() -> None:
    few, many = [0.3] * EVIDENCE, [0.3] * MUCH_EVIDENCE
    assert pace(*few).patience([2.0]) == 3.0
    assert pace(*many).patience([2.0]) == 1.0
    assert pace(*few, patience=VALUE).patience([2.0]) == 20.0
    assert pace(*many, patience=VALUE).patience([2.0]) == 5.0
    assert pace(*many, 3.0).patience([2.0]) == 6.0  # one that was slow and came


def test_where_most_wait_nothing_is_given_up() -> None:
    some = pace(*[0.3] * MUCH_EVIDENCE)
    patience = some.patience([20.0] * 30)
    assert patience is not None
    assert patience >= 20.0


@given(answered=st.lists(seconds, min_size=EVIDENCE, max_size=100), waiting=st.lists(seconds))
def test_no_sibling_that_came_would_have_been_given_up(
    answered: list[float], waiting: list[float]
) -> None:
    patience = pace(*answered).patience(waiting)
    assert patience is not None
    assert patience >= max(1.0, 2 * max(answered))
