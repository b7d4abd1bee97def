"""A reader of FHIR that is slow and obvious: the whole file at once, one result after the other, no index, no frame.

It says which results of a file are stored, with which values; the importer must agree. It knows the layout of
``tests.labs.imports.fhir_records`` and leaves the judgement of a row to the slow reader of delimited files.
"""

import datetime as dt
import json
from zoneinfo import ZoneInfo

from tests.labs.imports.fhir_records import ACCESSIONS, CODES, SUBJECTS, UCUM
from tests.labs.imports.slow_reader import SlowReader, Stored, digits, slow_date, slow_number

LOINC = "http://loinc.org"
STATUSES = {
    "final": "",
    "amended": "",
    "corrected": "",
    "entered-in-error": "entered in error",
    "cancelled": "cancelled",
}
REPORT_STATUSES = {*STATUSES, "appended", "partial", "preliminary", "registered", "unknown"}
BUNDLES = {"collection", "searchset", "message", "document", "transaction", "batch"}


class Bad(Exception):
    """The result, or the file, does not hold."""


class Number(str):
    """Digits of a JSON number."""


def loads(text):
    """Value of a JSON text; ``Bad`` where it is none, or has a name twice."""

    def members(pairs):
        if len({name for name, _ in pairs}) < len(pairs):
            raise Bad
        return dict(pairs)

    def constant(_):
        raise Bad

    try:
        return json.loads(
            text, parse_int=Number, parse_float=Number, parse_constant=constant, object_pairs_hook=members
        )
    except (json.JSONDecodeError, RecursionError) as error:
        raise Bad from error


def text(element, name):
    value = element.get(name)
    if value is None:
        return ""
    if type(value) is not str or "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise Bad
    return value


def one(element, name):
    value = element.get(name)
    if not isinstance(value, dict | None):
        raise Bad
    return value or {}


def many(element, name):
    value = element.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Bad
    return value


def plain(element):
    if element.get("modifierExtension") or element.get("implicitRules"):
        raise Bad


def words(concept):
    if text(concept, "text"):
        return text(concept, "text")
    codings = many(concept, "coding")
    for name in ("display", "code"):
        said = {text(coding, name) for coding in codings} - {""}
        if len(said) > 1:
            raise Bad
        if said:
            return said.pop()
    return ""


def first_code(concept):
    for coding in many(concept, "coding"):
        if text(coding, "code"):
            return text(coding, "code")
    return text(concept, "text")


def identifiers(listed, system):
    fitting = [x for x in listed if not system or text(x, "system") == system]
    for x in listed:
        text(x, "value")
    values = {text(x, "value") for x in fitting if text(x, "value") and text(x, "use") != "old"}
    if len(values) > 1:
        raise Bad
    return values.pop() if values else ""


def moment(given):
    """(local digits, minutes ahead of UTC) of a time with an offset; None of a date, and of what is no time."""
    body, ahead = (given[:-1], 0) if given.endswith("Z") else (given[:-6], None)
    if ahead is None:
        sign, offset = given[-6:-5], given[-5:]
        right = len(offset) == 5 and offset[2] == ":" and digits(offset[:2] + offset[3:], 4)
        if sign not in ("+", "-") or not right or int(offset[:2]) > 14 or int(offset[3:]) > 59:
            return None
        ahead = (int(offset[:2]) * 60 + int(offset[3:])) * (1 if sign == "+" else -1)
    body, point, part = body.partition(".")
    shape = "9999-99-99T99:99:99"[: len(body)]
    if len(body) not in (16, 19) or (point and not digits(part, len(part))):
        return None
    if any((c in "0123456789") != (s == "9") or (s != "9" and c != s) for c, s in zip(body, shape, strict=True)):
        return None
    return body, ahead


def said_when(given):
    """The text, unless it is a time without an offset."""
    head, mark, tail = given[:10], given[10:11], given[11:]
    dated = digits(head.replace("-", ""), 8) and len(head.replace("-", "")) == 8 and head[4] == head[7] == "-"
    if dated and mark == "T" and tail and all(c in "0123456789:." for c in tail):
        raise Bad
    return given


def at_site(given, zone):
    parts = moment(given)
    if parts is None:
        return given
    body, ahead = parts
    try:
        there = dt.datetime.fromisoformat(body) - dt.timedelta(minutes=ahead)
        local = there.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))
    except (ValueError, OverflowError):
        return body
    return local.strftime("%Y-%m-%dT%H:%M:%S")[: len(body)]


class SlowFhirReader:
    """Judges files of the layout of ``fhir_records.LAYOUT``."""

    def __init__(self, rows: SlowReader) -> None:
        self.rows = rows

    def stored(self, data: bytes, *, by_lines: bool) -> dict[int, list[Stored]] | None:
        """Place -> results stored, in quarantine mode; None where the file as a whole is refused."""
        try:
            whole = data.decode("utf-8")
            entries = self._of_lines(whole) if by_lines else self._of_bundle(whole)
        except (UnicodeDecodeError, Bad):
            return None
        self.found = {}
        for _, resource in entries:
            if isinstance(resource.get("id"), str) and not isinstance(resource["id"], Number) and resource["id"]:
                self.found.setdefault(f"{resource['resourceType']}/{resource['id']}", []).append(resource)
        result, owners, taken = {}, {}, set()
        for place, resource in entries:
            for row, material in self._whole(resource) or []:
                tube = (row.accession, material, row.collected)
                if owners.setdefault(tube, row.subject) != row.subject or (*tube, row.test) in taken:
                    continue
                taken.add((*tube, row.test))
                result.setdefault(place, []).append(row)
        return result

    def _of_bundle(self, whole):
        bundle = loads(whole)
        if (
            not isinstance(bundle, dict)
            or bundle.get("type") not in BUNDLES
            or not isinstance(bundle.get("entry"), list)
        ):
            raise Bad
        entries = [(n, x.get("resource") if isinstance(x, dict) else None) for n, x in enumerate(bundle["entry"], 1)]
        return [(n, x) for n, x in entries if self._is_resource(x)]

    def _of_lines(self, whole):
        entries = []
        for n, line in enumerate(whole.split("\n"), 1):
            try:
                value = loads(line) if line.strip(" \t\r") else None
            except Bad:
                continue
            if self._is_resource(value):
                entries.append((n, value))
        return entries

    def _is_resource(self, value):
        kind = value.get("resourceType") if isinstance(value, dict) else None
        return type(kind) is str and kind.isascii() and kind.isalpha() and kind[0].isupper() and kind != "Bundle"

    def _whole(self, resource):
        """Rows of an Observation; None where any of its results does not hold."""
        if resource["resourceType"] != "Observation":
            return None
        try:
            return [self._row(resource, part) for part in self._parts(resource)]
        except Bad:
            return None

    def _parts(self, resource):
        parts = many(resource, "component")
        members = many(resource, "hasMember")
        for member in members:
            if self._state(text(member, "reference")) is None:
                raise Bad
        has_value = any(name.startswith("value") and name[5:6].isupper() for name in resource)
        own = has_value or (not parts and (not members or resource.get("dataAbsentReason")))
        for element in (resource, *parts):
            plain(element)
        return [resource, *parts] if own else parts

    def _state(self, reference):
        there = {json.dumps(x.get("status")) for x in self.found.get(reference, [])}
        return there.pop() if len(there) == 1 and reference.startswith("Observation/") else None

    def _find(self, reference, kind):
        there = self.found.get(reference, [])
        if not there or there[0]["resourceType"] != kind or len({self._says(x) for x in there}) > 1:
            raise Bad
        return there[0]

    def _says(self, resource):
        """What others take from a resource; of each part of it, that it cannot be read."""

        def tried(make):
            try:
                return str(make())
            except Bad:
                return "bad"

        if resource["resourceType"] == "Patient":
            plainly = tried(lambda: plain(resource))
            return f"{plainly} {tried(lambda: identifiers(many(resource, 'identifier'), SUBJECTS))}"
        parts = [
            lambda: plain(resource),
            lambda: text(resource, "status") == "entered-in-error",
            lambda: one(resource, "subject").get("reference"),
            lambda: identifiers([x] if (x := one(one(resource, "subject"), "identifier")) else [], SUBJECTS),
            lambda: identifiers([x] if (x := one(resource, "accessionIdentifier")) else [], ""),
            lambda: words(one(resource, "type")),
            lambda: self._time(one(resource, "collection"), "collected", ("DateTime",)),
            lambda: self._condition(resource),
            lambda: said_when(text(resource, "receivedTime")),
        ]
        return " ".join(map(tried, parts))

    def _subject(self, resource):
        subject = one(resource, "subject")
        direct = identifiers([x] if (x := one(subject, "identifier")) else [], SUBJECTS)
        reference = text(subject, "reference")
        if not reference or (direct and reference not in self.found):
            return direct
        person = self._find(reference, "Patient")
        plain(person)
        code = identifiers(many(person, "identifier"), SUBJECTS)
        if not code or (direct and direct != code):
            raise Bad
        return code

    def _row(self, resource, part):
        status = text(resource, "status")
        if status not in STATUSES or resource.get("focus"):
            raise Bad
        subject = self._subject(resource)
        tube = self._find(reference, "Specimen") if (reference := text(one(resource, "specimen"), "reference")) else {}
        if resource.get("specimen") and not reference:
            raise Bad
        plain(tube)
        if text(tube, "status") == "entered-in-error":
            raise Bad
        of_tube = self._subject(tube)
        if subject and of_tube and subject != of_tube:
            raise Bad
        subject = subject or of_tube
        own = identifiers(many(resource, "identifier"), ACCESSIONS)
        accession = identifiers([x] if (x := one(tube, "accessionIdentifier")) else [], "") or own
        effective = self._time(resource, "effective", ("DateTime", "Instant"))
        collected = self._time(one(tube, "collection"), "collected", ("DateTime",)) or effective
        received = said_when(text(tube, "receivedTime"))
        zone = self.rows.people[subject].zone if subject in self.rows.people else "UTC"
        material = words(one(tube, "type"))
        result, unit, reason = self._value(resource, part, STATUSES[status])
        row = self.rows._row(
            {
                "SUBJECT": subject,
                "ACCESSION": accession,
                "MATERIAL": material,
                "COLLECTED": at_site(collected, zone),
                "VISIT": "",
                "TEST": self._code(part),
                "RESULT": result,
                "UNIT": unit,
                "CONDITION": self._condition(tube),
                "REASON": reason,
            }
        )
        if row is None or (received and self._unreal(at_site(received, zone))):
            raise Bad
        return row, material

    def _unreal(self, given):
        return slow_date(given) is None

    def _time(self, element, name, moments):
        for kind in moments:
            if given := text(element, name + kind):
                return said_when(given)
        if period := one(element, f"{name}Period"):
            return said_when(text(period, "start"))
        if element.get(f"{name}Timing") is not None:
            raise Bad
        return ""

    def _condition(self, tube):
        said = {
            "haemolysed" if first_code(x) == "HEM" or text(x, "text") == "HEM" else text(x, "text") or first_code(x)
            for x in many(tube, "condition")
        }
        if not said:
            return "other" if tube.get("status") == "unsatisfactory" else ""
        return " + ".join(sorted(said - {"good"})) or "good"

    def _code(self, part):
        for coding in many(concept := one(part, "code"), "coding"):
            text(coding, "system")
            text(coding, "code")
        for system in (LOINC, CODES):
            codes = {text(x, "code") for x in many(concept, "coding") if text(x, "system") == system} - {""}
            if len(codes) > 1:
                raise Bad
            if codes:
                return codes.pop()
        raise Bad

    def _value(self, resource, part, withdrawn):
        of_whole = words(one(resource, "dataAbsentReason"))
        if withdrawn:
            return "", "", withdrawn
        reason = words(one(part, "dataAbsentReason"))
        names = [name for name in part if name.startswith("value") and name[5:6].isupper()]
        if not names:
            return "", "", reason or of_whole
        if reason or len(names) > 1:
            raise Bad
        value, unit = part[names[0]], ""
        if names[0] == "valueQuantity":
            result, unit = self._quantity(one(part, "valueQuantity")), self._unit(one(part, "valueQuantity"))
        elif names[0] == "valueString":
            result = text(part, "valueString")
        elif names[0] == "valueInteger" and isinstance(value, Number):
            result = str(value)
        elif names[0] == "valueCodeableConcept":
            result = words(one(part, "valueCodeableConcept"))
        elif names[0] == "valueRatio":
            top, bottom = one(one(part, names[0]), "numerator"), one(one(part, names[0]), "denominator")
            for side in (top, bottom):
                if (text(side, "code") or text(side, "unit")) not in ("", "1", "{titer}"):
                    raise Bad
            if text(top, "comparator"):
                raise Bad
            result = (
                f"{text(bottom, 'comparator')}{self._quantity(top)}:{self._quantity({**bottom, 'comparator': None})}"
            )
            if text(bottom, "comparator") not in ("", "<", ">"):
                raise Bad
        else:
            raise Bad
        if not result.strip(" "):
            raise Bad
        self._beside(part, names[0] == "valueQuantity")
        return result, unit, ""

    def _quantity(self, quantity):
        if not isinstance(quantity.get("value"), Number) or text(quantity, "comparator") not in ("", "<", ">"):
            raise Bad
        return text(quantity, "comparator") + quantity["value"]

    def _unit(self, quantity):
        system, code, display = text(quantity, "system"), text(quantity, "code"), text(quantity, "unit")
        if (code or system) and system != UCUM:
            raise Bad
        unit = code or {"cells per uL": "cells/uL"}.get(display, display)
        if display != unit and len(display) > 40:
            raise Bad
        return unit

    def _beside(self, part, has_unit):
        flags = [first_code(x) for x in many(part, "interpretation")]
        if len(",".join(x for x in flags if x)) > 12:
            raise Bad
        normal = [
            x for x in many(part, "referenceRange") if x.get("type") is None or first_code(one(x, "type")) == "normal"
        ]
        if len(normal) != 1 or not has_unit:
            return
        for limit in (one(normal[0], "low"), one(normal[0], "high")):
            if limit.get("value") is None:
                continue
            if not isinstance(limit["value"], Number) or self._is_odd(limit["value"]):
                raise Bad
            quantity = part["valueQuantity"]
            code, unit = text(limit, "code"), text(limit, "unit")
            agrees = (code and code == quantity.get("code")) or (unit and unit == quantity.get("unit"))
            if (code or unit) and not agrees:
                raise Bad
            if code and quantity.get("code") is not None and quantity["code"] != code:
                raise Bad

    def _is_odd(self, number):
        return number[:1] in ("<", ">", "=", " ") or slow_number(number) is None
