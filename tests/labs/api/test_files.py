"""Files sent by a program: kept, imported by a job, reported; by whom, and by whom not."""

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from knox.models import AuthToken

from cart.models import Membership, Role
from labs.models import Laboratory, Result, Transfer
from tests.cart.records import make_subject, make_trial
from tests.labs.records import HEADER, make_laboratory, row
from trialsite.audit.models import AuditEvent
from trialsite.jobs.execution import run_pending_jobs
from trialsite.jobs.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]

GOOD = row("KUL-001", "A1", "2024-03-01", "SCL70", "80")
BAD = row("KUL-001", "A2", "2024-03-01", "SCL70", "1_0")


@pytest.fixture
def trial():
    trial = make_trial("S-1")
    make_subject(trial)
    make_laboratory("LAB")
    return trial


def token_of(trial, role=Role.DATA_MANAGER, *, site=None, name="loader"):
    user = get_user_model().objects.create_user(username=name)
    Membership.objects.create(user=user, study=trial.study, site=site, role=role)
    return AuthToken.objects.create(user=user)[1]


def send(token, *rows, study="S-1", laboratory="LAB", **given):
    file = SimpleUploadedFile("week9.csv", "\n".join([HEADER, *rows, ""]).encode())
    return Client().post(
        f"/api/v1/studies/{study}/laboratories/{laboratory}/files",
        {"file": file, "reason": "delivery", **given},
        headers={"Authorization": f"Token {token}"} if token else {},
    )


def ask(token, address, **query):
    return Client().get(address, query, headers={"Authorization": f"Token {token}"})


def test_a_file_is_taken_at_once_and_imported_by_a_job(trial):
    token = token_of(trial)
    answer = send(token, GOOD)
    assert answer.status_code == 202
    taken = answer.json()
    assert (taken["state"], taken["outcome"], taken["rows"]) == ("waiting", "", None)
    assert not Result.objects.exists()
    run_pending_jobs()
    done = ask(token, taken["report"]).json()
    assert (done["state"], done["outcome"]) == ("done", "accepted")
    assert done["rows"]["applied"] == done["rows"]["rows"] == 1
    assert done["message"].startswith(f"week9.csv: accepted as {done['transfer']}")
    event = AuditEvent.objects.filter(table_name="labs_transfer").select_related("context").latest("id")
    assert event.context.actor.endswith("for loader")
    assert event.context.reason == "delivery"


def test_the_same_file_again_is_a_no_op(trial):
    token = token_of(trial)
    send(token, GOOD)
    second = send(token, GOOD).json()
    run_pending_jobs()
    assert ask(token, second["report"]).json()["outcome"] == "repeated"
    assert Transfer.objects.count() == 1


def test_a_refused_file_tells_line_column_and_rule_page_by_page(trial):
    token = token_of(trial)
    taken = send(token, GOOD, BAD, BAD.replace("A2", "A3")).json()
    run_pending_jobs()
    done = ask(token, taken["report"]).json()
    assert (done["outcome"], done["rows"]["applied"], done["rows"]["refused"]) == ("refused", 0, 3)
    assert (done["rows"]["rows"], done["rows"]["with_findings"]) == (3, 2)
    first = ask(token, done["findings"], limit=1).json()
    assert [(r["line"], r["column"], r["rule"]) for r in first["results"]] == [(3, "RESULT", "number-grammar")]
    rest = ask(token, done["findings"], after=first["next_after"]).json()
    assert [r["line"] for r in rest["results"]] == [4]
    assert rest["next_after"] is None
    assert not Result.objects.exists()


def test_check_only_stores_nothing(trial):
    token = token_of(trial)
    taken = send(token, GOOD, check_only="true").json()
    run_pending_jobs()
    assert ask(token, taken["report"]).json()["outcome"] == "checked"
    assert not Transfer.objects.exists()


def test_a_laboratory_without_layout_is_no_failure_of_the_job(trial):
    Laboratory.objects.update(layout={})
    token = token_of(trial)
    taken = send(token, GOOD).json()
    run_pending_jobs()
    done = ask(token, taken["report"]).json()
    assert (done["state"], done["outcome"]) == ("done", "unreadable")
    assert "[layout-columns]" in done["message"]


@pytest.mark.parametrize("role", [Role.SPONSOR, Role.COORDINATOR, Role.MONITOR, Role.BLINDED_ASSESSOR])
def test_other_roles_bring_no_files(trial, role):
    answer = send(token_of(trial, role), GOOD)
    assert answer.status_code == 403
    assert "[role-without-imports]" in answer.json()["message"]
    assert not Job.objects.filter(kind="labs.import").exists()


def test_a_member_of_one_site_brings_no_files_of_the_whole_study(trial):
    assert send(token_of(trial, site=trial.site), GOOD).status_code == 403


def test_strangers_learn_nothing(trial):
    mine = send(token_of(trial), GOOD).json()
    stranger = token_of(make_trial("S-2"), name="stranger")
    assert send(stranger, GOOD).status_code == 404
    assert ask(stranger, mine["report"]).status_code == 404
    # An import of one study is not to be had under the address of another.
    assert ask(stranger, mine["report"].replace("S-1", "S-2")).status_code == 404
    assert ask(stranger, "/api/v1/studies/S-2/transfers/T-0001/rows").status_code == 404
    assert send("", GOOD).status_code == 401


def test_bad_requests_are_told_what_is_wrong(trial):
    token = token_of(trial)
    assert send(token, GOOD, laboratory="NONE").status_code == 404
    assert "reason" in send(token, GOOD, reason="").json()["message"]
    address = "/api/v1/studies/S-1/laboratories/LAB/files"
    headers = {"Authorization": f"Token {token}"}
    assert Client().post(address, {"reason": "x"}, headers=headers).status_code == 400
    wrong = Client().post(address, b"{}", content_type="application/json", headers=headers)
    assert (wrong.status_code, wrong.json()["code"]) == (415, "unsupported-media-type")
    for number in ("0", "x", "9" * 30, "-1", "%00"):
        assert ask(token, f"/api/v1/studies/S-1/imports/{number}").status_code == 404
        assert ask(token, f"/api/v1/studies/S-1/transfers/T-{number}/rows").status_code == 404


def test_a_file_beyond_the_limit_is_refused_before_it_is_kept(trial, settings):
    settings.API_FILE_LIMIT = 100
    answer = send(token_of(trial), GOOD)
    assert answer.status_code == 400
    assert "[file-too-large]" in answer.json()["message"]
    assert not Job.objects.filter(kind="labs.import").exists()
