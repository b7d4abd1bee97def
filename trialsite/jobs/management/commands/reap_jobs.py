"""``manage.py reap_jobs``: ring again for jobs whose ring or worker was lost, and ask for those nobody asked for."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections

from trialsite.jobs.doorbell import ring
from trialsite.jobs.queue import overdue_jobs
from trialsite.jobs.registry import rounds


class Command(BaseCommand):
    """Ring for every overdue job, once or every few seconds, after what the apps look for; two of them do no harm."""

    help = "Ring again for jobs that no worker took or whose worker died."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Interval."""
        parser.epilog = (
            "Exit code 1: the database is away in the one round. With --every it waits for the database and runs "
            "until it is stopped."
        )
        parser.add_argument("--every", type=float, default=0, help="Seconds between rounds; 0 = one round.")

    def handle(self, *args: Any, **options: Any) -> None:
        """One round, or rounds until stopped."""
        every = options["every"]
        if not every:
            self.stdout.write(f"rang for {self._round()} jobs")
            return
        while True:
            try:
                self._round()
            except Error as error:
                # The database may be away for a moment; the next round looks again.
                self.stderr.write(f"database away: {error}".strip())
                close_old_connections()
            time.sleep(every)

    def _round(self) -> int:
        for look in rounds():
            look()
        return sum(ring(job_id) for job_id in overdue_jobs())
