"""A coordinator enters a subject by hand, from screening to infusion."""

from datetime import date

import pytest

from cart.models import (
    Administration,
    Apheresis,
    ConditioningCourse,
    CustodyEvent,
    InfusionComponent,
    InfusionCourse,
    Lot,
    PlannedVisit,
    ProtocolVersion,
    ReleaseSpecification,
    Subject,
)
from tests.cart.admin.pages import add_page, change_page, new_row, send
from tests.cart.records import make_lot, make_subject
from trialsite.audit.models import AuditEvent


@pytest.fixture
def schedule(trial):
    protocol = ProtocolVersion.objects.create(study=trial.study, number=1, effective_on=date(2024, 1, 1))
    return PlannedVisit.objects.create(
        protocol=protocol, code="SCR", name="Screening", target_day=-40, window_low_day=-60, window_high_day=-10
    )


def enter_subject(client, trial, **changes):
    values = {
        "study": trial.study.pk,
        "site": trial.site.pk,
        "arm": trial.arm.pk,
        "code": "KUL-007",
        "year_of_birth": 1980,
        "sex": "F",
        "status": "screening",
        **changes,
    }
    return send(client, add_page("cart.Subject"), **values)


def saved(answer):
    """The page was accepted; else show what it said."""
    assert answer.status_code == 302, errors_of(answer)


def errors_of(answer):
    context = answer.context or {}
    formsets = [formset for inline in context.get("inline_admin_formsets", []) for formset in [inline.formset]]
    return [
        dict(context["adminform"].form.errors),
        *(formset.errors for formset in formsets),
        *(formset.non_form_errors() for formset in formsets),
    ]


def test_from_screening_to_infusion(coordinator, trial, schedule):
    consent = new_row("consents", version="2.0", signed_on="2024-02-01")
    saved(enter_subject(coordinator, trial, **consent))
    subject = Subject.objects.get(code="KUL-007")

    page = change_page(subject)
    visit = new_row("visits", planned=schedule.pk, status="occurred", occurred_on="2024-02-02")
    saved(send(coordinator, page, **visit))
    saved(send(coordinator, page, status="enrolled", change_reason="eligible"))

    apheresis_values = {
        "subject": subject.pk,
        "chain_of_identity": "COI-7",
        "collected_at_0": "2024-02-10",
        "collected_at_1": "09:00",
        "volume_ml": 250,
    }
    custody = new_row(
        "custody_events",
        kind="collected",
        occurred_at_0="2024-02-10",
        occurred_at_1="12:00",
        place="Leuven",
        first_person="AB",
        second_person="CD",
    )
    saved(send(coordinator, add_page("cart.Apheresis"), **apheresis_values, **custody))
    apheresis = Apheresis.objects.get(chain_of_identity="COI-7")
    assert CustodyEvent.objects.get(apheresis=apheresis).kind == "collected"

    criterion = ReleaseSpecification.objects.create(
        product=trial.product, test="Viability", comparison="ge", limit=70, unit="%"
    )
    release_test = new_row(
        "release_tests", specification=criterion.pk, received_text="91", value=91, passed="on", tested_on="2024-03-01"
    )
    saved(
        send(
            coordinator,
            add_page("cart.Lot"),
            number="LOT-7",
            target="CD19",
            subject=subject.pk,
            apheresis=apheresis.pk,
            product=trial.product.pk,
            state="in-process",
            **release_test,
        )
    )
    lot = Lot.objects.get(number="LOT-7")
    saved(
        send(
            coordinator,
            change_page(lot),
            state="released",
            released_at_0="2024-03-05",
            released_at_1="10:00",
            change_reason="all criteria met",
        )
    )

    dose = new_row(
        "doses", drug="fludarabine", given_at_0="2024-03-07", given_at_1="09:00", planned_mg_m2=30, given_mg=52
    )
    saved(
        send(
            coordinator,
            add_page("cart.ConditioningCourse"),
            subject=subject.pk,
            number=1,
            regimen="Flu/Cy",
            weight_kg=70,
            height_cm=170,
            bsa_formula="mosteller",
            bsa_m2="1.818",
            **dose,
        )
    )
    assert ConditioningCourse.objects.get().doses.count() == 1

    sitting = new_row("administrations", number=1)
    saved(
        send(
            coordinator,
            add_page("cart.InfusionCourse"),
            subject=subject.pk,
            number=1,
            weight_kg=70,
            planned_cells_per_kg_e6="1.2",
            **sitting,
        )
    )
    administration = Administration.objects.get(course__subject=subject)
    assert administration.subject == subject
    saved(send(coordinator, change_page(administration), **component_row(lot)))

    component = InfusionComponent.objects.get()
    assert component.subject == subject
    assert component.viable_car_cells > 0
    lot.refresh_from_db()
    assert lot.state == Lot.State.INFUSED
    actors = set(
        AuditEvent.objects.filter(row_id=str(lot.pk), table_name="cart_lot").values_list("context__actor", flat=True)
    )
    assert actors == {"carol"}


def component_row(lot, **changes):
    values = {
        "lot": lot.pk,
        "target": "CD19",
        "started_at_0": "2024-03-12",
        "started_at_1": "10:00",
        "volume_ml": 50,
        "nucleated_cells_per_ml": 5_000_000,
        "viability_fraction": "0.9",
        "cd3_fraction": "0.95",
        "car_fraction": "0.4",
        "weight_kg": 70,
        **changes,
    }
    return new_row("components", **values)


@pytest.fixture
def administration(trial):
    subject = make_subject(trial)
    course = InfusionCourse.objects.create(subject=subject, weight_kg=70, planned_cells_per_kg_e6=1)
    return Administration.objects.create(course=course, subject=subject)


def refused(answer, code):
    """The page comes back with the sentence of a rule, and nothing is stored."""
    assert answer.status_code == 200
    text = answer.rendered_content if hasattr(answer, "rendered_content") else answer.content.decode()
    assert f"[{code}]" in text


def test_lot_of_another_subject_is_refused_with_its_sentence(coordinator, trial, administration):
    lot = make_lot(trial, make_subject(trial, "KUL-002"), number="L-other")
    refused(send(coordinator, change_page(administration), **component_row(lot)), "wrong-subject")
    assert not InfusionComponent.objects.exists()


def test_unreleased_lot_is_refused_with_its_sentence(coordinator, trial, administration):
    lot = make_lot(trial, administration.subject, number="L-1", state=Lot.State.QUARANTINED)
    refused(send(coordinator, change_page(administration), **component_row(lot)), "lot-not-released")
    assert not InfusionComponent.objects.exists()


def test_infusion_before_release_is_refused_by_the_database_and_shown_on_the_page(coordinator, trial, administration):
    lot = make_lot(trial, administration.subject, number="L-1")
    early = component_row(lot, started_at_0="2024-03-01")
    refused(send(coordinator, change_page(administration), **early), "lot-not-released")
    assert not InfusionComponent.objects.exists()


@pytest.mark.parametrize("field", ["volume_ml", "nucleated_cells_per_ml", "weight_kg"])
def test_negative_dose_is_refused_with_its_sentence(coordinator, trial, administration, field):
    lot = make_lot(trial, administration.subject, number="L-1")
    refused(send(coordinator, change_page(administration), **component_row(lot, **{field: -1})), "negative-dose")


def test_negative_conditioning_dose_is_refused_with_its_sentence(coordinator, trial):
    dose = new_row(
        "doses", drug="fludarabine", given_at_0="2024-03-07", given_at_1="09:00", planned_mg_m2=30, given_mg=-52
    )
    answer = send(
        coordinator,
        add_page("cart.ConditioningCourse"),
        subject=make_subject(trial).pk,
        number=1,
        regimen="Flu",
        weight_kg=70,
        height_cm=170,
        bsa_formula="mosteller",
        bsa_m2="1.818",
        **dose,
    )
    refused(answer, "negative-dose")


def test_lot_state_that_the_database_refuses_is_a_sentence_on_the_page(coordinator, trial):
    lot = make_lot(trial, make_subject(trial), number="L-1")
    refused(send(coordinator, change_page(lot), state="infused", change_reason="slip"), "lot-state")
    lot.refresh_from_db()
    assert lot.state == Lot.State.RELEASED


def test_apheresis_of_another_subject_is_refused_for_a_lot(coordinator, trial):
    lot = make_lot(trial, make_subject(trial, "KUL-002"), number="L-2")
    mine = make_subject(trial)
    answer = send(
        coordinator,
        add_page("cart.Lot"),
        number="L-9",
        target="CD19",
        subject=mine.pk,
        apheresis=lot.apheresis_id,
        product=trial.product.pk,
        state="in-process",
    )
    refused(answer, "wrong-subject")


def test_the_same_subject_code_twice_is_refused_with_its_sentence(coordinator, trial):
    make_subject(trial, "KUL-007")
    refused(enter_subject(coordinator, trial), "subject-twice")


def test_wrong_partial_date_is_refused_with_its_sentence(coordinator, trial):
    refused(enter_subject(coordinator, trial, ended_on="2023-02-30"), "partial-date")
