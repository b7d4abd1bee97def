"""What rows of a kernel may hold: words of a scale, numbers within limits; and which of them are not there."""

from collections.abc import Collection, Mapping

import polars as pl

from cart.endpoints.errors import ParameterError


def check_words(rows: pl.DataFrame, column: str, words: Collection[str], code: str) -> None:
    """Refuse a word that the scale does not have; null is no word.

    Parameters
    ----------
    code
        The code with its brackets, end of the message.

    Raises
    ------
    ParameterError
        Naming the column, its words and what was found.
    """
    unknown = sorted(set(rows[column].drop_nulls().unique()) - set(words))
    if unknown:
        raise ParameterError(
            f"{column} is one of {', '.join(words)}; found {', '.join(map(repr, unknown))}. Correct the rows. {code}"
        )


def check_numbers(rows: pl.DataFrame, column: str, *, low: float, high: float, what: str, code: str) -> None:
    """Refuse a number outside [low, high], or one that is none (NaN); null is not looked at.

    Parameters
    ----------
    what
        What the number has to be, as the message says it: "a whole number from 0 to 10".
    code
        The code with its brackets.

    Raises
    ------
    ParameterError
        Naming the column, what it has to be and the first number that is not.
    """
    numbers = rows[column].drop_nulls().cast(pl.Float64)
    outside = numbers.filter((numbers < low) | (numbers > high) | ~numbers.is_finite())
    if outside.len():
        raise ParameterError(f"{column} is {what}; found {outside[0]:g}. Correct the rows. {code}")


def check_whole(rows: pl.DataFrame, column: str, *, high: int, code: str) -> None:
    """Refuse what is no whole number from 0 to ``high``.

    Raises
    ------
    ParameterError
        As :func:`check_numbers`.
    """
    what = f"a whole number from 0 to {high}"
    check_numbers(rows, column, low=0, high=high, what=what, code=code)
    numbers = rows[column].drop_nulls().cast(pl.Float64)
    broken = numbers.filter(numbers != numbers.round())
    if broken.len():
        raise ParameterError(f"{column} is {what}; found {broken[0]:g}. Correct the rows. {code}")


def missing(names: Mapping[str, str]) -> pl.Expr:
    """Which columns are null, in words: ``no ferritin, no CRP``; empty where none is.

    Parameters
    ----------
    names
        Column and the word for it.

    >>> rows = pl.DataFrame({"a": [1, None], "b": [None, None]})
    >>> rows.select(missing({"a": "age", "b": "weight"}).alias("reason"))["reason"].to_list()
    ['no weight', 'no age, no weight']
    """
    return pl.concat_str(
        [pl.when(pl.col(column).is_null()).then(pl.lit(f"no {word}")) for column, word in names.items()],
        separator=", ",
        ignore_nulls=True,
    ).fill_null("")
