"""T1: every change, by whichever path it comes, has exactly one event with its actor; every edit has a reason."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, connection, transaction
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client

from cart.models import Study
from tests.audit.trail import Event, events_since, last_context
from tests.cart.admin.pages import add_page, change_page, send
from tests.conftest import Worker
from tests.databases import Database
from tests.jobs.handlers import EFFECT
from tests.jobs.test_crash import wait_for
from trialsite.accounts.models import User
from trialsite.audit.context import acting
from trialsite.jobs.models import Job
from trialsite.jobs.queue import enqueue

Changes = list[tuple[str, str, str]]
"""Table, row id and operation of each change that a path made, in order."""


def group_changes(operation: str, groups: Any) -> Changes:
    """Changes of these groups."""
    return [("auth_group", str(group.pk), operation) for group in groups]


def by_save() -> Changes:
    group = Group.objects.create(name="saved")
    group.name = "saved again"
    group.save()
    return [*group_changes("I", [group]), *group_changes("U", [group])]


def by_bulk_create() -> Changes:
    return group_changes("I", Group.objects.bulk_create([Group(name=f"bulk {n}") for n in range(50)]))


def by_queryset_update() -> Changes:
    groups = list(Group.objects.filter(name__startswith="bulk").order_by("pk"))
    assert Group.objects.filter(name__startswith="bulk").update(name=Concat("name", Value(" changed"))) == len(groups)
    return group_changes("U", groups)


def by_cascade() -> Changes:
    group = Group.objects.create(name="with permissions")
    group.permissions.add(*Permission.objects.order_by("pk")[:3])
    links = [str(link.pk) for link in Group.permissions.through.objects.filter(group=group).order_by("pk")]
    pk = str(group.pk)
    Group.objects.filter(pk=group.pk).delete()
    return [
        ("auth_group", pk, "I"),
        *(("auth_group_permissions", link, "I") for link in links),
        *(("auth_group_permissions", link, "D") for link in links),
        ("auth_group", pk, "D"),
    ]


def by_copy() -> Changes:
    with connection.cursor() as cursor, cursor.copy("COPY auth_group (name) FROM STDIN") as copy:
        for n in range(1000):
            copy.write_row([f"copied {n}"])
    return group_changes("I", Group.objects.filter(name__startswith="copied").order_by("pk"))


def by_raw_sql() -> Changes:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO auth_group (name) VALUES ('raw 1'), ('raw 2') RETURNING id")
        first, second = (str(row[0]) for row in cursor.fetchall())
        cursor.execute("UPDATE auth_group SET name = name || '!' WHERE id = %s", [first])
        cursor.execute("DELETE FROM auth_group WHERE id = %s", [second])
        cursor.execute(
            "INSERT INTO auth_group (name) VALUES ('raw 1!') ON CONFLICT (name) DO UPDATE SET name = 'raw 3'"
        )
    group = "auth_group"
    return [(group, first, "I"), (group, second, "I"), (group, first, "U"), (group, second, "D"), (group, first, "U")]


def by_admin() -> Changes:
    User.objects.create_superuser(username="alice")
    client = Client()
    client.force_login(User.objects.get(username="alice"))
    assert send(client, add_page("cart.Study"), code="T-1", title="A trial").status_code == 302
    study = Study.objects.get(code="T-1")
    answer = send(client, change_page(study), title="The trial", change_reason="protocol 2.0")
    assert answer.status_code == 302
    user = str(User.objects.get().pk)
    return [
        ("accounts_user", user, "I"),
        ("accounts_user", user, "U"),
        ("cart_study", str(study.pk), "I"),
        ("cart_study", str(study.pk), "U"),
    ]


def by_job() -> Changes:
    job = enqueue(EFFECT, {}, actor="alice", reason="new results")
    wait_for(lambda: Job.objects.get(pk=job.pk).state == Job.State.DONE, seconds=30)
    number = str(job.pk)
    first, second = Group.objects.filter(name__startswith=f"effect {number}: ").order_by("pk")
    return [
        ("jobs_job", number, "I"),
        ("jobs_job", number, "U"),
        *group_changes("I", [first, second]),
        ("jobs_job", number, "U"),
    ]


PATHS = [by_save, by_bulk_create, by_queryset_update, by_cascade, by_copy, by_raw_sql, by_admin, by_job]


def test_every_change_by_eight_paths_has_one_event(fresh_database: Database, start_worker: Callable[..., Worker]):
    start_worker(DJANGO_SETTINGS_MODULE="tests.jobs.worker_settings")
    changes = 0
    events: list[Event] = []
    for path in PATHS:
        before = last_context()
        with acting(actor=f"tester {path.__name__}", reason=f"try {path.__name__}"):
            made = path()
        found = events_since(before)
        assert sorted((event.table, event.row_id, event.operation) for event in found) == sorted(made), path.__name__
        changes += len(made)
        events += found
    actorless = sum(not event.actor.strip() for event in events)
    unexplained = sum(event.operation != "I" and not event.reason.strip() for event in events)
    print(  # noqa: T201 - the figure of this test
        f"T1: {len(PATHS)} paths, {changes} changes, {len(events)} events, {actorless} actorless, "
        f"{unexplained} edits without reason"
    )
    assert (actorless, unexplained) == (0, 0)
    assert {event.actor for event in events if event.table == "cart_study"} == {"alice"}
    assert {event.actor for event in events if event.request.startswith("job")} == {
        f"job {Job.objects.get().pk} for alice"
    }


@pytest.fixture
def one_group(fresh_database: Database) -> Group:
    """A group, outside any transaction."""
    with acting(actor="tester", reason="arranged"):
        group = Group.objects.create(name="there")
        group.permissions.add(Permission.objects.order_by("pk")[0])
    return group


def copy_one() -> None:
    """COPY in autocommit."""
    with connection.cursor() as cursor, cursor.copy("COPY auth_group (name) FROM STDIN") as copy:
        copy.write_row(["x"])


def run(sql: str) -> None:
    """Raw statement in autocommit."""
    with connection.cursor() as cursor:
        cursor.execute(sql)


WRITES: dict[str, Callable[[Group], Any]] = {
    "save": lambda group: Group.objects.create(name="x"),
    "bulk_create": lambda group: Group.objects.bulk_create([Group(name="x")]),
    "update": lambda group: Group.objects.update(name="x"),
    "delete": lambda group: group.delete(),
    "cascade": lambda group: group.permissions.clear(),
    "copy": lambda group: copy_one(),
    "raw insert": lambda group: run("INSERT INTO auth_group (name) VALUES ('x')"),
    "raw update": lambda group: run("UPDATE auth_group SET name = 'x'"),
    "raw delete": lambda group: run("DELETE FROM auth_group_permissions"),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("actor", ["", "   "])
def test_write_without_actor_is_refused(one_group: Group, write: str, actor: str):
    before = last_context()
    with acting(actor=actor, reason="a reason"), pytest.raises(Exception, match="no-actor"):
        WRITES[write](one_group)
    assert list(Group.objects.values_list("name", flat=True)) == ["there"]
    assert one_group.permissions.count() == 1
    assert last_context() == before


@pytest.mark.parametrize("write", ["update", "delete", "cascade", "raw update", "raw delete"])
@pytest.mark.parametrize("reason", ["", " \t\n\u00a0 "])
def test_edit_without_reason_is_refused(one_group: Group, write: str, reason: str):
    with acting(actor="alice", reason=reason), pytest.raises(DatabaseError, match="no-reason"), transaction.atomic():
        WRITES[write](one_group)
    assert list(Group.objects.values_list("name", flat=True)) == ["there"]
    assert one_group.permissions.count() == 1


@pytest.mark.parametrize("write", ["save", "bulk_create", "copy", "raw insert"])
def test_new_row_needs_no_reason(one_group: Group, write: str):
    with acting(actor="alice", reason=""):
        WRITES[write](one_group)
    assert Group.objects.count() == 2
