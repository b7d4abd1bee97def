"""Dataset-JSON in each of its forms is what XPT is, and is read a chunk at a time."""

import io
import json
import tracemalloc
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from cart.models import Study, StudyDrugExposure, Subject
from labs.imports import dataset_json, json_text
from labs.imports.sdtm_files import read_dataset
from labs.models import RawFile, Result
from tests.databases import ROOT
from tests.labs.imports.dataset_json_folder import (
    COLUMNS,
    FORMS,
    ROWS,
    as_json,
    as_lines,
    column,
    convert,
    described,
    records_of,
)
from tests.labs.imports.sdtm_folder import dm, ex, lb, write_folder

STORED = (
    "line", "specimen__subject__code", "specimen__accession", "specimen__material", "specimen__collected",
    "specimen__visit_label", "analyte__code", "qualifier", "value", "unit", "received_text", "received_unit",
    "standard_text", "missing_reason", "range_low", "range_high", "range_flag", "baseline_flag", "source_sequence",
)  # fmt: skip


def run(folder, study="X-1"):
    out = io.StringIO()
    call_command("import_sdtm", str(folder), study=study, stdout=out)
    return out.getvalue()


def stored(study):
    """What the trial holds of a study, without the numbers of rows in tables."""
    with connection.cursor() as cursor:
        # Nobody analysed these tables: loop by loop, sixty thousand results would take minutes.
        cursor.execute("SET LOCAL enable_nestloop = off")
    return (
        list(
            Subject.objects.filter(study__code=study)
            .order_by("code")
            .values_list("code", "site__code", "arm__code", "sex", "year_of_birth", "status")
        ),
        list(
            StudyDrugExposure.objects.filter(subject__study__code=study)
            .order_by("subject__code", "source_sequence")
            .values_list("subject__code", "source_sequence", "dose", "dose_text", "dose_unit", "started", "stopped")
        ),
        list(Result.objects.filter(specimen__subject__study__code=study).order_by("line").values_list(*STORED)),
    )


def small_study(folder):
    rows = [
        lb(),
        lb(sequence=2.0, LBDTC="2014-01", VISITNUM=2.1, VISIT="WEEK 2", LBORRES="4.10", LBSTRESC="41", LBSTRESN=41.0),
        lb(sequence=3.0, LBTESTCD="BILI", LBTEST="Bilirubin", LBORRES="<0.2", LBSTRESC="<3.42", LBSTRESN=None),
        lb(sequence=4.0, LBTESTCD="COLOR", LBORRES='"é"\\n', LBSTRESC="YELLOW", LBSTRESN=None, LBSTRESU=""),
        lb(sequence=5.0, LBTESTCD="CA", LBORRES="", LBSTRESC="", LBSTRESN=None, LBSTAT="NOT DONE", LBREASND="CLOTTED"),
        lb("S-2", LBSTRESN=1 / 3),
        lb("S-9"),
        lb("S-2", sequence=2.0, LBDTC="2014-02-30"),
    ]
    return write_folder(folder, dm=[dm(), dm("S-2", SITEID="702")], ex=[ex(), ex("S-2", EXDOSE=0.12344)], lb=rows)


@pytest.mark.django_db
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_stored_and_reported_as_xpt_is(tmp_path, form):
    source = small_study(tmp_path / "xpt")
    as_xpt = run(source, "A")
    as_form = run(convert(source, tmp_path / "json", form), "B")
    told = [line.replace(FORMS[form][0].lower(), ".xpt") for line in as_form.splitlines()]
    assert "LB 8 records: 6 stored, 0 duplicates, 2 refused" in as_form
    assert [line.replace("-B", "-A") for line in told] == as_xpt.splitlines()
    assert stored("B") == stored("A")
    assert len(stored("B")[2]) == 6


@pytest.mark.django_db
def test_same_folder_again_is_a_no_op_and_formats_may_differ_between_domains(tmp_path):
    source = small_study(tmp_path / "xpt")
    folder = convert(source, tmp_path / "json", "gzip of lines")
    (folder / "dm.dsjc").unlink()
    (source / "dm.xpt").rename(folder / "DM.XPT")
    run(folder)
    assert "LB unchanged: lb.dsjc: already accepted" in run(folder)
    assert (Result.objects.count(), RawFile.objects.count()) == (6, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("other", ["lb.json", "LB.NDJSON", "lb.dsjc"])
def test_domain_in_two_formats_is_refused(tmp_path, other):
    folder = write_folder(tmp_path / "d")
    (folder / other).write_bytes(b"{}")
    with pytest.raises(CommandError, match=r"leave the one that counts\. \[dataset-twice\]"):
        run(folder)


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["json", "lines", "gzip of lines"])
def test_dataset_cut_off_stores_nothing(tmp_path, form):
    folder = convert(write_folder(tmp_path / "xpt"), tmp_path / "json", form)
    path = folder / f"lb{FORMS[form][0]}"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CommandError, match=r"\[json-cut-off\]"):
        run(folder)
    assert not Study.objects.exists()
    assert not RawFile.objects.exists()


@pytest.mark.django_db
def test_pilot_trial_in_lines_is_stored_as_from_xpt(tmp_path, pilot_data):
    run(pilot_data, "A")
    output = run(convert(pilot_data, tmp_path / "json", "lines"), "B")
    assert "DM 306 records: 306 stored, 0 refused" in output
    assert "EX 591 records: 591 stored, 0 refused" in output
    assert "LB 59,580 records: 59,580 stored, 0 duplicates, 0 refused" in output
    assert stored("B") == stored("A")


@pytest.mark.django_db
def test_sample_of_the_how_to_page_gives_its_report(tmp_path):
    page = (ROOT / "docs/how-to/import-sdtm.md").read_text()
    sample, report = page.split("## Dataset-JSON")[1].split("```\n")[1:4:2]
    folder = convert(write_folder(tmp_path / "xpt", ex=None, lb=None), tmp_path / "json", "json")
    (folder / "lb.ndjson").write_text(sample)
    output = run(folder)
    assert [line for line in output.splitlines() if " records: " in line] == report.splitlines()
    assert "record 2, column USUBJID: found 'S-9'" in output
    assert str(Result.objects.get().value) == "7.20"


def test_digits_survive(tmp_path):
    columns = [
        *COLUMNS[:3],
        column("LBORRES", "float"),
        column("LBSTRESN", "decimal", targetDataType="decimal"),
        column("VISITNUM", "decimal", targetDataType="decimal"),
        column("LBSEQ", "integer"),
    ]
    row = b'["S-1", "ALB", "2014-01-02", 4.10, "0.1000000000000000000001", "1.0", 1]'
    content = json.dumps(described("LB", [1], columns)).encode() + b"\n" + row
    (record,) = records_of(tmp_path, content)
    assert record["LBORRES"] == "4.10"
    assert Decimal(record["LBSTRESN"]) == Decimal("0.1000000000000000000001")
    # What tells visits apart is a number, not its digits.
    assert (record["VISITNUM"], record["LBSEQ"]) == (1.0, 1.0)


def test_order_of_members_is_free_and_others_are_passed_over(tmp_path):
    members = described("LB", ROWS, COLUMNS, sourceSystem={"name": "x", "version": "1"}, studyOID="S")
    content = json.dumps({"rows": ROWS, **dict(reversed(members.items()))}).encode()
    records = records_of(tmp_path, b"\xef\xbb\xbf" + content)
    assert [(record["record"], record["LBORRES"]) for record in records] == [(1, "3.8"), (2, "4.10")]


def test_missing_is_null_and_names_may_be_lower_case(tmp_path):
    columns = [column(name.lower()) for name in ("USUBJID", "LBTESTCD", "LBDTC", "LBORRES")]
    (record,) = records_of(tmp_path, as_json(described("LB", [1], columns), [["S-1", "ALB", "2014", None]]))
    assert (record["LBDTC"], record["LBORRES"]) == ("2014", None)


@pytest.mark.parametrize("form", ["json", "lines", "gzip of lines"])
def test_chunks_are_whole_and_numbered_and_memory_stays_flat(tmp_path, monkeypatch, form):
    monkeypatch.setattr(dataset_json, "CHUNK_RECORDS", 500)
    monkeypatch.setattr(json_text, "PIECE", 1 << 14)

    def peak(number):
        rows = [[f"S-{n}", "ALB", "2014-01-02", f"{n:0200}"] for n in range(number)]
        path = tmp_path / "lb.json"
        path.write_bytes(FORMS[form][1](described("LB", rows, COLUMNS), rows))
        del rows
        tracemalloc.start()
        seen = 0
        for chunk in read_dataset(path, "LB"):
            assert chunk["record"].to_list() == list(range(seen + 1, seen + 1 + chunk.height))
            assert chunk["LBORRES"][0] == f"{seen:0200}"
            assert chunk.height <= 500
            seen += chunk.height
        assert seen == number
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(10_000) < 1.5 * peak(1_001)


def test_chunks_of_long_records_are_short(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset_json, "CHUNK_CHARACTERS", 10_000)
    rows = [["S-1", "ALB", "2014-01-02", f"{n:03000}"] for n in range(10)]
    path = tmp_path / "lb.ndjson"
    path.write_bytes(as_lines(described("LB", rows, COLUMNS), rows))
    chunks = list(read_dataset(path, "LB"))
    assert [chunk.height for chunk in chunks] == [4, 4, 2]
    assert [record for chunk in chunks for record in chunk["record"]] == list(range(1, 11))


@pytest.mark.parametrize(
    "content", [as_json(described("LB", [], COLUMNS), []), as_lines(described("LB", [], COLUMNS), [])]
)
def test_dataset_without_records_has_no_chunk(tmp_path, content):
    assert records_of(tmp_path, content) == []
