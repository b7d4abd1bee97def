"""Values in standard units: tables in, tables out."""

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.units.standard import (
    ANALYTE_SCHEMA,
    BRIDGE_SCHEMA,
    DAY_UNKNOWN,
    FACTOR_SCHEMA,
    NO_LOGARITHM,
    Conversions,
    bridged,
    standard_values,
)

DAY = dt.date(2024, 3, 10)
START = dt.date(2020, 1, 1)
UNITS = [("IGG", "g/L"), ("ATA", "{CU}"), ("ANA", "{titer}"), ("NEW", "")]


def tables(factors=(), bridges=()):
    return Conversions(
        pl.DataFrame(UNITS, schema=ANALYTE_SCHEMA, orient="row"),
        pl.DataFrame(list(factors), schema=FACTOR_SCHEMA, orient="row"),
        pl.DataFrame(list(bridges), schema=BRIDGE_SCHEMA, orient="row"),
    )


def one(analyte="IGG", unit="mg/dL", value=10.0, *, low=None, high=None, day=DAY, assay=1):
    return {
        "analyte": analyte, "assay_id": assay, "unit": unit, "collected_on": day, "value": value,
        "low": value if low is None else low, "high": value if high is None else high,
    }  # fmt: skip


def told(rows, conversions, *columns):
    schema = {"assay_id": pl.Int64, "collected_on": pl.Date, **dict.fromkeys(["value", "low", "high"], pl.Float64)}
    found = standard_values(pl.DataFrame(rows, schema_overrides=schema), conversions)
    return found.select(columns or ("std_value", "std_unit", "std_factor", "std_reason")).rows()


MG_DL = (7, "IGG", "mg/dL", "g/L", "0.01", START, None)


def test_a_value_is_multiplied_by_the_factor_in_force_exactly():
    assert told([one(value=12.3), one(value=1.1), one(value=0.07)], tables([MG_DL])) == [
        (0.123, "g/L", "F7", ""),
        (0.011, "g/L", "F7", ""),
        (0.0007, "g/L", "F7", ""),
    ]


@given(st.decimals("0", "99999", places=4), st.sampled_from(["0.01", "0.001", "1E-9", "88.4", "1000"]))
def test_every_product_is_the_number_nearest_to_the_exact_one(value, factor):
    table = tables([(1, "IGG", "mg/dL", "g/L", factor, START, None)])
    assert told([one(value=float(value))], table, "std_value") == [(float(value * Decimal(factor)),)]


def test_the_interval_of_a_censored_value_is_scaled_with_it():
    rows = [one(value=10.0, low=0.0, high=10.0), one(value=500.0, high=math.inf)]
    assert told(rows, tables([MG_DL]), "std_value", "std_low", "std_high") == [(0.1, 0.0, 0.1), (5.0, 5.0, math.inf)]


def test_a_value_in_the_standard_unit_stays_as_it_is_without_a_factor():
    assert told([one(unit="g/L", value=7.5)], tables([MG_DL])) == [(7.5, "g/L", "", "")]


@pytest.mark.parametrize("unit", ["", "1", "{titer}"])
def test_a_titer_needs_no_factor(unit):
    assert told([one("ANA", unit, 640.0)], tables()) == [(640.0, "{titer}", "", "")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (one(unit="mg/L"), "no approved factor from mg/L to g/L"),
        (one(unit=""), "no approved factor from no unit to g/L"),
        (one("NEW"), "the analyte has no standard unit"),
        (one("UNHEARD"), "the analyte has no standard unit"),
        (one(value=None), "no number"),
        (one(day=None), DAY_UNKNOWN),
        (one(day=dt.date(2019, 12, 31)), "no approved factor from mg/dL to g/L"),
    ],
)
def test_where_nothing_leads_to_the_standard_unit_the_reason_says_why(row, reason):
    assert told([row], tables([MG_DL])) == [(None, "", "", reason)]


def test_the_day_of_collection_decides_which_factor_holds():
    first = (1, "IGG", "mg/dL", "g/L", "0.01", START, dt.date(2024, 3, 9))
    second = (2, "IGG", "mg/dL", "g/L", "0.02", DAY, None)
    rows = [one(day=dt.date(2024, 3, 9)), one(day=DAY)]
    assert told(rows, tables([first, second]), "std_value", "std_factor") == [(0.1, "F1"), (0.2, "F2")]


def test_a_factor_of_another_analyte_or_to_another_unit_is_none():
    others = [(1, "ATA", "mg/dL", "g/L", "0.01", START, None), (2, "IGG", "mg/dL", "mg/L", "10", START, None)]
    assert told([one()], tables(others), "std_value") == [(None,)]


RATIO = (3, 5, "{U}", "{CU}", "ratio", "1.6", None, START, None)
LOGS = (4, 5, "{U}", "{CU}", "log-linear", "0.5", "1", START, None)


def test_a_kit_is_bridged_by_ratio_or_by_logarithms():
    # 1.6 x 25 = 40; 10^(1 + 0.5 x log10 25) = 10 x 5 = 50.
    assert told([one("ATA", "{U}", 25.0, assay=5)], tables([], [RATIO])) == [(40.0, "{CU}", "B3", "")]
    assert told([one("ATA", "{U}", 25.0, assay=5)], tables([], [LOGS])) == [(50.0, "{CU}", "B4", "")]


def test_other_kits_are_not_bridged_and_their_values_stay():
    assert told([one("ATA", "{CU}", 25.0, assay=6)], tables([], [RATIO])) == [(25.0, "{CU}", "", "")]
    assert told([one("ATA", "{CU}", 25.0, assay=None)], tables([], [RATIO])) == [(25.0, "{CU}", "", "")]


def test_a_bridge_comes_before_the_factor_of_its_target_unit():
    bridge = (3, 5, "{U}", "mg/dL", "ratio", "20", None, START, None)
    assert told([one("IGG", "{U}", 5.0, assay=5)], tables([MG_DL], [bridge])) == [(1.0, "g/L", "B3 F7", "")]


def test_logarithms_bridge_intervals_and_refuse_a_measured_zero():
    rows = [
        one("ATA", "{U}", 25.0, low=0.0, high=25.0, assay=5),
        one("ATA", "{U}", 0.0, assay=5),
        one("ATA", "{U}", 25.0, high=math.inf, assay=5),
    ]
    assert told(rows, tables([], [LOGS]), "std_value", "std_low", "std_high", "std_reason") == [
        (50.0, 0.0, 50.0, ""),
        (None, None, None, NO_LOGARITHM),
        (50.0, 50.0, math.inf, ""),
    ]


def test_a_bridge_of_an_unknown_day_or_another_unit_gives_the_reason():
    rows = [one("ATA", "{CU}", 25.0, assay=5, day=None), one("ATA", "{CU}", 25.0, assay=5)]
    reasons = [DAY_UNKNOWN, "the kit's bridging factor is for another unit"]
    assert [reason for (reason,) in told(rows, tables([], [RATIO]), "std_reason")] == reasons


@given(st.floats(0.001, 1e6), st.floats(0.1, 5), st.floats(-3, 3))
def test_a_bridge_by_logarithms_agrees_with_floating_point(value, slope, intercept):
    found = bridged(Decimal(repr(value)), method="log-linear", slope=Decimal(repr(slope)), intercept=repr(intercept))
    assert float(found) == pytest.approx(10**intercept * value**slope, rel=1e-8)


def test_every_reason_stands_in_the_how_to():
    page = (Path(__file__).resolve().parents[3] / "docs" / "how-to" / "keep-conversion-factors.md").read_text()
    rows = [
        one(unit="mg/L"), one("NEW"), one(value=None), one(day=None), one("ATA", "{CU}", 25.0, assay=5),
        one("ATA", "{U}", 0.0, assay=6),
    ]  # fmt: skip
    logs = (9, 6, *LOGS[2:])
    reasons = [reason for (reason,) in told(rows, tables([MG_DL], [RATIO, logs]), "std_reason")]
    assert len(set(reasons)) == len(rows)
    assert all(f"| {reason} |" in page for reason in reasons)


def test_order_and_other_columns_are_kept():
    rows = [one(value=float(n), unit="mg/dL" if n % 3 else "g/L") | {"key": n} for n in range(50)]
    found = told(rows, tables([MG_DL]), "key", "value", "std_factor")
    assert found == [(n, float(n), "F7" if n % 3 else "") for n in range(50)]


def test_no_rows_give_no_rows():
    empty = pl.DataFrame([one()], schema_overrides={"low": pl.Float64}).clear()
    assert standard_values(empty, tables([MG_DL])).height == 0
