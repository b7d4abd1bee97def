"""What a laboratory declares about its FHIR R4 files; nothing in them is guessed. PURE."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from labs.imports.layout import FIELDS, ISO, LayoutError, check_delivery

FORMAT = "fhir-r4"
LOINC = "http://loinc.org"
# Of `subject`: any identifier that is the only one, or the id in the reference (`Patient/KUL-001`).
ANY, REFERENCE = "any", "reference"
ACCESSIONS = (
    "Specimen.accessionIdentifier",
    "Specimen.identifier",
    "Observation.identifier",
    "DiagnosticReport.identifier",
)
INHERITED_FROM = ("panel", "report")
REFUSE, TAKE = "refuse", "take"
CONDITIONS = ("good", "haemolysed", "insufficient", "other")
_KNOWN = (
    "format",
    "subject",
    "codes",
    "accession",
    "units",
    "materials",
    "conditions",
    "inherit",
    "preliminary",
    "delivery",
)


@dataclass(frozen=True)
class FhirLayout:
    """Declared meaning of a laboratory's FHIR resources.

    ``subject``: system of the identifier that is our subject code, ``any`` or ``reference``. ``codes``: systems
    whose codes are the laboratory's, in order of preference. ``accession``: where the accession number stands,
    with the system of the identifier ('' for whichever is the only one), in order of preference. ``units``:
    unit as displayed, without a code -> unit. ``materials``, ``conditions``: code or text of ``Specimen.type`` and
    ``Specimen.condition`` -> ours. ``inherit``: what a result without subject, specimen or time takes them from.
    ``preliminary``: whether preliminary and registered results are taken.
    """

    subject: str
    codes: tuple[str, ...]
    accession: tuple[tuple[str, str], ...]
    units: Mapping[str, str]
    materials: Mapping[str, str]
    conditions: Mapping[str, str]
    inherit: tuple[str, ...] = ()
    preliminary: str = REFUSE
    delivery: str = "incremental"

    # As the checks of rows want to know them; a finding's place is told by the reader, row by row.
    columns: ClassVar[Mapping[str, str]] = {name: name for name in FIELDS}
    decimal_mark: ClassVar[str] = "."
    date_format: ClassVar[str] = ISO
    # Times of FHIR have their offset; the reader turns them to the site's clocks.
    time_zone: ClassVar[str] = ""

    @classmethod
    def from_mapping(cls, declared: Mapping[str, Any]) -> "FhirLayout":
        """Layout from its JSON form.

        Raises
        ------
        LayoutError
            Naming what is missing, unknown or impossible.
        """
        unknown = sorted(set(declared) - set(_KNOWN))
        if unknown:
            raise LayoutError(
                f"A layout of {FORMAT} has no entry {unknown[0]!r}; known: {', '.join(_KNOWN)}. [layout-entry]"
            )
        layout = cls(
            subject=_text(declared, "subject"),
            codes=tuple(LOINC if one == "LOINC" else one for one in _texts(declared, "codes")),
            accession=tuple(_place(one) for one in _texts(declared, "accession")),
            units=_map(declared, "units"),
            materials=_map(declared, "materials"),
            conditions=_map(declared, "conditions"),
            inherit=_texts(declared, "inherit"),
            preliminary=declared.get("preliminary", REFUSE),
            delivery=declared.get("delivery", "incremental"),
        )
        layout.check()
        return layout

    def check(self) -> None:
        """Refuse a layout that cannot be read by."""
        if not self.codes or not self.accession:
            absent = "accession" if self.codes else "codes"
            raise LayoutError(f"The layout does not declare {absent!r}, a list of one or more. [layout-fhir]")
        strange = [one for one in self.inherit if one not in INHERITED_FROM]
        if strange:
            raise LayoutError(f"'inherit' names panel, report or both; found {strange[0]!r}. [layout-fhir]")
        if self.preliminary not in (REFUSE, TAKE):
            raise LayoutError(f"'preliminary' is refuse or take; found {self.preliminary!r}. [layout-fhir]")
        ours = [one for one in self.conditions.values() if one not in CONDITIONS]
        if ours:
            raise LayoutError(f"A condition is {', '.join(CONDITIONS)}; found {ours[0]!r}. [layout-fhir]")
        check_delivery(self.delivery)


def _text(declared: Mapping[str, Any], name: str) -> str:
    value = declared.get(name)
    if not isinstance(value, str) or not value:
        raise LayoutError(
            f"The layout does not declare {name!r}: the system of the identifier, any or reference. [layout-fhir]"
        )
    return value


def _texts(declared: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = declared.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise LayoutError(f"{name!r} is a list of texts; found {value!r}. [layout-fhir]")
    return tuple(value)


def _map(declared: Mapping[str, Any], name: str) -> dict[str, str]:
    value = declared.get(name, {})
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise LayoutError(f"{name!r} says of texts what they mean; found {value!r}. [layout-fhir]")
    return dict(value)


def _place(declared: str) -> tuple[str, str]:
    element, _, system = declared.partition("|")
    if element not in ACCESSIONS:
        raise LayoutError(f"'accession' names {', '.join(ACCESSIONS)}; found {element!r}. [layout-fhir]")
    return element, system
