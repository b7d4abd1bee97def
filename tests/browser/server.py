"""The web process a browser talks to, on a database of its own, and a trial in it."""

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model

from cart.actions.template_files import read_template
from cart.actions.templates import load_template
from cart.models import Membership, Role, Site, Study
from labs.actions.catalogue import load_analytes, register_laboratory
from labs.management.demo.files import KITS, LAYOUT
from labs.models import Laboratory
from tests.databases import ROOT, Database
from trialsite.audit.context import acting

PASSWORD = "Kettle-moon-42"
READY_SECONDS = 60


@dataclass(frozen=True)
class DeskTrial:
    """A study from its template with one site in Leuven, and the names of its accounts."""

    study: Study
    site: Site
    laboratory: Laboratory
    coordinator: str
    investigator: str
    data_manager: str


@contextmanager
def web_process(database: Database) -> Iterator[str]:
    """Address of the application's server, as an installation starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = Path(settings.RAW_STORE) / f"web-{database.name}.log"
    command = [sys.executable, "-m", "gunicorn", "trialsite.wsgi", f"--bind=127.0.0.1:{port}", "--threads=4"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--no-control-socket"],
            cwd=ROOT,
            env=database.environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def _await(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"the web server did not start: {log.read_text()[-2000:]}")


def make_desk_trial() -> DeskTrial:
    """A trial that no other test knows: codes and accounts of its own."""
    key = uuid.uuid4().hex[:6].upper()
    who = {"actor": "set.up", "reason": "trial for the browser"}
    template = read_template("dual-cart")
    study, _ = load_template(template=template, study_code=f"T{key}", **who)
    load_analytes(entries=template["analytes"], **who)
    laboratory = register_laboratory(
        code=f"LAB{key}",
        name="Central laboratory",
        time_zone="Europe/Brussels",
        layout=LAYOUT,
        kits=KITS,
        valid_from=dt.date(2020, 1, 1),
        **who,
    )
    with acting(**who):
        site = Site.objects.create(study=study, code="KUL", name="Leuven", country="BEL", time_zone="Europe/Brussels")
        roles = {Role.COORDINATOR: "carol", Role.INVESTIGATOR: "ivan", Role.DATA_MANAGER: "dora"}
        names = {role: f"{name}.{key.lower()}" for role, name in roles.items()}
        for role, name in names.items():
            user = get_user_model().objects.create_user(username=name, password=PASSWORD, is_staff=True)
            where = None if role is Role.DATA_MANAGER else site
            Membership.objects.create(user=user, study=study, site=where, role=role)
    return DeskTrial(study, site, laboratory, *names.values())
