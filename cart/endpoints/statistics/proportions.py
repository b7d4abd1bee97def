"""A proportion and its confidence interval."""

from dataclasses import dataclass

from scipy.stats import binomtest

from cart.endpoints.errors import ParameterError

INTERVALS = {"clopper-pearson": "exact", "wilson": "wilson"}


@dataclass(frozen=True)
class Proportion:
    """Events of subjects, their share, and its interval; all None where there is no subject."""

    events: int
    subjects: int
    share: float | None
    low: float | None
    high: float | None


def proportion(
    events: int, subjects: int, *, confidence: float = 0.95, interval: str = "clopper-pearson"
) -> Proportion:
    """Share of subjects with an event, with a two-sided interval.

    Parameters
    ----------
    events, subjects
        Whole numbers, ``0 <= events <= subjects``. Subjects without an answer belong in neither: who is not
        evaluable is counted apart, with the reason.
    confidence
        Two-sided coverage, within (0, 1).
    interval
        ``clopper-pearson``: exact, from the tails of the binomial distribution, never below the coverage.
        ``wilson``: the score interval without correction, (p + z2/2n +- z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n).

    Source: Clopper CJ, Pearson ES, Biometrika 1934;26:404-413; Wilson EB, JASA 1927;22:209-212. R: ``binom.test``,
    ``prop.test(correct = FALSE)``. Computed by ``scipy.stats.binomtest``.

    Raises
    ------
    ParameterError
        Counts that do not fit, a coverage outside (0, 1), an unknown interval.

    >>> found = proportion(7, 9)
    >>> round(found.share, 3), round(found.low, 3), round(found.high, 3)
    (0.778, 0.4, 0.972)
    """
    if not 0 <= events <= subjects:
        raise ParameterError(
            f"Events are counted among the subjects, from 0 to their number; found {events} of {subjects}. "
            "[proportion-counts]"
        )
    check_confidence(confidence)
    if interval not in INTERVALS:
        raise ParameterError(
            f"The interval of a proportion is one of {', '.join(INTERVALS)}; found {interval!r}. [proportion-interval]"
        )
    if subjects == 0:
        return Proportion(0, 0, None, None, None)
    bounds = binomtest(events, subjects).proportion_ci(confidence_level=confidence, method=INTERVALS[interval])
    # Wilson's ends at 0 and n events are 0 and 1 on paper.
    low = 0.0 if events == 0 else float(bounds.low)
    high = 1.0 if events == subjects else float(bounds.high)
    return Proportion(events, subjects, events / subjects, low, high)


def check_confidence(confidence: float) -> None:
    """Refuse a coverage that is none.

    Raises
    ------
    ParameterError
        Not within (0, 1).
    """
    if not 0 < confidence < 1:
        raise ParameterError(
            f"A coverage lies between 0 and 1, without them: 0.95 for 95 %; found {confidence!r}. [confidence]"
        )
