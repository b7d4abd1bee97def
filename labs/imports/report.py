"""What became of a file, in sentences."""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from labs.imports.central_csv import FINDING_SCHEMA

SHOWN_FINDINGS = 20


@dataclass
class Totals:
    """Rows of a file by what became of them; ``corrected`` are applied rows that superseded a value.

    ``with_findings`` are the rows that broke a rule themselves: a file that is refused for them is refused with all
    of its rows. ``findings`` counts everything found, also what is not listed one by one.
    """

    rows: int = 0
    applied: int = 0
    corrected: int = 0
    duplicate: int = 0
    quarantined: int = 0
    refused: int = 0
    with_findings: int = 0
    findings: int = 0
    # Not rows of this file: rows of earlier ones that a cumulative file no longer holds.
    vanished: int = 0
    # Not rows either: specimens known before of which this file says something else.
    specimens_corrected: int = 0

    def refuse_all(self) -> None:
        """Nothing of the file is stored, whatever became of its rows until then."""
        self.applied = self.corrected = self.duplicate = self.quarantined = self.specimens_corrected = 0
        self.refused = self.rows

    def add_up(self) -> bool:
        """Is every row accounted for?"""
        return self.rows == self.applied + self.duplicate + self.quarantined + self.refused


@dataclass
class About:
    """What a reader learns of a file on the way: ``unit`` of its places, ``notes`` for the report.

    ``rows_expected``: about so many rows, by the size of those read; 0 where the format does not tell.
    """

    file_name: str
    unit: str = "line"
    notes: list[str] = field(default_factory=list)
    rows_expected: int = 0


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
        lines = [self.headline, *(f"  {note}" for note in self.notes)]
        lines += [f"  {remark}" for remark in self.remarks]
        for row in self.first_findings:
            place = f"{self.unit} {row['line']}" + (f", column {row['column']}" if row["column"] else "")
            lines.append(f"  {place}: found {row['found']!r}, expected {row['expected']} [{row['rule']}]")
        if self.hidden_findings:
            lines.append(f"  ... and {self.hidden_findings:,} more findings")
        return "\n".join(lines)

    @property
    def outcome(self) -> str:
        """One word for programs: accepted, repeated, refused or checked."""
        if self.repeated:
            return "repeated"
        return "refused" if self.refused else "accepted" if self.accepted else "checked"

    @property
    def headline(self) -> str:
        """What became of the file, with the totals of its rows."""
        t = self.totals
        if self.repeated:
            waiting = f" {t.quarantined:,} of its rows are quarantined still." if t.quarantined else ""
            return f"{self.file_name}: already accepted as {self.number}; nothing to do.{waiting}"
        if self.refused:
            state = "checked, would be refused" if self.checked_only else "refused"
            counts = [
                f"{t.rows:,} rows",
                f"{t.refused:,} refused ({t.with_findings:,} with findings)",
                "nothing stored",
            ]
        else:
            state = "accepted" if self.accepted else "checked, not stored"
            counts = [
                f"{t.rows:,} rows",
                f"{t.applied:,} applied" + (f" ({t.corrected:,} corrections)" if t.corrected else ""),
                f"{t.duplicate:,} duplicates",
                *([f"{t.quarantined:,} quarantined"] if t.quarantined else []),
                f"{t.refused:,} refused",
            ]
        return f"{self.file_name}: {state}" + (f" as {self.number}" if self.number else "") + ": " + ", ".join(counts)

    @property
    def remarks(self) -> list[str]:
        """What else the file does, beside its own rows."""
        if self.repeated:
            return []
        remarks = []
        if self.totals.vanished:
            remarks.append(
                f"{self.totals.vanished:,} rows of earlier files are not in this cumulative file; each "
                f"{'opened' if self.accepted else 'would open'} a data query [vanished-row]"
            )
        if self.totals.specimens_corrected:
            remarks.append(
                f"{self.totals.specimens_corrected:,} specimens of earlier files "
                f"{'have' if self.accepted else 'would have'} another condition, receipt, processing or visit now; "
                "what they had stays in the audit trail [specimen-corrected]"
            )
        return remarks

    @property
    def first_findings(self) -> list[dict[str, Any]]:
        """The first findings by line."""
        return self.findings.sort("line", "column").head(SHOWN_FINDINGS).to_dicts()

    @property
    def hidden_findings(self) -> int:
        """How many findings there are besides the first."""
        return max(0, max(self.totals.findings, self.findings.height) - SHOWN_FINDINGS)
