"""``manage.py`` with and without an address of a database."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.databases import ROOT
from tests.devservices.processes import SECONDS, Seen, family, named, running, sql

TELL = """
import json, os
from django.db import connection
from tests.devservices.processes import family
with connection.cursor() as cursor:
    cursor.execute("SELECT current_user")
    user = cursor.fetchone()[0]
seen = [[one.pid, one.parent, one.name, one.started] for one in family(os.getpid())]
print(json.dumps({"url": os.environ["DATABASE_URL"], "user": user, "family": seen}))
"""


def shell(fakes: Path | None = None, **changes: str) -> dict[str, str]:
    """Environment of a person: none of the addresses of the test run."""
    ours = ("DATABASE_URL", "REDIS_URL", "TRIALSITE_", "RAW_STORE", "STATIC_ROOT")
    kept = {name: value for name, value in os.environ.items() if not any(own in name for own in ours)}
    paths = [*([str(fakes)] if fakes else []), str(ROOT)]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), **changes}


@pytest.fixture
def manage(project):
    """Function that runs a command of the project to its end."""
    shutil.copy(ROOT / "manage.py", project)

    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=project,
            env=shell(**environment),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def command(project):
    """Function that starts a command of the project; its servers end with it."""
    shutil.copy(ROOT / "manage.py", project)
    started = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=project,
            env=shell(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def addresses(process):
    """What ``manage.py services`` prints once they run."""
    lines = [process.stdout.readline() for _ in range(4)]
    assert lines[3] == "Private services are running; Ctrl-C stops them.\n", process.stderr.read()
    return dict(line.strip().split("=", 1) for line in lines[:3])


def test_command_without_an_address_has_services_for_its_own_length(manage, project):
    # It fails at its end: services are given back all the same.
    done = manage("shell", "--no-imports", "-c", f"{TELL}\nraise SystemExit(3)")
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    assert told["user"] == "trialsite_app"
    servers = [Seen(*one) for one in told["family"]]
    assert named(servers, "postgres")
    assert running(servers) == []
    assert (project / "var" / "services" / "postgresql").exists()
    assert not (project / "var" / "services.json").exists()


@pytest.mark.usefixtures("cluster")
def test_command_joins_the_services_that_are_held(command, hold):
    services = hold().services()
    joined = command("services")
    assert addresses(joined)["DATABASE_URL"] == services.database_url
    assert family(joined.pid) == set()
    joined.send_signal(signal.SIGTERM)
    assert joined.wait(SECONDS) == 130
    assert sql(services.database_url, "SELECT 1") == [(1,)]


@pytest.fixture
def command_line(project, monkeypatch):
    """The project's ``manage.py`` as a module."""
    shutil.copy(ROOT / "manage.py", project)
    spec = importlib.util.spec_from_file_location("manage_of_the_project", project / "manage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@127.0.0.1:1/elsewhere")
    return module


@pytest.mark.parametrize("variable", ["DATABASE_URL", "DATABASE_URL_FILE"])
def test_command_with_an_address_starts_nothing(command_line, project, monkeypatch, variable):
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv(variable, "given")
    with ExitStack() as stack:
        assert command_line.provide_services(stack, "migrate") == []
    assert os.environ[variable] == "given"
    assert not (project / "var").exists()


@pytest.mark.parametrize("argument", ["help", "--version", "collectstatic"])
def test_command_that_needs_no_database_starts_none(command_line, project, monkeypatch, argument):
    monkeypatch.delenv("DATABASE_URL")
    with ExitStack() as stack:
        assert command_line.provide_services(stack, argument) == []
    assert os.environ["DATABASE_URL"] == command_line.OFFLINE_DATABASE
    assert not (project / "var").exists()


def test_production_never_starts_private_services(manage, project):
    done = manage("migrate", TRIALSITE_ENV="production")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert not (project / "var").exists()


@pytest.mark.parametrize("broken", ["initdb", "broker", "var"])
def test_refusal_of_the_command_is_one_line(manage, project, programs, broken):
    if broken == "initdb":
        fakes = programs.postgres(initdb="printf 'one\\ntwo\\n' >&2; exit 1")
    elif broken == "broker":
        fakes = programs.broker("printf 'one\\ntwo\\n' >&2; exit 1")
    else:
        fakes = programs.folder
        (project / "var").touch()
    done = manage("migrate", fakes=fakes)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.endswith({"initdb": "[initdb]\n", "broker": "[broker-start]\n"}.get(broken, "writable]\n"))


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_services_command_prints_addresses_and_ends_with_its_servers(command, project, sent):
    process = command("services")
    told = addresses(process)
    assert list(told) == ["DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL"]
    assert sql(told["OWNER_DATABASE_URL"], "SELECT current_user") == [("trialsite_owner",)]
    servers = family(process.pid)
    assert named(servers, "postgres")

    process.send_signal(sent)
    assert process.wait(SECONDS) == 130
    assert process.stderr.read() == "\nStopped.\n"
    assert running(servers) == []
    assert not (project / "var" / "services.json").exists()
