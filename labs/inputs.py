"""Laboratory tables to frames: the current results of subjects, as columns."""

from collections.abc import Sequence

import polars as pl

from trialsite.isolation.columns import read_columns

# One primary-key range per subject (LATERAL): with a plain ANY() every chunk would scan the whole table.
_OBSERVATIONS_SQL = """
SELECT r.id, s.subject_id, a.code,
    l.code || '/' || coalesce(v.kit, '') || '/' || r.unit,
    s.collected, s.collected_on, CASE WHEN length(s.collected) = 16 THEN s.collected || ':00'
        WHEN length(s.collected) = 19 THEN s.collected END,
    nullif(s.visit_label, ''), coalesce(r.source_sequence, 0),
    r.qualifier, r.value, coalesce(nullif(r.standard_text, ''), nullif(r.received_text, '')),
    v.lloq, v.uloq, v.cutoff, r.unit, coalesce(r.baseline_flag, false),
    s.condition IN ('good', 'other') AND r.missing_reason IS NULL{extra}
FROM unnest(%(subjects)s::bigint[]) AS wanted (subject_id)
CROSS JOIN LATERAL (
    SELECT * FROM labs_result
    WHERE id BETWEEN wanted.subject_id << 39 AND (wanted.subject_id << 39) | 549755813887
) r
JOIN labs_specimen s ON s.id = r.specimen_id
JOIN labs_analyte a ON a.id = r.analyte_id
JOIN labs_laboratory l ON l.id = s.laboratory_id
LEFT JOIN labs_assayversion v ON v.id = r.assay_id{join}
WHERE s.study_id = %(study)s
  AND NOT EXISTS (SELECT FROM labs_result n WHERE n.version > 1 AND n.id = r.id + 1)
"""

OBSERVATION_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "result_id": pl.Int64,
    "subject_id": pl.Int64,
    "analyte": pl.String,
    "series": pl.String,
    "collected_text": pl.String,
    "collected_on": pl.Date,
    "collected_at": pl.Datetime("us"),
    "visit": pl.String,
    "sequence": pl.Int64,
    "qualifier": pl.String,
    "value": pl.Float64,
    "value_text": pl.String,
    "lloq": pl.Float64,
    "uloq": pl.Float64,
    "cutoff": pl.Float64,
    "unit": pl.String,
    "baseline_flag": pl.String,
    "usable": pl.String,
}

SOURCE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "subject_code": pl.String,
    "source_code": pl.String,
    "test_code": pl.String,
    "line": pl.Int64,
    "source_sequence": pl.Int64,
    "received_text": pl.String,
    "received_unit": pl.String,
    "standard_text": pl.String,
    "missing_reason": pl.String,
    "range_low": pl.Float64,
    "range_high": pl.Float64,
    "range_flag": pl.String,
    "visit_number": pl.Float64,
}
_SOURCE_COLUMNS = """,
    j.code, j.source_code, coalesce(nullif(a.sdtm_test_code, ''), a.code), r.line, r.source_sequence,
    r.received_text, coalesce(r.received_unit, ''), coalesce(r.standard_text, ''),
    coalesce(r.missing_reason, ''), r.range_low, r.range_high, coalesce(r.range_flag, ''), s.visit_number"""
_SOURCE_JOIN = "\nJOIN cart_subject j ON j.id = s.subject_id"


def _flags(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("baseline_flag", "usable") == "t")


def observations(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``observations``: current results of these subjects, one row each, in key order.

    ``collected_on`` is null where the collection date is partial, ``collected_at`` (site-local, naive) where
    the time of day is unknown; ``usable`` is false for a specimen that must not be evaluated and for a
    result that is missing.
    """
    return _flags(
        read_columns(
            _OBSERVATIONS_SQL.format(extra="", join=""),
            {"study": study_id, "subjects": sorted(subject_ids)},
            OBSERVATION_SCHEMA,
        )
    )


def observations_with_source(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """The same rows with what the source said beside them (columns of ``SOURCE_SCHEMA``)."""
    return _flags(
        read_columns(
            _OBSERVATIONS_SQL.format(extra=_SOURCE_COLUMNS, join=_SOURCE_JOIN),
            {"study": study_id, "subjects": sorted(subject_ids)},
            {**OBSERVATION_SCHEMA, **SOURCE_SCHEMA},
        )
    )
