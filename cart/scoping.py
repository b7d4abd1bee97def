"""Membership to rows: what a user may see, and what a user may write.

A row belongs to a study, and mostly to a site, by its foreign keys: the shortest way to its subject, else to
its study. Rows without such a way (analytes, laboratories, endpoint definitions) are reference data.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db.models import Exists, ForeignKey, Model, OuterRef, Q, QuerySet

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


def writable_by(user: Any, queryset: Rows, *, roles: Iterable[str] = WRITING_ROLES) -> Rows:
    """The visible rows where the user holds one of these roles, by default a role that enters data."""
    return _granted(user, queryset, roles=frozenset(roles))


def roles_of(user: Any) -> frozenset[str]:
    """Roles the user holds now, anywhere."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    return frozenset(Membership.objects.current().filter(user=user).values_list("role", flat=True))


def sees_titers(user: Any, study: Study) -> bool:
    """Whether the user's roles in this study let the user see laboratory results and endpoints at all."""
    if user.is_superuser:
        return True
    roles = set(Membership.objects.current().filter(user=user, study=study).values_list("role", flat=True))
    return bool(roles - ROLES_WITHOUT_TITERS) and Role.BLINDED_ASSESSOR not in roles


def whole_studies(user: Any, *, roles: Iterable[str] | None = None) -> QuerySet[Study]:
    """Studies of which the user sees every subject with its laboratory; ``roles``: in one of these roles."""
    if not user.is_authenticated or not user.is_active:
        return Study.objects.none()
    if user.is_superuser:
        return Study.objects.all()
    held = Membership.objects.current().filter(user=user, study=OuterRef("pk"))
    grants = held.filter(site=None).exclude(role__in=ROLES_WITHOUT_TITERS)
    if roles is not None:
        grants = grants.filter(role__in=frozenset(roles))
    return Study.objects.filter(Exists(grants) & ~Exists(held.filter(role=Role.BLINDED_ASSESSOR)))


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
    held = Membership.objects.current().filter(user=user)
    grants = held if roles is None else held.filter(role__in=roles)
    scope = scope_of(model)
    if scope is None:
        # Reference data of the laboratory (analytes, kits) holds no result: every member may read it.
        return queryset.filter(Exists(grants))
    grants = grants.filter(study=OuterRef(scope.study))
    if scope.site is not None:
        grants = grants.filter(Q(site=None) | Q(site=OuterRef(scope.site)))
    if not reveals_titers(model):
        return queryset.filter(Exists(grants))
    if scope.site is None:
        grants = grants.filter(site=None)
    blinding = held.filter(role=Role.BLINDED_ASSESSOR, study=OuterRef(scope.study))
    return queryset.filter(Exists(grants.exclude(role__in=ROLES_WITHOUT_TITERS)) & ~Exists(blinding))


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
