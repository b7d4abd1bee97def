"""Two groups of one cell compared: arms, cohorts, with chelation and without, CD19 alone and dual."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl

from cart.endpoints.answers import NOT_APPLICABLE
from cart.endpoints.statistics.comparison import EXACT, Comparison, fisher, log_rank, wilcoxon
from cart.endpoints.statistics.geometric import ratio_of_means
from cart.endpoints.statistics.hodges_lehmann import shift
from cart.endpoints.summary_cells import (
    NOT_POSITIVE,
    OPPOSITES,
    Row,
    hodges_lehmann_row,
    left_out,
    remarks,
    statistic,
    times_of,
    words,
)

# The distribution of the Mann-Whitney statistic is counted over all pairs.
MOST_PAIRS_EXACT = 10_000
EMPTY = "a group has no subject with an answer"


def comparisons(
    one: pl.DataFrame, other: pl.DataFrame, *, kinds: Sequence[str], parameters: Mapping[str, Any]
) -> Iterator[Row]:
    """Statistics of the first group against the second, of each kind of the endpoint; all tests are two-sided.

    Parameters
    ----------
    one, other
        Cells of both groups, as of :func:`cart.endpoints.summary_cells.cell_statistics`.
    """
    for kind in kinds:
        if kind in COMPARED:
            yield from COMPARED[kind](one, other, parameters)


def _categories(one: pl.DataFrame, other: pl.DataFrame, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Fisher's test of each answer in words against all others; of yes and no the yes alone."""
    first, second = (part.filter(part != NOT_APPLICABLE) for part in (words(one), words(other)))
    seen = set(first) | set(second)
    for told, opposite in OPPOSITES:
        # The test of "no" is that of "yes"; it is there too where everybody says no.
        if seen & {told, opposite}:
            seen = seen - {opposite} | {told}
    for text in sorted(seen):
        test = partial(fisher, *_counted(first, text), *_counted(second, text))
        yield _tested("Fisher p", test, first.len(), second.len(), category=text)


def _numbers(one: pl.DataFrame, other: pl.DataFrame, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Exact Wilcoxon test of the values, and the Hodges-Lehmann shift with its exact interval."""
    first, second = one["value"].drop_nulls(), other["value"].drop_nulls()
    remark = left_out(one, other)
    yield _tested("Wilcoxon p", partial(wilcoxon, first, second), first.len(), second.len(), remark=remark)
    unit = one["unit"][0] or other["unit"][0]
    n = first.len() + second.len()
    if not first.len() or not second.len() or first.len() * second.len() > MOST_PAIRS_EXACT:
        exact = f"exact up to {MOST_PAIRS_EXACT} pairs of subjects"
        reason = exact if first.len() and second.len() else EMPTY
        yield statistic("Hodges-Lehmann shift", n=n, unit=unit, reason=reason)
        return
    found = shift(first, second, confidence=parameters["confidence"])
    yield hodges_lehmann_row("Hodges-Lehmann shift", found, parameters, unit=unit, remark=remark)


def _geometric(one: pl.DataFrame, other: pl.DataFrame, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Ratio of the geometric means of the values."""
    first, second = one["value"].drop_nulls(), other["value"].drop_nulls()
    n = first.len() + second.len()
    if not first.len() or not second.len() or not ((first > 0).all() and (second > 0).all()):
        reason = NOT_POSITIVE if first.len() and second.len() else EMPTY
        yield statistic("geometric mean ratio", n=n, unit="1", reason=reason)
        return
    found = ratio_of_means(first, second, confidence=parameters["confidence"])
    has = found.low is not None
    yield statistic(
        "geometric mean ratio",
        n=found.values,
        unit="1",
        value=found.mean,
        low=found.low,
        high=found.high,
        confidence=parameters["confidence"] if has else None,
        reason=remarks("" if has else "an interval needs two subjects in each group that differ", left_out(one, other)),
    )


def _times(one: pl.DataFrame, other: pl.DataFrame, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Log-rank test by permutation of its scores."""
    first, second = times_of(one), times_of(other)
    yield _tested(
        "log-rank p",
        partial(log_rank, first["time"], first["event"], second["time"], second["event"]),
        first.height,
        second.height,
    )


COMPARED: Mapping[str, Callable[[pl.DataFrame, pl.DataFrame, Mapping[str, Any]], Iterator[Row]]] = {
    "categories": _categories,
    "numbers": _numbers,
    "geometric": _geometric,
    "times": _times,
}


def _tested(
    name: str, test: Callable[[], Comparison], first: int, second: int, *, category: str = "", remark: str = ""
) -> Row:
    n = first + second
    if not first or not second:
        return statistic(name, n=n, category=category, reason=EMPTY)
    found = test()
    way = "" if found.way == EXACT else found.way
    return statistic(name, n=n, category=category, value=found.p, reason=remarks(way, remark))


def _counted(texts: pl.Series, text: str) -> tuple[int, int]:
    return int((texts == text).sum()), texts.len()
