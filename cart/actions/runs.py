"""What a run is made by: the rules in force, and what a recompute did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cart.endpoints.catalogue import analytes_read
from cart.endpoints.registry import REGISTRY
from cart.inputs import digest_text
from cart.models import DataCut, EndpointDefinition, Run, Study
from trialsite import __version__


@dataclass(frozen=True)
class Recomputed:
    """What a recompute did: subjects looked at, subjects whose inputs differed, answers written, parts to come."""

    run_id: int | None
    subjects_seen: int
    subjects_changed: int
    results: int
    parts: int = 0


def definition_rows() -> dict[str, EndpointDefinition]:
    """Stored row of every registered definition, written when its version is first used."""
    stored = {(row.code, row.version): row for row in EndpointDefinition.objects.all()}
    rows = {}
    for code, definition in REGISTRY.items():
        row = stored.get((code, definition.version))
        if row is None:
            row, _ = EndpointDefinition.objects.get_or_create(
                code=code,
                version=definition.version,
                defaults={
                    "label": definition.label,
                    "unit": definition.unit,
                    "source": definition.source,
                    "parameters": {
                        p.name: {"default": p.default, "unit": p.unit, "source": p.source}
                        for p in definition.parameters
                    },
                },
            )
        rows[code] = row
    return rows


def parameters_in_force(overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every parameter of every definition: the study's value where it gives one, else the default."""
    return {code: definition.in_force(overrides) for code, definition in REGISTRY.items()}


@dataclass(frozen=True)
class Rules:
    """By what a run computes: the study's parameters, and the definitions of this version of the code."""

    overrides: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, study: Study) -> "Rules":
        """Rules of the protocol in force."""
        protocol = study.current_protocol()
        return cls(protocol.parameters if protocol else {})

    @cached_property
    def in_force(self) -> dict[str, dict[str, Any]]:
        """Every parameter, defaults included."""
        return parameters_in_force(self.overrides)

    @cached_property
    def analytes(self) -> list[str]:
        """Codes of the analytes whose results some endpoint reads."""
        return analytes_read(self.overrides)

    @cached_property
    def definitions_digest(self) -> str:
        """SHA-256 of all definition versions."""
        return digest_text(*(f"{code} {d.version}" for code, d in REGISTRY.items()))

    @cached_property
    def parameters_digest(self) -> str:
        """SHA-256 of every parameter in force."""
        return digest_text(repr(sorted(_flatten(self.in_force))))

    def make_run(self, study: Study, *, cut: DataCut | None, job_number: int | None, **counts: int) -> Run:
        """Write the run's row."""
        return Run.objects.create(
            study=study,
            cut=cut,
            definitions_digest=self.definitions_digest,
            parameters=self.in_force,
            parameters_digest=self.parameters_digest,
            code_version=__version__,
            job_number=job_number,
            **counts,
        )

    def are_those_of(self, run: Run) -> bool:
        """Whether a run was made, or begun, by these rules."""
        return (run.definitions_digest, run.parameters_digest) == (self.definitions_digest, self.parameters_digest)


def _flatten(parameters: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[str, str, str]]:
    for code, values in parameters.items():
        for name, value in values.items():
            yield code, name, repr(value)
