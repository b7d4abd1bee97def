"""Study-level summaries: answers of many subjects to a long table of counts, statistics, curves and comparisons."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import polars as pl

from cart.endpoints.answers import NOT_EVALUABLE
from cart.endpoints.errors import FrameError
from cart.endpoints.registry import READ_TIME, REGISTRY, Definition, Parameter, in_force
from cart.endpoints.reset import RESET_PARTS
from cart.endpoints.statistics.proportions import INTERVALS
from cart.endpoints.statistics.quantiles import METHODS
from cart.endpoints.statistics.survival import TRANSFORMS
from cart.endpoints.summary_cells import Row, cell_statistics
from cart.endpoints.summary_comparisons import comparisons

SUMMARY = "SUMMARY"
SUMMARY_SCHEMA: dict[str, Any] = {
    "grouping": pl.String,
    "group": pl.String,
    "against": pl.String,
    "code": pl.String,
    "series": pl.String,
    "timepoint": pl.String,
    "statistic": pl.String,
    "category": pl.String,
    "at": pl.Float64,
    "n": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "confidence": pl.Float64,
    "unit": pl.String,
    "status": pl.String,
    "reason": pl.String,
}
ANSWERS = {
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
GROUPS = {"subject_id": pl.Int64, "grouping": pl.String, "group": pl.String}
CELL = ["code", "series", "timepoint"]
NO_ANSWER, SEVERAL = "no answer", "several series of one analyte have an answer"
PARAMETERS = READ_TIME[SUMMARY] = (
    Parameter(
        "confidence",
        0.95,
        "",
        "two-sided 95 %",
        "Coverage of the intervals of a summary.",
        at_least=0.5,
        at_most=0.9999,
    ),
    Parameter(
        "proportion_interval",
        "clopper-pearson",
        "",
        "Clopper 1934; exact for small groups",
        "Interval of a percentage.",
        choices=tuple(INTERVALS),
    ),
    Parameter("quartiles", "r-7", "", "R's default", "How quartiles are computed.", choices=tuple(METHODS)),
    Parameter(
        "survival_interval",
        "log-log",
        "",
        "R conf.type = log-log",
        "Scale of the interval of a curve.",
        choices=TRANSFORMS,
    ),
)


def summarise(
    answers: pl.DataFrame, groups: pl.DataFrame, parameters: Mapping[str, Mapping[str, Any]] | None = None
) -> pl.DataFrame:
    """Summary of the answers of groups of subjects.

    Parameters
    ----------
    answers
        Columns of ``ANSWERS``, as ``catalogue.evaluate`` gives them; one row per subject, endpoint, series, timepoint.
    groups
        subject_id, grouping ("arm", "cohort", "all"...), group ("DUAL"...): every subject that is counted, once per
        grouping. Answers of other subjects are left out.
    parameters
        As of the endpoints; those under ``SUMMARY`` or ``*`` are read (``PARAMETERS``).

    Returns
    -------
    polars.DataFrame
        Columns of ``SUMMARY_SCHEMA``: one row per statistic, in the order of grouping, group, endpoint, series,
        timepoint. ``n``: subjects that the statistic rests on. ``category``: which answer, or which reason, is
        counted. ``at``: time of a curve. ``against``: the other group of a comparison. ``low`` and ``high`` are the
        confidence interval where ``confidence`` says its coverage, else bounds of a value that censored answers leave
        open (``status`` "bounded"). A statistic that cannot be computed has a row with a reason.

    Notes
    -----
    Every subject of a group is in one of the counts evaluable, bounded, ongoing, not evaluable (by reason) of every
    endpoint; who has no answer at a timepoint is not evaluable there. A series is summarised by its analyte: a subject
    whose kit changed has no answer there unless one of its series alone has one.

    Percentages are of the subjects whose answer is in words. Bounded answers take part in medians and quartiles as
    intervals, in geometric means and tests not; the count that took part is ``n``.

    Missing-data rule: nobody is imputed.

    Raises
    ------
    FrameError
        A column is missing or of another type, an endpoint is not registered, a subject stands twice in a grouping or
        has two answers to one question.
    ParameterError
        A parameter is impossible.

    >>> given = {"subject_id": [1, 2, 3], "code": "RESET", "series": "", "timepoint": "", "value": None, "low": None,
    ...     "high": None, "text": ["met", "not met", None], "unit": "", "status": ["evaluable"] * 2 + ["not-evaluable"],
    ...     "reason": [None, None, "no visit"]}
    >>> rows = pl.DataFrame(given, schema_overrides=dict.fromkeys(("value", "low", "high"), pl.Float64))
    >>> groups = pl.DataFrame({"subject_id": [1, 2, 3], "grouping": "all", "group": "all"})
    >>> table = summarise(rows, groups).filter(pl.col("statistic") == "percent")
    >>> table.select("category", "n", "value", pl.col("low", "high").round(1)).rows()
    [('met', 2, 50.0, 1.3, 98.7), ('not met', 2, 50.0, 1.3, 98.7)]
    """
    for name, frame, schema in (("answers", answers, ANSWERS), ("groups", groups, GROUPS)):
        _check(name, frame, schema)
    unknown = sorted(set(answers["code"]) - set(REGISTRY))
    if unknown:
        raise FrameError(
            f"Answers are of registered endpoints; {', '.join(unknown)} are not. Import cart.endpoints.catalogue, "
            "which registers them all. [unregistered-endpoint]"
        )
    _check_once("groups", groups, ["subject_id", "grouping"])
    _check_once("answers", answers, ["subject_id", *CELL])
    values = in_force(SUMMARY, PARAMETERS, parameters or {})
    counted = answers.select(list(ANSWERS)).join(groups.select("subject_id").unique(), on="subject_id", how="semi")
    rows: list[Row] = []
    # By subject, so that the last digit of a sum does not hang on the order of the rows.
    for grouping, members in _parts(groups.select(list(GROUPS)).sort("subject_id"), "grouping"):
        rows += _grouping(grouping, members, counted, values)
    return pl.DataFrame(rows, schema=SUMMARY_SCHEMA, orient="row")


def _grouping(grouping: str, members: pl.DataFrame, answers: pl.DataFrame, values: Mapping[str, Any]) -> Iterator[Row]:
    grid = _grid(members, answers)
    for definition in (REGISTRY[code] for code in REGISTRY if code in set(grid["code"])):
        own = grid.filter(pl.col("code") == definition.code)
        for (series, timepoint), cell in own.group_by("series", "timepoint", maintain_order=True):
            named = {"code": definition.code, "series": series, "timepoint": timepoint, "grouping": grouping}
            kinds = summary_kinds(definition)
            parts = list(_parts(cell, "group"))
            for group, part in parts:
                for row in cell_statistics(part, kinds=kinds, parameters=values):
                    yield {**named, "group": group, "against": "", **row}
            for (first, one), (second, other) in combinations(parts, 2):
                for row in comparisons(one, other, kinds=kinds, parameters=values):
                    yield {**named, "group": first, "against": second, **row}


def summary_kinds(definition: Definition) -> Sequence[str]:
    """How an endpoint is summarised: what it says, else its numbers, and its words too where it has no unit."""
    return definition.summary or (("numbers",) if definition.unit else ("categories", "numbers"))


def _grid(members: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """One row for each subject of the groups and each cell: its answer, or why it has none."""
    single = _one_per_analyte(answers)
    cells = _cells(single)
    whole = members.join(cells, how="cross").join(single, on=["subject_id", *CELL], how="left", maintain_order="left")
    # A reason for the whole series, or the whole endpoint, holds for each of its timepoints.
    lacking = single.filter(pl.col("status") == NOT_EVALUABLE, pl.col("timepoint") == "").drop("timepoint")
    of_series = lacking.select("subject_id", "code", "series", pl.col("reason").alias("of_series"))
    of_code = lacking.filter(pl.col("series") == "").select("subject_id", "code", pl.col("reason").alias("of_code"))
    whole = whole.join(of_series, on=["subject_id", "code", "series"], how="left", maintain_order="left").join(
        of_code, on=["subject_id", "code"], how="left", maintain_order="left"
    )
    reason = pl.when(pl.col("status").is_null()).then(pl.coalesce("of_series", "of_code", pl.lit(NO_ANSWER)))
    unit = pl.col("unit").drop_nulls().first().over(CELL).fill_null("")
    return whole.with_columns(
        pl.col("status").fill_null(NOT_EVALUABLE),
        reason.otherwise(pl.col("reason")).alias("reason"),
        unit.alias("unit"),
    ).drop("of_series", "of_code")


def _one_per_analyte(answers: pl.DataFrame) -> pl.DataFrame:
    """Answers with the analyte for the series; of several series of an analyte the one that has an answer."""
    analyte = pl.col("series").str.split(" ").list.first()
    named = pl.when(pl.col("code") == RESET_PARTS.code).then(pl.col("series")).otherwise(analyte)
    told = pl.col("status") != NOT_EVALUABLE
    key = ["subject_id", *CELL]
    ordered = answers.with_columns(named.alias("series")).sort(
        *key, told.not_(), "reason", nulls_last=True, maintain_order=True
    )
    several = told.sum().over(key) > 1
    blank = [pl.when(~several).then(pl.col(name)).alias(name) for name in ("value", "low", "high", "text")]
    return (
        ordered.with_columns(
            *blank,
            pl.when(several).then(pl.lit(NOT_EVALUABLE)).otherwise(pl.col("status")).alias("status"),
            pl.when(several).then(pl.lit(SEVERAL)).otherwise(pl.col("reason")).alias("reason"),
        )
        .group_by(key, maintain_order=True)
        .first()
    )


def _cells(single: pl.DataFrame) -> pl.DataFrame:
    """Endpoint, series and timepoint of each cell.

    Rows that only carry a reason for the whole make no cell of their own where there are series or timepoints.
    """
    told = (pl.col("status") != NOT_EVALUABLE).any().alias("told")
    cells = single.group_by(CELL).agg(told).sort(CELL)
    of_series = (pl.col("series") != "").any().over("code") & (pl.col("series") == "")
    of_time = (pl.col("timepoint") != "").any().over("code", "series") & (pl.col("timepoint") == "")
    return cells.filter(pl.col("told") | ~(of_series | of_time)).select(CELL)


def _parts(frame: pl.DataFrame, by: str) -> Iterator[tuple[str, pl.DataFrame]]:
    for name in sorted(frame[by].unique()):
        yield name, frame.filter(pl.col(by) == name)


def _check(name: str, frame: pl.DataFrame, schema: Mapping[str, Any]) -> None:
    for column, dtype in schema.items():
        if column not in frame.columns:
            raise FrameError(f"Frame {name} needs column {column} ({dtype}); it has none. [frame-column]")
        if frame.schema[column] != dtype:
            raise FrameError(
                f"Column {column} of frame {name} must be {dtype}; found {frame.schema[column]}. [frame-type]"
            )


def _check_once(name: str, frame: pl.DataFrame, key: Sequence[str]) -> None:
    twice = frame.filter(pl.struct(key).is_duplicated())
    if twice.height:
        raise FrameError(
            f"Frame {name} has more than one row with {', '.join(key)} {twice.select(key).row(0)}. [frame-duplicate]"
        )
