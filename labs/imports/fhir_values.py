"""Value of an Observation or component: text as received, unit, range, flag, or the reason why there is none. PURE."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labs.imports.fhir_elements import (
    ElementError,
    concept_code,
    concept_text,
    limit_of,
    object_of,
    objects_of,
    quantity_text,
    text_of,
    unit_of,
)
from labs.imports.json_text import Number

KNOWN = ("valueQuantity", "valueString", "valueCodeableConcept", "valueInteger", "valueRatio")
MAX_FLAG, MAX_UNIT = 12, 40


@dataclass(frozen=True)
class Value:
    """A result as received. ``places``: where result and unit stand; ``unranged``: ranges there, none taken."""

    result: str = ""
    unit: str = ""
    reason: str = ""
    received_unit: str = ""
    range_low: str | None = None
    range_high: str | None = None
    range_flag: str = ""
    unranged: bool = False
    places: Mapping[str, str] = field(default_factory=dict)


def has_value(element: Mapping[str, Any]) -> bool:
    """Does it hold a value of its own, of whatever type?"""
    return any(_is_value(name) for name in element)


def _is_value(name: str) -> bool:
    return name.startswith("value") and name[5:6].isupper()


def absent_reason(element: Mapping[str, Any], path: str) -> str:
    """Why there is no value, in the words of the sender."""
    reason = object_of(element, "dataAbsentReason", path)
    return concept_text(reason, f"{path}.dataAbsentReason") if reason else ""


def value_of(element: Mapping[str, Any], path: str, units: Mapping[str, str], *, otherwise: str) -> Value:
    """Value of an Observation or component; ``otherwise``: the reason where it says none itself."""
    names = [name for name in element if _is_value(name)]
    reason = absent_reason(element, path)
    if not names:
        return Value(reason=reason or otherwise, places={"result": f"{path}.value[x]"})
    name, at = names[0], f"{path}.{names[0]}"
    if reason:
        raise ElementError(f"{path}.dataAbsentReason", "fhir-value", reason, "a value or a reason, not both")
    if len(names) > 1 or name not in KNOWN:
        raise ElementError(at, "fhir-value", ", ".join(names), f"one of {', '.join(KNOWN)}")
    quantity = (object_of(element, name, path) or {}) if name == "valueQuantity" else {}
    unit = received = ""
    places = {"result": at, "unit": at}
    if name == "valueQuantity":
        result = quantity_text(quantity, at)
        unit, received = unit_of(quantity, units, at)
        places = {"result": f"{at}.value", "unit": f"{at}.{'code' if quantity.get('code') else 'unit'}"}
    elif name == "valueString":
        result = text_of(element, name, path)
    elif name == "valueInteger":
        result = _integer(element[name], at)
    elif name == "valueRatio":
        result = _ratio(object_of(element, name, path) or {}, at)
    else:
        result = concept_text(object_of(element, name, path) or {}, at)
    if not result.strip(" "):
        raise ElementError(at, "fhir-value", result, "a value; where there is none, dataAbsentReason alone")
    if len(received) > MAX_UNIT:
        raise ElementError(f"{at}.unit", "too-long", received, f"at most {MAX_UNIT} characters")
    low, high, unranged = _range(element, quantity, path)
    flag = _flag(element, path)
    return Value(result, unit, "", received, low, high, flag, unranged, places)


def _integer(value: object, at: str) -> str:
    if not isinstance(value, Number):
        raise ElementError(at, "fhir-value", value, "a number of JSON")
    return str(value)


def _ratio(ratio: Mapping[str, Any], at: str) -> str:
    """A titer, ``1:640``; a censored one has its comparator in the denominator."""
    top, bottom = (object_of(ratio, name, at) or {} for name in ("numerator", "denominator"))
    for name, part in (("numerator", top), ("denominator", bottom)):
        unit = text_of(part, "code", at) or text_of(part, "unit", at)
        if unit not in ("", "1", "{titer}"):
            raise ElementError(f"{at}.{name}", "fhir-value", unit, "a ratio without units, such as 1:640")
    if text_of(top, "comparator", at):
        # `<1` to 40 is below 1/40 as arithmetic, a titer above 40; converters from HL7 v2 mean the contrary by it.
        raise ElementError(
            f"{at}.numerator.comparator", "fhir-comparator", top["comparator"], "the comparator in the denominator"
        )
    one, dilution = quantity_text(top, f"{at}.numerator"), quantity_text(bottom, f"{at}.denominator")
    sign = dilution[0] if dilution[0] in "<>" else ""
    return f"{sign}{one}:{dilution.removeprefix(sign)}"


def _range(element: Mapping[str, Any], quantity: Mapping[str, Any], path: str) -> tuple[str | None, str | None, bool]:
    """Limits of the one normal range; whether there are ranges of which none can be chosen."""
    ranges = list(objects_of(element, "referenceRange", path))
    normal = [
        (at, one)
        for at, one in ranges
        if (kind := object_of(one, "type", at)) is None or concept_code(kind, f"{at}.type") == "normal"
    ]
    if len(normal) != 1 or not quantity:
        return None, None, bool(ranges)
    at, one = normal[0]
    low, high = (limit_of(object_of(one, name, at), quantity, f"{at}.{name}") for name in ("low", "high"))
    return low, high, low is None and high is None


def _flag(element: Mapping[str, Any], path: str) -> str:
    codes = [concept_code(one, at) for at, one in objects_of(element, "interpretation", path)]
    flag = ",".join(code for code in codes if code)
    if len(flag) > MAX_FLAG:
        raise ElementError(f"{path}.interpretation", "too-long", flag, f"at most {MAX_FLAG} characters")
    return flag
