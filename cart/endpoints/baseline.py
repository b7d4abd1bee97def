"""Baseline by a named rule, and change from it."""

from collections.abc import Sequence

import polars as pl

from cart.endpoints.errors import ParameterError
from cart.endpoints.timing import protocol_day, study_day

RULES = (
    "last-before-first-dose",
    "last-on-or-before-first-dose",
    "flagged-in-source",
    "before-conditioning",
    "before-infusion",
)
VISIT_RULE = "visit:"
NO_BASELINE = {
    "last-before-first-dose": "no baseline before the first dose",
    "last-on-or-before-first-dose": "no baseline on or before the first dose",
    "flagged-in-source": "no baseline flagged in the source",
    "before-conditioning": "no baseline before conditioning",
    "before-infusion": "no baseline before the infusion",
}


def check_rule(rule: str) -> None:
    """Refuse a rule that is not known.

    Raises
    ------
    ParameterError
        Naming the known rules.
    """
    named_visit = rule.startswith(VISIT_RULE) and rule[len(VISIT_RULE) :].strip()
    if rule not in RULES and not named_visit:
        raise ParameterError(
            f"A baseline rule is one of {', '.join(RULES)} or visit:NAME; found {rule!r}. [baseline-rule]"
        )


def missing_baseline(rule: str) -> str:
    """Sentence for an answer that lacks its baseline under ``rule``."""
    return NO_BASELINE.get(rule, f"no baseline at visit {rule[len(VISIT_RULE) :]}")


def _precedes(date: str, moment: str, *, inclusive: bool) -> pl.Expr:
    # Only where both sides know the time of day does the clock decide; otherwise the calendar does.
    timed = pl.col("collected_at").is_not_null() & pl.col(moment).is_not_null()
    if inclusive:
        return (
            pl.when(timed)
            .then(pl.col("collected_at") <= pl.col(moment))
            .otherwise(pl.col("collected_on") <= pl.col(date))
        )
    return pl.when(timed).then(pl.col("collected_at") < pl.col(moment)).otherwise(pl.col("collected_on") < pl.col(date))


def is_candidate(rule: str) -> pl.Expr:
    """Rows that may be the baseline under ``rule``, apart from being evaluable.

    ``before-conditioning`` falls back to the infusion only where the subject had no conditioning at all.
    """
    check_rule(rule)
    if rule == "flagged-in-source":
        return pl.col("baseline_flag")
    if rule.startswith(VISIT_RULE):
        return pl.col("visit") == rule[len(VISIT_RULE) :].strip()
    before_zero = _precedes("time_zero_on", "time_zero_at", inclusive=rule == "last-on-or-before-first-dose")
    if rule != "before-conditioning":
        return before_zero
    return (
        pl.when(pl.col("conditioning_on").is_null())
        .then(before_zero)
        .otherwise(_precedes("conditioning_on", "conditioning_at", inclusive=False))
    )


def baseline_rows(timed: pl.DataFrame, *, rule: str, by: Sequence[str]) -> pl.DataFrame:
    """The one baseline row of each group: the last evaluable candidate.

    Parameters
    ----------
    timed
        Observations joined with time zero.
    rule
        Name of the baseline rule.
    by
        Columns that make a series, e.g. ``["subject_id", "analyte", "series"]``.

    Returns
    -------
    polars.DataFrame
        At most one row per group: last date (a row without one, possible where a visit or a flag decides,
        before the dated ones), then last time (a row without time before the timed ones of its day), then
        highest sequence, then highest row id.
    """
    evaluable = (pl.col("value").is_not_null() | pl.col("value_text").fill_null("").ne("")) & pl.col("usable")
    return (
        timed.filter(evaluable & is_candidate(rule).fill_null(value=False))
        .sort("collected_on", "collected_at", "sequence", "result_id", nulls_last=False)
        .group_by(*by, maintain_order=True)
        .last()
    )


def baseline_and_change(
    observations: pl.DataFrame,
    time_zero: pl.DataFrame,
    *,
    rule: str,
    number: pl.Expr | None = None,
    by: Sequence[str] = ("subject_id", "analyte"),
) -> pl.DataFrame:
    """Baseline, change and per cent change for every observation.

    Parameters
    ----------
    observations, time_zero
        Frames of these names (``prepared.FRAMES``).
    rule
        Baseline rule.
    number
        The number analysed; default: ``value`` where the qualifier is ``=`` (a censored value is an interval
        and has no number without an imputation rule).

    Returns
    -------
    polars.DataFrame
        The observations in their order with ``study_day``, ``protocol_day``, ``number``, ``is_baseline``,
        ``base`` and ``base_text`` on every row of a series with a baseline, ``change`` = number - base and
        ``percent_change`` = 100 change / base (null where either is missing, or base is 0), and
        ``after_baseline``.

    Source
    ------
    ADaMIG 1.3, section 3.3.4 (BASE, CHG, PCHG, ABLFL).
    """
    check_rule(rule)
    analysed = number if number is not None else pl.when(pl.col("qualifier") == "=").then(pl.col("value"))
    timed = observations.join(time_zero, on="subject_id", how="left").with_columns(
        study_day(pl.col("collected_on"), pl.col("time_zero_on")).alias("study_day"),
        protocol_day(pl.col("collected_on"), pl.col("time_zero_on")).alias("protocol_day"),
        analysed.alias("number"),
    )
    chosen = baseline_rows(timed, rule=rule, by=by).select(
        *by,
        pl.col("result_id").alias("baseline_id"),
        pl.col("number").alias("base"),
        pl.col("value_text").alias("base_text"),
        pl.col("collected_on").alias("baseline_on"),
        pl.col("collected_at").alias("baseline_at"),
    )
    change = pl.col("number") - pl.col("base")
    return (
        timed.join(chosen, on=list(by), how="left", maintain_order="left")
        .with_columns(
            (pl.col("result_id") == pl.col("baseline_id")).fill_null(value=False).alias("is_baseline"),
            change.alias("change"),
            pl.when(pl.col("base") != 0).then(100 * change / pl.col("base")).alias("percent_change"),
            pl.when(pl.col("collected_at").is_not_null() & pl.col("baseline_at").is_not_null())
            .then(pl.col("collected_at") > pl.col("baseline_at"))
            .otherwise(pl.col("collected_on") > pl.col("baseline_on"))
            .alias("after_baseline"),
        )
        .drop("baseline_id", "baseline_on", "baseline_at")
    )
