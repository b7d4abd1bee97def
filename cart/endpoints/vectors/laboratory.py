"""Cases of B-cell depletion, titers, passive decay and laboratory grades."""

import math
import re
from collections.abc import Mapping

import polars as pl

from cart.endpoints.censoring import parse_titer, titer_fold_change
from cart.endpoints.course import one_course
from cart.endpoints.ctcae import ctcae_grades
from cart.endpoints.elimination import IGG_HALF_LIFE
from cart.endpoints.half_life import fraction_remaining, half_life
from cart.endpoints.vectors.case_files import CaseRule, Found, Row, number, numbers, required, whole

# A century from day 0.
FURTHEST_DAY = 36_525
_TERM = re.compile(r"(?P<term>.*?)(?: \[baseline (?P<baseline>[0-9.]+) \S+\])?")


def depletion(row: Row) -> Mapping[str, Found]:
    """A subject's CD19 counts by day."""
    days = [whole(day.strip(), low=-FURTHEST_DAY, high=FURTHEST_DAY) for day in row["days"].split(";")]
    counts = [count.strip() for count in row["cd19_per_uL"].split(";")]
    if len(days) != len(counts):
        raise ValueError(f"Each count has its day; found {len(days)} days and {len(counts)} counts. [case-value]")
    course = one_course(
        days,
        counts,
        threshold=required(row["threshold"]),
        confirm_n=whole(row["confirm_n"], low=1),
        lloq=number(row["lloq"]),
    )
    return {
        "depleted": course.depleted,
        "first_day_below": course.first_below_day,
        "previous_sample_day": course.previous_day,
        "nadir": course.nadir,
        "undetectable": course.undetectable,
        "last_day_below": course.last_below_day,
        "first_confirmed_day_at_or_above": course.recovered_day,
        "duration_min": course.duration_min,
        "duration_max": course.duration_max,
        # Behind the status a file may say in brackets what it means.
        "status": row["status"] if row["status"].split(" (")[0] == course.status else course.status,
    }


def titer_half_life(row: Row) -> Mapping[str, Found]:
    """A falling series of exact values."""
    given = [numbers(row[name]) for name in ("days", "value")]
    if len(given[0]) != len(given[1]):
        raise ValueError(f"Each value has its day; found {len(given[0])} and {len(given[1])}. [case-value]")
    # A sample without a value, or without a day, is none.
    pairs = [(day, value) for day, value in zip(*given, strict=True) if day is not None and value is not None]
    days, values = ([pair[place] for pair in pairs] for place in (0, 1))
    fit = half_life(days, values)
    if fit is None:
        return dict.fromkeys(("k", "half_life", "half_life_low", "half_life_high", "r2", "ratio_to_igg21"))
    return {
        "k": fit.k_per_day,
        "half_life": fit.half_life_days,
        "half_life_low": fit.half_life_low,
        "half_life_high": fit.half_life_high,
        "r2": fit.r2,
        "ratio_to_igg21": fit.half_life_days / float(str(IGG_HALF_LIFE.default)),
    }


def titer_steps(row: Row) -> Mapping[str, Found]:
    """Two titers as text."""
    change = titer_fold_change(row["baseline"], row["followup"])
    return {
        "b_value": parse_titer(row["baseline"])[1],
        "f_value": parse_titer(row["followup"])[1],
        "log2fc_at_limit": change.at_limit,
        "log2fc_lloq_half": change.imputed,
        "censor_note": change.note,
        "ge4fold_fall": change.four_fold_fall,
    }


def passive_decay(row: Row) -> Mapping[str, Found]:
    """Share of IgG left after some days."""
    (share,) = fraction_remaining([required(row["day"])], half_life_days=required(row["half_life_d"]))
    return {"fraction_remaining": share, "log2_change": math.log2(share) if share else -math.inf}


def ctcae(row: Row) -> Mapping[str, Found]:
    """An exact value with its limits; a baseline stands in brackets behind the term."""
    named = _TERM.fullmatch(row["term"])
    if named is None:
        raise ValueError(f"A term is text of one line; found {row['term']!r}. [case-value]")
    frame = pl.DataFrame(
        [
            {
                "qualifier": "=",
                "value": number(row["aval"]),
                "lloq": None,
                "lln": number(row["lln"]),
                "uln": number(row["uln"]),
                "baseline": number(named["baseline"] or ""),
            }
        ],
        schema_overrides=dict.fromkeys(("value", "lloq", "lln", "uln", "baseline"), pl.Float64),
    )
    # Units are NA for criteria in multiples of a limit: any unit does.
    version, unit = row["ctcae"].removesuffix(".0"), "" if row["unit"] in ("", "NA") else row["unit"]
    low, high, reason = ctcae_grades(frame, version=version, term=named["term"], unit=unit).row(0)
    return {"grade": low if low == high else reason}


RULES = (
    CaseRule(
        "bcell_depletion",
        "cart.endpoints.course.one_course",
        ("days", "cd19_per_uL", "lloq", "threshold", "confirm_n"),
        (
            "depleted",
            "first_day_below",
            "previous_sample_day",
            "nadir",
            "undetectable",
            "last_day_below",
            "first_confirmed_day_at_or_above",
            "duration_min",
            "duration_max",
            "status",
        ),
        depletion,
    ),
    CaseRule(
        "titre_half_life",
        "cart.endpoints.half_life.half_life",
        ("days", "value"),
        ("k", "half_life", "half_life_low", "half_life_high", "r2", "ratio_to_igg21"),
        titer_half_life,
    ),
    CaseRule(
        "titre_steps",
        "cart.endpoints.censoring.titer_fold_change",
        ("baseline", "followup"),
        ("b_value", "f_value", "log2fc_at_limit", "log2fc_lloq_half", "censor_note", "ge4fold_fall"),
        titer_steps,
    ),
    CaseRule(
        "igg_passive_decay",
        "cart.endpoints.half_life.fraction_remaining",
        ("day", "half_life_d"),
        ("fraction_remaining", "log2_change"),
        passive_decay,
    ),
    CaseRule(
        "ctcae_grades",
        "cart.endpoints.ctcae.ctcae_grades",
        ("ctcae", "term", "unit", "aval", "lln", "uln"),
        ("grade",),
        ctcae,
    ),
)
