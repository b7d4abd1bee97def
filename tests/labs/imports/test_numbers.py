"""The grammar of results against a scanner written apart from it."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labs.imports.numbers import parse_result, result_columns
from tests.labs.imports.slow_reader import slow_number, slow_titer

HOSTILE = [
    "1_000", "١٢", "nan", "NaN", "inf", "-inf", "Infinity", "12\u00a0", "\u00a012", "1 000", "1.000.000", "1,000.5",
    "0x10", "1e", "1e+", "e5", "1e400", "1e-99", "", " ", "<", ">", "<>5", "<<5", "<=5", "≤5", "--5", "+5", "-5",
    "5.", ".5", "5..0", "1/2", "1:0", "1:", ":40", "1:040", "1 : 40", "<1:40", "< 1:40", ">1:5120", "2:40", "1:1e3",
    "ND", "neg", "12 mg", "12\t", "\t12", "12\n", "１２", "²", "<10", "< 10", "<  10", "=10", "> 5120", "12;5", "0",
    "-0", "00012", "9" * 20, "9" * 21, "<-5", "<0", "<0.0", "<00e7", "<-0",
    "0." + "1" * 20, "0." + "1" * 21,
]  # fmt: skip


def columns(texts, *, kind, mark):
    """Qualifier and value of each text by the columns."""
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    titer = pl.Series([kind == "titer"] * len(texts), dtype=pl.Boolean)
    qualifier, value = result_columns(frame["text"], titer=titer, decimal_mark=mark)
    pairs = pl.DataFrame([qualifier, value]).iter_rows()
    return [None if value is None else (qualifier, Decimal(value)) for qualifier, value in pairs]


def one(text, *, kind, mark):
    """The same by the single parser."""
    parsed = parse_result(text, kind=kind, decimal_mark=mark)
    return None if parsed is None else (parsed.qualifier, parsed.value)


def slow(text, *, kind, mark):
    """The same by the scanner."""
    return slow_titer(text) if kind == "titer" else slow_number(text, mark)


@pytest.mark.parametrize("kind", ["quantity", "titer"])
@pytest.mark.parametrize("mark", [".", ","])
def test_hostile_numbers_are_judged_alike(kind, mark):
    expected = [slow(text, kind=kind, mark=mark) for text in HOSTILE]
    assert columns(HOSTILE, kind=kind, mark=mark) == expected
    assert [one(text, kind=kind, mark=mark) for text in HOSTILE] == expected


def test_what_python_takes_for_numbers_is_refused():
    refused = ["1_000", "١٢", "nan", "inf", "12\u00a0", "1e400", "+5", ".5", "5.", "０"]
    assert columns(refused, kind="quantity", mark=".") == [None] * len(refused)


@given(
    st.lists(
        st.text(st.sampled_from("0123456789<>=.,:-+eE _\u00a0١n"), max_size=12) | st.text(max_size=6), max_size=50
    ),
    st.sampled_from(["quantity", "titer"]),
    st.sampled_from([".", ","]),
)
@settings(max_examples=200, deadline=None)
def test_columns_parser_and_scanner_agree(texts, kind, mark):
    expected = [slow(text, kind=kind, mark=mark) for text in texts]
    assert columns(texts, kind=kind, mark=mark) == expected
    assert [one(text, kind=kind, mark=mark) for text in texts] == expected


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_written_number_reads_back_digit_by_digit(number):
    assert columns([f">{number:f}"], kind="quantity", mark=".") == [(">", number)]
    # Nothing lies in [0, x) where x is not above zero.
    assert columns([f"<{number:f}"], kind="quantity", mark=".") == [("<", number) if number > 0 else None]
