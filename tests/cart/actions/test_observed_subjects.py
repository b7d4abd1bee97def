"""The template of an observational study, from consent to answers at its visits."""

import datetime as dt

import pytest

from cart.actions.endpoints import current_results, recompute_stale, stale_subjects
from cart.actions.template_files import read_template
from cart.actions.templates import load_template
from cart.datasets.endpoints import endpoint_rows, with_dates
from cart.inputs import read_frames
from cart.models import Consent, SkinScore, Subject, Visit
from tests.cart.assessed import assessment
from trialsite.audit.context import acting

pytestmark = pytest.mark.django_db
ENTERED = dt.date(2024, 1, 10)


@pytest.fixture
def subject():
    with acting(actor="dora", reason="set up"):
        study, _ = load_template(template=read_template("vedoss"), study_code="VEDOSS", actor="dora", reason="set up")
        site = study.sites.create(code="KUL", name="Leuven", time_zone="Europe/Brussels")
        subject = Subject.objects.create(study=study, site=site, arm=study.arms.get(), code="KUL-001")
        Consent.objects.create(subject=subject, version="1", signed_on=ENTERED)
        for code, days, scores in (("V0", 5, 2), ("M6", 183, 1)):
            day = ENTERED + dt.timedelta(days=days)
            planned = study.current_protocol().planned_visits.get(code=code)
            visit = Visit.objects.create(subject=subject, planned=planned, occurred_on=day)
            record = assessment(SkinScore, subject)
            record.visit, record.assessed_on, record.face = visit, day, scores
            record.save()
    return subject


def test_changes_are_counted_from_the_entry_visit(subject):
    recompute_stale(study_id=subject.study_id, actor="dora", reason="asked for")
    found = current_results(subject.study).get(definition__code="MRSSCHG", timepoint="M6")
    assert (found.value, found.day) == (-1, 183)
    frames = read_frames(subject.study_id, [subject.pk])
    rows = with_dates(endpoint_rows(subject.study_id), frames["time_zero"], frames["entries"])
    (row,) = rows.filter((rows["PARAMCD"] == "MRSSCHG") & (rows["AVISIT"] == "M6")).to_dicts()
    assert (row["ADT"], row["ADY"]) == (dt.date(2024, 7, 11), 184)
    assert current_results(subject.study).get(definition__code="BCDEPL").reason.startswith("no time zero")
    with acting(actor="dora", reason="typing error"):
        subject.consents.update(signed_on=ENTERED - dt.timedelta(days=2))
    assert [one.subject for one in stale_subjects(subject.study)] == [subject]
    recompute_stale(study_id=subject.study_id, actor="dora", reason="asked for")
    assert current_results(subject.study).get(definition__code="MRSSCHG", timepoint="M6").day == 185
