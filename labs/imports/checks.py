"""Checks of a block of rows against the trial: whole columns, one finding per row and rule. PURE.

What a row says of its specimen is checked once per run of rows that say the same; sentences are made only for
rows that break a rule.
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from labs.imports.central_csv import FINDING_SCHEMA
from labs.imports.layout import RowLayout
from labs.imports.numbers import result_columns
from labs.imports.records import AS_RECEIVED, Checked, split_runs, with_specimens
from labs.imports.rules import (
    DAY,
    breaks_any,
    calendar_date,
    findings_of,
    result_rules,
    specimen_rules,
)
from labs.imports.times import TWICE, iso_text, on_site_clocks

SPECIMEN_COLUMNS = ["subject", "accession", "material", "collected", "visit", "condition", "received"]
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
    ``assays``: analyte_id, assay_id, assay_unit, valid_from, valid_to. ``today``: nothing is collected later.
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
    absent = [name for name in ("material", "visit", "condition", "received", "reason") if name not in block.columns]
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
            *(name for name in (AS_RECEIVED,) if name in specimens.columns),
        ),
        findings,
        twice=rows["line"].filter(specimens[TWICE][rows["run"]]) if TWICE in specimens.columns else None,
    )


def _prepared_specimens(specimens: pl.DataFrame, references: References, layout: RowLayout) -> pl.DataFrame:
    """Specimens with moment, receipt (ISO text), day, state, what the clocks said, and the subject's columns."""
    stripped = specimens.with_columns(
        pl.col("subject", "accession", "collected", "condition", "received").str.strip_chars(" ")
    )
    dated = stripped.with_columns(
        iso_text(pl.col("collected"), layout).alias("moment"),
        iso_text(pl.col("received"), layout).alias("receipt"),
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
    """Rows with analyte_id, kind, day, without_day, assay_id, assay_unit, qualifier, value, missing_reason."""
    run = rows["run"]
    rows = rows.with_columns(
        pl.col("code", "unit", "reason").str.strip_chars(" "),
        specimens["day"][run],
        specimens["without_day"][run],
        specimens["state"][run],
    ).join(references.codes, on="code", how="left", maintain_order="left")
    rows = _with_assays(rows, references.assays)
    qualifier, value = result_columns(rows["result"], titer=rows["kind"] == "titer", decimal_mark=layout.decimal_mark)
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
        .select("analyte_id", "day", "assay_id", "assay_unit")
    )
    return rows.join(in_force, on=["analyte_id", "day"], how="left", maintain_order="left")
