"""Laboratory tables to frames: the current results of subjects, as columns."""

from collections.abc import Sequence

import polars as pl

from cart.endpoints.delta_check import DeltaLimit
from labs.units.standard import ANALYTE_SCHEMA, BRIDGE_SCHEMA, FACTOR_SCHEMA, Conversions
from trialsite.isolation.columns import read_columns

# One primary-key range per subject (LATERAL): with a plain ANY() every chunk would scan the whole table. Results and
# specimens are read apart and joined here: the planner takes a range it does not know for a ninth of the table, and
# would read all specimens of the study for one subject.
_RESULTS_SQL = """
SELECT r.id, r.specimen_id, a.code, coalesce(v.kit, ''), coalesce(r.source_sequence, 0),
    r.qualifier, r.value, coalesce(nullif(r.standard_text, ''), nullif(r.received_text, '')),
    v.lloq, v.uloq, v.cutoff, r.unit, coalesce(r.baseline_flag, false), r.missing_reason IS NULL{source}
FROM unnest(%(subjects)s::bigint[]) AS wanted (subject_id)
CROSS JOIN LATERAL (
    SELECT * FROM labs_result
    WHERE id BETWEEN wanted.subject_id << 39 AND (wanted.subject_id << 39) | 549755813887
) r
JOIN labs_analyte a ON a.id = r.analyte_id
LEFT JOIN labs_assayversion v ON v.id = r.assay_id
"""
_SPECIMENS_SQL = """
SELECT s.id, s.subject_id, l.code, s.collected, s.collected_on,
    CASE WHEN length(s.collected) = 16 THEN s.collected || ':00' WHEN length(s.collected) = 19 THEN s.collected END,
    nullif(s.visit_label, ''), s.condition IN ('good', 'other'){source}
FROM unnest(%(subjects)s::bigint[]) AS wanted (subject_id)
CROSS JOIN LATERAL (
    SELECT * FROM labs_specimen WHERE id BETWEEN wanted.subject_id << 16 AND (wanted.subject_id << 16) | 65535
) s
JOIN labs_laboratory l ON l.id = s.laboratory_id{join}
WHERE s.study_id = %(study)s
"""
_RESULT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "result_id": pl.Int64,
    "specimen_id": pl.Int64,
    "analyte": pl.String,
    "kit": pl.String,
    "sequence": pl.Int64,
    "qualifier": pl.String,
    "value": pl.Float64,
    "value_text": pl.String,
    "lloq": pl.Float64,
    "uloq": pl.Float64,
    "cutoff": pl.Float64,
    "unit": pl.String,
    "baseline_flag": pl.String,
    "has_value": pl.String,
}
_SPECIMEN_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "specimen_id": pl.Int64,
    "subject_id": pl.Int64,
    "laboratory": pl.String,
    "collected_text": pl.String,
    "collected_on": pl.Date,
    "collected_at": pl.Datetime("us"),
    "visit": pl.String,
    "condition_usable": pl.String,
}

OBSERVATION_COLUMNS = (
    "result_id",
    "subject_id",
    "analyte",
    "series",
    "collected_text",
    "collected_on",
    "collected_at",
    "visit",
    "sequence",
    "qualifier",
    "value",
    "value_text",
    "lloq",
    "uloq",
    "cutoff",
    "unit",
    "baseline_flag",
    "usable",
)

_SOURCE_OF_RESULT: dict[str, pl.DataType | type[pl.DataType]] = {
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
    "assay_id": pl.Int64,
}
_SOURCE_OF_SPECIMEN: dict[str, pl.DataType | type[pl.DataType]] = {
    "subject_code": pl.String,
    "source_code": pl.String,
    "visit_number": pl.Float64,
    "material": pl.String,
    "sex": pl.String,
    "year_of_birth": pl.Int64,
}
SOURCE_COLUMNS = (*_SOURCE_OF_RESULT, *_SOURCE_OF_SPECIMEN, "laboratory", "kit")
_RESULT_SOURCE_SQL = """,
    coalesce(nullif(a.sdtm_test_code, ''), a.code), r.line, r.source_sequence, r.received_text,
    coalesce(r.received_unit, ''), coalesce(r.standard_text, ''), coalesce(r.missing_reason, ''),
    r.range_low, r.range_high, coalesce(r.range_flag, ''), r.assay_id"""
_SPECIMEN_SOURCE_SQL = ", j.code, j.source_code, s.visit_number, s.material, j.sex, j.year_of_birth"
_SPECIMEN_SOURCE_JOIN = "\nJOIN cart_subject j ON j.id = s.subject_id"

RANGE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "range_id": pl.Int64,
    **dict.fromkeys(["laboratory", "analyte", "kit", "sex"], pl.String),
    **dict.fromkeys(["age_from", "age_to"], pl.Int64),
    **dict.fromkeys(["valid_from", "valid_to"], pl.Date),
    "range_unit": pl.String,
    **dict.fromkeys(["lln", "uln"], pl.Float64),
}
_RANGES_SQL = """
SELECT g.id, l.code, a.code, g.kit, g.sex, g.age_from, g.age_to, g.valid_from, g.valid_to, g.unit, g.low, g.high
FROM labs_referencerange g JOIN labs_laboratory l ON l.id = g.laboratory_id JOIN labs_analyte a ON a.id = g.analyte_id
WHERE g.state = 'approved' ORDER BY g.id
"""
_DELTA_LIMIT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "analyte": pl.String,
    "kind": pl.String,
    "limit": pl.Float64,
    "unit": pl.String,
    "window_days": pl.Int64,
    "source": pl.String,
}
_DELTA_LIMITS_SQL = """
SELECT a.code, d.kind, d."limit", d.unit, d.window_days, d.source
FROM labs_deltalimit d JOIN labs_analyte a ON a.id = d.analyte_id ORDER BY a.code
"""


def approved_ranges() -> pl.DataFrame:
    """Reference ranges in force at some time, as :func:`cart.endpoints.reference_ranges.with_ranges` wants them."""
    return read_columns(_RANGES_SQL, {}, RANGE_SCHEMA)


def delta_limits() -> list[DeltaLimit]:
    """Limits of the delta checks, one per analyte that has one."""
    rows = read_columns(_DELTA_LIMITS_SQL, {}, _DELTA_LIMIT_SCHEMA)
    return [DeltaLimit(*row) for row in rows.iter_rows()]


_STANDARD_UNITS_SQL = "SELECT code, standard_unit FROM labs_analyte ORDER BY id"
_FACTORS_SQL = """
SELECT f.id, a.code, f.from_unit, f.to_unit, f.factor, f.valid_from, f.valid_to
FROM labs_conversionfactor f JOIN labs_analyte a ON a.id = f.analyte_id
WHERE f.state = 'approved' ORDER BY f.id
"""
_BRIDGES_SQL = """
SELECT id, from_assay_id, from_unit, to_unit, method, slope, intercept, valid_from, valid_to
FROM labs_bridgingfactor WHERE state = 'approved' ORDER BY id
"""


def approved_conversions() -> Conversions:
    """Standard units and the factors in force at some time, for :func:`labs.units.standard.standard_values`."""
    return Conversions(
        analytes=read_columns(_STANDARD_UNITS_SQL, {}, ANALYTE_SCHEMA),
        factors=read_columns(_FACTORS_SQL, {}, FACTOR_SCHEMA),
        bridges=read_columns(_BRIDGES_SQL, {}, BRIDGE_SCHEMA),
    )


def observations(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``observations``: current results of these subjects, one row each, in key order.

    ``collected_on`` is null where the collection date is partial, ``collected_at`` (site-local, naive) where
    the time of day is unknown; ``usable`` is false for a specimen that must not be evaluated and for a
    result that is missing. ``series``: laboratory, kit and unit, within which values are compared.
    """
    params = {"study": study_id, "subjects": sorted(subject_ids)}
    return _joined(
        read_columns(_RESULTS_SQL.format(source=""), params, _RESULT_SCHEMA),
        read_columns(_SPECIMENS_SQL.format(source="", join=""), params, _SPECIMEN_SCHEMA),
    ).select(OBSERVATION_COLUMNS)


def observations_with_source(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """The same rows with what the source said beside them (columns of ``SOURCE_COLUMNS``)."""
    params = {"study": study_id, "subjects": sorted(subject_ids)}
    results = _RESULTS_SQL.format(source=_RESULT_SOURCE_SQL)
    specimens = _SPECIMENS_SQL.format(source=_SPECIMEN_SOURCE_SQL, join=_SPECIMEN_SOURCE_JOIN)
    return _joined(
        read_columns(results, params, {**_RESULT_SCHEMA, **_SOURCE_OF_RESULT}),
        read_columns(specimens, params, {**_SPECIMEN_SCHEMA, **_SOURCE_OF_SPECIMEN}),
    ).select(*OBSERVATION_COLUMNS, *SOURCE_COLUMNS)


_EVIDENCE_SQL = """
SELECT r.id, r.qualifier, r.value, r.unit FROM unnest(%(results)s::bigint[]) AS wanted (id)
JOIN labs_result r USING (id) ORDER BY r.id
"""
_EVIDENCE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "result_id": pl.Int64,
    "qualifier": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
}


def evidence(result_ids: Sequence[int]) -> pl.DataFrame:
    """Qualifier, value and unit of results that answers rest on, by their keys."""
    return read_columns(_EVIDENCE_SQL, {"results": sorted(result_ids)}, _EVIDENCE_SCHEMA)


def _joined(results: pl.DataFrame, specimens: pl.DataFrame) -> pl.DataFrame:
    """Newest version of each result with its specimen, in key order."""
    # Every version of a subject's results is in its range, one after the other: the key ends with the version.
    ordered = results.sort("result_id")
    newest = ordered.filter((pl.col("result_id").shift(-1) != pl.col("result_id") + 1).fill_null(value=True))
    return newest.join(specimens, on="specimen_id", how="inner", maintain_order="left").with_columns(
        pl.concat_str("laboratory", "kit", "unit", separator="/").alias("series"),
        pl.col("baseline_flag") == "t",
        ((pl.col("condition_usable") == "t") & (pl.col("has_value") == "t")).alias("usable"),
    )
