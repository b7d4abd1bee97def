"""Differences between two evaluations of the same subjects: what was answered, what is answered now, what moved."""

import json
from typing import Any

import polars as pl

from cart.datasets.endpoints import KEYS
from cart.endpoints.dependence import moved_inputs
from cart.models import Run
from trialsite.exports.description import Column, DatasetDescription
from trialsite.isolation.columns import read_columns

# What the frames of an evaluation are called where people read; another frame goes by its own name.
INPUT_WORDS = {
    "observations": "laboratory rows",
    "therapies": "therapy",
    "time_zero": "infusion or conditioning",
    "entries": "consent",
    "subjects": "subject or arm",
    "planned_visits": "visit schedule",
    # A therapy is read with its doses too, an infusion course for its weight.
    "treatments": "therapy",
    "weights": "infusion or conditioning",
    "events": "adverse events",
    "crs_days": "days of CRS",
    "icans_days": "days of ICANS",
    "last_visits": "visits",
}
NOT_RECORDED = "not recorded"
# So many analytes are named; a visit's whole panel is counted.
_MOST_LISTED = 6

_NO_ANSWER = "null where there is no answer on this side, or it has none"


def _side(name: str, words: str) -> list[Column]:
    return [
        Column(f"{name}VAL", f"Value {words}", pl.Float64, missing=f"{_NO_ANSWER}: AVAL of `endpoints`"),
        Column(f"{name}VALC", f"Answer in words {words}", pl.String, missing=f"{_NO_ANSWER}; or empty"),
        Column(f"{name}UNIT", f"Unit {words}", pl.String, missing=f"{_NO_ANSWER}; or empty"),
        Column(f"{name}LOW", f"Lower bound {words}", pl.Float64, missing=_NO_ANSWER),
        Column(f"{name}HIGH", f"Upper bound {words}", pl.Float64, missing=_NO_ANSWER),
        Column(f"{name}DY", f"Protocol day {words}", pl.Int64, "d", missing=_NO_ANSWER),
        Column(f"{name}STAT", f"Status {words}", pl.String, missing="null where there is no answer on this side"),
        Column(f"{name}REAS", f"Reason {words}", pl.String, missing=f"{_NO_ANSWER}; or empty"),
        Column(f"{name}VER", f"Version of the rule {words}", pl.String, missing="null as the status"),
        Column(f"{name}EVAL", f"Evaluation {words}", pl.Int64, meaning="Key of the evaluation."),
    ]


DIFFERENCES = DatasetDescription(
    "differences",
    "Answers that differ between two evaluations of a subject",
    (
        *KEYS[:2],
        Column("PARAMCD", "Endpoint code", pl.String),
        Column("PARAM", "Endpoint", pl.String),
        Column("SERIES", "Series or component", pl.String, missing="empty where the endpoint has one series only"),
        Column("AVISIT", "Planned visit", pl.String, missing="empty for the whole course"),
        *_side("OLD", "before"),
        *_side("NEW", "after"),
        Column(
            "MOVED",
            "Which input moved",
            pl.String,
            meaning=(
                "laboratory rows of which analytes, therapy, infusion or conditioning, subject or arm, visit schedule, "
                "adverse events, days of CRS, days of ICANS, visits; parameter with its old and new value; definition "
                "with its old and new version; code where only that differs."
            ),
        ),
    ),
)


_SIDE_SQL = """
    SELECT p.subject_id, d.code AS endpoint, d.label, d.version, r.series, r.timepoint, r.evaluation_id,
        r.value, r.text, r.unit, r.low, r.high, r.day, r.status, r.reason
    FROM pair p JOIN cart_endpointresult r ON r.evaluation_id = p.{side}_id
    JOIN cart_endpointdefinition d ON d.id = r.definition_id
"""
_FIELDS = "{side}.value, {side}.text, {side}.unit, {side}.low, {side}.high, {side}.day, {side}.status, {side}.reason"
_SQL = f"""
WITH pair AS ({{pairs}}),
before AS ({_SIDE_SQL.format(side="before")}), after AS ({_SIDE_SQL.format(side="after")})
SELECT t.code, coalesce(nullif(s.source_code, ''), s.code), endpoint, coalesce(after.label, before.label),
    series, timepoint,
    {_FIELDS.format(side="before")}, before.version, p.before_id,
    {_FIELDS.format(side="after")}, after.version, p.after_id,
    b.inputs::text, a.inputs::text, b.run_id, a.run_id
FROM before FULL JOIN after USING (subject_id, endpoint, series, timepoint)
JOIN pair p USING (subject_id)
JOIN cart_subject s ON s.id = subject_id JOIN cart_study t ON t.id = s.study_id
JOIN cart_evaluation b ON b.id = p.before_id JOIN cart_evaluation a ON a.id = p.after_id
WHERE ({_FIELDS.format(side="before")}) IS DISTINCT FROM ({_FIELDS.format(side="after")}){{where}}
ORDER BY s.code, endpoint, series, timepoint
"""
# In force at a run: of a cut's its own evaluations, else the newest of each subject up to then.
_IN_FORCE = """
    SELECT DISTINCT ON (e.subject_id) e.subject_id, e.id FROM cart_evaluation e JOIN cart_run u ON u.id = e.run_id
    WHERE u.study_id = %(study)s AND CASE WHEN %({side}_of_cut)s THEN u.id = %({side})s
        ELSE u.cut_id IS NULL AND u.id {border} %({side})s END
    ORDER BY e.subject_id, e.id DESC
"""
_PAIRS = f"""
    SELECT a.subject_id, b.id AS before_id, a.id AS after_id
    FROM ({_IN_FORCE.format(side="after", border="<=")}) a
    JOIN ({_IN_FORCE.format(side="before", border="{border}")}) b USING (subject_id) WHERE a.id <> b.id
"""
_EXTRA = {"before_inputs": pl.String, "after_inputs": pl.String, "before_run": pl.Int64, "after_run": pl.Int64}


def differences_of_run(run: Run, *, subject_ids: list[int] | None = None) -> pl.DataFrame:
    """What the run changed: its evaluations beside those that were in force before it.

    A subject's first evaluation has nothing before it and is no difference. A run of a data cut is compared with
    the answers that were in force as it was computed.
    """
    pairs = _PAIRS.replace("{border}", "<") + " AND EXISTS (SELECT FROM cart_evaluation o WHERE o.id = a.id"
    pairs += " AND o.run_id = %(after)s)"
    return _read(pairs, _params(run.study_id, run, run, before_of_cut=False), subject_ids)


def differences_between(before: Run, after: Run, *, subject_ids: list[int] | None = None) -> pl.DataFrame:
    """Answers in force at one run beside those in force at another, of the subjects that both have."""
    pairs = _PAIRS.replace("{border}", "<=")
    return _read(pairs, _params(after.study_id, before, after, before_of_cut=before.cut_id is not None), subject_ids)


def _params(study: int, before: Run, after: Run, *, before_of_cut: bool) -> dict[str, Any]:
    return {
        "study": study,
        "before": before.pk,
        "after": after.pk,
        "before_of_cut": before_of_cut,
        "after_of_cut": after.cut_id is not None,
    }


def _read(pairs: str, params: dict[str, Any], subject_ids: list[int] | None) -> pl.DataFrame:
    where = ""
    if subject_ids is not None:
        where = " AND s.id = ANY(%(subjects)s)"
        params = {**params, "subjects": subject_ids}
    schema = {name: dtype for name, dtype in DIFFERENCES.schema().items() if name != "MOVED"} | _EXTRA
    rows = read_columns(_SQL.format(pairs=pairs, where=where), params, schema)
    chosen = {*rows["before_run"].unique(), *rows["after_run"].unique()}
    runs = Run.objects.in_bulk(list(chosen))
    known: dict[tuple[Any, ...], str] = {}
    moved = []
    # Rows of one evaluation and endpoint share their cause: it is put in words once.
    for key in rows.select("PARAMCD", "OLDVER", "NEWVER", *_EXTRA).iter_rows():
        if key not in known:
            known[key] = _moved(key, runs)
        moved.append(known[key])
    return rows.with_columns(pl.Series("MOVED", moved, dtype=pl.String)).select(list(DIFFERENCES.schema()))


def _moved(key: tuple[Any, ...], runs: dict[int, Run]) -> str:
    code, old_version, new_version, old_inputs, new_inputs, old_run, new_run = key
    before, after = runs[old_run], runs[new_run]
    found = _moved_inputs(old_inputs, new_inputs)
    old, new = before.parameters.get(code), after.parameters.get(code)
    if old is None or new is None:
        # The endpoint itself came or went; its parameters with it.
        found.append(f"definition {_version(old_version)} → {_version(new_version)}")
        return "; ".join(found)
    found += [
        f"parameter {name} {_shown(old.get(name))} → {_shown(new.get(name))}"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]
    # An answer that only one side has says nothing of its definition.
    if None not in (old_version, new_version) and old_version != new_version:
        found.append(f"definition {_version(old_version)} → {_version(new_version)}")
    if not found and before.definitions_digest != after.definitions_digest:
        found.append("definition of another endpoint that it reads")
    if not found and before.parameters_digest != after.parameters_digest:
        found.append("parameter of another endpoint that it reads")
    if not found:
        found.append(f"code {before.code_version} → {after.code_version}")
    return "; ".join(found)


def _moved_inputs(old: str | None, new: str | None) -> list[str]:
    if old is None or new is None:
        # Evaluations from before each input had its digest.
        return [f"inputs ({NOT_RECORDED})"]
    parts: dict[str, list[str]] = {}
    for name in sorted(moved_inputs(json.loads(old), json.loads(new))):
        frame, _, part = name.partition("/")
        parts.setdefault(INPUT_WORDS.get(frame, frame.replace("_", " ")), []).extend([part] if part else [])
    return [f"{words} of {_listed(found)}" if found else words for words, found in parts.items()]


def _listed(words: list[str]) -> str:
    return ", ".join(words) if len(words) <= _MOST_LISTED else f"{len(words)} analytes"


def _version(version: str | None) -> str:
    return "none" if version is None else f"v{version}"


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)
