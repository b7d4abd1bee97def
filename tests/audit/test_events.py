"""What an event holds, and when there is none."""

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from tests.audit.trail import events_since, last_context
from tests.databases import Database
from trialsite.accounts.models import User
from trialsite.audit.context import acting, current_actor, current_reason


def run(sql: str, *params: object) -> None:
    """Raw statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.fixture
def group(db: None, as_tester: None) -> Group:
    return Group.objects.create(name="first")


def test_update_keeps_the_values_before_and_after(group: Group):
    before = last_context()
    with acting(actor="bob", reason="typing error", request_id="request 7"):
        Group.objects.filter(pk=group.pk).update(name="second")
    (event,) = events_since(before)
    assert (event.table, event.row_id, event.operation) == ("auth_group", str(group.pk), "U")
    assert event.old == {"id": group.pk, "name": "first"}
    assert event.new == {"id": group.pk, "name": "second"}
    assert (event.actor, event.reason, event.request) == ("bob", "typing error", "request 7")


def test_two_reasons_in_one_transaction_stay_two(group: Group):
    before = last_context()
    with transaction.atomic(), acting(actor="bob"):
        for reason in ("reason one", "reason two", "reason one"):
            with acting(reason=reason):
                Group.objects.filter(pk=group.pk).update(name=f"{Group.objects.get().name}, {reason}")
    events = events_since(before)
    assert sorted(event.reason for event in events) == ["reason one", "reason one", "reason two"]
    assert len({event.txid for event in events}) == 1
    assert last_context() - before == 2


def test_two_actors_on_one_open_cursor_stay_two(group: Group):
    before = last_context()
    with connection.cursor() as cursor:
        for actor in ("alice", "bob"):
            with acting(actor=actor), cursor.copy("COPY auth_group (name) FROM STDIN") as copy:
                copy.write_row([f"of {actor}"])
    assert [(event.actor, event.new and event.new["name"]) for event in events_since(before)] == [
        ("alice", "of alice"),
        ("bob", "of bob"),
    ]


def test_row_written_with_its_own_values_leaves_no_event(group: Group):
    other = Group.objects.create(name="second")
    before = last_context()
    with acting(actor="bob", reason="typing error"):
        group.save()
        assert events_since(before) == []
        run("UPDATE auth_group SET name = CASE WHEN id = %s THEN 'third' ELSE name END", other.pk)
    assert [event.row_id for event in events_since(before)] == [str(other.pk)]


def test_statement_that_touches_no_row_needs_no_actor(group: Group):
    with acting(actor="", reason=""):
        assert Group.objects.filter(name="nobody").update(name="x") == 0
        assert Group.objects.filter(name="nobody").delete() == (0, {})
        run("INSERT INTO auth_group (name) SELECT 'x' WHERE false")


def test_rolled_back_change_leaves_no_event(group: Group):
    before = last_context()
    with transaction.atomic():
        group.name = "second"
        group.save()
        transaction.set_rollback(True)
    assert events_since(before) == []


def test_key_does_not_change(group: Group):
    with pytest.raises(IntegrityError, match="key-change"), transaction.atomic():
        run("UPDATE auth_group SET id = id + 1000")


def test_event_does_not_depend_on_the_session(group: Group):
    user = User.objects.create_user(username="carol")
    before = last_context()
    for zone, style in (("Asia/Kathmandu", "German"), ("America/Los_Angeles", "SQL, MDY"), ("UTC", "ISO")):
        run(f"SET LOCAL TimeZone = '{zone}'")
        run(f"SET LOCAL DateStyle = '{style}'")
        with acting(actor="bob", reason=f"from {zone}"):
            run("UPDATE accounts_user SET last_login = '2024-03-31 01:30Z', email = %s WHERE id = %s", zone, user.pk)
    assert {event.new["last_login"] for event in events_since(before) if event.new} == {"2024-03-31T01:30:00+00:00"}


def test_inner_reason_wins_and_actor_is_inherited():
    with acting(actor="alice", reason="outer"):
        with acting(reason="inner"):
            assert (current_actor(), current_reason()) == ("alice", "inner")
        assert current_reason() == "outer"
    assert (current_actor(), current_reason()) == ("", "")


def test_many_rows_after_single_rows_stay_fast(fresh_database: Database):
    # The plan of the first updates is kept; a nested loop in it took 465 s for 20,000 rows.
    rows = 5_000
    with acting(actor="tester", reason="test"):
        Group.objects.bulk_create([Group(name=f"group {n}") for n in range(rows)])
        for group in Group.objects.order_by("pk")[:12]:
            Group.objects.filter(pk=group.pk).update(name=f"{group.name}!")
        before = last_context()
        with transaction.atomic():
            run("SET LOCAL statement_timeout = '20s'")
            run("UPDATE auth_group SET name = name || '?'")
    assert len(events_since(before)) == rows
