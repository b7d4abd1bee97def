"""Laboratory records for tests."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

from cart.models import Study
from labs.actions.transfers import import_file
from labs.imports.report import Report
from labs.models import Analyte, AnalyteCode, AssayVersion, Laboratory

HEADER = "SUBJECT,ACCESSION,MATERIAL,COLLECTED,VISIT,TEST,RESULT,UNIT,CONDITION,REASON"
LAYOUT = {
    "columns": {
        "subject": "SUBJECT",
        "accession": "ACCESSION",
        "material": "MATERIAL",
        "collected": "COLLECTED",
        "visit": "VISIT",
        "code": "TEST",
        "result": "RESULT",
        "unit": "UNIT",
        "condition": "CONDITION",
        "reason": "REASON",
    }
}
ANALYTES = [
    ("CD19_ABS", "CD19", Analyte.Kind.QUANTITY, "cells/uL", "1", None),
    ("ATA", "SCL70", Analyte.Kind.QUANTITY, "CU", "10", "20"),
    ("ANA", "ANA", Analyte.Kind.TITER, "", "40", "80"),
    ("NAIVE_PCT", "NAIVE", Analyte.Kind.QUANTITY, "%", None, None),
]


def make_laboratory(code: str = "LAB", *, quarantine: bool = False) -> Laboratory:
    """A laboratory with four analytes, one assay version each."""
    laboratory = Laboratory.objects.create(
        code=code, name="Central", time_zone="Europe/Brussels", layout=LAYOUT, quarantine=quarantine
    )
    for analyte_code, own_code, kind, unit, lloq, cutoff in ANALYTES:
        analyte, _ = Analyte.objects.get_or_create(
            code=analyte_code, defaults={"name": analyte_code, "kind": kind, "unit": unit}
        )
        AnalyteCode.objects.create(laboratory=laboratory, code=own_code, analyte=analyte)
        AssayVersion.objects.create(
            laboratory=laboratory,
            analyte=analyte,
            kit="Kit A",
            unit=unit,
            lloq=Decimal(lloq) if lloq else None,
            cutoff=Decimal(cutoff) if cutoff else None,
            valid_from=dt.date(2020, 1, 1),
        )
    return laboratory


def row(subject: str, accession: str, collected: str, test: str, result: str, **changes: str) -> str:
    """One line of a file; unit follows the test unless given."""
    unit = {"CD19": "cells/uL", "SCL70": "CU", "NAIVE": "%"}.get(test, "")
    fields = {
        "material": "SERUM",
        "visit": "",
        "unit": unit,
        "condition": "",
        "reason": "",
        **changes,
    }
    return ",".join(
        [
            subject,
            accession,
            fields["material"],
            collected,
            fields["visit"],
            test,
            result,
            fields["unit"],
            fields["condition"],
            fields["reason"],
        ]
    )


def write_file(folder: Path, name: str, *rows: str, header: str = HEADER) -> Path:
    """A file of these lines."""
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def import_rows(
    study: Study, laboratory: Laboratory, folder: Path, name: str, *rows: str, check_only: bool = False
) -> Report:
    """Import a file of these lines as ``coordinator``."""
    return import_file(
        study=study,
        laboratory=laboratory,
        path=write_file(folder, name, *rows),
        actor="coordinator",
        reason="delivery",
        check_only=check_only,
    )
