"""T7: mutated files. Whatever stands in them, only sound rows are stored, with the values they state."""

import datetime as dt
import os
import random

import pytest
from django.db import transaction

from cart.models import Consent
from labs.actions.references import latest_today
from labs.actions.transfers import import_file
from labs.models import Result
from tests.cart.records import make_subject, make_trial
from tests.labs.imports.slow_reader import Person, SlowReader, Stored
from tests.labs.records import ANALYTES, HEADER, make_laboratory, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]
FULL = bool(os.environ.get("TRIALSITE_FULL"))
MUTATIONS = 20_000 if FULL else 300
BYTES = [
    b'"', b",", b"\n", b"\r", b"\r\n", b"\x00", b"\xff", b"\xc3", b"\xe2\x80\xa8", b"\xef\xbb\xbf",
    b"\xc2\xa0", b"\x01", b"\\", b"\\.", b" ", b"\t", b"-", b"<", b">", b":", b".", b"_", b"e", b"9", b"'",
    b"\x0b", b"\x1a", b'""',
]  # fmt: skip
FIELDS = [
    "", " ", "1_000", "nan", "inf", "١٢", "<10", "< 10", ">5120", "1:640", "1:0", "12,5", "1e3", "-1", '"a"',
    '"a""b"', '"a,b"', '"', 'a"b"', "2024-02-30", "2024-03-31T02:30", "2024-03-31 03:30", "2024-10-27T02:30",
    "2999-01-01", "2024-03", "2024", "2019-12-31", "1979-01-01", "2024-01-09", "2024-01-10", "24-01-01",
    "2024-03-01T24:00", "KUL-001", "KUL-002", "KUL-003", " KUL-001 ", "SCL70", "ANA", "CD19", "cells/uL",
    "CU", "haemolysed", "HEMOLYZED", "odd", "not done", "A1", "x" * 81, "x" * 201, "\\N", "NULL", "=1+1",
    "@x", "-0", "0", "5 ",
]  # fmt: skip


def good_file():
    """A sound file with every kind of row."""
    lines = [HEADER]
    for subject in ("KUL-001", "KUL-002"):
        for n in range(1, 6):
            taken = f"2024-0{n}-15T08:30"
            accession = f"{subject[-1]}A{n}"
            lines += [
                row(subject, accession, taken, "SCL70", f"{800 / n:.2f}"),
                row(subject, accession, taken, "CD19", "<1" if n > 2 else str(100 + n)),
                row(subject, accession, taken, "ANA", f"1:{40 * 2**n}", visit=f'"Week {n}, day 1"'),
                row(subject, accession, taken, "NAIVE", "", reason="not done", condition="good"),
            ]
    return "\n".join(lines).encode() + b"\n"


def mutated(data, chance):
    """One to three changes of bytes, fields or lines."""
    for _ in range(chance.choice([1, 1, 2, 3])):
        kind = chance.randrange(8)
        at = chance.randrange(len(data)) if data else 0
        lines = data.split(b"\n")
        line = chance.randrange(len(lines))
        if kind == 0:
            data = data[:at] + chance.choice(BYTES) + data[at:]
        elif kind == 1:
            data = data[:at] + data[at + chance.choice([1, 1, 2, 40]) :]
        elif kind == 2:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif kind == 3:
            lines.insert(line, chance.choice(lines))
            data = b"\n".join(lines)
        elif kind == 4:
            data = b"\n".join(lines[:line] + lines[line + 1 :])
        elif kind == 5 and chance.random() < 0.3:
            data = chance.choice(
                [data[:at], data.replace(b"\n", b"\r\n"), data.replace(b"\n", b"\r"), b"\xef\xbb\xbf" + data]
            )
        else:
            fields = lines[line].split(b",")
            fields[chance.randrange(len(fields))] = chance.choice(FIELDS).encode()
            lines[line] = b",".join(fields)
            data = b"\n".join(lines)
    return data


def stored_rows():
    """Line -> row, as the database holds it."""
    codes = {analyte: own for analyte, own, *_ in ANALYTES}
    return {
        r.line: Stored(
            r.specimen.subject.code,
            r.specimen.accession,
            r.specimen.collected,
            codes[r.analyte.code],
            r.qualifier,
            r.value,
            r.received_text,
        )
        for r in Result.objects.select_related("specimen__subject", "analyte")
    }


def test_mutated_files_store_no_wrong_row(tmp_path):
    trial = make_trial()
    make_subject(trial)
    second = make_subject(trial, "KUL-002")
    second.year_of_birth = 1980
    second.save()
    Consent.objects.create(subject=second, version="1", signed_on=dt.date(2024, 1, 10))
    laboratory = make_laboratory(quarantine=True)
    reader = SlowReader(
        people={
            "KUL-001": Person("Europe/Brussels"),
            "KUL-002": Person("Europe/Brussels", 1980, dt.date(2024, 1, 10)),
        },
        tests={
            own: (kind, {"CD19": "cells/uL", "SCL70": "CU", "NAIVE": "%"}.get(own, "")) for _, own, kind, *_ in ANALYTES
        },
        today=latest_today(),
    )
    seed = int(os.environ.get("TRIALSITE_SEED", "20261123"))
    good, path = good_file(), tmp_path / "mutated.csv"
    rows = refused_files = 0
    for number in range(MUTATIONS):
        data = mutated(good, random.Random(seed + number)) if number else good
        path.write_bytes(data)
        with transaction.atomic():
            report = import_file(
                study=trial.study, laboratory=laboratory, path=path, actor="fuzzer", reason="mutated file"
            )
            found = stored_rows()
            expected = reader.stored(data, HEADER.split(","))
            assert found == (expected or {}), f"mutation {seed + number}: {report.text()}\n{data!r}"
            assert report.accepted == (expected is not None), f"mutation {seed + number}: {report.text()}"
            if report.accepted:
                assert report.totals.add_up(), f"mutation {seed + number}: {report.totals}"
            unplaced = report.findings.filter((report.findings["line"] < 1) | (report.findings["rule"] == ""))
            assert not unplaced.height, f"mutation {seed + number}: {report.text()}"
            rows += len(found)
            refused_files += not report.accepted
            transaction.set_rollback(True)
    stored = f"{rows:,} rows stored, {refused_files:,} files refused"
    print(f"T7: {MUTATIONS:,} mutated files, {stored}, 0 wrong rows, 0 crashes")  # noqa: T201
