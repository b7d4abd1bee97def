"""Nadir and area of the autoantibodies: by hand, censored, confounded."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.responses import CONFOUNDED
from cart.endpoints.titer_courses import FEW
from tests.endpoints.cases import answer, answers, frames, observation, series, therapy


def titers(values, **more):
    therapies = more.pop("therapies", ())
    return frames(series(values, "ATA", **more), therapies=therapies)


def test_nadir_with_its_day_and_unit():
    row = answer(titers({-8: "5", 28: "400", 84: "100", 112: "100", 168: "300"}), "TITERNAD")
    assert (row["value"], row["day"], row["unit"], row["reason"]) == (100, 84, "U/mL", None)


def test_nadir_below_the_limit_is_an_interval():
    row = answer(titers({28: "400", 84: "<20", 112: "15"}), "TITERNAD")
    assert (row["status"], row["value"], row["low"], row["high"], row["day"]) == ("bounded", None, 0, 20, 84)


def test_area_falls_by_logarithms_and_rises_by_lines():
    row = answer(titers({-8: "999", 7: "800", 28: "200", 56: "300"}), "TITERAUC")
    assert row["value"] == pytest.approx(21 * 600 / math.log(4) + 28 * 250)
    assert (row["text"], row["unit"], row["evidence"]) == ("days 7 to 56", "d.U/mL", [2, 3, 4])


def test_area_of_a_pure_decay_is_exact():
    row = answer(titers({0: "99", 21: "400", 42: "200", 63: "100"}), "TITERAUC")
    assert row["value"] == pytest.approx((400 - 100) * 21 / math.log(2))


def test_censored_values_are_imputed_by_the_named_rule():
    inputs = titers({7: "80", 28: "<20"})
    half = answer(inputs, "TITERAUC")
    assert half["value"] == pytest.approx(21 * 70 / math.log(8))
    assert half["reason"] == "censored values imputed by rule 'half'"
    assert answer(inputs, "TITERAUC", below_lloq="zero")["value"] == 21 * 40


def test_confounded_samples_are_left_out_and_told():
    inputs = titers({7: "800", 28: "200", 56: "10"}, therapies=[therapy(4, "plasma-exchange", start=50, stop=51)])
    low, area = answer(inputs, "TITERNAD"), answer(inputs, "TITERAUC")
    assert (low["value"], low["therapy_evidence"]) == (200, [4])
    assert area["text"] == "days 7 to 28"
    assert low["reason"] == area["reason"] == "1 samples inside the window of a therapy left out"
    only = titers({56: "10"}, therapies=[therapy(4, "plasma-exchange", start=50, stop=51)])
    assert answer(only, "TITERNAD")["reason"] == CONFOUNDED
    assert answer(only, "TITERAUC")["reason"] == FEW


def test_series_stand_apart():
    rows = [*series({7: "800", 28: "200"}, "ATA"), *series({7: "10", 28: "5"}, "ATA", first_id=9, series="KUL/k2/U")]
    assert [row["value"] for row in answers(frames(rows), "TITERNAD")] == [200, 5]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 4000), min_size=2, max_size=6), st.sampled_from([0.25, 8.0]), st.randoms())
def test_order_and_unit_do_not_change_an_answer(values, factor, dice):
    days = (7, 28, 56, 84, 112, 168)

    def found(scale):
        rows = [
            observation(i, day, str(v * scale), "ATA", cutoff=None)
            for i, (day, v) in enumerate(zip(days, values, strict=False), 1)
        ]
        return [answer(frames(dice.sample(rows, len(rows))), code)["value"] for code in ("TITERNAD", "TITERAUC")]

    assert found(factor) == pytest.approx([value * factor for value in found(1)])
