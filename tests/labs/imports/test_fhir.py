"""A laboratory's FHIR resources on their way into the database."""

import gzip
import json
from decimal import Decimal

import pytest

from labs.imports import fhir
from labs.models import Analyte, AnalyteCode, AssayVersion, Result, Specimen, Transfer
from tests.cart.records import make_subject
from tests.databases import ROOT
from tests.labs.imports.fhir_records import (
    as_json,
    bundle,
    current,
    file_of,
    import_text,
    lines,
    make_fhir_laboratory,
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


def test_a_compressed_file_is_read_and_a_check_stores_nothing(send):
    text = gzip.compress(lines(patient(), specimen(), observation()).encode())
    checked = send(text, check_only=True)
    assert "checked, not stored: 1 rows, 1 applied" in checked.text()
    assert not Result.objects.exists()
    assert not Transfer.objects.exists()
    assert send(text).accepted


def test_withdrawn_and_valid_for_one_specimen_and_test_contradict_each_other(send):
    given = send(file_of(observation(status="entered-in-error"), observation(key="new", value="8")))
    assert [row[2] for row in rules(given)] == ["conflicting-rows"]


def test_reference_ranges_that_are_no_two_limits_are_counted(send):
    limits = {"high": quantity("20")}
    several = [{**limits, "type": {"coding": [{"code": kind}]}} for kind in ("normal", "recommended")]
    given = send(
        file_of(
            observation(referenceRange=several),
            observation("CD19", None, valueQuantity=quantity("9", "cells/uL"), referenceRange=[{"text": "<4.5"}]),
            observation("ANA", None, valueString="1:80", referenceRange=[limits]),
        )
    )
    assert "2 results have reference ranges of which none could be stored as two limits" in given.text()
    assert str(Result.objects.get(analyte__code="ATA").range_high) == "20"
    assert Result.objects.filter(range_high__isnull=False).count() == 1


def test_an_id_that_is_half_a_character_crashes_nothing_and_whoever_refers_to_it_is_refused(send):
    who = {"subject": {"reference": "Patient/\ud800"}}
    given = send(bundle(patient("KUL-001", key="\ud800"), specimen(), observation() | who))
    assert rules(given) == [(3, "Observation.subject.reference", "fhir-shape")]
    beside = send(bundle(patient("KUL-002", key="\ud800"), patient(), specimen(), observation()))
    assert beside.accepted, beside.text()
