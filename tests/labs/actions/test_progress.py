"""How far a long import is: said while it runs, and gone when it is over, however it ended."""

import io
import os
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from labs.actions import progress
from labs.actions.progress import Progress, progress_of, shown_progress
from labs.actions.transfers import import_file
from tests.cart.records import make_subject, make_trial
from tests.labs.records import LAYOUT, import_rows, make_laboratory, row, write_file

SHA = "a" * 64
ROWS = [row("KUL-001", f"A{n:03d}", "2024-03-01", "SCL70", "5") for n in range(200)]


@pytest.fixture
def trial(db, as_tester, settings, tmp_path, monkeypatch):
    settings.RAW_STORE = str(tmp_path / "store")
    Path(settings.RAW_STORE).mkdir()
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0)
    monkeypatch.setattr("labs.imports.central_csv.read_blocks.__kwdefaults__", {"block_bytes": 3_000})
    trial = make_trial()
    make_subject(trial)
    return trial


def left(settings):
    return [path.name for path in Path(settings.RAW_STORE).glob(".*")]


@pytest.mark.parametrize(
    ("rows", "expected", "percent", "text"),
    [
        (0, 0, None, "0 rows read"),
        (1_234, 0, None, "1,234 rows read"),
        (250, 1_000, 25, "250 of about 1,000 rows read (25 %)"),
        (1_000, 1_000, 99, "1,000 of about 1,000 rows read (99 %)"),
        (1_100, 1_000, 99, "1,100 of about 1,100 rows read (99 %)"),
    ],
)
def test_share_is_what_was_read_and_never_says_done(rows, expected, percent, text):
    assert Progress(rows, expected).percent == percent
    assert str(Progress(rows, expected)) == text


@pytest.mark.parametrize("delivery", ["incremental", "cumulative"])
def test_import_says_after_each_block_how_far_it_is(trial, tmp_path, settings, delivery):
    laboratory = make_laboratory()
    laboratory.layout = {**LAYOUT, "delivery": delivery}
    laboratory.save()
    path = write_file(tmp_path, "x.csv", *ROWS)
    said = []

    def show(now):
        said.append(now)
        assert [name for name in left(settings) if f"{trial.study.pk}-{laboratory.pk}-" in name]

    given = import_file(study=trial.study, laboratory=laboratory, path=path, actor="t", reason="r", show=show)
    assert given.accepted
    assert len(said) == 3
    assert [one.rows for one in said] == sorted({one.rows for one in said})
    assert said[-1].rows == 200
    assert [abs(one.expected - 200) <= 10 for one in said] == [True] * len(said)
    assert left(settings) == []


def test_another_process_reads_how_far_it_is_until_it_is_over(trial, settings):
    laboratory = make_laboratory()
    of = {"study_id": trial.study.pk, "laboratory_id": laboratory.pk, "sha256": SHA}
    with shown_progress(study=trial.study, laboratory=laboratory, sha256=SHA) as take:
        assert progress_of(**of) is None
        take(Progress(250, 1_000))
        assert progress_of(**of) == Progress(250, 1_000)
        assert progress_of(**{**of, "study_id": trial.study.pk + 1}) is None
        (place,) = Path(settings.RAW_STORE).glob(".*")
        os.utime(place, (time.time() - progress.STALE_SECONDS - 1,) * 2)
        assert progress_of(**of) is None
    assert left(settings) == []


def test_it_is_said_once_a_second_at_most(trial, monkeypatch):
    monkeypatch.setattr(progress, "EVERY_SECONDS", 3_600)
    said = []
    with shown_progress(study=trial.study, laboratory=make_laboratory(), sha256=SHA, show=said.append) as take:
        take(Progress(1, 2))
    assert said == []


def test_a_store_that_takes_no_word_of_progress_does_not_stop_the_import(trial, tmp_path, monkeypatch):
    def full(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr(progress, "_write", full)
    assert import_rows(trial.study, make_laboratory(), tmp_path, "x.csv", *ROWS).accepted


class Terminal(io.StringIO):
    """A standard error stream that somebody looks at, or not."""

    def __init__(self, *, watched):
        super().__init__()
        self.watched = watched

    def isatty(self):
        return self.watched


@pytest.mark.parametrize("watched", [True, False])
def test_command_shows_it_on_a_terminal_only(trial, tmp_path, watched):
    make_laboratory()
    path = write_file(tmp_path, "x.csv", *ROWS)
    out, err = io.StringIO(), Terminal(watched=watched)
    call_command("import_labs", str(path), study="T-1", laboratory="LAB", stdout=out, stderr=err)
    assert "200 rows" in out.getvalue()
    assert "rows read" not in out.getvalue()
    assert ("of about" in err.getvalue()) == watched
    assert err.getvalue().endswith("\r\x1b[K") == watched
    assert watched or err.getvalue() == ""


def test_refused_file_leaves_no_progress(trial, tmp_path, settings):
    make_laboratory()
    path = write_file(tmp_path, "x.csv", *ROWS, row("KUL-001", "B", "2024-03-01", "SCL70", "nan"))
    with pytest.raises(CommandError, match=r"\[file-refused\]"):
        call_command("import_labs", str(path), study="T-1", laboratory="LAB", stdout=io.StringIO())
    assert left(settings) == []
