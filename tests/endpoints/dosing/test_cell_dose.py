"""Cell doses: the chain of a product by hand, what is missing, shares that are none."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.dosing.cell_dose import cell_dose, dual_dose
from cart.endpoints.errors import ParameterError

PRODUCT = {
    "volume_ml": 20.0,
    "nucleated_cells_per_ml": 1e7,
    "viability": 0.9,
    "cd3_of_viable": 0.8,
    "car_of_viable_cd3": 0.5,
    "weight_kg": 72.0,
}
FOUND = ("total_nucleated", "total_viable", "viable_car_pos", "viable_car_pos_per_kg")


def dose(**changed):
    schema = dict.fromkeys(PRODUCT, pl.Float64)
    return cell_dose(pl.DataFrame([PRODUCT | changed], schema=schema)).row(0)


def test_a_product_by_hand():
    assert dose() == (pytest.approx(2e8), pytest.approx(1.8e8), pytest.approx(7.2e7), pytest.approx(1e6), "")


@pytest.mark.parametrize(
    ("name", "known", "reason"),
    [
        ("volume_ml", 0, "no volume"),
        ("nucleated_cells_per_ml", 0, "no cell count"),
        ("viability", 1, "no viability"),
        ("cd3_of_viable", 2, "no CD3 share"),
        ("car_of_viable_cd3", 2, "no CAR share"),
        ("weight_kg", 3, "no weight"),
    ],
)
def test_what_does_not_need_the_missing_value_has_one(name, known, reason):
    *values, said = dose(**{name: None})
    assert [value is not None for value in values] == [place < known for place in range(4)]
    assert said == reason


SHARES = st.floats(0, 1)


@settings(deadline=None)
@given(SHARES, SHARES, SHARES)
def test_no_step_adds_cells(viability, cd3, car):
    nucleated, viable, positive, _, _ = dose(viability=viability, cd3_of_viable=cd3, car_of_viable_cd3=car)
    assert 0 <= positive <= viable <= nucleated
    swapped = dose(viability=viability, cd3_of_viable=1, car_of_viable_cd3=cd3 * car)
    assert swapped[2] == pytest.approx(positive)


@pytest.mark.parametrize(
    "changed",
    [
        {"viability": 90.0},
        {"cd3_of_viable": 1.01},
        {"car_of_viable_cd3": -0.1},
        {"volume_ml": -1.0},
        {"nucleated_cells_per_ml": float("nan")},
    ],
)
def test_what_cannot_be_is_refused(changed):
    with pytest.raises(ParameterError, match=r"\[cell-dose\]"):
        dose(**changed)


def test_a_weight_of_nobody_is_refused():
    with pytest.raises(ParameterError, match=r"\[body-size\]"):
        dose(weight_kg=0.0)


def dual(*rows):
    schema = {"first_per_kg": pl.Float64, "second_per_kg": pl.Float64}
    return dual_dose(pl.DataFrame(rows, schema=schema, orient="row")).rows()


def test_two_products():
    assert dual((1.5e6, 1e6), (0.0, 1e6)) == [(2.5e6, 1.5, ""), (1e6, 0.0, "")]
    assert dual((1e6, 0.0)) == [(1e6, None, "no cells of the second product: no ratio")]
    assert dual((None, 1e6), (1e6, None), (None, 0.0)) == [
        (None, None, "no first dose"),
        (None, None, "no second dose"),
        (None, None, "no first dose"),
    ]
    assert dual() == []
    with pytest.raises(ParameterError, match=r"\[cell-dose\]"):
        dual((-1.0, 1e6))
