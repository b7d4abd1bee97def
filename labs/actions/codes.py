"""Codes of a laboratory that no analyte has yet: listed from a transfer, mapped, and the file read again."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Min

from labs.actions.raw_files import stored_path
from labs.actions.transfers import import_file
from labs.imports.report import Report
from labs.models import Analyte, AnalyteCode, Laboratory, Transfer
from trialsite.audit.context import acting

UNKNOWN_CODE, NO_ASSAY = "unknown-analyte", "no-assay"


@dataclass(frozen=True)
class WaitingCode:
    """A code that kept rows back: how many of the rows reported, the first of them, and what it is now."""

    code: str
    rule: str
    rows: int
    line: int
    sample: str
    analyte: Analyte | None


def waiting_codes(transfer: Transfer) -> list[WaitingCode]:
    """Codes of a transfer's reported rows that had no analyte, or no kit in force, by number of rows.

    ``analyte`` is what the code is mapped to by now. Of a refused file the first 10,000 findings are kept.
    """
    found = (
        transfer.rows.filter(rule__in=[UNKNOWN_CODE, NO_ASSAY])
        .values("found", "rule")
        .annotate(rows=Count("line", distinct=True), first=Min("line"), sample=Min("received_text"))
        .order_by("-rows", "found")
    )
    known = {
        row.code: row.analyte
        for row in AnalyteCode.objects.filter(laboratory=transfer.laboratory).select_related("analyte")
    }
    return [
        WaitingCode(row["found"], row["rule"], row["rows"], row["first"], row["sample"], known.get(row["found"]))
        for row in found
    ]


def map_codes(*, laboratory: Laboratory, codes: Mapping[str, Analyte], actor: str, reason: str) -> int:
    """Say which analyte each of a laboratory's codes is; returns how many were new.

    Raises
    ------
    ValidationError
        A code that is another analyte already: its results would change their meaning. Nothing is stored.
    """
    made = 0
    with acting(actor=actor, reason=reason), transaction.atomic():
        for code, analyte in codes.items():
            row, created = AnalyteCode.objects.get_or_create(
                laboratory=laboratory, code=code, defaults={"analyte": analyte}
            )
            if row.analyte_id != analyte.pk:
                raise ValidationError(
                    f"Code {code} of {laboratory} is one analyte; found {row.analyte}, asked for {analyte}. Results "
                    "stored under it would change their meaning. [code-mapped]"
                )
            made += created
    return made


def import_again(*, transfer: Transfer, actor: str, reason: str) -> Report:
    """Read the file of a transfer again, by the layout and the codes of today.

    Raises
    ------
    LayoutError, RawFileError
        With a sentence; nothing is stored.
    """
    return import_file(
        study=transfer.study,
        laboratory=transfer.laboratory,
        path=stored_path(transfer.raw_file.sha256),
        file_name=transfer.file_name,
        actor=actor,
        reason=reason,
    )
