"""All kinds of case files, by the name of the file."""

from cart.endpoints.vectors import criteria_text, disease, dosing, escalation, laboratory, lung, statistics, toxicity
from cart.endpoints.vectors.case_files import CaseFileError, CaseRule

MODULES = (laboratory, criteria_text, disease, lung, toxicity, escalation, dosing, statistics)
CASE_RULES: dict[str, CaseRule] = {rule.name: rule for module in MODULES for rule in module.RULES}


def case_rule(name: str) -> CaseRule:
    """The rule that a file's name selects.

    Raises
    ------
    CaseFileError
        There is none of that name.
    """
    found = CASE_RULES.get(name)
    if found is None:
        raise CaseFileError(
            f"The name of a case file selects its kernel: {', '.join(sorted(CASE_RULES))}; found {name!r}. Rename the "
            "file, or give --kind. [case-kind]"
        )
    return found
