"""Load a study template: arms, visits, products, endpoint parameters; a changed template is a new version."""

import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from cart.endpoints import catalogue  # noqa: F401 - fills the registry
from cart.endpoints.errors import ParameterError
from cart.endpoints.registry import check_parameters
from cart.models import Arm, PlannedVisit, Product, ProtocolVersion, ReleaseSpecification, Study
from trialsite.audit.context import acting

FOLDER = "cart.templates_study"
# Section -> (key needed?, keys that an entry may have, keys that it must have).
SECTIONS: dict[str, tuple[set[str], set[str]]] = {
    "arms": ({"code", "title", "anchor"}, {"code", "title"}),
    "visits": ({"code", "name", "target", "low", "high"}, {"code", "name", "target", "low", "high"}),
    "products": ({"code", "kind", "title", "dose_tolerance_percent", "specifications"}, {"code", "kind", "title"}),
    "analytes": ({"code", "name", "kind", "unit", "loinc", "sdtm"}, {"code", "name", "kind", "unit"}),
}
SPECIFICATION = ({"test", "comparison", "limit", "unit", "may_follow_release"}, {"test", "comparison"})


class TemplateError(ValueError):
    """A template is missing or does not hold what a template must; the message names the place."""


def template_names() -> list[str]:
    """Codes of the templates that ship."""
    return sorted(f.name.removesuffix(".yaml") for f in resources.files(FOLDER).iterdir() if f.name.endswith(".yaml"))


def read_template(code: str) -> dict[str, Any]:
    """Content of a template, checked.

    Raises
    ------
    TemplateError
        Unknown template, or a wrong entry with its path.
    """
    if code not in template_names():
        raise TemplateError(f"There is no template {code!r}; known: {', '.join(template_names())}. [unknown-template]")
    content = yaml.safe_load(resources.files(FOLDER).joinpath(f"{code}.yaml").read_text(encoding="utf-8"))
    check_template(content)
    return dict(content)


def check_template(content: Any) -> None:
    """Refuse what is not a template.

    Raises
    ------
    TemplateError
        Naming the path, e.g. ``visits[2].low``.
    """
    if not isinstance(content, Mapping):
        raise TemplateError("A template is a mapping. [template-shape]")
    allowed = {"code", "title", "endpoints", *SECTIONS}
    for key in content:
        if key not in allowed:
            raise TemplateError(
                f"{key}: a template has no such section; known: {', '.join(sorted(allowed))}. [template-key]"
            )
    for key in ("code", "title", "arms", "visits"):
        if not content.get(key):
            raise TemplateError(f"{key}: a template needs it. [template-key]")
    for section, rule in SECTIONS.items():
        for number, entry in enumerate(content.get(section, [])):
            _check_entry(f"{section}[{number}]", entry, rule)
            for place, specification in enumerate(entry.get("specifications", [])):
                _check_entry(f"{section}[{number}].specifications[{place}]", specification, SPECIFICATION)
    try:
        check_parameters(content.get("endpoints", {}))
    except ParameterError as error:
        raise TemplateError(f"endpoints: {error}") from error


def _check_entry(path: str, entry: Any, rule: tuple[set[str], set[str]]) -> None:
    may, must = rule
    if not isinstance(entry, Mapping):
        raise TemplateError(f"{path}: an entry is a mapping. [template-shape]")
    for key in entry:
        if key not in may:
            raise TemplateError(f"{path}.{key}: there is no such key; known: {', '.join(sorted(may))}. [template-key]")
    for key in sorted(must):
        if key not in entry:
            raise TemplateError(f"{path}.{key}: it is missing. [template-key]")


def load_template(*, template: Mapping[str, Any], study_code: str, actor: str, reason: str) -> tuple[Study, bool]:
    """Make the study, or a new protocol version where the template changed; False where nothing did.

    Raises
    ------
    TemplateError
        A value that the trial's own rules refuse.
    """
    content = json.dumps(template, sort_keys=True, default=str)
    digest = hashlib.sha256(content.encode()).hexdigest()
    with acting(actor=actor, reason=reason), transaction.atomic():
        study, _ = Study.objects.select_for_update().get_or_create(
            code=study_code, defaults={"title": template["title"], "template": template["code"]}
        )
        last = study.current_protocol()
        if last is not None and last.content_sha256 == digest:
            return study, False
        protocol = ProtocolVersion.objects.create(
            study=study,
            number=last.number + 1 if last else 1,
            effective_on=timezone.localdate(),
            parameters=dict(template.get("endpoints", {})),
            content_sha256=digest,
        )
        try:
            _load_records(study, protocol, template)
        except ValidationError as error:
            raise TemplateError(f"The template breaks a rule: {'; '.join(error.messages)}") from error
    return study, True


def _load_records(study: Study, protocol: ProtocolVersion, template: Mapping[str, Any]) -> None:
    for arm in template["arms"]:
        if not study.arms.filter(code=arm["code"]).exists():
            _save(Arm(study=study, **arm))
    for visit in template["visits"]:
        _save(
            PlannedVisit(
                protocol=protocol,
                code=visit["code"],
                name=visit["name"],
                target_day=visit["target"],
                window_low_day=visit["low"],
                window_high_day=visit["high"],
            )
        )
    for entry in template.get("products", []):
        fields = {key: value for key, value in entry.items() if key != "specifications"}
        before = study.products.filter(code=entry["code"]).order_by("-version").first()
        # Specifications belong to a product version: another template makes another version.
        product = _save(Product(study=study, version=before.version + 1 if before else 1, **fields))
        for specification in entry.get("specifications", []):
            _save(ReleaseSpecification(product=product, **specification))


def _save(record: Any) -> Any:
    record.full_clean()
    record.save()
    return record
