"""Bring a laboratory's file in: the report comes before acceptance, a long file is read by a job that is watched."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from cart.models import Study
from labs.actions.progress import progress_of
from labs.actions.raw_files import RawFileError, keep_raw_file, stored_path
from labs.actions.receive import IMPORT, request_import
from labs.actions.transfers import import_file
from labs.imports.layout import LayoutError
from labs.imports.report import Report
from labs.models import Laboratory
from labs.scoping import importable_studies
from trialsite.audit.middleware import REASON_FIELD
from trialsite.jobs.models import Job

# Larger files would keep a person waiting in front of an empty page.
READ_AT_ONCE_BYTES = 2_000_000
# What was checked is accepted within a day, by whoever checked it.
OFFER_SECONDS = 24 * 60 * 60
REFRESH_SECONDS = 3
_SALT = "labs.import"
# Counts of a report in the order in which they are read, in words; the last two are no rows of the file.
COUNTS = {
    "rows": "Rows",
    "applied": "Applied",
    "corrected": "Of these, corrections",
    "duplicate": "Duplicates",
    "quarantined": "Quarantined",
    "refused": "Refused",
    "with_findings": "Rows that broke a rule",
    "vanished": "Rows of earlier files that are gone",
    "specimens_corrected": "Specimens corrected",
}


@dataclass(frozen=True)
class Offer:
    """A checked file that waits for its acceptance."""

    study: Study
    laboratory: Laboratory
    sha256: str
    file_name: str
    reason: str

    def token(self, user: Any) -> str:
        """As the page carries it; nobody can put another file or study into it."""
        parts = [user.pk, self.study.pk, self.laboratory.pk, self.sha256, self.file_name, self.reason]
        return signing.dumps(parts, salt=_SALT)

    @classmethod
    def read(cls, token: str, user: Any) -> "Offer | None":
        """The offer of a token of this user; None where it is none, or too old."""
        try:
            owner, study, laboratory, sha256, file_name, reason = signing.loads(
                token, salt=_SALT, max_age=OFFER_SECONDS
            )
        except signing.BadSignature:
            return None
        found = importable_studies(user).filter(pk=study).first()
        kept = Laboratory.objects.filter(pk=laboratory).first()
        if owner != user.pk or found is None or kept is None:
            return None
        return cls(found, kept, sha256, file_name, reason)

    @property
    def is_long(self) -> bool:
        """Too large for one web request."""
        return stored_path(self.sha256).stat().st_size > READ_AT_ONCE_BYTES

    def read_now(self, *, actor: str, check_only: bool) -> Report:
        """Check, or import, in this request."""
        return import_file(
            study=self.study,
            laboratory=self.laboratory,
            path=stored_path(self.sha256),
            file_name=self.file_name,
            actor=actor,
            reason=self.reason,
            check_only=check_only,
        )

    def read_by_job(self, *, actor: str, check_only: bool) -> Job:
        """Ask a worker to check, or to import."""
        return request_import(
            study=self.study,
            laboratory=self.laboratory,
            path=stored_path(self.sha256),
            file_name=self.file_name,
            check_only=check_only,
            actor=actor,
            reason=self.reason,
        )


@dataclass
class Brought:
    """What a page shows of a file: its report, and what is offered next."""

    report: Report | None = None
    offer: Offer | None = None
    job: Job | None = None
    problem: str = ""


def check_file(form: forms.Form, *, actor: str) -> Brought:
    """Keep the file and check it: here, or by a job where it is long."""
    given = form.cleaned_data
    try:
        raw = keep_raw_file(Path(given["file"].temporary_file_path()))
        offer = Offer(given["study"], given["laboratory"], raw.sha256, given["file"].name, given[REASON_FIELD])
        if offer.is_long:
            return Brought(job=offer.read_by_job(actor=actor, check_only=True))
        return Brought(report=offer.read_now(actor=actor, check_only=True), offer=offer)
    except (LayoutError, RawFileError) as error:
        return Brought(problem=str(error))


def accept_offer(offer: Offer, *, actor: str) -> Brought:
    """Import what was checked; it is checked again, as the data may have changed since."""
    try:
        if offer.is_long:
            return Brought(job=offer.read_by_job(actor=actor, check_only=False))
        return Brought(report=offer.read_now(actor=actor, check_only=False))
    except (LayoutError, RawFileError) as error:
        return Brought(problem=str(error))


def job_page(request: HttpRequest, job_id: int) -> dict[str, Any]:
    """How far a job of this page is: context of its template."""
    studies = list(importable_studies(request.user).values_list("pk", flat=True))
    job = get_object_or_404(Job, pk=job_id, kind=IMPORT, payload__study__in=studies)
    asked, result = job.payload, job.result or {}
    is_over = job.state in (Job.State.DONE, Job.State.DEAD)
    offer = None
    if job.state == Job.State.DONE and asked["check_only"] and result.get("outcome") in ("checked", "refused"):
        laboratory = Laboratory.objects.get(pk=asked["laboratory"])
        study = Study.objects.get(pk=asked["study"])
        offer = Offer(study, laboratory, asked["sha256"], asked["file_name"], job.reason)
    kept = {"study_id": asked["study"], "laboratory_id": asked["laboratory"], "sha256": asked["sha256"]}
    progress = progress_of(**kept) if job.state == Job.State.RUNNING else None
    number = str(result.get("transfer", "")).removeprefix("T-")
    return {
        "job": job,
        "file_name": asked["file_name"],
        "size": stored_path(asked["sha256"]).stat().st_size,
        "is_check": asked["check_only"],
        "is_over": is_over,
        "progress": progress,
        "seconds": int(((job.finished_at or timezone.now()) - job.queued_at).total_seconds()),
        "result": result,
        "report": {"headline": result["message"], **result.get("shown", {})} if result else None,
        "rows": [
            (words, f"{result['rows'][name]:,}") for name, words in COUNTS.items() if name in result.get("rows", {})
        ],
        "refresh": None if is_over else REFRESH_SECONDS,
        "transfer_url": reverse("admin:labs_transfer_change", args=[int(number)]) if number.isdecimal() else "",
        "token": offer.token(request.user) if offer is not None else "",
        "would_refuse": result.get("outcome") == "refused",
    }


def to_job(job: Job) -> HttpResponse:
    """The page that watches a job."""
    return HttpResponseRedirect(reverse("admin:labs_transfer_follow", args=[job.pk]))
