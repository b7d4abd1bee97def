"""What DM, EX and LB must have, whatever the format of their files. PURE."""

from collections.abc import Mapping

REQUIRED = {
    "DM": ("STUDYID", "USUBJID", "SITEID"),
    "EX": ("USUBJID", "EXTRT", "EXSTDTC"),
    "LB": ("USUBJID", "LBTESTCD", "LBDTC", "LBORRES"),
}
# A date as a number has lost how exactly it was known.
MUST_BE_TEXT = {"USUBJID", "LBTESTCD", "LBDTC", "EXTRT", "EXSTDTC"}


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
