"""DiagnosticReports and panels: the Observations they name are there, and their states do not contradict. PURE."""

from collections.abc import Iterator, Mapping
from typing import Any

from labs.imports.fhir_elements import ElementError, objects_of, shown, text_of
from labs.imports.fhir_facts import WITHDRAWN, Scope
from labs.imports.fhir_index import TWICE, ReferenceIndex, reference_keys
from labs.imports.fhir_observation import TAKEN

REPORT_STATUSES = (*TAKEN, "appended", "partial", "preliminary", "registered", "unknown", *WITHDRAWN)


def report_problems(resource: Mapping[str, Any], scope: Scope, index: ReferenceIndex) -> Iterator[ElementError]:
    """What is wrong with a DiagnosticReport itself."""
    try:
        status = text_of(resource, "status", "DiagnosticReport")
        if status not in REPORT_STATUSES:
            raise ElementError("DiagnosticReport.status", "fhir-status", status, ", ".join(REPORT_STATUSES))
    except ElementError as error:
        yield error
        return
    yield from member_problems(resource, "DiagnosticReport", "result", scope, index)


def member_problems(
    resource: Mapping[str, Any], path: str, name: str, scope: Scope, index: ReferenceIndex
) -> Iterator[ElementError]:
    """Members that are not in the file, or stand although the report or panel is withdrawn."""
    withdrawn = resource.get("status") in WITHDRAWN
    try:
        for at, one in objects_of(resource, name, path):
            reference = text_of(one, "reference", at)
            status = _status(reference, scope, index)
            if status is None or status == TWICE:
                expected = "an Observation of this file" if status is None else "one Observation of this address"
                yield ElementError(f"{at}.reference", "fhir-report", reference, expected)
            elif withdrawn and status in TAKEN:
                found = shown(f"{reference} is {status}")
                yield ElementError(f"{at}.reference", "fhir-report", found, f"withdrawn, as the {path} is")
    except ElementError as error:
        yield error


def _status(reference: str, scope: Scope, index: ReferenceIndex) -> str | None:
    """Status of the Observation that a reference means; None where there is none."""
    if reference.startswith("#"):
        contained = scope.contained.get(reference, {})
        return str(contained.get("status")) if contained.get("resourceType") == "Observation" else None
    facts = index.find(reference_keys(reference, scope.full_url))
    if facts is None or isinstance(facts, str):
        return facts
    return facts.status if facts.kind == "Observation" else None
