"""Conditions that the rows of a file gave its specimens, block after block: one specimen has one."""

import polars as pl

from labs.imports.central_csv import FileRefusedError
from labs.imports.records import CONDITION_SAID

# Beyond so many specimens with a condition in so many words, a file is no longer held against itself.
MAX_SAID = 4_000_000
_SCHEMA = {"key": pl.UInt64, "other_key": pl.UInt64, "condition": pl.String}


class SaidConditions:
    """What rows with a result said so far; ``key``: the columns that tell specimens apart."""

    def __init__(self, key: list[str]) -> None:
        self._key = key
        self._said = pl.DataFrame(schema=_SCHEMA)

    def note(self, specimens: pl.DataFrame) -> None:
        """Hold the words of a block, one row a specimen, against those before, and remember them.

        Raises
        ------
        FileRefusedError
            An earlier block gave the specimen another condition.
        """
        if CONDITION_SAID not in specimens.columns:
            return
        spoken = specimens.filter(pl.col(CONDITION_SAID) != "").select(
            "accession",
            # Two hashes of 64 bits: specimens are never taken for one another.
            pl.struct(self._key).hash(0).alias("key"),
            pl.struct(self._key).hash(1).alias("other_key"),
            pl.col(CONDITION_SAID).alias("condition"),
        )
        if not spoken.height:
            return
        before = spoken.join(self._said, on=["key", "other_key"], how="left", suffix="_before", maintain_order="left")
        clash = before.filter(pl.col("condition") != pl.col("condition_before"))
        if clash.height:
            accession, now, then = clash.select("accession", "condition", "condition_before").row(0)
            raise FileRefusedError(
                f"Specimen {accession!r} is {then} in one row and {now} in another; expected one condition for one "
                "specimen in a file. [conflicting-conditions]",
                line=1,
                rule="conflicting-conditions",
            )
        if self._said.height < MAX_SAID:
            new = before.filter(pl.col("condition_before").is_null()).select(list(_SCHEMA))
            self._said = pl.concat([self._said, new])
