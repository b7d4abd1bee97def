"""The processes of docker-compose.yml, started by hand with the same environment."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import psycopg
import pytest
import yaml

from tests.databases import ROOT

SECRET = "a-long-and-random-secret-for-this-test-0123456789-abcdefghij"


def production(database, tmp_path, **changes):
    """Environment of a production process; secrets in files, as Docker gives them."""
    secret = tmp_path / "secret_key"
    secret.write_text(SECRET)
    environment = database.environment(
        TRIALSITE_ENV="production",
        SECRET_KEY_FILE=str(secret),
        ALLOWED_HOSTS="trial.example",
        STATIC_ROOT=str(tmp_path / "static"),
    )
    environment.pop("OWNER_DATABASE_URL")
    environment.pop("ADMIN_DATABASE_URL")
    environment |= changes
    return {name: value for name, value in environment.items() if value is not None}


def run(arguments, environment):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_compose_file_names_every_process_with_health_and_file_secrets():
    services = compose()["services"]
    assert set(services) == {"db", "redis", "migrate", "web", "worker", "reaper"}
    for name in ("db", "redis", "web", "worker"):
        assert services[name]["healthcheck"]["test"]
    for name in ("migrate", "web", "worker", "reaper"):
        environment = services[name]["environment"]
        assert environment["SECRET_KEY_FILE"].startswith("/run/secrets/")
        assert "PASSWORD" not in "".join(map(str, environment.values()))
    assert "OWNER_DATABASE_URL_FILE" not in services["web"]["environment"]


def test_compose_accepts_the_file(tmp_path):
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed; it needs no engine: apt-get install docker-compose")
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    done = subprocess.run([program, "config"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_migrate_step_makes_roles_and_schema_on_an_empty_database(fresh_database, tmp_path):
    name = f"{fresh_database.name}_empty"
    with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    try:
        empty = type(fresh_database)(name)
        environment = production(
            empty, tmp_path, OWNER_DATABASE_URL=empty.owner_url, ADMIN_DATABASE_URL=empty.admin_url
        )
        made = run(["manage.py", "create_roles"], environment)
        assert made.returncode == 0, made.stderr
        migrated = run(["manage.py", "migrate", "--noinput", "--verbosity", "0"], environment)
        assert migrated.returncode == 0, migrated.stderr
        checked = run(["manage.py", "check", "--database", "default"], environment)
        assert checked.returncode == 0, checked.stderr
    finally:
        with psycopg.connect(fresh_database.admin_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_web_process_serves_and_reports_its_health(fresh_database, tmp_path):
    environment = production(fresh_database, tmp_path)
    assert run(["manage.py", "collectstatic", "--noinput"], environment).returncode == 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [part.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for part in compose()["services"]["web"]["command"]]
    log = (tmp_path / "web.log").open("wb")
    web = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
    )
    try:
        answer = _ask(port, "/healthz")
        assert (answer["status"], answer["database"], answer["broker"]) == ("ok", "ok", "ok"), answer
        health = run(["manage.py", "check_health", "--port", str(port)], environment)
        assert health.returncode == 0, health.stderr
        page = _read(port, "/admin/login/")
        assert b"Trialsite" in page
    finally:
        os.killpg(web.pid, signal.SIGTERM)
        web.wait(20)
        log.close()


def _read(port, path):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": "trial.example"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.read()


def _ask(port, path):
    deadline = time.monotonic() + 60
    while True:
        try:
            return json.loads(_read(port, path))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY_FILE": None}, "Production needs SECRET_KEY"),
        ({"SECRET_KEY_FILE": None, "SECRET_KEY": "development-" + "x" * 60}, "must be random"),
        ({"SECRET_KEY_FILE": None, "SECRET_KEY": "short"}, "must be random"),
        ({"DEBUG": "1"}, "DEBUG shows source"),
        ({"ALLOWED_HOSTS": None}, "Production needs ALLOWED_HOSTS"),
        ({"REDIS_URL": None}, "Production needs REDIS_URL"),
        ({"DATABASE_URL": None}, "Production needs DATABASE_URL"),
        ({"TRIALSITE_ENV": "staging"}, "TRIALSITE_ENV is development, test or production"),
    ],
)
def test_unsafe_production_start_is_refused_with_a_sentence(fresh_database, tmp_path, changes, sentence):
    done = run(["manage.py", "check"], production(fresh_database, tmp_path, **changes))
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("role", ["owner_url", "admin_url"])
def test_production_as_owner_or_superuser_is_refused(fresh_database, tmp_path, role):
    environment = production(fresh_database, tmp_path, DATABASE_URL=getattr(fresh_database, role))
    done = run(["manage.py", "reap_jobs"], environment)
    assert done.returncode != 0
    assert "must not run as database role" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_password_and_missing_service_are_one_sentence(fresh_database, tmp_path):
    wrong = fresh_database.url.replace("trialsite_app:", "trialsite_app:x")
    away = "postgresql://trialsite_app:x@127.0.0.1:1/nowhere"
    for url in (wrong, away):
        done = run(["manage.py", "reap_jobs"], production(fresh_database, tmp_path, DATABASE_URL=url))
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
