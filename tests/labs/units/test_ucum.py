"""Codes of UCUM are read or refused with a sentence; nothing hangs, nothing breaks."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.units.errors import NotUcumError, UnitError
from labs.units.ucum import read_unit

LABORATORY = """
    % /uL 1 10*3/uL 10*6/L 10*9/L [IU]/L k[IU]/L [arb'U]/mL fL fmol/L g/L g/dL kat/L mg/L mg/dL mg/g mg/mmol mm/h mmol/L
    ng/mL nkat/L nmol/L pg pg/mL pmol/L s U/L ug/L ug{FEU}/mL umol/L {CU} {cells}/uL {copies}/mL {titer}
    mL/min/{1.73_m2} {ratio} {INR} mm[Hg] meq/L mosm/kg u[IU]/mL {S_CO_ratio}
"""


@pytest.mark.parametrize("code", LABORATORY.split())
def test_codes_of_laboratories_are_read(code):
    assert read_unit(code).size > 0


HOSTILE = [
    ("", "Write 1 for a number without unit"),
    ("(" * 10_000, "10,000 characters"),
    ("(" * 40, "unit-not-ucum"),
    ("m/" * 20, "unit-not-ucum"),
    ("/" * 40, "unit-not-ucum"),
    ("{" * 40, "unit-not-ucum"),
    ("10*-500/L", "A power lies between -24 and 24"),
    ("10*" + "9" * 37, "A power lies between -24 and 24"),
    ("\u00b5g/L", "Write u for micro"),
    ("\u03bcg/L", "Write u for micro"),
    ("mg / dL", "Leave the spaces out"),
    ("mg/dL\n", "Leave the spaces out"),
    ("mg/dL\u00a0", "Leave the spaces out"),
    ("10E9/L", r"10\*9/L"),
    ("cells/uL", "{cells}/uL"),
    ("MG/DL", "unit-not-ucum"),
    ("\x00", "unit-not-ucum"),
    ("\u0661/L", "unit-not-ucum"),
    ("1e5", "unit-not-ucum"),
    ("m0", "unit-not-ucum"),
    ("{CU", "unit-not-ucum"),
]


@pytest.mark.parametrize(("code", "told"), HOSTILE, ids=[ascii(code)[:20] for code, _ in HOSTILE])
def test_what_is_no_code_is_refused_with_a_sentence(code, told):
    with pytest.raises(NotUcumError, match=told) as refused:
        read_unit(code)
    assert str(refused.value).isascii()
    assert str(refused.value).endswith("[unit-not-ucum]")
    assert len(str(refused.value)) < 250


def refused(text):
    """The sentence that refuses a text; None for a unit."""
    try:
        assert read_unit(text).size > 0
    except UnitError as error:
        return str(error)
    return None


SIGNS = st.text(alphabet="mgdLukIU[]'{}()/.*^%+-0123456789 µ\x00é", max_size=45)


@given(SIGNS | st.text(max_size=50))
def test_any_text_is_a_unit_or_a_sentence(text):
    if (refusal := refused(text)) is not None:
        assert refusal.endswith("[unit-not-ucum]")


@given(
    st.lists(st.sampled_from(["m", "g", "L", "mol", "[IU]", "{CU}", "10*3", "{cells}", "2"]), min_size=1, max_size=7)
)
def test_a_product_divided_by_itself_is_one(atoms):
    product = ".".join(atoms)
    if len(product) <= 17:
        one = read_unit(f"({product})/({product})")
        assert (one.size, one.powers, one.counted) == (1, {}, {})


def test_the_tables_are_loaded_by_the_first_code_and_not_before():
    script = (
        "import sys, labs.units.conversion as c, labs.units.standard; "
        "assert not {'pint', 'ucumvert'} & set(sys.modules); "
        "c.factor_between('mg/dL', 'g/L'); assert 'pint' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
