"""Dose of a course: by hand, against the float kernel, at the borders of the tolerance."""

from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cart.endpoints.dosing.cell_dose import cell_dose, dual_dose
from cart.endpoints.product.course_dose import Given, course_dose

TOLERANCE = Decimal(20)


def cells(target="CD19", *, car="0.14", weight="70", volume="50"):
    """50 mL of 1e7/mL, all viable, all CD3+, 14 % CAR+: 1,000,000 per kg at 70 kg."""
    return Given(target, Decimal(volume), Decimal(10_000_000), Decimal(1), Decimal(1), Decimal(car), Decimal(weight))


def dose(*components, planned="2", by_target=None, tolerance=TOLERANCE):
    return course_dose(
        components,
        planned_per_kg_e6=Decimal(planned),
        planned_by_target_e6=by_target or {},
        tolerance_percent=tolerance,
    )


def test_ratio_of_cd19_to_bcma():
    found = dose(cells("CD19", car="0.21"), cells("BCMA"))
    assert found.ratio == Decimal("1.5")
    assert found.ratio_reason == ""
    assert dose(cells("BCMA"), cells("CD19", car="0.21")).ratio == Decimal("1.5")


@pytest.mark.parametrize(
    ("components", "reason"),
    [
        ((cells("CD19"),), "no cells against BCMA"),
        ((cells("BCMA"),), "no cells against CD19"),
        ((), "no cells against CD19, no cells against BCMA"),
        ((cells("CD19"), cells("BCMA", car="0")), "no cells against BCMA"),
    ],
)
def test_ratio_that_cannot_be_says_why(components, reason):
    found = dose(*components)
    assert (found.ratio, found.ratio_reason) == (None, reason)


def test_total_as_planned_hides_no_target_that_is_not():
    plan = {"CD19": Decimal(1), "BCMA": Decimal(1)}
    found = dose(cells("CD19", car="0.28"), by_target=plan)
    assert found.deviation_percent == 0
    assert [(one.what, one.percent) for one in found.deviations] == [("total", 0), ("CD19", 100), ("BCMA", -100)]
    assert not found.within_tolerance
    assert dose(cells("CD19"), cells("BCMA"), by_target=plan).within_tolerance


def test_target_that_the_plan_leaves_out_is_no_deviation_of_its_own():
    found = dose(cells("CD19"), planned="1", by_target={"CD19": Decimal(1), "BCMA": Decimal(0)})
    assert [one.what for one in found.deviations] == ["total", "CD19"]
    assert found.within_tolerance


def test_without_a_tolerance_nothing_is_as_planned():
    assert not dose(cells("CD19", car="0.28"), tolerance=None).within_tolerance


AMOUNT = st.decimals(min_value="0.001", max_value="99999", places=3)
SHARE = st.decimals(min_value=0, max_value=1, places=4)


@given(AMOUNT, AMOUNT, SHARE, SHARE, SHARE, st.decimals(min_value="1", max_value="500", places=1))
def test_same_as_the_kernel_and_as_fractions(volume, count, viability, cd3, car, weight):
    one = Given("CD19", volume, count, viability, cd3, car, weight)
    found = dose(one)
    exact = Fraction(volume) * Fraction(count) * Fraction(viability) * Fraction(cd3) * Fraction(car)
    assert Fraction(found.cells_by_target["CD19"]) == exact
    assert abs(Fraction(found.total_per_kg) - exact / Fraction(weight)) <= exact / Fraction(weight) / 10**30
    row = pl.DataFrame(
        {
            "volume_ml": [float(volume)], "nucleated_cells_per_ml": [float(count)], "viability": [float(viability)],
            "cd3_of_viable": [float(cd3)], "car_of_viable_cd3": [float(car)], "weight_kg": [float(weight)],
        }
    )  # fmt: skip
    assert float(found.total_per_kg) == pytest.approx(cell_dose(row)["viable_car_pos_per_kg"][0], rel=1e-12)


def test_ratio_is_that_of_the_kernel():
    found = dose(cells("CD19", car="0.17"), cells("BCMA", car="0.23"))
    kernel = dual_dose(
        pl.DataFrame(
            {
                "first_per_kg": [float(found.per_kg_by_target["CD19"])],
                "second_per_kg": [float(found.per_kg_by_target["BCMA"])],
            }
        )
    )
    assert float(found.ratio) == pytest.approx(kernel["ratio"][0], rel=1e-15)
    assert float(found.total_per_kg) == pytest.approx(kernel["total_per_kg"][0], rel=1e-15)
