"""Eligibility on one page: answered by the coordinator, signed by an investigator; the course of participation."""

import datetime as dt

import pytest
from django.urls import reverse

from cart.actions.template_files import read_template
from cart.actions.templates import load_template
from cart.models import Consent, Disposition, EligibilityAnswer, EligibilityDecision, Role, Subject
from tests.cart.admin.pages import add_page, change_page, fields_of, member, send
from tests.cart.records import make_subject, make_trial

Status = Subject.Status


@pytest.fixture
def protocol(trial):
    template = {
        "code": "small",
        "title": "Small",
        "arms": [{"code": "CART", "title": "CAR-T"}],
        "visits": [{"code": "D7", "name": "Day 7", "target": 7, "low": 5, "high": 9}],
        "criteria": [
            {"code": "I1", "kind": "inclusion", "text": "Adult"},
            {"code": "E1", "kind": "exclusion", "text": "Active infection"},
        ],
    }
    study, _ = load_template(template=template, study_code=trial.study.code, actor="dora", reason="protocol")
    return study.current_protocol()


@pytest.fixture
def subject(trial, protocol):
    subject = make_subject(trial, status=Status.SCREENING)
    Consent.objects.create(subject=subject, version="1.0", signed_on="2024-02-01")
    return subject


@pytest.fixture
def investigator(trial):
    return member(trial, Role.INVESTIGATOR, name="ines")


def address(subject):
    return reverse("admin:cart_subject_eligibility", args=[subject.pk])


def answer(client, subject, **values):
    """Open the page, fill it in, save the answers."""
    page = client.get(address(subject))
    form = page.context_data["answers"]
    data = {name: form[name].initial or "" for name in form.fields}
    data.update(
        {name.replace("_", "-") if name[:4] in ("answ", "note") else name: value for name, value in values.items()}
    )
    return client.post(address(subject), {**data, "answer": "1"})


def sign(client, subject, verdict="eligible", **values):
    data = {"decide": "1", "verdict": verdict, "decided_at": "2024-02-03 09:00", "note": "", **values}
    return client.post(address(subject), data)


def stored(subject):
    answers = EligibilityAnswer.objects.filter(assessment__subject=subject)
    return dict(answers.values_list("criterion__code", "answer"))


def test_coordinator_answers_and_investigator_signs(coordinator, investigator, subject):
    assert answer(coordinator, subject, answer_I1="yes").status_code == 302
    assert stored(subject) == {"I1": "yes"}
    refused = sign(investigator, subject)
    assert "open: E1. [eligibility-open]" in refused.rendered_content
    assert answer(coordinator, subject, answer_E1="no").status_code == 302
    assert sign(investigator, subject).status_code == 302
    decision = EligibilityDecision.objects.get()
    assert (decision.verdict, decision.decided_by) == ("eligible", "ines")
    subject.refresh_from_db()
    assert subject.status == Status.ENROLLED
    entry = Disposition.objects.get()
    assert (entry.status, entry.occurred_on, entry.reason) == ("enrolled", "2024-02-03", "eligible")
    page = coordinator.get(change_page(subject)).rendered_content
    assert "decided 3 Feb 2024, signed by ines" in page


def test_screen_failure_names_the_criterion(coordinator, investigator, subject):
    answer(coordinator, subject, answer_I1="yes", answer_E1="yes", note_E1="pneumonia")
    assert "against it: E1. [eligibility-answers]" in sign(investigator, subject).rendered_content
    assert sign(investigator, subject, "not-eligible").status_code == 302
    subject.refresh_from_db()
    assert (subject.status, subject.ended_on) == (Status.SCREEN_FAILURE, "2024-02-03")
    page = coordinator.get(address(subject)).rendered_content
    assert "E1 Active infection (pneumonia)" in page
    assert 'id="answers-form"' not in page


def test_screened_again_is_a_round_of_its_own(coordinator, investigator, subject):
    answer(coordinator, subject, answer_E1="yes")
    sign(investigator, subject, "not-eligible")
    again = {"subject": subject.pk, "status": "screening", "reason": "rescreened", "occurred_on": "2024-02-20"}
    assert send(coordinator, add_page("cart.Disposition"), **again).status_code == 302
    answer(coordinator, subject, answer_I1="yes", answer_E1="no")
    assert sign(investigator, subject, decided_at="2024-02-21 10:00").status_code == 302
    assert list(subject.eligibility_assessments.values_list("number", "decision__verdict")) == [
        (1, "not-eligible"),
        (2, "eligible"),
    ]
    subject.refresh_from_db()
    assert (subject.status, subject.ended_on) == (Status.ENROLLED, "")


def test_who_answered_does_not_sign_and_nobody_else_than_an_investigator_there(
    trial, investigator, coordinator, subject
):
    answer(investigator, subject, answer_I1="yes", answer_E1="no")
    assert "[eligibility-two-people]" in sign(investigator, subject).rendered_content
    assert "[eligibility-investigator]" in sign(coordinator, subject).rendered_content
    elsewhere = member(make_trial("T-2"), Role.INVESTIGATOR, name="ivan")
    assert sign(elsewhere, subject).status_code == 404
    assert not EligibilityDecision.objects.exists()


def test_decision_form_is_shown_to_an_investigator_of_the_site_only(coordinator, investigator, subject):
    assert 'id="decision-form"' in investigator.get(address(subject)).rendered_content
    assert 'id="decision-form"' not in coordinator.get(address(subject)).rendered_content


def test_changed_answer_says_why_and_none_is_taken_away(coordinator, subject):
    answer(coordinator, subject, answer_I1="no")
    assert "[no-reason]" in answer(coordinator, subject, answer_I1="yes").rendered_content
    assert "[eligibility-answer]" in answer(coordinator, subject, answer_I1="", change_reason="x").rendered_content
    assert stored(subject) == {"I1": "no"}
    assert answer(coordinator, subject, answer_I1="yes", change_reason="misread").status_code == 302
    assert stored(subject) == {"I1": "yes"}


def test_not_applicable_needs_its_note_and_what_was_typed_stays(coordinator, subject):
    page = answer(coordinator, subject, answer_I1="na", note_E1="asked")
    assert "'Not applicable' says why" in page.rendered_content.replace("&#x27;", "'")
    assert 'value="asked"' in page.rendered_content
    assert stored(subject) == {}


def test_second_editor_is_told_instead_of_overwriting(coordinator, trial, subject):
    dora = member(trial, Role.DATA_MANAGER, name="dora")
    answer(coordinator, subject, answer_I1="yes")
    old = dora.get(address(subject)).context_data["answers"]
    data = {name: old[name].initial or "" for name in old.fields}
    answer(coordinator, subject, answer_E1="no")
    page = dora.post(address(subject), {**data, "answer-E1": "yes", "answer": "1", "change_reason": "source"})
    assert "[edit-conflict]" in page.rendered_content
    assert stored(subject) == {"I1": "yes", "E1": "no"}


def test_reading_role_sees_answers_and_sends_none(trial, coordinator, investigator, subject):
    answer(coordinator, subject, answer_I1="yes", answer_E1="no")
    sign(investigator, subject)
    monitor = member(trial, Role.MONITOR, name="mona")
    page = monitor.get(address(subject)).rendered_content
    assert "Active infection" in page
    assert "<form" not in page[page.index("ts-note") :]
    assert monitor.post(address(subject), {"answer": "1"}).status_code == 403


@pytest.mark.parametrize("values", [{"decided_at": "yesterday"}, {"verdict": "perhaps"}, {"decided_at": ""}])
def test_bad_decision_is_an_error_beside_its_field(coordinator, investigator, subject, values):
    answer(coordinator, subject, answer_I1="yes", answer_E1="no")
    page = sign(investigator, subject, **values)
    assert page.status_code == 200
    assert page.context_data["decision"].errors
    assert not EligibilityDecision.objects.exists()


def test_answers_of_an_older_version_are_not_decided_under_the_newer(coordinator, investigator, trial, subject):
    answer(coordinator, subject, answer_I1="yes", answer_E1="no")
    template = {**read_template("vedoss"), "code": "small"}
    load_template(template=template, study_code=trial.study.code, actor="dora", reason="protocol 2")
    Consent.objects.create(
        subject=subject, version="2.0", signed_on=dt.date(2024, 2, 2), protocol=trial.study.current_protocol()
    )
    page = coordinator.get(address(subject)).rendered_content
    assert "consented to another protocol version since its last answers" in page
    assert "Raynaud" in page
    assert "[no-answers]" in sign(investigator, subject).rendered_content


def test_queries_do_not_grow_with_criteria_and_decisions(
    coordinator, investigator, subject, django_assert_max_num_queries
):
    coordinator.get(address(subject))
    with django_assert_max_num_queries(40) as few:
        coordinator.get(address(subject)).rendered_content  # noqa: B018
    for day in (3, 4, 5):
        answer(coordinator, subject, answer_I1="yes", answer_E1="no")
        assert sign(investigator, subject, decided_at=f"2024-02-0{day} 09:00").status_code == 302
    with django_assert_max_num_queries(44) as many:
        coordinator.get(address(subject)).rendered_content  # noqa: B018
    # Decisions, their versions' study, answers and criteria: three more, however many there are.
    assert len(many) - len(few) <= 3


# Participation -------------------------------------------------------------------------------------------------


def change(client, subject, **values):
    entry = {"subject": subject.pk, "occurred_on": "2024-05-02", "detail": "", **values}
    return send(client, add_page("cart.Disposition"), **entry)


def test_death_is_entered_with_its_day_and_corrected_by_another_entry(coordinator, trial):
    subject = make_subject(trial)
    assert change(coordinator, subject, status="dead", reason="death", occurred_on="2024-05").status_code == 302
    subject.refresh_from_db()
    assert (subject.status, subject.ended_on) == ("dead", "2024-05")
    assert "[status-order]" in change(coordinator, subject, status="lost", reason="no-contact").rendered_content
    undo = {"status": "enrolled", "reason": "correction", "detail": "another subject", "corrects_last": "on"}
    assert change(coordinator, subject, **undo).status_code == 302
    subject.refresh_from_db()
    assert (subject.status, subject.ended_on) == ("enrolled", "")
    page = coordinator.get(change_page(subject)).rendered_content
    assert "<s>Dead</s> (corrected)" in page


def test_withdrawn_consent_is_withdrawn_with_the_subject(coordinator, trial):
    subject = make_subject(trial)
    Consent.objects.create(subject=subject, version="1.0", signed_on="2024-02-01")
    assert change(coordinator, subject, status="withdrawn", reason="consent").status_code == 302
    assert Consent.objects.get().withdrawn_on == dt.date(2024, 5, 2)
    early = make_subject(trial, "KUL-002")
    Consent.objects.create(subject=early, version="1.0", signed_on="2024-06-01")
    assert "[consent-period]" in change(coordinator, early, status="withdrawn", reason="consent").rendered_content
    early.refresh_from_db()
    assert early.status == "enrolled"


def test_other_reason_needs_words_and_an_entry_needs_its_day(coordinator, trial):
    subject = make_subject(trial)
    page = change(coordinator, subject, status="lost", reason="other").rendered_content
    assert "[disposition-reason]" in page
    assert (
        "[disposition-undated]"
        in change(coordinator, subject, status="lost", reason="no-contact", occurred_on="").rendered_content
    )
    assert (
        "[status-order]"
        in change(coordinator, subject, status="enrolled", reason="contact", corrects_last="on").rendered_content
    )
    assert not Disposition.objects.exists()


def test_entry_is_not_edited_and_the_source_is_no_persons_reason(coordinator, trial):
    subject = make_subject(trial)
    change(coordinator, subject, status="lost", reason="no-contact")
    entry = Disposition.objects.get()
    assert "occurred_on" not in fields_of(coordinator.get(change_page(entry)))
    page = coordinator.get(add_page("cart.Disposition")).rendered_content
    assert "imported data set" not in page


def test_another_sites_subject_is_not_changed(trial):
    theirs = make_subject(make_trial("T-2"), "OTHER-1")
    carol = member(trial, name="carol")
    assert change(carol, theirs, status="dead", reason="death").status_code == 200
    assert not Disposition.objects.exists()
