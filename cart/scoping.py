"""Membership to rows: what a user may see, and what a user may write.

A row belongs to a study, and mostly to a site, by its foreign keys: the shortest way to its subject, else to
its study. Rows without such a way (analytes, laboratories, endpoint definitions) are reference data.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db.models import ForeignKey, Model, Q, QuerySet

from cart.models import (
    ROLES_WITHOUT_TITERS,
    WRITING_ROLES,
    CutTable,
    DataCut,
    DiseaseFindings,
    EndpointResult,
    Evaluation,
    Membership,
    Role,
    Run,
    RunPart,
    Site,
    StaleSubject,
    Study,
    StudySummary,
    Subject,
    SummaryStatistic,
)
from trialsite.isolation.reading import once

Rows = TypeVar("Rows", bound=QuerySet[Any])

# Whoever reads these learns titers; a cut holds the laboratory too. The laboratory is named by its label: that app
# stands above this one.
_ENDPOINT_MODELS = (
    EndpointResult,
    Evaluation,
    Run,
    RunPart,
    StaleSubject,
    StudySummary,
    SummaryStatistic,
    DataCut,
    CutTable,
)
_LABORATORY_APP = "labs"
# Which antibody is positive, and whether it is high, is on this form.
_ANTIBODY_MODELS = (DiseaseFindings,)
_TRIAL_APPS = frozenset({"cart", _LABORATORY_APP})


@dataclass(frozen=True)
class Held:
    """A role that a user holds now; ``site_id`` is None where it is held at all sites of the study."""

    study_id: int
    site_id: int | None
    role: str


@dataclass(frozen=True)
class Scope:
    """Where a model keeps its study and its site, as lookups; ``site`` is None for rows of a whole study."""

    study: str
    site: str | None


@cache
def scope_of(model: type[Model]) -> Scope | None:
    """Scope of a model's rows; None for reference data. A proxy has the scope of the model whose rows it shows."""
    model = model._meta.concrete_model or model
    if model is Study:
        return Scope(study="pk", site=None)
    if model is Site:
        return Scope(study="study", site="pk")
    if model is Subject:
        return Scope(study="study", site="site")
    subject = _shortest_way(model, Subject)
    if subject is not None:
        return Scope(study=f"{subject}__study", site=f"{subject}__site")
    study = _shortest_way(model, Study)
    if study is None:
        return None
    own_site = any(field.name == "site" for field in model._meta.get_fields())
    return Scope(study=study, site="site" if own_site else None)


def way_to(model: type[Model], goal: type[Model]) -> str | None:
    """Lookup from a model's rows to the row they belong to: empty for the model itself, None without a way."""
    model = model._meta.concrete_model or model
    return "" if model is goal else _shortest_way(model, goal)


def visible_to(user: Any, queryset: Rows) -> Rows:
    """Rows of a queryset that the user's present memberships let the user see; superusers see all.

    A blinded assessor sees no laboratory results and no endpoints of the study, whatever else the assessor is
    there. A member of one site sees that site's subjects, and no file or run of the whole study.
    """
    return _granted(user, queryset, roles=None)


def visible_of(user: Any, subject: Subject, queryset: Rows) -> Rows:
    """``visible_to`` for rows that are this subject's: the database is not asked again whose the subject is."""
    if not user.is_authenticated or not user.is_active:
        return queryset.none()
    if user.is_superuser:
        return queryset
    held = held_by(user)
    grants = [one for one in held if one.study_id == subject.study_id and one.site_id in (None, subject.site_id)]
    if reveals_titers(queryset.model):
        blinding = _blinding(held)
        grants = [one for one in grants if one.role not in ROLES_WITHOUT_TITERS and one.study_id not in blinding]
    return queryset if grants else queryset.none()


def writable_by(user: Any, queryset: Rows, *, roles: Iterable[str] = WRITING_ROLES) -> Rows:
    """The visible rows where the user holds one of these roles, by default a role that enters data."""
    return _granted(user, queryset, roles=frozenset(roles))


def writes_of(user: Any, subject: Subject) -> bool:
    """Whether the user enters data of this subject: ``writable_by`` for a subject that is read already."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or any(
        one.role in WRITING_ROLES and one.study_id == subject.study_id and one.site_id in (None, subject.site_id)
        for one in held_by(user)
    )


def held_by(user: Any) -> tuple[Held, ...]:
    """Memberships of a user that are in force now; a page reads them once."""

    def read() -> tuple[Held, ...]:
        rows = Membership.objects.current().filter(user=user).values_list("study", "site", "role")
        return tuple(Held(*row) for row in rows)

    return once(("memberships", user.pk), read)


def roles_of(user: Any) -> frozenset[str]:
    """Roles the user holds now, anywhere."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    return frozenset(one.role for one in held_by(user))


def sees_titers(user: Any, study: Study) -> bool:
    """Whether the user's roles in this study let the user see laboratory results and endpoints at all."""
    if user.is_superuser:
        return True
    roles = {one.role for one in held_by(user) if one.study_id == study.pk}
    return bool(roles - ROLES_WITHOUT_TITERS) and Role.BLINDED_ASSESSOR not in roles


def whole_studies(user: Any, *, roles: Iterable[str] | None = None) -> QuerySet[Study]:
    """Studies of which the user sees every subject with its laboratory; ``roles``: in one of these roles."""
    if not user.is_authenticated or not user.is_active:
        return Study.objects.none()
    if user.is_superuser:
        return Study.objects.all()
    held = held_by(user)
    granting = {
        one.study_id
        for one in held
        if one.site_id is None and one.role not in ROLES_WITHOUT_TITERS and (roles is None or one.role in roles)
    }
    return Study.objects.filter(pk__in=granting - _blinding(held))


def reveals_titers(model: type[Model]) -> bool:
    """Whether rows of this model would unblind an assessor."""
    return model._meta.app_label == _LABORATORY_APP or issubclass(model, (*_ENDPOINT_MODELS, *_ANTIBODY_MODELS))


def _granted(user: Any, queryset: Rows, *, roles: frozenset[str] | None) -> Rows:
    if not user.is_authenticated or not user.is_active:
        return queryset.none()
    if user.is_superuser:
        return queryset
    model = queryset.model
    if model._meta.app_label not in _TRIAL_APPS:
        # Accounts, jobs, audit: a membership says nothing about them.
        return queryset.none()
    held = held_by(user)
    grants = [one for one in held if roles is None or one.role in roles]
    scope = scope_of(model)
    if scope is None:
        # Reference data of the laboratory (analytes, kits) holds no result: every member may read it.
        return queryset if grants else queryset.none()
    if reveals_titers(model):
        blinding = _blinding(held)
        grants = [one for one in grants if one.role not in ROLES_WITHOUT_TITERS and one.study_id not in blinding]
        if scope.site is None:
            grants = [one for one in grants if one.site_id is None]
    whole = {one.study_id for one in grants if one.site_id is None or scope.site is None}
    # A membership's site is one of its study, and a row's too: the database sees to both.
    sites = {one.site_id for one in grants if one.study_id not in whole}
    granted = Q(**{f"{scope.study}__in": whole})
    return queryset.filter(granted | Q(**{f"{scope.site}__in": sites}) if sites else granted)


def _blinding(held: Iterable[Held]) -> set[int]:
    """Studies in which the user is a blinded assessor, whatever else there."""
    return {one.study_id for one in held if one.role == Role.BLINDED_ASSESSOR}


def _shortest_way(model: type[Model], goal: type[Model]) -> str | None:
    """Lookup of the fewest required foreign keys from a model to another."""
    waiting = deque([(model, "")])
    seen = {model}
    while waiting:
        here, path = waiting.popleft()
        for field in here._meta.concrete_fields:
            if not isinstance(field, ForeignKey) or field.null:
                continue
            related = field.related_model
            if not isinstance(related, type) or related in seen:
                continue
            way = f"{path}__{field.name}" if path else field.name
            if related is goal:
                return way
            seen.add(related)
            waiting.append((related, way))
    return None
