"""Values with a qualifier as intervals, imputation, fold changes and titers.

A value below the limit of quantification is an interval, not a number: ``<10`` is [0, 10), ``>5120`` is
(5120, inf). Numbers are put in its place only by a named rule, a parameter of the analysis.
"""

import math
import re
from dataclasses import dataclass

import polars as pl

from cart.endpoints.errors import ParameterError

# Factor of the limit that stands for a value below it. Source: conventions named in DOMAIN section 3.
IMPUTATIONS: dict[str, float] = {"half": 0.5, "root2": 1 / math.sqrt(2), "lloq": 1.0, "zero": 0.0}

_TITER = re.compile(r"\s*([<>]?)\s*1\s*:\s*([0-9]+)\s*", re.ASCII)
FOUR_FOLD_STEPS = 2.0


def interval_low(value: pl.Expr, qualifier: pl.Expr) -> pl.Expr:
    """Lower end: 0 for ``<x``, x otherwise; null where the value is."""
    return pl.when(value.is_not_null() & (qualifier == "<")).then(0.0).otherwise(value)


def interval_high(value: pl.Expr, qualifier: pl.Expr) -> pl.Expr:
    """Upper end: infinity for ``>x``, x otherwise (excluded for ``<x``); null where the value is."""
    return pl.when(value.is_not_null() & (qualifier == ">")).then(math.inf).otherwise(value)


def imputed(value: pl.Expr, qualifier: pl.Expr, *, rule: str) -> pl.Expr:
    """Number used in an analysis that needs one: ``rule`` for values below the limit, the limit above it.

    Raises
    ------
    ParameterError
        When the rule is not one of ``IMPUTATIONS``.
    """
    if rule not in IMPUTATIONS:
        raise ParameterError(
            f"A value below the limit is imputed by one of {', '.join(IMPUTATIONS)}; found {rule!r}. [imputation]"
        )
    return pl.when(qualifier == "<").then(value * IMPUTATIONS[rule]).otherwise(value)


@dataclass(frozen=True)
class FoldChange:
    """log2 of follow-up / baseline with the interval it can lie in and what censoring makes of it.

    ``note``: ``exact``; ``true drop at least as large``; ``true drop at most as large``; ``not evaluable``.
    ``four_fold_fall``: True, False, or None where the interval does not decide.
    """

    at_limit: float | None
    low: float
    high: float
    note: str

    @property
    def four_fold_fall(self) -> bool | None:
        """Is the fall at least four-fold, two steps of two?"""
        if self.note == "not evaluable":
            return None
        if self.high <= -FOUR_FOLD_STEPS:
            return True
        return False if self.low > -FOUR_FOLD_STEPS else None


def parse_titer(text: str) -> tuple[str, float]:
    """Qualifier and reciprocal dilution of ``1:640``, ``<1:40``, ``>1:5120``.

    >>> parse_titer("<1:40")
    ('<', 40.0)
    """
    match = _TITER.fullmatch(text)
    if match is None or int(match[2]) == 0:
        raise ValueError(f"A titer is written 1:640, <1:40 or >1:5120; found {text!r}. [titer]")
    return match[1] or "=", float(match[2])


def fold_change(
    *, baseline: float, baseline_qualifier: str, followup: float, followup_qualifier: str
) -> FoldChange:
    """log2 fold change of two measurements, either of which may be censored.

    One censored side gives a bound; two give nothing, unless they point apart (``>`` to ``<``: still a bound).

    >>> fold_change(baseline=5120, baseline_qualifier=">", followup=640, followup_qualifier="=").note
    'true drop at least as large'
    """
    if baseline <= 0 or followup <= 0:
        raise ValueError(f"A fold change needs values above zero; found {baseline} and {followup}. [fold-change]")
    at_limit = math.log2(followup / baseline)
    sides = (baseline_qualifier, followup_qualifier)
    if sides == ("=", "="):
        return FoldChange(at_limit, at_limit, at_limit, "exact")
    if "=" not in sides and sides != (">", "<") and sides != ("<", ">"):
        return FoldChange(None, -math.inf, math.inf, "not evaluable")
    if baseline_qualifier == ">" or followup_qualifier == "<":
        return FoldChange(at_limit, -math.inf, at_limit, "true drop at least as large")
    return FoldChange(at_limit, at_limit, math.inf, "true drop at most as large")
