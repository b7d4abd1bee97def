"""What a dataset and its columns are called and mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl


class ExportError(Exception):
    """A dataset cannot be written; the message says what must hold and what was found."""


# Of a column that always has a value; a text that may be empty says when.
NEVER = "never"


@dataclass(frozen=True)
class Column:
    """A column: name, label, type, unit, what the label leaves open, and when there is no value."""

    name: str
    label: str
    dtype: Any
    unit: str = ""
    meaning: str = ""
    missing: str = NEVER


@dataclass(frozen=True)
class DatasetDescription:
    """A dataset: name, label and its columns in their order."""

    name: str
    label: str
    columns: tuple[Column, ...]

    def schema(self) -> dict[str, Any]:
        """Column name to polars type."""
        return {column.name: column.dtype for column in self.columns}

    def shaped(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with exactly these columns, in their order and types.

        Raises
        ------
        ExportError
            A column is missing, or holds what its type cannot.
        """
        missing = [column.name for column in self.columns if column.name not in frame.columns]
        if missing:
            raise ExportError(f"Dataset {self.name} lacks column {', '.join(missing)}. [export-column]")
        try:
            return frame.select(pl.col(column.name).cast(column.dtype, strict=True) for column in self.columns)
        except pl.exceptions.PolarsError as error:
            raise ExportError(f"Dataset {self.name} does not fit its description: {error}. [export-type]") from error

    def dictionary(self) -> list[Mapping[str, str]]:
        """Data dictionary rows."""
        return [
            {
                "name": c.name,
                "label": c.label,
                "type": str(c.dtype),
                "unit": c.unit,
                "meaning": c.meaning,
                "missing": c.missing,
            }
            for c in self.columns
        ]
