"""Study-level summaries: what they are made of, and the table of what they say."""

import polars as pl

from cart.datasets.endpoints import KEYS, current_or_run
from trialsite.exports.description import Column, DatasetDescription
from trialsite.isolation.columns import read_columns

_NONE = "null where the statistic has none"
SUMMARY = DatasetDescription(
    "summary",
    "Study summary, one row per statistic of a group",
    (
        KEYS[0],
        Column("GROUPING", "How subjects are grouped", pl.String, meaning="`all` or `arm`."),
        Column("GROUP", "Group", pl.String, meaning="Code of the arm; `all`; `no arm`."),
        Column("AGAINST", "The other group of a comparison", pl.String, missing="empty for a statistic of one group"),
        Column("PARAMCD", "Endpoint code", pl.String),
        Column("PARAM", "Endpoint", pl.String),
        Column("SERIES", "Analyte or component", pl.String, missing="empty where the endpoint has one only"),
        Column("AVISIT", "Planned visit", pl.String, missing="empty for the whole course"),
        Column("STAT", "Statistic", pl.String),
        Column("CATEGORY", "Which answer, or which reason, is counted", pl.String, missing="empty for a number"),
        Column("AT", "Time of a curve", pl.Float64, missing="null unless of a curve"),
        Column("N", "Subjects the statistic rests on", pl.Int64, missing=_NONE),
        Column("VALUE", "Value", pl.Float64, meaning="In UNIT.", missing="null where REASON says why"),
        Column("LOW", "Lower end", pl.Float64, meaning="Of the confidence interval, else a bound.", missing=_NONE),
        Column("HIGH", "Upper end", pl.Float64, meaning="Of the confidence interval, else a bound.", missing=_NONE),
        Column("CONF", "Coverage of the interval", pl.Float64, missing="null where LOW and HIGH are bounds, or none"),
        Column("UNIT", "Unit", pl.String, missing="empty for a count or a pure number"),
        Column("STATUS", "evaluable, bounded or not-evaluable", pl.String),
        Column("REASON", "Why there is no value", pl.String, missing="empty where there is one"),
    ),
)
# Columns of the kernel in the order of the table.
_NAMES = (
    "grouping",
    "group",
    "against",
    "code",
    "label",
    "series",
    "timepoint",
    "statistic",
    "category",
    "at",
    "n",
    "value",
    "low",
    "high",
    "confidence",
    "unit",
    "status",
    "reason",
)
_ANSWERS: dict[str, type[pl.DataType]] = {
    "subject_id": pl.Int64,
    "code": pl.String,
    "series": pl.String,
    "timepoint": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "text": pl.String,
    "unit": pl.String,
    "status": pl.String,
    "reason": pl.String,
}
_ANSWERS_SQL = """
SELECT s.id, d.code, r.series, r.timepoint, r.value, r.low, r.high, nullif(r.text, ''), r.unit, r.status,
    nullif(r.reason, '')
FROM cart_evaluation e JOIN cart_subject s ON s.id = e.subject_id
JOIN cart_endpointresult r ON r.evaluation_id = e.id JOIN cart_endpointdefinition d ON d.id = r.definition_id
WHERE s.study_id = %(study)s AND {chosen} ORDER BY s.id, d.code, r.series, r.timepoint
"""
_ARMS_SQL = """
SELECT s.id, coalesce(a.code, '') FROM cart_subject s LEFT JOIN cart_arm a ON a.id = s.arm_id
WHERE s.study_id = %(study)s ORDER BY s.id
"""
_ROWS_SQL = """
SELECT t.code, r.grouping, r."group", r.against, r.code, r.label, r.series, r.timepoint, r.statistic, r.category, r.at,
    r.n, r.value, r.low, r.high, r.confidence, r.unit, r.status, r.reason
FROM cart_summarystatistic r JOIN cart_studysummary u ON u.id = r.summary_id JOIN cart_study t ON t.id = u.study_id
WHERE r.summary_id = %(summary)s ORDER BY r.position
"""


def answers_of(study_id: int, *, run_id: int | None = None) -> pl.DataFrame:
    """Answers as the kernel of summaries reads them: the current ones, or those of a run."""
    sql = _ANSWERS_SQL.format(chosen=current_or_run(run_id))
    return read_columns(sql, {"study": study_id, "run": run_id}, _ANSWERS)


def arms_of(study_id: int) -> pl.DataFrame:
    """Every subject of the study with the code of its arm; empty without one."""
    return read_columns(_ARMS_SQL, {"study": study_id}, {"subject_id": pl.Int64, "arm": pl.String})


def shaped_summary(rows: pl.DataFrame, *, study: str) -> pl.DataFrame:
    """Frame of ``SUMMARY`` from the kernel's rows with their ``label``."""
    return rows.select(
        pl.lit(study).alias("STUDYID"),
        *(pl.col(name).alias(column.name) for name, column in zip(_NAMES, SUMMARY.columns[1:], strict=True)),
    )


def summary_rows(summary_id: int) -> pl.DataFrame:
    """Frame of ``SUMMARY``."""
    return read_columns(_ROWS_SQL, {"summary": summary_id}, SUMMARY.schema())
