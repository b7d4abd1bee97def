"""Jobs of the laboratory."""

from dataclasses import asdict
from typing import Any

from cart.models import Study
from labs.actions.raw_files import RawFileError, stored_path
from labs.actions.receive import IMPORT
from labs.actions.transfers import import_file
from labs.imports.layout import LayoutError
from labs.models import Laboratory
from trialsite.jobs import ClaimedJob, register_handler


def import_kept_file(job: ClaimedJob) -> dict[str, Any]:
    """Import a file that was kept when it came; the result is its report.

    A second attempt after a crash finds the file accepted, or nothing of it.
    """
    asked = job.payload
    try:
        report = import_file(
            study=Study.objects.get(pk=asked["study"]),
            laboratory=Laboratory.objects.get(pk=asked["laboratory"]),
            path=stored_path(asked["sha256"]),
            file_name=asked["file_name"],
            check_only=asked["check_only"],
            actor=job.actor,
            reason=job.reason,
        )
    except (LayoutError, RawFileError) as error:
        # Trying again would not help: the laboratory's layout has to be corrected.
        return {"outcome": "unreadable", "transfer": "", "message": str(error), "rows": {}}
    return {
        "outcome": report.outcome,
        "transfer": report.number,
        "message": report.headline,
        "rows": asdict(report.totals),
        # What a person decides by: the page of a long file shows it as that of a short one does.
        "shown": {
            "unit": report.unit,
            "notes": report.notes,
            "remarks": report.remarks,
            "first_findings": report.first_findings,
            "hidden_findings": report.hidden_findings,
        },
    }


register_handler(IMPORT, import_kept_file)
