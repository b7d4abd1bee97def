"""EX into the trial: one study-drug exposure per record."""

import re
from decimal import Decimal
from typing import Any

import polars as pl

from cart.endpoints.timing import PartialDate
from cart.models import Study, StudyDrugExposure
from labs.actions.sdtm_report import DomainCount, Refusal
from labs.imports.sdtm import text
from labs.imports.sdtm_rules import MAX_SEQUENCE

COLUMNS = [
    "USUBJID",
    "EXTRT",
    "EXDOSE",
    "EXDOSTXT",
    "EXDOSU",
    "EXDOSFRM",
    "EXDOSFRQ",
    "EXROUTE",
    "EXSTDTC",
    "EXENDTC",
    "EXSEQ",
]
DOSE = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
DOSE_STEP, DOSE_LIMIT = Decimal("0.0001"), Decimal(10) ** 10
MAX_LENGTHS = {"EXTRT": 120, "EXDOSTXT": 60, "EXDOSU": 40, "EXDOSFRM": 60, "EXDOSFRQ": 40, "EXROUTE": 60}


def store_exposures(study: Study, ex: pl.DataFrame, count: DomainCount, refusals: list[Refusal]) -> None:
    """Make or bring up to date the exposures of EX; a record is known by subject and EXSEQ."""
    subjects = dict(study.subjects.exclude(source_code="").values_list("source_code", "pk"))
    stored = {
        (row.subject_id, row.source_sequence): row for row in StudyDrugExposure.objects.filter(subject__study=study)
    }
    new: list[StudyDrugExposure] = []
    seen: set[tuple[str, int]] = set()
    for row in ex.select("record", *[text(ex, name).alias(name) for name in COLUMNS]).iter_rows(named=True):
        problem = _exposure_problem(row, subjects=subjects, seen=seen)
        if problem is not None:
            refusals.append(Refusal("EX", row["record"], *problem))
            count.refused += 1
            continue
        key = row["USUBJID"], _sequence(row)
        seen.add(key)
        said = _as_said(row)
        known = stored.get((subjects[key[0]], key[1]))
        if known is None:
            new.append(StudyDrugExposure(subject_id=subjects[key[0]], source_sequence=key[1], **said))
            continue
        changed = [name for name, value in said.items() if getattr(known, name) != value]
        for name in changed:
            setattr(known, name, said[name])
        if changed:
            known.save(update_fields=changed)
            count.updated += 1
        else:
            count.unchanged += 1
    count.stored += len(StudyDrugExposure.objects.bulk_create(new))


def _sequence(row: dict[str, Any]) -> int:
    return int(row["EXSEQ"]) if row["EXSEQ"] else int(row["record"])


def _as_said(row: dict[str, Any]) -> dict[str, Any]:
    """Fields of an exposure; a dose with more digits than the column holds keeps them as text."""
    exact = Decimal(row["EXDOSE"]) if DOSE.fullmatch(row["EXDOSE"]) else None
    dose = None if exact is None else exact.quantize(DOSE_STEP)
    dose_text = row["EXDOSTXT"] or (row["EXDOSE"] if dose != exact or exact is None else "")
    return {
        "drug": row["EXTRT"],
        "dose": dose,
        "dose_text": dose_text,
        "dose_unit": row["EXDOSU"],
        "form": row["EXDOSFRM"],
        "frequency": row["EXDOSFRQ"],
        "route": row["EXROUTE"],
        "started": row["EXSTDTC"],
        "stopped": row["EXENDTC"],
    }


def _exposure_problem(
    row: dict[str, Any], *, subjects: dict[str, int], seen: set[tuple[str, int]]
) -> tuple[str, str, str, str] | None:
    """Column, rule, found, expected of the first thing wrong with an EX record."""
    if row["USUBJID"] not in subjects:
        return "USUBJID", "unknown-subject", row["USUBJID"], "a subject of DM"
    if not row["EXTRT"]:
        return "EXTRT", "missing-drug", "", "the name of the drug"
    sequence = row["EXSEQ"]
    if sequence and not (sequence.isascii() and sequence.isdigit() and int(sequence) <= MAX_SEQUENCE):
        return "EXSEQ", "sequence-range", sequence, f"a number up to {MAX_SEQUENCE}"
    if (row["USUBJID"], _sequence(row)) in seen:
        return "EXSEQ", "duplicate-sequence", sequence, "one record per subject and EXSEQ"
    if DOSE.fullmatch(row["EXDOSE"]):
        if Decimal(row["EXDOSE"]) < 0:
            return "EXDOSE", "negative-dose", row["EXDOSE"], "a dose that is not negative"
        if Decimal(row["EXDOSE"]) >= DOSE_LIMIT:
            return "EXDOSE", "dose-range", row["EXDOSE"], f"a dose under {DOSE_LIMIT}"
    for column, length in {**MAX_LENGTHS, "EXDOSE": MAX_LENGTHS["EXDOSTXT"]}.items():
        if len(row[column]) > length:
            return column, "too-long", row[column][:200], f"at most {length} characters"
    for column in ("EXSTDTC", "EXENDTC"):
        if row[column] or column == "EXSTDTC":
            try:
                PartialDate(row[column])
            except ValueError:
                return column, "date-format", row[column], "ISO 8601: YYYY-MM-DDThh:mm, cut off where unknown"
    return None
