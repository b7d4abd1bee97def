"""Cumulative doses: by rows, by daily dose, and what cannot be counted."""

import pytest

from cart.endpoints.errors import ParameterError
from tests.endpoints.cases import answer, frames, on, time_zero, treatment

WEIGHT = [{"subject_id": 1, "weight_kg": 70.0}]


def asked(code, *rows, weights=WEIGHT, zeros=None, **parameters):
    found = answer(frames(treatments=rows, weights=weights, zeros=zeros), code, **parameters)
    return {name: found[name] for name in ("value", "low", "high", "text", "status", "reason")}


def toci(day, mg=560.0, **more):
    return treatment(1, "Tocilizumab", given=day, doses=1, dose_mg=mg, **more)


def test_two_doses_of_tocilizumab_make_mg_and_mg_per_kg():
    rows = [toci(2), toci(3)]
    assert asked("TOCIMG", *rows) == {
        "value": 1120.0, "low": None, "high": None, "text": "2 doses", "status": "evaluable", "reason": None,
    }  # fmt: skip
    assert asked("TOCIMGKG", *rows)["value"] == 16.0


def test_brand_and_case_of_the_name_do_not_matter_but_another_drug_does():
    rows = [treatment(1, "ROACTEMRA 20 mg/mL", given=2, doses=1, dose_mg=400.0)]
    assert asked("TOCIMG", *rows)["value"] == 400.0
    assert asked("TOCIMG", treatment(1, "Siltuximab", given=2, doses=1, dose_mg=400.0))["reason"].startswith("no dose")


def test_no_dose_is_zero_with_a_remark_and_without_time_zero_it_is_no_answer():
    none = asked("TOCIMG")
    assert (none["value"], none["text"], none["status"]) == (0.0, None, "evaluable")
    assert none["reason"] == "no dose recorded since time zero"
    assert asked("TOCIMGKG", weights=[])["value"] == 0.0
    assert asked("TOCIMG", toci(2), zeros=[])["status"] == "not-evaluable"


def test_without_a_weight_there_are_mg_and_no_mg_per_kg():
    assert asked("TOCIMG", toci(2), weights=[])["value"] == 560.0
    per_kg = asked("TOCIMGKG", toci(2), weights=[])
    assert (per_kg["value"], per_kg["status"]) == (None, "not-evaluable")
    assert per_kg["reason"] == "no weight of an infusion course"


def test_dose_before_time_zero_does_not_count_and_one_on_the_day_does():
    assert asked("TOCIMG", toci(-1))["value"] == 0.0
    assert asked("TOCIMG", toci(-1), toci(0))["value"] == 560.0


@pytest.mark.parametrize(
    ("drug", "mg", "dexamethasone"),
    [
        ("Dexamethasone", 10.0, 10.0),
        ("dexamethasone sodium phosphate", 10.0, 10.0),
        ("Methylprednisolone", 1000.0, 187.5),
        ("Prednisone", 5.0, 0.75),
        ("Prednisolone", 50.0, 7.5),
        ("Hydrocortisone", 100.0, 3.75),
    ],
)
def test_steroid_is_counted_in_dexamethasone(drug, mg, dexamethasone):
    found = asked("STERDEX", treatment(1, drug, therapy_class="steroid", given=3, doses=2, dose_mg=mg))
    assert found["value"] == pytest.approx(2 * dexamethasone, rel=1e-12)
    assert found["text"] == "2 doses"


def test_steroid_of_another_class_counts_by_its_name():
    assert asked("STERDEX", treatment(1, "Dexamethasone", given=3, doses=1, dose_mg=8.0))["value"] == 8.0


def test_daily_dose_counts_from_start_to_stop_both_included():
    course = {"therapy_class": "steroid", "daily_dose_mg": 20.0}
    assert asked("STERDEX", treatment(1, "Prednisone", start=3, stop=7, **course))["value"] == pytest.approx(15.0)
    # Begun before the infusion: from Day 0 on.
    assert asked("STERDEX", treatment(1, "Prednisone", start=-10, stop=1, **course))["value"] == pytest.approx(6.0)
    assert asked("STERDEX", treatment(1, "Prednisone", start=-10, stop=-1, **course))["value"] == 0.0
    assert asked("STERDEX", treatment(1, "Prednisone", prior=True, **course))["value"] == 0.0


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (
            treatment(2, "Deflazacort", therapy_class="steroid", given=3, doses=1, dose_mg=6.0),
            "Deflazacort (no factor)",
        ),
        (treatment(2, "Prednisone", therapy_class="steroid", start=3, stop=5), "Prednisone (no doses)"),
        (
            treatment(2, "Prednisone", therapy_class="steroid", start=3, ongoing=True, daily_dose_mg=5.0),
            "Prednisone (ongoing, no doses)",
        ),
        (
            treatment(2, "Prednisone", therapy_class="steroid", stop=5, daily_dose_mg=5.0),
            "Prednisone (dates not known to the day)",
        ),
    ],
)
def test_what_cannot_be_counted_leaves_a_lower_bound_and_its_name(row, why):
    counted = treatment(1, "Dexamethasone", therapy_class="steroid", given=3, doses=1, dose_mg=10.0)
    found = asked("STERDEX", counted, row)
    assert (found["value"], found["low"], found["status"]) == (None, 10.0, "bounded")
    assert found["reason"] == f"not counted: {why}"


def test_equivalents_are_parameters():
    row = treatment(1, "Dexamethasone", therapy_class="steroid", given=3, doses=1, dose_mg=10.0)
    other = treatment(1, "Methylprednisolone", therapy_class="steroid", given=3, doses=1, dose_mg=100.0)
    assert asked("STERDEX", row, dexamethasone_mg=0.8)["value"] == 10.0
    assert asked("STERDEX", other, dexamethasone_mg=0.8)["value"] == pytest.approx(20.0)
    with pytest.raises(ParameterError, match="parameter-value"):
        asked("STERDEX", row, prednisone_mg=0.0)


def test_time_zero_on_another_day_moves_what_counts():
    later = [time_zero(1, time_zero_on=on(5))]
    assert asked("TOCIMG", toci(4), toci(6), zeros=later)["value"] == 560.0
