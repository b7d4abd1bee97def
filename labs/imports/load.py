"""Load checked rows: specimens numbered, results compared with what is there, everything by COPY.

One loader serves one transfer inside one transaction. Memory is bounded by the block: what earlier blocks
stored is found again in the database. While a block is on its way into the database the next is prepared.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import connection

from labs.imports.central_csv import FINDING_SCHEMA, FileRefusedError
from labs.imports.records import Checked
from labs.imports.specimens import SpecimenBook
from labs.models.result import ANALYTE_BITS, MAX_VERSION, VERSION_BITS, by_index
from trialsite.isolation.columns import CopiesBehind, copy_in, read_columns

# Columns that not every source has, with the value of one that has not; the database holds null instead.
OPTIONAL: dict[str, Any] = {
    "received_unit": "",
    "standard_text": "",
    "missing_reason": "",
    "range_low": None,
    "range_high": None,
    "range_flag": "",
    "baseline_flag": False,
    "source_sequence": None,
}
OPTIONAL_TEXTS = [name for name, default in OPTIONAL.items() if default == ""]
REQUIRED = ["line", "analyte_id", "assay_id", "qualifier", "value", "unit", "received_text"]
# What makes two deliveries of a value the same value. Numbers are derived from these texts.
CONTENT = {
    "received_text": "",
    "unit": "",
    **{name: OPTIONAL[name] for name in OPTIONAL if name not in ("range_low", "range_high")},
}
_CURRENT_SCHEMA = {
    "specimen_id": pl.Int64,
    "analyte_id": pl.Int64,
    "version": pl.Int64,
    "transfer_id": pl.Int64,
    **dict.fromkeys(CONTENT, pl.String),
    "source_sequence": pl.Int64,
}
# Key (without version) of every result of an earlier file that this one holds again, the same or changed. Of a
# file that is not cumulative only the same ones are noted.
SEEN = "seen_result"
_CONTRADICTION = f"""
WITH corrected AS MATERIALIZED (
    SELECT id, specimen_id, analyte_id, line FROM labs_result WHERE version > 1 AND transfer_id = %(transfer)s)
SELECT r.line, s.accession, a.code FROM corrected r JOIN {SEEN} k ON k.key = r.id >> {VERSION_BITS} AND k.same
JOIN labs_specimen s ON s.id = r.specimen_id JOIN labs_analyte a ON a.id = r.analyte_id
ORDER BY r.line LIMIT 1
"""
ONE_VALUE = "one value for one specimen and analyte in a file"


@dataclass(frozen=True)
class Loaded:
    """Rows of one block by what became of them, and the findings of the rows that were not taken."""

    applied: int
    corrected: int
    duplicate: int
    findings: pl.DataFrame


NOTHING = Loaded(0, 0, 0, pl.DataFrame(schema=FINDING_SCHEMA))


class ResultLoader:
    """Loads blocks of one transfer; a context, because COPYs go on behind it."""

    def __init__(
        self,
        *,
        study_id: int,
        laboratory_id: int,
        transfer_id: int,
        correction_reason: str,
        cumulative: bool = False,
        corrects: bool = True,
    ) -> None:
        self._transfer_id = transfer_id
        self._correction_reason = correction_reason
        self._cumulative = cumulative
        self._corrects = corrects
        self._held: tuple[pl.DataFrame, pl.DataFrame] | None = None
        self._copies = CopiesBehind()
        self._book = SpecimenBook(study_id=study_id, laboratory_id=laboratory_id, copies=self._copies)
        with connection.cursor() as cursor:
            # The triggers keep a statement's rows in memory: the default of 4 MB would send them to disk.
            cursor.execute("SET LOCAL work_mem = '256MB'")
            cursor.execute("CREATE TEMP TABLE IF NOT EXISTS incoming_key (id bigint) ON COMMIT DROP")
            cursor.execute(
                f"CREATE TEMP TABLE IF NOT EXISTS {SEEN} (key bigint, same boolean) ON COMMIT DROP; TRUNCATE {SEEN}"
            )

    def __enter__(self) -> "ResultLoader":
        self._copies.__enter__()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._copies.__exit__(kind, error, trace)

    def load(self, checked: Checked) -> Loaded:
        """Store a block of checked rows, but for the last specimen: its other rows may begin the next block."""
        rows, specimens = _with_dense_runs(*_joined(self._held, checked))
        if not rows.height:
            return NOTHING
        last = rows["run"] == specimens.height - 1
        self._held = rows.filter(last).with_columns(pl.lit(0, dtype=pl.UInt32).alias("run")), specimens.tail(1)
        return self._load(rows.filter(~last), specimens.head(-1))

    def finish(self) -> Loaded:
        """Store what :meth:`load` held back.

        Raises
        ------
        FileRefusedError
            A row of one block repeats a stored value that a row of another block changes.
        """
        held, self._held = self._held, None
        loaded = self._load(*held) if held is not None else NOTHING
        self._refuse_contradiction()
        return loaded

    def _refuse_contradiction(self) -> None:
        self._copies.settle()
        with by_index(), connection.cursor() as cursor:
            cursor.execute(_CONTRADICTION, {"transfer": self._transfer_id})
            found = cursor.fetchone()
        if found is not None:
            line, accession, analyte = found
            raise FileRefusedError(
                f"Line {line}: {analyte} of specimen {accession} has another value than a second row of this file "
                f"gives; expected {ONE_VALUE}. [conflicting-rows]",
                line=line,
                rule="conflicting-rows",
            )

    def _load(self, rows: pl.DataFrame, specimens: pl.DataFrame) -> Loaded:
        if not rows.height:
            return NOTHING
        findings = [pl.DataFrame(schema=FINDING_SCHEMA)]
        entered = self._book.enter(specimens)
        run = rows["run"]
        rows = rows.with_columns(entered["specimen_id"][run])
        stranger = entered["owner"] != specimens["subject_id"]
        if stranger.any():
            strange = stranger[run]
            findings.append(_of_other_subject(rows.filter(strange), specimens))
            rows = rows.filter(~strange)
        rows, repeated, conflicts = _without_repeats(rows)
        findings.append(_finding(conflicts, specimens, "conflicting-rows", ONE_VALUE))
        known = entered["known"][rows["run"]]
        fresh = rows.filter(~known) if known.any() else rows
        self._store(fresh.with_columns(pl.lit(1, dtype=pl.Int64).alias("version")))
        applied, corrected, duplicate = fresh.height, 0, repeated
        if fresh.height < rows.height:
            equal, corrections, clashes = self._compared(rows.filter(known))
            if not self._corrects:
                newer = corrections.filter(pl.col("version") > 1)
                findings.append(_finding(newer, specimens, "newer-value", "no other value from a later file"))
                corrections = corrections.filter(pl.col("version") == 1)
            full = corrections.filter(pl.col("version") > MAX_VERSION)
            corrections = corrections.filter(pl.col("version") <= MAX_VERSION)
            self._store(corrections)
            findings.append(_finding(clashes, specimens, "conflicting-rows", ONE_VALUE))
            findings.append(
                _finding(full, specimens, "too-many-versions", f"at most {MAX_VERSION} versions of a value")
            )
            applied += corrections.height
            corrected = corrections.filter(pl.col("version") > 1).height
            duplicate += equal
        return Loaded(applied, corrected, duplicate, pl.concat(findings))

    def _note_seen(self, beside: pl.DataFrame) -> None:
        """Remember in the database which results of earlier files this one holds too, and which of them the same."""
        key = pl.col("specimen_id") * 2**ANALYTE_BITS + pl.col("analyte_id").cast(pl.Int64)
        earlier = beside.filter(pl.col("there") & ~pl.col("own"))
        noted = earlier if self._cumulative else earlier.filter("same")
        self._copies.copy_in(SEEN, noted.select(key.alias("key"), "same"))

    def _compared(self, known: pl.DataFrame) -> tuple[int, pl.DataFrame, pl.DataFrame]:
        """Rows of specimens that were there: number of equal ones, corrections, clashes within this file."""
        current = self._current(known["specimen_id"].unique()).rename({name: f"{name}_old" for name in CONTENT})
        beside = known.join(current, on=["specimen_id", "analyte_id"], how="left", maintain_order="left")
        there = pl.col("version").is_not_null()
        own = (pl.col("transfer_id") == self._transfer_id).fill_null(value=False)
        beside = beside.with_columns(
            there.alias("there"), own.alias("own"), _same_content(beside, "_old").alias("same")
        )
        self._note_seen(beside)
        equal = pl.col("there") & pl.col("same")
        changed = beside.filter(~equal & ~(pl.col("there") & pl.col("own")))
        return (
            beside.filter(equal).height,
            changed.select(*known.columns, (pl.col("version").fill_null(0) + 1).alias("version")),
            beside.filter(pl.col("there") & ~pl.col("same") & pl.col("own")).select(known.columns),
        )

    def _current(self, specimen_ids: pl.Series) -> pl.DataFrame:
        """Latest version of every stored result of these specimens."""
        self._copies.settle()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE incoming_key")
        copy_in("incoming_key", pl.DataFrame({"id": specimen_ids.sort()}))
        bits = ANALYTE_BITS + VERSION_BITS
        every = read_columns(
            f"SELECT {', '.join(f'r.{name}' for name in _CURRENT_SCHEMA)}"
            f" FROM incoming_key k CROSS JOIN LATERAL (SELECT * FROM labs_result"
            f" WHERE id BETWEEN k.id << {bits} AND (k.id << {bits}) | {2**bits - 1} OFFSET 0) r ORDER BY r.id",
            {},
            _CURRENT_SCHEMA,
        ).with_columns(
            *(pl.col(name).fill_null("") for name in OPTIONAL_TEXTS),
            (pl.col("baseline_flag") == "t").fill_null(value=False),
        )
        return every.group_by(["specimen_id", "analyte_id"], maintain_order=True).last()

    def _store(self, rows: pl.DataFrame) -> None:
        if not rows.height:
            return
        key = (
            pl.col("specimen_id") * 2 ** (ANALYTE_BITS + VERSION_BITS)
            + pl.col("analyte_id").cast(pl.Int64) * 2**VERSION_BITS
            + pl.col("version")
        )
        correction = pl.when(pl.col("version") > 1).then(pl.lit(self._correction_reason))
        corrects = rows["version"].max() != 1
        self._copies.copy_in(
            "labs_result",
            rows.select(
                key.alias("id"),
                "specimen_id",
                "version",
                *REQUIRED,
                *(_or_null(name) for name in _filled(rows)),
                pl.lit(self._transfer_id).alias("transfer_id"),
                *([correction.alias("supersession_reason")] if corrects else []),
                # In the order of the index: neighbours meet on one page, whatever the order of the file.
            ).sort("id"),
        )


def _joined(held: tuple[pl.DataFrame, pl.DataFrame] | None, checked: Checked) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows and specimens with those held back before them."""
    if held is None:
        return checked.rows, checked.specimens
    rows, specimens = held
    later = checked.rows.with_columns(pl.col("run") + specimens.height)
    return pl.concat([rows, later.select(rows.columns)]), pl.concat([specimens, checked.specimens])


def _with_dense_runs(rows: pl.DataFrame, specimens: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same without specimens that no row names: the rows of those were all refused."""
    used = rows["run"].unique().sort()
    if used.len() == specimens.height:
        return rows, specimens
    dense = (pl.col("run").rank("dense") - 1).cast(pl.UInt32)
    return rows.with_columns(dense.alias("run")), specimens[used]


def _same_content(rows: pl.DataFrame, suffix: str) -> pl.Expr:
    """Do the columns agree with those of the suffix? A column the rows do not have counts as its default."""
    return pl.all_horizontal(
        (pl.col(name) if name in rows.columns else pl.lit(default)).eq_missing(pl.col(f"{name}{suffix}"))
        for name, default in CONTENT.items()
    )


def _filled(rows: pl.DataFrame) -> list[str]:
    """Optional columns that hold anything; the others stay out of the COPY."""
    there = {name: default for name, default in OPTIONAL.items() if name in rows.columns}
    empty = rows.select(pl.col(name).eq_missing(pl.lit(default)).all() for name, default in there.items())
    return [name for name in there if not empty[name][0]]


def _or_null(name: str) -> pl.Expr:
    """The column with null for its default, so that what is stored does not depend on the neighbours in a block."""
    if name in OPTIONAL_TEXTS:
        return pl.col(name).replace("", None)
    return pl.when(pl.col(name)).then(pl.col(name)).alias(name) if OPTIONAL[name] is False else pl.col(name)


def _without_repeats(rows: pl.DataFrame) -> tuple[pl.DataFrame, int, pl.DataFrame]:
    """First row of each specimen and analyte; how many later ones say the same; those that say otherwise."""
    key = ["specimen_id", "analyte_id"]
    packed = rows.select(pl.col("specimen_id") * 2**ANALYTE_BITS + pl.col("analyte_id")).to_series()
    if packed.n_unique() == rows.height:
        return rows, 0, rows.clear()
    is_first = packed.is_first_distinct()
    first, later = rows.filter(is_first), rows.filter(~is_first)
    content = [name for name in CONTENT if name in rows.columns]
    beside = later.join(first.select(*key, *content), on=key, how="left", maintain_order="left", suffix="_first")
    equal = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_first")) for name in content)
    return first, beside.filter(equal).height, beside.filter(~equal).select(rows.columns)


def _of_other_subject(rows: pl.DataFrame, specimens: pl.DataFrame) -> pl.DataFrame:
    return _finding(
        rows,
        specimens,
        "specimen-of-other-subject",
        "one subject per specimen: this accession and collection time belong to another subject",
        column="accession",
    )


def _finding(
    rows: pl.DataFrame, specimens: pl.DataFrame, rule: str, expected: str, *, column: str = ""
) -> pl.DataFrame:
    run = rows["run"]
    return rows.with_columns(specimens["accession"][run], specimens["collected"][run]).select(
        "line",
        pl.lit(column).alias("column"),
        pl.lit(rule).alias("rule"),
        pl.col("accession" if column else "received_text").str.slice(0, 200).alias("found"),
        pl.lit(expected).alias("expected"),
        pl.concat_str(["accession", "collected", "received_text"], separator=" | ").alias("text"),
    )
