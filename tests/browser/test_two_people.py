"""What happens when two people, or a person and a file, meet at the same record."""

import pytest

from cart.models import Subject
from labs.models import Result, Transfer
from tests.labs.records import row, write_file
from trialsite.audit.context import acting


@pytest.fixture
def subject(trial):
    with acting(actor="set.up", reason="subject for the browser"):
        return Subject.objects.create(study=trial.study, site=trial.site, code="KUL-009", status="enrolled")


def test_second_editor_is_told_and_overwrites_nothing(trial, subject, coordinator, sign_in):
    page = f"/admin/cart/subject/{subject.pk}/change/"
    dora = sign_in(trial.data_manager)
    for desk in (coordinator, dora):
        desk.open(page)
    dora.fill(year_of_birth=1970, change_reason="from the source form")
    dora.saved()
    coordinator.fill(sex="Female", change_reason="from the source form")
    coordinator.save()
    assert "[edit-conflict]" in coordinator.text()
    assert trial.data_manager in coordinator.text()
    subject.refresh_from_db()
    assert (subject.year_of_birth, subject.sex) == (1970, Subject.Sex.UNKNOWN)


def test_file_with_a_refused_row_is_refused_whole_with_its_report(trial, subject, sign_in, tmp_path):
    rows = [
        row(subject.code, "A-1", "2024-03-20T08:30", "SCL70", "120", unit="{CU}"),
        row(subject.code, "A-1", "2024-03-20T08:30", "CD19", "1_000", unit="{cells}/uL"),
    ]
    dora = sign_in(trial.data_manager)
    dora.open("/admin/labs/transfer/import/")
    dora.fill(laboratory=trial.laboratory.code)
    dora.page.set_input_files("input[name=file]", write_file(tmp_path, "central.csv", *rows))
    with dora.page.expect_navigation():
        dora.page.get_by_role("button", name="Import").click()
    report = dora.page.get_by_label("Report").inner_text()
    assert "1_000" in report
    assert "number-grammar" in report
    assert not Result.objects.filter(specimen__study=trial.study).exists()
    assert Transfer.objects.get(study=trial.study).state == Transfer.State.REFUSED
