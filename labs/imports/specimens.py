"""Specimens of a transfer: found again, or numbered within their subject and stored."""

import polars as pl
from django.db import connection

from labs.imports.central_csv import FileRefusedError
from labs.imports.records import AS_RECEIVED, CONDITION_SAID, PROCESSED, VISIT_NUMBER
from labs.imports.said_conditions import SaidConditions
from labs.models import SPECIMEN_BITS, lock_specimen_numbers
from labs.models.specimen import MAX_SPECIMEN_NUMBER
from trialsite.isolation.columns import CopiesBehind, copy_in, read_columns

KEY = ["accession", "material", "collected"]
# Above this every key is looked up in the database: memory stays bounded (8 bytes each).
MAX_REMEMBERED = 4_000_000
# A block with more new subjects than this announces a file of the whole study.
MANY_SUBJECTS = 50
# What a later file may say anew of a tube; what it leaves empty it does not say.
MAY_CHANGE = ("condition", "received", PROCESSED, "visit_label")
_EXISTING_SCHEMA = {
    **dict.fromkeys(KEY, pl.String),
    "specimen_id": pl.Int64,
    "owner": pl.Int64,
    **dict.fromkeys(MAY_CHANGE, pl.String),
}
# What this transfer says otherwise (null: nothing) of specimens that were there, or that an earlier row of it made
# (own), for labs.actions.specimen_corrections.
CORRECTED = "corrected_specimen"


class SpecimenBook:
    """Specimens of one study at one laboratory, inside one transaction."""

    def __init__(self, *, study_id: int, laboratory_id: int, copies: CopiesBehind) -> None:
        self._study_id = study_id
        self._laboratory_id = laboratory_id
        self._copies = copies
        self._said = SaidConditions(KEY)
        self._last_number: dict[int, int] = {}
        self._first_number: dict[int, int] = {}
        # Hashes of the keys this transfer made, while the database held none of this laboratory and study before
        # it. A key without its hash here is new; one with it may be another's, so the database is asked.
        self._own: pl.Series | None = None
        # Whoever numbers specimens of this study waits here until this transaction ends.
        lock_specimen_numbers(study_id=study_id)
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMP TABLE IF NOT EXISTS incoming_specimen"
                " (accession text, material text, collected text) ON COMMIT DROP"
            )
            columns = ", ".join(["specimen_id bigint", "own boolean", *(f"{name} text" for name in MAY_CHANGE)])
            cursor.execute(
                f"CREATE TEMP TABLE IF NOT EXISTS {CORRECTED} ({columns}) ON COMMIT DROP; TRUNCATE {CORRECTED}"
            )
            cursor.execute(
                "SELECT EXISTS (SELECT FROM labs_specimen WHERE laboratory_id = %s AND study_id = %s)",
                [laboratory_id, study_id],
            )
            if not cursor.fetchone()[0]:
                self._own = _hashes(pl.DataFrame(schema=dict.fromkeys(KEY, pl.String)))

    def enter(self, specimens: pl.DataFrame) -> pl.DataFrame:
        """Store what is new of the specimens.

        Returns
        -------
        pl.DataFrame
            Row by row: ``specimen_id``, ``owner`` (subject the specimen belongs to), ``known`` (it was there
            before). A row of another subject than the owner is for the caller to refuse.

        Raises
        ------
        FileRefusedError
            An earlier block of this file gave a specimen another condition.
        """
        first = _once(specimens)
        self._said.note(first)
        existing = self._existing(first)
        self._note_corrections(first, existing)
        new = first.join(existing, on=KEY, how="anti", maintain_order="left") if existing.height else first
        made = self._numbered(new)
        self._store(made)
        all_known = pl.concat(
            [
                existing.select(*KEY, "specimen_id", "owner", pl.lit(value=True).alias("known")),
                made.select(*KEY, "specimen_id", "owner", pl.lit(value=False).alias("known")),
            ]
        )
        return specimens.select(KEY).join(all_known, on=KEY, how="left", maintain_order="left").drop(KEY)

    def _existing(self, specimens: pl.DataFrame) -> pl.DataFrame:
        """Specimens of these keys that are stored, with the subject they belong to."""
        if self._own is not None:
            # Under the study's lock nobody else can have made one since.
            hashes = _hashes(specimens)
            met = self._own.filter(self._own.is_in(hashes.implode()))
            specimens = specimens.filter(hashes.is_in(met.implode()))
        if not specimens.height:
            return pl.DataFrame(schema=_EXISTING_SCHEMA)
        self._copies.settle()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE incoming_specimen")
        copy_in("incoming_specimen", specimens.select(KEY))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE incoming_specimen")
        return read_columns(
            f"SELECT i.accession, i.material, i.collected, s.id, s.subject_id, {', '.join(MAY_CHANGE)}"
            # OFFSET 0 keeps this a look-up per key in the unique index: the planner knows nothing of the rows
            # that this very transaction stored and would read the whole table for every block.
            " FROM incoming_specimen i CROSS JOIN LATERAL (SELECT * FROM labs_specimen"
            " WHERE laboratory_id = %(laboratory)s AND accession = i.accession AND study_id = %(study)s"
            " AND material = i.material AND collected = i.collected OFFSET 0) s",
            {"laboratory": self._laboratory_id, "study": self._study_id},
            _EXISTING_SCHEMA,
        )

    def _note_corrections(self, first: pl.DataFrame, existing: pl.DataFrame) -> None:
        """Remember in the database which specimens are another's word now."""
        if CONDITION_SAID not in first.columns or not existing.height:
            return
        told = self._told(first, existing)
        self._copies.copy_in(CORRECTED, told.select("specimen_id", "own", *MAY_CHANGE))

    def _told(self, first: pl.DataFrame, existing: pl.DataFrame) -> pl.DataFrame:
        """What rows say otherwise of specimens that are there; null where they say nothing, or the same."""
        beside = first.join(existing, on=KEY, how="inner", suffix="_before", maintain_order="left")
        beside = beside.filter(pl.col("owner") == pl.col("subject_id")).with_columns(
            (pl.col("specimen_id") % 2**SPECIMEN_BITS > self._before("owner")).alias("own"),
        )
        word = pl.col(CONDITION_SAID)
        doubtful = beside.filter((pl.col("condition_before") != "good") & word.is_not_null())["specimen_id"]
        beside = beside.with_columns(pl.col("specimen_id").is_in(self._without_value(doubtful)).alias("open"))
        said = {name: pl.col(name).replace("", None) for name in MAY_CHANGE if name in first.columns}
        said["condition"] = pl.when(word == "").then(pl.when("open").then(pl.lit("good"))).otherwise(word)
        # Of what this very file brought the first row counts, but for a condition that it left open.
        counts = {name: pl.lit(value=True) if name == "condition" else ~pl.col("own") for name in said}
        return beside.select(
            "specimen_id",
            "own",
            *(
                pl.when(said[name].ne_missing(pl.col(f"{name}_before")) & counts[name]).then(said[name]).alias(name)
                if name in said
                else pl.lit(None, dtype=pl.String).alias(name)
                for name in MAY_CHANGE
            ),
        ).filter(pl.any_horizontal(pl.col(name).is_not_null() for name in MAY_CHANGE))

    def _without_value(self, specimen_ids: pl.Series) -> list[int]:
        """Those that have results of which none is a value: what these say of the material is said of their tests."""
        if not specimen_ids.len():
            return []
        self._copies.settle()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT k FROM unnest(%s::bigint[]) k CROSS JOIN LATERAL"
                " (SELECT bool_or(received_text <> '') AS has_value FROM labs_result"
                " WHERE id BETWEEN k << 23 AND (k << 23) | 8388607) r WHERE NOT r.has_value",
                [specimen_ids.to_list()],
            )
            return [key for (key,) in cursor]

    def _before(self, subject: str) -> pl.Expr:
        """Last number of the subject's specimens before this transfer."""
        return pl.col(subject).replace_strict(self._first_number, default=MAX_SPECIMEN_NUMBER, return_dtype=pl.Int64)

    def _numbered(self, new: pl.DataFrame) -> pl.DataFrame:
        """New specimens with the next numbers of their subjects."""
        owners = new["subject_id"].unique().to_list()
        self._learn_last_numbers([owner for owner in owners if owner not in self._last_number])
        last = pl.col("subject_id").replace_strict(self._last_number, default=0, return_dtype=pl.Int64)
        place = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("subject_id")
        numbered = new.with_columns((last + place).alias("number"), pl.col("subject_id").alias("owner"))
        self._last_number.update(numbered.group_by("owner").agg(pl.col("number").max()).iter_rows())
        full = numbered.filter(pl.col("number") > MAX_SPECIMEN_NUMBER)
        if full.height:
            raise FileRefusedError(
                f"Accession {full['accession'][0]!r}: a subject has at most {MAX_SPECIMEN_NUMBER} specimens. "
                "[specimen-key]",
                line=1,
                rule="specimen-key",
            )
        return numbered.with_columns(
            (pl.col("owner") * 2**SPECIMEN_BITS + pl.col("number")).cast(pl.Int64).alias("specimen_id")
        )

    def _learn_last_numbers(self, unseen: list[int]) -> None:
        if not unseen:
            return
        self._copies.settle()
        wanted, params = ("unnest(%s::bigint[]) AS t (id)", [unseen])
        if len(unseen) > MANY_SUBJECTS:
            # Once for all: later blocks need not wait for the connection.
            wanted, params = ("cart_subject t WHERE t.study_id = %s", [self._study_id])  # type: ignore[list-item]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT t.id, coalesce((SELECT max(s.id) FROM labs_specimen s"
                f" WHERE s.id BETWEEN t.id << 16 AND (t.id << 16) | 65535) & 65535, 0) FROM {wanted}",
                params,
            )
            # What this transfer counted itself is newer than what the database may have been asked before.
            found = dict(cursor.fetchall())
        self._last_number = {**found, **self._last_number}
        self._first_number = {**found, **self._first_number}

    def _store(self, made: pl.DataFrame) -> None:
        if self._own is not None:
            self._own = pl.concat([self._own, _hashes(made)])
            if self._own.len() > MAX_REMEMBERED:
                self._own = None
        optional = [name for name in (VISIT_NUMBER, AS_RECEIVED, PROCESSED) if name in made.columns]
        self._copies.copy_in(
            "labs_specimen",
            made.select(
                pl.col("specimen_id").alias("id"),
                "subject_id",
                pl.lit(self._study_id).alias("study_id"),
                "number",
                pl.lit(self._laboratory_id).alias("laboratory_id"),
                *KEY,
                "visit_label",
                *optional,
                "condition",
                "received",
            ),
        )


def _hashes(specimens: pl.DataFrame) -> pl.Series:
    return specimens.select(pl.struct(KEY).hash()).to_series()


def _once(specimens: pl.DataFrame) -> pl.DataFrame:
    """The first row of each specimen, with the condition that rows with a result give it."""
    first = specimens.unique(KEY, keep="first", maintain_order=True)
    if CONDITION_SAID not in specimens.columns:
        return first
    if first.height < specimens.height:
        # A word sorts behind none.
        said = specimens.drop_nulls(CONDITION_SAID).group_by(KEY).agg(pl.col(CONDITION_SAID).max())
        first = first.drop(CONDITION_SAID).join(said, on=KEY, how="left", maintain_order="left")
    word = pl.col(CONDITION_SAID)
    return first.with_columns(
        pl.when(word == "").then(pl.lit("good")).otherwise(pl.coalesce(word, "condition")).alias("condition")
    )
