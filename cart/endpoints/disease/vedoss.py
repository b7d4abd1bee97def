"""Very early systemic sclerosis (VEDOSS): red flags and level of suspicion."""

import polars as pl

from cart.endpoints.disease.items import Item, bounds, checked, missing, only_where_equal

DEFINITION = "vedoss-2011"
RED_FLAGS = (
    Item("raynaud", "Raynaud"),
    Item("puffy", "puffy fingers"),
    Item("ana", "ANA"),
    Item("nailfold_sd", "capillaroscopy"),
    Item("ssc_antibody", "SSc-specific antibody"),
)
FIRST_LEVEL = ("raynaud", "puffy", "ana")
SECOND_LEVEL = ("nailfold_sd", "ssc_antibody")


def vedoss_levels(rows: pl.DataFrame) -> pl.DataFrame:
    """Red flags and level of each assessment.

    Parameters
    ----------
    rows
        A yes-or-no column for each of ``RED_FLAGS``, null where not assessed: Raynaud's phenomenon, puffy fingers,
        antinuclear antibodies, capillaroscopy with scleroderma pattern, SSc-specific antibody.

    Returns
    -------
    Columns level_low, level_high, level (0, 1 or 2; null where the missing flags decide), red_flags_low,
    red_flags_high, red_flags (0 to 5) and reason (what is missing, where level or count is not one number). One row
    per row, in the same order.

    Notes
    -----
    Level 1: Raynaud's phenomenon, puffy fingers and ANA. Level 2: level 1 with capillaroscopy or antibody or both.
    A missing flag is no absent one: bounds take it as absent and as present.

    Source: Avouac J et al. Ann Rheum Dis 2011;70:476-81; levels as read in the cohort of 217 subjects that the cases
    name.

    >>> rows = pl.DataFrame({"raynaud": [True, True], "puffy": [True, False], "ana": [True, True],
    ...     "nailfold_sd": [None, None], "ssc_antibody": [True, False]}, schema_overrides={"nailfold_sd": pl.Boolean})
    >>> vedoss_levels(rows).select("level", "red_flags_low", "red_flags_high", "reason").rows()
    [(2, 4, 5, 'no capillaroscopy'), (0, 2, 3, 'no capillaroscopy')]
    """
    ends = {"low": 0, "high": 1}

    def level(end: int) -> pl.Expr:
        first = pl.all_horizontal(bounds(pl.col(name))[end] for name in FIRST_LEVEL)
        second = pl.any_horizontal(bounds(pl.col(name))[end] for name in SECOND_LEVEL)
        return first.cast(pl.Int64) + (first & second).cast(pl.Int64)

    def flags(end: int) -> pl.Expr:
        return pl.sum_horizontal(bounds(pl.col(flag.name))[end].cast(pl.Int64) for flag in RED_FLAGS)

    counted = checked(rows, RED_FLAGS).with_columns(
        *(level(end).alias(f"level_{name}") for name, end in ends.items()),
        *(flags(end).alias(f"red_flags_{name}") for name, end in ends.items()),
    )
    return counted.select(
        "level_low",
        "level_high",
        only_where_equal("level_low", "level_high").alias("level"),
        "red_flags_low",
        "red_flags_high",
        only_where_equal("red_flags_low", "red_flags_high").alias("red_flags"),
        missing(RED_FLAGS).alias("reason"),
    )
