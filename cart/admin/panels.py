"""What stands around a subject's form: the steps of a course, and panels that apps register."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from cart.actions.product import late_failures
from cart.admin.endpoint import answer_text
from cart.models import (
    Apheresis,
    BridgingTherapy,
    Chelation,
    ConditioningCourse,
    EndpointResult,
    Evaluation,
    InfusionCourse,
    Lot,
    StaleSubject,
    Subject,
)
from cart.scoping import visible_to

PanelRenderer = Callable[[HttpRequest, Subject], str]


@dataclass(frozen=True)
class Step:
    """A kind of record of a subject: how many there are, where they are listed and entered."""

    title: str
    count: int
    list_url: str
    add_url: str


@dataclass(frozen=True)
class _Registered:
    order: int
    title: str
    render: PanelRenderer


@dataclass(frozen=True)
class _StepOf:
    title: str
    model: type[Any]
    lookup: str


_panels: dict[str, _Registered] = {}
_steps: list[_StepOf] = []


def register_subject_panel(*, key: str, title: str, order: int, render: PanelRenderer) -> None:
    """Add a section below the subject's form: ``render(request, subject) -> HTML``, empty for nothing."""
    _panels[key] = _Registered(order=order, title=title, render=render)


def register_subject_step(*, title: str, model: type[Any], lookup: str = "subject") -> None:
    """Add a kind of record to the row of links above the subject's form."""
    if not any(step.model is model for step in _steps):
        _steps.append(_StepOf(title=title, model=model, lookup=lookup))


def panels_of(
    request: HttpRequest, subject: Subject, *, may_write: bool
) -> tuple[list[Step], list[tuple[str, str, str]]]:
    """Steps, and (key, title, HTML) of the panels of a subject, for the user of this request."""
    steps = [_step(request, step, subject, may_write=may_write) for step in _steps]
    panels = [
        (key, panel.title, html)
        for key, panel in sorted(_panels.items(), key=lambda item: item[1].order)
        if (html := panel.render(request, subject))
    ]
    return [step for step in steps if step is not None], panels


def _step(request: HttpRequest, step: _StepOf, subject: Subject, *, may_write: bool) -> Step | None:
    rows = visible_to(request.user, step.model._default_manager.all())
    counted = rows.filter(**{step.lookup: subject}).order_by().aggregate(count=Count("pk"))["count"]
    name = f"{step.model._meta.app_label}_{step.model._meta.model_name}"
    return Step(
        title=step.title,
        count=counted,
        list_url=f"{reverse(f'admin:{name}_changelist')}?{step.lookup}__id__exact={subject.pk}",
        add_url=f"{reverse(f'admin:{name}_add')}?{step.lookup}={subject.pk}" if may_write else "",
    )


def endpoint_panel(request: HttpRequest, subject: Subject, *, exported: bool = False) -> str:
    """Current endpoints of a subject with status, answer and the reason where one is missing.

    On a page it follows its inputs (``follow.js``); ``exported`` it stays as it was.
    """
    newest = (
        # Those of a data cut stand with the cut.
        visible_to(request.user, Evaluation.objects.live().filter(subject=subject))
        .select_related("run")
        .order_by("-id")
        .first()
    )
    stale = visible_to(request.user, StaleSubject.objects.filter(subject=subject)).first()
    if newest is None and stale is None:
        return ""
    results = (
        EndpointResult.objects.filter(evaluation=newest)
        .select_related("definition")
        .order_by("definition__code", "series", "day", "timepoint")
    )
    rows = [{"result": result, "answer": answer_text(result)} for result in results]
    return render_to_string(
        "cart/endpoint_panel.html",
        {"rows": rows, "evaluation": newest, "stale": stale, "subject": subject, "exported": exported},
        request=request,
    )


def release_panel(request: HttpRequest, subject: Subject) -> str:
    """Release tests that failed after the lot's release: a result may come when the cells are in the subject."""
    tests = late_failures(subject)
    return render_to_string("cart/release_panel.html", {"tests": tests}, request=request) if tests else ""


register_subject_panel(key="release", title="Failed release tests", order=5, render=release_panel)
register_subject_panel(key="endpoints", title="Endpoints", order=20, render=endpoint_panel)
for _title, _model in [
    ("Apheresis", Apheresis),
    ("Lots", Lot),
    ("Bridging", BridgingTherapy),
    ("Conditioning", ConditioningCourse),
    ("Chelation", Chelation),
    ("Infusion", InfusionCourse),
]:
    register_subject_step(title=_title, model=_model)
