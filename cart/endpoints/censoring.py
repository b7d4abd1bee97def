"""Values with a qualifier as intervals, imputation, fold changes and titers.

A value below the limit of quantification is an interval, not a number: ``<10`` is [0, 10), ``>5120`` is
[5120, inf). Numbers are put in its place only by a named rule, a parameter of the analysis.
"""

import math
import re
from dataclasses import dataclass

import polars as pl

from cart.endpoints.errors import ParameterError

# Factor of the limit that stands for a value below it. Conventions of the field; half is the usual one.
IMPUTATIONS: dict[str, float] = {"half": 0.5, "root2": 1 / math.sqrt(2), "lloq": 1.0, "zero": 0.0}

_TITER = re.compile(r"\s*([<>]?)\s*1\s*:\s*([0-9]+)\s*", re.ASCII)
FOUR_FOLD_STEPS = 2.0

VALUE, QUALIFIER, LLOQ = pl.col("value"), pl.col("qualifier"), pl.col("lloq")


def below_limit() -> pl.Expr:
    """Is the value below its limit: said so by ``<``, or a number under the assay's LLOQ?

    Reads columns value, qualifier, lloq. A number under the LLOQ is no more a measurement than ``<LLOQ`` is.
    """
    return (QUALIFIER == "<") | ((QUALIFIER == "=") & (VALUE < LLOQ)).fill_null(value=False)


def interval_low() -> pl.Expr:
    """Lower end of a value's interval: 0 below the limit, the value otherwise; null without a value.

    Below a limit that is itself negative (``<-2`` of a base excess) there is no end.
    """
    lowest = pl.when(pl.max_horizontal(VALUE, LLOQ) < 0).then(-math.inf).otherwise(0.0)
    return pl.when(VALUE.is_not_null() & below_limit()).then(lowest).otherwise(VALUE)


def interval_high() -> pl.Expr:
    """Upper end: the limit below it, infinity for ``>``, the value otherwise; null without a value.

    The limit of ``<x`` is x, or the LLOQ where that is higher: ``<50`` in a diluted specimen with LLOQ 10 is
    [0, 50), and ``<5`` of an assay with LLOQ 10 knows no more than [0, 10).
    """
    return (
        pl.when(VALUE.is_null())
        .then(None)
        .when(below_limit())
        .then(pl.max_horizontal(VALUE, LLOQ))
        .when(QUALIFIER == ">")
        .then(math.inf)
        .otherwise(VALUE)
    )


def is_exact() -> pl.Expr:
    """Is the value a number, not an interval?"""
    return (QUALIFIER == "=") & ~below_limit()


def imputed(*, rule: str) -> pl.Expr:
    """Number used where an analysis needs one: ``rule`` times the limit below it, the limit above it.

    Raises
    ------
    ParameterError
        When the rule is not one of ``IMPUTATIONS``.
    """
    if rule not in IMPUTATIONS:
        raise ParameterError(
            f"A value below the limit is imputed by one of {', '.join(IMPUTATIONS)}; found {rule!r}. [imputation]"
        )
    return pl.when(below_limit()).then(interval_high() * IMPUTATIONS[rule]).otherwise(VALUE)


@dataclass(frozen=True)
class FoldChange:
    """log2 of follow-up / baseline, the interval it can lie in, and what censoring makes of it.

    ``at_limit`` takes a censored side at its limit, ``imputed`` puts the imputation rule in the place of a
    value below the limit; both are None where nothing can be said. ``note``: ``exact``, ``true drop at least
    as large``, ``true drop at most as large``, the same of a rise, or ``both censored: not evaluable``.
    """

    at_limit: float | None
    imputed: float | None
    low: float
    high: float
    note: str

    @property
    def evaluable(self) -> bool:
        """Does the change have a value or at least a bound?"""
        return self.at_limit is not None

    @property
    def four_fold_fall(self) -> bool | None:
        """Is the fall at least four-fold, two steps of two? None where the interval does not decide."""
        if not self.evaluable:
            return None
        if self.high <= -FOUR_FOLD_STEPS:
            return True
        return False if self.low > -FOUR_FOLD_STEPS else None


def parse_titer(text: str) -> tuple[str, float]:
    """Qualifier and reciprocal dilution of ``1:640``, ``<1:40``, ``>1:5120``.

    Raises
    ------
    ValueError
        When the text is no titer; a titer of 1:0 is none.

    Examples
    --------
    >>> parse_titer("<1:40")
    ('<', 40.0)
    """
    match = _TITER.fullmatch(text)
    if match is None or int(match[2]) == 0:
        raise ValueError(f"A titer is written 1:640, <1:40 or >1:5120; found {text!r}. [titer]")
    return match[1] or "=", float(match[2])


def fold_change(
    *,
    baseline: float,
    baseline_qualifier: str,
    followup: float,
    followup_qualifier: str,
    below_lloq: str = "half",
) -> FoldChange:
    """log2 fold change of two measurements, either of which may be censored.

    One censored side gives a bound, two give nothing.

    Parameters
    ----------
    baseline, followup
        Value or limit, above zero; the reciprocal dilution of a titer. Same unit and series.
    baseline_qualifier, followup_qualifier
        ``=``, ``<`` or ``>``.
    below_lloq
        Imputation rule of ``imputed``.

    Raises
    ------
    ValueError
        A value not above zero, which has no logarithm.

    Examples
    --------
    >>> fold_change(baseline=5120, baseline_qualifier=">", followup=640, followup_qualifier="=").note
    'true drop at least as large'
    """
    if baseline <= 0 or followup <= 0:
        raise ValueError(f"A fold change needs values above zero; found {baseline} and {followup}. [fold-change]")
    at_limit = math.log2(followup / baseline)
    if baseline_qualifier == followup_qualifier == "=":
        return FoldChange(at_limit, at_limit, at_limit, at_limit, "exact")
    if "=" not in (baseline_qualifier, followup_qualifier):
        return FoldChange(None, None, -math.inf, math.inf, "both censored: not evaluable")
    factor = IMPUTATIONS[below_lloq]
    low_baseline = factor * baseline if baseline_qualifier == "<" else baseline
    low_followup = factor * followup if followup_qualifier == "<" else followup
    number = math.log2(low_followup / low_baseline) if low_followup > 0 and low_baseline > 0 else None
    # ">" at baseline or "<" at follow-up: the true change lies at or below the change at the limit.
    if baseline_qualifier == ">" or followup_qualifier == "<":
        note = "true drop at least as large" if at_limit <= 0 else "true rise at most as large"
        return FoldChange(at_limit, number, -math.inf, at_limit, note)
    note = "true rise at least as large" if at_limit >= 0 else "true drop at most as large"
    return FoldChange(at_limit, number, at_limit, math.inf, note)


def titer_fold_change(baseline: str, followup: str, *, below_lloq: str = "half") -> FoldChange:
    """``fold_change`` of two titers as text.

    >>> titer_fold_change("1:1280", "<1:40").imputed
    -6.0
    """
    qualifier, value = parse_titer(baseline)
    later_qualifier, later = parse_titer(followup)
    return fold_change(
        baseline=value,
        baseline_qualifier=qualifier,
        followup=later,
        followup_qualifier=later_qualifier,
        below_lloq=below_lloq,
    )
