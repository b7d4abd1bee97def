"""Who sees which rows, also through a model that shows another's."""

from itertools import product

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.utils import timezone

from cart.models import (
    AdverseEvent,
    DiseaseFindings,
    Evaluation,
    Membership,
    Role,
    Run,
    Site,
    Subject,
    SyndromeCourse,
)
from cart.scoping import scope_of, visible_of, visible_to, way_to, writable_by, writes_of
from tests.cart.admin.pages import change_page, member
from tests.cart.records import make_subject, make_trial

PROXIES = [model for model in apps.get_models() if model._meta.proxy and model._meta.app_label in ("cart", "labs")]


@pytest.mark.parametrize("model", PROXIES)
def test_proxy_has_the_scope_of_its_rows(model):
    assert scope_of(model) == scope_of(model._meta.concrete_model)
    assert way_to(model, Subject) == way_to(model._meta.concrete_model, Subject)


@pytest.mark.usefixtures("as_tester")
def test_courses_of_another_site_are_not_seen(db):
    trial = make_trial()
    own = make_subject(trial, "KUL-001")
    other = Site.objects.create(
        study=trial.study, code="BOS", name="Boston", country="USA", time_zone="America/New_York"
    )
    Subject.objects.create(study=trial.study, site=other, arm=trial.arm, code="BOS-001")
    user = get_user_model().objects.create_user(username="site-coordinator", is_staff=True)
    Membership.objects.create(user=user, study=trial.study, site=trial.site, role=Role.COORDINATOR)
    assert [course.pk for course in visible_to(user, SyndromeCourse.objects.all())] == [own.pk]


@pytest.mark.usefixtures("as_tester")
@pytest.mark.parametrize("model", [AdverseEvent, Evaluation, DiseaseFindings])
def test_rows_of_a_subject_are_those_that_the_database_shows(db, model):
    trial, elsewhere = make_trial(), make_trial("T-2")
    subject = make_subject(trial, "KUL-001")
    other = Site.objects.create(study=trial.study, code="BOS", name="Boston", time_zone="America/New_York")
    rows = model.objects.filter(pk=make_row(model, subject).pk)
    places = [(trial.study, trial.site), (trial.study, None), (trial.study, other), (elsewhere.study, None)]
    seen = set()
    for number, (role, (study, site), blinded) in enumerate(product(Role.values, places, (False, True))):
        user = get_user_model().objects.create_user(username=f"member-{number}", is_staff=True)
        Membership.objects.create(user=user, study=study, site=site, role=role)
        if blinded and role != Role.BLINDED_ASSESSOR:
            Membership.objects.create(user=user, study=trial.study, role=Role.BLINDED_ASSESSOR)
        shown = visible_to(user, rows).exists()
        assert visible_of(user, subject, rows).exists() == shown, (role, study, site, blinded)
        writes = writable_by(user, Subject.objects.filter(pk=subject.pk)).exists()
        assert writes_of(user, subject) == writes, (role, study, site, blinded)
        seen.add((shown, writes))
    assert {(True, True), (False, False), (True, False)} <= seen


def make_row(model, subject):
    if model is AdverseEvent:
        return AdverseEvent.objects.create(
            subject=subject, term="Cough", grade=1, started="2024-03-01", ctcae_version="5", outcome="unknown",
            related_to_product="related", related_to_conditioning="related", related_to_chelation="related",
        )  # fmt: skip
    if model is DiseaseFindings:
        return DiseaseFindings.objects.create(subject=subject, assessed_on="2024-03-01", raynaud=True)
    run = Run.objects.create(
        study=subject.study, parameters={}, definitions_digest="0" * 64, parameters_digest="0" * 64, code_version="1"
    )
    return Evaluation.objects.create(run=run, subject=subject, input_digest="0" * 64)


@pytest.mark.usefixtures("as_tester")
def test_membership_that_ended_shows_nothing_in_the_next_request(db):
    trial = make_trial()
    subject, coordinator = make_subject(trial), member(trial)
    assert coordinator.get(change_page(subject)).status_code == 200
    Membership.objects.update(ended_at=timezone.now())
    # The desk sends away from a page that one may not see.
    assert coordinator.get(change_page(subject)).status_code in (302, 403)
