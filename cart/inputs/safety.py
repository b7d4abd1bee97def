"""Safety tables to frames: treatments with their doses, adverse events, days of CRS and ICANS, last visits."""

from collections.abc import Sequence

import polars as pl

from cart.endpoints.prepared import FRAMES
from cart.endpoints.toxicity.crs import has_fever
from cart.endpoints.toxicity.icans import ICE_PARTS, ice_scores
from trialsite.isolation.columns import read_columns

Schema = dict[str, type[pl.DataType]]
_OF_SUBJECTS = (
    " JOIN cart_subject s ON s.id = t.subject_id WHERE s.study_id = %(study)s AND t.subject_id = ANY(%(subjects)s)"
)
_TREATMENTS_SQL = (
    "SELECT t.id, t.subject_id, t.drug, t.therapy_class,"
    " CASE WHEN length(t.started) >= 10 THEN left(t.started, 10) END,"
    " CASE WHEN length(t.stopped) >= 10 THEN left(t.stopped, 10) END,"
    " t.ongoing, t.prior, t.daily_dose_mg, d.given_on, d.doses, d.dose_mg, t.dose, t.dose_unit"
    " FROM cart_concomitanttherapy t LEFT JOIN cart_therapydose d ON d.therapy_id = t.id"
    f"{_OF_SUBJECTS} ORDER BY t.id, d.given_on, d.id"
)
# The weight of the dose: of the first course that has a weight at all.
_WEIGHTS_SQL = (
    "SELECT DISTINCT ON (t.subject_id) t.subject_id, t.weight_kg FROM cart_infusioncourse t"
    f"{_OF_SUBJECTS} ORDER BY t.subject_id, t.number"
)
_EVENTS_SQL = (
    f"SELECT t.id, t.subject_id, t.started, t.grade, t.dlt FROM cart_adverseevent t{_OF_SUBJECTS} ORDER BY t.id"
)
_CRS_SQL = (
    "SELECT t.id, t.subject_id, t.assessed_on, t.temperature_max_c, t.fever_other_cause, t.fever_masked,"
    " nullif(t.hypotension, ''), nullif(t.hypoxia, ''), t.fatal, t.investigator_grade"
    f" FROM cart_crsassessment t{_OF_SUBJECTS} AND t.not_done_reason = '' ORDER BY t.subject_id, t.assessed_on"
)
_ICANS_SQL = (
    f"SELECT t.id, t.subject_id, t.assessed_on, {', '.join(f't.ice_{part}' for part in ICE_PARTS)},"
    " nullif(t.consciousness, ''), nullif(t.seizure, ''), t.motor_weakness, nullif(t.oedema, ''), t.fatal,"
    " t.investigator_grade"
    f" FROM cart_icansassessment t{_OF_SUBJECTS} AND t.not_done_reason = '' ORDER BY t.subject_id, t.assessed_on"
)
_LAST_VISITS_SQL = (
    f"SELECT t.subject_id, max(t.occurred_on) FROM cart_visit t{_OF_SUBJECTS} AND t.status = 'occurred'"
    " GROUP BY t.subject_id ORDER BY t.subject_id"
)


def _read(sql: str, study_id: int, subject_ids: Sequence[int], schema: Schema) -> pl.DataFrame:
    """Rows of a query with their columns; Booleans come as text."""
    plain = {name: pl.String if dtype == pl.Boolean else dtype for name, dtype in schema.items()}
    frame = read_columns(sql, {"study": study_id, "subjects": list(subject_ids)}, plain)
    return frame.with_columns(pl.col(name) == "t" for name, dtype in schema.items() if dtype == pl.Boolean)


def treatments(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``treatments``: every therapy with its dose rows; one row without doses where it has none."""
    return _read(_TREATMENTS_SQL, study_id, subject_ids, FRAMES["treatments"])


def weights(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``weights``: the weight that the first infusion course was dosed by."""
    return _read(_WEIGHTS_SQL, study_id, subject_ids, FRAMES["weights"])


def events(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``events``: adverse events as the question of DLT reads them."""
    return _read(_EVENTS_SQL, study_id, subject_ids, FRAMES["events"])


def crs_days(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``crs_days``: assessed days, with fever from the temperature."""
    stored = {"temperature_max_c": pl.Float64, "fever_other_cause": pl.Boolean}
    wanted = FRAMES["crs_days"]
    schema: Schema = {}
    for name, dtype in wanted.items():
        schema |= stored if name == "fever" else {name: dtype}
    rows = _read(_CRS_SQL, study_id, subject_ids, schema)
    fever = has_fever(pl.col("temperature_max_c"), pl.col("fever_other_cause"))
    return rows.with_columns(fever.alias("fever")).select(list(wanted))


def icans_days(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``icans_days``: assessed days, with the ICE score from its items."""
    wanted = FRAMES["icans_days"]
    schema: Schema = {}
    for name, dtype in wanted.items():
        schema |= {f"ice_{part}": pl.Int64 for part in ICE_PARTS} if name == "ice_score" else {name: dtype}
    rows = _read(_ICANS_SQL, study_id, subject_ids, schema)
    return rows.with_columns(ice_scores("ice_").cast(pl.Int64).alias("ice_score")).select(list(wanted))


def last_visits(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``last_visits``: day of the last visit that took place."""
    return _read(_LAST_VISITS_SQL, study_id, subject_ids, FRAMES["last_visits"])


READERS = {
    "treatments": treatments,
    "weights": weights,
    "events": events,
    "crs_days": crs_days,
    "icans_days": icans_days,
    "last_visits": last_visits,
}
