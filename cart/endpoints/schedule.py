"""Visit schedule of subjects: when each planned visit is due, and what became of it."""

import polars as pl

TIME_ZERO, CONSENT = "time-zero", "consent"
NOT_DATED, FUTURE, OPEN, OVERDUE = "not-dated", "future", "open", "overdue"
DONE, EARLY, LATE, MISSED, ENDED = "done", "early", "late", "missed", "ended"
STATES = (NOT_DATED, FUTURE, OPEN, OVERDUE, DONE, EARLY, LATE, MISSED, ENDED)
_NO_RECORD = pl.col("status").is_null()


def visit_schedule(subjects: pl.DataFrame, planned: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """Every planned visit of every subject.

    Parameters
    ----------
    subjects
        One row per subject: subject_id, protocol_id (the version that holds for it), time_zero_on, consent_on (null
        where there is none yet), ended_on (day on which participation ended; null while it goes on) and today (at the
        subject's site).
    planned
        Schedules: protocol_id, planned_id, code, anchor (``time-zero`` or ``consent``), target_day, window_low,
        window_high (days from the anchor, both ends included).
    visits
        Recorded visits: subject_id, code (of the planned visit, whichever protocol version it was recorded under),
        visit_id, status (``occurred`` or ``missed``), occurred_on.

    Returns
    -------
    polars.DataFrame
        subject_id, planned_id, code, target_on, from_on, until_on (null without an anchor), visit_id, occurred_on,
        state and days; by subject, then target day and code. ``days``: outside the window for ``early`` and
        ``late``, since it closed for ``overdue``, until it closes for ``open``, until it opens for ``future``; null
        otherwise.

    Notes
    -----
    A visit that took place is early before the first day of its window and late after the last; without an anchor
    its window is not known and it is ``done``. What was still to come when participation ended is ``ended``, not
    overdue. A visit whose window closed before that stays overdue.
    """
    anchor = pl.when(pl.col("anchor") == CONSENT).then("consent_on").otherwise("time_zero_on")
    placed = (
        subjects.join(planned, on="protocol_id", how="inner")
        .with_columns(anchor.alias("anchored"))
        .with_columns(
            pl.col("anchored").dt.offset_by(pl.format("{}d", days)).alias(name)
            for name, days in (("target_on", "target_day"), ("from_on", "window_low"), ("until_on", "window_high"))
        )
        .join(visits, on=["subject_id", "code"], how="left")
        .with_columns(_state().alias("state"))
    )
    days = {
        EARLY: pl.col("from_on") - pl.col("occurred_on"),
        LATE: pl.col("occurred_on") - pl.col("until_on"),
        OVERDUE: pl.col("today") - pl.col("until_on"),
        OPEN: pl.col("until_on") - pl.col("today"),
        FUTURE: pl.col("from_on") - pl.col("today"),
    }
    counted = pl.coalesce(pl.when(pl.col("state") == state).then(span.dt.total_days()) for state, span in days.items())
    return placed.sort("subject_id", "target_day", "code").select(
        "subject_id",
        "planned_id",
        "code",
        "target_on",
        "from_on",
        "until_on",
        "visit_id",
        "occurred_on",
        "state",
        counted.cast(pl.Int64).alias("days"),
    )


def _state() -> pl.Expr:
    day, today, ended = pl.col("occurred_on"), pl.col("today"), pl.col("ended_on")
    return (
        pl.when(pl.col("status") == "missed")
        .then(pl.lit(MISSED))
        .when((day < pl.col("from_on")).fill_null(value=False))
        .then(pl.lit(EARLY))
        .when((day > pl.col("until_on")).fill_null(value=False))
        .then(pl.lit(LATE))
        .when(~_NO_RECORD)
        .then(pl.lit(DONE))
        .when(ended.is_not_null() & (pl.col("anchored").is_null() | (pl.col("until_on") >= ended)))
        .then(pl.lit(ENDED))
        .when(pl.col("anchored").is_null())
        .then(pl.lit(NOT_DATED))
        .when(pl.col("until_on") < today)
        .then(pl.lit(OVERDUE))
        .when(pl.col("from_on") > today)
        .then(pl.lit(FUTURE))
        .otherwise(pl.lit(OPEN))
    )
