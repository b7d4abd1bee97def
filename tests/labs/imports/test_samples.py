"""The sample files of the how-to pages give the reports that stand there, by every way a file can come."""

import json
import re
import shutil

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from knox.models import AuthToken

from cart.models import Membership, Role
from labs.actions.transfers import import_file
from labs.models import Result, Specimen
from tests.cart.records import make_subject, make_trial
from tests.databases import ROOT
from tests.labs.records import make_laboratory
from trialsite.jobs.execution import run_pending_jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]
PAGES = ROOT / "docs/how-to"
SAMPLES = PAGES / "samples"
NUMBER = re.compile(r"T-\d{4}")


def text_of(page):
    return (PAGES / page).read_text()


def declared(page):
    """The layout of a page."""
    return json.loads(text_of(page).split("```json\n")[1].split("```")[0])


def shown(page, name):
    """The report of a file as the page shows it, numbers of transfers left out."""
    after = text_of(page).split(f"import_labs {name} ")[1].split("\n", 1)[1]
    return NUMBER.sub("T", after.split("```")[0]).splitlines()


@pytest.fixture
def trial():
    trial = make_trial("DEMO")
    make_subject(trial)
    return trial


@pytest.fixture
def laboratory(trial):
    laboratory = make_laboratory("CENTRAL")
    laboratory.layout = declared("import-a-laboratory-file.md")
    laboratory.save()
    return laboratory


def send(trial, laboratory, name):
    report = import_file(
        study=trial.study, laboratory=laboratory, path=SAMPLES / name, actor="coordinator", reason="delivery"
    )
    return NUMBER.sub("T", report.text()).splitlines()


def test_delimited_samples(trial, laboratory):
    page = "import-a-laboratory-file.md"
    for name in ("march.csv", "broken.csv", "april.csv"):
        assert send(trial, laboratory, name) == shown(page, name)
    values = {
        (one.analyte.code, one.version): (one.received_text, one.missing_reason)
        for one in Result.objects.select_related("analyte")
    }
    assert values == {
        ("ATA", 1): ("812", None),
        ("ATA", 2): ("821", None),
        ("ANA", 1): ("1:640", None),
        ("CD19_ABS", 1): ("<1", None),
        ("CD19_ABS", 2): ("", "withdrawn by the laboratory"),
        ("NAIVE_PCT", 1): ("", "insufficient material"),
    }
    tubes = {one.accession: one for one in Specimen.objects.all()}
    serum, blood = tubes["26-0815"], tubes["26-0816"]
    assert (serum.condition, serum.processed, serum.visit_label) == ("haemolysed", "2024-03-01T12:40", "Week 4")
    assert (blood.condition, blood.received, blood.processed) == ("good", "2024-03-01T11:05", None)


@pytest.mark.parametrize(
    ("name", "page", "changes"),
    [
        ("march.tsv", "import-a-laboratory-file.md", {"separator": "tab"}),
        ("march.xlsx", "import-a-workbook.md", {}),
    ],
)
def test_the_same_rows_in_other_files_are_the_same_results(trial, laboratory, name, page, changes):
    send(trial, laboratory, "march.csv")
    laboratory.layout = {**declared(page), **changes}
    laboratory.save()
    assert send(trial, laboratory, name) == [f"{name}: accepted as T: 4 rows, 0 applied, 4 duplicates, 0 refused"]


def test_sample_workbook(trial, laboratory):
    laboratory.layout = declared("import-a-workbook.md")
    laboratory.save()
    assert send(trial, laboratory, "march.xlsx") == shown("import-a-workbook.md", "march.xlsx")


def test_samples_in_a_watched_folder(trial, laboratory, tmp_path, capsys):
    incoming = tmp_path / "DEMO" / "CENTRAL" / "incoming"
    incoming.mkdir(parents=True)
    for name in ("march.csv", "broken.csv"):
        shutil.copy(SAMPLES / name, incoming / name)
        call = ("watch_labs", tmp_path, "--once", "--settle", "0")
        if name == "march.csv":
            call_command(*call)
        else:
            with pytest.raises(CommandError, match="files-not-taken"):
                call_command(*call)
    page = text_of("watch-a-folder.md").split("$ python manage.py watch_labs")[1].split("\n", 1)[1].split("```")[0]
    assert NUMBER.sub("T", capsys.readouterr().out) == NUMBER.sub("T", page)


def test_sample_sent_by_a_program(trial, laboratory):
    user = get_user_model().objects.create_user(username="loader")
    Membership.objects.create(user=user, study=trial.study, role=Role.DATA_MANAGER)
    headers = {"Authorization": f"Token {AuthToken.objects.create(user=user)[1]}"}
    file = SimpleUploadedFile("broken.csv", (SAMPLES / "broken.csv").read_bytes())
    address = "/api/v1/studies/DEMO/laboratories/CENTRAL/files"
    taken = Client().post(address, {"file": file, "reason": "delivery"}, headers=headers).json()
    run_pending_jobs()
    done = Client().get(taken["report"], headers=headers).json()
    first, second = (
        json.loads("{" + part.split("\n```")[0]) for part in text_of("send-a-file-with-curl.md").split("\n{")[1:3]
    )
    for one, page in ((taken, first), (done, second)):
        assert set(one) == set(page)
        for name in ("state", "outcome", "rows"):
            assert one[name] == page[name]
    assert NUMBER.sub("T", done["message"]) == NUMBER.sub("T", second["message"])
