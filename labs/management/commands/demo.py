"""``manage.py demo``: the whole trial with nine synthetic subjects, from an empty database to tables."""

import datetime as dt
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.utils import timezone

from cart.actions.endpoints import RECOMPUTE, current_results, request_recompute
from cart.actions.template_files import read_template
from cart.actions.templates import load_template
from cart.models import Evaluation, Study
from labs.actions.catalogue import load_analytes, register_laboratory
from labs.actions.transfers import import_file
from labs.management.demo import counts
from labs.management.demo.calendar import calendar_lines
from labs.management.demo.children import child
from labs.management.demo.files import KITS, LAYOUT, write_files
from labs.management.demo.table import endpoint_table
from labs.management.demo.trial import ACCOUNTS, enter_subjects, make_accounts, make_sites
from labs.models import Laboratory
from trialsite.audit.command import AuditedCommand
from trialsite.audit.context import current_actor
from trialsite.jobs.models import Job

STUDY, TEMPLATE, LABORATORY, HOSPITAL = "DEMO", "dual-cart", "CENTRAL", "HOSPITAL"
REASON = "synthetic demonstration"
JOB_SECONDS = 120


class Command(AuditedCommand):
    """Set up, compute, show, export, serve."""

    help = "Run the whole trial with nine synthetic subjects; --once does not serve."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to serve."""
        super().add_arguments(parser)
        parser.epilog = (
            "Exit code 1: the database could not be made [migrate]; an endpoint job failed [job-failed] or was late "
            "[job-late]; the web server did not start [web-start] or ended [web-ended]. Development only."
        )
        parser.add_argument("--once", action="store_true", help="Stop after the export instead of serving.")
        parser.add_argument("--to", type=Path, default=Path(settings.BASE_DIR) / "out", help="Folder of the export.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Everything, in the order a trial has it."""
        # A supervisor's TERM ends the demo as Ctrl-C does: through the blocks that stop what it started.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        self._var = Path(settings.BASE_DIR) / "var" / "demo"
        self._var.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            self._migrate()
            study, laboratories = self._set_up()
            self._feed(study, laboratories)
            # After the files: which of them an evaluation saw, and so its number, would depend on the moment.
            self._start_workers(stack)
            self._compute(study)
            self._show(study)
            self.stdout.write("")
            call_command("export_endpoints", STUDY, to=options["to"], stdout=self.stdout, stderr=self.stderr)
            if not options["once"]:
                self._serve(stack)

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Making the database ...")
            # Another process: the schema belongs to the owner role, this one works as the application's.
            done = subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
                cwd=settings.BASE_DIR,
                check=False,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise CommandError(f"The database could not be made: {done.stderr.strip()[-400:]} [migrate]")

    def _start_workers(self, stack: ExitStack) -> None:
        worker = ["-m", "celery", "-A", "trialsite", "worker", "--concurrency", "1", "--loglevel", "INFO"]
        for name, arguments in {
            "worker": [*worker, "--without-gossip", "--without-mingle"],
            "reaper": [str(Path(settings.BASE_DIR) / "manage.py"), "reap_jobs", "--every", "5"],
        }.items():
            stack.enter_context(child(name, arguments, folder=settings.BASE_DIR, logs=self._var))

    def _set_up(self) -> tuple[Study, dict[str, Laboratory]]:
        who = {"actor": current_actor(), "reason": REASON}
        template = read_template(TEMPLATE)
        study, _ = load_template(template=template, study_code=STUDY, **who)
        load_analytes(entries=template["analytes"], **who)
        laboratories = {
            code: register_laboratory(
                code=code,
                name=f"{name} (synthetic)",
                time_zone="Europe/Brussels",
                layout=LAYOUT,
                kits=kits,
                valid_from=dt.date(2020, 1, 1),
                **who,
            )
            for code, name, kits in (
                (LABORATORY, "Central laboratory", KITS),
                (HOSPITAL, "Laboratories of the hospitals", counts.KITS),
            )
        }
        return study, laboratories

    def _feed(self, study: Study, laboratories: dict[str, Laboratory]) -> None:
        self._first_job = Job.objects.aggregate(last=Max("pk"))["last"] or 0
        sites = make_sites(study)
        make_accounts(study, sites, self._passwords())
        codes = enter_subjects(study, sites)
        self.stdout.write(f"Study {study.code}: {len(codes)} synthetic subjects at {len(sites)} sites.")
        self.stdout.write("\nEligibility, and the follow-up to year 15 that the infusion made\n")
        for line in [*calendar_lines(study, now=timezone.now()), ""]:
            self.stdout.write(line)
        files = [(LABORATORY, path) for path in write_files(self._var, codes)]
        for code, path in [*files, (HOSPITAL, counts.write_counts(self._var, codes))]:
            report = import_file(
                study=study,
                laboratory=laboratories[code],
                path=path,
                actor="data.manager",
                reason=f"delivery {path.name}",
            )
            self.stdout.write(report.text())

    def _compute(self, study: Study) -> None:
        first = self._first_job
        job = request_recompute(study=study, actor="data.manager", reason="endpoint table of the demo")
        deadline = time.monotonic() + JOB_SECONDS
        while time.monotonic() < deadline:
            job.refresh_from_db()
            if job.state == Job.State.DONE:
                self._tell_jobs(study, first)
                return
            if job.state == Job.State.DEAD:
                raise CommandError(f"Job {job.pk} failed: {job.error} [job-failed]")
            time.sleep(0.1)
        raise CommandError(
            f"Job {job.pk} did not end within {JOB_SECONDS} s; {self._var / 'worker.log'} says why. [job-late]"
        )

    def _tell_jobs(self, study: Study, first: int) -> None:
        # Every accepted file asked for a job of its own; the first of them finds all that there is to do.
        jobs = Job.objects.filter(pk__gt=first, kind=RECOMPUTE).count()
        subjects = Evaluation.objects.filter(subject__study=study).current().count()
        self.stdout.write(f"{jobs} endpoint jobs done by the worker: {subjects} subjects evaluated.")

    def _show(self, study: Study) -> None:
        results = current_results(study).select_related("subject", "definition").order_by("subject", "definition")
        table = endpoint_table(results)
        self.stdout.write("\nEndpoints (days are protocol days; Day 0 = infusion)\n")
        for line in [*table.lines, "", "Not evaluable, or not met, because:", *table.reasons]:
            self.stdout.write(line)

    def _passwords(self) -> dict[str, str]:
        path = self._var / "passwords.json"
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if set(known) != set(ACCOUNTS):
            known = {name: known.get(name, secrets.token_urlsafe(9)) for name in ACCOUNTS}
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(known, file)
        return known

    def _serve(self, stack: ExitStack) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        manage = str(Path(settings.BASE_DIR) / "manage.py")
        server = stack.enter_context(
            child(
                "web",
                [manage, "runserver", f"127.0.0.1:{port}", "--noreload"],
                folder=settings.BASE_DIR,
                logs=self._var,
            )
        )
        address = f"http://127.0.0.1:{port}"
        self._await(address, server)
        self.stdout.write(f"\nAdmin {address}/admin/   API {address}/api/v1/docs\n")
        for name, password in self._passwords().items():
            self.stdout.write(f"  {ACCOUNTS[name][0].label:<22} {name:<22} {password}")
        self.stdout.write("\nCtrl-C stops everything.")
        self.stdout.flush()
        # polars has put a handler of its own before Python's, and a restarted wait would never look at either.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            while server.poll() is None:
                time.sleep(0.3)
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")
            return
        raise CommandError(f"The web server ended; {self._var / 'web.log'} says why. [web-ended]")

    def _await(self, address: str, server: "subprocess.Popen[bytes]") -> None:
        port = int(address.rpartition(":")[2])
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and server.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise CommandError(f"The web server did not start; {self._var / 'web.log'} says why. [web-start]")
