"""Grade of every laboratory result by the CTCAE: which term its test has, which limits and which baseline count."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cart.endpoints.baseline import check_rule
from cart.endpoints.censoring import is_exact
from cart.endpoints.ctcae import check_version, ctcae_grades
from cart.endpoints.ctcae_criteria import VERSIONS
from cart.endpoints.ctcae_tests import terms_of
from cart.endpoints.ctcae_units import unified
from cart.endpoints.reference_ranges import NO_RANGE
from cart.endpoints.registry import READ_TIME, Parameter, in_force

LABORATORY = "LAB"
READ_TIME[LABORATORY] = (
    Parameter(
        "ctcae_version",
        "5",
        "",
        "NCI CTCAE",
        "Version of the CTCAE that laboratory values are graded by. The versions differ, so it stays for the study.",
        choices=VERSIONS,
    ),
    Parameter(
        "baseline_rule",
        "before-conditioning",
        "",
        "convention: the last evaluable value before conditioning",
        "Baseline that grades in multiples of the baseline refer to.",
        refuse=check_rule,
    ),
)
GRADED = {
    "grade_term": pl.String,
    "grade_low": pl.Int8,
    "grade_high": pl.Int8,
    "grade_reason": pl.String,
}
# What a laboratory means by the words and letters of its own flags.
FLAG_WORDS = {"L": "LOW", "LL": "LOW", "LOW": "LOW", "H": "HIGH", "HH": "HIGH", "HIGH": "HIGH", "N": "NORMAL"}
_KNOWN_FLAGS = ("LOW", "NORMAL", "HIGH")
_SERIES = ["subject_id", "analyte"]
# The criteria are of blood.
_BLOOD = "blood|serum|plasma"


def with_grades(rows: pl.DataFrame, *, version: str) -> pl.DataFrame:
    """Rows with the grade of each.

    Parameters
    ----------
    rows
        Results with baseline (``baseline.baseline_and_change``) and flag (``reference_ranges.flagged``): columns
        subject_id, analyte, test_code, material, unit, qualifier, value, lloq, usable, is_baseline, flag,
        flag_reason, flag_low, flag_high, range_low, range_high and range_flag (as received).
    version
        Version of the CTCAE: 4, 5 or 6.

    Returns
    -------
    ``rows`` in their order with grade_term, grade_low and grade_high (0 to 4, null where there is no grade) and
    grade_reason (why there is none, or why the two differ; empty otherwise).

    Notes
    -----
    Limits are those of the approved range; where none is in force, those the laboratory sent. Where it cannot be
    said which approved range holds, there is no limit. The baseline counts in the row's own unit only; a censored
    one is no number, but may be known to be normal. A specimen that must not be evaluated has no grade. A test with
    two directions (potassium) has the grade of the one it is graded in; 0 only where both are.

    Raises
    ------
    ParameterError
        There is no such version.
    """
    check_version(version)
    if rows.is_empty():
        return rows.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in GRADED.items())
    prepared = _with_baseline(_with_limits(rows)).with_row_index("_place")
    answers = pl.concat(
        [
            _of_test(part, test_code=str(test), unit=str(unit), version=version)
            for (test, unit), part in prepared.group_by("test_code", "unit")
        ]
    ).sort("_place")
    barred = ~_of_blood() | ~pl.col("usable")
    why = (
        pl.when(_of_blood())
        .then(pl.lit("specimen not to be evaluated"))
        .otherwise(pl.format("specimen of {}: the criteria are of blood", "material"))
    )
    # A result without a number says so, whatever the specimen.
    shown = barred & (pl.col("grade_term") != "") & pl.col("value").is_not_null()
    return pl.concat([rows, answers.drop("_place")], how="horizontal").with_columns(
        *(pl.when(~barred).then(pl.col(name)).cast(pl.Int8).alias(name) for name in ("grade_low", "grade_high")),
        pl.when(shown).then(why).otherwise("grade_reason").alias("grade_reason"),
    )


def grading_in_force(overrides: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """Version of the CTCAE and baseline rule as the study's protocol sets them, or by default.

    Raises
    ------
    ParameterError
        The protocol sets a value that cannot be.

    >>> grading_in_force({"LAB": {"ctcae_version": "6"}})
    ('6', 'before-conditioning')
    """
    values = in_force(LABORATORY, READ_TIME[LABORATORY], overrides)
    return values["ctcae_version"], values["baseline_rule"]


def _of_blood() -> pl.Expr:
    material = pl.col("material").fill_null("").str.to_lowercase()
    return (material == "") | material.str.contains(_BLOOD)


def _with_limits(rows: pl.DataFrame) -> pl.DataFrame:
    received = pl.col("flag_reason") == NO_RANGE
    return rows.with_columns(
        pl.when(received).then("range_low").otherwise("flag_low").alias("lln"),
        pl.when(received).then("range_high").otherwise("flag_high").alias("uln"),
        pl.when(received)
        .then(pl.col("range_flag").str.to_uppercase().replace(FLAG_WORDS))
        .otherwise("flag")
        .alias("_word"),
    )


def _with_baseline(rows: pl.DataFrame) -> pl.DataFrame:
    """Number and flag of the baseline, where it is in the row's unit."""
    chosen = rows.filter("is_baseline").select(
        *_SERIES,
        pl.when(is_exact()).then("value").alias("_base"),
        pl.when(pl.col("_word").is_in(_KNOWN_FLAGS)).then("_word").otherwise(pl.lit("")).alias("_base_word"),
        pl.col("uln").alias("_base_uln"),
        pl.col("lln").alias("_base_lln"),
        unified("unit").alias("_base_unit"),
    )
    same = pl.col("_base_unit") == unified("unit")
    value = pl.col("_base")
    # Without a flag its own limits tell: a range of another day must not decide whether the baseline was normal.
    told = (
        pl.when(pl.col("_base_word") != "")
        .then("_base_word")
        .when(value > pl.col("_base_uln"))
        .then(pl.lit("HIGH"))
        .when(value < pl.col("_base_lln"))
        .then(pl.lit("LOW"))
        .when((value <= pl.col("_base_uln")) & (value >= pl.col("_base_lln")).fill_null(value=True))
        .then(pl.lit("NORMAL"))
        .otherwise(pl.lit(""))
    )
    return rows.join(chosen, on=_SERIES, how="left", maintain_order="left").with_columns(
        pl.when(same).then("_base").alias("baseline"),
        pl.when(same).then(told).otherwise(pl.lit("")).alias("baseline_flag"),
    )


def _of_test(part: pl.DataFrame, *, test_code: str, unit: str, version: str) -> pl.DataFrame:
    """_place and the grade of rows of one test in one unit: their criteria are one set of columns."""
    place, terms = part.select("_place"), terms_of(test_code, version=version)
    if not terms:
        none = {"term": "", "low": None, "high": None, "reason": "no criteria for this test"}
        return place.with_columns(
            pl.lit(none[name.removeprefix("grade_")], dtype).alias(name) for name, dtype in GRADED.items()
        )
    given = part.select("qualifier", "value", "lloq", "lln", "uln", "baseline", "baseline_flag")
    answers = [
        ctcae_grades(given, version=version, term=term, unit=unit).with_columns(term=pl.lit(term)) for term in terms
    ]
    answer = answers[0] if len(answers) == 1 else _either(*answers)
    named = answer.select(pl.col(name.removeprefix("grade_")).cast(dtype).alias(name) for name, dtype in GRADED.items())
    return pl.concat([place, named], how="horizontal")


def _either(low: pl.DataFrame, high: pl.DataFrame) -> pl.DataFrame:
    """One answer of two directions: a grade in one settles the other, grade 0 needs both."""
    both = pl.concat([low.rename(lambda name: f"{name}_l"), high.rename(lambda name: f"{name}_h")], how="horizontal")
    known = pl.col("low_l").is_not_null() & pl.col("low_h").is_not_null()
    rest = {
        "low": pl.when(known).then(pl.max_horizontal("low_l", "low_h")),
        "high": pl.when(known).then(pl.max_horizontal("high_l", "high_h")),
        "term": pl.format("{} / {}", "term_l", "term_h"),
        "reason": pl.when(pl.col("reason_l") == "").then("reason_h").otherwise("reason_l"),
    }
    return both.select(
        pl.when(pl.col("low_l") > 0)
        .then(f"{name}_l")
        .when(pl.col("low_h") > 0)
        .then(f"{name}_h")
        .otherwise(other)
        .alias(name)
        for name, other in rest.items()
    )
