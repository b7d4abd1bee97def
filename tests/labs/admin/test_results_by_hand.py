"""Results typed from a report: the grammar, what is missing, and corrections."""

from decimal import Decimal

import pytest
from django.urls import reverse

from cart.models import Role
from labs.models import Analyte, Result, Specimen
from tests.cart.admin.pages import add_page, change_page, member, send
from tests.cart.records import make_subject


@pytest.fixture
def specimen(trial, laboratory):
    return Specimen.objects.create(
        subject=make_subject(trial),
        laboratory=laboratory,
        accession="A-1",
        material="serum",
        collected="2024-03-20T08:30",
    )


def enter(client, specimen, analyte, text, **values):
    return send(client, add_page("labs.Result"), specimen=specimen.pk, analyte=analyte.pk, received_text=text, **values)


def page_text(answer):
    return answer.rendered_content if hasattr(answer, "rendered_content") else answer.content.decode()


@pytest.mark.parametrize(
    ("text", "qualifier", "value"),
    [("12.5", "=", Decimal("12.5")), ("<10", "<", Decimal(10)), (">5120", ">", Decimal(5120))],
)
def test_number_is_stored_as_received_and_as_value_with_qualifier(coordinator, specimen, ata, text, qualifier, value):
    assert enter(coordinator, specimen, ata, text).status_code == 302
    stored = Result.objects.get()
    assert (stored.received_text, stored.qualifier, stored.value, stored.unit) == (text, qualifier, value, "CU")
    assert stored.assay.kit == "Kit A"


def test_dilution_titer_is_read_as_its_dilution(coordinator, specimen):
    ana = Analyte.objects.create(code="ANA", name="ANA", kind=Analyte.Kind.TITER)
    assert enter(coordinator, specimen, ana, "1:640").status_code == 302
    assert Result.objects.get().value == 640


@pytest.mark.parametrize("text", ["1_000", "nan", "1,5", "١٢", "12 CU"])
def test_text_outside_the_grammar_is_refused(coordinator, specimen, ata, text):
    answer = enter(coordinator, specimen, ata, text)
    assert answer.status_code == 200
    assert "[number-grammar]" in page_text(answer)
    assert not Result.objects.exists()


def test_not_done_needs_its_reason(coordinator, specimen, ata):
    answer = enter(coordinator, specimen, ata, "not done")
    assert "[missing-without-reason]" in page_text(answer)
    assert enter(coordinator, specimen, ata, "not done", missing_reason="tube broken").status_code == 302
    stored = Result.objects.get()
    assert (stored.value, stored.received_text, stored.missing_reason) == (None, "", "tube broken")


def test_correction_is_a_new_version_with_reason_and_keeps_the_old_value(coordinator, specimen, ata):
    enter(coordinator, specimen, ata, "120")
    answer = enter(coordinator, specimen, ata, "102")
    assert "[correction-reason]" in page_text(answer)
    assert enter(coordinator, specimen, ata, "102", supersession_reason="digits swapped").status_code == 302
    assert list(Result.objects.values_list("version", "received_text")) == [(1, "120"), (2, "102")]
    assert [row.received_text for row in Result.objects.current()] == ["102"]


def test_another_unit_than_the_kits_is_refused(coordinator, specimen, ata):
    assert "[unit-mismatch]" in page_text(enter(coordinator, specimen, ata, "12", unit="U/mL"))


def test_stored_result_cannot_be_changed_and_has_its_history(coordinator, specimen, ata):
    enter(coordinator, specimen, ata, "<10")
    stored = Result.objects.get()
    assert coordinator.post(change_page(stored), {"received_text": "5", "change_reason": "x"}).status_code == 403
    history = page_text(coordinator.get(reverse("admin:labs_result_history", args=[stored.pk])))
    assert "carol" in history
    assert "&lt;10" in history


def test_specimen_is_entered_by_hand_and_its_subject_stays(coordinator, trial, laboratory):
    subject = make_subject(trial)
    answer = send(
        coordinator,
        add_page("labs.Specimen"),
        subject=subject.pk,
        laboratory=laboratory.pk,
        accession="A-9",
        material="serum",
        collected="2024-03",
        condition="good",
    )
    assert answer.status_code == 302
    stored = Specimen.objects.get()
    assert (stored.study, stored.number, stored.collected_on) == (trial.study, 1, None)
    assert send(coordinator, change_page(stored), condition="haemolysed", change_reason="seen late").status_code == 302
    stored.refresh_from_db()
    assert stored.condition == "haemolysed"


@pytest.mark.parametrize("model", ["Specimen", "Result", "Transfer", "TransferRow"])
def test_blinded_assessor_sees_nothing_of_the_laboratory(trial, specimen, model):
    assessor = member(trial, Role.BLINDED_ASSESSOR, name="blind")
    assert assessor.get(reverse(f"admin:labs_{model.lower()}_changelist")).status_code == 403
