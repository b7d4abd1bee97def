"""Cases of proportions, geometric means, Hodges-Lehmann estimates and survival."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from cart.endpoints.statistics.geometric import GeometricMean, Numbers, geometric_mean, mean, paired_ratio
from cart.endpoints.statistics.hodges_lehmann import pseudo_median
from cart.endpoints.statistics.proportions import proportion
from cart.endpoints.statistics.survival import kaplan_meier, median_time
from cart.endpoints.vectors.case_files import CaseRule, Found, Row, numbers, required, truth, whole
from cart.endpoints.vectors.r_wilcox import approximate_interval, is_approximated

_CONFIDENCE = 0.95
_CURVE = {
    "n_risk": "at_risk",
    "n_event": "events",
    "n_censor": "censored",
    "surv": "survival",
    "std_err_greenwood": "std_error",
    "low": "low",
    "high": "high",
}


def proportions(row: Row) -> Mapping[str, Found]:
    """Events of subjects, both intervals."""
    events, subjects = (whole(row[name], high=1_000_000) for name in ("x", "n"))
    exact, score = (
        proportion(events, subjects, confidence=required(row["conf"]), interval=interval)
        for interval in ("clopper-pearson", "wilson")
    )
    return {"cp_low": exact.low, "cp_high": exact.high, "wilson_low": score.low, "wilson_high": score.high}


def geometric(row: Row) -> Mapping[str, Found]:
    """Values at baseline and after, and a statistic of them by its name."""
    stat = row["stat"].partition("(")[0]
    base, post = numbers(row["base"]), numbers(row["post"])
    if stat in ("GMT_base", "GMT_post"):
        given = base if stat == "GMT_base" else post
        return _geometric(geometric_mean([value for value in given if value is not None], confidence=_CONFIDENCE))
    if stat == "GMR_paired_post_over_base":
        before, after = _pairs(base, post)
        ratio = paired_ratio(after, before, confidence=_CONFIDENCE)
        return {**_geometric(ratio), "gcv_pct": None}
    nothing: dict[str, Found] = {"gsd": None, "gcv_pct": None}
    if stat == "mean_log2_fold_change":
        before, after = _pairs(base, post)
        change = mean(np.log2(after / before), confidence=_CONFIDENCE)
        return {"est": change.mean, "low": change.low, "high": change.high, **nothing}
    if stat == "HL_one_sample_walsh_median":
        # Without a baseline the column "post" has the differences.
        before, after = _pairs(base or [0.0] * len(post), post)
        return {**_hodges_lehmann(after - before), **nothing}
    raise ValueError(f"There is no statistic {row['stat']!r} of this kind. [case-value]")


def survival(row: Row) -> Mapping[str, Found]:
    """One time of a curve."""
    curve = _curve(row)
    time = required(row["time"])
    at = [found for found in curve.iter_rows(named=True) if found["time"] == time]
    if not at:
        raise ValueError(f"The time of a case is one of its times; found {row['time']!r}. [case-value]")
    return {column: at[0][name] for column, name in _CURVE.items()}


def survival_median(row: Row) -> Mapping[str, Found]:
    """Median of a curve."""
    found = median_time(_curve(row))
    return {
        "median": found.median,
        "median_low": found.low,
        "median_high": found.high,
        "n": found.subjects,
        "n_events": found.events,
    }


def _curve(row: Row) -> pl.DataFrame:
    times = [required(part.strip()) for part in row["times"].split(";")]
    events = [truth(part.strip()) for part in row["events"].split(";")]
    return kaplan_meier(times, events, confidence=_CONFIDENCE, transform=row["conf_type"])


def _geometric(found: GeometricMean) -> dict[str, Found]:
    return {
        "est": found.mean,
        "low": found.low,
        "high": found.high,
        "gsd": found.deviation,
        "gcv_pct": found.cv_percent,
    }


def _hodges_lehmann(differences: Numbers) -> dict[str, Found]:
    found = pseudo_median(differences, confidence=_CONFIDENCE)
    low, high = found.low, found.high
    if is_approximated(differences):
        low, high = approximate_interval(differences, confidence=_CONFIDENCE)
    return {"est": found.estimate, "low": low, "high": high}


def _pairs(base: list[float | None], post: list[float | None]) -> tuple[Numbers, Numbers]:
    if len(base) != len(post):
        raise ValueError(f"Each subject has both values; found {len(base)} and {len(post)}. [case-value]")
    both = [(before, after) for before, after in zip(base, post, strict=True) if None not in (before, after)]
    found = np.array(both, dtype=float).reshape(-1, 2)
    return found[:, 0], found[:, 1]


RULES = (
    CaseRule(
        "proportion_ci",
        "cart.endpoints.statistics.proportions.proportion",
        ("x", "n", "conf"),
        ("cp_low", "cp_high", "wilson_low", "wilson_high"),
        proportions,
    ),
    CaseRule(
        "gmt_hl",
        "cart.endpoints.statistics.geometric, .hodges_lehmann",
        ("stat", "base", "post"),
        ("est", "low", "high", "gsd", "gcv_pct"),
        geometric,
    ),
    CaseRule(
        "kaplan_meier",
        "cart.endpoints.statistics.survival.kaplan_meier",
        ("times", "events", "conf_type", "time"),
        tuple(_CURVE),
        survival,
    ),
    CaseRule(
        "kaplan_meier_median",
        "cart.endpoints.statistics.survival.median_time",
        ("times", "events", "conf_type"),
        ("median", "median_low", "median_high", "n", "n_events"),
        survival_median,
    ),
)
