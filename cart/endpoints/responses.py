"""Autoantibody responses: fall by half, four-fold fall, seronegative conversion."""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import (
    BOUNDED,
    EVALUABLE,
    NO,
    NOT_APPLICABLE,
    NOT_EVALUABLE,
    ONGOING,
    YES,
    at_least,
)
from cart.endpoints.censoring import FOUR_FOLD_STEPS
from cart.endpoints.comparison import (
    BOTH_CENSORED,
    INPUTS,
    SERIES,
    SHARED,
    SOURCE,
    compared,
    complete,
    key_of,
    visits,
    with_gaps,
)
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register

FALL = Parameter(
    "fall_percent",
    50.0,
    "%",
    "own rule: fall by half",
    "Fall from baseline that counts as a response.",
    at_most=100,
)
NOT_POSITIVE = "not positive at baseline by the cut-off of the kit"
CONFOUNDED = "every sample after time zero lies inside the window of a confounding therapy"
# 400 of 800 is a fall by half however the division is rounded.
_HAIR = 1e-12


def _falls(records: pl.DataFrame, *, ratio: float) -> pl.DataFrame:
    """Answers for records of ``compared``: has each fallen to ``ratio`` of its baseline or less?"""
    usable = ~pl.col("blind") & pl.col("confounder").is_null()
    positive = pl.col("positive").fill_null(value=True)
    text = (
        pl.when(~positive)
        .then(pl.lit(NOT_APPLICABLE))
        .when(usable & (pl.col("ratio_high") <= ratio * (1 + _HAIR)))
        .then(pl.lit(YES))
        .when(usable & (pl.col("ratio_low") > ratio * (1 + _HAIR)))
        .then(pl.lit(NO))
    )
    told, exact = pl.col("text").is_in([YES, NO]), pl.col("exact") & pl.col("base_exact")
    why = (
        pl.when(~positive)
        .then(pl.lit(NOT_POSITIVE))
        .when("blind")
        .then(pl.lit(f"{BOTH_CENSORED}, or the baseline is 0"))
        .when(pl.col("confounder").is_not_null() & (pl.col("timepoint") == ""))
        .then(pl.lit(CONFOUNDED))
        .when(pl.col("text").is_null() & pl.col("confounder").is_null())
        .then(pl.lit("the censored values do not decide"))
    )
    return records.with_columns(text.alias("text")).select(
        "subject_id",
        pl.col("name").alias("series"),
        "timepoint",
        "day",
        pl.when(exact).then(100 * (1 - pl.col("ratio_low"))).alias("value"),
        pl.when(told & pl.col("ratio_high").is_finite()).then(100 * (1 - pl.col("ratio_high"))).alias("low"),
        pl.when(told).then(100 * (1 - pl.col("ratio_low"))).alias("high"),
        "text",
        pl.when(~told.fill_null(value=False))
        .then(pl.lit(NOT_EVALUABLE))
        .when(exact)
        .then(pl.lit(EVALUABLE))
        .otherwise(pl.lit(BOUNDED))
        .alias("status"),
        pl.concat_str(why, "remark", separator="; ", ignore_nulls=True).alias("reason"),
        pl.concat_list("base_id", "result_id").alias("evidence"),
        pl.col("base_id").alias("baseline"),
        pl.col("therapy_ids").alias("therapy_evidence"),
    )


def _fall(inputs: Prepared, parameters: Mapping[str, Any], *, ratio: float, definition: Definition) -> pl.DataFrame:
    """At each planned visit, and (timepoint empty) at the last sample outside confounder windows."""
    records = inputs.kept(key_of("fall_records", parameters), lambda: _fall_records(inputs, parameters))
    rows = with_gaps(inputs, parameters, _falls(records, ratio=ratio))
    return complete(inputs, rows, definition=definition)


def _fall_records(inputs: Prepared, parameters: Mapping[str, Any]) -> pl.DataFrame:
    last = (
        compared(inputs, parameters)
        # A confounded sample stands only where the series has no other.
        .sort(pl.col("confounder").is_null(), "position")
        .group_by(SERIES, maintain_order=True)
        .last()
        .with_columns(pl.lit("").alias("timepoint"))
    )
    return pl.concat([last, visits(inputs, parameters).select(last.columns)])


def halved(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Fall of at least ``fall_percent`` at each planned visit and, without timepoint, at the last sample.

    The last sample is the last outside confounder windows. ``value``, ``low``, ``high``: the fall in per cent.
    ``text`` is "not applicable" for an antibody that was not positive at baseline.
    """
    return _fall(inputs, parameters, ratio=1 - parameters["fall_percent"] / 100, definition=HALVED)


def four_fold(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Four-fold fall (log2 <= -2, two steps of two) at the same samples as the fall by half."""
    return _fall(inputs, parameters, ratio=2.0**-FOUR_FOLD_STEPS, definition=FOUR_FOLD)


def conversion(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """First value below the kit's cut-off after a positive baseline, confirmed by the next sample.

    Samples inside a confounder window neither convert nor confirm. ``value``: day of the first of the two; ``low`` and
    ``high``: the last sample that is not below (time zero where none is), and that one. ``ongoing``: it has not come,
    ``low`` is the last day without it, where a curve censors; ``text`` is no, or nothing where the last sample is the
    first below the cut-off and waits for its confirmation.
    """
    samples = compared(inputs, parameters)
    cutoff = pl.coalesce("cutoff", "base_cutoff")
    negative = at_least(cutoff, low=pl.col("low"), high=pl.col("high")) == NO
    free = samples.filter(pl.col("confounder").is_null()).with_columns(negative.alias("negative"))
    same_series = pl.all_horizontal(pl.col(name) == pl.col(name).shift(-1) for name in SERIES)
    confirmed = pl.col("negative") & pl.col("negative").shift(-1) & same_series
    above, first = pl.col("negative").not_(), pl.col("day").filter("confirmed").first()
    course = (
        free.with_columns(confirmed.fill_null(value=False).alias("confirmed"))
        .group_by(SERIES, maintain_order=True)
        .agg(
            pl.col("day").filter("confirmed").first(),
            pl.col("day").filter(above & (pl.col("day") <= first)).last().alias("above_before"),
            pl.col("day").filter(above).last().alias("last_above"),
            pl.col("negative").last().alias("last_negative"),
            pl.col("negative").is_null().any().alias("some_unknown"),
            pl.col("remark").last(),
        )
    )
    whole = (
        samples.group_by(SERIES, maintain_order=True)
        .agg(
            pl.col("name", "base_id", "base_cutoff", "positive").first(),
            pl.col("result_id").alias("after_ids"),
            pl.col("therapy_ids").explode(empty_as_null=False),
        )
        .join(course, on=SERIES, how="left", maintain_order="left")
        .with_columns(pl.col("some_unknown").is_not_null().alias("some_free"))
    )
    return complete(inputs, with_gaps(inputs, parameters, _conversions(whole)), definition=CONVERSION)


def _conversions(whole: pl.DataFrame) -> pl.DataFrame:
    waiting = pl.col("last_negative").fill_null(value=False)
    reason = (
        pl.when(pl.col("positive").is_null())
        .then(pl.lit("the kit has no cut-off"))
        .when(~pl.col("positive"))
        .then(pl.lit(NOT_POSITIVE))
        .when(~pl.col("some_free"))
        .then(pl.lit(CONFOUNDED))
        .when(pl.col("day").is_not_null())
        .then(pl.col("remark"))
        .when(waiting)
        .then(pl.lit("below the cut-off at the last sample, not yet confirmed"))
        .when("some_unknown")
        .then(pl.lit("a limit of quantification above the cut-off leaves it open"))
        .otherwise(pl.col("remark"))
    )
    known = pl.col("positive").fill_null(value=False) & pl.col("some_free")
    text = (
        pl.when(~pl.col("positive"))
        .then(pl.lit(NOT_APPLICABLE))
        .when(known & pl.col("day").is_not_null())
        .then(pl.lit(YES))
        .when(known & ~waiting & ~pl.col("some_unknown"))
        .then(pl.lit(NO))
    )
    converted = pl.col("text") == YES
    # Open, not answered: a later sample may still convert.
    open_yet = (pl.col("text") == NO) | (pl.col("text").is_null() & pl.col("waiting"))
    return whole.with_columns(text.alias("text"), reason.alias("reason"), (known & waiting).alias("waiting")).select(
        "subject_id",
        pl.col("name").alias("series"),
        pl.when(converted).then("day").alias("day"),
        pl.when(converted).then(pl.col("day").cast(pl.Float64)).alias("value"),
        # Without a sample that is not below, time zero is the last day without it.
        pl.when(converted)
        .then(pl.col("above_before").fill_null(0))
        .when(open_yet)
        .then(pl.col("last_above").fill_null(0))
        .cast(pl.Float64)
        .alias("low"),
        pl.when(converted).then("day").when(open_yet).then(math.inf).cast(pl.Float64).alias("high"),
        "text",
        pl.when(converted)
        .then(pl.lit(EVALUABLE))
        .when(open_yet)
        .then(pl.lit(ONGOING))
        .otherwise(pl.lit(NOT_EVALUABLE))
        .alias("status"),
        "reason",
        pl.concat_list("base_id", "after_ids").alias("evidence"),
        pl.col("base_id").alias("baseline"),
        pl.col("therapy_ids").alias("therapy_evidence"),
    )


HALVED = register(
    Definition(
        "TITER50",
        "Autoantibody, fall by half",
        "%",
        "1",
        SOURCE,
        INPUTS,
        halved,
        (*SHARED, FALL),
        summary=("categories", "numbers"),
    )
)
FOUR_FOLD = register(
    Definition(
        "TITER4F", "Autoantibody, 4-fold fall", "%", "1", SOURCE, INPUTS, four_fold, SHARED, summary=("categories",)
    )
)
CONVERSION = register(
    Definition(
        "TITERCNV",
        "Autoantibody, seronegative conversion",
        "d",
        "2",
        SOURCE,
        INPUTS,
        conversion,
        SHARED,
        summary=("categories", "times"),
    )
)
