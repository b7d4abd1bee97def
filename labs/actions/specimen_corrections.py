"""Specimens of which a later file says another condition, receipt, processing or visit: the later word counts."""

from django.db import connection

from labs.imports.specimens import CORRECTED, MAY_CHANGE

_PLACES = ", ".join(f"{name} = coalesce(c.{name}, s.{name})" for name in MAY_CHANGE)
_FIRST_WORDS = ", ".join(
    f"(array_agg({name} ORDER BY ctid) FILTER (WHERE {name} IS NOT NULL))[1] AS {name}" for name in MAY_CHANGE
)
# The audit trail keeps what was there; triggers mark the subjects for their endpoints.
_CORRECT = f"""
UPDATE labs_specimen s SET {_PLACES}
FROM (SELECT specimen_id, {_FIRST_WORDS} FROM {CORRECTED} GROUP BY specimen_id) c WHERE s.id = c.specimen_id
"""


def correct_specimens() -> int:
    """Write what the transfer of this transaction says otherwise; returns of how many specimens of earlier files."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {CORRECTED})")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_CORRECT)
        cursor.execute(f"SELECT count(DISTINCT specimen_id) FROM {CORRECTED} WHERE NOT own")
        return int(cursor.fetchone()[0])
