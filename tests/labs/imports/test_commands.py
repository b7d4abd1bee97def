"""``manage.py import_labs``: one sentence for whoever typed it, never a traceback."""

import io
import os

import pytest
from django.core.management import CommandError, call_command

from labs.models import RawFile, Result, Transfer
from tests.cart.records import make_subject, make_trial
from tests.labs.records import HEADER, make_laboratory, row, write_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester", "laboratory")]


@pytest.fixture
def laboratory():
    make_subject(make_trial())
    return make_laboratory()


def run(path, **options):
    out = io.StringIO()
    call_command("import_labs", str(path), **{"study": "T-1", "laboratory": "LAB", "stdout": out, **options})
    return out.getvalue()


def test_accepted_file_prints_its_totals(tmp_path):
    path = write_file(tmp_path, "a.csv", row("KUL-001", "A1", "2024-03-01", "SCL70", "812"))
    assert "accepted as T-" in run(path)
    assert "already accepted as T-" in run(path)


def test_refused_file_prints_place_and_ends_with_an_error(tmp_path):
    path = write_file(tmp_path, "a.csv", row("KUL-001", "A1", "2024-03-01", "SCL70", "1_000"))
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"\[file-refused\]"):
        run(path, stdout=out)
    expected = "line 2, column RESULT: found '1_000', expected a number such as 12.5, <10 or >5120 or 1:640"
    assert expected in out.getvalue()


def test_check_only_stores_neither_result_nor_transfer(tmp_path):
    good = write_file(tmp_path, "a.csv", row("KUL-001", "A1", "2024-03-01", "SCL70", "812"))
    assert "checked, not stored: 1 rows, 1 applied" in run(good, check_only=True)
    bad = write_file(tmp_path, "b.csv", row("KUL-001", "A1", "2024-03-01", "SCL70", "nan"))
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"\[file-refused\]"):
        run(bad, check_only=True, stdout=out)
    assert "checked, would be refused: 1 rows, 1 refused (1 with findings), nothing stored" in out.getvalue()
    assert not Result.objects.exists()
    assert not Transfer.objects.exists()


def test_check_only_of_a_quarantine_laboratory_tells_what_would_become_of_the_rows(tmp_path):
    make_laboratory("Q", quarantine=True)
    rows = [row("KUL-001", "A1", "2024-03-01", "SCL70", value) for value in ("812", "nan")]
    output = run(write_file(tmp_path, "a.csv", *rows), check_only=True, laboratory="Q")
    assert "checked, not stored: 2 rows, 1 applied, 0 duplicates, 1 quarantined, 0 refused" in output


@pytest.mark.parametrize(
    ("options", "code"), [({"study": "NONE"}, "unknown-study"), ({"laboratory": "NONE"}, "unknown-laboratory")]
)
def test_unknown_study_and_laboratory_are_one_sentence(tmp_path, options, code):
    with pytest.raises(CommandError, match=rf"There is no .* 'NONE'\. \[{code}\]"):
        run(write_file(tmp_path, "a.csv"), **options)


def test_folder_and_absent_file_are_one_sentence(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(CommandError, match=r"\[file-unreadable\]"):
            run(path)
    assert not RawFile.objects.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_file_without_permission_is_one_sentence(tmp_path):
    path = write_file(tmp_path, "a.csv")
    path.chmod(0)
    with pytest.raises(CommandError, match=r"\[file-unreadable\]"):
        run(path)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b"\xef\xbb\xbf", "missing-column"),
        (HEADER.encode("utf-16"), "encoding"),
        (b"%s\nKUL-001,A\xe9" % HEADER.encode(), "encoding"),
        (HEADER.replace("RESULT", "VALUE").encode(), "missing-column"),
        (f"{HEADER},EXTRA\n".encode(), "undeclared-column"),
        (f"{HEADER},UNIT\n".encode(), "duplicate-column"),
        (HEADER.encode() + b"\rKUL-001\r", "header"),
        (f"{HEADER}\n".encode() + b"KUL-001,A1\n", "field-count"),
        (f"{HEADER}\n".encode() + b'KUL-001,"A1,SERUM\nx",2024-03-01,,SCL70,1,CU,,\n', "quotes"),
        (f"{HEADER}\n\n".encode(), "blank-line"),
        (f"{HEADER}\nKUL-001,\x00\n".encode(), "nul"),
    ],
)
def test_file_that_is_no_table_is_refused_with_its_line(tmp_path, content, code):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"\[file-refused\]"):
        run(path, stdout=out)
    assert f"[{code}]" in out.getvalue()
    assert "line " in out.getvalue()
    assert Transfer.objects.get().state == "refused"


def test_memory_is_bounded_for_a_file_that_is_wrong_from_end_to_end(tmp_path, monkeypatch):
    monkeypatch.setattr("labs.actions.loading.KEPT_FINDINGS", 10)
    monkeypatch.setattr("labs.imports.central_csv.read_blocks.__kwdefaults__", {"block_bytes": 2_000})
    rows = [row("KUL-001", "A1", "2024-03-01", "SCL70", "nan")] * 500
    out = io.StringIO()
    with pytest.raises(CommandError):
        run(write_file(tmp_path, "x.csv", *rows), stdout=out)
    assert "500 rows, 500 refused (500 with findings)" in out.getvalue()
    assert "... and 480 more findings" in out.getvalue()
    assert Transfer.objects.get().rows.count() < 100
