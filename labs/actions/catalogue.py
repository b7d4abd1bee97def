"""Analytes of a study template, and a laboratory with its kits."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from labs.imports.layout import Layout
from labs.models import Analyte, AnalyteCode, AssayVersion, Laboratory
from trialsite.audit.context import acting


def load_analytes(*, entries: Sequence[Mapping[str, Any]], actor: str, reason: str) -> int:
    """Make the analytes of a template that do not exist yet; returns how many were made."""
    made = 0
    with acting(actor=actor, reason=reason), transaction.atomic():
        for entry in entries:
            _, created = Analyte.objects.get_or_create(
                code=entry["code"],
                defaults={
                    "name": entry["name"],
                    "kind": entry["kind"],
                    "unit": entry["unit"],
                    "loinc": entry.get("loinc", ""),
                    "sdtm_test_code": entry.get("sdtm", ""),
                },
            )
            made += created
    return made


def register_laboratory(
    *,
    code: str,
    name: str,
    time_zone: str,
    layout: Mapping[str, Any],
    kits: Mapping[str, tuple[str, str, str, str, str]],
    valid_from: dt.date,
    actor: str,
    reason: str,
) -> Laboratory:
    """Make a laboratory with its file layout, codes and kits, unless it is there.

    ``kits``: the laboratory's code -> analyte, kit, unit, LLOQ, cut-off ('' where there is none).

    Raises
    ------
    LayoutError
        The layout cannot be read by; nothing is stored.
    """
    Layout.from_mapping(layout)
    with acting(actor=actor, reason=reason), transaction.atomic():
        laboratory, created = Laboratory.objects.get_or_create(
            code=code, defaults={"name": name, "time_zone": time_zone, "layout": dict(layout)}
        )
        if not created:
            return laboratory
        for own_code, (analyte_code, kit, unit, lloq, cutoff) in kits.items():
            analyte = Analyte.objects.get(code=analyte_code)
            AnalyteCode.objects.create(laboratory=laboratory, code=own_code, analyte=analyte)
            AssayVersion.objects.create(
                laboratory=laboratory,
                analyte=analyte,
                kit=kit,
                unit=unit,
                lloq=Decimal(lloq) if lloq else None,
                cutoff=Decimal(cutoff) if cutoff else None,
                valid_from=valid_from,
            )
    return laboratory
