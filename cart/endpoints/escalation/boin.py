"""The Bayesian optimal interval design (BOIN) of dose escalation."""

import math
from dataclasses import dataclass

from cart.endpoints.errors import ParameterError
from cart.endpoints.escalation.outcomes import Decision, count_outcomes
from cart.endpoints.escalation.stopping import bayes_boundary

DEFINITION = "BOIN-2015"
# Rates that are too low and too high, as shares of the target. Liu and Yuan 2015.
SAFE_SHARE, TOXIC_SHARE = 0.6, 1.4
CUTOFF_ELIMINATE = 0.95
OFFSET_EXTRA_SAFE = 0.05
MIN_SUBJECTS_ELIMINATE = 3
TARGETS = (0.05, 0.6)
# The safe and the toxic rate keep at least this share of the target away from it.
LEAST_DISTANCE = 0.1
_HAIR = 1e-12


@dataclass(frozen=True)
class Lambdas:
    """Rates of toxicity at a dose: at or below ``escalate`` go up, at or above ``deescalate`` go down."""

    escalate: float
    deescalate: float


@dataclass(frozen=True)
class BoinBoundary:
    """Numbers of toxicities among the subjects at a dose; None where no number of them does.

    ``stop_lowest``: stricter, for the lowest dose alone.
    """

    escalate_if_le: int
    deescalate_if_ge: int
    eliminate_if_ge: int | None
    stop_lowest_if_ge: int | None


def boin_lambdas(target: float, *, p_saf: float | None = None, p_tox: float | None = None) -> Lambdas:
    """Borders of the rate of toxicity at a dose.

    Parameters
    ----------
    target
        Rate of toxicity that is aimed at, 0.05 to 0.6.
    p_saf, p_tox
        Highest rate that is too low, lowest that is too high; 0.6 and 1.4 times the target unless given.

    Notes
    -----
    escalate = log((1 - p_saf) / (1 - target)) / log(target (1 - p_saf) / (p_saf (1 - target))), deescalate
    = log((1 - target) / (1 - p_tox)) / log(p_tox (1 - target) / (target (1 - p_tox))).

    Source: Liu S, Yuan Y, J R Stat Soc C 2015;64:507-523; as R's BOIN 2.7.2 computes.

    Raises
    ------
    ParameterError
        A target outside, or rates nearer to it than a tenth of it.

    >>> found = boin_lambdas(0.3)
    >>> round(found.escalate, 5), round(found.deescalate, 5)
    (0.23649, 0.35852)
    """
    safe = SAFE_SHARE * target if p_saf is None else p_saf
    toxic = TOXIC_SHARE * target if p_tox is None else p_tox
    if not TARGETS[0] <= target <= TARGETS[1]:
        raise ParameterError(f"A target lies from {TARGETS[0]} to {TARGETS[1]}; found {target:g}. [boin-rates]")
    least = LEAST_DISTANCE * target * (1 - _HAIR)
    if not (0 < safe <= target - least and target + least <= toxic < 1):
        raise ParameterError(
            f"The safe rate lies a tenth of the target {target:g} below it at least, the toxic one above it; found "
            f"{safe:g} and {toxic:g}. [boin-rates]"
        )
    return Lambdas(
        math.log((1 - safe) / (1 - target)) / math.log(target * (1 - safe) / (safe * (1 - target))),
        math.log((1 - target) / (1 - toxic)) / math.log(toxic * (1 - target) / (target * (1 - toxic))),
    )


def boin_boundary(
    subjects: int,
    *,
    target: float,
    cutoff_eliminate: float = CUTOFF_ELIMINATE,
    offset: float = OFFSET_EXTRA_SAFE,
    p_saf: float | None = None,
    p_tox: float | None = None,
) -> BoinBoundary:
    """Boundaries for a number of subjects at a dose.

    Parameters
    ----------
    subjects
        Subjects treated at the dose, from 1 on.
    target, p_saf, p_tox
        As in ``boin_lambdas``.
    cutoff_eliminate
        A dose and those above it are eliminated where the rate is above the target with more than this probability.
    offset
        The lowest dose stops the trial at ``cutoff_eliminate - offset`` already (the option extrasafe), below 0.5.

    Notes
    -----
    Elimination: Beta(1, 1) prior, from three subjects on. A number that eliminates also de-escalates.

    Source: Liu and Yuan 2015; Yan F et al., J Stat Softw 2020;94(13); as R's BOIN 2.7.2 computes (get.boundary).

    Raises
    ------
    ParameterError
        No subject, rates as in ``boin_lambdas``, a cutoff or an offset outside.

    >>> boin_boundary(6, target=0.3)
    BoinBoundary(escalate_if_le=1, deescalate_if_ge=3, eliminate_if_ge=4, stop_lowest_if_ge=4)
    """
    if not 0 <= offset < 0.5:
        raise ParameterError(f"An offset lies from 0 to below 0.5; found {offset:g}. [boin-rates]")
    lambdas = boin_lambdas(target, p_saf=p_saf, p_tox=p_tox)
    eliminate, stop_lowest = (
        bayes_boundary(subjects, p0=target, cutoff=cutoff, prior_a=1, prior_b=1).stop_at
        if subjects >= MIN_SUBJECTS_ELIMINATE
        else None
        for cutoff in (cutoff_eliminate, cutoff_eliminate - offset)
    )
    deescalate = math.ceil(lambdas.deescalate * subjects)
    return BoinBoundary(
        escalate_if_le=math.floor(lambdas.escalate * subjects),
        deescalate_if_ge=deescalate if eliminate is None else min(deescalate, eliminate),
        eliminate_if_ge=eliminate,
        stop_lowest_if_ge=stop_lowest,
    )


def boin_decision(outcomes: str, *, num_doses: int, target: float) -> Decision:
    """Dose of the next cohort.

    Parameters
    ----------
    outcomes
        Cohorts as ``1NNN 2NT``; empty before the first.
    num_doses
        Doses of the study.
    target
        Rate of toxicity that is aimed at.

    Returns
    -------
    Decision
        The trial stops, without a dose, where the lowest dose is eliminated; BOIN has no other end than the number of
        subjects. The dose to recommend then is another step (isotonic regression), not computed here.

    Notes
    -----
    The counts of all cohorts at the last dose decide. It is not escalated to a dose that its own outcomes eliminate.

    Source: as the R package escalation decides (get_boin, its defaults).

    Raises
    ------
    ParameterError
        Another notation, a dose that the study does not have, or a target outside.

    >>> boin_decision("1NNN 2NTT", num_doses=5, target=0.3)
    Decision(dose=1, continues=True)
    >>> boin_decision("1TTT", num_doses=5, target=0.3)
    Decision(dose=None, continues=False)
    """
    counts = count_outcomes(outcomes, num_doses=num_doses)
    treated, toxic = counts.at(counts.last)
    if treated == 0:
        boin_lambdas(target)
        return Decision(counts.last, continues=True)
    boundary = boin_boundary(treated, target=target)
    if toxic <= boundary.escalate_if_le:
        above = min(counts.last + 1, num_doses)
        eliminated = _eliminated(*counts.at(above), target=target)
        return Decision(counts.last if eliminated else above, continues=True)
    if toxic < boundary.deescalate_if_ge:
        return Decision(counts.last, continues=True)
    if counts.last == 1 and _eliminated(treated, toxic, target=target):
        return Decision(None, continues=False)
    return Decision(max(counts.last - 1, 1), continues=True)


def _eliminated(treated: int, toxic: int, *, target: float) -> bool:
    if treated == 0:
        return False
    border = boin_boundary(treated, target=target).eliminate_if_ge
    return border is not None and toxic >= border
