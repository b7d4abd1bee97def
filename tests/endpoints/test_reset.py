from itertools import product
from typing import Any

import polars as pl
import pytest

from cart.endpoints.depletion import PRIOR_DEPLETION
from cart.endpoints.prepared import NO_TIME_ZERO
from cart.endpoints.reset import COMPONENTS, any_yes
from tests.endpoints.cases import answer, answers, frames, series, therapy

COUNTS = {-8: "150", 7: "<1", 28: "4", 84: "30", 112: "65"}
TITERS = {-8: "800", 28: "400", 84: "100", 168: "60"}


def subject(
    *therapies: dict[str, Any],
    counts: dict[int, str] = COUNTS,
    share: str = "90",
    titers: dict[int, str] = TITERS,
    **more: Any,
) -> dict[str, pl.DataFrame]:
    rows = [
        *series(counts),
        *series({84: share}, "NAIVE_PCT", first_id=100),
        *series(titers, "ATA", first_id=200),
    ]
    return frames(rows, therapies=therapies, **more)


def parts(inputs: dict[str, pl.DataFrame], **parameters: Any) -> dict[str, str | None]:
    found = {row["series"]: row["text"] for row in answers(inputs, "RESETCMP", **parameters)}
    assert set(found) == set(COMPONENTS)
    return found


def test_reset_met_by_hand_with_its_evidence() -> None:
    inputs = subject(therapy(1, "mycophenolate", start=-400, stop=-30, prior=True))
    assert set(parts(inputs).values()) == {"yes"}
    row = answer(inputs, "RESET")
    assert (row["status"], row["text"], row["reason"]) == ("evaluable", "met", None)
    assert row["evidence"] == [1, 2, 3, 4, 5, 100, 200, 203]
    assert row["therapy_evidence"] == []


@pytest.mark.parametrize(
    ("inputs", "component"),
    [
        (subject(counts={-8: "150", 7: "40", 28: "40"}), "depletion"),
        (subject(share="40"), "naive reconstitution"),
        (subject(titers={-8: "800", 28: "700", 84: "650"}), "autoantibody response"),
        (subject(therapy(5, "mycophenolate", start=30, ongoing=True)), "drug-free"),
    ],
)
def test_one_component_that_is_no_makes_it_not_met(inputs: dict[str, pl.DataFrame], component: str) -> None:
    assert parts(inputs)[component] == "no"
    row = answer(inputs, "RESET")
    assert (row["status"], row["text"], row["reason"]) == ("evaluable", "not met", f"no: {component}")


def test_missing_component_makes_it_not_evaluable_and_is_named() -> None:
    inputs = subject(counts={-8: "150", 7: "<1", 28: "4"})
    row = answer(inputs, "RESET")
    assert (row["status"], row["text"]) == ("not-evaluable", None)
    assert row["reason"] == "not evaluable: naive reconstitution"


def test_no_wins_over_missing() -> None:
    inputs = subject(therapy(5, "rituximab", start=30, stop=30), counts={-8: "150", 7: "<1", 28: "4"})
    row = answer(inputs, "RESET")
    assert (row["text"], row["therapy_evidence"]) == ("not met", [5])


def test_depletion_before_the_infusion_is_not_counted_as_its_effect() -> None:
    rows = answers(subject(counts=COUNTS | {-8: "<1"}), "RESETCMP")
    (row,) = [row for row in rows if row["series"] == "depletion"]
    assert (row["status"], row["reason"]) == ("not-evaluable", PRIOR_DEPLETION)


def test_subject_without_time_zero_is_not_evaluable() -> None:
    inputs = subject(zeros=[])
    assert {row["reason"] for row in answers(inputs, "RESETCMP")} == {NO_TIME_ZERO}
    assert answer(inputs, "RESET")["status"] == "not-evaluable"


def test_second_antibody_negative_at_baseline_neither_helps_nor_harms() -> None:
    inputs = subject()
    negative = series({-8: "5", 28: "6", 84: "6"}, "ARA", first_id=300)
    other = frames([*inputs["observations"].to_dicts(), *negative])
    assert parts(other)["autoantibody response"] == "yes"
    rising = frames([*series({-8: "800", 28: "790"}, "ATA"), *series({-8: "5", 28: "1"}, "ARA", first_id=9)])
    assert parts(rising, antibody_response="fall")["autoantibody response"] == "no"


def test_without_a_positive_antibody_the_response_is_not_evaluable() -> None:
    rows = answers(subject(titers={-8: "5", 28: "1", 84: "1"}), "RESETCMP")
    (row,) = [row for row in rows if row["series"] == "autoantibody response"]
    assert (row["status"], row["reason"]) == (
        "not-evaluable",
        "not positive at baseline by the cut-off of the kit",
    )


def test_kind_of_response_is_a_parameter() -> None:
    titers = {-8: "25", 28: "19", 84: "18"}
    assert parts(subject(titers=titers), antibody_response="conversion")["autoantibody response"] == "yes"
    assert parts(subject(titers=titers), antibody_response="fall")["autoantibody response"] == "no"
    assert parts(subject(titers=titers))["autoantibody response"] == "yes"


def test_steroid_counts_above_the_protocol_dose() -> None:
    inputs = subject(therapy(4, "steroid", start=10, ongoing=True, daily_dose_mg=7.5))
    assert parts(inputs)["drug-free"] == "no"
    assert parts(inputs, steroid_mg_day=7.5)["drug-free"] == "yes"
    assert parts(inputs, steroid_mg_day=5.0)["drug-free"] == "no"


@pytest.mark.parametrize("texts", list(product(["yes", "no", None, "not applicable"], repeat=3)))
def test_any_yes_is_an_or_that_knows_what_it_does_not_know(texts: tuple[str | None, ...]) -> None:
    rows = pl.DataFrame(
        {
            "subject_id": [1] * 3,
            "series": ["part"] * 3,
            "text": texts,
            "reason": ["a", "b", "c"],
            "evidence": [[1], [2], []],
            "therapy_evidence": [[], [], []],
        },
        schema_overrides={"text": pl.String, "therapy_evidence": pl.List(pl.Int64)},
    )
    counted = [text for text in texts if text != "not applicable"]
    if "yes" in counted:
        expected = "yes"
    elif counted and set(counted) == {"no"}:
        expected = "no"
    else:
        expected = None
    (row,) = any_yes(rows).to_dicts()
    assert row["text"] == expected
    deciding = [text == "yes" if expected == "yes" else True for text in texts]
    assert row["evidence"] == [number for number, counts in zip((1, 2), deciding, strict=False) if counts]
