"""The data dictionary as a table of its own: every column of every dataset, one row each."""

from collections.abc import Sequence

import polars as pl

from trialsite.exports.description import Column, DatasetDescription

DICTIONARY = DatasetDescription(
    "dictionary",
    "Data dictionary: one row per dataset and column",
    (
        Column("DATASET", "Name of the dataset", pl.String),
        Column("NAME", "Name of the column", pl.String),
        Column("LABEL", "What it holds", pl.String),
        Column("TYPE", "Type", pl.String, meaning="String, Int64, Float64, Boolean, Date, List(Int64)."),
        Column("UNIT", "Unit", pl.String, missing="empty where there is none, or another column names it"),
        Column("MEANING", "What the label leaves open", pl.String, missing="empty where it leaves nothing open"),
        Column("MISSING", "When there is no value, and how that looks", pl.String),
    ),
)


def dictionary_rows(descriptions: Sequence[DatasetDescription]) -> pl.DataFrame:
    """Frame of ``DICTIONARY``."""
    rows = [
        {"DATASET": d.name, **{name.upper(): text for name, text in c.items()}}
        for d in descriptions
        for c in d.dictionary()
    ]
    return pl.DataFrame(rows, schema=DICTIONARY.schema())
