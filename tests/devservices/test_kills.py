"""Holders that die: what is left of them, and that the next start works."""

import os
import signal
import time

import pytest

from tests.devservices.processes import eventually, named, running, sql
from trialsite.devservices.holder import JOIN_SECONDS

KILL = "__import__('os').kill(__import__('os').getpid(), 9)"


def stays(condition, what, seconds=1.0):
    """The condition holds for a while; a machine under load can only make this pass."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"not for {seconds} s: {what}"
        time.sleep(0.02)


@pytest.mark.usefixtures("cluster")
def test_killed_holder_takes_its_servers_along_and_keeps_its_data(hold):
    first = hold()
    before = first.services()
    sql(before.owner_database_url, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    servers = first.family()
    first.kill()
    assert first.state_file.exists()  # nobody was left to remove it

    second = hold()
    after = second.services()
    assert after != before, "the addresses of the dead one were given out"
    assert sql(after.owner_database_url, "SELECT count(*) FROM kept") == [(1000,)]
    # The kernel told the servers when their parent died; nobody had to look for them.
    eventually(lambda: not running(servers), "the dead one's servers end", seconds=20)
    assert sql(after.database_url, "SELECT 1") == [(1,)]


@pytest.mark.usefixtures("cluster")
def test_servers_of_a_killed_holder_end_without_a_next_start(hold):
    holder = hold()
    holder.services()
    servers = holder.family()
    holder.kill()
    eventually(lambda: not running(servers), "the dead one's servers end", seconds=20)


@pytest.mark.usefixtures("cluster")
def test_next_start_waits_for_the_dead_ones_server_to_shut_down(hold):
    first = hold()
    sql(first.services().owner_database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    server, *children = named(first.family(), "postgres")
    # It waits for each of its own; while one stands still, nothing ends.
    os.kill(children[0].pid, signal.SIGSTOP)
    first.kill()
    second = hold()
    eventually(lambda: not second.state_file.exists(), "the second took over")
    stays(lambda: second.process.poll() is None, "the second waits")
    assert running([server])
    os.kill(children[0].pid, signal.SIGCONT)
    assert sql(second.services().owner_database_url, "SELECT answer FROM kept") == [(42,)]
    assert not running([server])


def test_killed_in_the_middle_of_initdb_the_next_start_succeeds(hold, programs, project):
    fakes = programs.gated_initdb()
    for _ in range(2):  # twice: the second meets what the first left
        first = hold(fakes=fakes)
        programs.await_gate()
        making = first.family()
        assert named(making, "initdb")
        first.kill()
        (programs.gate / "reached").unlink()

    services = hold().services()
    assert sql(services.database_url, "SELECT 1") == [(1,)]
    eventually(lambda: not running(making), "the dead one's initdb ends", seconds=20)
    left = {path.name for path in (project / "var" / "services").iterdir()}
    assert left == {"postgresql", "postgresql.log", "broker.log", "passwords.json"}


def test_killed_before_the_database_was_ready_the_next_start_makes_it_anew(hold):
    first = hold(first=f"holder.database_statements = lambda: {KILL}")
    assert first.process.wait(60) == -9

    services = hold().services()
    assert sql(services.database_url, "SELECT current_database()") == [("trialsite",)]
    assert sql(services.database_url, "SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'") == [(1,)]
    assert sql(services.database_url, "SELECT 1 FROM pg_namespace WHERE nspname = 'audit'") == [(1,)]
    assert sql(services.admin_database_url, "SELECT 1 FROM pg_database WHERE datname = 'trialsite_new'") == []


def test_who_waits_for_a_holder_that_dies_takes_over(hold, programs):
    first = hold(fakes=programs.gated_initdb())
    programs.await_gate()
    second = hold()
    eventually(second.waits, "the second came to the lock")
    first.family()
    started = time.monotonic()
    first.kill()
    assert sql(second.services().database_url, "SELECT 1") == [(1,)]
    assert time.monotonic() - started < JOIN_SECONDS
