"""Mutated FHIR files: what is stored is what a slow reader of the whole file would store, whatever stands in them."""

import copy
import datetime as dt
import os
import random

import pytest
from django.db import transaction

from cart.models import Consent
from labs.actions.references import latest_today
from labs.models import Result
from tests.cart.records import make_subject, make_trial
from tests.labs.imports.fhir_records import (
    ACCESSIONS,
    CODES,
    as_json,
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
from tests.labs.imports.slow_fhir_reader import SlowFhirReader
from tests.labs.imports.slow_reader import Person, SlowReader, Stored
from tests.labs.records import ANALYTES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]
FULL = bool(os.environ.get("TRIALSITE_FULL"))
MUTATIONS = 20_000 if FULL else 200
MEMBERS = [
    "status", "value", "comparator", "unit", "code", "system", "reference", "valueString", "valueInteger", "focus",
    "dataAbsentReason", "modifierExtension", "use", "start", "effectiveDateTime", "receivedTime", "text", "display",
    "hasMember", "component", "identifier", "collection", "subject", "specimen", "condition", "type", "implicitRules",
]  # fmt: skip
LEAVES = [
    None, True, [], {}, [{}], "", " ", "x", "final", "corrected", "cancelled", "entered-in-error", "preliminary",
    "unknown", "<", ">", "<=", ">=", "CU", "cells/uL", "cells per uL", "%", "http://unitsofmeasure.org",
    "http://snomed.info/sct", "http://loinc.org", CODES, ACCESSIONS, "urn:trial:subjects", "SCL70", "ANA", "CD19",
    "KUL-001", "KUL-002", "KUL-003", "A1", "Patient/p-KUL-001", "Patient/p-KUL-002", "Specimen/s-1A1",
    "Specimen/s-2A2", "Observation/x", "#x", "http://lab.example/Patient/p-KUL-001", "1:640", "<1:40", "<10", "1_000",
    "nan", "١٢", "2024-03", "2024-02-30", "2024-02-30T08:00:00Z", "2024-03-31T00:30:00Z", "2024-03-31T01:30:00.5Z",
    "2024-10-27T02:30:00+01:00", "2024-03-01T08:30:00", "2999-01-01", "2019-12-31T23:30:00Z", "2024-01-09T23:30:00Z",
    "2024-03-01T24:00:00Z", "2024-03-01T08:30Z", "2024-03-01T08:30:00+14:30", "2024-03-01T08:30:00+15:00", "HEM",
    "odd", "haemolysed", "old", "unsatisfactory", "x" * 41, "x" * 81, "x" * 201, "a\x00b", "\ud800", "a\nb", "=1+1",
    number("7.10"), number("-0"), number("1e3"), number("1E-7"), number("5"), number("1" * 21), number("0.1e-400"),
    number("1"), number("640"), number("0"), [quantity("5")], {"text": "lost"}, {"reference": "Patient/p-KUL-001"},
    {"coding": [{"system": CODES, "code": "NAIVE"}]}, [{"reference": "Observation/o-1A1-SCL70"}],
]  # fmt: skip
BYTES = [b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\u00", b"\x00", b"\xff", b"\n", b" ", b"1", b"NaN", b"-"]


def good_resources():
    """Every kind of result, of two subjects; what is referred to stands before and behind."""
    made = [patient("KUL-001")]
    for subject in ("KUL-001", "KUL-002"):
        for n in range(1, 4):
            tube = f"{subject[-1]}A{n}"
            of = {"accession": tube, "subject": subject}
            made += [
                observation("SCL70", f"{800 / n:.2f}", **of, referenceRange=[{"high": quantity("20")}]),
                observation("CD19", None, **of, valueQuantity=quantity("1", "cells/uL", comparator="<")),
                observation("NAIVE", None, **of, dataAbsentReason={"text": "not performed"}),
                observation(
                    "PANEL",
                    None,
                    **of,
                    component=[
                        {"code": observation("ANA")["code"], "valueRatio": ratio(str(40 * 2**n))},
                    ],
                ),
                specimen(tube, subject=subject, taken=f"2024-0{n}-15T08:30:00+01:00"),
            ]
    bare = {"accession": "none", "specimen": None, "effectiveDateTime": "2024-05-01"}
    made += [
        observation("SCL70", "5", key="own", **bare, identifier=[{"system": ACCESSIONS, "value": "O1"}]),
        observation("SCL70", status="entered-in-error", key="gone", accession="2A1", subject="KUL-002")
        | {"specimen": {"reference": "Specimen/s-gone"}},
        specimen("gone", subject="KUL-002", condition=[{"coding": [{"code": "HEM"}]}], receivedTime="2024-03-02"),
        report("Observation/own", "Observation/gone"),
        patient("KUL-002"),
    ]
    return made


def places(value):
    """Every container in a value."""
    found = [value]
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            found += places(inner)
    return found


def mutated(resources, chance):
    """One to three changes of members, elements or resources."""
    resources = copy.deepcopy(resources)
    for _ in range(chance.choice([1, 1, 2, 3])):
        at = chance.randrange(len(resources))
        kind = chance.randrange(10)
        if kind == 0:
            resources.insert(chance.randrange(len(resources)), copy.deepcopy(resources[at]))
        elif kind == 1 and len(resources) > 1:
            resources.pop(at)
        elif kind == 2:
            other = chance.randrange(len(resources))
            resources[at], resources[other] = resources[other], resources[at]
        else:
            place = chance.choice(places(resources[at]))
            leaf = copy.deepcopy(chance.choice(LEAVES))
            if isinstance(place, list):
                place.insert(chance.randrange(len(place) + 1), leaf)
            elif kind < 5 or not place:
                place[chance.choice(MEMBERS)] = leaf
            elif kind < 6:
                del place[chance.choice(list(place))]
            else:
                place[chance.choice(list(place))] = leaf
    return resources


def written(resources, chance, *, by_lines, sound):
    """Text of a file; unless it is to be sound, sometimes with bytes put in or taken out behind its beginning."""
    head = '{"resourceType": "Bundle", "type": "collection", "entry": ['
    body = lines(*resources) if by_lines else ",\n".join(as_json({"resource": one}) for one in resources) + "]}\n"
    data = ("" if by_lines else head).encode() + body.encode()
    # The first two lines tell that there are lines.
    kept = sum(len(line) + 1 for line in data.split(b"\n")[:2]) if by_lines else len(head)
    if not sound and chance.random() < 0.2 and kept < len(data):
        at = chance.randrange(kept, len(data))
        put = chance.choice([*BYTES, b""])
        data = data[:at] + put + data[at + chance.choice([0, 1, 1, 30]) :]
    return data


def stored_results():
    """Place -> results, as the database holds them."""
    codes = {analyte: own for analyte, own, *_ in ANALYTES}
    found = {}
    for r in Result.objects.select_related("specimen__subject", "analyte").order_by("line"):
        found.setdefault(r.line, []).append(
            Stored(
                r.specimen.subject.code,
                r.specimen.accession,
                r.specimen.collected,
                codes[r.analyte.code],
                r.qualifier,
                r.value,
                r.received_text,
            )
        )
    return found


def in_order(found):
    """The same, comparable: a number by what it is worth, texts as they are."""
    return {
        place: sorted(str((r.subject, r.accession, r.collected, r.test, r.qualifier, r.received_text)) for r in rows)
        + sorted(r.value for r in rows if r.value is not None)
        for place, rows in found.items()
    }


def slow_reader():
    units = {"CD19": "cells/uL", "SCL70": "CU", "NAIVE": "%"}
    people = {
        "KUL-001": Person("Europe/Brussels"),
        "KUL-002": Person("Europe/Brussels", 1980, dt.date(2024, 1, 10)),
    }
    tests = {own: (kind, units.get(own, "")) for _, own, kind, *_ in ANALYTES}
    return SlowFhirReader(SlowReader(people=people, tests=tests, today=latest_today()))


def test_mutated_files_store_no_wrong_result(tmp_path):
    trial = make_trial()
    make_subject(trial)
    second = make_subject(trial, "KUL-002")
    second.year_of_birth = 1980
    second.save()
    Consent.objects.create(subject=second, version="1", signed_on=dt.date(2024, 1, 10))
    laboratory = make_fhir_laboratory(quarantine=True)
    reader, good = slow_reader(), good_resources()
    seed = int(os.environ.get("TRIALSITE_SEED", "20261123"))
    results = refused_files = 0
    for turn in range(MUTATIONS):
        chance, by_lines = random.Random(seed + turn), bool(turn % 2)
        resources = mutated(good, chance) if turn > 1 else good
        data = written(resources, chance, by_lines=by_lines, sound=turn < 2)
        with transaction.atomic():
            given = import_text(trial.study, laboratory, tmp_path, data, name="mutated.json")
            found, expected = stored_results(), reader.stored(data, by_lines=by_lines)
            told = f"mutation {seed + turn}: {given.text()}\n{data!r}"
            assert in_order(found) == in_order(expected or {}), told
            assert given.accepted == (expected is not None), told
            if given.accepted:
                assert given.totals.add_up(), f"mutation {seed + turn}: {given.totals}"
            unplaced = given.findings.filter((given.findings["line"] < 1) | (given.findings["rule"] == ""))
            assert not unplaced.height, told
            if turn < 2:
                assert sum(map(len, found.values())) == 26, told
            results += sum(map(len, found.values()))
            refused_files += not given.accepted
            transaction.set_rollback(True)
    print(f"FHIR: {MUTATIONS:,} mutated files, {results:,} results stored, {refused_files:,} files refused, 0 wrong")  # noqa: T201
