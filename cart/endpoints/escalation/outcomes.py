"""Outcomes of cohorts in the notation of dose finding: ``1NNN 2NT`` (dose, then T for a toxicity and N for none)."""

import re
from dataclasses import dataclass

from cart.endpoints.errors import ParameterError

_OUTCOMES = re.compile(r"\s*(?:[0-9]+[NT]+\s*)*", re.ASCII)
_COHORT = re.compile(r"([0-9]+)([NT]+)", re.ASCII)


@dataclass(frozen=True)
class DoseCounts:
    """Subjects and subjects with a dose-limiting toxicity at each dose, the first at place 0.

    ``last`` is the dose of the last cohort; 1 before any.
    """

    treated: tuple[int, ...]
    toxic: tuple[int, ...]
    last: int

    def at(self, dose: int) -> tuple[int, int]:
        """Treated and toxic at a dose, counted from 1."""
        return self.treated[dose - 1], self.toxic[dose - 1]


@dataclass(frozen=True)
class Decision:
    """What follows from the outcomes.

    ``dose``: for the next cohort while the trial ``continues``, else the recommended one; None where no dose is.
    """

    dose: int | None
    continues: bool


def count_outcomes(outcomes: str, *, num_doses: int) -> DoseCounts:
    """Counts at each dose.

    Parameters
    ----------
    outcomes
        Cohorts in the order of treatment: the number of the dose (from 1), then a letter per subject. Empty before the
        first.
    num_doses
        Doses of the study.

    Raises
    ------
    ParameterError
        Another notation, or a dose that the study does not have.

    >>> count_outcomes("1NNN 2NT", num_doses=3)
    DoseCounts(treated=(3, 2, 0), toxic=(0, 1, 0), last=2)
    """
    if _OUTCOMES.fullmatch(outcomes) is None:
        raise ParameterError(
            f"Outcomes are cohorts such as 1NNN 2NT, a dose and a letter N or T per subject; found {outcomes!r}. "
            "[outcomes]"
        )
    treated, toxic, last = [0] * num_doses, [0] * num_doses, 1
    for dose_text, letters in _COHORT.findall(outcomes):
        last = int(dose_text)
        if not 1 <= last <= num_doses:
            raise ParameterError(f"A dose is one of 1 to {num_doses}; found {last} in {outcomes!r}. [outcomes]")
        treated[last - 1] += len(letters)
        toxic[last - 1] += letters.count("T")
    return DoseCounts(tuple(treated), tuple(toxic), last)
