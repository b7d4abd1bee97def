"""Which reference range holds for a value: laboratory, analyte, kit, sex, age and day decide.

Ages come from years of birth: a person born in 1980 is 43 or 44 years old on a day of 2024. Where the two ages
have different ranges, none is chosen.
"""

import polars as pl

from cart.endpoints.range_flags import range_flags

ANY = ""
NO_RANGE = "no reference range"
_KEY = ["laboratory", "analyte"]


def with_ranges(rows: pl.DataFrame, ranges: pl.DataFrame) -> pl.DataFrame:
    """Rows with the range that holds for each.

    Parameters
    ----------
    rows
        Columns laboratory, analyte, kit, unit, sex (``M``, ``F``, else unknown), year_of_birth, collected_on, and
        whatever else; the order is kept.
    ranges
        Columns range_id, laboratory, analyte, kit and sex (empty: any), age_from, age_to (years, ``age_to`` not
        included; null: no end), valid_from, valid_to (days, both included; null: no end), range_unit, lln, uln.

    Returns
    -------
    ``rows`` with range_id, lln, uln (null where none holds) and range_reason (why none does).

    Notes
    -----
    A range of the kit goes before one of any kit, then one of the sex before one of any sex. A range in another
    unit is no range: nothing is converted here.
    """
    numbered = rows.with_row_index("_row")
    matched = numbered.select(
        "_row",
        *_KEY,
        "kit",
        "unit",
        "sex",
        "collected_on",
        pl.col("collected_on").dt.year().alias("_year"),
        "year_of_birth",
    ).join(ranges.rename({"kit": "range_kit", "sex": "range_sex"}), on=_KEY, how="inner")
    day = pl.col("collected_on")
    matched = matched.filter(
        pl.col("range_kit").is_in([ANY]) | (pl.col("range_kit") == pl.col("kit")),
        pl.col("range_sex").is_in([ANY]) | (pl.col("range_sex") == pl.col("sex")),
        day >= pl.col("valid_from"),
        pl.col("valid_to").is_null() | (day <= pl.col("valid_to")),
    )
    younger, older = (_chosen(matched, years=years) for years in (1, 0))
    both = (
        numbered.join(younger.select("_row", pl.col("range_id").alias("_younger")), on="_row", how="left")
        .join(older, on="_row", how="left", maintain_order="left")
        .with_columns(
            (pl.col("_younger").eq_missing(pl.col("range_id"))).alias("_agree"),
            (pl.col("range_unit") == pl.col("unit")).alias("_same_unit"),
        )
    )
    holds = pl.col("range_id").is_not_null() & pl.col("_agree") & pl.col("_same_unit")
    return both.select(
        *rows.columns,
        *(pl.when(holds).then(pl.col(name)).alias(name) for name in ("range_id", "lln", "uln")),
        pl.when(holds)
        .then(pl.lit(""))
        .when(pl.col("collected_on").is_null())
        .then(pl.lit("day of collection unknown"))
        .when(~pl.col("_agree"))
        .then(pl.lit("age group unknown from the year of birth"))
        .when(pl.col("range_id").is_null())
        .then(pl.lit(NO_RANGE))
        .otherwise(pl.lit("reference range in another unit"))
        .alias("range_reason"),
    )


def flagged(rows: pl.DataFrame, ranges: pl.DataFrame) -> pl.DataFrame:
    """Rows with flag, flag_reason (why there is none), flag_low, flag_high and flag_range by the range that holds.

    Parameters
    ----------
    rows
        As for :func:`with_ranges`, and qualifier, value, lloq.
    ranges
        As for :func:`with_ranges`.
    """
    ranged = with_ranges(rows, ranges)
    told = range_flags(ranged)
    return ranged.select(
        *rows.columns,
        told["flag"],
        pl.when(pl.col("range_reason") != "").then("range_reason").otherwise(told["reason"]).alias("flag_reason"),
        pl.col("lln").alias("flag_low"),
        pl.col("uln").alias("flag_high"),
        pl.col("range_id").alias("flag_range"),
    )


def _chosen(matched: pl.DataFrame, *, years: int) -> pl.DataFrame:
    """The most particular range of each row for one of its two possible ages; of unknown age those of all ages."""
    age = pl.col("_year") - pl.col("year_of_birth") - years
    of_age = (age >= pl.col("age_from")) & (pl.col("age_to").is_null() | (age < pl.col("age_to")))
    of_every_age = (pl.col("age_from") == 0) & pl.col("age_to").is_null()
    return (
        matched.filter(pl.when(age.is_null()).then(of_every_age).otherwise(of_age))
        .sort("_row", pl.col("range_kit") == ANY, pl.col("range_sex") == ANY, "range_id")
        .unique("_row", keep="first", maintain_order=True)
        .select("_row", "range_id", "lln", "uln", "range_unit")
    )
