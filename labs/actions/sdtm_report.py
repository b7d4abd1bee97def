"""What became of a folder of SDTM datasets, in sentences."""

from dataclasses import dataclass

from labs.imports.report import SHOWN_FINDINGS, Report


@dataclass(frozen=True)
class Refusal:
    """A record of DM or EX that was not stored."""

    domain: str
    record: int
    column: str
    rule: str
    found: str
    expected: str

    def text(self) -> str:
        """One line of the report."""
        return (
            f"  {self.domain} record {self.record}, column {self.column}: found {self.found!r}, "
            f"expected {self.expected} [{self.rule}]"
        )


@dataclass
class DomainCount:
    """Records of one domain by what became of them."""

    records: int = 0
    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    def text(self, domain: str) -> str:
        """One line of the report."""
        parts = [f"{self.stored:,} stored"]
        if self.updated:
            parts.append(f"{self.updated:,} updated")
        if self.unchanged:
            parts.append(f"{self.unchanged:,} unchanged")
        parts.append(f"{self.refused:,} refused")
        return f"{domain} {self.records:,} records: " + ", ".join(parts)


@dataclass(frozen=True)
class SdtmReport:
    """What became of a folder of datasets; ``laboratory``: by domain of results (LB, IS, CP)."""

    study: str
    counts: dict[str, DomainCount]
    refusals: list[Refusal]
    laboratory: dict[str, Report]

    def lines(self) -> list[str]:
        """The report as it is printed."""
        lines = [count.text(domain) for domain, count in self.counts.items()]
        lines += [refusal.text() for refusal in self.refusals[:SHOWN_FINDINGS]]
        if len(self.refusals) > SHOWN_FINDINGS:
            lines.append(f"  ... and {len(self.refusals) - SHOWN_FINDINGS:,} more")
        for domain, report in self.laboratory.items():
            lines += _laboratory_lines(domain, report)
        return lines


def _laboratory_lines(domain: str, report: Report) -> list[str]:
    if report.repeated:
        return [f"{domain} unchanged: {report.text()}"]
    totals = report.totals
    corrected = f" ({totals.corrected:,} corrections)" if totals.corrected else ""
    return [
        f"{domain} {totals.rows:,} records: {totals.applied:,} stored{corrected}, {totals.duplicate:,} duplicates, "
        f"{totals.refused + totals.quarantined:,} refused",
        *report.text().split("\n")[1:],
    ]
