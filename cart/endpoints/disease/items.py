"""Items of an index: their type and range, and what is said where one is missing.

An index with a missing item has bounds: the missing item is once taken as absent, once as present. They are one
number where the item cannot decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from cart.endpoints.errors import FrameError, ParameterError

# Percentages of decimal numbers miss their border by the last binary digit: 70 to 73.5 is 5.000000000000000 %.
HAIR = 1e-9


@dataclass(frozen=True)
class Item:
    """A column that a kernel reads.

    ``label`` is what a reason calls it; ``least`` and ``most`` bound a number, both None is yes or no; ``whole``
    numbers have no fraction.
    """

    name: str
    label: str
    least: float | None = None
    most: float | None = None
    whole: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it is a number."""
        return self.least is not None


def checked(rows: pl.DataFrame, items: Sequence[Item]) -> pl.DataFrame:
    """The items of the rows, numbers as floats.

    Raises
    ------
    FrameError
        A column is not there, or is neither yes or no nor a number as its item is.
    ParameterError
        A number lies outside its item's range, or is not whole where it has to be.
    """
    for item in items:
        if item.name not in rows.columns:
            raise FrameError(f"The rows have a column {item.name}; found {', '.join(rows.columns)}. [frame-column]")
        dtype = rows.schema[item.name]
        if dtype != pl.Null and not (dtype.is_numeric() if item.is_number else dtype == pl.Boolean):
            wanted = "numbers" if item.is_number else "yes or no"
            raise FrameError(f"The column {item.name} holds {wanted}; found {dtype}. [frame-type]")
    taken = rows.select(pl.col(one.name).cast(pl.Float64 if one.is_number else pl.Boolean) for one in items)
    for item in items:
        if item.is_number:
            _check_range(taken[item.name], item)
    return taken


def missing(items: Sequence[Item]) -> pl.Expr:
    """What is not there, as ``no CRP, DLCO``; empty where all is.

    >>> rows = pl.DataFrame({"a": [1, None], "b": [None, None]})
    >>> rows.select(missing([Item("a", "CRP"), Item("b", "DLCO")])).to_series().to_list()
    ['no DLCO', 'no CRP, DLCO']
    """
    labels = [pl.when(pl.col(item.name).is_null()).then(pl.lit(item.label)) for item in items]
    joined = pl.concat_str(labels, separator=", ", ignore_nulls=True)
    return pl.when(joined == "").then(pl.lit("")).otherwise("no " + joined)


def bounds(condition: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Whether a condition holds, an unknown one taken as no and as yes."""
    return condition.fill_null(value=False), condition.fill_null(value=True)


def only_where_equal(low: str, high: str) -> pl.Expr:
    """The one number that both bounds are; null where they differ."""
    return pl.when(pl.col(low) == pl.col(high)).then(pl.col(low))


def decided(low: pl.Expr, high: pl.Expr) -> pl.Expr:
    """Yes or no where an unknown taken as no and as yes gives the same; otherwise null."""
    return pl.when(low == high).then(low)


def _check_range(column: pl.Series, item: Item) -> None:
    wrong = ~column.is_between(item.least, item.most)  # type: ignore[arg-type]
    if item.whole:
        wrong |= column != column.floor()
    outside = column.filter(wrong)
    if outside.len():
        number = "is a whole number" if item.whole else "lies"
        raise ParameterError(
            f"The {item.label} ({item.name}) {number} from {item.least:g} to {item.most:g}; found {outside[0]:g}. "
            "[disease-value]"
        )
