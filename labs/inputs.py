"""Laboratory tables to frames: the current results of subjects, as columns."""

from collections.abc import Collection, Sequence

import polars as pl

from cart.endpoints.delta_check import DeltaLimit
from labs.units.standard import ANALYTE_SCHEMA, BRIDGE_SCHEMA, FACTOR_SCHEMA, Conversions
from trialsite.isolation.columns import read_columns

# One primary-key range per subject (LATERAL): with a plain ANY() every chunk would scan the whole table. Results and
# specimens are read apart and joined here: the planner takes a range it does not know for a ninth of the table, and
# would read all specimens of the study for one subject.
# Analytes and assay versions are few: their columns are set beside the results here, not sent with each of them.
_RESULTS_SQL = """
SELECT r.id, r.analyte_id, r.assay_id, coalesce(r.source_sequence, 0),
    r.qualifier, r.value, coalesce(nullif(r.standard_text, ''), nullif(r.received_text, '')),
    r.unit, coalesce(r.baseline_flag, false), r.missing_reason IS NULL{source}
FROM unnest(%(subjects)s::bigint[]) AS wanted (subject_id)
CROSS JOIN LATERAL (
    SELECT * FROM labs_result
    WHERE id BETWEEN wanted.subject_id << 39 AND (wanted.subject_id << 39) | 549755813887{only}
) r
"""
_OF_ANALYTES = " AND analyte_id = ANY(%(analytes)s::smallint[])"
_ANALYTES_SQL = "SELECT id, code, coalesce(nullif(sdtm_test_code, ''), code) FROM labs_analyte"
_ASSAYS_SQL = "SELECT id, kit, lloq, uloq, cutoff FROM labs_assayversion"
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
# A result's key begins with its subject's (39 bits follow), and goes on with the specimen's number (16 of them).
_RESULTS_OF_SPECIMEN = 1 << (39 - 16)
_RESULT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "result_id": pl.Int64,
    "analyte_id": pl.Int64,
    "assay_id": pl.Int64,
    "sequence": pl.Int64,
    "qualifier": pl.String,
    "value": pl.Float64,
    "value_text": pl.String,
    "unit": pl.String,
    "baseline_flag": pl.String,
    "has_value": pl.String,
}
_ANALYTE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "analyte_id": pl.Int64,
    "analyte": pl.String,
    "test_code": pl.String,
}
_ASSAY_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "assay_id": pl.Int64,
    "kit": pl.String,
    "lloq": pl.Float64,
    "uloq": pl.Float64,
    "cutoff": pl.Float64,
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
    "line": pl.Int64,
    "source_sequence": pl.Int64,
    "received_text": pl.String,
    "received_unit": pl.String,
    "standard_text": pl.String,
    "missing_reason": pl.String,
    "range_low": pl.Float64,
    "range_high": pl.Float64,
    "range_flag": pl.String,
}
_SOURCE_OF_SPECIMEN: dict[str, pl.DataType | type[pl.DataType]] = {
    "subject_code": pl.String,
    "source_code": pl.String,
    "visit_number": pl.Float64,
    "material": pl.String,
    "sex": pl.String,
    "year_of_birth": pl.Int64,
}
SOURCE_COLUMNS = ("test_code", *_SOURCE_OF_RESULT, "assay_id", *_SOURCE_OF_SPECIMEN, "laboratory", "kit")
_RESULT_SOURCE_SQL = """,
    r.line, r.source_sequence, r.received_text,
    coalesce(r.received_unit, ''), coalesce(r.standard_text, ''), coalesce(r.missing_reason, ''),
    r.range_low, r.range_high, coalesce(r.range_flag, '')"""
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


def observations(study_id: int, subject_ids: Sequence[int], analytes: Collection[str] | None = None) -> pl.DataFrame:
    """Frame ``observations``: current results of these subjects, one row each, in key order; of all analytes, or some.

    ``collected_on`` is null where the collection date is partial, ``collected_at`` (site-local, naive) where
    the time of day is unknown; ``usable`` is false for a specimen that must not be evaluated and for a
    result that is missing. ``series``: laboratory, kit and unit, within which values are compared.
    """
    known = read_columns(_ANALYTES_SQL, {}, _ANALYTE_SCHEMA)
    if analytes is not None:
        known = known.filter(pl.col("analyte").is_in(list(analytes)))
    params = {"study": study_id, "subjects": sorted(subject_ids), "analytes": known["analyte_id"].to_list()}
    only = "" if analytes is None else _OF_ANALYTES
    return _joined(
        read_columns(_RESULTS_SQL.format(source="", only=only), params, _RESULT_SCHEMA),
        read_columns(_SPECIMENS_SQL.format(source="", join=""), params, _SPECIMEN_SCHEMA),
        known,
    ).select(OBSERVATION_COLUMNS)


def observations_with_source(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """The same rows with what the source said beside them (columns of ``SOURCE_COLUMNS``)."""
    params = {"study": study_id, "subjects": sorted(subject_ids)}
    results = _RESULTS_SQL.format(source=_RESULT_SOURCE_SQL, only="")
    specimens = _SPECIMENS_SQL.format(source=_SPECIMEN_SOURCE_SQL, join=_SPECIMEN_SOURCE_JOIN)
    return _joined(
        read_columns(results, params, {**_RESULT_SCHEMA, **_SOURCE_OF_RESULT}),
        read_columns(specimens, params, {**_SPECIMEN_SCHEMA, **_SOURCE_OF_SPECIMEN}),
        read_columns(_ANALYTES_SQL, {}, _ANALYTE_SCHEMA),
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


def _joined(results: pl.DataFrame, specimens: pl.DataFrame, analytes: pl.DataFrame) -> pl.DataFrame:
    """Newest version of each result with its specimen, analyte and assay, in key order."""
    # Every version of a subject's results is in its range, one after the other: the key ends with the version.
    ordered = results.sort("result_id")
    newest = ordered.filter((pl.col("result_id").shift(-1) != pl.col("result_id") + 1).fill_null(value=True))
    assays = read_columns(_ASSAYS_SQL, {}, _ASSAY_SCHEMA)
    beside = (
        newest.with_columns((pl.col("result_id") // _RESULTS_OF_SPECIMEN).alias("specimen_id"))
        .join(specimens, on="specimen_id", how="inner", maintain_order="left")
        .join(analytes, on="analyte_id", how="inner", maintain_order="left")
        .join(assays, on="assay_id", how="left", maintain_order="left")
        .with_columns(pl.col("kit").fill_null(""))
    )
    return beside.with_columns(
        pl.concat_str("laboratory", "kit", "unit", separator="/").alias("series"),
        pl.col("baseline_flag") == "t",
        ((pl.col("condition_usable") == "t") & (pl.col("has_value") == "t")).alias("usable"),
    )
