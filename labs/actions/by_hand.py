"""Results typed from a report: what a text means, and a whole panel in one transaction.

The text is kept as it was typed; number, qualifier, kit, unit and version follow from it. A stored result is never
overwritten: a correction is its next version, with its reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from labs.imports.numbers import EXPECTED_NUMBER, EXPECTED_TITER, parse_result
from labs.models import Analyte, AssayVersion, Result, Specimen, result_key
from trialsite.audit.context import acting

NOT_DONE = "not done"
# As laboratories abbreviate it.
_NOT_DONE = (NOT_DONE, "nd", "n.d.")
# What a person typed; the rest of a row follows from it.
_TYPED = {"received_text", "value", "unit", "missing_reason", "supersession_reason"}


@dataclass(frozen=True)
class Reading:
    """A typed text as it is stored; ``problems`` are sentences by field."""

    received_text: str
    qualifier: str = Result.Qualifier.EQUAL
    value: Decimal | None = None
    problems: Mapping[str, str] = field(default_factory=dict)


def read_typed(text: str, *, kind: str, reason: str, kit: AssayVersion | None) -> Reading:
    """Qualifier and value of a text; ``reason`` is why there is none, ``kit`` the one in force."""
    if text.lower() in _NOT_DONE:
        without = {} if reason else {"missing_reason": "A result without value says why. [missing-without-reason]"}
        return Reading("", problems=without)
    problems = {}
    if text and reason:
        problems["missing_reason"] = f"There is a result ({text}); a reason belongs to 'not done'. [reason-and-result]"
    if not text or kind == Analyte.Kind.TEXT:
        return Reading(text, problems=problems)
    number = parse_result(text, kind=kind)
    if number is None:
        expected = EXPECTED_TITER if kind == Analyte.Kind.TITER else EXPECTED_NUMBER
        problems["received_text"] = f"Expected {expected}; found {text!r}. [number-grammar]"
        return Reading(text, problems=problems)
    series = kit.dilution_series if kit is not None else []
    if series and number.value not in series:
        first = ", ".join(f"1:{dilution}" for dilution in series[:3])
        problems["received_text"] = (
            f"The kit in force has the dilutions {first} ...; found {text!r}. [titer-off-series]"
        )
    return Reading(text, number.qualifier, number.value, problems)


def kits_in_force(specimen: Specimen) -> dict[int, AssayVersion]:
    """Kits of the specimen's laboratory on its day, by analyte; none where the day is unknown."""
    if specimen.collected_on is None:
        return {}
    found = (
        AssayVersion.objects.filter(laboratory=specimen.laboratory_id, valid_from__lte=specimen.collected_on)
        .filter(Q(valid_to=None) | Q(valid_to__gte=specimen.collected_on))
        .order_by("valid_from")
    )
    return {kit.analyte_id: kit for kit in found}


def present_results(specimen: Specimen, analytes: Iterable[int]) -> dict[int, Result]:
    """Newest version of each of these analytes in a specimen."""
    rows = Result.objects.filter(specimen=specimen, analyte__in=list(analytes)).order_by("version")
    return {row.analyte_id: row for row in rows}


def correction_asked(analyte: Analyte, before: Result) -> str:
    """What is said where a value is already there and no reason was given for another one."""
    return (
        f"{analyte} of this specimen is already recorded as {before.received_text or NOT_DONE!r}. To correct it, say "
        "why; the old value stays in the history. [correction-reason]"
    )


@dataclass(frozen=True)
class Typed:
    """One row of a panel as it was typed; ``seen`` is the version that stood on the page, 0 for none."""

    analyte: Analyte
    text: str
    reason: str
    seen: int


def enter_panel(*, specimen: Specimen, rows: Sequence[Typed], actor: str, reason: str) -> list[Result]:
    """Store the rows that differ from what is recorded, all or none; returns the new results.

    The reason of a row is why the analyte was not done, or why the recorded value is corrected.

    Raises
    ------
    ValidationError
        By analyte code, every sentence that a row was refused with; nothing is stored.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        # Two grids of one specimen are stored one after the other.
        Specimen.objects.select_for_update().get(pk=specimen.pk)
        before = present_results(specimen, [row.analyte.pk for row in rows])
        kits = kits_in_force(specimen)
        made, refused = [], {}
        for row in rows:
            present = before.get(row.analyte.pk)
            if _is_the_same(row, present):
                continue
            result, problems = _next_version(specimen, row, present, kits.get(row.analyte.pk))
            if problems:
                refused[row.analyte.code] = problems
            else:
                made.append(result)
        if refused:
            raise ValidationError(refused)
        return Result.objects.bulk_create(made)


def _is_the_same(row: Typed, present: Result | None) -> bool:
    if present is None:
        return not row.text
    if not present.received_text:
        same_reason = row.reason in ("", present.missing_reason)
        return row.text.lower() in _NOT_DONE and same_reason
    return row.text == present.received_text


def _next_version(
    specimen: Specimen, row: Typed, present: Result | None, kit: AssayVersion | None
) -> tuple[Result, list[str]]:
    version = present.version if present is not None else 0
    if version != row.seen:
        stands = "nothing" if present is None else repr(present.received_text or NOT_DONE)
        return Result(), [f"Somebody else recorded {stands} while you had the page open. [edit-conflict]"]
    if not row.text:
        return Result(), ["A recorded result is not emptied: enter ND with the reason. [missing-without-reason]"]
    is_missing = row.text.lower() in _NOT_DONE
    reading = read_typed(row.text, kind=row.analyte.kind, reason=row.reason if is_missing else "", kit=kit)
    problems = list(reading.problems.values())
    if present is not None and not row.reason:
        problems = [correction_asked(row.analyte, present)]
    elif present is None and row.reason and not is_missing:
        problems.append(f"There is a result ({row.text}); a reason belongs to 'not done'. [reason-and-result]")
    result = Result(
        id=result_key(specimen_id=specimen.pk, analyte_id=row.analyte.pk, version=version + 1),
        specimen=specimen,
        analyte=row.analyte,
        assay=kit,
        version=version + 1,
        qualifier=reading.qualifier,
        value=reading.value,
        unit=kit.unit if kit is not None else row.analyte.unit,
        received_text=reading.received_text,
        missing_reason=row.reason if is_missing else None,
        supersession_reason=row.reason if present is not None else None,
    )
    if not problems:
        try:
            result.clean_fields(exclude={one.name for one in Result._meta.fields} - _TYPED)
            result.clean()
        except ValidationError as error:
            problems = error.messages
    return result, problems
