"""Autoantibodies: change from baseline, falls, conversion, half-life.

Everything stays inside one series (laboratory, kit, unit): a change of kit breaks it. Censored values are
intervals; an answer that the interval does not decide is not evaluable.
"""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NOT_EVALUABLE, completed_answers
from cart.endpoints.baseline import baseline_rows, missing_baseline
from cart.endpoints.censoring import FOUR_FOLD_STEPS, interval_high, interval_low
from cart.endpoints.confounders import confounded_samples
from cart.endpoints.depletion import BASELINE
from cart.endpoints.half_life import MIN_POINTS, falling_part, half_life
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Compute, Definition, Parameter, register
from cart.endpoints.windows import visit_records

SERIES = ["subject_id", "analyte", "series"]
ANTIBODIES = Parameter("antibodies", ["ATA", "ARA"], "", "anti-topoisomerase I, anti-RNA polymerase III, DOMAIN section 1")
FALL = Parameter("fall_percent", 50.0, "%", "DOMAIN section 5")
IVIG = Parameter("ivig_days", 30, "d", "IVIG makes IgG non-native within 30 d, CIBMTR 2100")
EXCHANGE = Parameter("plasma_exchange_days", 30, "d", "own choice beside IVIG (DOMAIN section 3)")
CONFIDENCE = Parameter("confidence", 0.95, "", "two-sided 95 %")
IGG_HALF_LIFE = Parameter("igg_half_life_days", 21.0, "d", "IgG 21 d; sources 17-36 d, DOMAIN section 5")

NO_RESULT = "no evaluable autoantibody result with a baseline in the same series"


def compared(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Samples after time zero beside the baseline of their own series, with interval bounds of both.

    Adds ``base_*`` columns, ``name`` (analyte and series), and ``confounder`` with ``therapy_ids``.
    """
    evaluable = inputs.evaluable(parameters["antibodies"])
    base = baseline_rows(evaluable, rule=parameters["baseline_rule"], by=SERIES).select(
        *SERIES,
        pl.col("value").alias("base_value"),
        pl.col("qualifier").alias("base_qualifier"),
        interval_low(pl.col("value"), pl.col("qualifier")).alias("base_low"),
        interval_high(pl.col("value"), pl.col("qualifier")).alias("base_high"),
        pl.col("result_id").alias("base_id"),
        pl.col("cutoff").alias("base_cutoff"),
    )
    after = evaluable.filter("after").join(base, on=SERIES, how="inner", maintain_order="left")
    windows = {"ivig": parameters["ivig_days"], "plasma-exchange": parameters["plasma_exchange_days"]}
    confounded = confounded_samples(after, inputs.therapies, window_days=windows)
    return after.with_columns(
        interval_low(pl.col("value"), pl.col("qualifier")).alias("low"),
        interval_high(pl.col("value"), pl.col("qualifier")).alias("high"),
        (pl.col("analyte") + " " + pl.col("series")).alias("name"),
    ).join(confounded, on="result_id", how="left", maintain_order="left")


def _ratio_bounds() -> tuple[pl.Expr, pl.Expr]:
    """Lowest and highest value of follow-up / baseline that the two intervals allow."""
    low = pl.when(pl.col("base_high").is_infinite()).then(0.0).otherwise(pl.col("low") / pl.col("base_high"))
    high = (
        pl.when(pl.col("base_low") == 0).then(math.inf).otherwise(pl.col("high") / pl.col("base_low"))
    )
    return low, high


def _both_censored() -> pl.Expr:
    # ">" to "<" still points one way; the other pairs leave every ratio possible.
    apart = (pl.col("base_qualifier") == ">") & (pl.col("qualifier") == "<")
    return (pl.col("base_qualifier") != "=") & (pl.col("qualifier") != "=") & ~apart


def _change_rows(inputs: Prepared, parameters: Mapping[str, Any], *, scale: str) -> pl.DataFrame:
    samples = compared(inputs, parameters)
    records = visit_records(samples, inputs.planned_visits, by=SERIES).filter("chosen")
    low, high = _ratio_bounds()
    if scale == "percent":
        low, high = 100 * (low - 1), 100 * (high - 1)
    else:
        low, high = low.log(2), high.log(2)
    blind = _both_censored() | (pl.col("base_value") <= 0)
    rows = records.with_columns(low.alias("ratio_low"), high.alias("ratio_high"), blind.alias("blind"))
    exact = (pl.col("qualifier") == "=") & (pl.col("base_qualifier") == "=") & ~pl.col("blind")
    return rows.select(
        "subject_id",
        pl.col("name").alias("series"),
        "timepoint",
        "day",
        pl.when(exact).then("ratio_low").alias("value"),
        pl.when(~pl.col("blind")).then("ratio_low").alias("low"),
        pl.when(~pl.col("blind")).then("ratio_high").alias("high"),
        pl.when("blind").then(pl.lit(NOT_EVALUABLE)).when(exact).then(pl.lit(EVALUABLE)).otherwise(pl.lit(BOUNDED)).alias("status"),
        pl.when("blind")
        .then(pl.lit("baseline and follow-up are both censored, or the baseline is 0"))
        .when(pl.col("confounder").is_not_null())
        .then(pl.format("inside the window of {}", pl.col("confounder")))
        .alias("reason"),
        pl.concat_list("base_id", "result_id").alias("evidence"),
        pl.col("therapy_ids").alias("therapy_evidence"),
    )


def _complete(inputs: Prepared, parameters: Mapping[str, Any], rows: pl.DataFrame, code: str) -> pl.DataFrame:
    definition = DEFINITIONS[code]
    rule = parameters["baseline_rule"]
    have = inputs.evaluable(parameters["antibodies"]).select("subject_id").unique().with_columns(
        pl.lit(value=True).alias("measured")
    )
    subjects = inputs.subjects_with_zero.join(have, on="subject_id", how="left")
    reason = (
        pl.when(pl.col("measured").is_null())
        .then(pl.lit("no evaluable autoantibody result"))
        .otherwise(pl.lit(f"{missing_baseline(rule)}, or no later sample in the same series"))
    )
    absent = pl.when(pl.col("time_zero_on").is_null()).then(
        pl.lit("no time zero: no infusion or study drug dated to the day")
    ).otherwise(reason)
    return completed_answers(
        rows, subjects, code=code, version=definition.version, unit=definition.unit, absent=absent
    )


def percent_change(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Per cent change from baseline at each planned visit; bounds where one side is censored."""
    return _complete(inputs, parameters, _change_rows(inputs, parameters, scale="percent"), "TITERPCT")


def log2_change(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """log2 fold change from baseline at each planned visit; bounds where one side is censored."""
    return _complete(inputs, parameters, _change_rows(inputs, parameters, scale="log2"), "TITERLG2")


def _fall(inputs: Prepared, parameters: Mapping[str, Any], *, ratio: float, code: str) -> pl.DataFrame:
    """Has the last unconfounded sample fallen to ``ratio`` of baseline or less?"""
    samples = compared(inputs, parameters)
    low, high = _ratio_bounds()
    # A hair of tolerance: 400 of 800 is a fall by half however the division is rounded.
    limit = ratio * (1 + 1e-12)
    free = pl.col("confounder").is_null()
    last = (
        samples.with_columns(low.alias("ratio_low"), high.alias("ratio_high"), _both_censored().alias("blind"))
        .sort(pl.col("confounder").is_null(), maintain_order=True)
        .group_by(SERIES, maintain_order=True)
        .last()
    )
    fell = (
        pl.when(pl.col("blind") | ~free)
        .then(None)
        .when(pl.col("ratio_high") <= limit)
        .then(pl.lit("yes"))
        .when(pl.col("ratio_low") > limit)
        .then(pl.lit("no"))
    )
    rows = last.with_columns(fell.alias("fell")).select(
        "subject_id",
        pl.col("name").alias("series"),
        "day",
        pl.when(pl.col("ratio_low") == pl.col("ratio_high")).then(100 * (1 - pl.col("ratio_low"))).alias("value"),
        pl.when(~pl.col("blind")).then(100 * (1 - pl.col("ratio_high"))).alias("low"),
        pl.when(~pl.col("blind")).then(100 * (1 - pl.col("ratio_low"))).alias("high"),
        pl.col("fell").alias("text"),
        pl.when(pl.col("fell").is_null())
        .then(pl.lit(NOT_EVALUABLE))
        .when(pl.col("ratio_low") == pl.col("ratio_high"))
        .then(pl.lit(EVALUABLE))
        .otherwise(pl.lit(BOUNDED))
        .alias("status"),
        pl.when(~free)
        .then(pl.format("every sample lies inside the window of {}", pl.col("confounder").fill_null("")))
        .when("blind")
        .then(pl.lit("baseline and follow-up are both censored"))
        .when(pl.col("fell").is_null())
        .then(pl.lit("the censored values do not decide"))
        .alias("reason"),
        pl.concat_list("base_id", "result_id").alias("evidence"),
        pl.col("therapy_ids").alias("therapy_evidence"),
    )
    return _complete(inputs, parameters, rows, code)


def halved(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Fall of at least ``fall_percent`` at the last sample outside confounder windows."""
    return _fall(inputs, parameters, ratio=1 - parameters["fall_percent"] / 100, code="TITER50")


def four_fold(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Four-fold fall (log2 <= -2) at the last sample outside confounder windows."""
    return _fall(inputs, parameters, ratio=2.0**-FOUR_FOLD_STEPS, code="TITER4F")


def conversion(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """First value below the kit's cut-off after a positive baseline, confirmed by the next sample.

    Samples inside a confounder window neither convert nor confirm. ``value``: day of the first of the two.
    """
    samples = compared(inputs, parameters)
    cutoff = pl.coalesce("cutoff", "base_cutoff")
    negative = (
        pl.when(pl.col("qualifier") == "<")
        .then(pl.when(pl.col("value") <= cutoff).then(pl.lit(value=True)))
        .when(pl.col("qualifier") == ">")
        .then(pl.when(pl.col("value") >= cutoff).then(pl.lit(value=False)))
        .otherwise(pl.col("value") < cutoff)
    )
    positive = pl.col("base_low") >= pl.col("base_cutoff")
    free = samples.filter(pl.col("confounder").is_null()).with_columns(negative.alias("negative"), positive.alias("positive"))
    confirmed = pl.col("negative") & pl.col("negative").shift(-1).over(SERIES)
    hit = free.with_columns(confirmed.alias("confirmed")).filter("confirmed").group_by(SERIES, maintain_order=True).first()
    per_series = samples.group_by(SERIES, maintain_order=True).agg(
        pl.col("name").first(),
        pl.col("base_id").first(),
        pl.col("base_cutoff").first(),
        positive.first().alias("positive"),
        pl.col("result_id").alias("after_ids"),
        pl.col("confounder").is_null().any().alias("some_free"),
        pl.col("therapy_ids").explode().drop_nulls().alias("therapy_evidence"),
    )
    unconfirmed = free.group_by(SERIES).agg(pl.col("negative").last().alias("last_negative"))
    whole = per_series.join(
        hit.select(*SERIES, pl.col("day"), pl.col("result_id")), on=SERIES, how="left"
    ).join(unconfirmed, on=SERIES, how="left")
    answer = (
        pl.when(pl.col("base_cutoff").is_null() | ~pl.col("positive").fill_null(value=False) | ~pl.col("some_free"))
        .then(None)
        .when(pl.col("day").is_not_null())
        .then(pl.lit("yes"))
        .otherwise(pl.lit("no"))
    )
    rows = whole.with_columns(answer.alias("text")).select(
        "subject_id",
        pl.col("name").alias("series"),
        pl.when(pl.col("text") == "yes").then("day").alias("day"),
        pl.when(pl.col("text") == "yes").then(pl.col("day").cast(pl.Float64)).alias("value"),
        "text",
        pl.when(pl.col("text").is_null()).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)).alias("status"),
        pl.when(pl.col("base_cutoff").is_null())
        .then(pl.lit("the kit has no cut-off"))
        .when(~pl.col("positive").fill_null(value=False))
        .then(pl.lit("not positive at baseline"))
        .when(~pl.col("some_free"))
        .then(pl.lit("every sample lies inside a confounder window"))
        .when((pl.col("text") == "no") & pl.col("last_negative"))
        .then(pl.lit("below the cut-off at the last sample, not yet confirmed"))
        .alias("reason"),
        pl.concat_list(pl.col("base_id"), pl.col("after_ids")).alias("evidence"),
        "therapy_evidence",
    )
    return _complete(inputs, parameters, rows, "TITERCNV")


def elimination(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Half-life over the falling part of the series from baseline on, days, with its confidence interval.

    Quantifiable samples outside confounder windows, baseline included at its own day. ``text`` gives r2 and
    the ratio to the IgG comparator.
    """
    samples = compared(inputs, parameters).filter(pl.col("confounder").is_null() & (pl.col("qualifier") == "="))
    base = inputs.timed.select(pl.col("result_id").alias("base_id"), pl.col("day").alias("base_day"))
    series = samples.filter(pl.col("value") > 0).join(base, on="base_id", how="left")
    grouped = series.group_by(SERIES, maintain_order=True).agg(
        pl.col("name").first(),
        pl.col("day"),
        pl.col("value"),
        pl.col("result_id"),
        pl.col("base_id").first(),
        pl.col("base_day").first(),
        pl.col("base_value").first(),
        pl.col("base_qualifier").first(),
    )
    # One regression per series: rows here are series, not results.
    rows = [_fitted(row, parameters) for row in grouped.iter_rows(named=True)]
    schema: dict[str, Any] = {
        "subject_id": pl.Int64,
        "series": pl.String,
        "day": pl.Int64,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "text": pl.String,
        "status": pl.String,
        "reason": pl.String,
        "evidence": pl.List(pl.Int64),
    }
    return _complete(inputs, parameters, pl.DataFrame(rows, schema=schema, orient="row"), "TITERHL")


def _fitted(row: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    days, values, ids = list(row["day"]), list(row["value"]), list(row["result_id"])
    if row["base_qualifier"] == "=" and row["base_day"] is not None and row["base_value"] > 0:
        days, values, ids = [row["base_day"], *days], [row["base_value"], *values], [row["base_id"], *ids]
    part = falling_part(values)
    days, values, ids = days[part], values[part], ids[part]
    answer = {"subject_id": row["subject_id"], "series": row["name"], "evidence": ids}
    if len(values) < MIN_POINTS or len(set(days)) < MIN_POINTS:
        reason = f"{len(values)} quantifiable points in the falling part; {MIN_POINTS} are needed"
        return {**answer, "status": NOT_EVALUABLE, "reason": reason}
    fit = half_life(days, values, confidence=parameters["confidence"])
    if fit is None:
        return {**answer, "status": NOT_EVALUABLE, "reason": "the series does not fall"}
    ratio = fit.half_life_days / parameters["igg_half_life_days"]
    return {
        **answer,
        "day": days[-1],
        "value": fit.half_life_days,
        "low": fit.half_life_low,
        "high": fit.half_life_high,
        "text": f"r2 {fit.r2:.3f}; {ratio:.2f} x IgG",
        "status": EVALUABLE,
        "reason": None,
    }


_SHARED = (ANTIBODIES, BASELINE, IVIG, EXCHANGE)
_INPUTS = ("subjects", "time_zero", "observations", "therapies", "planned_visits")
_SOURCE = "DOMAIN section 5, autoantibody; censored values as intervals, section 3"
_ENTRIES: tuple[tuple[str, str, str, Compute, tuple[Parameter, ...]], ...] = (
    ("TITERPCT", "Autoantibody, % change from baseline", "%", percent_change, ()),
    ("TITERLG2", "Autoantibody, log2 change from baseline", "log2", log2_change, ()),
    ("TITER50", "Autoantibody, fall by half, last sample", "%", halved, (FALL,)),
    ("TITER4F", "Autoantibody, 4-fold fall, last sample", "%", four_fold, ()),
    ("TITERCNV", "Autoantibody, seronegative conversion", "d", conversion, ()),
    ("TITERHL", "Autoantibody, half-life", "d", elimination, (CONFIDENCE, IGG_HALF_LIFE)),
)
DEFINITIONS = {
    code: register(Definition(code, label, unit, "1", _SOURCE, _INPUTS, compute, (*_SHARED, *extra)))
    for code, label, unit, compute, extra in _ENTRIES
}
