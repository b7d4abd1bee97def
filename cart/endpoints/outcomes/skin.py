"""mRSS and HAQ-DI: totals, changes from baseline, improvement and progression."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.disease.skin import MRSS_CHANGE, SkinChange, mrss_change
from cart.endpoints.outcomes.answering import changes, values, yes_or_no
from cart.endpoints.outcomes.measures import COMPARED, HAQ, INPUTS, MRSS, NUMBERS, SHARED
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register

_SKIN_SOURCE = "Khanna D et al. J Scleroderma Relat Disord 2017;2:11-8"
_CHANGE_SOURCE = "rule as in the studies of EUSTAR; MCID: Khanna D et al. Arthritis Res Ther 2019;21:23"
POINTS = Parameter(
    "change_points",
    MRSS_CHANGE.points,
    "",
    "studies of EUSTAR",
    "Change of the mRSS, in points, above which it is improvement or progression.",
    at_most=51,
)
PERCENT = Parameter(
    "change_percent",
    MRSS_CHANGE.pct,
    "%",
    "studies of EUSTAR",
    "Change in per cent of baseline from which it is, together with the points.",
    at_most=100,
)
MCID = Parameter(
    "mcid_points",
    MRSS_CHANGE.mcid,
    "",
    "Khanna D et al. Arthritis Res Ther 2019;21:23, diffuse disease",
    "Fall of the mRSS, in points, that is a minimal clinically important difference.",
    at_most=51,
)
NO_SKIN, NO_LATER_SKIN = "no mRSS", "no mRSS after time zero"
NO_HAQ, NO_LATER_HAQ = "no HAQ-DI", "no HAQ-DI after time zero"


def _kernel(rows: pl.DataFrame, rule: SkinChange) -> pl.DataFrame:
    return mrss_change(rows.select(pl.col("base").alias("mrss_base"), pl.col("value").alias("mrss_fu")), rule=rule)


def _answer(value: pl.Expr, text: pl.Expr) -> list[pl.Expr]:
    none = pl.lit(None, pl.Float64)
    return [
        value.alias("value"),
        none.alias("low"),
        none.alias("high"),
        text.cast(pl.String).alias("text"),
        pl.lit("").alias("remark"),
    ]


def skin_total(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Total of the 17 sites at each planned visit and, without timepoint, at the last assessment.

    A total with a site that was not scored is missing, and the site is named.
    """
    return values(inputs, parameters, measure=MRSS, definition=SKIN, absent=NO_SKIN)


def skin_changed(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Change of the total from baseline, rises positive; ``text``: improvement, progression or stable.

    Improvement and progression need more than ``change_points`` and at least ``change_percent`` of baseline, both.
    """
    rule = SkinChange(id="study", points=float(parameters["change_points"]), pct=float(parameters["change_percent"]))

    def compare(rows: pl.DataFrame) -> pl.DataFrame:
        return _kernel(rows, rule).select(_answer(pl.col("change"), pl.col("result")))

    return changes(inputs, parameters, compare, measure=MRSS, definition=SKIN_CHANGE, absent=NO_LATER_SKIN)


def skin_mcid(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Whether the total fell by at least the minimal clinically important difference; ``value``: the change."""
    rule = SkinChange(id="study", mcid=float(parameters["mcid_points"]))

    def compare(rows: pl.DataFrame) -> pl.DataFrame:
        return _kernel(rows, rule).select(_answer(pl.col("change"), yes_or_no(pl.col("mcid"))))

    return changes(inputs, parameters, compare, measure=MRSS, definition=SKIN_MCID, absent=NO_LATER_SKIN)


def disability(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """HAQ-DI with aids at each planned visit and, without timepoint, at the last questionnaire."""
    return values(inputs, parameters, measure=HAQ, definition=DISABILITY, absent=NO_HAQ)


def disability_changed(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Change of the HAQ-DI from baseline, rises (worse) positive."""

    def compare(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(_answer(pl.col("value") - pl.col("base"), pl.lit(None)))

    return changes(inputs, parameters, compare, measure=HAQ, definition=DISABILITY_CHANGE, absent=NO_LATER_HAQ)


_HAQ_SOURCE = "Bruce B, Fries JF. Health Qual Life Outcomes 2003;1:20"
SKIN = register(Definition("MRSS", "mRSS, total", "", "1", _SKIN_SOURCE, INPUTS, skin_total, SHARED, summary=NUMBERS))
SKIN_CHANGE = register(
    Definition(
        "MRSSCHG",
        "mRSS, change",
        "",
        "1",
        _CHANGE_SOURCE,
        INPUTS,
        skin_changed,
        (*SHARED, POINTS, PERCENT),
        summary=("categories", *COMPARED),
    )
)
SKIN_MCID = register(
    Definition(
        "MRSSMCID",
        "mRSS, fall by the MCID",
        "",
        "1",
        _CHANGE_SOURCE,
        INPUTS,
        skin_mcid,
        (*SHARED, MCID),
        summary=("categories",),
    )
)
DISABILITY = register(Definition("HAQDI", "HAQ-DI", "", "1", _HAQ_SOURCE, INPUTS, disability, SHARED, summary=NUMBERS))
DISABILITY_CHANGE = register(
    Definition("HAQDICHG", "HAQ-DI, change", "", "1", _HAQ_SOURCE, INPUTS, disability_changed, SHARED, summary=COMPARED)
)
