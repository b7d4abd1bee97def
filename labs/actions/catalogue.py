"""Analytes of a study template, and a laboratory with its kits."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from labs.imports.layouts import from_mapping
from labs.models import Analyte, AnalyteCode, AssayVersion, Laboratory
from labs.units.standard import TITER
from trialsite.audit.context import acting


def load_analytes(*, entries: Sequence[Mapping[str, Any]], actor: str, reason: str) -> int:
    """Make the analytes of a template that do not exist yet, and give standard units to those without; returns how
    many were made.

    Raises
    ------
    ValidationError
        An analyte that is there with another kind or unit, since every result is kept in the analyte's own; or
        an entry that breaks a rule. Nothing is stored.
    """
    made = 0
    with acting(actor=actor, reason=reason), transaction.atomic():
        for entry in entries:
            known = Analyte.objects.filter(code=entry["code"]).first()
            if known is None:
                analyte = Analyte(
                    code=entry["code"],
                    name=entry["name"],
                    kind=entry["kind"],
                    unit=entry["unit"],
                    standard_unit=_standard_unit(entry),
                    loinc=entry.get("loinc", ""),
                    sdtm_test_code=entry.get("sdtm", ""),
                )
                # Without the key: its range is a constraint, and the database gives it only now.
                analyte.full_clean(exclude=["id"])
                analyte.save()
                made += 1
            elif (known.kind, known.unit) != (entry["kind"], entry["unit"]):
                raise ValidationError(
                    f"Analyte {known} is a {known.kind} in {known.unit or 'no unit'}; found a {entry['kind']} in "
                    f"{entry['unit'] or 'no unit'}. Another unit is another analyte, with a code of its own. "
                    "[analyte-differs]"
                )
            elif not known.standard_unit and _standard_unit(entry):
                known.standard_unit = _standard_unit(entry)
                known.full_clean()
                known.save()
    return made


def _standard_unit(entry: Mapping[str, Any]) -> str:
    """Unit of an analyte's standard values: the template's own, which are UCUM codes."""
    if entry["kind"] == Analyte.Kind.TITER:
        return TITER
    return str(entry["unit"]) if entry["kind"] == Analyte.Kind.QUANTITY else ""


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
    from_mapping(layout)
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
