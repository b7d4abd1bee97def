"""Dilution series of kits: which titers there can be. PURE."""

import polars as pl

from labs.units.dilutions import dilutions

_SERIES = {"assay_id": pl.Int64, "value": pl.String}


def off_series(rows: pl.DataFrame, assays: pl.DataFrame) -> pl.Series:
    """Boolean per row: is its titer none of the dilutions that the assay in force declares?

    Parameters
    ----------
    rows
        assay_id, kind, value (text; null where it could not be read).
    assays
        assay_id, dilution_start, dilution_factor (null where no series is declared).
    """
    declared = assays.drop_nulls(["dilution_start", "dilution_factor"])
    if not declared.height:
        return pl.Series("off_series", [False]).new_from_index(0, rows.height)
    steps = [
        {"assay_id": key, "value": str(dilution)}
        for key, start, factor in declared.select("assay_id", "dilution_start", "dilution_factor").iter_rows()
        for dilution in dilutions(start, factor)
    ]
    on_series = pl.DataFrame(steps, schema=_SERIES).with_columns(pl.lit(value=True).alias("on_series"))
    beside = rows.join(on_series, on=["assay_id", "value"], how="left", maintain_order="left")
    has_series = pl.col("assay_id").is_in(declared["assay_id"].implode())
    off = (pl.col("kind") == "titer") & pl.col("value").is_not_null() & has_series & pl.col("on_series").is_null()
    return beside.select(off.fill_null(value=False).alias("off_series")).to_series()
