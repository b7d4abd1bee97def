"""Who sees which rows, also through a model that shows another's."""

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model

from cart.models import Membership, Role, Site, Subject, SyndromeCourse
from cart.scoping import scope_of, visible_to, way_to
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
