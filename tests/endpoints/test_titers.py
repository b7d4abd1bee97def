import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.half_life import half_life
from tests.endpoints.cases import answer, answers, frames, observation, series, therapy

CODES = ("TITERPCT", "TITERLG2", "TITER50", "TITER4F", "TITERCNV", "TITERHL", "TITERHLR")


def titers(values: dict[int, str], **more: Any) -> dict[str, pl.DataFrame]:
    therapies = more.pop("therapies", ())
    return frames(series(values, "ATA", **more), therapies=therapies)


def by_visit(inputs: dict[str, pl.DataFrame], code: str) -> dict[str, tuple[Any, ...]]:
    return {
        row["timepoint"]: (row["status"], row["day"], row["value"], row["low"], row["high"])
        for row in answers(inputs, code)
    }


def test_change_at_each_visit_by_hand() -> None:
    inputs = titers({-8: "800", 27: "400", 33: "350", 84: "100", 300: "50"})
    assert by_visit(inputs, "TITERPCT") == {
        "W4": ("evaluable", 27, -50.0, -50.0, -50.0),
        "M3": ("evaluable", 84, -87.5, -87.5, -87.5),
    }
    assert by_visit(inputs, "TITERLG2") == {
        "W4": ("evaluable", 27, -1.0, -1.0, -1.0),
        "M3": ("evaluable", 84, -3.0, -3.0, -3.0),
    }
    row = answers(inputs, "TITERPCT")[0]
    assert (row["series"], row["evidence"], row["unit"]) == ("ATA KUL/k1/U", [1, 4], "%")


def test_one_censored_side_gives_a_bound() -> None:
    inputs = titers({-8: "80", 28: "<20", 84: ">160"})
    assert by_visit(inputs, "TITERPCT") == {
        "W4": ("bounded", 28, None, -100.0, -75.0),
        "M3": ("bounded", 84, None, 100.0, math.inf),
    }
    # Nothing bounds the logarithm of a share that may be 0.
    assert by_visit(inputs, "TITERLG2")["W4"] == ("bounded", 28, None, None, -2.0)


@pytest.mark.parametrize(("baseline", "followup"), [("<20", "<20"), (">500", ">500"), (">500", "<20"), ("0", "5")])
def test_two_censored_sides_or_a_baseline_of_zero_are_not_evaluable(baseline: str, followup: str) -> None:
    inputs = titers({-8: baseline, 28: followup}, cutoff=None)
    for code in ("TITERPCT", "TITERLG2", "TITER50", "TITER4F"):
        assert {row["status"] for row in answers(inputs, code)} == {"not-evaluable"}


def test_fall_to_a_measured_zero_has_a_percentage_but_no_logarithm() -> None:
    inputs = titers({-8: "80", 28: "0"})
    assert by_visit(inputs, "TITERPCT")["W4"][:3] == ("evaluable", 28, -100.0)
    assert by_visit(inputs, "TITERLG2")["W4"][0] == "not-evaluable"


def test_change_of_kit_breaks_the_series() -> None:
    rows = [*series({-8: "800", 28: "700"}, "ATA"), *series({84: "10"}, "ATA", first_id=9, series="KUL/k2/U")]
    found = {row["series"]: row for row in answers(frames(rows), "TITER50") if row["timepoint"] == ""}
    assert (found["ATA KUL/k1/U"]["text"], found["ATA KUL/k1/U"]["day"]) == ("no", 28)
    assert found["ATA KUL/k2/U"]["reason"] == "no baseline before conditioning in this series"


def test_series_without_a_later_sample_says_so() -> None:
    for code in CODES[:5]:
        (row,) = answers(titers({-8: "800"}), code)
        assert (row["status"], row["reason"]) == ("not-evaluable", "no sample after time zero in this series")


def test_rituximab_and_a_confounded_baseline_are_flagged_not_left_out() -> None:
    therapies = [therapy(7, "rituximab", start=-60, stop=-60), therapy(8, "ivig", start=-20, stop=-20)]
    row = answer(titers({-8: "800", 28: "100"}, therapies=therapies), "TITER50")
    assert (row["text"], row["therapy_evidence"]) == ("yes", [7, 8])
    assert row["reason"] == "baseline inside the window of ivig; rituximab within 270 days"


def test_an_immunosuppressant_begun_after_the_baseline_is_flagged_while_it_lasts_and_in_its_window() -> None:
    therapies = [
        # Background therapy is no new one; what began after the sample bears on none.
        therapy(6, "mycophenolate", start=-400, ongoing=True),
        therapy(7, "immunosuppressant", start=10, stop=20),
        therapy(9, "mycophenolate", start=200, ongoing=True),
    ]
    found = {
        row["timepoint"]: (row["reason"], row["therapy_evidence"], row["status"])
        for row in answers(titers({-8: "800", 28: "400", 84: "100", 180: "50"}, therapies=therapies), "TITERPCT")
    }
    flagged = "immunosuppressant begun after the baseline, within 90 days"
    assert found["W4"] == (flagged, [7], "evaluable")
    assert found["M3"] == (flagged, [7], "evaluable")
    # Day 180 is 160 days after its last dose.
    assert found["M6"] == (None, [], "evaluable")
    longer = answers(titers({-8: "800", 180: "50"}, therapies=therapies), "TITERPCT", new_immunosuppressant_days=160)
    assert longer[0]["therapy_evidence"] == [7]


def test_an_immunosuppressant_whose_start_is_not_known_may_be_new_unless_it_was_prior() -> None:
    therapies = [therapy(3, "mycophenolate", ongoing=True), therapy(4, "immunosuppressant", prior=True, ongoing=True)]
    (row,) = answers(titers({-8: "800", 28: "400"}, therapies=therapies), "TITERPCT")
    assert row["therapy_evidence"] == [3]
    assert row["reason"] == "mycophenolate begun after the baseline, within 90 days"


def test_subject_without_antibodies_says_so_in_every_answer() -> None:
    for code in CODES:
        assert answer(frames(), code)["reason"] == "no evaluable autoantibody result"


def test_half_life_of_the_falling_part_by_hand() -> None:
    values = {-8: "300", 7: "800", 28: "400", 49: "200", 70: "100", 91: "150"}
    row = answer(titers(values), "TITERHL")
    assert (row["status"], row["day"], row["text"]) == ("evaluable", 70, "r2 1.0, 4 points")
    assert row["value"] == pytest.approx(21, rel=1e-12)
    assert row["evidence"] == [2, 3, 4, 5]
    assert answer(titers(values), "TITERHLR")["value"] == pytest.approx(1, rel=1e-12)
    assert answer(titers(values), "TITERHLR", igg_half_life_days=25.8)["value"] == pytest.approx(21 / 25.8)


def test_half_life_takes_the_baseline_as_a_point_and_the_interval_of_the_fit() -> None:
    row = answer(titers({-8: "800", 14: "520", 28: "330", 56: "140"}), "TITERHL")
    fit = half_life([-8, 14, 28, 56], [800, 520, 330, 140])
    assert fit is not None
    found = (row["value"], row["low"], row["high"])
    assert found == pytest.approx((fit.half_life_days, fit.half_life_low, fit.half_life_high), rel=1e-12)


def test_half_life_needs_no_baseline() -> None:
    row = answer(titers({7: "400", 28: "200", 49: "100"}), "TITERHL")
    assert row["value"] == pytest.approx(21, rel=1e-12)


def test_half_life_leaves_out_censored_and_confounded_samples() -> None:
    values = {-8: "800", 13: "400", 34: "200", 55: "<20", 76: "3"}
    therapies = [therapy(1, "plasma-exchange", start=70, stop=72)]
    row = answer(titers(values, therapies=therapies), "TITERHL")
    assert (row["text"], row["evidence"]) == ("r2 1.0, 3 points", [1, 2, 3])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({-8: "800", 28: "400"}, "2 quantifiable points in the falling part; 3 are needed"),
        ({-8: "<20", 28: "<20"}, "0 quantifiable points in the falling part; 3 are needed"),
        ({-8: "100", 7: "100", 28: "100"}, "the series does not fall"),
    ],
)
def test_series_without_half_life_says_why(values: dict[int, str], reason: str) -> None:
    row = answer(titers(values), "TITERHL")
    assert (row["status"], row["value"], row["reason"]) == ("not-evaluable", None, reason)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(1, 4000), min_size=3, max_size=7),
    st.sampled_from([0.25, 0.5, 4, 1024]),
)
def test_unit_of_the_titer_does_not_change_the_change(values: list[int], factor: float) -> None:
    days = [-8, 28, 56, 84, 112, 168, 200]

    def found(scale: float) -> pl.DataFrame:
        rows = [
            observation(place, day, str(value * scale), "ATA", cutoff=20 * scale)
            for place, (day, value) in enumerate(zip(days, values, strict=False), start=1)
        ]
        return pl.concat(
            [pl.DataFrame(answers(frames(rows), code), infer_schema_length=None) for code in ("TITERPCT",)]
        )

    one, other = found(1), found(factor)
    assert one.drop("value", "low", "high").equals(other.drop("value", "low", "high"))
    for name in ("value", "low", "high"):
        assert one[name].to_list() == pytest.approx(other[name].to_list(), rel=1e-12)
