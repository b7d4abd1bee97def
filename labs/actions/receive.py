"""Files that a program sends: kept at once, imported by a job."""

from pathlib import Path

from django.db import transaction

from cart.models import Study
from labs.actions.raw_files import keep_raw_file
from labs.models import Laboratory
from trialsite.audit.context import acting
from trialsite.jobs.models import Job
from trialsite.jobs.queue import enqueue

IMPORT = "labs.import"


def request_import(
    *, study: Study, laboratory: Laboratory, path: Path, file_name: str, check_only: bool, actor: str, reason: str
) -> Job:
    """Keep a file and ask for its import as a job; what became of it is the job's result.

    Raises
    ------
    RawFileError
        The file cannot be kept; no job is made.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        raw = keep_raw_file(path)
        payload = {
            "study": study.pk,
            "laboratory": laboratory.pk,
            "sha256": raw.sha256,
            "file_name": file_name,
            "check_only": check_only,
        }
        return enqueue(IMPORT, payload, actor=actor, reason=reason)
