import datetime as dt
import random
from typing import Any

import polars as pl
import pytest

from cart.endpoints.baseline import RULES, baseline_and_change
from cart.endpoints.errors import ParameterError
from tests.endpoints import slow
from tests.endpoints.cases import CONDITIONING, frames, observation, on, series, time_zero


def changed(rows: list[dict[str, Any]], rule: str, **zero: Any) -> dict[int, dict[str, Any]]:
    inputs = frames(rows, zeros=[time_zero(**zero)])
    table = baseline_and_change(inputs["observations"], inputs["time_zero"], rule=rule)
    return {row["result_id"]: row for row in table.to_dicts()}


def chosen(rows: list[dict[str, Any]], rule: str, **zero: Any) -> list[int]:
    return [key for key, row in changed(rows, rule, **zero).items() if row["is_baseline"]]


def at(day: int, hour: int) -> dt.datetime:
    return dt.datetime.combine(on(day), dt.time(hour))


def test_change_and_percent_change_by_hand() -> None:
    rows = changed(series({-8: "80", -1: "100", 28: "25", 84: "150"}, "ALT"), "last-before-first-dose")
    assert [row["base"] for row in rows.values()] == [100.0] * 4
    assert [row["change"] for row in rows.values()] == [-20.0, 0.0, -75.0, 50.0]
    assert [row["percent_change"] for row in rows.values()] == [-20.0, 0.0, -75.0, 50.0]
    assert [row["after_baseline"] for row in rows.values()] == [False, False, True, True]
    assert [row["study_day"] for row in rows.values()] == [-8, -1, 29, 85]
    assert [row["protocol_day"] for row in rows.values()] == [-8, -1, 28, 84]


def test_each_rule_chooses_its_row() -> None:
    rows = [
        observation(1, -8, "1", "ALT", visit="SCREENING 1", baseline_flag=True),
        observation(2, -3, "2", "ALT"),
        observation(3, 0, "3", "ALT"),
        observation(4, 28, "4", "ALT"),
    ]
    assert chosen(rows, "before-conditioning") == [1]
    assert chosen(rows, "before-infusion") == [2]
    assert chosen(rows, "last-before-first-dose") == [2]
    assert chosen(rows, "last-on-or-before-first-dose") == [3]
    assert chosen(rows, "flagged-in-source") == [1]
    assert chosen(rows, "visit:SCREENING 1") == [1]
    assert chosen(rows, "visit:SCREENING") == []


def test_the_clock_decides_only_where_sample_and_dose_have_a_time() -> None:
    rows = [observation(1, 0, "1", "ALT", hour=8), observation(2, 0, "2", "ALT", hour=12)]
    assert chosen(rows, "last-before-first-dose", time_zero_at=at(0, 10)) == [1]
    assert chosen(rows, "last-before-first-dose") == []
    assert chosen(rows, "last-on-or-before-first-dose") == [2]
    untimed = [observation(1, 0, "1", "ALT")]
    assert chosen(untimed, "last-before-first-dose", time_zero_at=at(0, 10)) == []
    assert chosen(untimed, "last-on-or-before-first-dose", time_zero_at=at(0, 10)) == [1]


def test_sample_at_the_very_time_of_the_dose_is_before_it_only_by_the_inclusive_rule() -> None:
    rows = [observation(1, 0, "1", "ALT", hour=10)]
    assert chosen(rows, "last-before-first-dose", time_zero_at=at(0, 10)) == []
    assert chosen(rows, "last-on-or-before-first-dose", time_zero_at=at(0, 10)) == [1]


def test_ties_go_to_the_last_time_then_the_highest_sequence() -> None:
    rows = [
        observation(1, -1, "1", "ALT", hour=9, sequence=7),
        observation(2, -1, "2", "ALT", sequence=9),
        observation(3, -1, "3", "ALT", hour=9, sequence=8),
    ]
    assert chosen(rows, "last-before-first-dose") == [3]
    assert chosen(rows[1:2], "last-before-first-dose") == [2]


def test_unusable_and_empty_values_are_no_baseline_but_text_is() -> None:
    rows = [
        observation(1, -4, None, "UPROT", value_text="NEGATIVE"),
        observation(2, -3, None, "UPROT", value_text=None),
        observation(3, -2, None, "UPROT", value_text=""),
        observation(4, -1, "5", "UPROT", usable=False),
    ]
    table = changed(rows, "last-before-first-dose")
    assert [key for key, row in table.items() if row["is_baseline"]] == [1]
    assert {row["base_text"] for row in table.values()} == {"NEGATIVE"}
    assert {row["base"] for row in table.values()} == {None}


def test_a_base_of_zero_has_a_change_but_no_percent_change() -> None:
    rows = changed(series({-1: "0", 28: "3"}, "ALT"), "last-before-first-dose")
    assert (rows[2]["change"], rows[2]["percent_change"]) == (3.0, None)


def test_a_censored_value_has_no_number_unless_a_rule_gives_one() -> None:
    observations = series({-1: "<10", 28: "30"}, "ALT")
    assert changed(observations, "last-before-first-dose")[2]["change"] is None
    inputs = frames(observations)
    table = baseline_and_change(
        inputs["observations"], inputs["time_zero"], rule="last-before-first-dose", number=pl.col("value") / 2
    )
    assert table["change"].to_list() == [0.0, 10.0]


def test_incomplete_date_has_no_day_and_is_no_baseline_by_date() -> None:
    rows = [observation(1, None, "1", "ALT", visit="BL"), observation(2, 28, "4", "ALT")]
    table = changed(rows, "last-before-first-dose")
    assert (table[1]["study_day"], table[1]["protocol_day"], table[2]["base"]) == (None, None, None)
    assert changed(rows, "visit:BL")[2]["change"] == 3.0


def test_subject_without_time_zero_keeps_its_rows() -> None:
    inputs = frames(series({-1: "1"}, "ALT"), zeros=[])
    table = baseline_and_change(inputs["observations"], inputs["time_zero"], rule="last-before-first-dose")
    assert table.select("study_day", "base", "is_baseline").rows() == [(None, None, False)]


def test_without_conditioning_the_infusion_bounds_the_baseline() -> None:
    rows = series({-8: "1", -1: "2"}, "ALT")
    assert chosen(rows, "before-conditioning") == [1]
    assert chosen(rows, "before-conditioning", conditioning_on=None) == [2]


def test_change_of_kit_breaks_the_comparison_where_asked() -> None:
    rows = [observation(1, -1, "100", "ATA"), observation(2, 28, "50", "ATA", series="KUL/k2/U")]
    inputs = frames(rows)
    table = baseline_and_change(
        inputs["observations"],
        inputs["time_zero"],
        rule="before-infusion",
        by=("subject_id", "analyte", "series"),
    )
    assert table["change"].to_list() == [0.0, None]


@pytest.mark.parametrize("rule", ["last", "visit:", "visit: ", ""])
def test_unknown_rule_is_refused(rule: str) -> None:
    inputs = frames()
    with pytest.raises(ParameterError, match=r"\[baseline-rule\]"):
        baseline_and_change(inputs["observations"], inputs["time_zero"], rule=rule)


def random_rows(dice: random.Random, subjects: int) -> list[dict[str, Any]]:
    rows = []
    for subject in range(1, subjects + 1):
        for _ in range(dice.randint(0, 14)):
            day = dice.choice([None, *range(-9, 4)])
            value = dice.choice([None, "0", "1", "2.5", "<3"])
            row = observation(len(rows) + 1, day, value, dice.choice(["ALT", "AST"]), subject_id=subject)
            if day is not None and dice.random() < 0.5:
                row["collected_at"] = at(day, dice.choice([8, 10, 12]))
            row |= {
                "value_text": dice.choice([None, "", "NEG", value]),
                "usable": dice.random() < 0.8,
                "baseline_flag": dice.random() < 0.2,
                "visit": dice.choice([None, "BASE LINE", "W4"]),
                "sequence": dice.randint(1, 3),
            }
            rows.append(row)
    return rows


@pytest.mark.parametrize("rule", [*RULES, "visit:BASE LINE"])
@pytest.mark.parametrize("seed", range(4))
def test_baselines_agree_with_a_row_by_row_search(rule: str, seed: int) -> None:
    dice = random.Random(f"{rule} {seed}")
    rows = random_rows(dice, subjects=30)
    zeros = [
        time_zero(
            subject,
            time_zero_at=dice.choice([None, at(0, 10)]),
            conditioning_on=dice.choice([None, CONDITIONING]),
            conditioning_at=dice.choice([None, at(-5, 10)]),
        )
        for subject in range(1, 28)
    ]
    inputs = frames(rows, subjects=range(1, 31), zeros=zeros)
    table = baseline_and_change(inputs["observations"], inputs["time_zero"], rule=rule)
    assert table["result_id"].to_list() == [row["result_id"] for row in rows]
    by_subject = {zero["subject_id"]: zero for zero in zeros}
    for row in table.to_dicts():
        group = [r for r in rows if (r["subject_id"], r["analyte"]) == (row["subject_id"], row["analyte"])]
        expected = slow.baseline(group, by_subject.get(row["subject_id"]), rule)
        assert row["is_baseline"] == (expected is not None and expected["result_id"] == row["result_id"])
        number = expected["value"] if expected and expected["qualifier"] == "=" else None
        assert row["base"] == number
        own = row["value"] if row["qualifier"] == "=" else None
        assert row["change"] == (None if own is None or number is None else own - number)


def test_order_of_rows_does_not_matter() -> None:
    rows = random_rows(random.Random(3), subjects=20)
    inputs = frames(rows, subjects=range(1, 21))
    shuffled = inputs["observations"].sample(fraction=1, shuffle=True, seed=5)
    one, other = (
        baseline_and_change(observations, inputs["time_zero"], rule="before-infusion").sort("result_id")
        for observations in (inputs["observations"], shuffled)
    )
    assert one.equals(other)
