"""Shape of a study template: sections, keys and types; every refusal names its place."""

import re
from collections.abc import Mapping
from typing import Any

from cart.endpoints import catalogue  # noqa: F401 - fills the registry
from cart.endpoints.errors import ParameterError
from cart.endpoints.registry import check_parameters

TEXT, WHOLE, NUMBER, YES_NO, LIST, MAPPING = "text", "whole number", "number", "true or false", "list", "mapping"
_TYPES: dict[str, tuple[type, ...]] = {
    TEXT: (str,),
    WHOLE: (int,),
    NUMBER: (int, float),
    YES_NO: (bool,),
    LIST: (list,),
    MAPPING: (dict,),
}
Rule = tuple[dict[str, str], set[str]]
# Section -> (keys that an entry may have with the kind of their value, keys that it must have).
SECTIONS: dict[str, Rule] = {
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
    "cohorts": (
        {
            "code": TEXT, "title": TEXT, "arm": TEXT, "level": WHOLE, "planned_cells_per_kg_e6": NUMBER,
            "planned_cd19_per_kg_e6": NUMBER, "planned_bcma_per_kg_e6": NUMBER, "planned_size": WHOLE,
        },
        {"code", "title"},
    ),
    "panels": (
        {"code": TEXT, "name": TEXT, "analytes": LIST, "visits": LIST},
        {"code", "name", "analytes", "visits"},
    ),
    "criteria": ({"code": TEXT, "kind": TEXT, "text": TEXT}, {"code", "kind", "text"}),
}  # fmt: skip
# Sections that are one mapping.
SINGLE: dict[str, Rule] = {
    "long_term": (
        {"first_year": WHOLE, "last_year": WHOLE, "every_years": WHOLE, "window_days": WHOLE},
        {"first_year", "window_days"},
    ),
    "randomisation": ({"ratio": MAPPING, "block_sizes": LIST, "by_site": YES_NO}, {"ratio", "block_sizes"}),
}
SPECIFICATION: Rule = (
    {"test": TEXT, "comparison": TEXT, "limit": NUMBER, "unit": TEXT, "may_follow_release": YES_NO},
    {"test", "comparison"},
)
# Shape of a UCUM unit: parts of letters, digits, %, *, ' or [..], each with an optional {annotation}, joined by
# '.' and '/'. It holds off `µg/L`, `10^9/L`, `IU / mL`; whether an atom exists only UCUM's own tables know.
_UNIT_PART = r"(?:(?:[A-Za-z0-9%*'_-]|\[[!-Z\\^-z]+\])+(?:\{[!-z|~]+\})?|\{[!-z|~]+\})"
_UCUM = re.compile(rf"/?{_UNIT_PART}(?:[./]{_UNIT_PART})*")


class TemplateError(ValueError):
    """A template is missing or does not hold what a template must; the message names the place."""


def check_shape(content: Any) -> None:
    """Refuse sections, keys and types that a template does not have.

    Raises
    ------
    TemplateError
        Naming the path, e.g. ``visits[2].low``.
    """
    if not isinstance(content, Mapping):
        raise TemplateError("A template is a mapping. [template-shape]")
    allowed = {"code", "title", "endpoints", *SECTIONS, *SINGLE}
    for key in content:
        if key not in allowed:
            raise TemplateError(
                f"{key}: a template has no such section; known: {', '.join(sorted(allowed))}. [template-key]"
            )
    for key in ("code", "title", "arms", "visits"):
        if not content.get(key):
            raise TemplateError(f"{key}: a template needs it. [template-key]")
    for key in ("code", "title"):
        check_type(key, content[key], TEXT)
    for section, rule in SECTIONS.items():
        _check_entries(section, content.get(section, []), rule, key="code")
    for section, rule in SINGLE.items():
        if section in content:
            _check_entry(section, content[section], rule)
    for number, product in enumerate(content.get("products", [])):
        path = f"products[{number}].specifications"
        _check_entries(path, product.get("specifications", []), SPECIFICATION, key="test")
    for number, analyte in enumerate(content.get("analytes", [])):
        _check_unit(f"analytes[{number}].unit", analyte)
    _check_endpoints(content.get("endpoints", {}))


def _check_entries(path: str, entries: Any, rule: Rule, *, key: str) -> None:
    check_type(path, entries, LIST)
    first: dict[str, int] = {}
    for number, entry in enumerate(entries):
        _check_entry(f"{path}[{number}]", entry, rule)
        earlier = first.setdefault(entry[key], number)
        if earlier != number:
            raise TemplateError(f"{path}[{number}].{key}: {entry[key]!r} is that of [{earlier}] too. [template-twice]")


def _check_entry(path: str, entry: Any, rule: Rule) -> None:
    may, must = rule
    if not isinstance(entry, Mapping):
        raise TemplateError(f"{path}: an entry is a mapping. [template-shape]")
    for key in entry:
        if key not in may:
            raise TemplateError(f"{path}.{key}: there is no such key; known: {', '.join(sorted(may))}. [template-key]")
        check_type(f"{path}.{key}", entry[key], may[key])
    for key in sorted(must):
        if key not in entry:
            raise TemplateError(f"{path}.{key}: it is missing. [template-key]")


def check_type(path: str, value: Any, kind: str) -> None:
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
