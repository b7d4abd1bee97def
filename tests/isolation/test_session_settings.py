"""The database always knows who acts now, and never who acted before."""

from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from tests.databases import Database
from trialsite.audit.context import acting
from trialsite.isolation.session import declare_setting


def actor_in_database() -> str:
    """Actor as PostgreSQL has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('trialsite.actor', true)")
        return str(cursor.fetchone()[0])


def test_database_follows_the_actor(db: None):
    assert actor_in_database() == ""
    with acting(actor="alice"):
        assert actor_in_database() == "alice"
        with acting(actor="bob"):
            assert actor_in_database() == "bob"
        assert actor_in_database() == "alice"
    assert actor_in_database() == ""


def test_database_is_told_only_when_something_changed(fresh_database: Database):
    with acting(actor="alice"):
        actor_in_database()
        sent = connection._settings_sent
        actor_in_database()
        assert connection._settings_sent is sent


def test_rollback_does_not_bring_an_earlier_actor_back(fresh_database: Database):
    with acting(actor="alice"):
        actor_in_database()
    with acting(actor="bob"):
        with transaction.atomic():
            assert actor_in_database() == "bob"
            transaction.set_rollback(True)
        assert actor_in_database() == "bob"


def test_rollback_to_a_savepoint_does_not_either(fresh_database: Database):
    with transaction.atomic(), acting(actor="alice"):
        actor_in_database()
        with acting(actor="bob"):
            with transaction.atomic():
                assert actor_in_database() == "bob"
                transaction.set_rollback(True)
            assert actor_in_database() == "bob"
        assert actor_in_database() == "alice"


def test_new_connection_is_told_again(fresh_database: Database):
    with acting(actor="alice"):
        actor_in_database()
        connection.close()
        assert actor_in_database() == "alice"


def test_connection_from_the_pool_forgets_the_actor_before(fresh_database: Database, settings: Any):
    options = connection.settings_dict["OPTIONS"]
    connection.close()
    connection.settings_dict["OPTIONS"] = {**options, "pool": {"min_size": 1, "max_size": 1}}
    try:
        with acting(actor="alice"):
            assert actor_in_database() == "alice"
            server = connection.connection.info.backend_pid
            connection.close()
        assert actor_in_database() == ""
        assert connection.connection.info.backend_pid == server
    finally:
        connection.close()
        connection.close_pool()
        connection.settings_dict["OPTIONS"] = options


def test_streamed_rows_see_the_actor_too(fresh_database: Database):
    with acting(actor="alice"), transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute("SELECT current_setting('trialsite.actor') FROM generate_series(1, 3)")
        assert cursor.fetchall() == [("alice",)] * 3


def test_lost_connection_is_an_error_as_django_has_them(fresh_database: Database):
    actor_in_database()
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    with acting(actor="alice"), pytest.raises(OperationalError):
        actor_in_database()
    connection.close()


def test_setting_of_another_namespace_is_refused():
    with pytest.raises(ValueError, match="session-setting"):
        declare_setting("search_path", lambda: "")
