"""Elements of FHIR resources, taken with the care that foreign JSON wants. PURE.

What an element must be is said by ``ElementError``: where it stands, the rule, what was found, what is expected.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from labs.imports.fhir_layout import ANY
from labs.imports.json_text import Number

UCUM = "http://unitsofmeasure.org"
_SHOWN = 200
_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
# Fractions of a second are let go: a specimen is not collected to the millisecond.
_INSTANT = re.compile(
    rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})?)(?:\.[0-9]+)?({_OFFSET})"
)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+")
# As long as the grammar of results takes them, and the database exactly.
_LIMIT = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?")
Made = TypeVar("Made")


class ElementError(ValueError):
    """An element is not what it must be."""

    def __init__(self, column: str, rule: str, found: object, expected: str) -> None:
        super().__init__(rule)
        self.column = column
        self.rule = rule
        self.found = shown(found)
        self.expected = expected


def shown(found: object) -> str:
    """Of what was found as much as a report holds, without what a database cannot hold."""
    text = found if isinstance(found, str) else repr(found)
    return text[:_SHOWN].encode("utf-8", "backslashreplace").decode().replace("\x00", "\\0")


def tried(problems: list[ElementError], make: Callable[[], Made]) -> Made | None:
    """What ``make`` gives; None, and the problem noted, where an element is not what it must be."""
    try:
        return make()
    except ElementError as error:
        problems.append(error)
        return None


def text_of(element: Mapping[str, Any], name: str, path: str) -> str:
    """Text of a member, '' where it is absent."""
    value = element.get(name)
    if value is None:
        return ""
    if type(value) is not str:
        raise ElementError(f"{path}.{name}", "fhir-shape", value, "a text")
    if not value.isprintable():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ElementError(f"{path}.{name}", "fhir-shape", value, "whole characters") from None
        if "\x00" in value:
            raise ElementError(f"{path}.{name}", "fhir-shape", value, "text without NUL characters")
    return value


def object_of(element: Mapping[str, Any], name: str, path: str) -> dict[str, Any] | None:
    """Object of a member, None where it is absent."""
    value = element.get(name)
    if value is not None and not isinstance(value, dict):
        raise ElementError(f"{path}.{name}", "fhir-shape", value, "an object")
    return value


def objects_of(element: Mapping[str, Any], name: str, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Objects of a list with the place of each; nothing where the member is absent."""
    value = element.get(name)
    if value is None:
        return
    if not isinstance(value, list):
        raise ElementError(f"{path}.{name}", "fhir-shape", value, "a list")
    for at, one in enumerate(value):
        if not isinstance(one, dict):
            raise ElementError(f"{path}.{name}[{at}]", "fhir-shape", one, "an object")
        yield f"{path}.{name}[{at}]", one


def refuse_modifiers(element: Mapping[str, Any], path: str) -> None:
    """Refuse what may turn the meaning of the rest round; FHIR forbids to go on without understanding it."""
    for name in ("modifierExtension", "implicitRules"):
        if element.get(name):
            raise ElementError(f"{path}.{name}", "fhir-modifier", element[name], "no extension that changes meaning")


def concept_text(concept: Mapping[str, Any], path: str) -> str:
    """What a concept says in words: its text, else the one display of its codings, else its one code."""
    if text := text_of(concept, "text", path):
        return text
    codings = list(objects_of(concept, "coding", path))
    for name in ("display", "code"):
        said = {text for at, coding in codings if (text := text_of(coding, name, at))}
        if len(said) == 1:
            return said.pop()
        if said:
            raise ElementError(path, "fhir-value", " / ".join(sorted(said)), "one text, or codings of one display")
    return ""


def concept_code(concept: Mapping[str, Any], path: str) -> str:
    """The first code of a concept, else its text."""
    for at, coding in list(objects_of(concept, "coding", path)):
        if code := text_of(coding, "code", at):
            return code
    return text_of(concept, "text", path)


def code_of_systems(concept: Mapping[str, Any] | None, systems: tuple[str, ...], path: str) -> str:
    """The code of the first of the systems that the concept has a coding of."""
    by_system: dict[str, set[str]] = {}
    for at, coding in objects_of(concept or {}, "coding", path):
        code = text_of(coding, "code", at)
        if code:
            by_system.setdefault(text_of(coding, "system", at), set()).add(code)
    for system in systems:
        codes = by_system.get(system, set())
        if len(codes) == 1:
            return codes.pop()
        if codes:
            raise ElementError(f"{path}.coding", "fhir-code", " / ".join(sorted(codes)), f"one code of {system}")
    there = ", ".join(f"{system}|{code}" for system, codes in by_system.items() for code in sorted(codes))
    raise ElementError(f"{path}.coding", "fhir-code", there, f"a code of {' or '.join(systems)}")


def identifier_values(identifiers: Iterator[tuple[str, dict[str, Any]]], system: str) -> list[str]:
    """Distinct values of the identifiers of a system (``any`` or '': of whichever), without old ones."""
    values = []
    for at, one in identifiers:
        fits = system in ("", ANY) or text_of(one, "system", at) == system
        value = text_of(one, "value", at)
        if fits and value and text_of(one, "use", at) != "old" and value not in values:
            values.append(value)
    return values


def quantity_text(quantity: Mapping[str, Any], path: str) -> str:
    """Comparator and number, digit by digit as they came."""
    value, comparator = quantity.get("value"), text_of(quantity, "comparator", path)
    if not isinstance(value, Number):
        raise ElementError(f"{path}.value", "fhir-value", "" if value is None else value, "a number of JSON")
    if comparator not in ("", "<", ">"):
        raise ElementError(
            f"{path}.comparator", "fhir-comparator", f"{comparator}{value}", "< or >: a limit is an open interval"
        )
    return comparator + value


def unit_of(quantity: Mapping[str, Any], units: Mapping[str, str], path: str) -> tuple[str, str]:
    """Unit and, where it differs, the unit as displayed.

    A code of UCUM is the unit; of a display alone the declared unit, else itself, for the assay to compare.
    """
    system, code, display = (text_of(quantity, name, path) for name in ("system", "code", "unit"))
    if (code or system) and system != UCUM:
        raise ElementError(f"{path}.code", "fhir-unit", f"{system}|{code}", f"a code of {UCUM}, or a display alone")
    unit = code or units.get(display, display)
    return unit, display if display != unit else ""


def limit_of(limit: Mapping[str, Any] | None, quantity: Mapping[str, Any], path: str) -> str | None:
    """Number of a limit of a reference range, which must be in the unit of the value."""
    if not limit or limit.get("value") is None:
        return None
    value = limit["value"]
    if not (isinstance(value, Number) and _LIMIT.fullmatch(value)):
        raise ElementError(f"{path}.value", "fhir-range", value, "a number")
    mine = {name: text_of(limit, name, path) for name in ("code", "unit")}
    same = not any(mine.values()) or any(text and text == quantity.get(name) for name, text in mine.items())
    if not same or (mine["code"] and quantity.get("code") not in (None, mine["code"])):
        raise ElementError(
            f"{path}.unit", "fhir-range", mine["code"] or mine["unit"], "the unit of the value; nothing is converted"
        )
    return str(value)


def time_of(text: str, path: str) -> str:
    """A date as it came, or a time with its offset from UTC, without fractions of a second."""
    if match := _INSTANT.fullmatch(text):
        return match[1] + match[2]
    if _LOCAL.fullmatch(text):
        raise ElementError(path, "fhir-time", text, "a time with its offset from UTC, such as +02:00 or Z")
    return text


def instant_parts(text: str) -> tuple[str, str] | None:
    """Local time and offset of a text of ``time_of``; None where it has no time."""
    match = _INSTANT.fullmatch(text)
    return (match[1], match[2]) if match else None
