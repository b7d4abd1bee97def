"""Who holds the services and who joins."""

import os
import signal
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from tests.devservices.processes import eventually, named, running, sql
from trialsite.devservices import running_services


@pytest.mark.usefixtures("cluster")
def test_released_services_leave_no_process_and_no_address_file(hold):
    holder = hold()
    services = holder.services()
    assert sql(services.database_url, "SELECT 1") == [(1,)]
    assert redis.Redis.from_url(services.redis_url).ping()
    servers = holder.family()
    assert named(servers, "postgres")
    assert named(servers, "valkey") or named(servers, "redis")
    assert stat.S_IMODE(holder.state_file.stat().st_mode) == 0o600  # it holds passwords

    assert holder.release() == 0
    assert running(servers) == []
    assert not holder.state_file.exists()


@pytest.mark.usefixtures("cluster")
def test_every_address_signs_in_as_its_own_role(hold):
    services = hold().services()
    users = [
        sql(url, "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")[0]
        for url in (services.database_url, services.owner_database_url, services.report_database_url)
    ]
    assert len({user for user, _ in users}) == 3
    assert not any(is_superuser for _, is_superuser in users)


@pytest.mark.usefixtures("cluster")
def test_second_holder_joins_the_first_and_leaves_its_servers_alone(hold):
    first = hold()
    services = first.services()
    second = hold()
    assert second.services() == services
    assert second.family() == set()  # it started nothing

    assert second.release() == 0
    assert sql(services.database_url, "SELECT 1") == [(1,)]
    assert first.state_file.exists()


def test_data_and_passwords_survive_a_stop_and_a_new_start(hold):
    first = hold()
    before = first.services()
    sql(before.owner_database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert first.release() == 0

    after = hold().services()
    assert sql(after.owner_database_url, "SELECT answer FROM kept") == [(42,)]
    assert urlsplit(after.database_url).password == urlsplit(before.database_url).password


def test_who_joins_a_start_in_progress_waits_for_its_addresses(hold, programs):
    first = hold(fakes=programs.gated_initdb())
    programs.await_gate()
    second = hold()
    eventually(second.waits, "the second came to the lock")
    assert not first.state_file.exists()
    programs.open_gate()
    assert second.services() == first.services()


@pytest.mark.usefixtures("cluster")
def test_who_comes_while_the_holder_stops_takes_over(hold):
    first = hold()
    before = first.services()
    sql(before.owner_database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    # The broker is stopped first: while it stands still, the holder stays where it is.
    broker = next(one for one in first.family() if one.name.startswith(("valkey", "redis")))
    os.kill(broker.pid, signal.SIGSTOP)
    first.process.stdin.close()
    eventually(lambda: not first.state_file.exists(), "the addresses are taken away before the servers")
    second = hold()
    eventually(second.waits, "the second came to the lock")
    os.kill(broker.pid, signal.SIGCONT)

    after = second.services()
    assert after.redis_url != before.redis_url
    assert sql(after.owner_database_url, "SELECT answer FROM kept") == [(42,)]
    assert first.process.wait(60) == 0
    assert second.state_file.exists()  # the first took away its own addresses only
    assert sql(after.database_url, "SELECT 1") == [(1,)]


def test_throw_away_services_are_removed_with_their_data(project, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(project))
    with running_services(project, throw_away=True) as services:
        (folder,) = project.iterdir()
        assert (folder / "postgresql" / "PG_VERSION").exists()
        assert sql(services.database_url, "SELECT 1") == [(1,)]
        assert sql(services.admin_database_url, "SHOW fsync") == [("off",)]
    assert list(project.iterdir()) == []


@pytest.mark.usefixtures("cluster")
def test_an_error_in_the_block_stops_the_servers_and_passes(project):
    class OfTheBlock(OSError):
        pass

    def fail_inside() -> None:
        with running_services(project):
            raise OfTheBlock("ours")

    with pytest.raises(OfTheBlock, match="ours"):
        fail_inside()
    assert not (project / "var" / "services.json").exists()
    assert not Path(project / "var" / "services" / "postgresql" / "postmaster.pid").exists()
