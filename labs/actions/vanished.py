"""Rows of earlier files that a cumulative file no longer holds: each opens a data query."""

from django.db import connection

from cart.models import DataQuery
from labs.imports.load import SEEN
from labs.models import Transfer
from labs.models.result import VERSION_BITS

# Of results that are withdrawn or missing already nothing is asked: only of the newest version, and where it came in
# a file of this laboratory. The laboratory's rows of one specimen may stand in several transfers.
_ASK = f"""
INSERT INTO cart_dataquery (subject_id, target_table, target_id, target_field, text, origin, status, opened_at)
SELECT s.subject_id, 'labs_result', r.id, '',
    left(format('%%s of specimen %%s (%%s) came in T-%%s, line %%s, and is not in the cumulative file %%s (T-%%s). '
        'Was it withdrawn?', a.code, s.accession, s.collected, to_char(r.transfer_id, 'FM0000'), r.line,
        t.file_name, to_char(t.id, 'FM0000')), 500),
    '{DataQuery.Origin.VANISHED_ROW}', '{DataQuery.Status.OPEN}', now()
FROM labs_transfer t
JOIN labs_specimen s ON s.laboratory_id = t.laboratory_id AND s.study_id = t.study_id
JOIN labs_result r ON r.specimen_id = s.id
    AND r.id BETWEEN s.id << 23 AND (s.id << 23) | 8388607
JOIN labs_transfer earlier ON earlier.id = r.transfer_id AND earlier.id <> t.id AND earlier.kind = t.kind
JOIN labs_analyte a ON a.id = r.analyte_id
WHERE t.id = %(transfer)s
  AND NOT EXISTS (SELECT FROM {SEEN} k WHERE k.key = r.id >> {VERSION_BITS})
  AND NOT EXISTS (SELECT FROM labs_result n WHERE n.version > 1 AND n.id = r.id + 1)
  AND (%(subjects)s::bigint[] IS NULL OR s.subject_id = ANY(%(subjects)s))
ORDER BY r.id
ON CONFLICT (target_table, target_id, target_field, origin) WHERE status <> 'closed' AND origin <> 'person' DO NOTHING
"""


def is_cumulative(transfer: Transfer) -> bool:
    """Does the layout under which the file came say that every file holds all rows so far?"""
    return bool(transfer.layout.get("delivery") == "cumulative")


def ask_for_vanished_rows(transfer: Transfer, subjects: list[int] | None = None) -> int:
    """Open a data query for each result of an earlier file that this one, just loaded, does not hold.

    ``subjects``: only theirs, where it is known that the others lost none. Returns how many queries were opened;
    what is being asked about already is not asked about again.
    """
    if subjects == []:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_ASK, {"transfer": transfer.pk, "subjects": subjects})
        return int(cursor.rowcount)
