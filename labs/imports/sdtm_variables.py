"""What DM, EX, LB, IS and CP must have, whatever the format of their files. PURE."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FindingsDomain:
    """A domain of laboratory results.

    ``name``: the two letters its variables begin with. ``title``: what its results are. ``apart``: the variables,
    without those letters, that tell two meanings of one test code apart; ``always`` says that the first of them is
    part of what is measured wherever it stands: the antigen of an autoantibody, the marker string of a cell.
    """

    name: str
    title: str
    apart: tuple[str, ...]
    always: bool = False

    def variable(self, suffix: str) -> str:
        """Name of a variable of the domain.

        >>> LABORATORY.variable("TESTCD")
        'LBTESTCD'
        """
        return f"{self.name}{suffix}"


# Source: SDTMIG 3.4, findings domains; autoantibodies are in IS (assumption 2), cell phenotyping is in CP.
LABORATORY = FindingsDomain("LB", "Laboratory data", ("CAT", "SPEC"))
IMMUNOGENICITY = FindingsDomain("IS", "Immunogenicity specimens", ("BDAGNT", "CAT", "SPEC"), always=True)
CELL_PHENOTYPING = FindingsDomain("CP", "Cell phenotyping", ("MRKSTR", "CAT", "SPEC"), always=True)
FINDINGS = (LABORATORY, IMMUNOGENICITY, CELL_PHENOTYPING)
REQUIRED = {
    "DM": ("STUDYID", "USUBJID", "SITEID"),
    "EX": ("USUBJID", "EXTRT", "EXSTDTC"),
    **{
        domain.name: ("USUBJID", *(domain.variable(suffix) for suffix in ("TESTCD", "DTC", "ORRES")))
        for domain in FINDINGS
    },
}
# A date as a number has lost how exactly it was known.
MUST_BE_TEXT = {
    "USUBJID",
    "EXTRT",
    "EXSTDTC",
    *(domain.variable(suffix) for domain in FINDINGS for suffix in ("TESTCD", "DTC")),
}


class DatasetError(ValueError):
    """A dataset is missing, unreadable, or lacks a variable; the message says which and what to do."""


def check_variables(file_name: str, domain: str, is_text: Mapping[str, bool]) -> None:
    """Refuse a dataset that lacks a variable, or holds a code or a date as a number.

    Parameters
    ----------
    is_text
        By name of the variable: whether its values are text.

    Raises
    ------
    DatasetError
        [variable-missing], [variable-type].
    """
    missing = [name for name in REQUIRED[domain] if name not in is_text]
    if missing:
        raise DatasetError(f"{file_name} has no variable {', '.join(missing)}. [variable-missing]")
    numeric = [name for name in REQUIRED[domain] if name in MUST_BE_TEXT and not is_text[name]]
    if numeric:
        raise DatasetError(f"{file_name}: {', '.join(numeric)} must be a character variable. [variable-type]")
