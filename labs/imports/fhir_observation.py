"""An Observation as rows of the checks: one of its own value, one of each component. PURE."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labs.imports.fhir_elements import (
    ElementError,
    code_of_systems,
    object_of,
    objects_of,
    refuse_modifiers,
    text_of,
    tried,
)
from labs.imports.fhir_facts import (
    PANEL,
    REPORT,
    WITHDRAWN,
    Scope,
    accessions_of,
    effective_of,
    found_of,
    parent_facts,
    raise_first,
    resolved_subject,
    specimen_facts,
    specimen_keys,
    subject_of,
)
from labs.imports.fhir_index import TWICE, Facts, ReferenceIndex, member_key
from labs.imports.fhir_layout import TAKE
from labs.imports.fhir_values import Value, absent_reason, has_value, value_of

TAKEN = ("final", "amended", "corrected")
EARLY = ("preliminary", "registered")
# A result without subject, specimen and time asks its panel, the panel's panel, their reports.
MAX_ANCESTORS = 8


@dataclass(frozen=True)
class Row:
    """Texts of a result as the checks take them, and where each stands."""

    texts: Mapping[str, str | None]
    places: Mapping[str, str]


@dataclass
class Outcome:
    """What became of an Observation before the checks: rows, or problems that ``results`` of its results meet."""

    rows: list[Row] = field(default_factory=list)
    problems: list[ElementError] = field(default_factory=list)
    results: int = 0
    unranged: int = 0
    is_panel: bool = False


@dataclass
class _Origin:
    """Whose, from which tube, when: the Observation's own word, filled up from what it may inherit from."""

    subject: str
    subject_keys: tuple[str, ...]
    specimen: Facts | None
    effective: tuple[str, str]
    accessions: dict[str, str]

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to ask for."""
        named = self.specimen.accessions if self.specimen else self.accessions
        timed = self.effective[0] or (self.specimen and self.specimen.collected)
        return bool(named and timed and (self.subject or self.subject_keys))


def observation_rows(
    resource: dict[str, Any], path: str, scope: Scope, index: ReferenceIndex, *, keys: list[str], container: Any = None
) -> Outcome:
    """Rows of an Observation.

    ``path``: what its places begin with. ``keys``: its own, or those of ``container``, in which it is contained.
    """
    outcome = Outcome()
    problems = outcome.problems
    parts = list(tried(problems, lambda: list(_parts(resource, path))) or [])
    outcome.results = max(1, len(parts))
    if not parts and not problems:
        outcome.is_panel, outcome.results = True, 0
        return outcome
    tried(problems, lambda: refuse_modifiers(resource, path))
    status = tried(problems, lambda: _status(resource, path, scope))
    origin = tried(problems, lambda: _origin(resource, path, scope, index, keys, container))
    common = tried(problems, lambda: _common(origin, path, scope, index)) if origin else None
    otherwise = tried(problems, lambda: absent_reason(resource, path))
    for at, part in parts:
        made = _result(
            part, at, scope, problems, status=status or "", otherwise=(otherwise or "") if at != path else ""
        )
        if common and made and not problems:
            outcome.rows.append(_row(common, *made, at))
            outcome.unranged += made[1].unranged
    if problems:
        outcome.rows = []
    return outcome


def _parts(resource: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What holds a result of its own: the Observation, its components; nothing of a panel of other Observations."""
    components = list(objects_of(resource, "component", path))
    members = resource.get("hasMember")
    if has_value(resource) or (not components and (not members or resource.get("dataAbsentReason"))):
        yield path, resource
    yield from components


def _status(resource: dict[str, Any], path: str, scope: Scope) -> str:
    status = text_of(resource, "status", path)
    if status in TAKEN or status in WITHDRAWN or (status in EARLY and scope.layout.preliminary == TAKE):
        return status
    also = f", {', '.join(EARLY)}" if scope.layout.preliminary == TAKE else ""
    raise ElementError(
        f"{path}.status", "fhir-status", status, f"{', '.join(TAKEN)}, or withdrawn: {', '.join(WITHDRAWN)}{also}"
    )


def _result(
    part: dict[str, Any], path: str, scope: Scope, problems: list[ElementError], *, status: str, otherwise: str
) -> tuple[str, Value] | None:
    """Code and value of an Observation or component, both looked at even where one is bad."""
    code = tried(problems, lambda: _code(part, path, scope))
    value = tried(problems, lambda: _value(part, path, scope, status, otherwise))
    return (code, value) if code and value else None


def _code(part: dict[str, Any], path: str, scope: Scope) -> str:
    if "resourceType" not in part:
        refuse_modifiers(part, path)
    return code_of_systems(object_of(part, "code", path), scope.layout.codes, f"{path}.code")


def _value(part: dict[str, Any], path: str, scope: Scope, status: str, otherwise: str) -> Value:
    if status in WITHDRAWN:
        # What was said before is withdrawn; what the sender still writes beside it is no value.
        return Value(reason=status.replace("-", " "), places={"result": f"{path}.status"})
    if status == EARLY[1]:
        otherwise = otherwise or "registered, no result yet"
    return value_of(part, path, scope.layout.units, otherwise=otherwise)


def _origin(
    resource: dict[str, Any], path: str, scope: Scope, index: ReferenceIndex, keys: list[str], container: Any
) -> _Origin:
    if resource.get("focus"):
        raise ElementError(f"{path}.focus", "fhir-subject", resource["focus"], "a result of the subject itself")
    subject, subject_keys = subject_of(resource, path, scope)
    origin = _Origin(
        subject,
        subject_keys,
        _specimen(resource, path, scope, index),
        effective_of(resource, path),
        accessions_of(resource, "Observation", scope.layout),
    )
    if scope.layout.inherit:
        for facts in _ancestors(path, scope, index, keys, container):
            if origin.is_complete:
                break
            raise_first(facts)
            if not (origin.subject or origin.subject_keys):
                origin.subject, origin.subject_keys = facts.subject, tuple(facts.subject_keys)
            if origin.specimen is None and facts.specimen_keys:
                origin.specimen = found_of(index, tuple(facts.specimen_keys), "Specimen", f"{facts.kind}.specimen")
            if not origin.effective[0]:
                origin.effective = facts.collected, facts.collected_at
            origin.accessions = {**facts.accessions, **origin.accessions}
    return origin


def _specimen(resource: dict[str, Any], path: str, scope: Scope, index: ReferenceIndex) -> Facts | None:
    reference = text_of(object_of(resource, "specimen", path) or {}, "reference", f"{path}.specimen")
    if reference.startswith("#"):
        if reference not in scope.contained:
            raise ElementError(f"{path}.specimen", "fhir-reference", reference, "a Specimen contained beside it")
        return specimen_facts(scope.contained[reference], scope)
    keys = specimen_keys(resource, path, scope)
    return found_of(index, keys, "Specimen", f"{path}.specimen.reference") if keys else None


def _ancestors(path: str, scope: Scope, index: ReferenceIndex, keys: list[str], container: Any) -> Iterator[Facts]:
    """Panels and reports that name the Observation, the nearest first."""
    inherit = scope.layout.inherit
    waiting = [keys]
    if container is not None:
        kind = str(container["resourceType"])
        if (REPORT if kind == "DiagnosticReport" else PANEL) in inherit:
            yield parent_facts(container, kind, scope, keys)
    for _ in range(MAX_ANCESTORS):
        if not waiting:
            return
        keys = waiting.pop(0)
        for kind in inherit:
            facts = index.find(tuple(member_key(kind, key) for key in keys))
            if isinstance(facts, str):
                raise ElementError(path, "fhir-reference", f"{TWICE}: {kind} of {keys[0]}", f"one {kind} that names it")
            if facts is not None:
                waiting.append(facts.own_keys)
                yield facts


def _common(origin: _Origin, path: str, scope: Scope, index: ReferenceIndex) -> Row:
    """What all results of the Observation share."""
    specimen = origin.specimen or Facts("Specimen")
    raise_first(specimen)
    subject = resolved_subject(index, origin.subject, origin.subject_keys, f"{path}.subject")
    of_tube = resolved_subject(index, specimen.subject, tuple(specimen.subject_keys), "Specimen.subject")
    if subject and of_tube and subject != of_tube:
        raise ElementError("Specimen.subject", "fhir-subject", f"{subject} / {of_tube}", "the subject of the result")
    there = {**origin.accessions, **specimen.accessions}
    accession_at = next((at for at in (f"{e}|{s}" for e, s in scope.layout.accession) if at in there), "")
    collected, at = (specimen.collected, specimen.collected_at) if specimen.collected else origin.effective
    return Row(
        {
            "subject": subject or of_tube,
            "accession": there.get(accession_at, ""),
            "material": specimen.material,
            "collected": collected,
            "condition": specimen.condition,
            "received": specimen.received,
            "processed": specimen.processed,
        },
        {
            "subject": f"{path}.subject",
            "accession": accession_at.partition("|")[0] or scope.layout.accession[0][0],
            "material": "Specimen.type",
            "collected": at or f"{path}.effective[x]",
            "condition": "Specimen.condition",
            "received": "Specimen.receivedTime",
            "processed": "Specimen.processing.time[x]",
        },
    )


def _row(common: Row, code: str, value: Value, path: str) -> Row:
    texts = {
        **common.texts,
        "code": code,
        "result": value.result,
        "unit": value.unit,
        "reason": value.reason,
        "received_unit": value.received_unit,
        "range_low": value.range_low,
        "range_high": value.range_high,
        "range_flag": value.range_flag,
    }
    places = {"code": f"{path}.code", "reason": f"{path}.dataAbsentReason", **common.places, **value.places}
    return Row(texts, places)
