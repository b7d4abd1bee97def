"""Assessments to frames: one frame a form, with the columns of ``clinical_frames.CLINICAL_FRAMES``."""

from collections.abc import Sequence

import polars as pl
from django.db import connection

from cart.endpoints.clinical_frames import CLINICAL_FRAMES, ITEMS_OF
from trialsite.isolation.columns import read_columns

_TABLES = {
    "skin_scores": "cart_skinscore",
    "ulcer_counts": "cart_digitalulcercount",
    "questionnaires": "cart_healthquestionnaire",
    "global_assessments": "cart_globalassessment",
    "spirometry": "cart_spirometry",
    "diffusing_capacity": "cart_diffusingcapacity",
    "lung_ultrasounds": "cart_lungultrasound",
    "hrct_scans": "cart_hrctscan",
    "echocardiograms": "cart_echocardiogram",
    "catheters": "cart_rightheartcatheter",
    "findings": "cart_diseasefindings",
}
_SHARED = {
    "record": "'{table}:' || r.id",
    "record_id": "r.id",
    "visit": "v.code",
    "not_done": "r.not_done_reason",
    "year_of_birth": "s.year_of_birth",
    "sex": "s.sex",
}
# GREATEST passes over NULL: the highest answer of those that were given.
_OF_FORM = {
    "questionnaires": {
        name: f"greatest({', '.join(f'r.{item}' for item in items)})" for name, items in ITEMS_OF.items()
    },
    # DLCO's equations know no groups; the shared function asks for the column.
    "diffusing_capacity": {"gli_group": "NULL"},
}
_SQL = """
SELECT {columns} FROM {table} r JOIN cart_subject s ON s.id = r.subject_id
LEFT JOIN cart_visit w ON w.id = r.visit_id LEFT JOIN cart_plannedvisit v ON v.id = w.planned_id
WHERE s.study_id = %(study)s AND r.subject_id = ANY(%(subjects)s) ORDER BY r.subject_id, r.assessed_on, r.id
"""


def clinical_frames(study_id: int, subject_ids: Sequence[int]) -> dict[str, pl.DataFrame]:
    """Every frame of assessments of these subjects; what was not done has its reason in ``not_done``."""
    params = {"study": study_id, "subjects": list(subject_ids)}
    filled = _filled(list(subject_ids))
    return {
        name: _read(name, params) if name in filled else pl.DataFrame(schema=dict(CLINICAL_FRAMES[name]))
        for name in _TABLES
    }


def _filled(subject_ids: list[int]) -> set[str]:
    """Forms of which these subjects have any: one question instead of reading ten tables in vain."""
    sql = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {table} WHERE subject_id = ANY(%(subjects)s))"
        for name, table in _TABLES.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"subjects": subject_ids})
        return {str(name) for (name,) in cursor.fetchall()}


def _read(name: str, params: dict[str, object]) -> pl.DataFrame:
    schema, table = CLINICAL_FRAMES[name], _TABLES[name]
    expressions = {**_SHARED, **_OF_FORM.get(name, {})}
    columns = ", ".join(expressions.get(column, f"r.{column}").format(table=table) for column in schema)
    as_read = {column: pl.String if dtype == pl.Boolean else dtype for column, dtype in schema.items()}
    frame = read_columns(_SQL.format(columns=columns, table=table), params, as_read)
    return frame.with_columns(pl.col(column) == "t" for column, dtype in schema.items() if dtype == pl.Boolean)
