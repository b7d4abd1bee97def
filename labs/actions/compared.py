"""A cumulative file beside the one accepted before it: only what differs is checked and loaded.

That is right where everything that decided about the unchanged rows is as it was: layout, codes, kits, what is
known of the subjects, Trialsite itself, and the values that came of them. Otherwise the whole file is read.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass, fields
from typing import Any

import polars as pl
from django.db import connection

from cart.models import DataQuery
from labs.actions.raw_files import stored_path
from labs.imports.central_csv import Block
from labs.imports.changed import changes
from labs.imports.checks import References
from labs.imports.layout import Layout
from labs.models import Transfer
from labs.models.result import by_index
from trialsite import __version__

# Subjects of whom an unchanged row may still say something new: a value or a specimen that was corrected by hand since,
# or a vanished row whose query was closed while the result stayed.
_REREAD = f"""
WITH by_hand AS MATERIALIZED (SELECT id, specimen_id FROM labs_result WHERE version > 1 AND transfer_id IS NULL)
SELECT s.subject_id FROM by_hand r JOIN labs_specimen s ON s.id = r.specimen_id
WHERE s.study_id = %(study)s AND s.laboratory_id = %(laboratory)s
  AND NOT EXISTS (SELECT FROM labs_result n WHERE n.version > 1 AND n.id = r.id + 1)
UNION
SELECT s.subject_id FROM audit.event e JOIN audit.context c ON c.id = e.context_id
JOIN labs_specimen s ON s.id = e.row_id::bigint
WHERE e.table_name = 'labs_specimen' AND e.operation = 'U' AND c.at > %(since)s
  AND s.study_id = %(study)s AND s.laboratory_id = %(laboratory)s
UNION
SELECT s.subject_id FROM cart_dataquery q
JOIN labs_result r ON r.id = q.target_id JOIN labs_specimen s ON s.id = r.specimen_id
WHERE q.target_table = 'labs_result' AND q.origin = '{DataQuery.Origin.VANISHED_ROW}'
  AND q.status = '{DataQuery.Status.CLOSED}' AND s.study_id = %(study)s AND s.laboratory_id = %(laboratory)s
"""
_CORRECTED_BESIDE = """
WITH corrected AS MATERIALIZED (
    SELECT specimen_id FROM labs_result WHERE version > 1 AND transfer_id = %(transfer)s)
SELECT EXISTS (
    SELECT FROM corrected r JOIN labs_specimen s ON s.id = r.specimen_id WHERE NOT s.subject_id = ANY(%(subjects)s))
"""


@dataclass(frozen=True)
class Compared:
    """Blocks of a file that have to be read, the number of its other rows, and whose rows are read all."""

    blocks: list[Block]
    unchanged: int
    subjects: list[int]

    def is_sound(self, transfer: Transfer) -> bool:
        """False where a loaded row changes a value whose own row may stand unread in the file."""
        with by_index(), connection.cursor() as cursor:
            cursor.execute(_CORRECTED_BESIDE, {"transfer": transfer.pk, "subjects": self.subjects})
            return not cursor.fetchone()[0]


def basis_of(references: References, *, up_to: int | None = None) -> tuple[str, int]:
    """Digest of what rows are checked against, and the key of the last subject in it.

    A subject enrolled later decides about no earlier row: ``up_to`` leaves later ones out.
    """
    subjects = references.subjects.filter(pl.col("subject_id") <= up_to) if up_to is not None else references.subjects
    digest = hashlib.sha256(__version__.encode())
    for field in fields(references):
        frame = subjects if field.name == "subjects" else getattr(references, field.name)
        if isinstance(frame, pl.DataFrame):
            digest.update(field.name.encode())
            digest.update(frame.sort(frame.columns).write_csv().encode())
    return digest.hexdigest(), subjects["subject_id"].max() or 0  # type: ignore[return-value]


def compare_with_last(transfer: Transfer, references: References, layout: Layout) -> Compared | None:
    """What of a cumulative file differs from the last one; None where the whole file has to be read."""
    last = _last(transfer, references)
    if last is None:
        return None
    found = changes(
        stored_path(last.raw_file.sha256),
        stored_path(transfer.raw_file.sha256),
        layout,
        doubtful=quarantined_lines(last),
        reread=_reread(transfer, references, since=last.decided_at or last.received_at),
    )
    if found is None:
        return None
    read = references.subjects.filter(pl.col("subject").is_in(found.subjects))
    if read.height < len(found.subjects):
        return None
    return Compared(found.blocks, found.unchanged, read["subject_id"].to_list())


def quarantined_lines(transfer: Transfer) -> pl.Series:
    """Numbers of a transfer's lines that are quarantined."""
    rows = transfer.rows.filter(outcome="quarantined").order_by("line").values_list("line", flat=True).distinct()
    return pl.Series("line", list(rows), dtype=pl.Int64)


def _last(transfer: Transfer, references: References) -> Transfer | None:
    accepted = Transfer.objects.filter(
        study=transfer.study, laboratory=transfer.laboratory, state=Transfer.State.ACCEPTED
    )
    last = accepted.select_related("raw_file").order_by("-id").first()
    if last is None or (last.kind, last.layout) != (transfer.kind, transfer.layout):
        return None
    if last.basis != basis_of(references, up_to=last.basis_subject)[0]:
        return None
    if accepted.filter(raw_file=last.raw_file, id__lt=last.pk).exists():
        # Of a file that was read again only the quarantined rows were: its other rows may be superseded.
        return None
    return last


def _reread(transfer: Transfer, references: References, *, since: dt.datetime) -> list[str]:
    params: dict[str, Any] = {"study": transfer.study_id, "laboratory": transfer.laboratory_id, "since": since}
    with by_index(), connection.cursor() as cursor:
        cursor.execute(_REREAD, params)
        keys = [key for (key,) in cursor]
    return references.subjects.filter(pl.col("subject_id").is_in(keys))["subject"].to_list()
