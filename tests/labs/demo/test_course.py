"""The nine courses as promised: depletion, naive return, falling antibodies, and one of each complication."""

import pytest

from labs.management.demo.course import PLANS
from tests.labs.demo.delivered import course, half_life

NUMBERS = range(9)
NEVER, BLIP, RNAP3, RITUXIMAB, IVIG, NOT_NAIVE = 3, 2, 4, 5, 1, 8
DEPLETED_BELOW = 10  # CD19+ B cells/uL, the default of endpoint BCDEPL
NAIVE_FROM = 80  # per cent of CD19+, the default of endpoint BCNAIVE


@pytest.fixture
def cells(rows):
    """CD19+ counts per subject."""
    return [course(rows, number, "CD19") for number in NUMBERS]


def recovery(values):
    """First of two consecutive counts at or above the limit after they had been below it."""
    below = next(i for i, value in enumerate(values) if value.day > 0 and value.high < DEPLETED_BELOW)
    pairs = zip(values[below:], values[below + 1 :], strict=False)
    return next((first for first, second in pairs if min(first.low, second.low) >= DEPLETED_BELOW), None)


def test_b_cells_are_there_before_the_infusion_but_for_one(cells):
    for number in NUMBERS:
        before = [value for value in cells[number] if value.day < 0]
        assert len(before) == 2
        if number == RITUXIMAB:
            assert {value.text for value in before} == {"<1"}
        else:
            assert all(90 <= value.low <= 400 for value in before)


def test_only_the_depleted_one_had_rituximab():
    assert [number for number, plan in enumerate(PLANS) if plan.prior_rituximab] == [RITUXIMAB]


def test_b_cells_fall_below_the_limit_within_two_weeks(cells):
    for values in cells:
        first = next(value for value in values if value.day > 0)
        assert 0 < first.day <= 14
        assert first.high < DEPLETED_BELOW


def test_b_cells_become_undetectable_in_everyone(cells):
    for values in cells:
        assert any(value.text == "<1" for value in values if value.day > 0)


def test_all_but_one_recover_after_two_to_six_months(cells):
    recovered = {number: recovery(cells[number]) for number in NUMBERS}
    assert [number for number in NUMBERS if recovered[number] is None] == [NEVER]
    days = [value.day for value in recovered.values() if value is not None]
    assert min(days) >= 60
    assert max(days) <= 184
    assert len(set(days)) >= 3


def test_cells_that_recovered_stay(cells):
    for number in set(NUMBERS) - {NEVER}:
        back = recovery(cells[number])
        assert all(value.low >= DEPLETED_BELOW for value in cells[number] if value.day >= back.day)


def test_one_has_a_blip_that_is_no_recovery(cells):
    def blips(number):
        back = recovery(cells[number])
        end = back.day if back else 10_000
        return [value for value in cells[number] if 0 < value.day < end and value.low >= DEPLETED_BELOW]

    assert {number: len(blips(number)) for number in NUMBERS} == {number: int(number == BLIP) for number in NUMBERS}
    (blip,) = blips(BLIP)
    after = next(value for value in cells[BLIP] if value.day > blip.day)
    assert after.high < DEPLETED_BELOW


def test_cells_return_naive_but_for_one(rows, cells):
    for number in set(NUMBERS) - {NEVER}:
        back = recovery(cells[number])
        naive = {value.visit: value.low for value in course(rows, number, "NAIVE")}
        memory = {value.visit: value.low for value in course(rows, number, "SWMEM")}
        assert naive["BL"] < NAIVE_FROM if number != RITUXIMAB else "BL" not in naive
        assert (naive[back.visit] >= NAIVE_FROM) is (number != NOT_NAIVE)
        assert memory[back.visit] < 7


def test_shares_of_b_cells_are_given_only_where_there_are_cells(rows, cells):
    for number in NUMBERS:
        counted = {value.visit for value in cells[number] if value.low >= 5}
        assert {value.visit for value in course(rows, number, "NAIVE")} == counted
        shares = {
            test: {value.visit: value.low for value in course(rows, number, test)}
            for test in ("NAIVE", "SWMEM", "TRANS")
        }
        assert all(sum(share[visit] for share in shares.values()) <= 100 for visit in counted)


def antibody(rows, number):
    return course(rows, number, "RNAP3" if number == RNAP3 else "SCL70")


def test_one_has_anti_rnap3_and_the_others_anti_topoisomerase(rows):
    assert [number for number in NUMBERS if course(rows, number, "RNAP3")] == [RNAP3]
    assert [number for number in NUMBERS if not course(rows, number, "SCL70")] == [RNAP3]
    for number in NUMBERS:
        baseline = [value for value in antibody(rows, number) if value.day < 0]
        # Positive from 20 in both kits.
        assert all(value.low > 20 for value in baseline)


def test_antibodies_fall_with_half_lives_of_20_to_60_days(rows):
    for number in NUMBERS:
        values = [value for value in antibody(rows, number) if not value.condition]
        if PLANS[number].ivig_day is not None:
            values = [value for value in values if not 0 <= value.day - PLANS[number].ivig_day <= 30]
        found = half_life(values)
        assert 20 <= found <= 60, number
        # Told apart by their own plan, not by noise.
        assert found == pytest.approx(PLANS[number].antibody_half_life_days, rel=0.06)


def test_antibody_does_not_fall_before_the_infusion(rows):
    for number in NUMBERS:
        screening, baseline = (value.low for value in antibody(rows, number) if value.day < 0)
        assert baseline == pytest.approx(screening, rel=0.25)


def test_antibody_reaches_its_limit_in_some_and_not_in_all(rows):
    censored = {number for number in NUMBERS if any(value.censored for value in antibody(rows, number))}
    assert 0 < len(censored) < 9


def test_one_sample_of_one_subject_is_confounded_by_ivig(rows):
    assert [number for number, plan in enumerate(PLANS) if plan.ivig_day is not None] == [IVIG]
    given = PLANS[IVIG].ivig_day
    inside = [value for value in antibody(rows, IVIG) if 0 <= value.day - given <= 30]
    assert [value.visit for value in inside] == ["D56"]
    before = next(value for value in antibody(rows, IVIG) if value.visit == "D28")
    expected = before.low * 2 ** (-(inside[0].day - before.day) / PLANS[IVIG].antibody_half_life_days)
    assert inside[0].low > 1.3 * expected
    igg = {value.visit: value.low for value in course(rows, IVIG, "IGG")}
    assert igg["D56"] > igg["D28"]
    assert igg["D56"] > igg["M3"]


def test_immunoglobulins_fall_and_stay_above_zero(rows):
    for number in NUMBERS:
        for test, at_least in (("IGG", 4), ("IGA", 0.5), ("IGM", 0.2)):
            values = course(rows, number, test)
            assert values[-1].low < 0.6 * values[0].low
            assert min(value.low for value in values) >= at_least


def test_vaccine_antibody_falls_far_less_than_the_autoantibody(rows):
    for number in NUMBERS:
        tetanus = [value for value in course(rows, number, "TET") if value.day > 0 or value.visit == "BL"]
        own = antibody(rows, number)
        assert tetanus[-1].low / tetanus[0].low > 0.4
        assert own[-1].high / own[0].low < 0.1


def test_ana_falls_with_the_autoantibody(rows):
    for number in NUMBERS:
        titers = [value.high for value in course(rows, number, "ANA")]
        assert titers[0] == 1280
        assert titers[-1] <= 80


def test_both_constructs_expand_after_the_infusion_and_fall_again(rows):
    for number in NUMBERS:
        for test in ("CAR19", "CARB"):
            values = course(rows, number, test)
            assert {value.text for value in values if value.day < 0} == {"<50"}
            peak = max(values, key=lambda value: value.low)
            assert peak.day in (10, 13, 14, 15, 7)
            assert peak.low > 5_000
            assert values[-1].high < peak.low / 20
