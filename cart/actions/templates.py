"""Load a study template: everything that it plans; a changed template is a new protocol version."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from cart.actions.template_files import check_template
from cart.actions.template_shape import TemplateError
from cart.endpoints.long_term import long_term_visits
from cart.models import (
    Arm,
    Cohort,
    EligibilityCriterion,
    Panel,
    PanelAnalyte,
    PlannedPanel,
    PlannedVisit,
    Product,
    ProtocolVersion,
    ReleaseSpecification,
    Study,
)
from cart.models.planned_cells import PLAN_FIELDS
from trialsite.audit.context import acting


def load_template(*, template: Mapping[str, Any], study_code: str, actor: str, reason: str) -> tuple[Study, bool]:
    """Make the study, or a new protocol version where the template changed; False where nothing did.

    What is there already stays as it is: arms, earlier protocol versions, earlier product versions.

    Raises
    ------
    TemplateError
        A wrong entry, a value that the trial's own rules refuse, or a study made from another template; nothing
        is stored.
    """
    check_template(template)
    content = json.dumps(template, sort_keys=True, default=str)
    digest = hashlib.sha256(content.encode()).hexdigest()
    with acting(actor=actor, reason=reason), transaction.atomic():
        study = _study(template, study_code)
        last = study.current_protocol()
        if last is not None and last.content_sha256 == digest:
            return study, False
        protocol = ProtocolVersion.objects.create(
            study=study,
            number=last.number + 1 if last else 1,
            effective_on=timezone.localdate(),
            parameters=dict(template.get("endpoints", {})),
            randomisation=dict(template.get("randomisation", {})),
            content_sha256=digest,
        )
        _load_records(study, protocol, template)
    return study, True


def _study(template: Mapping[str, Any], code: str) -> Study:
    first = {"title": template["title"], "template": template["code"]}
    if not Study.objects.filter(code=code).exists():
        _check("study", Study(code=code, **first))
    study, _ = Study.objects.select_for_update().get_or_create(code=code, defaults=first)
    # A study entered by hand names no template and takes its schedule from any.
    if study.template not in ("", template["code"]):
        raise TemplateError(
            f"Study {study} was made from template {study.template!r}; {template['code']!r} would replace its schedule "
            "and endpoint parameters. Load it into a study of its own. [template-of-other-study]"
        )
    return study


def _load_records(study: Study, protocol: ProtocolVersion, template: Mapping[str, Any]) -> None:
    for number, entry in enumerate(template["arms"]):
        _load_arm(f"arms[{number}]", study, entry)
    for number, entry in enumerate(template.get("cohorts", [])):
        _load_cohort(f"cohorts[{number}]", study, entry)
    _load_visits(protocol, template)
    _load_panels(protocol, template.get("panels", []))
    for number, entry in enumerate(template.get("criteria", [])):
        _save(f"criteria[{number}]", EligibilityCriterion(protocol=protocol, position=number + 1, **entry))
    _load_products(study, template.get("products", []))


def _load_visits(protocol: ProtocolVersion, template: Mapping[str, Any]) -> None:
    for number, visit in enumerate(template["visits"]):
        _save(
            f"visits[{number}]",
            PlannedVisit(
                protocol=protocol,
                code=visit["code"],
                name=visit["name"],
                anchor=visit.get("anchor", PlannedVisit.Anchor.TIME_ZERO),
                target_day=visit["target"],
                window_low_day=visit["low"],
                window_high_day=visit["high"],
            ),
        )
    for late in long_term_visits(**template["long_term"]) if "long_term" in template else []:
        _save(
            "long_term",
            PlannedVisit(
                protocol=protocol,
                code=late.code,
                name=late.name,
                phase=PlannedVisit.Phase.LONG_TERM,
                target_day=late.target,
                window_low_day=late.low,
                window_high_day=late.high,
            ),
        )


def _load_panels(protocol: ProtocolVersion, entries: Sequence[Mapping[str, Any]]) -> None:
    planned = {visit.code: visit for visit in protocol.planned_visits.all()}
    for number, entry in enumerate(entries):
        path = f"panels[{number}]"
        panel = _save(path, Panel(protocol=protocol, code=entry["code"], name=entry["name"]))
        for place, code in enumerate(entry["analytes"]):
            analyte = PanelAnalyte(panel=panel, analyte_code=code, position=place + 1)
            _save(f"{path}.analytes[{place}]", analyte)
        for place, code in enumerate(entry["visits"]):
            _save(f"{path}.visits[{place}]", PlannedPanel(panel=panel, planned=planned[code]))


def _load_products(study: Study, entries: Sequence[Mapping[str, Any]]) -> None:
    for number, entry in enumerate(entries):
        path = f"products[{number}]"
        fields = {key: _exact(value) for key, value in entry.items() if key != "specifications"}
        before = study.products.filter(code=entry["code"]).order_by("-version").first()
        # Specifications belong to a product version: another template makes another version.
        product = _save(path, Product(study=study, version=before.version + 1 if before else 1, **fields))
        for place, specification in enumerate(entry.get("specifications", [])):
            criterion = {key: _exact(value) for key, value in specification.items()}
            _save(f"{path}.specifications[{place}]", ReleaseSpecification(product=product, **criterion))


def _load_arm(path: str, study: Study, entry: Mapping[str, Any]) -> None:
    known = study.arms.filter(code=entry["code"]).first()
    if known is None:
        _save(path, Arm(study=study, **entry))
    elif entry.get("anchor", Arm.Anchor.INFUSION) != known.anchor:
        # Left as it is, the arm would count its days from another event than the template says.
        raise TemplateError(
            f"{path}.anchor: arm {known} of study {study} has its time zero at {known.anchor!r}; a changed time zero "
            "is another arm, with a code of its own. [template-anchor]"
        )


def _load_cohort(path: str, study: Study, entry: Mapping[str, Any]) -> None:
    fields = {key: _exact(value) for key, value in entry.items() if key not in ("code", "arm")}
    arm = study.arms.get(code=entry["arm"]) if "arm" in entry else None
    known = study.cohorts.filter(code=entry["code"]).first()
    if known is None:
        _save(path, Cohort(study=study, arm=arm, code=entry["code"], **fields))
        return
    # Subjects were dosed by the plan that stands there.
    plan = (*PLAN_FIELDS, "planned_size", "level")
    differs = [name for name in plan if name in fields and getattr(known, name) != fields[name]]
    if differs or known.arm != arm:
        raise TemplateError(
            f"{path}: cohort {known} of study {study} has another {', '.join(differs) or 'arm'}; a changed plan is "
            "another cohort, with a code of its own. [template-cohort]"
        )


def _exact(value: Any) -> Any:
    # As written: 0.1 is 0.1, not the nearest binary fraction with its seventeen digits.
    return Decimal(str(value)) if isinstance(value, float) else value


def _save(path: str, record: Any) -> Any:
    _check(path, record)
    record.save()
    return record


def _check(path: str, record: Model) -> None:
    try:
        record.full_clean()
    except ValidationError as error:
        raise TemplateError(f"{path}: {'; '.join(error.messages)}") from error
