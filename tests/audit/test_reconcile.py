"""T2: folding the events gives the live rows; what was written behind the trail's back is found."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from labs.models import Specimen
from tests.cart.records import make_infused_subject, make_trial
from tests.databases import Database
from tests.labs.records import make_laboratory
from trialsite.audit.context import acting

Meddle = Callable[..., None]


@pytest.fixture
def records(fresh_database: Database) -> Iterator[list[Specimen]]:
    """A trial with an infused subject, specimens, and groups that were entered, changed, deleted, entered anew."""
    with acting(actor="tester", reason="test"):
        subject = make_infused_subject(make_trial())
        laboratory = make_laboratory()
        for name in ("a", "b", "c"):
            group = Group.objects.create(name=name)
            Group.objects.filter(pk=group.pk).update(name=name * 2)
        Group.objects.filter(name="cc").delete()
        specimens = [
            Specimen.objects.create(subject=subject, laboratory=laboratory, accession=f"A{n}", collected="2024-03-12")
            for n in range(4)
        ]
        Specimen.objects.filter(pk=specimens[0].pk).update(condition=Specimen.Condition.HAEMOLYSED)
        yield specimens


@contextmanager
def triggers_off(database: Database) -> Iterator[psycopg.Connection]:
    """A superuser's connection on which no trigger fires."""
    with psycopg.connect(database.admin_url, autocommit=True) as link:
        link.execute("SET session_replication_role = replica")
        yield link


def reconcile(*tables: str) -> tuple[str, str]:
    """Output and error of the command."""
    output = StringIO()
    try:
        call_command("audit_reconcile", *[f"--table={table}" for table in tables], stdout=output)
    except CommandError as error:
        return output.getvalue(), str(error)
    return output.getvalue(), ""


def test_events_explain_every_table(records: list[Specimen]):
    output, error = reconcile()
    assert error == ""
    assert "auth_group: 2 rows, 7 events, 0 differing" in output
    assert "labs_specimen: 4 rows, 5 events, 0 differing" in output
    assert "tables agree with the audit trail." in output


def test_three_of_three_edits_without_triggers_are_found(fresh_database: Database, records: list[Specimen]):
    first, second = Group.objects.order_by("pk")
    with triggers_off(fresh_database) as link:
        link.execute("UPDATE auth_group SET name = 'meddled' WHERE id = %s", [first.pk])
        link.execute("DELETE FROM auth_group WHERE id = %s", [second.pk])
        link.execute("INSERT INTO auth_group (id, name) OVERRIDING SYSTEM VALUE VALUES (999, 'slipped in')")
    output, error = reconcile("auth_group")
    assert "does not explain 3 rows" in error
    assert output.splitlines() == [
        "auth_group: 2 rows, 7 events, 3 differing",
        f"  {first.pk}: changed without event",
        f"  {second.pk}: row gone without event",
        "  999: row without event",
    ]


def test_edits_of_a_typed_table_are_found(fresh_database: Database, records: list[Specimen]):
    corrected, changed, deleted, kept = records
    with triggers_off(fresh_database) as link:
        link.execute("UPDATE labs_specimen SET accession = 'X' || id WHERE id IN (%s, %s)", [corrected.pk, changed.pk])
        link.execute("DELETE FROM labs_specimen WHERE id = %s", [deleted.pk])
        columns = "subject_id, study_id, laboratory_id, material, collected, visit_label, condition, received"
        link.execute(
            f"INSERT INTO labs_specimen (id, number, accession, {columns})"
            f" SELECT id + 100, number + 100, 'new', {columns} FROM labs_specimen WHERE id = %s",
            [kept.pk],
        )
    output, error = reconcile("labs_specimen")
    assert "does not explain 4 rows" in error
    assert sorted(output.splitlines()[1:]) == sorted(
        [
            f"  {corrected.pk}: changed without event",
            f"  {changed.pk}: changed without event",
            f"  {deleted.pk}: row gone without event",
            f"  {kept.pk + 100}: row without event",
        ]
    )


def test_edit_that_a_later_audited_edit_covers_is_found(fresh_database: Database, records: list[Specimen]):
    group = Group.objects.earliest("pk")
    with triggers_off(fresh_database) as link:
        link.execute("UPDATE auth_group SET name = 'meddled' WHERE id = %s", [group.pk])
    Group.objects.filter(pk=group.pk).update(name="covered")
    output, error = reconcile("auth_group")
    assert "does not explain 1 rows" in error
    assert f"  {group.pk}: events do not follow each other" in output


def test_event_that_was_removed_is_found(fresh_database: Database, records: list[Specimen]):
    with triggers_off(fresh_database) as link:
        link.execute(
            "DELETE FROM audit.event WHERE id = (SELECT max(id) FROM audit.event WHERE table_name = 'auth_group')"
        )
    assert "does not explain 1 rows" in reconcile("auth_group")[1]


def test_time_zone_of_the_database_is_no_difference(fresh_database: Database, records: list[Specimen]):
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as link:
        link.execute(f"ALTER DATABASE {fresh_database.name} SET TimeZone = 'Asia/Kathmandu'")
        link.execute(f"ALTER DATABASE {fresh_database.name} SET DateStyle = 'German'")
    assert reconcile("cart_lot", "cart_infusioncomponent", "labs_specimen")[1] == ""


def test_column_that_a_migration_adds_is_no_difference(fresh_database: Database, records: list[Specimen]):
    with psycopg.connect(fresh_database.owner_url, autocommit=True) as link:
        link.execute("ALTER TABLE auth_group ADD COLUMN colour text NOT NULL DEFAULT 'red'")
    assert reconcile("auth_group")[1] == ""
    group = Group.objects.earliest("pk")
    Group.objects.filter(pk=group.pk).update(name="changed after the migration")
    assert reconcile("auth_group")[1] == ""
    with triggers_off(fresh_database) as link:
        link.execute("UPDATE auth_group SET colour = 'blue' WHERE id = %s", [group.pk])
    assert "does not explain 1 rows" in reconcile("auth_group")[1]


def test_table_that_is_not_audited_is_refused(records: list[Specimen]):
    assert "[unknown-table]" in reconcile("django_session")[1]
