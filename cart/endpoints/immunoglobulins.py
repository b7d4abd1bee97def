"""Immunoglobulins after the infusion: change, nadir, hypogammaglobulinaemia, and what IVIG hides.

IgG within the window of IVIG is the donors', not the subject's: it is no native IgG and takes part in no change and
no nadir. IVIG holds next to no IgA and IgM, so those stay.
"""

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.answers import BOUNDED, EVALUABLE, NO, NOT_EVALUABLE, YES, completed_answers
from cart.endpoints.baseline import baseline_rows, missing_baseline
from cart.endpoints.censoring import interval_high, interval_low, is_exact
from cart.endpoints.comparison import EXCHANGE, IVIG, LOWEST, SERIES, with_lowest
from cart.endpoints.confounders import confounded_samples
from cart.endpoints.depletion import BASELINE
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import Definition, Parameter, register
from cart.endpoints.windows import visit_records

IMMUNOGLOBULINS = Parameter(
    "immunoglobulins",
    ["IGG", "IGA", "IGM"],
    "",
    "IgG, IgA, IgM",
    "Codes of the immunoglobulins of the study.",
    reads=True,
)
GIVEN = Parameter("ivig_contains", ["IGG"], "", "IVIG is IgG", "Codes of the immunoglobulins that IVIG brings.")
IGG = Parameter("igg", "IGG", "", "own code", "Code of IgG for hypogammaglobulinaemia.", reads=True)
HYPO = Parameter(
    "hypogammaglobulinaemia_g_l",
    4.0,
    "g/L",
    "usual limit of replacement; not read in a source",
    "Hypogammaglobulinaemia below this concentration of IgG; exactly this is none.",
)
SHARED = (IMMUNOGLOBULINS, GIVEN, BASELINE, IVIG, EXCHANGE)
INPUTS = ("subjects", "time_zero", "observations", "therapies", "planned_visits")
SOURCE = "own rule; native IgG: CIBMTR 2100, none within 30 d of IVIG"
NO_RESULT, NO_SAMPLE = "no evaluable immunoglobulin result", "no sample after time zero in this series"
NOT_NATIVE = "not native: inside the window of"
UNIT = "g/L"


def sampled(inputs: Prepared, parameters: Mapping[str, Any], analytes: list[str]) -> pl.DataFrame:
    """Evaluable results of immunoglobulins with interval, name, and the therapies that make them not native."""
    key = ("immunoglobulins", *analytes, *(repr(parameters[p.name]) for p in (GIVEN, IVIG, EXCHANGE)))
    return inputs.kept(key, lambda: _sampled(inputs, parameters, analytes))


def _sampled(inputs: Prepared, parameters: Mapping[str, Any], analytes: list[str]) -> pl.DataFrame:
    evaluable = inputs.evaluable(analytes)
    ivig, exchange = {"ivig": parameters["ivig_days"]}, {"plasma-exchange": parameters["plasma_exchange_days"]}
    # IVIG bears on what it contains, plasma exchange on all of them.
    contained = pl.col("analyte").is_in(parameters["ivig_contains"])
    found = pl.concat(
        [
            confounded_samples(evaluable.filter(contained), inputs.therapies, window_days=ivig | exchange),
            confounded_samples(evaluable.filter(~contained), inputs.therapies, window_days=exchange),
        ]
    )
    return evaluable.with_columns(
        interval_low().alias("low"),
        interval_high().alias("high"),
        is_exact().alias("exact"),
        pl.concat_str("analyte", "series", separator=" ").str.strip_chars_end().alias("name"),
    ).join(found, on="result_id", how="left", maintain_order="left")


def _complete(inputs: Prepared, rows: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    return completed_answers(
        rows,
        inputs.subjects_with_zero,
        code=definition.code,
        version=definition.version,
        unit=definition.unit,
        absent=inputs.absence(NO_RESULT),
    )


def change(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Per cent change of each immunoglobulin from baseline at each planned visit; bounds where one side is censored.

    A sample, or a baseline, that is not native has no change, and the reason names the therapy.
    """
    samples = sampled(inputs, parameters, parameters["immunoglobulins"])
    base = baseline_rows(samples, rule=parameters["baseline_rule"], by=SERIES).select(
        *SERIES,
        pl.col("low", "high", "exact", "confounder", "therapy_ids").name.prefix("base_"),
        pl.col("result_id").alias("base_id"),
    )
    after = samples.filter("after").join(base, on=SERIES, how="left", maintain_order="left")
    records = visit_records(after, inputs.planned_visits, by=SERIES).filter("chosen")
    # A baseline that may be 0 leaves no upper end, to a sample of 0 either.
    most = pl.when(pl.col("base_low") == 0).then(math.inf).otherwise(pl.col("high") / pl.col("base_low"))
    low, high = (
        100 * (pl.col("low") / pl.col("base_high") - 1),
        100 * (most - 1),
    )
    therapy = pl.coalesce("confounder", "base_confounder")
    blind = (~pl.col("exact") & ~pl.col("base_exact")) | (pl.col("base_high") == 0)
    lacks = pl.col("base_id").is_null() | therapy.is_not_null() | blind
    exact = pl.col("exact") & pl.col("base_exact")
    rows = records.select(
        "subject_id",
        pl.col("name").alias("series"),
        "timepoint",
        "day",
        pl.when(~lacks & exact).then(low).alias("value"),
        pl.when(~lacks).then(low).alias("low"),
        pl.when(~lacks).then(high).alias("high"),
        pl.when(lacks)
        .then(pl.lit(NOT_EVALUABLE))
        .when(exact)
        .then(pl.lit(EVALUABLE))
        .otherwise(pl.lit(BOUNDED))
        .alias("status"),
        pl.when(pl.col("base_id").is_null())
        .then(pl.lit(f"{missing_baseline(parameters['baseline_rule'])} in this series"))
        .when(pl.col("confounder").is_not_null())
        .then(pl.format(f"{NOT_NATIVE} {{}}", "confounder"))
        .when(therapy.is_not_null())
        .then(pl.format(f"baseline {NOT_NATIVE} {{}}", "base_confounder"))
        .when(blind)
        .then(pl.lit("baseline and follow-up are both censored, or the baseline is 0"))
        .alias("reason"),
        pl.concat_list("base_id", "result_id").alias("evidence"),
        pl.col("base_id").alias("baseline"),
        _both("therapy_ids", "base_therapy_ids").alias("therapy_evidence"),
    )
    return _complete(inputs, rows, CHANGE)


def _both(*names: str) -> pl.Expr:
    none = pl.lit([], dtype=pl.List(pl.Int64))
    return pl.concat_list(*(pl.coalesce(pl.col(name), none) for name in names))


def nadir(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Lowest native value of each immunoglobulin after time zero, with its day, the earliest of ties.

    An interval where it is below the limit of quantification. ``reason`` says how many samples are not native.
    """
    after = sampled(inputs, parameters, parameters["immunoglobulins"]).filter("after")
    native = pl.col("confounder").is_null()
    whole = after.group_by(SERIES, maintain_order=True).agg(
        pl.col("name", "unit").first(),
        (~native).sum().alias("left_out"),
        pl.col("therapy_ids").explode(empty_as_null=False),
        pl.col("result_id").filter(native).alias("evidence"),
    )
    rows = with_lowest(whole, after.filter(native)).select(
        *LOWEST,
        pl.when(pl.col("left_out") > 0).then(pl.format("{} samples are not native", "left_out")).alias("reason"),
        "evidence",
        pl.col("therapy_ids").alias("therapy_evidence"),
    )
    return _complete(inputs, rows, NADIR)


def hypogammaglobulinaemia(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    """Was IgG ever below ``hypogammaglobulinaemia_g_l`` after time zero: yes with the first day, or no.

    A sample below the limit counts though it is not native: IVIG can only have raised it. One above the limit within
    the window of IVIG, or after plasma exchange, says nothing; ``reason`` tells how many. Not evaluable: another unit
    than g/L, nothing but such samples, or a censored one that leaves it open.
    """
    limit = parameters["hypogammaglobulinaemia_g_l"]
    after = sampled(inputs, parameters, [parameters["igg"]]).filter("after")
    native, in_unit = pl.col("confounder").is_null(), (pl.col("unit") == UNIT).all()
    # What plasma exchange lowered is no deficiency.
    below = ((pl.col("high") < limit) | ((pl.col("high") == limit) & (pl.col("low") < limit))) & ~pl.col(
        "confounder"
    ).fill_null("").str.contains("plasma-exchange", literal=True)
    above = (pl.col("low") >= limit) & native
    whole = after.group_by("subject_id", maintain_order=True).agg(
        pl.col("day").filter(below).first(),
        above.any().alias("seen"),
        (native & ~below & ~above).any().alias("open"),
        (~native & ~below).sum().alias("left_out"),
        in_unit.alias("in_unit"),
        pl.col("unit").unique().sort().str.join(", ").alias("units"),
        pl.col("result_id").alias("evidence"),
        pl.col("therapy_ids").explode(empty_as_null=False),
    )
    has = pl.col("day").is_not_null()
    told = pl.col("in_unit") & (has | (pl.col("seen") & ~pl.col("open")))
    left_out = pl.when(pl.col("left_out") > 0).then(
        pl.format("{} samples inside the window of a therapy tell nothing", "left_out")
    )
    rows = whole.select(
        "subject_id",
        pl.when(told).then("day").alias("day"),
        pl.when(told).then(pl.col("day").cast(pl.Float64)).alias("value"),
        pl.when(told & has).then(pl.lit(YES)).when(told).then(pl.lit(NO)).alias("text"),
        pl.when(told).then(pl.lit(EVALUABLE)).otherwise(pl.lit(NOT_EVALUABLE)).alias("status"),
        pl.when(~pl.col("in_unit"))
        .then(pl.format(f"IgG in {{}}; the limit is in {UNIT}", "units"))
        .when(~has & pl.col("open"))
        .then(pl.lit("a censored IgG leaves it open"))
        .when(left_out.is_not_null())
        .then(left_out)
        .alias("reason"),
        "evidence",
        pl.col("therapy_ids").alias("therapy_evidence"),
    )
    return _complete(inputs, rows, DEFICIENCY)


CHANGE = register(
    Definition(
        "IGPCT",
        "Immunoglobulin, % change from baseline",
        "%",
        "1",
        SOURCE,
        INPUTS,
        change,
        SHARED,
        summary=("numbers", "differences"),
    )
)
NADIR = register(
    Definition(
        "IGNADIR",
        "Immunoglobulin, nadir",
        "g/L",
        "1",
        SOURCE,
        INPUTS[:-1],
        nadir,
        (IMMUNOGLOBULINS, GIVEN, IVIG, EXCHANGE),
    )
)
DEFICIENCY = register(
    Definition(
        "IGGHYPO",
        "Hypogammaglobulinaemia, first day",
        "d",
        "1",
        SOURCE,
        INPUTS[:-1],
        hypogammaglobulinaemia,
        (IGG, HYPO, GIVEN, IVIG, EXCHANGE),
        summary=("categories", "numbers"),
    )
)
