"""What in FHIR resources is refused: each rule with its place, each broken file in one sentence."""

import pytest

from labs.models import Result, Transfer
from tests.cart.records import make_subject
from tests.labs.imports.fhir_records import (
    as_json,
    bundle,
    file_of,
    lines,
    number,
    observation,
    patient,
    quantity,
    ratio,
    report,
    rules,
    specimen,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]

ONE_CODE = {"code": observation()["code"]}


@pytest.mark.parametrize(
    ("changes", "column", "rule"),
    [
        ({"status": "unknown"}, "status", "fhir-status"),
        ({"status": None}, "status", "fhir-status"),
        ({"subject": {"reference": "Patient/nobody"}}, "subject.reference", "fhir-reference"),
        ({"specimen": {"reference": "Specimen/none"}}, "specimen.reference", "fhir-reference"),
        ({"specimen": {"display": "a tube"}}, "specimen", "fhir-reference"),
        ({"code": {"coding": [{"system": "urn:x", "code": "SCL70"}]}}, "code.coding", "fhir-code"),
        ({"code": {"text": "SCL70"}}, "code.coding", "fhir-code"),
        ({"code": {"coding": [*ONE_CODE["code"]["coding"], {"system": "urn:lab:codes", "code": "B"}]}}, "code.coding",
         "fhir-code"),
        ({"code": observation("XYZ")["code"]}, "code", "unknown-analyte"),
        ({"valueQuantity": quantity("5", comparator="<=")}, "valueQuantity.comparator", "fhir-comparator"),
        ({"valueQuantity": quantity("5", comparator=">=")}, "valueQuantity.comparator", "fhir-comparator"),
        ({"valueQuantity": {**quantity("5"), "value": "5"}}, "valueQuantity.value", "fhir-value"),
        ({"valueQuantity": {"unit": "CU"}}, "valueQuantity.value", "fhir-value"),
        ({"valueQuantity": [quantity("5")]}, "valueQuantity", "fhir-shape"),
        ({"valueQuantity": quantity("5", system="http://snomed.info/sct")}, "valueQuantity.code", "fhir-unit"),
        ({"valueQuantity": quantity("5", system=None)}, "valueQuantity.code", "fhir-unit"),
        ({"valueQuantity": quantity("5", "mg/L")}, "valueQuantity.code", "unit-mismatch"),
        ({"valueQuantity": {"value": number("5"), "unit": "units"}}, "valueQuantity.unit", "unit-mismatch"),
        ({"valueQuantity": quantity("1e999")}, "valueQuantity.value", "number-grammar"),
        ({**observation("ANA", None), "valueString": "1:x", "valueQuantity": None}, "valueString", "number-grammar"),
        ({"valueQuantity": None, "valueString": "a\x00b"}, "valueString", "fhir-shape"),
        ({"valueQuantity": None, "valueString": "\ud800"}, "valueString", "fhir-shape"),
        ({"valueQuantity": None, "valueBoolean": True}, "valueBoolean", "fhir-value"),
        ({"valueString": "5"}, "valueQuantity", "fhir-value"),
        ({"dataAbsentReason": {"text": "lost"}}, "dataAbsentReason", "fhir-value"),
        ({"valueQuantity": None}, "value[x]", "missing-without-reason"),
        ({"valueQuantity": None, "valueRatio": ratio("640", unit="mL")}, "valueRatio.denominator", "fhir-value"),
        ({"valueQuantity": None, "valueRatio": {"numerator": quantity("1", "1", comparator="<")}},
         "valueRatio.numerator.comparator", "fhir-comparator"),
        ({"referenceRange": [{"high": quantity("5", "mg/L")}]}, "referenceRange[0].high.unit", "fhir-range"),
        ({"referenceRange": [{"high": {"value": "5"}}]}, "referenceRange[0].high.value", "fhir-range"),
        ({"interpretation": [{"text": "far above it"+"!"}]}, "interpretation", "too-long"),
        ({"effectiveTiming": {"event": []}}, "effectiveTiming", "fhir-time"),
        ({"effectiveDateTime": "2024-03-01T08:30:00"}, "effectiveDateTime", "fhir-time"),
        ({"modifierExtension": [{"url": "x"}]}, "modifierExtension", "fhir-modifier"),
        ({"component": "x"}, "component", "fhir-shape"),
        ({"focus": [{"reference": "Patient/unborn"}]}, "focus", "fhir-subject"),
        ({"hasMember": [{"reference": "Observation/none"}]}, "hasMember[0].reference", "fhir-report"),
    ],
)  # fmt: skip
def test_each_rule_of_observations_refuses_with_its_place(send, changes, column, rule):
    changed = {name: value for name, value in {**observation(key="x"), **changes}.items() if value is not None}
    given = send(file_of(observation(), changed))
    assert not given.accepted
    assert rules(given) == [(2, f"Observation.{column}", rule)]
    assert given.totals.with_findings == 1
    assert given.totals.refused == given.totals.rows
    assert not Result.objects.exists()


@pytest.mark.parametrize(
    ("tube", "column", "rule"),
    [
        ({"accessionIdentifier": None}, "Specimen.accessionIdentifier", "missing-accession"),
        ({"collection": None}, "Observation.effective[x]", "missing-date"),
        ({"taken": "2999-01-01"}, "Specimen.collection.collectedDateTime", "future-date"),
        ({"taken": "2024-02-30T08:00:00Z"}, "Specimen.collection.collectedDateTime", "impossible-date"),
        ({"taken": "1 March"}, "Specimen.collection.collectedDateTime", "date-format"),
        ({"taken": "2024-03-01T08:00"}, "Specimen.collection.collectedDateTime", "fhir-time"),
        ({"taken": "2024-03-01T08:00:00+99:00"}, "Specimen.collection.collectedDateTime", "date-format"),
        ({"taken": "2024-03"}, "Specimen.collection.collectedDateTime", "date-without-day"),
        ({"condition": [{"text": "odd"}]}, "Specimen.condition", "unknown-condition"),
        ({"status": "entered-in-error"}, "Specimen.status", "fhir-specimen"),
        ({"subject": "KUL-002"}, "Specimen.subject.reference", "fhir-reference"),
        ({"receivedTime": "2024-03-01T99:00:00Z"}, "Specimen.receivedTime", "impossible-date"),
    ],
)
def test_each_rule_of_specimens_refuses_with_its_place(send, tube, column, rule):
    given = send(bundle(observation(), specimen("A1", **tube), patient()))
    assert (1, column, rule) in rules(given)
    assert not Result.objects.exists()


@pytest.mark.parametrize(
    ("person", "column", "rule"),
    [
        (patient("NOBODY", key="p-KUL-001"), "Observation.subject", "unknown-subject"),
        ({**patient(), "identifier": []}, "Patient.identifier", "fhir-subject"),
        (
            {**patient(), "identifier": [{"system": "urn:trial:subjects", "value": one} for one in "AB"]},
            "Patient.identifier",
            "fhir-subject",
        ),
    ],
)
def test_each_rule_of_subjects_refuses_with_its_place(send, person, column, rule):
    given = send(bundle(observation(), specimen(), person))
    assert rules(given) == [(1, column, rule)]


def test_specimen_of_another_subject_than_the_observation_is_refused(send, trial):
    make_subject(trial, "KUL-002")
    given = send(bundle(observation(subject="KUL-002"), specimen(), patient(), patient("KUL-002")))
    assert rules(given) == [(1, "Specimen.subject", "fhir-subject")]


def test_subject_may_be_the_only_identifier_or_the_id_in_the_reference(send, trial):
    tube = specimen(subject={"identifier": {"value": "KUL-001"}})
    named = observation(subject={"identifier": {"system": "urn:any", "value": "KUL-001"}})
    assert send(bundle(named, tube), subject="any").accepted
    pointed = observation(value="8", subject={"reference": "https://x/fhir/Patient/KUL-001"})
    given = send(bundle(pointed, tube | {"subject": None}), name="b.json", subject="reference")
    assert given.totals.corrected == 1, given.text()


def test_a_report_is_checked_against_the_observations_it_names(send):
    withdrawn = report("Observation/o-A1-SCL70", "Observation/gone", status="cancelled")
    given = send(file_of(observation(), withdrawn, report(status="odd")), quarantine=True)
    assert rules(given) == [
        (2, "DiagnosticReport.result[0].reference", "fhir-report"),
        (2, "DiagnosticReport.result[1].reference", "fhir-report"),
        (3, "DiagnosticReport.status", "fhir-status"),
    ]
    assert (given.totals.rows, given.totals.applied, given.totals.quarantined) == (3, 1, 2)
    assert given.totals.add_up()


def test_a_line_that_is_no_resource_is_a_finding_of_its_own(send):
    good = lines(patient(), specimen(), observation())
    bad = ['{"resourceType": "Observation", "status": NaN}', "[]", "{", '{"a": 1, "a": 2}', "[" * 100_000]
    given = send(good + "\n" + "\n".join(bad) + "\n" + '{"resourceType": "Bundle"}', quarantine=True)
    assert rules(given) == [
        (5, "", "json-number"),
        (6, "resourceType", "fhir-resource"),
        (7, "", "json-cut-off"),
        (8, "", "json-name-twice"),
        (9, "", "json-nesting"),
        (10, "resourceType", "fhir-resource"),
    ]
    assert (given.totals.applied, given.totals.quarantined) == (1, 6)
    assert "line 5: found" in given.text()


GOOD = '{"resourceType": "Bundle", "type": "collection", "entry": ['


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "empty-file"),
        (" \n", "empty-file"),
        ("nonsense", "json-broken"),
        (GOOD, "json-cut-off"),
        (GOOD + "]} x", "json-broken"),
        (GOOD + '{"a": NaN}]}', "json-number"),
        (GOOD + '{"a": 1, "a": 2}]}', "json-name-twice"),
        (GOOD + "[" * 100_000, "json-nesting"),
        (GOOD + '"' + "x" * (6 << 20) + '"]}', "json-too-large"),
        ('{"resourceType": "Bundle", "entry": {}}', "fhir-bundle"),
        ('{"resourceType": "Bundle", "type": "history", "entry": []}', "fhir-bundle"),
        ('{"resourceType": "Bundle", "entry": []}', "fhir-bundle"),
        (b"\xff\xfe{\x00", "json-encoding"),
        ('{\n "resourceType": "Observation",\n', "json-cut-off"),
        ('{"resourceType": "Patient"}\n' + "x" * (6 << 20), "json-too-large"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(send, text, rule):
    given = send(text)
    assert given.refused
    assert given.findings["rule"].to_list() == [rule], given.text()
    assert len(given.text().splitlines()) == 2
    assert Transfer.objects.get().state == "refused"


def test_an_entry_without_a_resource_is_a_finding(send):
    assert [row[2] for row in rules(send("[]", name="list.json"))] == ["fhir-resource"]
    entries = [{"request": {"method": "DELETE"}}, 7, {"fullUrl": 5}]
    given = send(as_json({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    assert [row[2] for row in rules(given)] == ["fhir-resource", "fhir-resource", "fhir-shape"]
