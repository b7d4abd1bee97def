"""Expansion and persistence of the constructs: by hand, with every kind of censoring."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.catalogue import evaluate
from cart.endpoints.kinetics.expansion import ABOVE, DEFINITIONS, NEVER, NO_FIT, NO_SAMPLE, OPEN_PEAK
from cart.endpoints.prepared import NO_TIME_ZERO
from tests.endpoints.cases import answer, answers, frames, observation, series

# P01 of the case file.
COURSE = {
    1: "120",
    3: "2500",
    7: "48000",
    10: "61000",
    14: "33000",
    21: "9800",
    28: "4100",
    56: "900",
    84: "310",
    180: "<50",
}


def copies(values, **more):
    return frames(series(values, "CAR_CD19", unit="{copies}/ug", lloq=50.0, **more))


def shown(inputs, code, **parameters):
    row = answer(inputs, code, **parameters)
    return tuple(row[name] for name in ("status", "day", "value", "low", "high"))


def test_a_whole_course_by_the_numbers_of_pknca():
    inputs = copies(COURSE)
    assert shown(inputs, "CARCMAX") == ("evaluable", 10, 61000, 61000, 61000)
    assert shown(inputs, "CARTMAX") == ("evaluable", 10, 10, 10, 10)
    assert answer(inputs, "CARTLAST")["value"] == 84
    assert answer(inputs, "CARCLAST")["value"] == 310
    assert answer(inputs, "CARAUC28")["value"] == pytest.approx(629029.153229994)
    assert answer(inputs, "CARAUCL")["value"] == pytest.approx(703618.278568578)
    assert answer(inputs, "CARAUCI")["value"] == pytest.approx(710341.306216294)
    assert answer(inputs, "CARLAMZ")["value"] == pytest.approx(0.0461101777716643)
    assert answer(inputs, "CARHL")["value"] == pytest.approx(15.0324118027126)
    assert answer(inputs, "CARHL")["text"] == "r2 0.99, 3 points, days 28 to 84"
    assert {answer(inputs, code)["reason"] for code in DEFINITIONS} == {None}


def test_units_are_those_of_the_counts_and_constructs_stand_apart():
    rows = series({7: "500", 14: "900", 28: "100"}, "CAR_CD19", unit="{copies}/ug", lloq=50.0)
    rows += series({7: "5", 14: "2", 28: "<1"}, "CAR_BCMA_UL", first_id=9, unit="{copies}/uL", lloq=1.0)
    found = {row["series"]: row for row in answers(frames(rows), "CARCMAX")}
    assert {name: (row["value"], row["unit"]) for name, row in found.items()} == {
        "CAR_CD19 KUL/k1/U": (900, "{copies}/ug"),
        "CAR_BCMA_UL KUL/k1/U": (5, "{copies}/uL"),
    }
    assert [row["unit"] for row in answers(frames(rows), "CARAUC28")] == ["d.{copies}/uL", "d.{copies}/ug"]
    assert found["CAR_BCMA_UL KUL/k1/U"]["evidence"] == [9, 10, 11]


def test_variant_of_the_area_is_named():
    def variant(values, **parameters):
        row = answer(copies(values), "CARAUC28", **parameters)
        return row["text"], row["status"], row["value"]

    assert variant(COURSE)[:2] == ("sampled on day 28", "evaluable")
    assert variant({10: "400", 20: "200", 30: "100"})[0] == "interpolated between days 20 and 30"
    assert variant({10: "400", 20: "100", 40: "<50"}) == (
        "to day 20, below the limit after it", "evaluable",
        pytest.approx(10 * 400 / 2 + 10 * 300 / math.log(4)),
    )  # fmt: skip
    early = {7: "400", 10: "300", 14: "200", 20: "100"}
    assert variant(early)[1:] == ("bounded", None)
    assert variant(early, short_course="last")[0] == "to the last sample, day 20, only"
    text, status, value = variant(early, short_course="extrapolate")
    assert (text, status) == ("extrapolated by lambda_z from day 20", "evaluable")
    assert value > variant(early, short_course="last")[2]


def test_a_course_that_ends_early_bounds_the_area_from_below():
    row = answer(copies({7: "400", 20: "100"}), "CARAUC28")
    assert (row["low"], row["high"]) == (pytest.approx(7 * 200 + 13 * 300 / math.log(4)), math.inf)
    assert row["reason"] == "no sample on or after day 28; the last is of day 20"
    row = answer(copies({7: "400", 20: "100"}), "CARAUC28", short_course="extrapolate")
    assert (row["status"], row["reason"]) == ("not-evaluable", NO_FIT)


def test_a_sample_below_the_limit_in_the_middle_is_passed_over():
    with_gap, without = copies({7: "400", 20: "<50", 35: "100"}), copies({7: "400", 35: "100"})
    assert answer(with_gap, "CARAUC28")["text"] == "interpolated between days 7 and 35"
    assert answer(with_gap, "CARAUC28")["value"] == answer(without, "CARAUC28")["value"]


def test_nothing_quantifiable_is_an_interval_not_a_zero():
    inputs = copies({7: "<50", 14: "<50", 28: "<80"})
    assert shown(inputs, "CARCMAX") == ("bounded", None, None, 0, 80)
    for code in ("CARTMAX", "CARTLAST", "CARCLAST", "CARAUCI", "CARLAMZ", "CARHL"):
        assert (answer(inputs, code)["status"], answer(inputs, code)["reason"]) == ("not-evaluable", NEVER)
    assert (answer(inputs, "CARAUC28")["value"], answer(inputs, "CARAUC28")["reason"]) == (0, NEVER)


def test_a_peak_above_the_upper_limit_is_a_lower_bound():
    inputs = copies({7: "5000", 10: ">9000", 14: "800", 21: "200", 28: "60"})
    assert shown(inputs, "CARCMAX") == ("bounded", 10, None, 9000, math.inf)
    assert shown(inputs, "CARTMAX") == ("evaluable", 10, 10, 10, 10)
    assert answer(inputs, "CARAUC28")["high"] == math.inf
    assert answer(inputs, "CARAUCI")["status"] == "bounded"
    assert answer(inputs, "CARAUCI")["reason"].startswith(ABOVE)
    assert answer(inputs, "CARHL")["status"] == "evaluable"


def test_two_samples_above_the_upper_limit_leave_the_peak_open():
    inputs = copies({7: ">9000", 10: ">9000", 14: "800", 21: "200", 28: "60"})
    assert shown(inputs, "CARTMAX") == ("bounded", None, None, 7, 10)
    for code in ("CARHL", "CARLAMZ", "CARAUCI"):
        assert (answer(inputs, code)["status"], answer(inputs, code)["reason"]) == ("not-evaluable", OPEN_PEAK)


def test_a_poor_fit_is_flagged_not_hidden():
    row = answer(copies({7: "1000", 14: "500", 15: "520", 16: "300", 28: "<50"}), "CARHL")
    assert (row["status"], row["value"] is not None) == ("evaluable", True)
    assert "flag: fitted over" in row["reason"]
    assert "flag: r2" in row["reason"]
    much = answer(copies({7: "1000", 14: "900", 21: "780", 28: "700"}), "CARAUCI")
    assert "% extrapolated, more than 20 %" in much["reason"]


def test_persistence_says_when_it_may_go_on():
    assert answer(copies({7: "400", 28: "100"}), "CARTLAST")["text"] == "quantifiable at the last sample"
    assert answer(copies({7: "400", 28: "<50"}), "CARTLAST")["text"] is None


def test_of_two_samples_of_a_day_the_higher_stands():
    rows = [observation(1, 7, "400", "CAR_CD19", hour=8), observation(2, 7, "700", "CAR_CD19", hour=18)]
    row = answer(frames(rows), "CARCMAX")
    assert (row["value"], row["evidence"]) == (700, [1, 2])


def test_samples_before_the_infusion_and_unusable_ones_take_no_part():
    rows = [observation(1, -7, "9999", "CAR_CD19"), observation(2, 7, "400", "CAR_CD19")]
    rows.append(observation(3, 10, "8888", "CAR_CD19", usable=False))
    assert answer(frames(rows), "CARCMAX")["value"] == 400


def test_a_subject_without_samples_or_time_zero_says_why():
    for code in DEFINITIONS:
        assert answer(copies({-7: "<50"}), code)["reason"] == NO_SAMPLE
        assert answer(frames(series(COURSE, "CAR_CD19"), zeros=[]), code)["reason"] == NO_TIME_ZERO


DAYS = (3, 7, 10, 14, 21, 28, 35)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=3, max_size=7), st.sampled_from([0.25, 4, 1024]), st.randoms())
def test_order_unit_and_later_samples_do_not_change_an_answer(values, factor, dice):
    course = dict(zip(DAYS, values, strict=False))

    def found(scale, extra, *, shuffle=False):
        rows = series({day: str(value * scale) for day, value in (course | extra).items()}, "CAR_CD19", lloq=None)
        inputs = frames(dice.sample(rows, len(rows)) if shuffle else rows)
        return {row["code"]: row for row in evaluate(inputs).to_dicts() if row["code"] in DEFINITIONS}

    plain, scaled = found(1, {}), found(factor, {}, shuffle=True)
    for code in DEFINITIONS:
        power = 1 if DEFINITIONS[code].unit.endswith("ug") else 0
        for name in ("value", "low", "high"):
            one, other = plain[code][name], scaled[code][name]
            assert (one is None) == (other is None)
            assert one is None or other == pytest.approx(one * factor**power, rel=1e-9)
    # A lower sample two months on leaves peak and the area to a sampled horizon as they were.
    later = found(1, {90: min(values) * 0.5})
    assert later["CARCMAX"]["value"] == plain["CARCMAX"]["value"]
    assert later["CARTMAX"]["value"] == plain["CARTMAX"]["value"]
    if 28 in course:
        assert later["CARAUC28"]["value"] == plain["CARAUC28"]["value"]
