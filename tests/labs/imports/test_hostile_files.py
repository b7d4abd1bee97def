"""Files and circumstances that nobody wishes for: a sentence with its code and place, never a traceback."""

import datetime as dt
import errno
import io
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from cart.models import Consent
from labs.actions import raw_files
from labs.actions.transfers import import_file
from labs.imports import central_csv
from labs.imports.load import ResultLoader
from labs.models import RawFile, Result, Specimen, Transfer, lock_specimen_numbers
from tests.cart.records import make_subject, make_trial
from tests.databases import ROOT
from tests.labs.imports.fhir_records import import_text, lines, make_fhir_laboratory, observation, patient, specimen
from tests.labs.records import HEADER, LAYOUT, import_rows, make_laboratory, row, write_file
from trialsite.audit.context import acting

DAY = "2024-03-01"


@pytest.fixture
def trial(db, as_tester):
    trial = make_trial()
    Consent.objects.create(subject=make_subject(trial), version="1", signed_on=dt.date(2024, 1, 10))
    return trial


@pytest.fixture
def laboratory(trial):
    return make_laboratory()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"result": "<-5"}, "number-grammar"),
        ({"result": "<0"}, "number-grammar"),
        ({"result": "< 0.00"}, "number-grammar"),
        ({"result": "<0e5"}, "number-grammar"),
        ({"result": "<<5"}, "number-grammar"),
        ({"result": "1:0"}, "number-grammar"),
        ({"test": "ANA", "result": "1:0"}, "number-grammar"),
        ({"test": "ANA", "result": "1:-40"}, "number-grammar"),
        ({"result": "infinity"}, "number-grammar"),
        ({"result": "0x10"}, "number-grammar"),
        ({"result": "1e999"}, "number-grammar"),
        ({"result": "1 000"}, "number-grammar"),
        ({"result": "\u22645"}, "number-grammar"),
        ({"result": "\uff11\uff12"}, "number-grammar"),
        ({"result": "12\u2009"}, "number-grammar"),
        ({"collected": "2100-02-29"}, "impossible-date"),
        ({"collected": "2023-02-29T10:00"}, "impossible-date"),
        ({"collected": "2024-02-29T24:00"}, "impossible-date"),
        ({"collected": "2024-01-09"}, "before-consent"),
        ({"collected": "0000-01-01"}, "impossible-date"),
        ({"collected": "2024-3-1"}, "date-format"),
    ],
)
def test_what_python_or_a_person_would_take_is_refused(trial, laboratory, tmp_path, changes, rule):
    good = {"subject": "KUL-001", "accession": "A1", "collected": DAY, "test": "SCL70", "result": "5"}
    given = import_rows(trial.study, laboratory, tmp_path, "x.csv", row(**{**good, **changes}))
    assert given.refused
    assert rule in given.findings["rule"].to_list()
    assert given.findings["line"].to_list() == [2] * given.findings.height
    assert (given.totals.rows, given.totals.refused) == (1, 1)


@pytest.mark.parametrize("result", ["<5", "<0.01", "<1e-5", "-2", "0", ">0", "<05"])
def test_limits_above_zero_and_numbers_of_any_sign_are_taken(trial, laboratory, tmp_path, result):
    assert import_rows(trial.study, laboratory, tmp_path, "x.csv", row("KUL-001", "A", DAY, "SCL70", result)).accepted


@pytest.mark.parametrize(
    ("mark", "result", "value"),
    [(",", "12,5", "12.5"), (",", "1.234", None), (".", "12,5", None), (".", "1.234", "1.234")],
)
def test_the_decimal_mark_is_the_declared_one(trial, laboratory, tmp_path, mark, result, value):
    laboratory.layout = {**LAYOUT, "separator": ";", "decimal_mark": mark}
    laboratory.save()
    text = row("KUL-001", "A1", DAY, "SCL70", "\x00").replace(",", ";").replace("\x00", result)
    path = write_file(tmp_path, "x.csv", text, header=HEADER.replace(",", ";"))
    given = import_file(study=trial.study, laboratory=laboratory, path=path, actor="a", reason="r")
    assert given.accepted == (value is not None)
    assert [f"{stored.value}" for stored in Result.objects.all()] == ([value] if value else [])


def test_a_file_without_rows_is_accepted_and_says_so(trial, laboratory, tmp_path):
    given = import_rows(trial.study, laboratory, tmp_path, "x.csv")
    assert "0 rows, 0 applied, 0 duplicates, 0 refused" in given.text()


def test_every_report_adds_up(trial, tmp_path):
    laboratory = make_laboratory("Q", quarantine=True)
    rows = [row("KUL-001", f"A{n}", DAY, "SCL70", value) for n, value in enumerate(["5", "nan", "6", "6"])]
    given = [import_rows(trial.study, laboratory, tmp_path, "a.csv", *rows) for _ in range(2)]
    given.append(import_rows(trial.study, laboratory, tmp_path, "b.csv", *rows, rows[0], check_only=True))
    strict = make_laboratory("S")
    given.append(import_rows(trial.study, strict, tmp_path, "c.csv", *rows))
    given.append(import_rows(trial.study, strict, tmp_path, "c.csv", *rows, check_only=True))
    assert [one.outcome for one in given] == ["accepted", "repeated", "checked", "refused", "refused"]
    assert [one.totals.add_up() for one in given] == [True] * 5
    assert [one.totals.with_findings for one in given] == [1] * 5
    assert given[1].totals.rows == 4
    for transfer in Transfer.objects.all():
        stored = transfer.rows_applied + transfer.rows_duplicate + transfer.rows_quarantined + transfer.rows_refused
        assert stored == transfer.rows_total == 4


@pytest.mark.parametrize("where", ["accession", "result", "type"])
def test_nul_inside_json_is_refused_with_its_place(trial, tmp_path, where):
    laboratory = make_fhir_laboratory()
    tube = specimen(
        "A1\x00" if where == "accession" else "A1", **({"type": {"text": "S\x00"}} if where == "type" else {})
    )
    made = observation(accession="A1\x00" if where == "accession" else "A1")
    if where == "result":
        made = {**made, "valueString": "neg\x00ative"}
        made.pop("valueQuantity", None)
    given = import_text(trial.study, laboratory, tmp_path, lines(patient(), tube, made), name="x.ndjson")
    assert given.refused
    assert given.findings.height
    assert not Result.objects.exists()


@pytest.mark.parametrize("kind", ["copy", "folder"])
def test_a_full_disk_under_the_store_is_one_sentence_and_leaves_nothing(
    trial, laboratory, tmp_path, monkeypatch, settings, kind
):
    settings.RAW_STORE = str(tmp_path / "store")

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(raw_files.os, "fsync" if kind == "copy" else "replace", full)
    path = write_file(tmp_path, "x.csv", row("KUL-001", "A1", DAY, "SCL70", "5"))
    with pytest.raises(CommandError, match=r"No space left on device\. \[store-full\]"):
        call_command("import_labs", str(path), study="T-1", laboratory="LAB", stdout=io.StringIO())
    assert [found for found in (tmp_path / "store").rglob("*") if found.is_file()] == []
    assert not Result.objects.exists()


def test_a_file_that_changes_while_it_is_read_stores_nothing(trial, laboratory, tmp_path, settings, monkeypatch):
    settings.RAW_STORE = str(tmp_path / "store")
    path = write_file(tmp_path, "x.csv", row("KUL-001", "A1", DAY, "SCL70", "5"))

    def change(**study):
        with path.open("a") as file:
            file.write(row("KUL-001", "A2", DAY, "SCL70", "6") + "\n")
        lock_specimen_numbers(**study)

    # After its digest was taken, before its rows are read.
    monkeypatch.setattr("labs.actions.transfers.lock_specimen_numbers", change)
    with pytest.raises(CommandError, match=r"was changed while it was read.*\[file-changed\]"):
        call_command("import_labs", str(path), study="T-1", laboratory="LAB", stdout=io.StringIO())
    assert not Result.objects.exists()
    assert not RawFile.objects.exists()
    assert [found for found in (tmp_path / "store").rglob("*") if found.is_file()] == []


@pytest.mark.parametrize("rows", [1, 3])
def test_a_file_that_is_refused_before_its_end_is_kept_whole(trial, tmp_path, settings, rows):
    settings.RAW_STORE = str(tmp_path / "store")
    laboratory = make_laboratory("U")
    path = tmp_path / "x.csv"
    path.write_bytes(HEADER.replace("SUBJECT", "PATIENT").encode() + b"\nKUL-001,A1\n" * rows)
    given = import_file(study=trial.study, laboratory=laboratory, path=path, actor="t", reason="r")
    assert given.refused
    (kept,) = [found for found in (tmp_path / "store").rglob("*") if found.is_file()]
    assert kept.read_bytes() == path.read_bytes()
    assert kept.name == RawFile.objects.get().sha256


def test_a_file_that_is_refused_while_it_is_read_ahead_is_kept_whole(trial, tmp_path, settings, monkeypatch):
    settings.RAW_STORE = str(tmp_path / "store")
    monkeypatch.setattr("labs.imports.central_csv.read_blocks.__kwdefaults__", {"block_bytes": 400})
    laboratory = make_laboratory("V")
    rows = [row("KUL-001", f"B{n}", DAY, "SCL70", "5", condition="haemolysed") for n in range(300)]
    clash = row("KUL-001", "B0", DAY, "CD19", "5", unit="cells/uL", condition="insufficient")
    path = write_file(tmp_path, "x.csv", *rows[:20], clash, *rows[20:])
    given = import_file(study=trial.study, laboratory=laboratory, path=path, actor="t", reason="r")
    assert "[conflicting-conditions]" in given.text()
    (kept,) = [found for found in (tmp_path / "store").rglob("*") if found.is_file()]
    assert kept.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("body", ["a,b,c\n\na,b,c,d,e\n", "\na,b,c,d,e\na,b,c\n", "a,b,c,d,e\na,b,c\n\n"])
def test_a_blank_line_is_told_though_the_separators_of_all_lines_add_up(body):
    header = ["x", "y", "z"]
    layout = SimpleNamespace(separator=",")
    assert central_csv._split_fast(body.encode(), header, layout, body.count("\n")) is None


def test_what_a_killed_process_left_in_the_store_goes_after_a_day(trial, laboratory, tmp_path, settings):
    store = tmp_path / "store"
    settings.RAW_STORE = str(store)
    store.mkdir()
    torn, fresh = store / ".receiving-old", store / ".receiving-new"
    for path, age in ((torn, raw_files.TORN_SECONDS + 60), (fresh, 60)):
        path.write_text("half")
        os.utime(path, (time.time() - age,) * 2)
    assert import_rows(trial.study, laboratory, tmp_path, "x.csv", row("KUL-001", "A1", DAY, "SCL70", "5")).accepted
    assert (torn.exists(), fresh.exists()) == (False, True)


def test_a_full_disk_under_the_database_is_one_sentence(trial, laboratory, tmp_path, monkeypatch):
    def full(self):
        raise psycopg.errors.DiskFull("could not extend file")

    monkeypatch.setattr(ResultLoader, "finish", full)
    path = write_file(tmp_path, "x.csv", row("KUL-001", "A1", DAY, "SCL70", "5"))
    with pytest.raises(CommandError, match=r"\[database-full\]"):
        call_command("import_labs", str(path), study="T-1", laboratory="LAB", stdout=io.StringIO())
    assert not Transfer.objects.exists()


def test_kill_9_in_the_middle_of_an_import_stores_nothing_and_the_file_comes_in_whole_later(fresh_database, tmp_path):
    with acting(actor="tester", reason="test"):
        make_subject(make_trial())
        make_laboratory()
    rows = [
        row("KUL-001", f"A{n}", f"2024-03-01T{n // 60 % 24:02}:{n % 60:02}", "SCL70", str(n)) for n in range(60_000)
    ]
    path = write_file(tmp_path, "x.csv", *rows)
    command = [sys.executable, "manage.py", "import_labs", str(path), "--study", "T-1", "--laboratory", "LAB"]
    for _ in range(2):
        process = subprocess.Popen(
            command, cwd=ROOT, env=fresh_database.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert _is_loading(process)
        process.kill()
        process.wait()
    deadline = time.monotonic() + 30
    while _loading() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (Result.objects.count(), Specimen.objects.count(), Transfer.objects.count()) == (0, 0, 0)
    output = subprocess.run(
        command, cwd=ROOT, env=fresh_database.environment(), capture_output=True, text=True, check=True, timeout=300
    ).stdout
    assert "60,000 rows, 60,000 applied, 0 duplicates, 0 refused" in output
    assert Result.objects.count() == 60_000


def _loading():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'COPY labs_result%%'"
        )
        return cursor.fetchone()[0]


def _is_loading(process):
    """Waits until the process is storing results."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if _loading():
            return True
        time.sleep(0.01)
    return False
