"""Data queries on the desk: seen by whom they concern, answered, closed, never rewritten."""

import pytest
from django.urls import reverse

from cart.models import DataQuery, DataQueryMessage, Role
from tests.cart.admin.pages import change_page, fields_of, member, new_row, send
from tests.cart.records import make_subject, make_trial


@pytest.fixture
def query(trial):
    subject = make_subject(trial)
    return DataQuery.objects.create(
        subject=subject, target_table="labs_result", target_id=1, text="ANA of A1: withdrawn?", origin="vanished-row"
    )


def listed(client):
    return client.get(reverse("admin:cart_dataquery_changelist")).content.decode()


def test_coordinator_sees_the_query_and_a_stranger_does_not(coordinator, query):
    assert "ANA of A1: withdrawn?" in listed(coordinator)
    assert "ANA of A1" not in listed(member(make_trial("OTHER")))


def test_an_answer_is_signed_with_who_gave_it_and_the_status_with_its_time(coordinator, query):
    answer = send(
        coordinator,
        change_page(query),
        status="answered",
        change_reason="asked the laboratory",
        **new_row("messages", text="The laboratory forgot it."),
    )
    assert answer.status_code == 302
    query.refresh_from_db()
    assert query.status == "answered"
    assert query.answered_at is not None
    message = DataQueryMessage.objects.get()
    assert (message.text, message.author) == ("The laboratory forgot it.", "carol")


def test_a_status_is_not_changed_without_a_reason(coordinator, query):
    assert send(coordinator, change_page(query), status="closed").status_code == 200
    query.refresh_from_db()
    assert (query.status, query.closed_at) == ("open", None)


def test_what_was_asked_and_written_is_not_rewritten(coordinator, query):
    DataQueryMessage.objects.create(query=query, text="first", author="carol")
    fields = fields_of(coordinator.get(change_page(query)))
    assert "text" not in fields
    assert "messages-0-text" not in fields
    assert "status" in fields


def test_monitor_closes_and_sponsor_only_looks(trial, query):
    closed = send(member(trial, Role.MONITOR), change_page(query), status="closed", change_reason="settled")
    assert closed.status_code == 302
    query.refresh_from_db()
    assert query.closed_at is not None
    sponsor = member(trial, Role.SPONSOR, whole_study=True)
    assert "status" not in fields_of(sponsor.get(change_page(query)))


def test_nobody_adds_a_query_by_hand(coordinator, query):
    assert coordinator.get(reverse("admin:cart_dataquery_add")).status_code == 403
