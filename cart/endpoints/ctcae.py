"""Grades of laboratory values by the CTCAE.

A value is an interval: ``<10`` has a grade only where every value in [0, 10) has the same, otherwise bounds. The
version is a parameter and stays with the answer: version 6 grades neutrophils and platelets otherwise than 5.
"""

from dataclasses import dataclass

import polars as pl

from cart.endpoints.censoring import interval_high, interval_low
from cart.endpoints.ctcae_criteria import CRITERIA, VERSIONS
from cart.endpoints.ctcae_criterion import BASELINE, LLN, NUMBER, ULN, Border, Criterion, Ladder
from cart.endpoints.ctcae_units import same_unit
from cart.endpoints.errors import ParameterError

_LIMITS = {ULN: "uln", LLN: "lln", BASELINE: "baseline"}
_HAIR = 1e-9
_BOUNDS = ("low", "high")
_ABNORMAL = "whether the baseline was abnormal"
_REASONS = {"lln": "no LLN", "uln": "no ULN", "baseline": "no baseline"}


@dataclass(frozen=True)
class _Side:
    """One end of the values' intervals; ``open`` where the end itself is no possible value."""

    end: pl.Expr
    open: pl.Expr


def check_version(version: str) -> None:
    """Refuse a version that there are no criteria of.

    Raises
    ------
    ParameterError
        Naming the versions.
    """
    if version not in VERSIONS:
        raise ParameterError(
            f"The version of the CTCAE is one of {', '.join(VERSIONS)}; found {version!r}. [ctcae-version]"
        )


def criterion_of(*, version: str, term: str) -> Criterion:
    """Criterion of a term.

    Raises
    ------
    ParameterError
        A version or a term that there is no criterion of.
    """
    check_version(version)
    found = CRITERIA[version].get(term)
    if found is None:
        raise ParameterError(
            f"A term has laboratory criteria in its version of the CTCAE; found {term!r} in version {version}. Known: "
            f"{', '.join(sorted(CRITERIA[version]))}. [ctcae-term]"
        )
    return found


def ctcae_grades(rows: pl.DataFrame, *, version: str, term: str, unit: str = "") -> pl.DataFrame:
    """Grade of each value.

    Parameters
    ----------
    rows
        Columns qualifier, value, lloq, lln, uln, baseline (numbers; null where unknown), all of one unit. May have
        baseline_flag (``LOW``, ``NORMAL``, ``HIGH`` by the range in force at the baseline, else empty): whether the
        baseline is abnormal; without that column it is compared with the row's own limits. May have with_finding
        (true, false, null where unknown): signs or symptoms, anticoagulation, fasting, as the criterion asks.
    version, term
        Version of the CTCAE, and the term in it.
    unit
        Unit of the rows; empty for the criterion's own.

    Returns
    -------
    Columns low, high (grades 0 to 4 that the value can have; null where nothing can be said) and reason (why not
    one grade; empty where it is one). Rows keep their order; each is graded by itself.

    Notes
    -----
    A border is looked at from its own side: the grade is the highest one whose border the value is beyond. Where
    the baseline decides which borders count and is unknown, or a limit that a border needs is, the grade is not
    evaluable unless another border decides it alone: a neutrophil count of 0.3 has grade 4 without an LLN. Where
    the same value is of two grades by a finding that is not known, the two are bounds. Nothing is converted: a unit
    in which the criteria state no borders is not evaluable.

    Source: NCI CTCAE; see :mod:`cart.endpoints.ctcae_criteria`.

    >>> rows = pl.DataFrame({"qualifier": ["=", "<"], "value": [0.4, 0.8], "lloq": [None, None], "lln": [1.8, 1.8],
    ...     "uln": [7.5, 7.5], "baseline": [None, None]}, schema_overrides={"lloq": pl.Float64, "baseline": pl.Float64})
    >>> ctcae_grades(rows, version="5", term="Neutrophil count decreased").rows()
    [(4, 4, ''), (3, 4, 'censored: grade 3 to 4')]
    """
    criterion = in_unit(criterion_of(version=version, term=term), unit)
    if criterion is None:
        reason = f"the criteria state no borders in {unit}"
        # As columns first: a select of constants alone has one row.
        nothing = {"low": pl.lit(None, pl.Int8), "high": pl.lit(None, pl.Int8), "reason": pl.lit(reason)}
        return rows.with_columns(**nothing).select(*nothing)
    least, worst = _sides(criterion)
    missing = pl.concat_str(
        [pl.lit(None, pl.String)]
        + [pl.when(pl.col(name).is_null()).then(pl.lit(_REASONS[name])) for name in _needed(criterion)],
        separator=", ",
        ignore_nulls=True,
    )
    return (
        _prepared(rows, criterion)
        .with_columns(
            _grade(criterion, least, certain=True).alias("low"),
            _grade(criterion, worst, certain=False).alias("high"),
            missing.fill_null("").alias("missing"),
            _no_grade(criterion).alias("no_grade"),
        )
        .select(
            *(pl.when(_unknown()).then(None).otherwise(pl.col(name)).cast(pl.Int8).alias(name) for name in _BOUNDS),
            _reason(criterion).alias("reason"),
        )
    )


def in_unit(criterion: Criterion, unit: str) -> Criterion | None:
    """The criterion with its borders in a unit; None where it states none in it."""
    if unit == "" or criterion.unit == "" or same_unit(unit) == criterion.unit:
        return criterion
    return criterion.elsewhere.get(same_unit(unit))


def _prepared(rows: pl.DataFrame, criterion: Criterion) -> pl.DataFrame:
    """Intervals, limits, and whether the baseline is abnormal (null where that is not known)."""
    limit = pl.col(_LIMITS[criterion.abnormal_of])
    beyond, word = (
        (pl.col("baseline") < limit, "LOW") if criterion.abnormal_of == LLN else (pl.col("baseline") > limit, "HIGH")
    )
    if "baseline_flag" in rows.columns:
        beyond = pl.when(pl.col("baseline_flag") != "").then(pl.col("baseline_flag") == word)
    found = pl.col("with_finding") if "with_finding" in rows.columns else pl.lit(None, pl.Boolean)
    return rows.select(
        interval_low().alias("lowest"),
        interval_high().alias("highest"),
        # An interval [0, 10) does not hold its upper end, (5120, inf) not its lower one.
        (interval_low() < interval_high()).alias("is_interval"),
        (pl.col("qualifier") == ">").alias("above"),
        beyond.alias("baseline_abnormal"),
        found.alias("found"),
        *(pl.col(name).cast(pl.Float64) for name in _LIMITS.values()),
    )


def _no_grade(criterion: Criterion) -> pl.Expr:
    """The value, or some value of its interval, is where the criteria name no grade any more."""
    if criterion.ends is None:
        return pl.lit(value=False)
    return (pl.col("lowest") < criterion.ends).fill_null(value=False)


def _unknown() -> pl.Expr:
    """Nothing can be said: no value, no grade there, or a missing limit leaves the grade open."""
    open_by_limit = (pl.col("missing") != "") & (pl.col("low") != pl.col("high"))
    return pl.col("lowest").is_null() | pl.col("no_grade") | open_by_limit


def _reason(criterion: Criterion) -> pl.Expr:
    return (
        pl.when(pl.col("lowest").is_null())
        .then(pl.lit("no value"))
        .when("no_grade")
        .then(pl.lit(f"below {criterion.ends or 0:g} the criteria name no grade"))
        .when(_unknown())
        .then("missing")
        .when(pl.col("low") == pl.col("high"))
        .then(pl.lit(""))
        .when("is_interval")
        .then(pl.format("censored: grade {} to {}", "low", "high"))
        .otherwise(pl.format("depends on {}: grade {} to {}", pl.lit(criterion.finding or _ABNORMAL), "low", "high"))
    )


def _sides(criterion: Criterion) -> tuple[_Side, _Side]:
    """The mildest and the worst possible value of each interval."""
    low = _Side(pl.col("lowest"), pl.col("is_interval") & pl.col("above"))
    high = _Side(pl.col("highest"), pl.col("is_interval") & ~pl.col("above"))
    return (high, low) if criterion.low else (low, high)


def _needed(criterion: Criterion) -> list[str]:
    borders = [border for ladder in criterion.ladders() for step in ladder for border in step]
    used = {border.of for border in borders} | {border.given for border in borders}
    used |= {criterion.abnormal_of, BASELINE} if criterion.abnormal else set()
    return [name for of, name in _LIMITS.items() if of in used]


def _grade(criterion: Criterion, side: _Side, *, certain: bool) -> pl.Expr:
    """Grade of one end: what it has for certain, or at most what it can have where something is not known."""
    plain = _climbed(criterion, criterion.ladder, side, certain=certain)
    either = pl.min_horizontal if certain else pl.max_horizontal
    if criterion.found is not None:
        found = _climbed(criterion, criterion.found, side, certain=certain)
        plain = pl.when("found").then(found).when(~pl.col("found")).then(plain).otherwise(either(plain, found))
    if criterion.abnormal is None:
        return plain
    other = _climbed(criterion, criterion.abnormal, side, certain=certain)
    abnormal = pl.col("baseline_abnormal")
    return pl.when(abnormal).then(other).when(~abnormal).then(plain).otherwise(either(plain, other))


def _climbed(criterion: Criterion, ladder: Ladder, side: _Side, *, certain: bool) -> pl.Expr:
    grade = pl.lit(0)
    for number, borders in enumerate(ladder, start=1):
        if borders:
            beyond = pl.any_horizontal(
                _counts(border, side, low=criterion.low, certain=certain).fill_null(value=not certain)
                for border in borders
            )
            grade = pl.when(beyond).then(number).otherwise(grade)
    return grade


def _counts(border: Border, side: _Side, *, low: bool, certain: bool) -> pl.Expr:
    beyond = _beyond(border, side, low=low, certain=certain)
    return beyond & _beyond(Border(1, border.given), side, low=low, certain=certain) if border.given else beyond


def _beyond(border: Border, side: _Side, *, low: bool, certain: bool) -> pl.Expr:
    limit = pl.lit(border.factor) if border.of == NUMBER else pl.col(_LIMITS[border.of]) * border.factor + border.plus
    # A multiple in binary misses the number that was meant by a hair: 1.5 x 0.1 is not 0.15.
    near = (side.end - limit).abs() <= _HAIR * limit.abs()
    past = (side.end < limit) if low else (side.end > limit)
    # At the border: all of [0, 10) lies below 10, and none of it reaches 10.
    itself = pl.lit(value=border.itself)
    return (past & ~near) | (near & ((itself | side.open) if certain else (itself & ~side.open)))
