"""FHIR resources for tests, and their import."""

import json

from labs.actions.transfers import import_file
from labs.models import Result
from tests.labs.records import make_laboratory

SUBJECTS, CODES, ACCESSIONS = "urn:trial:subjects", "urn:lab:codes", "urn:lab:accessions"
UCUM = "http://unitsofmeasure.org"
LAYOUT = {
    "format": "fhir-r4",
    "subject": SUBJECTS,
    "codes": ["LOINC", CODES],
    "accession": ["Specimen.accessionIdentifier", f"Observation.identifier|{ACCESSIONS}"],
    "units": {"cells per uL": "cells/uL"},
}


class Literal(str):
    """A number that is written with these digits."""


def number(digits):
    """JSON number with exactly these digits."""
    return Literal(digits)


def as_json(value):
    """JSON text that keeps the digits of ``number``."""

    # json would write them as texts; marks tell the two apart.
    def marked(one):
        if isinstance(one, Literal):
            return f"\x02{one}\x02"
        if isinstance(one, dict):
            return {name: marked(member) for name, member in one.items()}
        return [marked(member) for member in one] if isinstance(one, list) else one

    return json.dumps(marked(value)).replace('"\\u0002', "").replace('\\u0002"', "")


def patient(code="KUL-001", *, key=None):
    return {
        "resourceType": "Patient",
        "id": key or f"p-{code}",
        "identifier": [{"system": "urn:hospital", "value": "77"}, {"system": SUBJECTS, "value": code}],
    }


def _subject(given):
    """Reference to the Patient of a subject code; an element, or None, as it is."""
    return {"reference": f"Patient/p-{given}"} if isinstance(given, str) else given


def specimen(accession="A1", *, subject="KUL-001", taken="2024-03-01T08:30:00+01:00", **changes):
    made = {
        "resourceType": "Specimen",
        "id": f"s-{accession}",
        "accessionIdentifier": {"value": accession},
        "subject": _subject(subject),
        "type": {"text": "SERUM"},
        "collection": {"collectedDateTime": taken},
    }
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def quantity(digits, unit="CU", **changes):
    return {"value": number(digits), "unit": unit, "system": UCUM, "code": unit, **changes}


def ratio(dilution, **changes):
    return {"numerator": {"value": number("1")}, "denominator": {"value": number(dilution), **changes}}


def observation(code="SCL70", value="7.10", *, key=None, accession="A1", subject="KUL-001", **changes):
    made = {
        "resourceType": "Observation",
        "id": key or f"o-{accession}-{code}",
        "status": "final",
        "code": {"coding": [{"system": CODES, "code": code}]},
        "subject": _subject(subject),
        "specimen": {"reference": f"Specimen/s-{accession}"},
    }
    if value is not None:
        made["valueQuantity"] = quantity(value)
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def report(*references, **changes):
    return {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "Panel"},
        "result": [{"reference": one} for one in references],
        **changes,
    }


def bundle(*resources, **changes):
    entries = [{"resource": one} for one in resources]
    return as_json({"resourceType": "Bundle", "type": "collection", "entry": entries, **changes})


def lines(*resources):
    return "".join(as_json(one) + "\n" for one in resources)


def make_fhir_laboratory(code="FHIR", *, quarantine=False, **declared):
    laboratory = make_laboratory(code, quarantine=quarantine)
    laboratory.layout = {**LAYOUT, **declared}
    laboratory.save()
    return laboratory


def import_text(study, laboratory, folder, text, *, name="a.json", **options):
    """Import a file of this text as ``coordinator``."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return import_file(study=study, laboratory=laboratory, path=path, actor="coordinator", reason="delivery", **options)


def current():
    """Accession and analyte -> (qualifier, value, unit, text as received, reason)."""
    return {
        (r.specimen.accession, r.analyte.code): (r.qualifier, r.value, r.unit, r.received_text, r.missing_reason)
        for r in Result.objects.current().select_related("specimen", "analyte")
    }


def file_of(*observations, taken="2024-03-01T08:30:00+01:00", **changes):
    """Bundle of these, their specimen A1 and its subject."""
    return bundle(*observations, specimen("A1", taken=taken), patient(), **changes)


def rules(given):
    """Line, column and rule of each finding of a report."""
    return [(row["line"], row["column"], row["rule"]) for row in given.findings.sort("line").iter_rows(named=True)]
