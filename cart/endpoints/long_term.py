"""Calendar of the long-term follow-up after gene-modified cells: one visit a year, counted from time zero."""

from dataclasses import dataclass

# Mean length of a year of the Gregorian calendar, leap years included.
DAYS_PER_YEAR = 365.2425
# Delayed adverse events after integrating vectors are followed for 15 years
# (FDA, Long Term Follow-Up After Administration of Human Gene Therapy Products, January 2020, section IV).
LAST_YEAR = 15


@dataclass(frozen=True)
class LongTermVisit:
    """One visit: code, name, and target and window in protocol days."""

    code: str
    name: str
    target: int
    low: int
    high: int


def long_term_visits(
    *, first_year: int, last_year: int = LAST_YEAR, every_years: int = 1, window_days: int
) -> list[LongTermVisit]:
    """Visits of the long-term follow-up.

    Parameters
    ----------
    first_year, last_year
        Years after time zero of the first visit and of the last possible one.
    every_years
        Years from visit to visit.
    window_days
        Days before and after the target day that are still in the window.

    Returns
    -------
    list of LongTermVisit
        In the order of their days; ``Y2`` is due 730 days after time zero.

    Examples
    --------
    >>> [(visit.code, visit.target) for visit in long_term_visits(first_year=2, last_year=4, window_days=60)]
    [('Y2', 730), ('Y3', 1096), ('Y4', 1461)]
    """
    return [
        LongTermVisit(
            code=f"Y{year}",
            name=f"Year {year}",
            target=(day := round(year * DAYS_PER_YEAR)),
            low=day - window_days,
            high=day + window_days,
        )
        for year in range(first_year, last_year + 1, every_years)
    ]
