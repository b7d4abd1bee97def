"""Load a study template: arms, visits, products, endpoint parameters; a changed template is a new version."""

import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from cart.endpoints import catalogue  # noqa: F401 - fills the registry
from cart.endpoints.errors import ParameterError
from cart.endpoints.registry import check_parameters
from cart.models import Arm, PlannedVisit, Product, ProtocolVersion, ReleaseSpecification, Study
from trialsite.audit.context import acting

FOLDER = "cart.templates_study"
TEXT, WHOLE, NUMBER, YES_NO, LIST = "text", "whole number", "number", "true or false", "list"
_TYPES: dict[str, tuple[type, ...]] = {
    TEXT: (str,),
    WHOLE: (int,),
    NUMBER: (int, float),
    YES_NO: (bool,),
    LIST: (list,),
}
# Section -> (keys that an entry may have with the kind of their value, keys that it must have).
SECTIONS: dict[str, tuple[dict[str, str], set[str]]] = {
    "arms": ({"code": TEXT, "title": TEXT, "anchor": TEXT}, {"code", "title"}),
    "visits": (
        {"code": TEXT, "name": TEXT, "anchor": TEXT, "target": WHOLE, "low": WHOLE, "high": WHOLE},
        {"code", "name", "target", "low", "high"},
    ),
    "products": (
        {"code": TEXT, "kind": TEXT, "title": TEXT, "dose_tolerance_percent": NUMBER, "specifications": LIST},
        {"code", "kind", "title"},
    ),
    "analytes": (
        {"code": TEXT, "name": TEXT, "kind": TEXT, "unit": TEXT, "loinc": TEXT, "sdtm": TEXT},
        {"code", "name", "kind", "unit"},
    ),
}
SPECIFICATION: tuple[dict[str, str], set[str]] = (
    {"test": TEXT, "comparison": TEXT, "limit": NUMBER, "unit": TEXT, "may_follow_release": YES_NO},
    {"test", "comparison"},
)
# Shape of a UCUM unit: parts of letters, digits, %, *, ' or [..], each with an optional {annotation}, joined by
# '.' and '/'. It holds off `µg/L`, `10^9/L`, `IU / mL`; whether an atom exists only UCUM's own tables know.
_UNIT_PART = r"(?:(?:[A-Za-z0-9%*'_-]|\[[!-Z\\^-z]+\])+(?:\{[!-z|~]+\})?|\{[!-z|~]+\})"
_UCUM = re.compile(rf"/?{_UNIT_PART}(?:[./]{_UNIT_PART})*")


class TemplateError(ValueError):
    """A template is missing or does not hold what a template must; the message names the place."""


class _OnceLoader(yaml.SafeLoader):
    """Refuses a key that is written twice; YAML would keep the last and drop the first without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[no-untyped-call]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"the key {twice[0]!r} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def template_names() -> list[str]:
    """Codes of the templates that ship."""
    return sorted(f.name.removesuffix(".yaml") for f in resources.files(FOLDER).iterdir() if f.name.endswith(".yaml"))


def read_template(code: str) -> dict[str, Any]:
    """Content of a template, checked.

    Raises
    ------
    TemplateError
        Unknown template, a file that cannot be read, or a wrong entry with its path.
    """
    if code not in template_names():
        raise TemplateError(f"There is no template {code!r}; known: {', '.join(template_names())}. [unknown-template]")
    return read_template_file(resources.files(FOLDER).joinpath(f"{code}.yaml"))


def read_template_file(file: Traversable) -> dict[str, Any]:
    """Content of a template's file, checked.

    Raises
    ------
    TemplateError
        The file cannot be read, is no YAML, or holds a wrong entry, with its path.
    """
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_OnceLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"Template {file.name} cannot be read as UTF-8 text: {error}. [template-file]") from error
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise TemplateError(f"Template {file.name} is no YAML: {said}. [template-yaml]") from error
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
    for key in ("code", "title"):
        _check_type(key, content[key], TEXT)
    for section, rule in SECTIONS.items():
        _check_entries(section, content.get(section, []), rule, key="code")
    for number, product in enumerate(content.get("products", [])):
        path = f"products[{number}].specifications"
        _check_entries(path, product.get("specifications", []), SPECIFICATION, key="test")
    for number, analyte in enumerate(content.get("analytes", [])):
        _check_unit(f"analytes[{number}].unit", analyte)
    _check_endpoints(content.get("endpoints", {}))


def _check_entries(path: str, entries: Any, rule: tuple[dict[str, str], set[str]], *, key: str) -> None:
    _check_type(path, entries, LIST)
    first: dict[str, int] = {}
    for number, entry in enumerate(entries):
        _check_entry(f"{path}[{number}]", entry, rule)
        earlier = first.setdefault(entry[key], number)
        if earlier != number:
            raise TemplateError(f"{path}[{number}].{key}: {entry[key]!r} is that of [{earlier}] too. [template-twice]")


def _check_entry(path: str, entry: Any, rule: tuple[dict[str, str], set[str]]) -> None:
    may, must = rule
    if not isinstance(entry, Mapping):
        raise TemplateError(f"{path}: an entry is a mapping. [template-shape]")
    for key in entry:
        if key not in may:
            raise TemplateError(f"{path}.{key}: there is no such key; known: {', '.join(sorted(may))}. [template-key]")
        _check_type(f"{path}.{key}", entry[key], may[key])
    for key in sorted(must):
        if key not in entry:
            raise TemplateError(f"{path}.{key}: it is missing. [template-key]")


def _check_type(path: str, value: Any, kind: str) -> None:
    # Python counts a bool as an int, and YAML reads `yes` as a bool.
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != YES_NO):
        raise TemplateError(f"{path}: a {kind} is needed; found {value!r}. [template-type]")


def _check_unit(path: str, analyte: Mapping[str, Any]) -> None:
    unit = analyte["unit"]
    if not unit and analyte["kind"] == "quantity":
        raise TemplateError(f"{path}: a quantity has a unit; without dimension it is '1'. [template-unit]")
    if unit and not _UCUM.fullmatch(unit):
        raise TemplateError(
            f"{path}: a unit is written as in UCUM, such as ug/L or 10*9/L; found {unit!r}. [template-unit]"
        )


def _check_endpoints(endpoints: Any) -> None:
    if not isinstance(endpoints, Mapping) or not all(isinstance(values, Mapping) for values in endpoints.values()):
        raise TemplateError(
            f"endpoints: endpoint codes, each with its parameters, are needed; found {endpoints!r}. [template-shape]"
        )
    try:
        check_parameters(endpoints)
    except ParameterError as error:
        raise TemplateError(f"endpoints: {error}") from error


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
    for number, entry in enumerate(template.get("products", [])):
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
