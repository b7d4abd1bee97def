"""Proposal for a conditioning course: by hand, with own values, without a measure, at the borders of the rule."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cart.endpoints.dosing.conditioning import Measures, conditioning_proposal, deviation_percent
from cart.endpoints.errors import ParameterError

# (140 - 60) * 70 / (72 * 100 / 88.42) * 0.85 = 58.456...: four fifths of 25 mg/m2.
MEASURES = Measures(
    height_cm=Decimal(170), weight_kg=Decimal(70), bsa_formula="mosteller", own_bsa_m2=None, creatinine=Decimal(100),
    creatinine_unit="umol/L", age_years=60, sex="F", own_clearance_ml_min=None, full_dose_mg_m2=Decimal(25),
)  # fmt: skip


def test_worked_by_hand():
    found = conditioning_proposal(MEASURES)
    # sqrt(170 * 70 / 3600) = 1.81811...
    assert (found.bsa_m2, found.clearance_ml_min) == (Decimal("1.8181"), Decimal("58.46"))
    assert (found.dose_mg_m2, found.dose_mg, found.reason) == (Decimal("20.00"), Decimal("36.36"), "")


def test_own_clearance_and_body_surface_lead_and_the_computed_ones_stay():
    found = conditioning_proposal(replace(MEASURES, own_clearance_ml_min=Decimal(80), own_bsa_m2=Decimal(2)))
    assert (found.dose_mg_m2, found.dose_mg) == (Decimal("25.00"), Decimal("50.00"))
    assert (found.bsa_m2, found.clearance_ml_min) == (Decimal("1.8181"), Decimal("58.46"))


@pytest.mark.parametrize(
    ("clearance", "dose"), [("80", "25"), ("79.9", "20"), ("50", "20"), ("49.9", "15"), ("30", "15"), ("29.9", "0")]
)
def test_borders_of_the_rule(clearance, dose):
    found = conditioning_proposal(replace(MEASURES, own_clearance_ml_min=Decimal(clearance)))
    assert found.dose_mg_m2 == Decimal(dose)
    assert ("not to be given" in found.reason) == (dose == "0")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"age_years": None}, "no creatinine clearance (no age)"),
        ({"creatinine": None, "creatinine_unit": ""}, "no creatinine clearance (no creatinine, no unit of creatinine)"),
        ({"sex": "UNDIFFERENTIATED"}, "no creatinine clearance (no sex)"),
        ({"age_years": 17}, "no creatinine clearance (below 18 years: the equation is for adults)"),
        ({"full_dose_mg_m2": None}, "no full dose of fludarabine"),
    ],
)
def test_without_a_measure_there_is_no_dose_and_a_reason(changes, reason):
    found = conditioning_proposal(replace(MEASURES, **changes))
    assert (found.dose_mg_m2, found.dose_mg, found.reason) == (None, None, reason)


def test_formula_is_part_of_the_answer():
    surfaces = {
        formula: conditioning_proposal(replace(MEASURES, bsa_formula=formula)).bsa_m2
        for formula in ("mosteller", "du-bois", "haycock")
    }
    assert surfaces == {"mosteller": Decimal("1.8181"), "du-bois": Decimal("1.8097"), "haycock": Decimal("1.8257")}


@pytest.mark.parametrize("changes", [{"height_cm": Decimal("1.70")}, {"weight_kg": Decimal(70000)}, {"age_years": 200}])
def test_measure_that_no_subject_has_is_refused(changes):
    with pytest.raises(ParameterError):
        conditioning_proposal(replace(MEASURES, **changes))


def test_deviation_from_no_plan_is_refused():
    with pytest.raises(ParameterError, match="dose-value"):
        deviation_percent(Decimal(1), Decimal(0))
