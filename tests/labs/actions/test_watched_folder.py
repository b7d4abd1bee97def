"""A folder that laboratories write into: what is taken, what stays, what a crash leaves."""

import os
import time

import pytest
from django.core.management import CommandError, call_command

from labs.actions import watched_folder
from labs.models import Laboratory, Result, Transfer
from tests.cart.records import make_subject, make_trial
from tests.labs.records import HEADER, make_laboratory, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]

GOOD = row("KUL-001", "A1", "2024-03-01", "SCL70", "80")
BAD = row("KUL-001", "A2", "2024-03-01", "SCL70", "1_0")


@pytest.fixture
def incoming(tmp_path):
    make_subject(make_trial("S-1"))
    make_laboratory("LAB")
    folder = tmp_path / "drop" / "S-1" / "LAB" / "incoming"
    folder.mkdir(parents=True)
    return folder


def put(folder, name, *rows, age=60.0):
    path = folder / name
    path.write_text("\n".join([HEADER, *rows, ""]))
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def watch(incoming, capsys):
    try:
        call_command("watch_labs", incoming.parents[2], "--once")
    except CommandError as error:
        return capsys.readouterr().out, str(error)
    return capsys.readouterr().out, ""


def names(incoming, kind):
    folder = incoming.parent / kind
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_is_imported_and_moved_beside_its_report(incoming, capsys):
    put(incoming, "week9.csv", GOOD)
    said, error = watch(incoming, capsys)
    assert error == ""
    assert said.startswith("S-1/LAB/incoming/week9.csv: week9.csv: accepted as T-")
    number = str(Transfer.objects.get())
    assert names(incoming, "accepted") == [f"{number}-week9.csv", f"{number}-week9.csv.report.txt"]
    assert names(incoming, "incoming") == []
    assert "1 rows, 1 applied" in (incoming.parent / "accepted" / f"{number}-week9.csv.report.txt").read_text()


def test_a_refused_file_goes_elsewhere_and_the_next_one_is_taken(incoming, capsys):
    put(incoming, "a.csv", BAD, age=90)
    put(incoming, "b.csv", GOOD, age=60)
    said, error = watch(incoming, capsys)
    assert "[files-not-taken]" in error
    assert [line.partition(":")[0][-5:] for line in said.splitlines()] == ["a.csv", "b.csv"]
    assert len(names(incoming, "refused")) == len(names(incoming, "accepted")) == 2
    assert Result.objects.count() == 1


@pytest.mark.parametrize("name", [".hidden.csv", "a.csv.part", "a.csv.tmp", "a.csv.filepart"])
def test_what_is_still_being_written_stays(incoming, capsys, name):
    put(incoming, name, GOOD)
    put(incoming, "young.csv", GOOD, age=0)
    assert watch(incoming, capsys) == ("", "")
    assert not Transfer.objects.exists()


def test_links_are_not_followed(incoming, tmp_path, capsys):
    outside = put(tmp_path, "outside.csv", GOOD)
    (incoming / "link.csv").symlink_to(outside)
    folder = tmp_path / "drop" / "S-1" / "OTHER"
    folder.mkdir()
    (folder / "incoming").symlink_to(tmp_path)
    assert watch(incoming, capsys) == ("", "")
    assert outside.exists()


def test_unknown_folders_are_named_and_their_files_stay(incoming, tmp_path, capsys):
    for study, laboratory in (("NONE", "LAB"), ("S-1", "NONE")):
        folder = tmp_path / "drop" / study / laboratory / "incoming"
        folder.mkdir(parents=True)
        put(folder, "x.csv", GOOD)
    said, error = watch(incoming, capsys)
    assert "[unknown-study]" in said
    assert "[unknown-laboratory]" in said
    assert error.startswith("2 of the files")
    assert len(list((tmp_path / "drop").rglob("x.csv"))) == 2


def test_a_laboratory_without_layout_keeps_its_files(incoming, capsys):
    Laboratory.objects.update(layout={})
    put(incoming, "a.csv", GOOD)
    said, error = watch(incoming, capsys)
    assert "[layout-columns]" in said
    assert error
    assert names(incoming, "incoming") == ["a.csv"]


def test_a_crash_before_the_move_stores_nothing_twice(incoming, capsys, monkeypatch):
    put(incoming, "week9.csv", GOOD)

    def die(path, report):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(watched_folder, "_move", die)
        with pytest.raises(KeyboardInterrupt):
            watch(incoming, capsys)
    assert names(incoming, "incoming") == ["week9.csv"]
    said, error = watch(incoming, capsys)
    assert "already accepted" in said
    assert error == ""
    assert (Transfer.objects.count(), Result.objects.count()) == (1, 1)
    assert len(names(incoming, "accepted")) == 2


def test_no_folder_is_one_sentence(tmp_path):
    with pytest.raises(CommandError, match=r"\[no-folder\]"):
        call_command("watch_labs", tmp_path / "none", "--once")
