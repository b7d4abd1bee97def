"""What happens when two people, or a person and a file, meet at the same record."""

import pytest

from cart.models import Subject
from labs.models import Result, Transfer
from tests.cart.records import Trial, make_lot
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
    assert "year of birth: (empty) → 1970" in coordinator.text()
    subject.refresh_from_db()
    assert (subject.year_of_birth, subject.sex) == (1970, Subject.Sex.UNKNOWN)


def test_leaving_a_page_with_something_unsaved_asks_first(subject, coordinator):
    page = f"/admin/cart/subject/{subject.pk}/change/"
    coordinator.open(page)
    coordinator.open("/admin/")
    assert coordinator.asked_to_stay == 0
    coordinator.open(page)
    coordinator.page.locator("[name=code]").click()
    coordinator.page.keyboard.type("X")
    coordinator.open("/admin/")
    assert coordinator.asked_to_stay == 1


def test_forms_of_our_own_ask_first_too(trial, subject, coordinator):
    with acting(actor="set.up", reason="lot for the browser"):
        one = Trial(trial.study, trial.site, None, trial.study.products.first())
        lot = make_lot(one, subject, number=f"L-ASK-{subject.pk}", state="in-process")
    for asked, (page, box) in enumerate(
        [(f"subject/{subject.pk}/eligibility/", "[name^=answer-]"), (f"lot/{lot.pk}/custody/", "[name=place]")], start=1
    ):
        coordinator.open(f"/admin/cart/{page}")
        coordinator.page.locator(box).first.click()
        if box == "[name=place]":
            coordinator.page.keyboard.type("X")
        coordinator.open("/admin/")
        assert coordinator.asked_to_stay == asked, page


def test_file_with_a_refused_row_is_refused_whole_with_its_report(trial, subject, sign_in, tmp_path):
    rows = [
        row(subject.code, "A-1", "2024-03-20T08:30", "SCL70", "120", unit="{CU}"),
        row(subject.code, "A-1", "2024-03-20T08:30", "CD19", "1_000", unit="{cells}/uL"),
    ]
    dora = sign_in(trial.data_manager)
    dora.open("/admin/labs/transfer/import/")
    dora.fill(laboratory=trial.laboratory.code)
    dora.page.set_input_files("input[name=file]", write_file(tmp_path, "central.csv", *rows))
    dora.page.get_by_role("button", name="Check").click()
    report = dora.page.get_by_label("Report")
    report.wait_for()
    assert "1_000" in report.inner_text()
    assert "number-grammar" in report.inner_text()
    assert not Transfer.objects.filter(study=trial.study).exists()
    dora.page.get_by_role("button", name="Keep the refusal").click()
    dora.page.get_by_text("refused as T-").wait_for()
    assert not Result.objects.filter(specimen__study=trial.study).exists()
    assert Transfer.objects.get(study=trial.study).state == Transfer.State.REFUSED
