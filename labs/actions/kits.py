"""Results that stand under another kit than the one in force on their day: shown, and put under it as new versions.

A laboratory says in April that it has used another kit since March; what came in March stands in the old kit's series,
where fold changes would run across the change.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from labs.models import Analyte, Laboratory, Result, lock_specimen_numbers
from labs.models.result import ANALYTE_BITS, MAX_VERSION, VERSION_BITS
from trialsite.audit.context import acting
from trialsite.isolation.columns import read_columns

_BITS = ANALYTE_BITS + VERSION_BITS
# Newest versions of one analyte at one laboratory by one range of the key per specimen, where the day's kit is another.
_ELSEWHERE = f"""
FROM labs_specimen s
JOIN labs_result r ON r.id BETWEEN (s.id << {_BITS}) | (%(analyte)s << {VERSION_BITS})
    AND (s.id << {_BITS}) | (%(analyte)s << {VERSION_BITS}) | {MAX_VERSION}
JOIN labs_assayversion v ON v.laboratory_id = s.laboratory_id AND v.analyte_id = r.analyte_id
    AND s.collected_on >= v.valid_from AND (v.valid_to IS NULL OR s.collected_on <= v.valid_to)
WHERE s.laboratory_id = %(laboratory)s AND r.assay_id IS DISTINCT FROM v.id
    AND NOT EXISTS (SELECT FROM labs_result n WHERE n.version > 1 AND n.id = r.id + 1)
"""
_LIST = f"""
SELECT r.id, t.code, u.code, s.accession, s.collected, r.received_text, r.unit,
    coalesce((SELECT trim(o.kit || ' ' || o.lot) FROM labs_assayversion o WHERE o.id = r.assay_id), ''),
    trim(e.kit || ' ' || e.lot), e.unit, r.version
FROM (SELECT r.*, v.id AS kit_id {_ELSEWHERE}) r
JOIN labs_assayversion e ON e.id = r.kit_id
JOIN labs_specimen s ON s.id = r.specimen_id
JOIN cart_subject u ON u.id = s.subject_id
JOIN cart_study t ON t.id = s.study_id
ORDER BY r.id
"""
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "result_id": pl.Int64,
    **dict.fromkeys(["study", "subject", "accession", "collected", "received_text", "unit"], pl.String),
    **dict.fromkeys(["kit_before", "kit_after", "kit_unit"], pl.String),
    "version": pl.Int64,
}
_NEW = {
    "id": "r.id + 1",
    "version": "r.version + 1",
    "assay_id": "v.id",
    "supersession_reason": "%(reason)s",
    "transfer_id": "NULL::integer",
    "line": "NULL::integer",
}


@dataclass(frozen=True)
class Elsewhere:
    """``results``: result_id, study, subject, accession, collected, received_text, unit, kit_before, kit_after,
    kit_unit, version."""

    results: pl.DataFrame

    @property
    def movable(self) -> pl.DataFrame:
        """Those in the unit of the kit in force, or without a result, that can have another version."""
        fits = (pl.col("unit") == pl.col("kit_unit")) | (pl.col("received_text") == "")
        return self.results.filter(fits & (pl.col("version") < MAX_VERSION))


def results_elsewhere(*, laboratory: Laboratory, analyte: Analyte) -> Elsewhere:
    """Newest results that stand under another kit than the one in force on the day of their collection, or none."""
    params = {"laboratory": laboratory.pk, "analyte": analyte.pk}
    return Elsewhere(read_columns(_LIST, params, _SCHEMA))


def move_to_kit(*, laboratory: Laboratory, analyte: Analyte, actor: str, reason: str) -> int:
    """Put such results under the kit in force on their day, each as its next version; returns how many.

    Raises
    ------
    ValidationError
        One has another unit than that kit, or 255 versions. Nothing is stored.
    """
    params: dict[str, Any] = {"laboratory": laboratory.pk, "analyte": analyte.pk, "reason": reason[:200]}
    with acting(actor=actor, reason=reason), transaction.atomic():
        for study in laboratory.specimens.order_by("study").values_list("study", flat=True).distinct():
            lock_specimen_numbers(study_id=study)
        found = results_elsewhere(laboratory=laboratory, analyte=analyte)
        stuck = found.results.join(found.movable, on="result_id", how="anti")
        if stuck.height:
            first = stuck.row(0, named=True)
            raise ValidationError(
                f"A result is in the unit of the kit in force, and has at most {MAX_VERSION} versions; found "
                f"{first['received_text']!r} in {first['unit'] or 'no unit'} of specimen {first['accession']} beside "
                f"{first['kit_after']} in {first['kit_unit'] or 'no unit'}. Correct the kit, or the result. [kit-unit]"
            )
        columns = [str(field.column) for field in Result._meta.local_concrete_fields]
        values = ", ".join(_NEW.get(column, f"r.{column}") for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO labs_result ({', '.join(columns)}) SELECT {values} {_ELSEWHERE} ORDER BY r.id", params
            )
            return int(cursor.rowcount)
