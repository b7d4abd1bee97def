"""Checks of a block of rows against the trial: whole columns, one finding per row and rule. PURE.

What a row says of its specimen is checked once per run of rows that say the same; sentences are made only for
rows that break a rule.
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from labs.imports.central_csv import FINDING_SCHEMA
from labs.imports.dilutions import off_series
from labs.imports.layout import OPTIONAL, RowLayout
from labs.imports.numbers import result_columns
from labs.imports.records import AS_RECEIVED, CONDITION_SAID, PROCESSED, Checked, split_runs, with_specimens
from labs.imports.rules import (
    DAY,
    Rule,
    breaks_any,
    calendar_date,
    findings_of,
    result_rules,
    specimen_rules,
)
from labs.imports.times import TWICE, iso_text, on_site_clocks

SPECIMEN_COLUMNS = ["subject", "accession", "material", "collected", "visit", "condition", "received", "processed"]
CONDITIONS = {
    "": "good",
    "good": "good",
    "ok": "good",
    "haemolysed": "haemolysed",
    "hemolysed": "haemolysed",
    "hemolyzed": "haemolysed",
    "insufficient": "insufficient",
    "other": "other",
}
# Columns of some sources that go on to the loader as they are.
PASSED_ON = ("received_unit", "range_low", "range_high", "range_flag")
EMPTY_RESULT_REASONS = {"haemolysed": "haemolysed", "insufficient": "insufficient material"}


@dataclass(frozen=True)
class References:
    """What rows are checked against.

    ``subjects``: subject, subject_id, time_zone, year_of_birth, consent_on. ``codes``: code, analyte_id, kind.
    ``assays``: analyte_id, assay_id, assay_unit, valid_from, valid_to, dilution_start, dilution_factor. ``today``:
    nothing is collected later.
    """

    subjects: pl.DataFrame
    codes: pl.DataFrame
    assays: pl.DataFrame
    today: dt.date


def check_rows(block: pl.DataFrame, references: References, layout: RowLayout) -> Checked:
    """Check a block's rows.

    Parameters
    ----------
    block
        ``line`` and one text column per declared field of the layout; perhaps columns of ``PASSED_ON``.
    references
        Small frames of the trial and the laboratory.
    layout
        Declared layout.
    """
    absent = [name for name in OPTIONAL if name not in block.columns]
    rows, specimens = split_runs(block.with_columns(pl.lit("").alias(name) for name in absent), SPECIMEN_COLUMNS)
    specimens = _prepared_specimens(specimens, references, layout)
    rows = _prepared_results(rows, specimens, references, layout)
    of_specimen, of_result = specimen_rules(layout, references.today), result_rules(layout)
    bad = breaks_any(rows, of_result) | breaks_any(specimens, of_specimen)[rows["run"]]
    findings = pl.DataFrame(schema=FINDING_SCHEMA)
    if bad.any():
        whole = with_specimens(rows.filter(bad).drop("day", "without_day"), specimens)
        findings = findings_of(whole, [*of_specimen, *of_result], layout)
        rows = rows.filter(~bad)
    said = _condition_said(rows, specimens)
    rows, clashing = _without_clashes(rows, specimens, said, layout)
    return Checked(
        rows.select(
            "run",
            "line",
            "analyte_id",
            "assay_id",
            pl.col("qualifier").fill_null("="),
            "value",
            "unit",
            pl.col("result").alias("received_text"),
            "missing_reason",
            *(name for name in PASSED_ON if name in rows.columns),
        ),
        specimens.select(
            "subject_id",
            "accession",
            "material",
            pl.col("moment").alias("collected"),
            pl.col("visit").alias("visit_label"),
            pl.col("state").alias("condition"),
            pl.col("receipt").alias("received"),
            *((pl.col("processing").replace("", None).alias(PROCESSED),) if "processed" not in absent else ()),
            *((said,) if "condition" not in absent else ()),
            *(name for name in (AS_RECEIVED,) if name in specimens.columns),
        ),
        pl.concat([findings, clashing]) if clashing.height else findings,
        twice=rows["line"].filter(specimens[TWICE][rows["run"]]) if TWICE in specimens.columns else None,
    )


def _prepared_specimens(specimens: pl.DataFrame, references: References, layout: RowLayout) -> pl.DataFrame:
    """Specimens with the columns of ``TIMES`` (ISO text), day, state, what the clocks said, columns of the subject."""
    stripped = specimens.with_columns(
        pl.col("subject", "accession", "collected", "condition", "received", "processed").str.strip_chars(" ")
    )
    dated = stripped.with_columns(
        iso_text(pl.col("collected"), layout).alias("moment"),
        iso_text(pl.col("received"), layout).alias("receipt"),
        iso_text(pl.col("processed"), layout).alias("processing"),
        pl.col("condition").str.to_lowercase().replace_strict(CONDITIONS, default=None).alias("state"),
    )
    joined = dated.join(references.subjects, on="subject", how="left", maintain_order="left")
    length = pl.col("moment").str.len_chars()
    return on_site_clocks(joined, layout).with_columns(
        calendar_date(pl.col("moment")).alias("day"),
        ((length > 0) & (length < DAY)).fill_null(value=False).alias("without_day"),
    )


def _prepared_results(
    rows: pl.DataFrame, specimens: pl.DataFrame, references: References, layout: RowLayout
) -> pl.DataFrame:
    """Rows with analyte_id, kind, day, without_day, columns of the assay, qualifier, value, missing_reason."""
    run = rows["run"]
    rows = rows.with_columns(
        pl.col("code", "unit", "reason").str.strip_chars(" "),
        specimens["day"][run],
        specimens["without_day"][run],
        specimens["state"][run],
    ).join(references.codes, on="code", how="left", maintain_order="left")
    rows = _with_assays(rows, references.assays)
    qualifier, value = result_columns(rows["result"], titer=rows["kind"] == "titer", decimal_mark=layout.decimal_mark)
    rows = rows.with_columns(off_series(rows.with_columns(value), references.assays))
    numeric = pl.col("kind") != "text"
    reason = (
        pl.when(pl.col("reason") != "")
        .then(pl.col("reason"))
        .otherwise(pl.col("state").replace_strict(EMPTY_RESULT_REASONS, default=""))
    )
    return rows.with_columns(
        pl.when(numeric).then(qualifier).alias("qualifier"),
        pl.when(numeric).then(value).alias("value"),
        pl.when(pl.col("result").str.strip_chars(" ") == "").then(reason).otherwise(pl.lit("")).alias("missing_reason"),
    ).drop("state")


def _with_assays(rows: pl.DataFrame, assays: pl.DataFrame) -> pl.DataFrame:
    """Rows with the assay version in force on their day."""
    # Few distinct pairs of analyte and day against few assay versions.
    pairs = rows.select("analyte_id", "day").unique().drop_nulls()
    in_force = (
        pairs.join(assays, on="analyte_id", how="inner")
        .filter(
            (pl.col("day") >= pl.col("valid_from"))
            & ((pl.col("day") <= pl.col("valid_to")) | pl.col("valid_to").is_null())
        )
        .select("analyte_id", "day", "assay_id", "assay_unit", "dilution_start", "dilution_factor")
    )
    return rows.join(in_force, on=["analyte_id", "day"], how="left", maintain_order="left")


def _condition_said(rows: pl.DataFrame, specimens: pl.DataFrame) -> pl.Series:
    """Condition of each run in so many words, as ``CONDITION_SAID``.

    A row without a result says why there is none: `insufficient` was the material for that test alone.
    """
    with_result = rows["run"].filter(rows["missing_reason"] == "").unique()
    speaks = pl.int_range(pl.len()).cast(pl.UInt32).is_in(with_result.implode())
    word = pl.when(pl.col("condition") == "").then(pl.lit("")).otherwise("state")
    return specimens.select(pl.when(speaks).then(word).alias(CONDITION_SAID)).to_series()


def _without_clashes(
    rows: pl.DataFrame, specimens: pl.DataFrame, said: pl.Series, layout: RowLayout
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows without those that give one specimen two conditions, and a finding for each of those."""
    no_findings = pl.DataFrame(schema=FINDING_SCHEMA)
    tubes = specimens.select("accession", "material", "moment", said).with_row_index("run")
    tubes = tubes.filter(pl.col(CONDITION_SAID) != "")
    if tubes[CONDITION_SAID].n_unique() < 2:
        return rows, no_findings
    several = pl.col(CONDITION_SAID).n_unique().over("accession", "material", "moment") > 1
    clashing = tubes.filter(several)["run"]
    clash = pl.col("run").is_in(clashing.implode()) & (pl.col("missing_reason") == "")
    rule = Rule("condition", "conflicting-conditions", pl.lit(value=True), "one condition for one specimen in a file")
    whole = with_specimens(rows.filter(clash).drop("day", "without_day"), specimens)
    return rows.filter(~clash), findings_of(whole, [rule], layout)
