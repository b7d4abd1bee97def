"""Endpoints of expansion and persistence of each construct: Cmax, Tmax, areas, half-life."""

import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NOT_EVALUABLE, completed_answers
from cart.endpoints.kinetics.courses import (
    EXTRAPOLATION,
    PROFILE,
    R2,
    SHORT,
    SPAN,
    TERMINAL,
    courses,
    sampled,
)
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Compute, Definition, Parameter, register

NO_SAMPLE = "no evaluable transgene count after infusion"
NEVER = "below the limit of quantification in every sample"
ABOVE = "above the upper limit of quantification: a lower bound"
OPEN_PEAK = "samples above the upper limit of quantification leave the peak open"
NO_FIT = "no terminal phase: fewer points after Tmax than needed, or the best fit does not fall"
_NONE = pl.col("tlast").is_null()
_ABOVE = pl.col("above") > 0


def _rows(found: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    given = {"series": pl.col("name"), "evidence": pl.col("evidence"), **columns}
    return found.select("subject_id", *(expression.alias(name) for name, expression in given.items()))


def _answering(code: str, rule: Callable[[Prepared, Mapping[str, Any]], pl.DataFrame]) -> Compute:
    """The rule of an endpoint with an answer for every subject; it is not asked where nobody has a sample."""

    @wraps(rule)
    def compute(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
        definition = DEFINITIONS[code]
        return completed_answers(
            rule(inputs, parameters) if sampled(inputs, parameters) else None,
            inputs.subjects_with_zero,
            code=code,
            version=definition.version,
            unit=definition.unit,
            absent=inputs.absence(NO_SAMPLE),
        )

    return compute


def peak(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Highest count after infusion, per construct and series; ``day`` is its day, the first of ties.

    An interval where every sample is below the limit ([0, highest limit)), or one above the upper limit.
    """
    exact = ~_NONE & ~_ABOVE
    return _rows(
        courses(inputs, parameters),
        day=pl.col("tmax").cast(pl.Int64),
        value=pl.when(exact).then("cmax"),
        low=pl.when(_NONE).then(0.0).otherwise(pl.col("cmax")),
        high=pl.when(_NONE).then("limit").when(_ABOVE).then(math.inf).otherwise(pl.col("cmax")),
        unit=pl.col("unit"),
        status=pl.when(exact).then(pl.lit(EVALUABLE)).otherwise(pl.lit(BOUNDED)),
        reason=pl.when(_NONE).then(pl.lit(NEVER)).when(_ABOVE).then(pl.lit(ABOVE)),
    )


def peak_day(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Day of the highest count, the first of ties; between two days where samples above the limit leave it open."""
    first, last = pl.col("above_from"), pl.col("above_to")
    open_peak = _ABOVE & (first < last)
    return _rows(
        courses(inputs, parameters),
        day=pl.when(~open_peak).then("tmax").cast(pl.Int64),
        value=pl.when(~open_peak).then("tmax"),
        low=pl.when(open_peak).then(first).otherwise(pl.col("tmax")),
        high=pl.when(open_peak).then(last).otherwise(pl.col("tmax")),
        status=pl.when(_NONE)
        .then(pl.lit(NOT_EVALUABLE))
        .when(open_peak)
        .then(pl.lit(BOUNDED))
        .otherwise(pl.lit(EVALUABLE)),
        reason=pl.when(_NONE).then(pl.lit(NEVER)).when(open_peak).then(pl.lit(OPEN_PEAK)),
    )


def last_day(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Day of the last quantifiable count; ``text`` says when it is that of the last sample: it may persist."""
    return _rows(
        courses(inputs, parameters),
        day=pl.col("tlast").cast(pl.Int64),
        value=pl.col("tlast"),
        text=pl.when(pl.col("tlast") == pl.col("last_time")).then(pl.lit("quantifiable at the last sample")),
        status=pl.when(_NONE).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)),
        reason=pl.when(_NONE).then(pl.lit(NEVER)),
    )


def last_count(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Last quantifiable count, with its day."""
    return _rows(
        courses(inputs, parameters),
        day=pl.col("tlast").cast(pl.Int64),
        value=pl.col("clast"),
        unit=pl.col("unit"),
        status=pl.when(_NONE).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)),
        reason=pl.when(_NONE).then(pl.lit(NEVER)),
    )


def _day(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int64).cast(pl.String)


def horizon_area(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Area under the counts from the infusion to ``horizon_days``; ``text`` names the variant.

    Sampled on that day, interpolated between two, or ending at Tlast because later samples are below the limit. Where
    the last sample is earlier, ``short_course`` says what stands: by default a lower bound. 0 where nothing was
    quantifiable.
    """
    horizon = f"{parameters['horizon_days']:g}"
    found = courses(inputs, parameters)
    short = ~pl.col("at_horizon") & pl.col("after_day").is_null()
    rule = parameters["short_course"]
    area = pl.col("to_horizon_inf") if rule == "extrapolate" else pl.col("to_horizon_last")
    value = pl.when(short).then(area).otherwise(pl.col("to_horizon_last"))
    bound = _ABOVE | (short if rule == "bound" else pl.lit(value=False))
    lacks = value.is_null()
    earlier = {
        "bound": pl.format("to the last sample, day {}", _day("last_time")),
        "last": pl.format("to the last sample, day {}, only", _day("last_time")),
        "extrapolate": pl.format("extrapolated by lambda_z from day {}", _day("last_time")),
    }[rule]
    return _rows(
        found,
        value=pl.when(~bound).then(value),
        low=pl.when(bound).then(pl.col("to_horizon_last")).otherwise(value),
        high=pl.when(bound).then(math.inf).otherwise(value),
        text=pl.when("at_horizon")
        .then(pl.lit(f"sampled on day {horizon}"))
        .when(short)
        .then(earlier)
        .when(pl.col("tlast") < parameters["horizon_days"])
        .then(pl.format("to day {}, below the limit after it", _day("tlast")))
        .when(_NONE)
        .then(pl.lit("below the limit"))
        .otherwise(pl.format("interpolated between days {} and {}", _day("before_day"), _day("after_day"))),
        unit=pl.lit("d.") + pl.col("unit"),
        status=pl.when(lacks & ~bound)
        .then(pl.lit(NOT_EVALUABLE))
        .when(bound)
        .then(pl.lit(BOUNDED))
        .otherwise(pl.lit(EVALUABLE)),
        reason=pl.when(lacks & ~bound)
        .then(pl.lit(NO_FIT))
        .when(_ABOVE)
        .then(pl.lit(ABOVE))
        .when(short & bound)
        .then(pl.format(f"no sample on or after day {horizon}; the last is of day {{}}", _day("last_time")))
        .when(_NONE)
        .then(pl.lit(NEVER)),
    )


def last_area(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Area from the infusion to the last quantifiable count; 0 where nothing was quantifiable."""
    return _rows(
        courses(inputs, parameters),
        day=pl.col("tlast").cast(pl.Int64),
        value=pl.when(~_ABOVE).then("auc_last"),
        low=pl.col("auc_last"),
        high=pl.when(_ABOVE).then(math.inf).otherwise(pl.col("auc_last")),
        unit=pl.lit("d.") + pl.col("unit"),
        status=pl.when(_ABOVE).then(pl.lit(BOUNDED)).otherwise(pl.lit(EVALUABLE)),
        reason=pl.when(_ABOVE).then(pl.lit(ABOVE)).when(_NONE).then(pl.lit(NEVER)),
    )


def _fitted(
    found: pl.DataFrame, parameters: Mapping[str, Any], *, flags: list[pl.Expr], **columns: pl.Expr
) -> pl.DataFrame:
    """Rows of what rests on the terminal fit; flags are remarks beside the answer."""
    open_peak = (pl.col("above") > 1) | (_ABOVE & (pl.col("above_from") < pl.col("above_to")))
    lacks = pl.col("lambda_z").is_null() | open_peak
    flagged = pl.concat_str(*flags, separator="; ", ignore_nulls=True)
    return _rows(
        found,
        **columns,
        text=pl.when(~lacks).then(
            pl.format(
                "r2 {}, {} points, days {} to {}",
                pl.col("r2").round(3),
                "points",
                _day("from_time"),
                _day("to_time"),
            )
        ),
        status=pl.when(lacks).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.lit(EVALUABLE)),
        reason=pl.when(_NONE)
        .then(pl.lit(NEVER))
        .when(open_peak)
        .then(pl.lit(OPEN_PEAK))
        .when(lacks)
        .then(pl.lit(NO_FIT))
        .when(flagged != "")
        .then(flagged),
    )


def _fit_flags(parameters: Mapping[str, Any]) -> list[pl.Expr]:
    span, r2 = parameters["min_span_ratio"], parameters["min_r2"]
    return [
        pl.when(pl.col("span_ratio") < span).then(
            pl.format(f"flag: fitted over {{}} half-lives, less than {span:g}", pl.col("span_ratio").round(2))
        ),
        pl.when(pl.col("r2") < r2).then(pl.format(f"flag: r2 {{}}, less than {r2:g}", pl.col("r2").round(3))),
    ]


def infinite_area(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Area from the infusion to infinity: to Tlast, and Clast / lambda_z; flagged where much is extrapolated."""
    limit = parameters["max_extrapolation"]
    share = pl.col("extrapolated_percent")
    much = pl.when(share > limit).then(pl.format(f"flag: {{}} % extrapolated, more than {limit:g} %", share.round(1)))
    found = courses(inputs, parameters)
    exact = ~_ABOVE
    rows = _fitted(
        found,
        parameters,
        flags=[much, *_fit_flags(parameters)],
        value=pl.when(exact).then("auc_inf"),
        low=pl.col("auc_inf"),
        high=pl.when(exact).then("auc_inf").otherwise(math.inf),
        unit=pl.lit("d.") + pl.col("unit"),
    )
    # With a peak above the limit the area is known from below only.
    bounded = (pl.col("status") == EVALUABLE) & pl.col("value").is_null()
    return rows.with_columns(
        pl.when(bounded).then(pl.lit(BOUNDED)).otherwise(pl.col("status")).alias("status"),
        pl.when(bounded)
        .then(pl.concat_str(pl.lit(ABOVE), "reason", separator="; ", ignore_nulls=True))
        .otherwise(pl.col("reason"))
        .alias("reason"),
    )


def rate(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Rate of the terminal phase, lambda_z; ``text`` r2, points and days of the fit, ``reason`` its flags."""
    return _fitted(courses(inputs, parameters), parameters, flags=_fit_flags(parameters), value=pl.col("lambda_z"))


def half_life(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    """Half-life of the terminal phase, ln 2 / lambda_z; ``text`` and ``reason`` as for the rate."""
    return _fitted(courses(inputs, parameters), parameters, flags=_fit_flags(parameters), value=pl.col("half_life"))


_SOURCE = "R package PKNCA 0.12: non-compartmental analysis; below the limit first 0, middle left out, last 0"
_INPUTS = ("subjects", "time_zero", "observations")
_FLAGGED = (*PROFILE, *TERMINAL, SPAN, R2)
_Rule = Callable[[Prepared, Mapping[str, Any]], pl.DataFrame]
_ENTRIES: tuple[tuple[str, str, str, _Rule, tuple[Parameter, ...], tuple[str, ...]], ...] = (
    ("CARCMAX", "CAR-T expansion, Cmax", "{copies}/ug", peak, PROFILE, ("numbers", "geometric")),
    ("CARTMAX", "CAR-T expansion, Tmax", "d", peak_day, PROFILE, ("numbers",)),
    ("CARTLAST", "CAR-T persistence, Tlast", "d", last_day, PROFILE, ("numbers",)),
    ("CARCLAST", "CAR-T persistence, Clast", "{copies}/ug", last_count, PROFILE, ("numbers", "geometric")),
    (
        "CARAUC28",
        "CAR-T expansion, AUC to the horizon",
        "d.{copies}/ug",
        horizon_area,
        (*PROFILE, *TERMINAL, SHORT),
        ("numbers", "geometric"),
    ),
    ("CARAUCL", "CAR-T expansion, AUC to Tlast", "d.{copies}/ug", last_area, PROFILE, ("numbers", "geometric")),
    (
        "CARAUCI",
        "CAR-T expansion, AUC to infinity",
        "d.{copies}/ug",
        infinite_area,
        (*_FLAGGED, EXTRAPOLATION),
        ("numbers", "geometric"),
    ),
    ("CARLAMZ", "CAR-T, terminal rate lambda_z", "1/d", rate, _FLAGGED, ("numbers",)),
    ("CARHL", "CAR-T, terminal half-life", "d", half_life, _FLAGGED, ("numbers", "geometric")),
)
DEFINITIONS = {
    code: register(
        Definition(code, label, unit, "1", _SOURCE, _INPUTS, _answering(code, rule), parameters, summary=summary)
    )
    for code, label, unit, rule, parameters, summary in _ENTRIES
}
