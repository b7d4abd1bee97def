"""Disability: index of the Health Assessment Questionnaire (HAQ-DI)."""

from dataclasses import dataclass

import polars as pl

from cart.endpoints.disease.items import Item, checked

CATEGORIES = ("dressing", "arising", "eating", "walking", "hygiene", "reach", "grip", "activities")
_SCORES = tuple(Item(name, name, 0, 3, whole=True) for name in CATEGORIES)
_AIDS = tuple(Item(f"{name}_aid", f"answer on aids for {name}") for name in CATEGORIES)


@dataclass(frozen=True)
class HaqRule:
    """Rule of the index: what an aid raises a category to, and how many categories an index needs, of 8."""

    id: str = "haq-di-standard"
    with_aid: int = 2
    categories_needed: int = 6


HAQ_DI = HaqRule()


def haq_di(rows: pl.DataFrame, *, rule: HaqRule = HAQ_DI) -> pl.DataFrame:
    """Index of each questionnaire.

    Parameters
    ----------
    rows
        For each of ``CATEGORIES`` a column with the highest answer of its items (0 without difficulty, 1 some, 2
        much, 3 unable; null where none is answered), and a column of the name with ``_aid``: aids, devices or help
        of another person are used (yes or no; null where not known).
    rule
        Rule.

    Returns
    -------
    Columns haq_di (0 to 3; null with too few categories), haq_di_without_aids (the alternative score, answers as they
    are), answered (categories that have a score) and reason. One row per row, in the same order.

    Notes
    -----
    An aid or help raises a category of 0 or 1 to 2. The index is the sum of the scores over the number of answered
    categories; with fewer than 6 of 8 there is none. A category of 0 or 1 whose aids are not known has no score: it
    could be 2. An empty box on paper is no aid and is to be entered so.

    Source: Bruce B, Fries JF. Health Qual Life Outcomes 2003;1:20; instructions of ARAMIS, revised June 2009.

    Raises
    ------
    ParameterError
        An answer that is not 0, 1, 2 or 3.

    >>> none = {f"{name}_aid": False for name in CATEGORIES}
    >>> rows = pl.DataFrame({name: [1, 1] for name in CATEGORIES} | none | {"walking_aid": True}).with_columns(
    ...     pl.when(pl.int_range(pl.len()) == 0).then(pl.col("grip", "reach", "eating")))
    >>> haq_di(rows).rows()
    [(1.125, 1.0, 8, ''), (None, None, 5, 'no eating, reach, grip: 5 of 8 categories, 6 needed')]
    """
    taken = checked(rows, (*_SCORES, *_AIDS))
    scored = taken.select(
        *(_raised(name, rule).alias(name) for name in CATEGORIES),
        *(pl.col(name).alias(f"plain_{name}") for name in CATEGORIES),
    ).with_columns(
        pl.sum_horizontal(pl.col(*CATEGORIES).is_not_null().cast(pl.Int64)).alias("answered"),
        pl.sum_horizontal(pl.col(f"plain_{name}").is_not_null().cast(pl.Int64) for name in CATEGORIES).alias("plain"),
    )
    needed = rule.categories_needed
    lacking = pl.concat_str(
        [pl.when(pl.col(name).is_null()).then(pl.lit(name)) for name in CATEGORIES], separator=", ", ignore_nulls=True
    )
    of_all = pl.format(f"no {{}}: {{}} of {len(CATEGORIES)} categories, {needed} needed", lacking, pl.col("answered"))
    enough = pl.col("answered") >= needed
    return scored.select(
        pl.when(enough).then(pl.sum_horizontal(*CATEGORIES) / pl.col("answered")).alias("haq_di"),
        pl.when(pl.col("plain") >= needed)
        .then(pl.sum_horizontal(f"plain_{name}" for name in CATEGORIES) / pl.col("plain"))
        .alias("haq_di_without_aids"),
        "answered",
        pl.when(enough).then(pl.lit("")).otherwise(of_all).alias("reason"),
    )


def _raised(name: str, rule: HaqRule) -> pl.Expr:
    """Score of a category with its aids; null where they decide and are not known."""
    score, aid = pl.col(name), pl.col(f"{name}_aid")
    return (
        pl.when((score >= rule.with_aid) | ~aid)
        .then(score)
        .when(aid & score.is_not_null())
        .then(pl.lit(float(rule.with_aid)))
    )
