"""Every change says why, none overwrites another, all are in the history."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cart.models import Cohort, Consent, Role, Subject
from tests.cart.admin.pages import add_page, change_page, fields_of, member, new_row, send
from tests.cart.records import make_subject, make_trial


@pytest.fixture
def subject(trial):
    return make_subject(trial)


def page_text(answer):
    return answer.rendered_content if hasattr(answer, "rendered_content") else answer.content.decode()


def test_change_without_reason_is_refused_and_what_was_typed_stays(coordinator, subject):
    answer = send(coordinator, change_page(subject), year_of_birth=1977)
    assert answer.status_code == 200
    assert "[no-reason]" in page_text(answer)
    assert fields_of(answer)["year_of_birth"] == "1977"
    subject.refresh_from_db()
    assert subject.year_of_birth is None


def test_reason_is_kept_when_the_page_comes_back_with_another_error(coordinator, subject):
    answer = send(coordinator, change_page(subject), year_of_birth=1700, change_reason="from the source form")
    assert answer.status_code == 200
    assert fields_of(answer)["change_reason"] == "from the source form"


def test_blank_reason_is_no_reason(coordinator, subject):
    answer = send(coordinator, change_page(subject), year_of_birth=1977, change_reason="   ")
    assert "[no-reason]" in page_text(answer)


def test_new_row_needs_no_reason_but_a_changed_one_does(coordinator, subject):
    page = change_page(subject)
    assert send(coordinator, page, **new_row("consents", version="1", signed_on="2024-01-02")).status_code == 302
    assert Consent.objects.get().version == "1"
    answer = send(coordinator, page, **{"consents-0-version": "1.1"})
    assert answer.status_code == 200
    assert "[no-reason]" in page_text(answer)
    answer = send(coordinator, page, **{"consents-0-version": "1.1", "change_reason": "misread"})
    assert answer.status_code == 302
    assert Consent.objects.get().version == "1.1"


def test_second_editor_of_an_open_page_is_told_instead_of_overwriting(coordinator, subject, trial):
    dora = member(trial, Role.DATA_MANAGER, name="dora")
    page = change_page(subject)
    mine, hers = fields_of(coordinator.get(page)), fields_of(dora.get(page))
    assert dora.post(page, {**hers, "year_of_birth": "1970", "change_reason": "source"}).status_code == 302
    answer = coordinator.post(page, {**mine, "sex": "F", "change_reason": "source"})
    assert answer.status_code == 200
    assert "[edit-conflict]" in page_text(answer)
    assert "changed by dora" in page_text(answer)
    subject.refresh_from_db()
    assert (subject.year_of_birth, subject.sex) == (1970, Subject.Sex.UNKNOWN)


def test_row_added_by_another_editor_meanwhile_is_a_conflict_too(coordinator, subject, trial):
    dora = member(trial, Role.DATA_MANAGER, name="dora")
    page = change_page(subject)
    mine = fields_of(coordinator.get(page))
    assert send(dora, page, **new_row("consents", version="1", signed_on="2024-01-02")).status_code == 302
    answer = coordinator.post(page, {**mine, "sex": "F", "change_reason": "source"})
    assert "[edit-conflict]" in page_text(answer)


def test_conflict_stays_a_conflict_when_the_same_page_is_sent_again(coordinator, subject, trial):
    dora = member(trial, Role.DATA_MANAGER, name="dora")
    page = change_page(subject)
    mine = fields_of(coordinator.get(page))
    send(dora, page, year_of_birth=1970, change_reason="source")
    answer = coordinator.post(page, {**mine, "sex": "F", "change_reason": "source"})
    again = coordinator.post(page, fields_of(answer))
    assert "[edit-conflict]" in page_text(again)


def test_history_shows_actor_reason_and_old_and_new_value(coordinator, subject):
    send(coordinator, change_page(subject), year_of_birth=1970, change_reason="copied from the source form")
    send(coordinator, change_page(subject), year_of_birth=1971, change_reason="typing error")
    history = page_text(coordinator.get(reverse("admin:cart_subject_history", args=[subject.pk])))
    assert "carol" in history
    assert "typing error" in history
    assert "<del>1970</del> → 1971" in history


def test_nothing_is_deleted(coordinator, superuser, subject):
    delete = reverse("admin:cart_subject_delete", args=[subject.pk])
    assert coordinator.post(delete, {"post": "yes"}).status_code == 403
    assert superuser.post(delete, {"post": "yes"}).status_code == 403
    assert Subject.objects.filter(pk=subject.pk).exists()


READERS = [Role.MONITOR, Role.STATISTICIAN, Role.SPONSOR, Role.SAFETY_REVIEWER, Role.AUDITOR]


@pytest.mark.parametrize("role", READERS)
def test_reading_roles_open_the_page_and_change_nothing(trial, subject, role):
    reader = member(trial, role)
    assert reader.get(change_page(subject)).status_code == 200
    answer = reader.post(change_page(subject), {"code": "X", "change_reason": "x"})
    assert answer.status_code == 403
    assert reader.get(add_page("cart.Subject")).status_code == 403


def test_ended_membership_shows_nothing(trial, subject):
    carol = member(trial, name="carol3")
    trial.study.memberships.filter(user__username="carol3").update(ended_at=timezone.now())
    assert carol.get(reverse("admin:cart_subject_changelist")).status_code == 403
    assert carol.get(change_page(subject)).status_code == 403


def test_writer_of_one_study_cannot_enter_into_a_study_that_is_only_read(trial):
    other = make_trial("T-2")
    carol = member(trial, name="carol4")
    user = trial.study.memberships.get(user__username="carol4").user
    other.study.memberships.create(user=user, role=Role.MONITOR)
    answer = send(
        carol,
        add_page("cart.Subject"),
        study=other.study.pk,
        site=other.site.pk,
        code="X-1",
        sex="U",
        status="screening",
    )
    assert answer.status_code == 200
    assert not Subject.objects.filter(code="X-1").exists()


def test_coordinator_does_not_hand_out_memberships(coordinator):
    assert coordinator.get(add_page("cart.Membership")).status_code == 403


def test_deactivated_account_sees_nothing(trial, subject):
    carol = member(trial, name="carol5")
    user = trial.study.memberships.get(user__username="carol5").user
    user.is_active = False
    user.save()
    assert carol.get(change_page(subject)).status_code == 302


def test_history_is_told_in_the_words_of_the_form(coordinator, subject, trial):
    first, second = (
        Cohort.objects.create(study=trial.study, code=code, title=code, level=1) for code in ("DL1", "DL2")
    )
    page = change_page(subject)
    for cohort, sex in ((first, "F"), (second, "M")):
        answer = send(coordinator, page, cohort=cohort.pk, sex=sex, change_reason="source")
        assert answer.status_code == 302
    row = new_row("consents", version="1", signed_on="2024-01-02")
    assert send(coordinator, page, **row).status_code == 302
    beside = page_text(coordinator.get(page))
    for change in ("<del>DL1</del> → DL2", "<del>Female</del> → Male"):
        assert change in beside
    history = page_text(coordinator.get(reverse("admin:cart_subject_history", args=[subject.pk])))
    assert "2 Jan 2024" in history
    assert "2024-01-02" not in history


def test_history_reads_the_rows_that_it_names_once(coordinator, subject, trial):
    cohorts = [Cohort.objects.create(study=trial.study, code=f"DL{n}", title="x", level=n) for n in range(1, 6)]

    def queries():
        with CaptureQueriesContext(connection) as seen:
            coordinator.get(change_page(subject))
        return len(seen)

    for cohort in cohorts[:2]:
        send(coordinator, change_page(subject), cohort=cohort.pk, change_reason="source")
    few = queries()
    for cohort in cohorts[2:]:
        send(coordinator, change_page(subject), cohort=cohort.pk, change_reason="source")
    assert queries() == few
