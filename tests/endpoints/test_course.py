import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.course import depletion_course, one_course
from tests.endpoints import slow
from tests.endpoints.cases import frames, observation

COUNTS = ["0", "0.5", "<1", "<5", "5", "9.9", "10", "<10", "<20", "15", ">8", ">10", "40"]


def rows_of(counts: list[tuple[int, str]], subject: int = 1, first_id: int = 1) -> list[dict[str, Any]]:
    return [
        observation(first_id + place, day, count, subject_id=subject) | {"day": day}
        for place, (day, count) in enumerate(counts)
    ]


def course(rows: list[dict[str, Any]], *, threshold: float = 10.0, confirm_n: int = 2) -> list[dict[str, Any]]:
    table = frames(rows)["observations"].with_columns(pl.Series("day", [r["day"] for r in rows], dtype=pl.Int64))
    return depletion_course(table, threshold=threshold, confirm_n=confirm_n).to_dicts()


def one(*counts: tuple[int, str], **parameters: Any) -> dict[str, Any]:
    (only,) = course(rows_of(list(counts)), **parameters)
    return only


def test_course_by_hand() -> None:
    found = one((7, "50"), (14, "<1"), (28, "3"), (56, "14"), (70, "4"), (84, "12"), (112, "30"))
    assert found == {
        "subject_id": 1,
        "depleted": True,
        "first_below_day": 14,
        "previous_day": 7,
        "last_below_day": 70,
        "recovered_day": 84,
        "recovered_id": 6,
        "duration_min": 56,
        "duration_max": 77,
        "undetectable": True,
        "nadir_low": 0.0,
        "nadir_high": 1.0,
        "nadir_day": 14,
        "nadir_id": 2,
        "last_day": 112,
        "evidence": [1, 2, 3, 4, 5, 6, 7],
    }


def test_exactly_the_threshold_is_not_depleted() -> None:
    assert one((7, "10"), (14, "10"))["depleted"] is False
    assert one((7, "9.99"))["depleted"] is True


def test_limit_above_the_threshold_is_never_depleted() -> None:
    found = one(
        (7, "<20"),
        (
            14,
            "<20",
        ),
    )
    assert (found["depleted"], found["first_below_day"], found["undetectable"]) == (None, None, False)
    assert one((7, "<20"), (14, "30"))["depleted"] is None


def test_undecided_sample_is_passed_over() -> None:
    found = one((7, "40"), (10, "<20"), (14, "5"), (28, "30"), (35, "<20"), (42, "30"))
    assert (found["first_below_day"], found["previous_day"], found["recovered_day"]) == (14, 7, 28)


def test_limit_at_the_threshold_is_below_it() -> None:
    assert one((7, "<10"))["depleted"] is True


def test_blip_at_the_end_is_no_recovery() -> None:
    found = one((7, "<1"), (28, "4"), (56, "40"))
    assert (found["recovered_day"], found["last_below_day"], found["duration_max"]) == (None, 28, None)


def test_confirm_n_of_one_takes_the_first_sample_above() -> None:
    assert one((7, "<1"), (28, "40"), (56, "4"), confirm_n=1)["recovered_day"] == 28


def test_first_sample_after_infusion_is_bounded_by_day_zero() -> None:
    found = one((7, "<1"), (28, "12"), (56, "12"))
    assert (found["previous_day"], found["duration_max"]) == (0, 28)


def test_no_samples_give_no_rows() -> None:
    assert course([]) == []


def test_subjects_do_not_leak_into_each_other() -> None:
    rows = rows_of([(7, "<1"), (28, "40")], 1) + rows_of([(7, "40"), (28, "40")], 2, first_id=10)
    first, second = course(rows)
    assert (first["recovered_day"], second["depleted"], second["first_below_day"]) == (None, False, None)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 60), st.sampled_from(COUNTS)), max_size=12),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([5.0, 10.0, 16.0]),
    st.integers(1, 4),
)
def test_columns_agree_with_a_walk_row_by_row(
    subjects: list[list[tuple[int, str]]], threshold: float, confirm_n: int
) -> None:
    rows = []
    for subject, counts in enumerate(subjects, start=1):
        rows += rows_of(sorted(counts), subject, first_id=100 * subject)
    found = {row["subject_id"]: row for row in course(rows, threshold=threshold, confirm_n=confirm_n)}
    for subject in range(1, len(subjects) + 1):
        own = [row for row in rows if row["subject_id"] == subject]
        expected = slow.course(own, threshold=threshold, confirm_n=confirm_n)
        if expected is None:
            assert subject not in found
            continue
        assert {name: found[subject][name] for name in expected} == expected
        assert found[subject]["evidence"] == [row["result_id"] for row in own]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from(COUNTS)), min_size=1, max_size=12))
def test_one_series_and_the_columns_agree(counts: list[tuple[int, str]]) -> None:
    ordered = sorted(counts)
    single = one_course([d for d, _ in ordered], [c for _, c in ordered], threshold=10, confirm_n=2, lloq=1)
    (row,) = course(rows_of(ordered))
    shared = (
        "depleted",
        "first_below_day",
        "previous_day",
        "last_below_day",
        "recovered_day",
        "undetectable",
    )
    assert {name: getattr(single, name) for name in shared} == {name: row[name] for name in shared}


@settings(deadline=None)
@given(st.lists(st.sampled_from(COUNTS), min_size=2, max_size=12), st.data())
def test_later_samples_do_not_move_the_first_day_below(counts: list[str], data: st.DataObject) -> None:
    days = [7 * place for place in range(1, len(counts) + 1)]
    cut = data.draw(st.integers(1, len(counts)))
    early = one(*zip(days[:cut], counts[:cut], strict=True))
    late = one(*zip(days, counts, strict=True))
    for name in ("first_below_day", "recovered_day", "duration_max"):
        assert early[name] is None or early[name] == late[name]


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=10), st.sampled_from([2, 4, 0.5]))
def test_unit_of_count_and_threshold_does_not_matter(counts: list[int], factor: float) -> None:
    days = [7 * place for place in range(1, len(counts) + 1)]
    names = ("depleted", "first_below_day", "recovered_day", "duration_min", "nadir_day")

    def answers(scale: float) -> list[Any]:
        rows = rows_of([(day, str(count * scale)) for day, count in zip(days, counts, strict=True)])
        (found,) = course([row | {"lloq": scale} for row in rows], threshold=10 * scale)
        return [found[name] for name in names]

    assert answers(1.0) == answers(factor)


def test_one_series_without_a_sample_after_infusion_is_not_evaluable() -> None:
    found = one_course([-7], ["150"], threshold=10, confirm_n=2, lloq=1)
    assert (found.status, found.depleted, found.baseline_depleted) == ("not evaluable", None, False)


@pytest.mark.parametrize("count", ["", "many", "1_0", "-3", "٣", "nan", "<"])
def test_count_that_is_no_number_is_refused(count: str) -> None:
    with pytest.raises(ValueError, match=r"\[count\]"):
        one_course([7], [count], threshold=10, confirm_n=2, lloq=1)


def test_many_subjects_agree_with_the_walk() -> None:
    dice = random.Random(7)
    rows: list[dict[str, Any]] = []
    for subject in range(1, 301):
        days = sorted(dice.sample(range(1, 400), dice.randint(1, 15)))
        counts = [(day, dice.choice(COUNTS)) for day in days]
        rows += rows_of(counts, subject, first_id=len(rows) + 1)
    for row in course(rows):
        expected = slow.course([r for r in rows if r["subject_id"] == row["subject_id"]], threshold=10.0, confirm_n=2)
        assert expected is not None
        assert {name: row[name] for name in expected} == expected
