"""Baseline and change of the rows of the endpoint table: of a laboratory result, or of an assessment's measure."""

from collections.abc import Mapping

import polars as pl

# Change in per cent of the baseline, and its sign: a fall is counted positive.
_PERCENT: Mapping[str, int] = {"TITERPCT": 1, "IGPCT": 1, "TITER50": -1, "TITER4F": -1}
_LOG2 = ("TITERLG2",)
# Measure of an assessment: its change as a difference, or relative to the baseline in per cent.
_DIFFERENCES = {"MRSS": "MRSSCHG", "HAQDI": "HAQDICHG"}
_RELATIVES = {"FVCPP": "FVCREL", "DLCOPP": "DLCOREL"}
# Answers in words about a change, beside the change itself.
_BESIDE = {"MRSSMCID": "MRSSCHG"}
# The baseline is got back from the value and its relative change: what the division leaves behind this is its own.
_DECIMALS = 9
_PLACE = ["subject_id", "SERIES", "AVISIT", "PROTDY"]


def with_baselines(rows: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Baseline value, its unit and the change from it, where an answer compares with a baseline.

    ``results``: those of ``baseline_id``, as ``cart.inputs.read_evidence`` gives them. An assessment's baseline is that
    of the row of its change at the same visit and day.
    """
    baselines = results.filter(pl.col("qualifier") == "=").select(
        pl.col("result_id").alias("baseline_id"), pl.col("value").alias("BASE"), pl.col("unit").alias("BASEU")
    )
    of_results = rows.join(baselines, on="baseline_id", how="left", maintain_order="left")
    of_measures = _measured(rows)
    code = pl.col("PARAMCD")
    sign = code.replace_strict(dict(_PERCENT), default=None, return_dtype=pl.Int64)
    change = (
        pl.when(sign.is_not_null())
        .then(pl.col("BASE") * sign * pl.col("AVAL") / 100)
        .when(code.is_in(_LOG2))
        .then(pl.col("BASE") * (pl.lit(2.0).pow(pl.col("AVAL")) - 1))
        .when(pl.col("AVALU") == pl.col("BASEU"))
        .then(pl.col("AVAL") - pl.col("BASE"))
    )
    return (
        of_results.with_columns(change.alias("CHG"))
        .join(of_measures, on=["PARAMCD", *_PLACE], how="left", maintain_order="left", nulls_equal=True)
        .with_columns(
            pl.coalesce("BASE", "measure_base").alias("BASE"),
            pl.coalesce("BASEU", "measure_unit").fill_null("").alias("BASEU"),
            pl.coalesce("CHG", "measure_change").alias("CHG"),
        )
        .drop("measure_base", "measure_unit", "measure_change")
    )


def _measured(rows: pl.DataFrame) -> pl.DataFrame:
    """Baseline and change by the code of the measure, of its change, and of the words beside."""
    known = rows.filter(pl.col("AVAL").is_not_null()).select("PARAMCD", *_PLACE, "AVAL", "AVALU")
    found = []
    for pairs, relative in ((_DIFFERENCES, False), (_RELATIVES, True)):
        for measure, change in pairs.items():
            both = known.filter(pl.col("PARAMCD") == measure).join(
                known.filter(pl.col("PARAMCD") == change).select(*_PLACE, pl.col("AVAL").alias("moved")),
                on=_PLACE,
                how="inner",
                nulls_equal=True,
            )
            base = pl.col("AVAL") / (1 + pl.col("moved") / 100) if relative else pl.col("AVAL") - pl.col("moved")
            told = both.select(
                *_PLACE, base.round(_DECIMALS).alias("measure_base"), "AVAL", pl.col("AVALU").alias("measure_unit")
            )
            told = told.with_columns(
                (pl.col("AVAL") - pl.col("measure_base")).round(_DECIMALS).alias("measure_change")
            ).drop("AVAL")
            names = (measure, change, *(one for one, other in _BESIDE.items() if other == change))
            found += [told.with_columns(pl.lit(name).alias("PARAMCD")) for name in names]
    return pl.concat(found)
