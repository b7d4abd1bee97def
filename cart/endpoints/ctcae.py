"""Grades of laboratory values by the CTCAE, and flags against a reference range.

A value is an interval: ``<10`` has a grade only where every value in [0, 10) has the same, otherwise bounds. The
version is a parameter and stays with the answer: version 6 grades neutrophils and platelets otherwise than 5.
"""

from dataclasses import dataclass

import polars as pl

from cart.endpoints.censoring import interval_high, interval_low
from cart.endpoints.ctcae_criteria import BASELINE, CRITERIA, LLN, NUMBER, ULN, VERSIONS, Border, Criterion, Ladder
from cart.endpoints.errors import ParameterError

_LIMITS = {ULN: "uln", LLN: "lln", BASELINE: "baseline"}
_HAIR = 1e-9
_REASONS = {"lln": "no LLN", "uln": "no ULN", "baseline": "no baseline"}


@dataclass(frozen=True)
class _Side:
    """One end of the values' intervals; ``open`` where the end itself is no possible value."""

    end: pl.Expr
    open: pl.Expr


def criterion_of(*, version: str, term: str) -> Criterion:
    """Criterion of a term.

    Raises
    ------
    ParameterError
        A version or a term that there is no criterion of.
    """
    if version not in VERSIONS:
        raise ParameterError(
            f"The version of the CTCAE is one of {', '.join(VERSIONS)}; found {version!r}. [ctcae-version]"
        )
    found = CRITERIA[version].get(term)
    if found is None:
        raise ParameterError(
            f"A term has laboratory criteria in its version of the CTCAE; found {term!r} in version {version}. Known: "
            f"{', '.join(sorted(CRITERIA[version]))}. [ctcae-term]"
        )
    return found


def ctcae_grades(rows: pl.DataFrame, *, version: str, term: str) -> pl.DataFrame:
    """Grade of each value.

    Parameters
    ----------
    rows
        Columns qualifier, value, lloq, lln, uln, baseline (numbers; null where unknown), all of one unit: where the
        criterion has borders in numbers, its unit.
    version, term
        Version of the CTCAE, and the term in it.

    Returns
    -------
    Columns low, high (grades 0 to 4 that the value can have; null where nothing can be said) and reason (why not
    one grade; empty where it is one). Rows keep their order; each is graded by itself.

    Notes
    -----
    A border is looked at from its own side: the grade is the highest one whose border the value is beyond. Where
    the baseline decides which borders count and is unknown, or a limit that a border needs is, the grade is not
    evaluable unless another border decides it alone: a neutrophil count of 0.3 has grade 4 without an LLN.

    Source: NCI CTCAE; see :mod:`cart.endpoints.ctcae_criteria`.

    >>> rows = pl.DataFrame({"qualifier": ["=", "<"], "value": [0.4, 0.8], "lloq": [None, None], "lln": [1.8, 1.8],
    ...     "uln": [7.5, 7.5], "baseline": [None, None]}, schema_overrides={"lloq": pl.Float64, "baseline": pl.Float64})
    >>> ctcae_grades(rows, version="5", term="Neutrophil count decreased").rows()
    [(4, 4, ''), (3, 4, 'censored: grade 3 to 4')]
    """
    criterion = criterion_of(version=version, term=term)
    prepared = rows.select(
        interval_low().alias("lowest"),
        interval_high().alias("highest"),
        # An interval [0, 10) does not hold its upper end, (5120, inf) not its lower one.
        (interval_low() < interval_high()).alias("is_interval"),
        (pl.col("qualifier") == ">").alias("above"),
        *(pl.col(name).cast(pl.Float64) for name in _LIMITS.values()),
    )
    least, worst = _sides(criterion)
    missing = pl.concat_str(
        [pl.lit(None, pl.String)]
        + [pl.when(pl.col(name).is_null()).then(pl.lit(_REASONS[name])) for name in _needed(criterion)],
        separator=", ",
        ignore_nulls=True,
    )
    return (
        prepared.with_columns(
            _grade(criterion, least, certain=True).alias("low"),
            _grade(criterion, worst, certain=False).alias("high"),
            missing.fill_null("").alias("missing"),
        )
        .with_columns(pl.col("lowest").is_null().alias("no_value"))
        .select(
            pl.when(_unknown()).then(None).otherwise(pl.col("low")).cast(pl.Int8).alias("low"),
            pl.when(_unknown()).then(None).otherwise(pl.col("high")).cast(pl.Int8).alias("high"),
            pl.when("no_value")
            .then(pl.lit("no value"))
            .when(_unknown())
            .then("missing")
            .when(pl.col("low") != pl.col("high"))
            .then(pl.format("censored: grade {} to {}", "low", "high"))
            .otherwise(pl.lit(""))
            .alias("reason"),
        )
    )


def _unknown() -> pl.Expr:
    """Nothing can be said: no value, or a missing limit leaves the grade open."""
    return pl.col("no_value") | ((pl.col("missing") != "") & (pl.col("low") != pl.col("high")))


def _sides(criterion: Criterion) -> tuple[_Side, _Side]:
    """The mildest and the worst possible value of each interval."""
    low = _Side(pl.col("lowest"), pl.col("is_interval") & pl.col("above"))
    high = _Side(pl.col("highest"), pl.col("is_interval") & ~pl.col("above"))
    return (high, low) if criterion.low else (low, high)


def _needed(criterion: Criterion) -> list[str]:
    ladders = [criterion.ladder, *([criterion.abnormal] if criterion.abnormal else [])]
    used = {border.of for ladder in ladders for borders in ladder for border in borders}
    used |= {ULN, BASELINE} if criterion.abnormal else set()
    return [name for of, name in _LIMITS.items() if of in used]


def _grade(criterion: Criterion, side: _Side, *, certain: bool) -> pl.Expr:
    """Grade of one end: what it has for certain, or at most what it can have where limits are missing."""
    plain = _climbed(criterion, criterion.ladder, side, certain=certain)
    if criterion.abnormal is None:
        return plain
    other = _climbed(criterion, criterion.abnormal, side, certain=certain)
    either = pl.min_horizontal(plain, other) if certain else pl.max_horizontal(plain, other)
    raised = pl.col("baseline") > pl.col("uln")
    return pl.when(raised).then(other).when(~raised).then(plain).otherwise(either)


def _climbed(criterion: Criterion, ladder: Ladder, side: _Side, *, certain: bool) -> pl.Expr:
    grade = pl.lit(0)
    for number, borders in enumerate(ladder, start=1):
        if borders:
            beyond = pl.any_horizontal(
                _beyond(border, side, low=criterion.low, certain=certain).fill_null(value=not certain)
                for border in borders
            )
            grade = pl.when(beyond).then(number).otherwise(grade)
    return grade


def _beyond(border: Border, side: _Side, *, low: bool, certain: bool) -> pl.Expr:
    limit = pl.lit(border.factor) if border.of == NUMBER else pl.col(_LIMITS[border.of]) * border.factor
    # A multiple in binary misses the number that was meant by a hair: 1.5 x 0.1 is not 0.15.
    near = (side.end - limit).abs() <= _HAIR * limit.abs()
    past = (side.end < limit) if low else (side.end > limit)
    # At the border: all of [0, 10) lies below 10, and none of it reaches 10.
    itself = pl.lit(value=border.itself)
    return (past & ~near) | (near & ((itself | side.open) if certain else (itself & ~side.open)))


def range_flags(rows: pl.DataFrame) -> pl.DataFrame:
    """Flag of each value against its reference range.

    Parameters
    ----------
    rows
        Columns qualifier, value, lloq, lln, uln (null where there is no limit).

    Returns
    -------
    Columns flag (``LOW``, ``NORMAL``, ``HIGH``; empty where it cannot be said) and reason (why it cannot).

    Notes
    -----
    A limit itself is normal. With one limit only, a value on its side is ``NORMAL`` as far as that limit goes.
    ``<10`` is ``LOW`` against a lower limit of 10 or more; against 5 it may be low or normal: undetermined.

    >>> rows = pl.DataFrame({"qualifier": ["=", "<", "<"], "value": [4.0, 10.0, 10.0], "lloq": [None, None, None],
    ...     "lln": [5.0, 5.0, 12.0], "uln": [9.0, 20.0, 20.0]}, schema_overrides={"lloq": pl.Float64})
    >>> range_flags(rows).rows()
    [('LOW', ''), ('', 'censored: the interval crosses a limit'), ('LOW', '')]
    """
    lowest, highest = interval_low(), interval_high()
    # The open end of [0, 10) is not in it: 10 as lower limit has all of it below.
    is_open = (lowest < highest) & (pl.col("qualifier") != ">")
    lln, uln = pl.col("lln"), pl.col("uln")
    below = (highest < lln) | (is_open & (highest == lln))
    above = (lowest > uln) | ((pl.col("qualifier") == ">") & (lowest == uln))
    within = (lowest >= lln).fill_null(value=True) & (
        (highest <= uln).fill_null(value=True) | (is_open & (highest <= uln))
    )
    flag = (
        pl.when(lowest.is_null() | (lln.is_null() & uln.is_null()))
        .then(pl.lit(""))
        .when(below)
        .then(pl.lit("LOW"))
        .when(above)
        .then(pl.lit("HIGH"))
        .when(within)
        .then(pl.lit("NORMAL"))
        .otherwise(pl.lit(""))
    )
    reason = (
        pl.when(lowest.is_null())
        .then(pl.lit("no value"))
        .when(lln.is_null() & uln.is_null())
        .then(pl.lit("no reference range"))
        .when(flag == "")
        .then(pl.lit("censored: the interval crosses a limit"))
        .otherwise(pl.lit(""))
    )
    return rows.select(flag.alias("flag"), reason.alias("reason"))
