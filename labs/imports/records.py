"""Shapes between checking and loading: results in rows, their specimens once per run of rows. PURE."""

from dataclasses import dataclass

import polars as pl

# What a row says of the tube; a laboratory writes the rows of one tube one after the other.
SPECIMEN_FIELDS = ["subject_id", "accession", "material", "collected", "visit_label", "condition", "received"]
# Where a source numbers its visits.
VISIT_NUMBER = "visit_number"
# Where a layout declares a time zone: the collection time as it came, with its zone.
AS_RECEIVED = "collected_as_received"
# Where a source says when the tube was processed.
PROCESSED = "processed"
# Condition in the words of rows that have a result: '' where they leave it empty, null of rows without a result. Only
# a word contradicts another row of the file, or corrects a specimen that an earlier file brought.
CONDITION_SAID = "condition_said"


@dataclass(frozen=True)
class Records:
    """Rows that hold, every one with the fields of its specimen, and what the others met."""

    rows: pl.DataFrame
    findings: pl.DataFrame


@dataclass(frozen=True)
class Checked:
    """Rows that hold, ready to load, and what the others met.

    ``specimens``: one row per run, ``SPECIMEN_FIELDS`` and perhaps ``visit_number``, ``PROCESSED``,
    ``CONDITION_SAID``. ``rows``: ``run`` (row of ``specimens``), line, analyte_id, assay_id, qualifier, value (text,
    point as decimal mark), unit, received_text, missing_reason, and what else the source has. ``findings``: columns of
    ``FINDING_SCHEMA``; a row may have several. ``refused``: where a line can hold several rows, the line of each row
    that is not taken; else every line with a finding is one. ``twice``: lines of rows, among ``rows``, whose
    collection time the clocks showed twice.
    """

    rows: pl.DataFrame
    specimens: pl.DataFrame
    findings: pl.DataFrame
    refused: pl.Series | None = None
    twice: pl.Series | None = None

    @property
    def bad(self) -> pl.Series:
        """Line of each row that is not taken."""
        return self.findings["line"].unique() if self.refused is None else self.refused


def split_runs(rows: pl.DataFrame, fields: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows without ``fields`` but with ``run``, and the fields once per run of rows that agree in all of them."""
    changed = rows.select(
        pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in fields)
    ).to_series()
    if rows.height:
        changed[0] = True
    run = (changed.cum_sum() - 1).cast(pl.UInt32).alias("run")
    return rows.drop(fields).with_columns(run), rows.select(fields).filter(changed)


def with_specimens(rows: pl.DataFrame, specimens: pl.DataFrame) -> pl.DataFrame:
    """Rows with the fields of their specimens again."""
    return rows.hstack(specimens[rows["run"]].get_columns())


def in_runs(records: Records) -> Checked:
    """Flat rows in the shape of the loader."""
    fields = [name for name in (*SPECIMEN_FIELDS, VISIT_NUMBER) if name in records.rows.columns]
    rows, specimens = split_runs(records.rows, fields)
    return Checked(rows, specimens, records.findings)
