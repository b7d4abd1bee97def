"""The factor between two units: hand-worked, exact, and none where there is none."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.units.conversion import check_factor, factor_between, plain
from labs.units.errors import NotCommensurableError, NotUcumError, UnitError

CREATININE = Decimal("113.12")


@pytest.mark.parametrize(
    ("source", "target", "factor"),
    [
        ("mg/dL", "g/L", "0.01"),
        ("g/L", "mg/dL", "100"),
        ("mg/L", "mg/dL", "0.1"),
        ("g%", "g/L", "10"),
        ("ng/mL", "ug/L", "1"),
        ("10*3/uL", "10*9/L", "1"),
        ("{cells}/uL", "10*9/L", "0.001"),
        ("{cells}/uL", "{cells}/L", "1000000"),
        ("[IU]/mL", "k[IU]/L", "1"),
        ("[iU]/mL", "[IU]/L", "1000"),
        ("ug{FEU}/mL", "ng{FEU}/mL", "1000"),
        ("%", "1", "0.01"),
        ("mm[Hg]", "kPa", "0.133322"),
        ("U/L", "nkat/L", "16.666666666666666667"),
    ],
)
def test_factors_worked_by_hand(source, target, factor):
    assert plain(factor_between(source, target).value) == factor


def test_creatinine_by_its_molar_mass():
    # 1 mg/dL = 10 mg/L; 10 / 113.12 mmol/L = 0.0884017 mmol/L = 88.4017 umol/L.
    factor = factor_between("mg/dL", "umol/L", molar_mass=CREATININE)
    assert (round(factor.value, 4), factor.exact) == (Decimal("88.4017"), False)
    # Back it has an end: 113.12 / 10,000.
    back = factor_between("umol/L", "mg/dL", molar_mass=CREATININE)
    assert (back.value, back.exact) == (Decimal("0.011312"), True)
    # Tables print 88.4 and 88.42; both are this factor, rounded.
    for printed in ("88.4", "88.42"):
        check_factor(Decimal(printed), "mg/dL", "umol/L", molar_mass=CREATININE)
    with pytest.raises(UnitError, match=r"1 mg/dL is 88\.401697312588401697 umol/L.*\[factor-disagrees\]"):
        check_factor(Decimal("88.5"), "mg/dL", "umol/L", molar_mass=CREATININE)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("[IU]/mL", "mg/L"),  # a preparation's activity is no mass
        ("[IU]/mL", "/mL"),  # nor a number
        ("[IU]/mL", "[arb'U]/mL"),
        ("{CU}", "{U}"),  # units of two kits
        ("{CU}", "1"),
        ("{titer}", "[IU]/mL"),
        ("U/mL", "[IU]/mL"),  # catalytic activity is no international unit
        ("ug{FEU}/mL", "ug/mL"),  # fibrinogen equivalents of D-dimer
        ("ug{FEU}/mL", "ug{DDU}/mL"),
        ("{copies}/uL", "{cells}/uL"),  # copies of the transgene are no cells
        ("mL/min/{1.73_m2}", "mL/min"),
        ("meq/L", "mmol/L"),  # the valence is unknown
        ("mosm/L", "mmol/L"),
        ("/[HPF]", "/uL"),
        ("Cel", "K"),  # no factor, an offset
        ("[pH]", "mol/L"),
        ("mg/dL", "mg/kg"),
        ("mol/L", "/L"),
        ("%", "g/L"),
    ],
)
def test_units_of_different_kinds_have_no_factor(source, target):
    for one, other in ((source, target), (target, source)):
        with pytest.raises(NotCommensurableError, match=r"\[not-commensurable\]"):
            factor_between(one, other)
        with pytest.raises(NotCommensurableError, match=r"\[not-commensurable\]"):
            factor_between(one, other, molar_mass=CREATININE)


def test_mass_becomes_amount_of_substance_by_a_molar_mass_only():
    with pytest.raises(NotCommensurableError, match=r"\[molar-mass-missing\]"):
        factor_between("mg/dL", "umol/L")
    with pytest.raises(NotCommensurableError, match="a molar mass has no place"):
        factor_between("mg/dL", "g/L", molar_mass=CREATININE)
    with pytest.raises(NotCommensurableError, match=r"\[not-commensurable\]"):
        factor_between("g2/L", "mol2/L", molar_mass=CREATININE)
    for wrong in ("0", "-1", "NaN", "Infinity"):
        with pytest.raises(UnitError, match="above zero"):
            factor_between("mg/dL", "umol/L", molar_mass=Decimal(wrong))


def test_a_declared_factor_is_the_exact_one():
    check_factor(Decimal("0.010"), "mg/dL", "g/L")
    for wrong in ("0.1", "0.010000000000000002", "0", "-0.01", "NaN", "Infinity"):
        with pytest.raises(UnitError, match=r"1 mg/dL is 0\.01 g/L.*\[factor-disagrees\]"):
            check_factor(Decimal(wrong), "mg/dL", "g/L")
    check_factor(Decimal("16.67"), "U/L", "nkat/L")


def test_a_unit_that_is_none_has_no_factor():
    with pytest.raises(NotUcumError, match=r"\[unit-not-ucum\]"):
        factor_between("cells/uL", "10*9/L")


MASS = [f"{prefix}g/{volume}" for prefix in ("", "m", "u", "n", "p") for volume in ("L", "dL", "mL", "uL", "m3")]
AMOUNT = [f"{prefix}mol/{volume}" for prefix in ("", "m", "u", "n") for volume in ("L", "dL", "mL")]
OWN = ["[IU]/mL", "m[IU]/mL", "k[IU]/L", "u[IU]/uL"]
NUMBER = ["/L", "/uL", "10*9/L", "10*6/mL"]
FAMILIES = [MASS, AMOUNT, OWN, NUMBER]


@given(st.sampled_from(FAMILIES).flatmap(lambda family: st.tuples(*[st.sampled_from(family)] * 3)))
def test_there_and_back_is_one_and_two_steps_are_one(units):
    one, two, three = units
    there, back = factor_between(one, two), factor_between(two, one)
    assert there.exact
    assert Fraction(there.value) * Fraction(back.value) == 1
    in_two_steps = Fraction(there.value) * Fraction(factor_between(two, three).value)
    assert in_two_steps == Fraction(factor_between(one, three).value)


@given(st.permutations(FAMILIES).flatmap(lambda some: st.tuples(st.sampled_from(some[0]), st.sampled_from(some[1]))))
def test_families_do_not_mix_without_a_molar_mass(units):
    with pytest.raises(NotCommensurableError):
        factor_between(*units)


@given(st.sampled_from(MASS), st.sampled_from(AMOUNT), st.decimals("0.5", "900000", places=3))
def test_mass_to_amount_and_back_is_one_within_the_digits(mass, amount, molar_mass):
    there = factor_between(mass, amount, molar_mass=molar_mass).value
    back = factor_between(amount, mass, molar_mass=molar_mass).value
    assert abs(Fraction(there) * Fraction(back) - 1) < Fraction(1, 10**18)
