"""What became of a file, in sentences."""

from dataclasses import dataclass, field

import polars as pl

from labs.imports.central_csv import FINDING_SCHEMA

SHOWN_FINDINGS = 20


@dataclass
class Totals:
    """Rows of a file by what became of them; ``corrected`` are applied rows that superseded a value.

    ``findings`` counts everything found, also what is not listed one by one.
    """

    rows: int = 0
    applied: int = 0
    corrected: int = 0
    duplicate: int = 0
    quarantined: int = 0
    refused: int = 0
    findings: int = 0
    # Not rows of this file: rows of earlier ones that a cumulative file no longer holds.
    vanished: int = 0

    def add_up(self) -> bool:
        """Is every row accounted for?"""
        return self.rows == self.applied + self.duplicate + self.quarantined + self.refused


@dataclass
class About:
    """What a reader learns of a file on the way: ``unit`` of its places, ``notes`` for the report."""

    file_name: str
    unit: str = "line"
    notes: list[str] = field(default_factory=list)


@dataclass
class Report:
    """Totals and findings of one transfer."""

    file_name: str
    totals: Totals
    accepted: bool
    number: str = ""
    repeated: bool = False
    checked_only: bool = False
    unit: str = "line"
    notes: list[str] = field(default_factory=list)
    findings: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FINDING_SCHEMA))

    @property
    def refused(self) -> bool:
        """Is the file as a whole not taken, or would not be?"""
        return not self.accepted and self.findings.height > 0 and not self.totals.quarantined

    def text(self) -> str:
        """The report as it is printed and mailed."""
        t = self.totals
        if self.repeated:
            waiting = f" {t.quarantined:,} of its rows are quarantined still." if t.quarantined else ""
            return f"{self.file_name}: already accepted as {self.number}; nothing to do.{waiting}"
        if self.refused:
            return self._lines(
                "checked, would be refused" if self.checked_only else "refused",
                [f"{t.rows:,} rows", f"{t.refused:,} with findings", "nothing stored"],
            )
        counts = [
            f"{t.rows:,} rows",
            f"{t.applied:,} applied" + (f" ({t.corrected:,} corrections)" if t.corrected else ""),
            f"{t.duplicate:,} duplicates",
        ]
        if t.quarantined:
            counts.append(f"{t.quarantined:,} quarantined")
        counts.append(f"{t.refused:,} refused")
        return self._lines("accepted" if self.accepted else "checked, not stored", counts)

    def _lines(self, state: str, counts: list[str]) -> str:
        lines = [
            f"{self.file_name}: {state}" + (f" as {self.number}" if self.number else "") + ": " + ", ".join(counts)
        ]
        lines += [f"  {note}" for note in self.notes]
        if self.totals.vanished:
            lines.append(
                f"  {self.totals.vanished:,} rows of earlier files are not in this cumulative file; each "
                f"{'opened' if self.accepted else 'would open'} a data query [vanished-row]"
            )
        for row in self.findings.sort("line", "column").head(SHOWN_FINDINGS).iter_rows(named=True):
            place = f"{self.unit} {row['line']}" + (f", column {row['column']}" if row["column"] else "")
            lines.append(f"  {place}: found {row['found']!r}, expected {row['expected']} [{row['rule']}]")
        hidden = max(self.totals.findings, self.findings.height) - SHOWN_FINDINGS
        if hidden > 0:
            lines.append(f"  ... and {hidden:,} more findings")
        return "\n".join(lines)
