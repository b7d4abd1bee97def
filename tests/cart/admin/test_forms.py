"""What a form does besides storing: it warns, asks whether a record is complete, shows what changed, and moves."""

import re
from datetime import date

import pytest
from django.forms import modelform_factory
from django.urls import reverse

from cart.admin.forms import RowForm
from cart.models import (
    Administration,
    BridgingTherapy,
    ConcomitantTherapy,
    ConditioningCourse,
    Consent,
    InfusionCourse,
    PlannedVisit,
    ProtocolVersion,
    RecordCompletion,
    Role,
    Visit,
    WarningOverride,
    plausible,
)
from cart.models.plausible import SoftWarning
from tests.cart.admin.pages import add_page, change_page, fields_of, member, new_row, send
from tests.cart.records import make_administration, make_infused_subject, make_subject, make_trial
from trialsite.audit.models import AuditEvent

MEASURES = {"number": 1, "regimen": "Flu/Cy", "weight_kg": 70, "height_cm": 170, "bsa_formula": "mosteller"}
DOSE = {"drug": "fludarabine", "given_at_0": "2024-03-07", "given_at_1": "09:00", "planned_mg_m2": 30}


@pytest.fixture
def subject(trial):
    return make_subject(trial)


def text_of(answer):
    return answer.rendered_content if hasattr(answer, "rendered_content") else answer.content.decode()


def course(client, subject, **values):
    given = {"subject": subject.pk, **MEASURES, "bsa_m2": "1.818", **values}
    return send(client, add_page("cart.ConditioningCourse"), **given)


@pytest.mark.parametrize(
    ("values", "code"),
    [({"bsa_m2": "1.2"}, "computed-differs"), ({"height_cm": 215}, "unusual-value"), ({"weight_kg": 7}, "unusual")],
)
def test_implausible_value_is_asked_about_and_stored_with_its_reason(coordinator, subject, values, code):
    answer = course(coordinator, subject, **values)
    assert answer.status_code == 200
    assert code in text_of(answer)
    assert re.search(r"<li>(BSA|Height|Weight) \(", text_of(answer)) is not None
    assert 'name="warning_reason"' in text_of(answer)
    assert not ConditioningCourse.objects.exists()
    blank = course(coordinator, subject, **values, warning_reason="   ")
    assert blank.status_code == 200
    assert course(coordinator, subject, **values, warning_reason="measured twice").status_code == 302
    kept = WarningOverride.objects.all()
    assert {(one.reason, one.kept_by, one.subject, one.target_table) for one in kept} == {
        ("measured twice", "carol", subject, "cart_conditioningcourse")
    }
    assert {one.target_id for one in kept} == {ConditioningCourse.objects.get().pk}


def test_plausible_values_are_stored_without_a_question(coordinator, subject):
    assert course(coordinator, subject, warning_reason="nothing to explain").status_code == 302
    assert not WarningOverride.objects.exists()


def test_what_was_kept_is_not_asked_again_but_another_value_is(coordinator, subject):
    course(coordinator, subject, bsa_m2="1.2", warning_reason="by the protocol")
    page = change_page(ConditioningCourse.objects.get())
    assert send(coordinator, page, regimen="Flu", change_reason="shortened").status_code == 302
    answer = send(coordinator, page, bsa_m2="1.3", change_reason="misread")
    assert "found 1.3" in text_of(answer)
    assert WarningOverride.objects.count() == 1


def test_row_of_a_page_is_asked_about_too(coordinator, subject, monkeypatch):
    def long_name(therapy):
        yield SoftWarning("drug", "unusual-value", f"Found {therapy.drug}. [unusual-value]")

    monkeypatch.setitem(plausible._checks, ConcomitantTherapy, [long_name])
    row = new_row("concomitant_therapies", drug="Bosentan", therapy_class="other")
    answer = send(coordinator, change_page(subject), **row)
    assert "Found Bosentan." in text_of(answer)
    assert not ConcomitantTherapy.objects.exists()
    assert send(coordinator, change_page(subject), **row, warning_reason="checked").status_code == 302
    kept = WarningOverride.objects.get()
    assert (kept.target_table, kept.target_id) == ("cart_concomitanttherapy", ConcomitantTherapy.objects.get().pk)


def test_body_surface_by_every_formula_is_entered(coordinator, subject):
    values = {"bsa_formula": "haycock", "bsa_m2": ""}
    assert course(coordinator, subject, **values).status_code == 302
    assert ConditioningCourse.objects.get().bsa_formula == "haycock"


def test_custody_of_an_apheresis_is_kept_with_its_reason(coordinator, subject):
    Consent.objects.create(subject=subject, version="1", signed_on=date(2024, 1, 2))
    step = {
        "kind": "shipped", "occurred_at_0": "2024-01-10", "occurred_at_1": "12:00", "place": "Leuven",
        "first_person": "nurse A", "second_person": "nurse B", "temperature_max_c": "90",
    }  # fmt: skip
    values = {
        "subject": subject.pk, "chain_of_identity": "COI-1", "collected_at_0": "2024-01-10", "collected_at_1": "09:00",
        **new_row("custody_events", **step),
    }  # fmt: skip
    page = add_page("cart.Apheresis")
    answer = send(coordinator, page, **values)
    assert "Usually between -200 and 40 °C; found 90. [unusual-value]" in text_of(answer)
    assert send(coordinator, page, **values, warning_reason="a broken cooler").status_code == 302
    kept = WarningOverride.objects.get()
    assert (kept.target_table, kept.subject, kept.reason) == ("cart_custodyevent", subject, "a broken cooler")


def test_rows_of_a_refused_record_are_asked_about_later(coordinator):
    # The record has no subject yet: its rows have nothing to be held against, and the page comes back.
    values = {
        **MEASURES, "bsa_m2": "1.8",
        **new_row("doses", **{**DOSE, "given_mg": 3000}),
    }  # fmt: skip
    answer = send(coordinator, add_page("cart.ConditioningCourse"), **values)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["subject"]


def test_warning_reason_is_kept_when_another_field_is_refused(coordinator, subject):
    answer = course(coordinator, subject, bsa_m2="1.2", regimen="", warning_reason="measured twice")
    assert answer.status_code == 200
    assert not WarningOverride.objects.exists()


def test_record_is_complete_only_when_nothing_is_missing(coordinator, subject):
    answer = course(coordinator, subject, completion_state="complete")
    assert "[incomplete]" in text_of(answer)
    assert fields_of(answer)["regimen"] == "Flu/Cy"
    assert course(coordinator, subject, completion_state="incomplete").status_code == 302
    stored = ConditioningCourse.objects.get()
    mark = RecordCompletion.objects.get(target_table="cart_conditioningcourse", target_id=stored.pk)
    assert (mark.state, mark.marked_by, mark.subject) == ("incomplete", "carol", subject)
    page = change_page(stored)
    assert fields_of(coordinator.get(page))["completion_state"] == "incomplete"
    done = {"creatinine_clearance_ml_min": 96, "completion_state": "complete", "change_reason": "result came"}
    assert send(coordinator, page, **done).status_code == 302
    mark.refresh_from_db()
    assert mark.state == "complete"
    event = AuditEvent.objects.filter(table_name="cart_recordcompletion", operation="U").select_related("context").get()
    assert event.context.reason == "result came"


def test_complete_record_is_not_emptied(coordinator, subject):
    course(coordinator, subject, creatinine_clearance_ml_min=96, completion_state="complete")
    page = change_page(ConditioningCourse.objects.get())
    answer = send(coordinator, page, creatinine_clearance_ml_min="", change_reason="withdrawn")
    assert "[incomplete]" in text_of(answer)


def test_state_is_changed_alone_without_a_reason(coordinator, subject):
    course(coordinator, subject, completion_state="incomplete", creatinine_clearance_ml_min=96)
    assert (
        send(coordinator, change_page(ConditioningCourse.objects.get()), completion_state="complete").status_code == 302
    )
    assert RecordCompletion.objects.get().state == "complete"


def test_matrix_and_today_show_what_is_incomplete(coordinator, subject, trial):
    protocol = ProtocolVersion.objects.create(study=trial.study, number=1, effective_on=date(2024, 1, 1))
    planned = PlannedVisit.objects.create(
        protocol=protocol, code="SCR", name="Screening", target_day=-40, window_low_day=-60, window_high_day=-10
    )
    values = {"subject": subject.pk, "planned": planned.pk, "status": "occurred", "occurred_on": "2024-02-02"}
    assert send(coordinator, add_page("cart.Visit"), **values, completion_state="incomplete").status_code == 302
    matrix = text_of(coordinator.get(reverse("admin:cart_subject_matrix")))
    assert 'title="SCR: incomplete"' in matrix
    boxes = coordinator.get(reverse("admin:cart_subject_today")).context_data["counts"]
    box = next(one for one in boxes if one["title"] == "Incomplete records")
    assert box["count"] == 1
    listed = coordinator.get(box["url"].replace("&amp;", "&")).content.decode()
    assert change_page(Visit.objects.get()) in listed
    send(coordinator, change_page(Visit.objects.get()), completion_state="complete")
    assert 'title="SCR: complete"' in text_of(coordinator.get(reverse("admin:cart_subject_matrix")))


def test_history_of_a_field_stands_below_it(coordinator, subject):
    page = change_page(subject)
    assert "ts-field-history" not in text_of(coordinator.get(page))
    send(coordinator, page, year_of_birth=1970, change_reason="copied")
    send(coordinator, page, year_of_birth=1971, change_reason="typing <error>")
    shown = text_of(coordinator.get(page))
    assert re.search(r"changed 2 times</summary>", shown)
    assert "<del>1970</del> → 1971, carol on" in shown
    assert "typing &lt;error&gt;" in shown
    assert shown.count("ts-field-history") == 1


def test_conflict_says_what_the_other_person_changed(coordinator, subject, trial):
    page = change_page(subject)
    mine = fields_of(coordinator.get(page))
    dora = member(trial, Role.DATA_MANAGER, name="dora")
    send(
        dora,
        page,
        year_of_birth=1970,
        change_reason="source",
        **new_row("consents", version="2", signed_on="2024-01-02"),
    )
    answer = coordinator.post(page, {**mine, "sex": "F", "change_reason": "source"})
    text = text_of(answer)
    assert "year of birth: (empty) → 1970" in text
    assert "version: (empty) → 2" in text
    assert fields_of(answer)["sex"] == "F"


@pytest.fixture
def therapy(subject):
    return ConcomitantTherapy.objects.create(subject=subject, drug="Bosentan", therapy_class="other")


def move(client, record, **given):
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}_move"
    return client.post(reverse(name, args=[record.pk]), {"change_reason": "wrong chart", **given})


@pytest.fixture
def manager(trial):
    return member(trial, Role.DATA_MANAGER, name="dora", whole_study=True)


def test_data_manager_moves_a_record_with_a_reason(manager, trial, therapy):
    right = make_subject(trial, "KUL-002")
    RecordCompletion.objects.create(
        subject=therapy.subject, target_table="cart_concomitanttherapy", target_id=therapy.pk, state="complete",
        marked_by="carol",
    )  # fmt: skip
    assert "This field is required" in text_of(move(manager, therapy, subject=right.code, change_reason=""))
    assert move(manager, therapy, subject=right.code).status_code == 302
    therapy.refresh_from_db()
    assert therapy.subject == right
    assert RecordCompletion.objects.get().subject == right
    event = (
        AuditEvent.objects.filter(table_name="cart_concomitanttherapy", operation="U").select_related("context").get()
    )
    assert (event.context.actor, event.context.reason) == ("dora", "wrong chart")


def test_nobody_else_moves_and_the_subject_stays_on_the_form(coordinator, trial, therapy):
    right = make_subject(trial, "KUL-002")
    assert move(coordinator, therapy, subject=right.code).status_code == 403
    send(coordinator, change_page(therapy), subject=right.pk, drug="Macitentan", change_reason="misread")
    therapy.refresh_from_db()
    assert (therapy.subject.code, therapy.drug) == ("KUL-001", "Macitentan")


@pytest.mark.parametrize(
    ("code", "said"), [("KUL-001", "move-nowhere"), ("X-1", "move-subject"), ("KUL-9", "move-subject")]
)
def test_record_moves_only_to_another_subject_of_its_study(manager, trial, therapy, code, said):
    make_subject(make_trial("T-2"), "X-1")
    assert f"[{said}]" in text_of(move(manager, therapy, subject=code))
    therapy.refresh_from_db()
    assert therapy.subject.code == "KUL-001"


def test_record_that_others_hang_on_stays(manager, coordinator, trial, subject):
    course(coordinator, subject, **new_row("doses", **DOSE, given_mg="54.54"))
    answer = move(manager, ConditioningCourse.objects.get(), subject=make_subject(trial, "KUL-002").code)
    assert "found 1 conditioning dose" in text_of(answer)
    assert "[move-not-alone]" in text_of(answer)


def test_rule_of_the_new_place_is_said(manager, trial, subject):
    right = make_subject(trial, "KUL-002")
    for one in (subject, right):
        one.consents.create(version="1", signed_on=date(2024, 1, 2))
    answer = move(manager, subject.consents.get(), subject=right.code)
    assert answer.status_code == 200
    assert "already exists" in text_of(answer) or "[consent-once]" in text_of(answer)


@pytest.mark.parametrize(
    ("model", "values", "sentence"),
    [
        ("cart.HrctScan", {"ild": "true", "extent_pct": "120"}, "The extent is 0 to 100 per cent of the lung."),
        ("cart.Echocardiogram", {"lvef_pct": "0"}, "LVEF 1 to 100 per cent"),
    ],
)
def test_share_above_the_whole_is_refused_by_its_sentence(coordinator, subject, model, values, sentence):
    answer = send(coordinator, f"{add_page(model)}?subject={subject.pk}", assessed_on="2024-03-01", **values)
    assert answer.status_code == 200
    assert sentence in text_of(answer)


def test_what_is_no_key_is_refused_beside_its_field(coordinator, subject):
    answer = send(
        coordinator, add_page("cart.SkinScore"), subject="abc", visit="9" * 40, assessed_on="2024-03-01", face=1
    )
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert set(errors) == {"subject", "visit"}


@pytest.mark.usefixtures("as_tester")
def test_error_of_a_field_that_the_form_does_not_show_stands_on_top(trial, subject):
    # The rows of a course's page have a number, and no box for the subject that they may not have.
    form = modelform_factory(Administration, form=RowForm, fields=("number",))
    row = form({"number": 1}, instance=Administration(course=make_administration(subject).course))
    row.instance.subject = make_subject(trial, "KUL-002")
    assert row.non_field_errors() == ["The course is of another subject. [wrong-subject]"]


@pytest.mark.usefixtures("as_tester")
def test_subject_of_a_course_stays_on_its_form(coordinator, trial, subject):
    course = make_administration(subject).course
    other = make_subject(trial, "KUL-002")
    page = change_page(course)
    shown = coordinator.get(page)
    assert "subject" not in shown.context["adminform"].form.fields
    assert send(coordinator, page, subject=other.pk, weight_kg=71, change_reason="misread").status_code == 302
    course.refresh_from_db()
    assert (course.subject, course.weight_kg) == (subject, 71)


def test_day_without_a_next_one_is_entered_with_its_reason_and_shown(coordinator, trial):
    infused = make_infused_subject(trial)
    page = reverse("admin:cart_syndromecourse_change", args=[infused.pk])
    day = new_row(
        "crs_assessments", assessed_on="9999-12-31", temperature_max_c="37", hypotension="none", hypoxia="none"
    )
    answer = send(coordinator, page, **day, change_reason="entry")
    assert "still to come. [unusual-day]" in text_of(answer)
    assert send(coordinator, page, **day, change_reason="entry", warning_reason="x").status_code == 302
    assert coordinator.get(page).status_code == 200


@pytest.mark.usefixtures("as_tester")
def test_course_and_bridging_move_under_supervision_and_alone(coordinator, trial, subject):
    right, dora = make_subject(trial, "KUL-002"), member(trial, Role.DATA_MANAGER, name="dora", whole_study=True)
    bridging = BridgingTherapy.objects.create(subject=subject, drug="prednisone", started="2024-02")
    course = InfusionCourse.objects.create(subject=subject, weight_kg=70, planned_cells_per_kg_e6=1)
    for record in (bridging, course):
        page = reverse(f"admin:cart_{record._meta.model_name}_move", args=[record.pk])
        assert coordinator.get(page).status_code == 403
        assert dora.post(page, {"subject": right.code, "change_reason": "wrong chart"}).status_code == 302
        record.refresh_from_db()
        assert record.subject == right
    given = make_administration(subject).course
    page = reverse("admin:cart_infusioncourse_move", args=[given.pk])
    assert "[move-not-alone]" in text_of(dora.post(page, {"subject": right.code, "change_reason": "wrong chart"}))


def test_bridging_is_complete_with_its_indication(coordinator, subject):
    values = {"subject": subject.pk, "drug": "prednisone", "started": "2024-02", "completion_state": "complete"}
    page = add_page("cart.BridgingTherapy")
    assert "[incomplete]" in text_of(send(coordinator, page, **values))
    assert send(coordinator, page, **values, indication="progressive skin").status_code == 302
    assert RecordCompletion.objects.get().target_table == "cart_bridgingtherapy"
