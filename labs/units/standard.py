"""Values in the standard unit of their analyte, by the bridging and conversion factors in force. PURE."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import polars as pl

TITER = "{titer}"
RATIO, LOG_LINEAR = "ratio", "log-linear"
DAY_UNKNOWN = "day of collection unknown"
NO_LOGARITHM = "no logarithm: the value to bridge is not above zero"

Columns = dict[str, pl.DataType | type[pl.DataType]]
_PERIOD: Columns = {"valid_from": pl.Date, "valid_to": pl.Date}
ANALYTE_SCHEMA: Columns = {"analyte": pl.String, "standard_unit": pl.String}
FACTOR_SCHEMA: Columns = {
    "factor_id": pl.Int64,
    **dict.fromkeys(["analyte", "from_unit", "to_unit", "factor"], pl.String),
    **_PERIOD,
}
BRIDGE_SCHEMA: Columns = {
    "bridge_id": pl.Int64,
    "assay_id": pl.Int64,
    **dict.fromkeys(["from_unit", "to_unit", "method", "slope", "intercept"], pl.String),
    **_PERIOD,
}
_EXACT = Context(prec=50)
# A regression knows no more digits.
_BRIDGED = Context(prec=12)
_STEPS = ["_bridge", "_times"]
_UNITLESS = ["", "1", TITER]


@dataclass(frozen=True)
class Conversions:
    """Tables of approved conversions.

    Attributes
    ----------
    analytes
        Columns of ``ANALYTE_SCHEMA``: standard unit of each analyte, empty where it has none.
    factors
        Columns of ``FACTOR_SCHEMA``; ``factor`` is decimal text, the period has both days in it (null: no end).
    bridges
        Columns of ``BRIDGE_SCHEMA``; ``assay_id`` is the assay version that is bridged from. Of method ``ratio`` the
        slope is the ratio and the intercept is empty; ``log-linear``: log10(new) = intercept + slope log10(old).
    """

    analytes: pl.DataFrame
    factors: pl.DataFrame
    bridges: pl.DataFrame


def standard_values(rows: pl.DataFrame, conversions: Conversions) -> pl.DataFrame:
    """Rows with their values in standard units.

    Parameters
    ----------
    rows
        Columns analyte, assay_id, unit, collected_on, value, low, high (ends of the interval the value lies in), and
        whatever else; the order is kept.
    conversions
        What is in force.

    Returns
    -------
    ``rows`` with std_value, std_low, std_high (null where nothing leads there), std_unit, std_factor (``B3 F12``:
    bridging factor 3, then conversion factor 12; empty where the unit is the standard one) and std_reason (why there is
    no value; else empty).

    Notes
    -----
    A qualifier stays with its value, as every conversion here rises: ``<10`` mg/dL is ``<0.1`` g/L, [0, 0.1). An
    infinite end stays infinite. A factor is multiplied as decimal, so that 12.3 mg/dL is 0.123 g/L and no neighbour.
    """
    numbered = rows.with_row_index("_row").join(conversions.analytes, on="analyte", how="left", maintain_order="left")
    numbered = numbered.with_columns(pl.col("standard_unit").fill_null(""))
    bridged = _with_bridge(numbered, conversions.bridges)
    planned = _with_factor(bridged, conversions.factors)
    reason = pl.coalesce(
        pl.when(pl.col("value").is_null()).then(pl.lit("no number")),
        pl.when(pl.col("standard_unit") == "").then(pl.lit("the analyte has no standard unit")),
        pl.when("_bridge_unsure").then(pl.lit(DAY_UNKNOWN)),
        pl.when("_bridge_of_unit").then(pl.lit("the kit's bridging factor is for another unit")),
        pl.when(pl.col("_same") | pl.col("_factor").is_not_null()).then(pl.lit("")),
        pl.when("_factor_unsure").then(pl.lit(DAY_UNKNOWN)),
        pl.concat_str(pl.lit("no approved factor from "), _named("_unit"), pl.lit(" to "), "standard_unit"),
    )
    planned = _converted(planned.with_columns(reason.alias("std_reason")), conversions.bridges)
    is_lost = (pl.col("std_reason") == "") & pl.col("std_value").is_null()
    planned = planned.with_columns(
        pl.when(is_lost).then(pl.lit(NO_LOGARITHM)).otherwise("std_reason").alias("std_reason")
    )
    known = pl.col("std_reason") == ""
    return planned.select(
        *rows.columns,
        *(pl.when(known).then(pl.col(name)).alias(name) for name in ("std_value", "std_low", "std_high")),
        pl.when(known).then("standard_unit").otherwise(pl.lit("")).alias("std_unit"),
        pl.when(known).then(_factor_names()).otherwise(pl.lit("")).alias("std_factor"),
        "std_reason",
    )


def _named(unit: str) -> pl.Expr:
    return pl.when(pl.col(unit) == "").then(pl.lit("no unit")).otherwise(pl.col(unit))


def _factor_names() -> pl.Expr:
    return pl.concat_str(
        pl.lit("B") + pl.col("_bridge").cast(pl.String),
        pl.lit("F") + pl.col("_factor").cast(pl.String),
        separator=" ",
        ignore_nulls=True,
    )


def _in_force(day: pl.Expr) -> pl.Expr:
    return (day >= pl.col("valid_from")) & (pl.col("valid_to").is_null() | (day <= pl.col("valid_to")))


def _with_bridge(rows: pl.DataFrame, bridges: pl.DataFrame) -> pl.DataFrame:
    """Rows with _bridge (null where none holds), _unit after it, and whether one might hold."""
    matched = rows.select("_row", "assay_id", "unit", "collected_on").join(bridges, on="assay_id", how="inner")
    day = pl.col("collected_on")
    unsure = matched.filter(day.is_null())["_row"].unique()
    held = matched.filter(_in_force(day)).unique("_row", keep="first", maintain_order=True)
    other = held.filter(pl.col("from_unit") != pl.col("unit"))["_row"]
    used = held.filter(pl.col("from_unit") == pl.col("unit")).select(
        "_row", pl.col("bridge_id").alias("_bridge"), pl.col("to_unit").alias("_bridged_unit")
    )
    return rows.join(used, on="_row", how="left", maintain_order="left").with_columns(
        pl.coalesce("_bridged_unit", "unit").alias("_unit"),
        pl.col("_row").is_in(unsure.implode()).alias("_bridge_unsure"),
        pl.col("_row").is_in(other.implode()).alias("_bridge_of_unit"),
    )


def _with_factor(rows: pl.DataFrame, factors: pl.DataFrame) -> pl.DataFrame:
    """Rows with _same (the unit is the standard one), _factor (null where none holds), and whether one might hold."""
    unit, wanted = pl.col("_unit"), pl.col("standard_unit")
    same = (wanted != "") & ((unit == wanted) | ((wanted == TITER) & unit.is_in(_UNITLESS)))
    rows = rows.with_columns(same.alias("_same"))
    matched = (
        rows.filter(~pl.col("_same"))
        .select("_row", "analyte", "_unit", "standard_unit", "collected_on")
        .join(
            factors,
            left_on=["analyte", "_unit", "standard_unit"],
            right_on=["analyte", "from_unit", "to_unit"],
            how="inner",
        )
    )
    day = pl.col("collected_on")
    unsure = matched.filter(day.is_null())["_row"].unique()
    held = matched.filter(_in_force(day)).unique("_row", keep="first", maintain_order=True)
    return rows.join(
        held.select("_row", pl.col("factor_id").alias("_factor"), pl.col("factor").alias("_times")),
        on="_row",
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("_row").is_in(unsure.implode()).alias("_factor_unsure"))


def bridged(value: Decimal, *, method: str, slope: Decimal, intercept: str | None) -> Decimal | None:
    """A value of one kit as the other one would give it; None where a logarithm is needed and there is none.

    >>> bridged(Decimal(100), method="log-linear", slope=Decimal("0.5"), intercept="1")
    Decimal('1E+2')
    """
    if method == RATIO:
        return _EXACT.multiply(value, slope)
    if value <= 0:
        return None
    power = _EXACT.add(Decimal(intercept or 0), _EXACT.multiply(slope, _EXACT.log10(value)))
    return _EXACT.power(Decimal(10), power).normalize(_BRIDGED)


def _converted(rows: pl.DataFrame, bridges: pl.DataFrame) -> pl.DataFrame:
    """Rows with std_value, std_low and std_high; each different number is converted once, as decimal."""
    is_moved = pl.any_horizontal(pl.col(*_STEPS).is_not_null())
    moved = rows.filter(pl.col("std_reason") == "", is_moved)
    numbers = pl.concat([moved.select(*_STEPS, pl.col(name).alias("_number")) for name in ("value", "low", "high")])
    numbers = numbers.unique()
    known = {row["bridge_id"]: row for row in bridges.to_dicts()}
    told = [_number(known.get(bridge), times, number) for bridge, times, number in numbers.iter_rows()]
    table = numbers.with_columns(pl.Series("_told", told, dtype=pl.Float64))
    for name in ("value", "low", "high"):
        found = table.rename({"_number": name})
        rows = rows.join(found, on=[*_STEPS, name], how="left", nulls_equal=True, maintain_order="left")
        # The end of [0, 10) is no measured zero: it needs no logarithm to stay where it is.
        stays = ~is_moved if name == "value" else ~is_moved | (pl.col(name) == 0)
        rows = rows.with_columns(pl.when(stays).then(name).otherwise("_told").alias(f"std_{name}")).drop("_told")
    return rows


def _number(bridge: Mapping[str, Any] | None, times: str | None, number: float) -> float | None:
    if math.isinf(number):
        return number
    value = Decimal(repr(number))
    if bridge is not None:
        by = {"method": bridge["method"], "slope": Decimal(bridge["slope"]), "intercept": bridge["intercept"]}
        crossed = bridged(value, **by)
        if crossed is None:
            return None
        value = crossed
    return float(value if times is None else _EXACT.multiply(value, Decimal(times)))
