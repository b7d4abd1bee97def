"""A subject's records as a data cut has them, each with what became of it since."""

from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from cart.actions.cuts import cut_models, tables_of
from cart.models import DataCut, Subject
from cart.scoping import way_to
from trialsite.isolation.moment import one_moment

# A table of a subject with more rows than this is listed in the export instead.
MOST_ROWS = 200


def subject_page(request: HttpRequest, site: AdminSite, cut: DataCut, code: str) -> HttpResponse:
    """The page; without a subject that the cut has, the form to choose one."""
    with one_moment():
        with tables_of(cut) as changed:
            # Whoever may see a cut may see every subject of it.
            subject = Subject.objects.filter(study=cut.study_id, code=code).first()
            then = _records(subject) if subject is not None else {}
        now = _records(subject) if subject is not None else {}
    context = {
        **site.each_context(request),
        "title": f"{code} as {cut.name} has it" if subject else f"A subject as {cut.name} has it",
        "cut": cut,
        "code": code,
        "subject": subject,
        "records": [_compared(model, then[model], now[model]) for model in then if then[model] or now[model]],
        "changed": changed,
        "most": MOST_ROWS,
        "cut_url": reverse("admin:cart_datacut_change", args=[cut.pk]),
    }
    return TemplateResponse(request, "cart/cut_subject.html", context)


def _records(subject: Subject) -> dict[type[Model], dict[Any, dict[str, Any]]]:
    """Rows of every record of a subject by key, with the columns that say something."""
    found: dict[type[Model], dict[Any, dict[str, Any]]] = {}
    for model in cut_models().values():
        way = way_to(model, Subject)
        if way is None:
            continue
        rows = model._default_manager.filter(**{way or "pk": subject.pk}).order_by("pk")
        found[model] = {row["pk"]: row for row in rows.values("pk", *_names(model))[:MOST_ROWS]}
    return found


def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if not field.primary_key]


def _compared(model: type[Model], then: dict[Any, dict[str, Any]], now: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    labels = {field.attname: str(field.verbose_name) for field in model._meta.concrete_fields}
    rows = []
    for key, row in then.items():
        today = now.get(key)
        shown = [
            {"label": labels[name], "value": value, "now": "" if today is None else today[name]}
            | {"differs": today is not None and today[name] != value}
            for name, value in row.items()
            if name != "pk" and (value not in (None, "", [], {}) or (today is not None and today[name] != value))
        ]
        rows.append({"key": key, "fields": shown, "gone": today is None})
    return {"label": str(model._meta.verbose_name_plural), "rows": rows, "later": len(now.keys() - then.keys())}
