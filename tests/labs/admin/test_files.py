"""Files brought in by the desk, unknown codes mapped there, and the file read again."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from cart.models import Role, Study
from labs.actions.progress import Progress, shown_progress
from labs.actions.receive import IMPORT
from labs.models import Analyte, AnalyteCode, Result, Transfer
from tests.cart.admin.pages import member
from tests.cart.records import make_subject, make_trial
from tests.labs.records import HEADER, make_laboratory, row
from trialsite.audit.models import AuditEvent
from trialsite.jobs.models import Job
from trialsite.jobs.queue import claim, finish

ADD = reverse("admin:labs_transfer_bring_file")
GOOD = row("KUL-001", "A1", "2024-03-01", "SCL70", "80")
STRANGE = row("KUL-001", "A2", "2024-04-01", "TOPO1", "<10", unit="CU")


@pytest.fixture
def manager(trial):
    return member(trial, Role.DATA_MANAGER, name="manager", whole_study=True)


@pytest.fixture
def laboratory(trial):
    make_subject(trial)
    return make_laboratory()


def check(client, laboratory, *rows, **given):
    content = "\n".join([HEADER, *rows, ""]).encode()
    values = {"study": Study.objects.get().pk, "laboratory": laboratory.pk, "change_reason": "delivery", **given}
    return client.post(ADD, {**values, "file": SimpleUploadedFile("week 9.csv", content)})


def accept(client, checked):
    """Press the button under the report."""
    return client.post(ADD, {"offer": checked.context_data["token"]})


def bring(client, laboratory, *rows, **given):
    """Check a file, and accept what the report says."""
    checked = check(client, laboratory, *rows, **given)
    return accept(client, checked) if checked.status_code == 200 and checked.context_data["token"] else checked


def text_of(answer):
    return answer.rendered_content


def name_codes(client, transfer, **given):
    return client.post(reverse("admin:labs_transfer_name_codes", args=[transfer.pk]), given)


def test_a_file_comes_in_under_its_own_name_and_the_sender(manager, laboratory):
    page = text_of(bring(manager, laboratory, GOOD))
    assert "week 9.csv: accepted as T-" in page
    transfer = Transfer.objects.get()
    assert (transfer.file_name, transfer.rows_applied) == ("week 9.csv", 1)
    event = AuditEvent.objects.filter(table_name="labs_transfer").select_related("context").latest("id")
    assert (event.context.actor, event.context.reason) == ("manager", "delivery")
    assert reverse("admin:labs_transfer_change", args=[transfer.pk]) in page


def test_report_comes_before_acceptance_and_stores_nothing(manager, laboratory):
    checked = check(manager, laboratory, GOOD)
    assert "checked, not stored" in text_of(checked)
    assert "Accept and store" in text_of(checked)
    assert not Transfer.objects.exists()
    assert "accepted as T-" in text_of(accept(manager, checked))
    again = check(manager, laboratory, GOOD)
    assert "already accepted" in text_of(again)
    assert again.context_data["token"] == ""


def test_refusal_is_kept_only_when_it_is_asked_for(manager, laboratory):
    checked = check(manager, laboratory, row("KUL-001", "A1", "2024-03-01", "SCL70", "1_0"))
    assert "checked, would be refused" in text_of(checked)
    assert "Keep the refusal" in text_of(checked)
    assert not Transfer.objects.exists()
    accept(manager, checked)
    assert Transfer.objects.get().state == Transfer.State.REFUSED


def test_offer_is_its_owners_and_of_a_study_that_is_still_theirs(manager, trial, laboratory):
    checked = check(manager, laboratory, GOOD)
    other = member(trial, Role.DATA_MANAGER, name="other", whole_study=True)
    assert "[offer]" in text_of(accept(other, checked))
    trial.study.memberships.filter(user__username="manager").update(ended_at=timezone.now())
    assert accept(manager, checked).status_code == 403
    again = member(trial, Role.DATA_MANAGER, name="third", whole_study=True)
    checked = check(again, laboratory, GOOD)
    forged = again.post(ADD, {"offer": checked.context_data["token"] + "x"})
    assert "[offer]" in text_of(forged)
    assert not Transfer.objects.exists()


def test_long_file_is_read_by_a_job_that_is_watched(manager, laboratory, monkeypatch, trial):
    monkeypatch.setattr("labs.admin.bring.READ_AT_ONCE_BYTES", 10)
    answer = check(manager, laboratory, GOOD)
    job = Job.objects.get(kind=IMPORT)
    assert answer.url == reverse("admin:labs_transfer_follow", args=[job.pk])
    page = text_of(manager.get(answer.url))
    assert "week 9.csv" in page
    assert 'http-equiv="refresh"' in page
    run_job(job)
    page = manager.get(answer.url)
    assert 'http-equiv="refresh"' not in text_of(page)
    assert "checked, not stored" in text_of(page)
    stored = accept(manager, page)
    second = Job.objects.filter(kind=IMPORT).latest("pk")
    run_job(second)
    page = text_of(manager.get(stored.url))
    assert reverse("admin:labs_transfer_change", args=[Transfer.objects.get().pk]) in page
    assert Result.objects.count() == 1
    outsider = member(make_trial("T-9"), Role.DATA_MANAGER, name="outsider", whole_study=True)
    assert outsider.get(stored.url).status_code == 404


def test_long_file_shows_its_findings_before_it_is_decided_on(manager, laboratory, monkeypatch):
    monkeypatch.setattr("labs.admin.bring.READ_AT_ONCE_BYTES", 10)
    page = check(manager, laboratory, row("KUL-001", "A1", "2024-03-01", "SCL70", "1_0")).url
    run_job(Job.objects.get(kind=IMPORT))
    shown = text_of(manager.get(page))
    assert "would be refused" in shown
    assert "<td>number-grammar</td>" in shown
    assert "1_0" in shown
    assert '<th scope="row">Rows that broke a rule</th><td>1</td>' in shown
    assert "_findings" not in shown


def test_watched_job_shows_its_share_while_it_runs(manager, laboratory, monkeypatch, trial):
    monkeypatch.setattr("labs.admin.bring.READ_AT_ONCE_BYTES", 10)
    monkeypatch.setattr("labs.actions.progress.EVERY_SECONDS", 0)
    page = check(manager, laboratory, GOOD).url
    claim(Job.objects.get(kind=IMPORT).pk)
    assert "<progress" in text_of(manager.get(page))
    assert "rows read" not in text_of(manager.get(page))
    sha256 = Job.objects.get(kind=IMPORT).payload["sha256"]
    with shown_progress(study=trial.study, laboratory=laboratory, sha256=sha256) as take:
        take(Progress(1_200, 4_800))
        shown = text_of(manager.get(page))
    assert 'max="100" value="25"' in shown
    assert "1,200 of about 4,800 rows read (25 %)" in shown
    assert "rows read" not in text_of(manager.get(page))


def run_job(job):
    """What a worker does with it."""
    claimed, found = claim(job.pk)
    finish(claimed, found.handler(claimed))


def test_findings_stand_in_a_table(manager, laboratory):
    page = text_of(bring(manager, laboratory, row("KUL-001", "A1", "2024-03-01", "SCL70", "1_0")))
    assert "refused as T-" in page
    assert "<td>number-grammar</td>" in page
    assert not Result.objects.exists()


def test_a_laboratory_without_layout_is_told(manager, laboratory):
    type(laboratory).objects.update(layout={})
    assert "[layout-columns]" in text_of(bring(manager, laboratory, GOOD))


def test_a_large_file_is_sent_elsewhere(manager, laboratory, settings):
    settings.DESK_FILE_LIMIT = 100
    assert "[file-too-large]" in text_of(bring(manager, laboratory, GOOD))
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.SPONSOR, Role.MONITOR])
def test_other_roles_may_not(trial, laboratory, role):
    client = member(trial, role, name="other", whole_study=True)
    assert client.get(ADD).status_code == 403
    assert bring(client, laboratory, GOOD).status_code == 403
    assert not Transfer.objects.exists()


def test_a_data_manager_of_one_site_may_not(trial, laboratory):
    assert member(trial, Role.DATA_MANAGER, name="local").get(ADD).status_code == 403


def test_unknown_codes_are_mapped_and_the_file_read_again(manager, laboratory):
    bring(manager, laboratory, GOOD, STRANGE, STRANGE.replace("A2", "A3"))
    refused = Transfer.objects.get()
    address = reverse("admin:labs_transfer_name_codes", args=[refused.pk])
    assert address in text_of(manager.get(reverse("admin:labs_transfer_change", args=[refused.pk])))
    page = text_of(manager.get(address))
    assert "TOPO1" in page
    assert "<td>2</td><td>3</td>" in page
    answer = name_codes(manager, refused, code_0=Analyte.objects.get(code="ATA").pk, change_reason="their new code")
    assert "1 code was mapped; the file was read again." in text_of(answer)
    assert "accepted as T-" in text_of(answer)
    assert Result.objects.count() == 3
    assert AnalyteCode.objects.get(code="TOPO1").analyte.code == "ATA"


def test_a_code_left_alone_stays_unmapped(manager, laboratory):
    bring(manager, laboratory, STRANGE)
    answer = name_codes(manager, Transfer.objects.get(), change_reason="look again")
    assert "refused as T-" in text_of(answer)
    assert not AnalyteCode.objects.filter(code="TOPO1").exists()


def test_a_reason_is_asked_for(manager, laboratory):
    bring(manager, laboratory, STRANGE)
    answer = name_codes(manager, Transfer.objects.get(), code_0=Analyte.objects.get(code="ATA").pk)
    assert not AnalyteCode.objects.filter(code="TOPO1").exists()
    assert "This field is required" in text_of(answer)


def test_a_missing_kit_is_a_link_to_add_it(manager, laboratory):
    analyte = Analyte.objects.create(code="IGG", name="IgG", unit="g/L")
    AnalyteCode.objects.create(laboratory=laboratory, code="IGG", analyte=analyte)
    bring(manager, laboratory, row("KUL-001", "A1", "2024-03-01", "IGG", "8", unit="g/L"))
    page = text_of(manager.get(reverse("admin:labs_transfer_name_codes", args=[Transfer.objects.get().pk])))
    assert f"laboratory={laboratory.pk}&amp;analyte={analyte.pk}" in page


def test_a_transfer_of_another_study_is_not_reached(manager, laboratory, trial):
    bring(manager, laboratory, STRANGE)
    stranger = member(make_trial("S-9"), Role.DATA_MANAGER, name="stranger", whole_study=True)
    address = reverse("admin:labs_transfer_name_codes", args=[Transfer.objects.get().pk])
    assert stranger.get(address).status_code in (403, 404)
    assert stranger.post(address, {"change_reason": "x"}).status_code in (403, 404)
