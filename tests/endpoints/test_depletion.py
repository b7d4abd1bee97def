import math
import random
from typing import Any

import pytest

from cart.endpoints.depletion import NEVER, NO_SAMPLE, PRIOR_DEPLETION, UNDECIDED, UNRECOVERED
from cart.endpoints.prepared import NO_TIME_ZERO
from tests.endpoints import slow
from tests.endpoints.cases import answer, answers, frames, observation, series

COURSE = {-8: "150", 7: "50", 14: "<1", 28: "4", 56: "14", 70: "3", 84: "30", 112: "65"}
CODES = ("BCDEPL", "BCNADIR", "BCRECOV", "BCDUR", "BCAUC")


def shown(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("status", "text", "day", "value", "low", "high"))


def test_depletion_by_hand() -> None:
    inputs = frames(series(COURSE))
    assert shown(answer(inputs, "BCDEPL")) == ("evaluable", "yes", 14, 14.0, 7.0, 14.0)
    assert answer(inputs, "BCDEPL")["evidence"] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert shown(answer(inputs, "BCNADIR")) == ("bounded", "undetectable", 14, None, 0.0, 1.0)
    assert shown(answer(inputs, "BCRECOV")) == ("evaluable", "recovered", 84, 84.0, 70.0, 84.0)
    assert shown(answer(inputs, "BCDUR")) == ("bounded", None, None, None, 56.0, 77.0)
    assert answer(inputs, "BCDEPL")["reason"] is None


def test_threshold_is_a_parameter() -> None:
    inputs = frames(series(COURSE))
    assert answer(inputs, "BCDEPL", threshold=60.0)["day"] == 7
    assert answer(inputs, "BCDEPL", threshold=0.5)["status"] == "not-evaluable"


def test_never_depleted_says_so_in_every_answer() -> None:
    inputs = frames(series({-8: "150", 7: "40", 14: "22", 28: "18"}))
    assert shown(answer(inputs, "BCDEPL")) == ("evaluable", "no", None, None, None, None)
    assert shown(answer(inputs, "BCNADIR")) == ("evaluable", None, 28, 18.0, 18.0, 18.0)
    for code in ("BCRECOV", "BCDUR"):
        assert (answer(inputs, code)["status"], answer(inputs, code)["reason"]) == ("not-evaluable", NEVER)


def test_ongoing_depletion_is_open_upward() -> None:
    inputs = frames(series({-8: "150", 7: "<1", 28: "4", 56: "40"}))
    assert shown(answer(inputs, "BCRECOV")) == ("ongoing", "not recovered", None, None, 28.0, math.inf)
    assert shown(answer(inputs, "BCDUR")) == ("ongoing", None, None, None, 21.0, math.inf)
    assert answer(inputs, "BCDUR")["reason"] == UNRECOVERED


def test_baseline_already_depleted_is_flagged() -> None:
    row = answer(frames(series({-8: "<1", 7: "<1", 28: "4"})), "BCDEPL")
    assert (row["text"], row["reason"]) == ("yes", PRIOR_DEPLETION)


def test_missing_baseline_is_remarked() -> None:
    row = answer(frames(series({-3: "150", 7: "<1"})), "BCDEPL")
    assert (row["text"], row["reason"]) == ("yes", "no baseline before conditioning")


def test_limit_above_the_threshold_is_not_evaluable() -> None:
    rows = series({-8: "150", 7: "<20", 28: "<20"}, lloq=20.0)
    row = answer(frames(rows), "BCDEPL")
    assert (row["status"], row["text"], row["reason"]) == ("not-evaluable", None, UNDECIDED)


def test_subject_without_samples_or_without_time_zero_says_why() -> None:
    for code in CODES:
        assert answer(frames(series({-8: "150"})), code)["reason"] == NO_SAMPLE
        assert answer(frames(series(COURSE), zeros=[]), code)["reason"] == NO_TIME_ZERO


def test_haemolysed_sample_is_never_used() -> None:
    rows = [*series({-8: "150", 7: "40", 28: "40"}), observation(9, 14, "<1", usable=False)]
    row = answer(frames(rows), "BCDEPL")
    assert (row["text"], row["evidence"]) == ("no", [1, 2, 3])


def test_sample_of_the_day_of_infusion_counts_only_when_known_to_be_after_it() -> None:
    assert answer(frames(series({0: "<1"})), "BCDEPL")["reason"] == NO_SAMPLE


@pytest.mark.parametrize(("rule", "below"), [("half", 0.5), ("root2", 1 / math.sqrt(2)), ("lloq", 1.0), ("zero", 0.0)])
def test_area_by_trapezoids_with_the_imputation_named(rule: str, below: float) -> None:
    inputs = frames(series({-8: "150", 7: "50", 14: "<1", 28: "4"}))
    row = answer(inputs, "BCAUC", below_lloq=rule)
    assert row["value"] == pytest.approx(slow.trapezoids([7, 14, 28], [50, below, 4]), rel=1e-12)
    assert row["reason"] == f"censored values imputed by rule '{rule}'"


def test_area_of_one_sample_is_not_evaluable() -> None:
    row = answer(frames(series({7: "50"})), "BCAUC")
    assert (row["status"], row["value"]) == ("not-evaluable", None)


def test_areas_of_many_subjects_agree_with_each_alone() -> None:
    dice = random.Random(2)
    rows: list[dict[str, Any]] = []
    for subject in range(1, 41):
        days = sorted(dice.sample(range(1, 300), dice.randint(2, 9)))
        values = {day: str(dice.randint(1, 200)) for day in days}
        rows += series(values, first_id=len(rows) + 1, subject_id=subject)
    found = {row["subject_id"]: row for row in answers(frames(rows, subjects=range(1, 41)), "BCAUC")}
    for subject in range(1, 41):
        own = [row for row in rows if row["subject_id"] == subject]
        days = [(row["collected_on"] - own[0]["collected_on"]).days for row in own]
        assert found[subject]["value"] == pytest.approx(slow.trapezoids(days, [row["value"] for row in own]))
