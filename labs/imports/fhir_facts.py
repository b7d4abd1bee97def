"""Facts of Patient, Specimen, panels and reports, as the layout declares where they stand. PURE."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labs.imports.fhir_elements import (
    ElementError,
    concept_code,
    concept_text,
    identifier_values,
    object_of,
    objects_of,
    refuse_modifiers,
    text_of,
    time_of,
    tried,
)
from labs.imports.fhir_index import TWICE, Facts, ReferenceIndex, bare_reference, keys_of, member_key, reference_keys
from labs.imports.fhir_layout import ANY, REFERENCE, FhirLayout

PANEL, REPORT = "panel", "report"
# Codes of HL7 table 0493 that say one of our conditions.
_CONDITIONS = {"HEM": "haemolysed"}
_PATIENT = re.compile(r"(?:.*/)?Patient/([A-Za-z0-9.-]{1,64})")
IN_ERROR = "entered-in-error"
WITHDRAWN = (IN_ERROR, "cancelled")


@dataclass(frozen=True)
class Scope:
    """Where a resource stands: address of its entry, and what is contained beside it."""

    full_url: str
    contained: Mapping[str, dict[str, Any]]
    layout: FhirLayout


def scope_of(full_url: str, resource: Mapping[str, Any], layout: FhirLayout) -> Scope:
    """Scope of the resource of an entry."""
    contained = resource.get("contained")
    listed = [one for one in contained if isinstance(one, dict)] if isinstance(contained, list) else []
    return Scope(full_url, {f"#{one['id']}": one for one in listed if type(one.get("id")) is str}, layout)


def add_facts(index: ReferenceIndex, kind: str, resource: dict[str, Any], scope: Scope) -> None:
    """Keep what others may take from this resource."""
    keys = keys_of(scope.full_url, kind, resource)
    if kind == "Patient":
        index.add(keys, patient_facts(resource, scope.layout))
    elif kind == "Specimen":
        index.add(keys, specimen_facts(resource, scope))
    elif kind == "Observation":
        status = resource.get("status")
        index.add(keys, Facts(kind, status=status if type(status) is str else ""))
        _add_members(index, PANEL, "hasMember", resource, scope, keys)
    elif kind == "DiagnosticReport":
        _add_members(index, REPORT, "result", resource, scope, keys)


def _add_members(
    index: ReferenceIndex, kind: str, name: str, resource: dict[str, Any], scope: Scope, keys: list[str]
) -> None:
    if kind not in scope.layout.inherit or not resource.get(name):
        return
    path = str(resource["resourceType"])
    members = tried([], lambda: [text_of(one, "reference", at) for at, one in objects_of(resource, name, path)])
    facts = parent_facts(resource, path, scope, keys)
    # What is wrong with the list itself is told where the panel or report is read.
    index.add([member_key(kind, key) for one in members or [] for key in reference_keys(one, scope.full_url)], facts)


def patient_facts(resource: Mapping[str, Any], layout: FhirLayout) -> Facts:
    """Our subject code of a Patient."""
    problems: list[ElementError] = []

    def code() -> str:
        refuse_modifiers(resource, "Patient")
        if layout.subject == REFERENCE:
            return text_of(resource, "id", "Patient")
        values = identifier_values(objects_of(resource, "identifier", "Patient"), layout.subject)
        if len(values) != 1:
            which = "one identifier" if layout.subject == ANY else f"one identifier of {layout.subject}"
            raise ElementError("Patient.identifier", "fhir-subject", " / ".join(values), which)
        return values[0]

    return Facts("Patient", subject=tried(problems, code) or "", problems=_listed(problems))


def specimen_facts(resource: Mapping[str, Any], scope: Scope) -> Facts:
    """The tube: whose, which, of what, when, in which condition."""
    problems: list[ElementError] = []

    def get(make: Callable[[], str]) -> str:
        return tried(problems, make) or ""

    tried(problems, lambda: _refuse_specimen(resource))
    subject, keys = tried(problems, lambda: subject_of(resource, "Specimen", scope)) or ("", ())
    collected, at = tried(problems, lambda: _collected(resource)) or ("", "")
    return Facts(
        "Specimen",
        subject=subject,
        subject_keys=list(keys),
        accessions=tried(problems, lambda: accessions_of(resource, "Specimen", scope.layout)) or {},
        material=get(lambda: _material(resource, scope.layout)),
        collected=collected,
        collected_at=at,
        condition=get(lambda: _condition(resource, scope.layout)),
        received=get(lambda: time_of(text_of(resource, "receivedTime", "Specimen"), "Specimen.receivedTime")),
        processed=get(lambda: _processed(resource)),
        problems=_listed(problems),
    )


def parent_facts(resource: Mapping[str, Any], path: str, scope: Scope, keys: list[str]) -> Facts:
    """What the members of a panel or report take from it where they do not say it themselves."""
    problems: list[ElementError] = []
    subject, subject_keys = tried(problems, lambda: subject_of(resource, path, scope)) or ("", ())
    collected, at = tried(problems, lambda: effective_of(resource, path)) or ("", "")
    return Facts(
        path,
        subject=subject,
        subject_keys=list(subject_keys),
        specimen_keys=list(tried(problems, lambda: specimen_keys(resource, path, scope)) or ()),
        accessions=tried(problems, lambda: accessions_of(resource, path, scope.layout)) or {},
        collected=collected,
        collected_at=at,
        own_keys=keys,
        problems=_listed(problems),
    )


def subject_of(resource: Mapping[str, Any], path: str, scope: Scope) -> tuple[str, tuple[str, ...]]:
    """Our subject code where the resource says it itself, and the keys of the Patient it refers to."""
    subject, layout = object_of(resource, "subject", path) or {}, scope.layout
    path = f"{path}.subject"
    identifier, code = object_of(subject, "identifier", path), ""
    if identifier and layout.subject != REFERENCE:
        code = "".join(identifier_values(iter([(f"{path}.identifier", identifier)]), layout.subject))
    reference = text_of(subject, "reference", path)
    if reference.startswith("#"):
        if reference not in scope.contained:
            raise ElementError(f"{path}.reference", "fhir-reference", reference, "a Patient contained beside it")
        facts = patient_facts(scope.contained[reference], layout)
        raise_first(facts)
        return facts.subject, ()
    if layout.subject == REFERENCE and (match := _PATIENT.fullmatch(bare_reference(reference))):
        return match[1], ()
    return code, reference_keys(reference, scope.full_url) if reference else ()


def specimen_keys(resource: Mapping[str, Any], path: str, scope: Scope) -> tuple[str, ...]:
    """Keys of the one Specimen that an Observation or report refers to."""
    if path == "DiagnosticReport":
        listed = list(objects_of(resource, "specimen", path))
        specimen = listed[0][1] if len(listed) == 1 else {}
    else:
        specimen = object_of(resource, "specimen", path) or {}
    reference = text_of(specimen, "reference", f"{path}.specimen")
    if not reference and specimen:
        raise ElementError(f"{path}.specimen", "fhir-reference", specimen, "a reference to a Specimen of this file")
    return reference_keys(reference, scope.full_url) if reference and not reference.startswith("#") else ()


def accessions_of(resource: Mapping[str, Any], kind: str, layout: FhirLayout) -> dict[str, str]:
    """Accession numbers by where they are declared to stand, of this type of resource."""
    found = {}
    for element, system in layout.accession:
        owner, name = element.split(".")
        if owner != kind:
            continue
        if name == "accessionIdentifier":
            one = object_of(resource, name, kind)
            listed = iter([(element, one)] if one else [])
        else:
            listed = objects_of(resource, name, kind)
        values = identifier_values(listed, system)
        if len(values) > 1:
            which = f"of {system}" if system else "(name its system in the layout)"
            raise ElementError(element, "fhir-accession", " / ".join(values), f"one identifier {which}")
        if values:
            found[f"{element}|{system}"] = values[0]
    return found


def effective_of(resource: Mapping[str, Any], path: str) -> tuple[str, str]:
    """Clinically relevant time and where it stands; of a period its start."""
    return _time(resource, path, "effective", ("DateTime", "Instant"))


def _collected(resource: Mapping[str, Any]) -> tuple[str, str]:
    collection = object_of(resource, "collection", "Specimen") or {}
    return _time(collection, "Specimen.collection", "collected", ("DateTime",))


def _processed(resource: Mapping[str, Any]) -> str:
    """Time of the first step of processing that names one; of a period its start."""
    steps = (_time(one, at, "time", ("DateTime",))[0] for at, one in objects_of(resource, "processing", "Specimen"))
    return next((time for time in steps if time), "")


def _time(element: Mapping[str, Any], path: str, name: str, moments: tuple[str, ...]) -> tuple[str, str]:
    for moment in moments:
        if text := text_of(element, name + moment, path):
            return time_of(text, f"{path}.{name}{moment}"), f"{path}.{name}{moment}"
    period = object_of(element, f"{name}Period", path)
    if period:
        at = f"{path}.{name}Period"
        return time_of(text_of(period, "start", at), f"{at}.start"), f"{at}.start"
    if element.get(f"{name}Timing") is not None:
        raise ElementError(f"{path}.{name}Timing", "fhir-time", "a timing", "a date, a time or a period")
    return "", ""


def _refuse_specimen(resource: Mapping[str, Any]) -> None:
    refuse_modifiers(resource, "Specimen")
    status = text_of(resource, "status", "Specimen")
    if status == IN_ERROR:
        raise ElementError("Specimen.status", "fhir-specimen", status, "a specimen that counts")


def _material(resource: Mapping[str, Any], layout: FhirLayout) -> str:
    kind = object_of(resource, "type", "Specimen") or {}
    if declared := layout.materials.get(concept_code(kind, "Specimen.type")):
        return declared
    text = concept_text(kind, "Specimen.type")
    return layout.materials.get(text, text)


def _condition(resource: Mapping[str, Any], layout: FhirLayout) -> str:
    declared = {**_CONDITIONS, **layout.conditions}
    said = []
    for at, concept in objects_of(resource, "condition", "Specimen"):
        code, text = concept_code(concept, at), text_of(concept, "text", at)
        said.append(declared.get(code) or declared.get(text) or text or code)
    if not said:
        return "other" if resource.get("status") == "unsatisfactory" else ""
    return " + ".join(sorted(set(said) - {"good"})) or "good"


def _listed(problems: list[ElementError]) -> list[list[str]]:
    return [[one.column, one.rule, one.found, one.expected] for one in problems]


def raise_first(facts: Facts) -> None:
    """Raise what is wrong with the resource."""
    if facts.problems:
        raise ElementError(*facts.problems[0])


def found_of(index: ReferenceIndex, keys: tuple[str, ...], kind: str, path: str) -> Facts:
    """Facts of the resource of a kind that these keys mean."""
    facts = index.find(keys)
    if isinstance(facts, str):
        raise ElementError(path, "fhir-reference", f"{TWICE}: {keys[0]}", f"one {kind} of this address in the file")
    if facts is None or facts.kind != kind:
        raise ElementError(path, "fhir-reference", keys[0], f"a {kind} of this file")
    return facts


def resolved_subject(index: ReferenceIndex, code: str, keys: tuple[str, ...], path: str) -> str:
    """Our subject code; '' where nothing is said."""
    if not keys or (code and index.find(keys) is None):
        return code
    facts = found_of(index, keys, "Patient", f"{path}.reference")
    raise_first(facts)
    if code and facts.subject != code:
        raise ElementError(path, "fhir-subject", f"{code} / {facts.subject}", "one subject")
    return facts.subject
