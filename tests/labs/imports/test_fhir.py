"""A laboratory's FHIR resources on their way into the database."""

from decimal import Decimal

import pytest

from labs.models import Result, Specimen, Transfer
from tests.cart.records import make_infused_subject, make_trial
from tests.labs.imports.fhir_records import (
    bundle,
    current,
    import_text,
    lines,
    make_fhir_laboratory,
    number,
    observation,
    patient,
    quantity,
    ratio,
    report,
    specimen,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def trial():
    return make_trial()


@pytest.fixture
def subject(trial):
    return make_infused_subject(trial)


@pytest.fixture
def send(trial, subject, tmp_path):
    made = {}

    def send(text, *, quarantine=False, check_only=False, name="a.json", **declared):
        if not made:
            made["laboratory"] = make_fhir_laboratory(quarantine=quarantine, **declared)
        return import_text(trial.study, made["laboratory"], tmp_path, text, name=name, check_only=check_only)

    return send


def rules(given):
    return [(row["line"], row["column"], row["rule"]) for row in given.findings.sort("line").iter_rows(named=True)]


@pytest.mark.parametrize("write", [bundle, lines])
def test_results_are_stored_as_received(send, write):
    low_count = {"value": number("7.10"), "comparator": "<", "unit": "cells per uL"}
    haemolysed = {"coding": [{"code": "HEM"}]}
    # Patient and Specimen come after the Observations that refer to them.
    given = send(
        write(
            observation(
                "SCL70",
                "812.50",
                interpretation=[{"coding": [{"code": "H"}]}],
                referenceRange=[{"low": quantity("0"), "high": quantity("19.90")}],
            ),
            observation("ANA", None, valueRatio=ratio("640")),
            observation("CD19", None, accession="A2", valueQuantity=low_count),
            observation("NAIVE", None, dataAbsentReason={"text": "not performed"}),
            report("Observation/o-A1-SCL70", "Observation/o-A1-ANA"),
            specimen("A1"),
            specimen("A2", taken="2024-07-01T07:15:00Z", condition=[haemolysed], receivedTime="2024-07-01"),
            patient(),
        )
    )
    assert given.accepted, given.text()
    assert "4 rows, 4 applied, 0 duplicates, 0 refused" in given.text()
    assert "read: Observation 4, DiagnosticReport 1, Specimen 2, Patient 1" in given.text()
    assert current() == {
        ("A1", "ATA"): ("=", Decimal("812.50"), "CU", "812.50", None),
        ("A1", "ANA"): ("=", Decimal(640), "", "1:640", None),
        ("A2", "CD19_ABS"): ("<", Decimal("7.10"), "cells/uL", "<7.10", None),
        ("A1", "NAIVE_PCT"): ("=", None, "", "", "not performed"),
    }
    titer = Result.objects.get(analyte__code="ATA")
    assert str(titer.value) == "812.50"
    assert (str(titer.range_low), str(titer.range_high), titer.range_flag) == ("0", "19.90", "H")
    assert Result.objects.get(analyte__code="CD19_ABS").received_unit == "cells per uL"
    first, second = Specimen.objects.order_by("accession")
    assert (first.collected, first.material, first.condition) == ("2024-03-01T08:30:00", "SERUM", "good")
    # Brussels is two hours ahead of UTC in July.
    assert (second.collected, second.condition, second.received) == ("2024-07-01T09:15:00", "haemolysed", "2024-07-01")
    assert Transfer.objects.get().kind == "fhir-r4"
