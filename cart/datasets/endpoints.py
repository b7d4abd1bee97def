"""Endpoint tables: long, one row per answer, and wide, one row per subject."""

from collections.abc import Sequence

import polars as pl

from trialsite.exports.description import Column, DatasetDescription
from trialsite.isolation.columns import read_columns

KEYS = (
    Column("STUDYID", "Study", pl.String, meaning="Code of the study."),
    Column("USUBJID", "Subject", pl.String, meaning="Code of the subject in its source; ours where it has none."),
    Column("ARM", "Arm", pl.String, meaning="Code of the arm.", missing="empty before an arm is assigned"),
)
LONG = DatasetDescription(
    "endpoints",
    "Endpoint answers, one row per subject, endpoint, series and timepoint",
    (
        *KEYS,
        Column("PARAMCD", "Endpoint code", pl.String),
        Column("PARAM", "Endpoint", pl.String),
        Column(
            "SERIES",
            "Series: antibody, laboratory, kit, unit; or component",
            pl.String,
            missing="empty where the endpoint has one series only",
        ),
        Column(
            "AVISIT",
            "Planned visit; empty for the whole course",
            pl.String,
            meaning="Code of the planned visit.",
            missing="empty for the whole course",
        ),
        Column(
            "PROTDY",
            "Protocol day: days from time zero (Day 0)",
            pl.Int64,
            "d",
            meaning="Day of the sample or event that decided.",
            missing="null where no day decided",
        ),
        Column(
            "ADT",
            "Date",
            pl.Date,
            meaning="Date of the protocol day, on the site's calendar.",
            missing="null where no day decided",
        ),
        Column(
            "ADY",
            "Study day: the day of time zero is Day 1, the day before Day -1",
            pl.Int64,
            "d",
            meaning="As ADaM counts; there is no Day 0.",
            missing="null where no day decided",
        ),
        Column(
            "AVAL",
            "Value",
            pl.Float64,
            meaning="In AVALU.",
            missing="null unless evaluable, and for an answer in words",
        ),
        Column(
            "BASE",
            "Baseline value",
            pl.Float64,
            meaning=(
                "In BASEU. Of the result among EVIDENCE that the answer compares with, chosen by its baseline rule; "
                "of an assessment's measure and its change, of the assessment that they compare with."
            ),
            missing="null where the answer compares with no baseline, or with one outside the limits of quantification",
        ),
        Column("BASEU", "Unit of the baseline value", pl.String, missing="empty without BASE, or for a pure number"),
        Column(
            "CHG",
            "Change from baseline",
            pl.Float64,
            meaning="In BASEU: AVAL - BASE; where AVAL is itself a change (%, log2), what was measured less BASE.",
            missing="null without AVAL or BASE, and for a time or a half-life",
        ),
        Column("AVALC", "Answer in words", pl.String, missing="empty where the number says all, or without an answer"),
        Column("AVALU", "Unit", pl.String, meaning="Of AVAL, LOW, HIGH.", missing="empty for answers in words"),
        Column(
            "LOW",
            "Lower bound",
            pl.Float64,
            meaning="In AVALU. The answer lies in [LOW, HIGH]; of an event between two samples the last before it.",
            missing="null where there is no lower end, or no interval",
        ),
        Column(
            "HIGH",
            "Upper bound; infinite where there is none",
            pl.Float64,
            meaning="In AVALU; `inf` for what is not finished at the last sample.",
            missing="null where there is no interval",
        ),
        Column("STATUS", "evaluable, bounded, ongoing or not-evaluable", pl.String),
        Column(
            "REASON",
            "Why there is no value, or what to know about it",
            pl.String,
            missing="empty where there is nothing to say; never of a not-evaluable answer",
        ),
        Column("DEFVER", "Version of the endpoint's rule", pl.String),
        Column("RUN", "Run that computed it", pl.Int64, meaning="Key of the run."),
        Column("EVALID", "Evaluation of the subject", pl.Int64, meaning="Key of the evaluation."),
        Column(
            "EVIDENCE",
            "Laboratory results it rests on (keys)",
            pl.List(pl.Int64),
            meaning="`result_id` of the dataset observations.",
            missing="empty list where it rests on none",
        ),
        Column(
            "THEVID", "Therapies it rests on (keys)", pl.List(pl.Int64), missing="empty list where it rests on none"
        ),
        Column(
            "RECEVID",
            "Assessments it rests on (table and key)",
            pl.List(pl.String),
            meaning="`table:id`, as the audit trail names them.",
            missing="empty list where it rests on none",
        ),
    ),
)

_SQL = """
SELECT t.code, coalesce(nullif(s.source_code, ''), s.code), coalesce(a.code, ''), d.code, d.label, r.series,
    r.timepoint, r.day, r.value, r.text, r.unit, r.low, r.high, r.status, r.reason, d.version, e.run_id, e.id,
    array_to_string(r.evidence, ' '), array_to_string(r.therapy_evidence, ' '),
    coalesce(array_to_string(r.record_evidence, ' '), ''), s.id, r.baseline_id
FROM cart_evaluation e
JOIN cart_subject s ON s.id = e.subject_id JOIN cart_study t ON t.id = s.study_id
LEFT JOIN cart_arm a ON a.id = s.arm_id
JOIN cart_endpointresult r ON r.evaluation_id = e.id JOIN cart_endpointdefinition d ON d.id = r.definition_id
WHERE s.study_id = %(study)s AND {chosen}
ORDER BY s.code, d.code, r.series, r.timepoint
"""


_CURRENT = """e.id = (
    SELECT n.id FROM cart_evaluation n JOIN cart_run u ON u.id = n.run_id
    WHERE n.subject_id = s.id AND u.cut_id IS NULL ORDER BY n.id DESC LIMIT 1)"""
_OF_RUN = "e.run_id = %(run)s"
# Made after reading, from the day and the evidence.
_MADE = ("ADT", "ADY", "BASE", "BASEU", "CHG")


def current_or_run(run_id: int | None) -> str:
    """SQL that chooses evaluations ``e`` of subjects ``s``: the current ones, or those of the run ``%(run)s``."""
    return _CURRENT if run_id is None else _OF_RUN


def endpoint_rows(study_id: int, *, run_id: int | None = None) -> pl.DataFrame:
    """Columns of ``LONG`` but for dates and baselines, with ``subject_id`` and ``baseline_id``.

    The newest answers of every subject; of a run of a data cut, all of its own.
    """
    read = {name: dtype for name, dtype in LONG.schema().items() if name not in _MADE}
    lists = {name: read[name] for name in ("EVIDENCE", "THEVID", "RECEVID")}
    schema = {name: pl.String if name in lists else dtype for name, dtype in read.items()}
    schema |= {"subject_id": pl.Int64, "baseline_id": pl.Int64}
    sql = _SQL.format(chosen=current_or_run(run_id))
    frame = read_columns(sql, {"study": study_id, "run": run_id}, schema)
    keys = [
        pl.when(pl.col(name) == "")
        .then(pl.lit([], dtype=dtype))
        .otherwise(pl.col(name).str.split(" ").cast(dtype))
        .alias(name)
        for name, dtype in lists.items()
    ]
    return frame.with_columns(keys)


def with_dates(rows: pl.DataFrame, time_zero: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """Date and study day of the protocol day; ``time_zero`` and ``entries`` as ``cart.inputs`` gives them."""
    day = pl.col("PROTDY")
    return (
        rows.join(time_zero.select("subject_id", "time_zero_on"), on="subject_id", how="left", maintain_order="left")
        .join(entries, on="subject_id", how="left", maintain_order="left")
        .with_columns(
            (pl.coalesce("time_zero_on", "entered_on") + pl.duration(days=day)).alias("ADT"),
            pl.when(day >= 0).then(day + 1).otherwise(day).alias("ADY"),
        )
        .drop("time_zero_on", "entered_on")
    )


def answer_columns(name: str, label: str, unit: str) -> list[Column]:
    """Columns of one answer in the wide table: value, words, bounds, status, reason."""
    none = "null where the subject has no such answer"
    return [
        Column(name, label, pl.Float64, unit, missing=f"{none}, or it has no number: AVAL of `endpoints`"),
        Column(f"{name}.C", f"{label}, in words", pl.String, missing=f"{none}; empty as AVALC of `endpoints`"),
        Column(f"{name}.LOW", f"{label}, lower bound", pl.Float64, unit, missing=f"{none}; as LOW of `endpoints`"),
        Column(f"{name}.HIGH", f"{label}, upper bound", pl.Float64, unit, missing=f"{none}; as HIGH of `endpoints`"),
        Column(f"{name}.STATUS", f"{label}, status", pl.String, missing=none),
        Column(f"{name}.REASON", f"{label}, reason", pl.String, missing=f"{none}; as REASON of `endpoints`"),
    ]


def subjects_description(columns: Sequence[Column]) -> DatasetDescription:
    """The wide table; which answers it has depends on the study."""
    return DatasetDescription("subjects", "One row per subject", tuple(columns))


def wide_rows(long: pl.DataFrame) -> tuple[pl.DataFrame, DatasetDescription]:
    """One row per subject: of every answer without a timepoint its value, words, bounds, status, reason.

    A subject with several series of an antibody has a column per antibody: the columns are named
    ``CODE`` or ``CODE.ANTIBODY`` with ``.C`` (words), ``.LOW``, ``.HIGH``, ``.STATUS`` and ``.REASON`` beside.
    """
    short = pl.col("SERIES").str.split(" ").list.first()
    # A component keeps its whole name; of an antibody series the antibody is enough, unless a kit changed.
    name = (
        pl.when(pl.col("SERIES") == "")
        .then(pl.col("PARAMCD"))
        .when(pl.col("PARAMCD") == "RESETCMP")
        .then(pl.col("PARAMCD") + "." + pl.col("SERIES"))
        .otherwise(pl.col("PARAMCD") + "." + short)
    )
    chosen = long.filter(pl.col("AVISIT") == "").with_columns(name.alias("NAME"))
    repeated = pl.len().over("USUBJID", "NAME") > 1
    chosen = chosen.with_columns(
        pl.when(repeated).then(pl.col("PARAMCD") + "." + pl.col("SERIES")).otherwise(pl.col("NAME")).alias("NAME")
    )
    keys = ["STUDYID", "USUBJID", "ARM"]
    names = sorted(chosen["NAME"].unique().to_list())
    wide = long.select(keys).unique(maintain_order=True)
    columns = [*KEYS]
    for one in names:
        part = chosen.filter(pl.col("NAME") == one)
        label = part["PARAM"][0]
        wide = wide.join(
            part.select(
                *keys,
                pl.col("AVAL").alias(one),
                pl.col("AVALC").alias(f"{one}.C"),
                pl.col("LOW").alias(f"{one}.LOW"),
                pl.col("HIGH").alias(f"{one}.HIGH"),
                pl.col("STATUS").alias(f"{one}.STATUS"),
                pl.col("REASON").alias(f"{one}.REASON"),
            ),
            on=keys,
            how="left",
            maintain_order="left",
        )
        columns += answer_columns(one, label, part["AVALU"][0])
    return wide, subjects_description(columns)
