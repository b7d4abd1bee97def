"""A laboratory's FHIR resources on their way into the database."""

import json
from decimal import Decimal

import pytest

from labs.imports import fhir
from labs.models import Analyte, AnalyteCode, AssayVersion, Result, Specimen, Transfer
from tests.cart.records import make_infused_subject, make_subject, make_trial
from tests.databases import ROOT
from tests.labs.imports.fhir_records import (
    LAYOUT,
    as_json,
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
            made["laboratory"] = make_fhir_laboratory(quarantine=quarantine)
        if declared:
            made["laboratory"].layout = {**LAYOUT, **declared}
            made["laboratory"].save()
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


def file_of(*observations, taken="2024-03-01T08:30:00+01:00", **changes):
    return bundle(*observations, specimen("A1", taken=taken), patient(), **changes)


def test_same_file_again_is_a_no_op_and_equal_values_are_duplicates(send):
    first = send(file_of(observation()))
    assert send(file_of(observation()), name="renamed.json").repeated
    again = send(lines(patient(), specimen("A1"), observation()), name="b.ndjson")
    assert (first.totals.applied, again.totals.applied, again.totals.duplicate) == (1, 0, 1)
    assert Result.objects.count() == 1


def test_corrected_value_supersedes_and_keeps_the_old_one(send):
    send(file_of(observation(value="7.10")))
    given = send(file_of(observation(value="7.1", status="corrected")), name="b.json")
    assert (given.totals.applied, given.totals.corrected) == (1, 1)
    versions = Result.objects.order_by("version")
    assert [(r.version, r.received_text, r.supersession_reason) for r in versions] == [
        (1, "7.10", None),
        (2, "7.1", "delivery"),
    ]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_withdrawn_value_becomes_missing_and_can_be_given_anew(send, status):
    send(file_of(observation()))
    given = send(file_of(observation(status=status)), name="b.json")
    assert (given.totals.applied, given.totals.corrected) == (1, 1), given.text()
    assert current() == {("A1", "ATA"): ("=", None, "", "", status.replace("-", " "))}
    assert send(file_of(observation(status=status, value=None)), name="c.json").totals.duplicate == 1
    send(file_of(observation(status="amended", value="8")), name="d.json")
    assert current()["A1", "ATA"][3] == "8"
    assert Result.objects.count() == 3


def test_early_results_are_refused_unless_declared(send):
    given = send(file_of(observation(status="preliminary")))
    assert rules(given) == [(1, "Observation.status", "fhir-status")]
    assert "found 'preliminary', expected final, amended, corrected, or withdrawn" in given.text()


def test_early_results_are_taken_where_declared_and_superseded_by_the_final_one(send):
    early = [observation(status="preliminary", value="7"), observation("CD19", None, status="registered")]
    assert send(file_of(*early), preliminary="take").accepted
    assert current()["A1", "CD19_ABS"][4] == "registered, no result yet"
    final = [observation(value="8"), observation("CD19", None, valueQuantity=quantity("90", "cells/uL"))]
    assert send(file_of(*final), name="b.json").totals.corrected == 2


def test_each_component_is_a_result_of_its_own_code(send):
    def part(code, **value):
        return {"code": observation(code)["code"], **value}

    whole = observation(
        "PANEL",
        None,
        component=[
            part("SCL70", valueQuantity=quantity("5")),
            part("ANA", valueString="<1:40"),
            part("NAIVE", dataAbsentReason={"coding": [{"code": "not-performed"}]}),
        ],
    )
    given = send(file_of(whole))
    assert (given.totals.rows, given.totals.applied) == (3, 3), given.text()
    assert current() == {
        ("A1", "ATA"): ("=", 5, "CU", "5", None),
        ("A1", "ANA"): ("<", 40, "", "<1:40", None),
        ("A1", "NAIVE_PCT"): ("=", None, "", "", "not-performed"),
    }
    send(file_of({**whole, "status": "entered-in-error"}), name="b.json")
    assert {row[4] for row in current().values()} == {"entered in error"}


def test_an_observation_is_taken_whole_or_not_at_all(send):
    parts = [
        {"code": observation(code)["code"], "valueString": value} for code, value in (("ANA", "1:80"), ("ANA2", "1:40"))
    ]
    bad = observation("PANEL", None, component=parts)
    given = send(file_of(observation(), bad), quarantine=True)
    assert (given.totals.rows, given.totals.applied, given.totals.quarantined) == (3, 1, 2)
    assert given.totals.add_up()
    assert rules(given) == [(2, "Observation.component[1].code", "unknown-analyte")]
    assert Transfer.objects.get().rows_quarantined == 2


def test_quarantined_observation_is_taken_from_the_very_same_file_once_it_holds(send, trial):
    parts = [{"code": observation(code)["code"], "valueString": "1:80"} for code in ("ANA", "ANA2")]
    text = file_of(observation(), observation("PANEL", None, component=parts))
    send(text, quarantine=True)
    ana = Analyte.objects.create(code="ANA2", name="ANA 2", kind=Analyte.Kind.TITER)
    laboratory = Transfer.objects.get().laboratory
    AnalyteCode.objects.create(laboratory=laboratory, code="ANA2", analyte=ana)
    AssayVersion.objects.create(laboratory=laboratory, analyte=ana, kit="K", valid_from="2020-01-01")
    given = send(text)
    assert (given.totals.applied, given.totals.duplicate, given.totals.quarantined) == (2, 1, 0)
    assert given.totals.add_up()
    assert send(text).repeated


def test_member_takes_subject_specimen_and_time_from_panel_and_report_where_declared(send):
    bare = {"subject": None, "specimen": None}
    member = observation(key="m", **bare)
    panel = observation("PANEL", None, key="p", subject=None, hasMember=[{"reference": "Observation/m"}])
    whole = report("Observation/p", subject={"reference": "Patient/p-KUL-001"})
    tube = specimen("A1", collection=None, subject=None)
    dated = panel | {"effectivePeriod": {"start": "2024-03-01", "end": "2024-03-02"}}
    text = bundle(member, dated, whole, tube, patient())
    given = send(text, inherit=["panel", "report"])
    assert given.accepted, given.text()
    assert "1 of the Observations are panels of others" in given.text()
    assert Specimen.objects.get().collected == "2024-03-01"
    again = send(text + " ", inherit=[])
    assert {row[2] for row in rules(again)} == {"missing-subject", "missing-accession", "missing-date"}


def test_contained_resources_and_full_urls_are_found(send):
    inner = observation(key="i", specimen={"reference": "#s"}, subject={"reference": "urn:uuid:1"})
    outer = report("#i", contained=[inner, specimen("A7", subject=None) | {"id": "s"}])
    entries = [
        {"fullUrl": "https://lab.example/DiagnosticReport/r", "resource": outer},
        {
            "fullUrl": "https://lab.example/Observation/o",
            "resource": observation("CD19", None, valueQuantity=quantity("90", "cells/uL")),
        },
        {"fullUrl": "https://lab.example/Patient/p-KUL-001/_history/3", "resource": {"resourceType": "Basic"}},
        {"fullUrl": "https://lab.example/Patient/p-KUL-001", "resource": patient(key="other")},
        {"fullUrl": "urn:uuid:1", "resource": patient()},
        {"fullUrl": "https://lab.example/Specimen/s-A1", "resource": specimen()},
    ]
    given = send(as_json({"resourceType": "Bundle", "type": "searchset", "entry": entries}))
    assert given.accepted, given.text()
    assert set(current()) == {("A7", "ATA"), ("A1", "CD19_ABS")}
    assert "not read, of other types: Basic 1" in given.text()
    assert "1 more Observations are contained in other resources" in given.text()


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
    assert given.totals.refused == 1
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


def test_a_resource_alone_may_be_spread_over_lines(send):
    tube = specimen(subject={"reference": "#p"}) | {"id": "s"}
    alone = observation(contained=[tube, patient(key="p")], specimen={"reference": "#s"}, subject={"reference": "#p"})
    given = send(as_json(alone).replace("{", "{\n"))
    assert given.accepted, given.text()
    assert current()["A1", "ATA"][3] == "7.10"


def test_two_resources_of_one_address_are_not_guessed_between(send):
    given = send(bundle(observation(), specimen(), specimen("A2") | {"id": "s-A1"}, patient()))
    assert rules(given) == [(1, "Observation.specimen.reference", "fhir-reference")]


def test_cumulative_file_asks_for_what_it_no_longer_holds(send):
    send(file_of(observation(), observation("NAIVE", None, valueQuantity=quantity("5", "%"))), delivery="cumulative")
    given = send(file_of(observation()), name="b.json")
    assert given.totals.vanished == 1


@pytest.mark.parametrize("results", [1, 2, 7])
def test_blocks_change_nothing(send, trial, monkeypatch, results):
    monkeypatch.setattr(fhir, "BLOCK_RESULTS", results)
    made = [observation(code, None, key=f"{n}{code}", accession=f"A{n}", valueQuantity=quantity(f"{n}.50", unit))
            for n in range(1, 6) for code, unit in (("SCL70", "CU"), ("CD19", "cells/uL"))]  # fmt: skip
    given = send(lines(*made, made[0], made[-1], *[specimen(f"A{n}") for n in range(1, 6)], patient()))
    assert "12 rows, 10 applied, 2 duplicates, 0 refused" in given.text()
    assert Specimen.objects.count() == 5


def test_sample_of_the_how_to_page_gives_its_report(trial, subject, tmp_path):
    page = (ROOT / "docs/how-to/import-fhir.md").read_text()
    layout = json.loads(page.split("```json\n")[1].split("```")[0])
    sample, shown = (page.split(f"```\n{mark}")[1].split("```")[0] for mark in ("{", "$ "))
    laboratory = make_fhir_laboratory()
    laboratory.layout = layout
    laboratory.save()
    given = import_text(trial.study, laboratory, tmp_path, "{" + sample, name="march.ndjson")
    assert given.text().replace(given.number, "T-0001").splitlines() == shown.splitlines()[1:]


def test_public_reports_are_read_as_they_are(trial, tmp_path, fhir_data):
    make_subject(trial, "pat2")
    laboratory = make_fhir_laboratory()
    laboratory.layout = {
        "format": "fhir-r4",
        "subject": "reference",
        "codes": ["LOINC"],
        "accession": ["Specimen.accessionIdentifier", "DiagnosticReport.identifier"],
        "inherit": ["panel", "report"],
        # Nothing of 55 % of the units is coded: what is displayed must be the assay's, or be declared.
        "units": {"U/L": "U/l"},
    }
    laboratory.save()
    found = {}
    for name in ("Bundle-ghp.json", "Bundle-lipids.json"):
        for entry in json.loads((fhir_data / name).read_text())["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] == "Observation" and "hasMember" not in resource:
                quantity = resource.get("valueQuantity", {})
                unit = quantity.get("code") or laboratory.layout["units"].get(
                    quantity.get("unit"), quantity.get("unit")
                )
                found[resource["code"]["coding"][0]["code"]] = (unit or "", bool(quantity))
    for code, (unit, is_number) in found.items():
        kind = Analyte.Kind.QUANTITY if is_number else Analyte.Kind.TEXT
        analyte = Analyte.objects.create(code=code, name=code, kind=kind)
        AnalyteCode.objects.create(laboratory=laboratory, code=code, analyte=analyte)
        AssayVersion.objects.create(laboratory=laboratory, analyte=analyte, kit="K", unit=unit, valid_from="2000-01-01")

    def send(name):
        return import_text(trial.study, laboratory, tmp_path, (fhir_data / name).read_bytes(), name=name)

    given = send("Bundle-ghp.json")
    assert "48 rows, 48 applied, 0 duplicates, 0 refused" in given.text()
    assert "read: Observation 51, DiagnosticReport 1, Specimen 3" in given.text()
    assert "3 of the Observations are panels of others" in given.text()
    given = send("Bundle-lipids.json")
    assert "4 rows, 4 applied, 0 duplicates, 0 refused" in given.text()
    stored = current()
    assert stored["20150816-00124", "2756-5"] == ("=", Decimal("5.0"), "pH", "5.0", None)
    assert stored["20150816-00124", "30391-7"] == ("<", 1, "/uL", "<1", None)
    assert stored["20150816-00124", "2887-8"][3] == "Negative"
    assert stored["5234342", "35200-5"] == ("=", Decimal("6.3"), "mmol/L", "6.3", None)
    platelets = Result.objects.get(analyte__code="711-2")
    assert (platelets.unit, platelets.received_unit, platelets.range_flag) == ("10*9/L", "x10*9/L", "HH")
    # Sites in Brussels are two hours ahead of UTC in August, ten behind Canberra in March.
    assert set(Specimen.objects.values_list("collected", flat=True)) == {"2015-08-16T08:40:17", "2011-03-03T22:30:00"}
