"""What a laboratory declares about its SDTM datasets; nothing in them is guessed. PURE."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from labs.imports.layout import FIELDS, ISO, LayoutError, check_columns, check_delivery, check_time_zone
from labs.imports.sdtm_variables import FINDINGS, FindingsDomain

FORMAT = "sdtm"
_KNOWN = ("format", "domain", "columns", "subject_prefix", "delivery", "time_zone")
# Suffix of the domain's own variables, or the whole name of one that all domains share.
_DEFAULTS = {
    "subject": "USUBJID",
    "accession": "REFID",
    "material": "SPEC",
    "collected": "DTC",
    "visit": "VISIT",
    "code": "TESTCD",
    "result": "ORRES",
    "unit": "ORRESU",
    "reason": "REASND",
}
_SHARED = ("USUBJID", "VISIT")


@dataclass(frozen=True)
class DatasetLayout:
    """Declared meaning of a laboratory's datasets of one domain, LB, IS or CP.

    ``columns``: our field to its variable, where it is not the one of SDTMIG. ``subject_prefix``: what stands before
    our subject code in the variable of the subject.
    """

    domain: FindingsDomain
    columns: Mapping[str, str]
    subject_prefix: str = ""
    delivery: str = "incremental"
    time_zone: str = ""

    # As the checks of rows want to know them: SDTM has a point, and ISO 8601.
    decimal_mark: ClassVar[str] = "."
    date_format: ClassVar[str] = ISO

    @classmethod
    def from_mapping(cls, declared: Mapping[str, Any]) -> "DatasetLayout":
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
        domain = next((one for one in FINDINGS if one.name == declared.get("domain")), None)
        if domain is None:
            names = ", ".join(one.name for one in FINDINGS)
            raise LayoutError(f"The domain is one of {names}; found {declared.get('domain')!r}. [layout-domain]")
        own = declared.get("columns", {})
        if not isinstance(own, Mapping):
            raise LayoutError("'columns' says of our fields which variable holds them. [layout-columns]")
        usual = {name: said if said in _SHARED else domain.variable(said) for name, said in _DEFAULTS.items()}
        layout = cls(
            domain,
            {name: variable for name, variable in {**usual, **own}.items() if variable},
            declared.get("subject_prefix", ""),
            declared.get("delivery", "incremental"),
            declared.get("time_zone", ""),
        )
        layout.check()
        return layout

    def check(self) -> None:
        """Refuse a layout that cannot be read by."""
        check_columns(self.columns)
        if not isinstance(self.subject_prefix, str):
            raise LayoutError(f"'subject_prefix' is a text; found {self.subject_prefix!r}. [layout-columns]")
        check_delivery(self.delivery)
        check_time_zone(self.time_zone)

    @property
    def optional(self) -> list[str]:
        """Fields whose variable a dataset may lack."""
        return [name for name in FIELDS if name in ("material", "visit", "reason")]
