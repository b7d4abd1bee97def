"""Load checked rows: specimens numbered, results compared with what is there, everything by COPY.

One loader serves one transfer inside one transaction. Memory is bounded by the block: what earlier blocks
stored is found again in the database.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import connection

from labs.imports.central_csv import FINDING_SCHEMA
from labs.models import SPECIMEN_BITS, lock_specimen_numbers
from labs.models.result import ANALYTE_BITS, MAX_VERSION, VERSION_BITS
from labs.models.specimen import MAX_SPECIMEN_NUMBER
from trialsite.isolation.columns import copy_in, read_columns

KEY = ["accession", "material", "collected"]
# Columns beyond the check's own, with the value of a source that does not have them.
OPTIONAL: dict[str, Any] = {
    "visit_number": pl.lit(None, dtype=pl.String),
    "received_unit": pl.lit(""),
    "standard_text": pl.lit(""),
    "range_low": pl.lit(None, dtype=pl.String),
    "range_high": pl.lit(None, dtype=pl.String),
    "range_flag": pl.lit(""),
    "baseline_flag": pl.lit(value=False),
    "source_sequence": pl.lit(None, dtype=pl.Int64),
}
# What makes two deliveries of a value the same value. Numbers are derived from these texts.
CONTENT = [
    "received_text",
    "received_unit",
    "standard_text",
    "unit",
    "missing_reason",
    "range_flag",
    "baseline_flag",
    "source_sequence",
]
SPECIMEN_COLUMNS = [
    "id",
    "subject_id",
    "study_id",
    "number",
    "laboratory_id",
    "accession",
    "material",
    "collected",
    "visit_label",
    "visit_number",
    "condition",
    "received",
]
RESULT_COLUMNS = [
    "id",
    "specimen_id",
    "analyte_id",
    "version",
    "assay_id",
    "transfer_id",
    "line",
    "source_sequence",
    "qualifier",
    "value",
    "unit",
    "received_text",
    "received_unit",
    "standard_text",
    "missing_reason",
    "range_low",
    "range_high",
    "range_flag",
    "baseline_flag",
    "supersession_reason",
]
# Columns with a default in the database.
DEFAULTED = [
    "source_sequence",
    "received_unit",
    "standard_text",
    "missing_reason",
    "range_low",
    "range_high",
    "range_flag",
    "baseline_flag",
    "supersession_reason",
]
_EXISTING_SCHEMA = {**dict.fromkeys(KEY, pl.String), "specimen_id": pl.Int64, "existing_owner": pl.Int64}
# Above this the keys are looked up in the database again: memory stays bounded.
MAX_REMEMBERED = 1_000_000
_CURRENT_SCHEMA = {
    "specimen_id": pl.Int64,
    "analyte_id": pl.Int64,
    "version": pl.Int64,
    "transfer_id": pl.Int64,
    "received_text": pl.String,
    "received_unit": pl.String,
    "standard_text": pl.String,
    "unit": pl.String,
    "missing_reason": pl.String,
    "range_flag": pl.String,
    "baseline_flag": pl.String,
    "source_sequence": pl.Int64,
}


@dataclass(frozen=True)
class Loaded:
    """Rows of one block by what became of them, and the findings of the rows that were not taken."""

    applied: int
    corrected: int
    duplicate: int
    findings: pl.DataFrame


class ResultLoader:
    """Loads blocks of one transfer."""

    def __init__(self, *, study_id: int, laboratory_id: int, transfer_id: int, correction_reason: str) -> None:
        self._study_id = study_id
        self._laboratory_id = laboratory_id
        self._transfer_id = transfer_id
        self._correction_reason = correction_reason
        self._last_number: dict[int, int] = {}
        # Specimens this transfer made, while the database held none of this laboratory and study before it.
        self._own: pl.DataFrame | None = None
        # Whoever numbers specimens of this study waits here until this transaction ends.
        lock_specimen_numbers(study_id=study_id)
        with connection.cursor() as cursor:
            # The triggers keep a statement's rows in memory: the default of 4 MB would send them to disk.
            cursor.execute("SET LOCAL work_mem = '256MB'")
            cursor.execute(
                "CREATE TEMP TABLE IF NOT EXISTS incoming_specimen"
                " (accession text, material text, collected text) ON COMMIT DROP"
            )
            cursor.execute("CREATE TEMP TABLE IF NOT EXISTS incoming_key (id bigint) ON COMMIT DROP")
            cursor.execute(
                "SELECT EXISTS (SELECT FROM labs_specimen WHERE laboratory_id = %s AND study_id = %s)",
                [laboratory_id, study_id],
            )
            if not cursor.fetchone()[0]:
                self._own = pl.DataFrame(schema=_EXISTING_SCHEMA)

    def load(self, rows: pl.DataFrame) -> Loaded:
        """Store a block of checked rows."""
        if not rows.height:
            return Loaded(0, 0, 0, pl.DataFrame(schema=FINDING_SCHEMA))
        rows = rows.with_columns(value.alias(name) for name, value in OPTIONAL.items() if name not in rows.columns)
        rows, strangers = self._with_specimens(rows)
        rows, repeated, conflicts = _without_repeats(rows)
        known = rows.filter("known")
        fresh = rows.filter(~pl.col("known")).with_columns(pl.lit(1, dtype=pl.Int64).alias("version"))
        same, corrections, clashes = self._compared(known)
        full = corrections.filter(pl.col("version") > MAX_VERSION)
        corrections = corrections.filter(pl.col("version") <= MAX_VERSION)
        stored = pl.concat([fresh, corrections.select(fresh.columns)])
        self._store(stored)
        findings = [
            strangers,
            _finding(conflicts, "conflicting-rows", "one value for one specimen and analyte in a file"),
            _finding(clashes, "conflicting-rows", "one value for one specimen and analyte in a file"),
            _finding(full, "too-many-versions", f"at most {MAX_VERSION} versions of a value"),
        ]
        duplicates = repeated + same
        corrected = corrections.filter(pl.col("version") > 1).height
        return Loaded(stored.height, corrected, duplicates, pl.concat(findings))

    def _with_specimens(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows with ``specimen_id`` and ``known`` (the specimen was there before this block)."""
        specimens = rows.unique(KEY, keep="first", maintain_order=True).rename({"subject_id": "owner"})
        existing = self._existing(specimens)
        specimens = specimens.join(existing, on=KEY, how="left", maintain_order="left")
        owner = pl.coalesce("existing_owner", "owner")
        rows = rows.join(
            specimens.select(*KEY, owner.alias("owner"), "specimen_id"), on=KEY, how="left", maintain_order="left"
        )
        stranger = pl.col("owner") != pl.col("subject_id")
        strangers = _finding(
            rows.filter(stranger),
            "specimen-of-other-subject",
            "one subject per specimen: this accession and collection time belong to another subject",
            column="accession",
        )
        numbered = self._number(specimens.filter(pl.col("specimen_id").is_null()))
        full = numbered.filter(pl.col("number") > MAX_SPECIMEN_NUMBER)
        if full.height:
            raise ValueError(
                f"Subject {full['owner'][0]} would have over {MAX_SPECIMEN_NUMBER} specimens. [specimen-key]"
            )
        self._store_specimens(numbered)
        ids = pl.concat(
            [
                numbered.select(*KEY, pl.col("id").alias("new_id")),
                pl.DataFrame(schema={**dict.fromkeys(KEY, pl.String), "new_id": pl.Int64}),
            ]
        )
        rows = rows.filter(~stranger).join(ids, on=KEY, how="left", maintain_order="left")
        return (
            rows.with_columns(
                pl.col("specimen_id").is_not_null().alias("known"),
                pl.coalesce("specimen_id", "new_id").alias("specimen_id"),
            ).drop("new_id", "owner"),
            strangers,
        )

    def _existing(self, specimens: pl.DataFrame) -> pl.DataFrame:
        """Specimens of these keys that are stored, with the subject they belong to."""
        if self._own is not None:
            # Under the study's lock nobody else can have made one since.
            return self._own.join(specimens.select(KEY), on=KEY, how="semi")
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE incoming_specimen")
        copy_in("incoming_specimen", specimens.select(KEY))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE incoming_specimen")
        return read_columns(
            "SELECT i.accession, i.material, i.collected, s.id, s.subject_id"
            # OFFSET 0 keeps this a look-up per key in the unique index: the planner knows nothing of the rows
            # that this very transaction stored and would read the whole table for every block.
            " FROM incoming_specimen i CROSS JOIN LATERAL (SELECT id, subject_id FROM labs_specimen"
            " WHERE laboratory_id = %(laboratory)s AND accession = i.accession AND study_id = %(study)s"
            " AND material = i.material AND collected = i.collected OFFSET 0) s",
            {"laboratory": self._laboratory_id, "study": self._study_id},
            _EXISTING_SCHEMA,
        )

    def _number(self, new: pl.DataFrame) -> pl.DataFrame:
        """Give new specimens the next numbers of their subjects."""
        owners = new["owner"].unique().to_list()
        unseen = [owner for owner in owners if owner not in self._last_number]
        if unseen:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT t.id, coalesce((SELECT max(s.id) FROM labs_specimen s"
                    " WHERE s.id BETWEEN t.id << 16 AND (t.id << 16) | 65535) & 65535, 0)"
                    " FROM unnest(%s::bigint[]) AS t (id)",
                    [unseen],
                )
                self._last_number.update(cursor.fetchall())
        number = pl.col("owner").replace_strict(self._last_number, return_dtype=pl.Int64) + pl.col(
            "owner"
        ).cum_count().over("owner")
        numbered = (
            new.with_columns(number.alias("number"))
            if new.height
            else new.with_columns(pl.lit(0, dtype=pl.Int64).alias("number"))
        )
        self._last_number.update(numbered.group_by("owner").agg(pl.col("number").max()).iter_rows())
        return numbered.with_columns((pl.col("owner") * 2**SPECIMEN_BITS + pl.col("number")).alias("id"))

    def _store_specimens(self, numbered: pl.DataFrame) -> None:
        if self._own is not None:
            made = numbered.select(*KEY, pl.col("id").alias("specimen_id"), pl.col("owner").alias("existing_owner"))
            self._own = pl.concat([self._own, made])
            if self._own.height > MAX_REMEMBERED:
                self._own = None
        copy_in(
            "labs_specimen",
            numbered.with_columns(
                pl.col("owner").alias("subject_id"),
                pl.lit(self._study_id).alias("study_id"),
                pl.lit(self._laboratory_id).alias("laboratory_id"),
            ).select(SPECIMEN_COLUMNS),
        )

    def _compared(self, known: pl.DataFrame) -> tuple[int, pl.DataFrame, pl.DataFrame]:
        """Rows of specimens that were there: number of equal ones, corrections, clashes within this file."""
        if not known.height:
            empty = known.with_columns(pl.lit(1, dtype=pl.Int64).alias("version"))
            return 0, empty, known
        current = self._current(known["specimen_id"].unique())
        beside = known.join(current, on=["specimen_id", "analyte_id"], how="left", maintain_order="left", suffix="_old")
        there = pl.col("version").is_not_null()
        equal = there & pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_old")) for name in CONTENT)
        own = pl.col("transfer_id") == self._transfer_id
        beside = beside.with_columns(
            there.alias("there"), equal.alias("equal"), own.fill_null(value=False).alias("own")
        )
        changed = beside.filter(~pl.col("equal") & ~(pl.col("there") & pl.col("own")))
        return (
            beside.filter("equal").height,
            changed.with_columns((pl.col("version").fill_null(0) + 1).alias("version")),
            beside.filter(pl.col("there") & ~pl.col("equal") & pl.col("own")).select(known.columns),
        )

    def _current(self, specimen_ids: pl.Series) -> pl.DataFrame:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE incoming_key")
        copy_in("incoming_key", pl.DataFrame({"id": specimen_ids.sort()}))
        bits = ANALYTE_BITS + VERSION_BITS
        every = read_columns(
            "SELECT r.specimen_id, r.analyte_id, r.version, r.transfer_id, r.received_text, r.received_unit,"
            " r.standard_text, r.unit, r.missing_reason, r.range_flag, r.baseline_flag, r.source_sequence"
            f" FROM incoming_key k CROSS JOIN LATERAL (SELECT * FROM labs_result"
            f" WHERE id BETWEEN k.id << {bits} AND (k.id << {bits}) | {2**bits - 1} OFFSET 0) r ORDER BY r.id",
            {},
            _CURRENT_SCHEMA,
        ).with_columns(pl.col("baseline_flag") == "t")
        return every.group_by(["specimen_id", "analyte_id"], maintain_order=True).last()

    def _store(self, rows: pl.DataFrame) -> None:
        correction = pl.when(pl.col("version") > 1).then(pl.lit(self._correction_reason)).otherwise(pl.lit(""))
        key = (
            pl.col("specimen_id") * 2 ** (ANALYTE_BITS + VERSION_BITS)
            + pl.col("analyte_id").cast(pl.Int64) * 2**VERSION_BITS
            + pl.col("version")
        )
        whole = rows.with_columns(
            key.alias("id"),
            pl.lit(self._transfer_id).alias("transfer_id"),
            correction.alias("supersession_reason"),
        ).select(RESULT_COLUMNS)
        # What nobody filled the column defaults fill: half of the columns, and a fifth of the time.
        copy_in("labs_result", whole.drop(_unfilled(whole)))


def _unfilled(rows: pl.DataFrame) -> list[str]:
    """Columns that hold nothing but their default."""
    empty = {
        name: pl.col(name).is_null()
        | (~pl.col(name) if name == "baseline_flag" else pl.col(name).cast(pl.String) == "")
        for name in DEFAULTED
    }
    if not rows.height:
        return []
    found = rows.select(test.fill_null(value=True).all().alias(name) for name, test in empty.items()).row(0, named=True)
    return [name for name, unfilled in found.items() if unfilled]


def _without_repeats(rows: pl.DataFrame) -> tuple[pl.DataFrame, int, pl.DataFrame]:
    """First row of each specimen and analyte; how many later ones say the same; those that say otherwise."""
    key = ["specimen_id", "analyte_id"]
    position = pl.int_range(pl.len()).over(key)
    numbered = rows.with_columns(position.alias("position"))
    first, later = numbered.filter(pl.col("position") == 0), numbered.filter(pl.col("position") > 0)
    if not later.height:
        return first.drop("position"), 0, later.drop("position")
    beside = later.join(first.select(*key, *CONTENT), on=key, how="left", suffix="_first")
    equal = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_first")) for name in CONTENT)
    return first.drop("position"), beside.filter(equal).height, beside.filter(~equal).select(rows.columns)


def _finding(rows: pl.DataFrame, rule: str, expected: str, *, column: str = "") -> pl.DataFrame:
    return rows.select(
        "line",
        pl.lit(column).alias("column"),
        pl.lit(rule).alias("rule"),
        pl.col("accession" if column else "received_text").str.slice(0, 200).alias("found"),
        pl.lit(expected).alias("expected"),
        pl.concat_str(["accession", "collected", "received_text"], separator=" | ").alias("text"),
    )
