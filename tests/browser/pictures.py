"""Pictures of the main pages for the documentation: which page, under which name, seen by whom."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from cart.actions.endpoints import recompute_stale
from cart.actions.template_files import read_template
from cart.actions.templates import load_template
from cart.models import ConsentForm, DiseaseFindings, SkinScore, Study, Subject, Visit
from labs.actions.catalogue import load_analytes, register_laboratory
from labs.actions.transfers import import_file
from labs.management.demo.files import KITS, LAYOUT, write_files
from labs.management.demo.trial import ACCOUNTS, enter_subjects, make_accounts, make_sites
from labs.models import Specimen, Transfer
from tests.browser.server import PASSWORD
from trialsite.audit.context import acting

CODE = "DEMO"


@dataclass(frozen=True)
class Picture:
    """A page under the name of its file."""

    name: str
    address: Callable[[Study], str]
    in_dark: bool = False


def _page(name: str, of: Callable[[Study], object] | None = None) -> Callable[[Study], str]:
    return lambda study: reverse(f"admin:{name}", args=[of(study).pk] if of is not None else [])  # type: ignore[attr-defined]


def _subject(study: Study) -> Subject:
    return study.subjects.order_by("code").first()  # type: ignore[return-value]


def _findings(study: Study) -> QuerySet[DiseaseFindings]:
    return DiseaseFindings.objects.filter(subject=_subject(study))


PICTURES = (
    Picture("desk", _page("index")),
    Picture("today", _page("cart_subject_today"), in_dark=True),
    Picture("matrix", _page("cart_subject_matrix")),
    Picture("subjects", _page("cart_subject_changelist")),
    Picture("subject", _page("cart_subject_change", _subject), in_dark=True),
    Picture("study", _page("cart_study_page")),
    Picture("reconsents", lambda study: f"{reverse('admin:cart_subject_today')}?show=reconsents"),
    Picture("board", lambda study: f"{reverse('admin:cart_study_page')}?study={study.pk}#panel-board"),
    Picture("eligibility", lambda study: f"{_page('cart_subject_eligibility', _subject)(study)}?again=1"),
    Picture("crs-days", _page("cart_syndromecourse_change", _subject)),
    Picture(
        "skin-score", _page("cart_skinscore_change", lambda s: SkinScore.objects.filter(subject=_subject(s)).first())
    ),
    Picture("adverse-events", _page("cart_adverseevent_changelist")),
    Picture("adverse-event-add", _page("cart_adverseevent_add")),
    Picture("subject-history", _page("cart_subject_history", _subject)),
    Picture("subject-add", _page("cart_subject_add")),
    Picture("lot", _page("cart_lot_change", lambda study: _subject(study).lots.first())),
    Picture("custody", _page("cart_lot_custody", lambda study: _subject(study).lots.first())),
    Picture("findings", _page("cart_diseasefindings_change", lambda s: _findings(s).first())),
    Picture("ultrasound", _page("cart_lungultrasound_add")),
    Picture("chelation", _page("cart_chelation_add")),
    Picture("conditioning", _page("cart_conditioningcourse_change", lambda s: _subject(s).conditioning_courses.get())),
    Picture("infusion", _page("cart_administration_change", lambda s: _subject(s).administrations.first())),
    Picture("specimen", _page("labs_specimen_change", lambda s: Specimen.objects.filter(study=s).first())),
    Picture("grid", _page("labs_specimen_enter_results", lambda s: Specimen.objects.filter(study=s).last())),
    Picture("import", _page("labs_transfer_bring_file")),
    Picture("transfer", _page("labs_transfer_change", lambda s: Transfer.objects.filter(study=s).first())),
    Picture("unjudged", _page("labs_specimen_unjudged")),
    Picture("queries", _page("cart_dataquery_changelist")),
    Picture("missing-panels", _page("labs_specimen_missing_panels")),
    Picture("incomplete", _page("cart_recordcompletion_changelist")),
    Picture("move", _page("cart_conditioningcourse_move", lambda s: _subject(s).conditioning_courses.get())),
    Picture("jobs", _page("jobs_job_changelist")),
)


def make_demo_study() -> Study:
    """The trial of the demo, evaluated, without its processes."""
    who = {"actor": "data.manager", "reason": "synthetic demonstration"}
    template = read_template("dual-cart")
    study, _ = load_template(template=template, study_code=CODE, **who)
    load_analytes(entries=template["analytes"], **who)
    laboratory = register_laboratory(
        code="CENTRAL",
        name="Central laboratory (synthetic)",
        time_zone="Europe/Brussels",
        layout=LAYOUT,
        kits=KITS,
        valid_from=dt.date(2020, 1, 1),
        **who,
    )
    with acting(**who):
        sites = make_sites(study)
        make_accounts(study, sites, dict.fromkeys(ACCOUNTS, PASSWORD))
        ConsentForm.objects.create(study=study, site=sites["KUL"], version="3.0", in_force_on=dt.date(2025, 2, 1))
    with tempfile.TemporaryDirectory() as folder:
        for path in write_files(Path(folder), enter_subjects(study, sites)):
            import_file(study=study, laboratory=laboratory, path=path, **who)
    with acting(**who):
        # Three weeks ago, and nothing of it has come yet: what Today counts as missing.
        subject = study.subjects.order_by("code").last()
        planned = subject.protocol().planned_visits.get(code="Y2")
        on = timezone.now().date() - dt.timedelta(days=21)
        Visit.objects.create(
            subject=subject, planned=planned, occurred_on=on, window_reason="on the day of another visit"
        )
    recompute_stale(study_id=study.pk, **who)
    return study
