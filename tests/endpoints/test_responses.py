import itertools
import math
import random
from typing import Any

import polars as pl
import pytest

from cart.endpoints.responses import CONFOUNDED, NOT_POSITIVE
from tests.endpoints.cases import answer, answers, frames, series, therapy


def titers(values: dict[int, str], *therapies: dict[str, Any], **more: Any) -> dict[str, pl.DataFrame]:
    return frames(series(values, "ATA", **more), therapies=therapies)


def conversion(values: dict[int, str], *therapies: dict[str, Any], **more: Any) -> tuple[Any, ...]:
    row = answer(titers(values, *therapies, **more), "TITERCNV")
    return row["status"], row["text"], row["day"], row["reason"]


def test_falls_by_hand() -> None:
    inputs = titers({-8: "800", 28: "400", 84: "201", 168: "200"})
    halved = {row["timepoint"]: (row["text"], row["value"]) for row in answers(inputs, "TITER50")}
    assert halved == {
        "W4": ("yes", 50.0),
        "M3": ("yes", 74.875),
        "M6": ("yes", 75.0),
        "": ("yes", 75.0),
    }
    four_fold = {row["timepoint"]: row["text"] for row in answers(inputs, "TITER4F")}
    assert four_fold == {"W4": "no", "M3": "no", "M6": "yes", "": "yes"}


def test_last_sample_decides_not_the_deepest() -> None:
    assert answer(titers({-8: "800", 28: "100", 84: "700"}), "TITER50")["text"] == "no"


def test_size_of_the_fall_is_a_parameter() -> None:
    assert answer(titers({-8: "100", 28: "60"}), "TITER50", fall_percent=40.0)["text"] == "yes"


@pytest.mark.parametrize(
    ("values", "text", "status", "low", "high"),
    [
        ({-8: "80", 28: "<20"}, "yes", "bounded", 75.0, 100.0),
        ({-8: "30", 28: "<20"}, None, "not-evaluable", None, None),
        ({-8: ">500", 28: "200"}, "yes", "bounded", 60.0, 100.0),
        ({-8: ">500", 28: "400"}, None, "not-evaluable", None, None),
        ({-8: "100", 28: ">90"}, "no", "bounded", None, 10.0),
    ],
)
def test_censored_values_decide_only_where_their_whole_interval_does(
    values: dict[int, str], text: str | None, status: str, low: float | None, high: float | None
) -> None:
    row = answer(titers(values), "TITER50")
    assert (row["text"], row["status"]) == (text, status)
    for name, expected in (("low", low), ("high", high)):
        assert row[name] is None if expected is None else math.isclose(row[name], expected)


def test_antibody_that_was_not_there_cannot_fall() -> None:
    for code in ("TITER50", "TITER4F", "TITERCNV"):
        row = answer(titers({-8: "12", 28: "3", 84: "2"}), code)
        assert (row["status"], row["text"], row["reason"]) == (
            "not-evaluable",
            "not applicable",
            NOT_POSITIVE,
        )


def test_confounded_sample_gives_way_to_the_last_free_one() -> None:
    inputs = titers({-8: "800", 28: "700", 84: "100"}, therapy(3, "plasma-exchange", start=80, stop=80))
    row = answer(inputs, "TITER50")
    assert (row["text"], row["day"]) == ("no", 28)
    month3 = next(row for row in answers(inputs, "TITER50") if row["timepoint"] == "M3")
    assert (month3["status"], month3["therapy_evidence"]) == ("not-evaluable", [3])
    assert month3["reason"] == "inside the window of plasma-exchange"


def test_series_with_confounded_samples_only_is_not_evaluable() -> None:
    inputs = titers({-8: "800", 28: "100"}, therapy(3, "ivig", start=10, ongoing=True))
    for code in ("TITER50", "TITERCNV"):
        row = answer(inputs, code)
        assert (row["status"], row["therapy_evidence"]) == ("not-evaluable", [3])
        assert row["reason"].startswith(CONFOUNDED)


def test_conversion_is_the_first_of_two_below_the_cutoff() -> None:
    assert conversion({-8: "120", 28: "30", 84: "15", 112: "<20", 168: "8"}) == ("evaluable", "yes", 84, None)


def test_single_dip_is_no_conversion() -> None:
    assert conversion({-8: "120", 28: "15", 84: "25", 168: "30"})[:3] == ("ongoing", "no", None)


def test_value_at_the_cutoff_is_positive() -> None:
    assert conversion({-8: "20", 28: "20", 84: "20"})[:2] == ("ongoing", "no")


def test_first_value_below_at_the_last_sample_waits_for_its_confirmation() -> None:
    status, text, day, reason = conversion({-8: "120", 28: "30", 84: "15"})
    assert (status, text, day) == ("ongoing", None, None)
    assert reason == "below the cut-off at the last sample, not yet confirmed"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({-8: "120", 28: "30", 84: "15", 112: "12"}, (84.0, 28.0, 84.0)),
        # A lone dip before it is no conversion, and the sample after it is above.
        ({-8: "120", 28: "15", 56: "25", 84: "15", 112: "12"}, (84.0, 56.0, 84.0)),
        ({-8: "120", 28: "15", 84: "12"}, (28.0, 0.0, 28.0)),
        # A limit above the cut-off does not say that it is above.
        ({-8: "120", 28: "30", 56: "<40", 84: "15", 112: "12"}, (84.0, 28.0, 84.0)),
        ({-8: "120", 28: "30", 84: "90"}, (None, 84.0, math.inf)),
        ({-8: "120", 28: "30", 84: "15"}, (None, 28.0, math.inf)),
        ({-8: "120", 28: "15"}, (None, 0.0, math.inf)),
        ({-8: "120", 28: "30", 84: "<40"}, (None, None, None)),
        ({-8: "12", 28: "8"}, (None, None, None)),
    ],
)
def test_conversion_lies_between_two_samples_or_behind_the_last(
    values: dict[int, str], expected: tuple[float | None, ...]
) -> None:
    row = answer(titers(values), "TITERCNV")
    assert (row["value"], row["low"], row["high"]) == expected


def test_conversions_of_many_agree_with_a_walk_over_each() -> None:
    dice, rows, made = random.Random(8), [], {}
    for subject in range(1, 80):
        days = sorted(dice.sample(range(1, 300), dice.randint(1, 7)))
        values = [dice.choice((5, 12, 19, 20, 40, 90)) for _ in days]
        made[subject] = list(zip(days, values, strict=True))
        course = {-8: "120", **{day: str(value) for day, value in made[subject]}}
        rows += series(course, "ATA", first_id=len(rows) + 1, subject_id=subject)
    found = {row["subject_id"]: row for row in answers(frames(rows, subjects=range(1, 80)), "TITERCNV")}
    for subject, walk in made.items():
        pairs = itertools.pairwise(walk)
        day = next((one for (one, value), (_, after) in pairs if value < 20 and after < 20), None)
        above = [one for one, value in walk if value >= 20 and (day is None or one < day)]
        row, low = found[subject], above[-1] if above else 0
        assert (row["value"], row["low"], row["high"]) == (day, low, math.inf if day is None else day)
        assert row["status"] == ("ongoing" if day is None else "evaluable")


def test_confounded_sample_neither_converts_nor_confirms() -> None:
    exchange = therapy(3, "plasma-exchange", start=80, stop=80)
    assert conversion({-8: "120", 28: "30", 84: "15", 168: "12"}, exchange)[:2] == ("ongoing", None)
    assert conversion({-8: "120", 28: "15", 84: "90", 168: "12"}, exchange)[:3] == ("evaluable", "yes", 28)


@pytest.mark.parametrize(("day", "confounded"), [(79, False), (80, True), (110, True), (111, False)])
def test_window_of_ivig_holds_thirty_days_after_the_last_dose(day: int, confounded: bool) -> None:
    row = answer(titers({-8: "800", day: "100"}, therapy(3, "ivig", start=80, stop=80)), "TITER50")
    assert (row["status"] == "not-evaluable") == confounded


def test_length_of_the_window_is_a_parameter() -> None:
    inputs = titers({-8: "800", 100: "100"}, therapy(3, "ivig", start=80, stop=80))
    assert answer(inputs, "TITER50", ivig_days=10)["text"] == "yes"


def test_therapy_without_dates_confounds_unless_it_was_prior() -> None:
    values = {-8: "800", 100: "100"}
    assert answer(titers(values, therapy(3, "ivig")), "TITER50")["status"] == "not-evaluable"
    assert answer(titers(values, therapy(3, "ivig", prior=True)), "TITER50")["text"] == "yes"


def test_kit_without_cutoff_has_no_conversion_but_a_fall() -> None:
    inputs = titers({-8: "800", 28: "100", 84: "90"}, cutoff=None)
    assert answer(inputs, "TITERCNV")["reason"] == "the kit has no cut-off"
    assert answer(inputs, "TITER50")["text"] == "yes"


def test_limit_above_the_cutoff_leaves_conversion_open() -> None:
    status, text, _, reason = conversion({-8: "120", 28: "<40", 84: "30"})
    assert (status, text) == ("not-evaluable", None)
    assert reason == "a limit of quantification above the cut-off leaves it open"


def test_later_visits_do_not_change_an_earlier_answer() -> None:
    values = {-8: "120", 28: "30", 84: "15", 112: "12", 168: "90"}
    whole = titers(values)
    for cut in range(3, 6):
        part = titers(dict(list(values.items())[:cut]))
        for code in ("TITERPCT", "TITERLG2", "TITER50", "TITER4F"):
            early = {row["timepoint"]: row for row in answers(part, code) if row["timepoint"]}
            late = {row["timepoint"]: row for row in answers(whole, code) if row["timepoint"]}
            assert early == {name: late[name] for name in early}
    assert conversion(values)[2] == conversion({day: values[day] for day in (-8, 28, 84, 112)})[2] == 84
