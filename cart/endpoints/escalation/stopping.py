"""Boundaries of toxicities at which a trial stops: Pocock-type for every subject, Bayesian for a number of subjects."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import bdtrc, betaincc

from cart.endpoints.errors import ParameterError

# Tails that are equal on paper differ in binary in their last digits.
_HAIR = 1e-12


@dataclass(frozen=True)
class PocockBoundary:
    """Boundary of continuous monitoring.

    ``alpha``: pointwise level (None where no level keeps the overall probability); ``overall``: probability of ever
    stopping at theta0; ``stop_at``: toxicities to stop at after 1, 2... subjects, None where no number of them does.
    """

    alpha: float | None
    overall: float
    stop_at: tuple[int | None, ...]


@dataclass(frozen=True)
class BayesBoundary:
    """Toxicities to stop at, and the posterior probability there that the rate is above p0; None where none does."""

    stop_at: int | None
    posterior: float | None


def pocock_boundary(subjects: int, *, theta0: float, phi: float) -> PocockBoundary:
    """Pocock-type stopping boundary for toxicity, looked at after every subject.

    Parameters
    ----------
    subjects
        Most subjects of the trial, K.
    theta0
        Acceptable rate of toxicity, within (0, 1).
    phi
        Most that the probability of ever stopping may be when the rate is theta0, within (0, 1).

    Returns
    -------
    PocockBoundary

    Notes
    -----
    After k subjects the trial stops with b_k toxicities or more: the smallest number with P(Bin(k, theta0) >= b_k) <=
    alpha. alpha is the largest of the tail probabilities with which the trial stops at theta0 with probability <= phi.

    Source: Ivanova A, Qaqish BF, Schell MJ, Biometrics 2005;61:540-545.

    Raises
    ------
    ParameterError
        No subject, or a probability that is 0, 1 or outside.

    >>> boundary = pocock_boundary(9, theta0=0.2, phi=0.05)
    >>> boundary.stop_at, round(boundary.alpha, 4)
    ((None, None, 3, 3, 4, 4, 5, 5, 5), 0.0272)
    """
    _check_probabilities(theta0=theta0, phi=phi)
    if subjects < 1:
        raise ParameterError(f"A boundary needs a subject; found {subjects}. [stopping-boundary]")
    # Row k - 1, column b - 1: P(Bin(k, theta0) >= b); above k subjects there are no toxicities.
    counts = np.arange(1, subjects + 1)
    tails = np.asarray(bdtrc(counts[np.newaxis, :] - 1, counts[:, np.newaxis], theta0))
    possible = counts[np.newaxis, :] <= counts[:, np.newaxis]
    levels = np.unique(tails[possible])
    low, high = 0, levels.size
    while low < high:
        middle = (low + high) // 2
        if _overall(_boundary(tails, possible, levels[middle]), theta0) <= phi:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return PocockBoundary(None, 0.0, (None,) * subjects)
    bounds = _boundary(tails, possible, levels[low - 1])
    stop_at = tuple(int(bound) if bound <= k else None for k, bound in enumerate(bounds, start=1))
    return PocockBoundary(float(levels[low - 1]), _overall(bounds, theta0), stop_at)


def bayes_boundary(subjects: int, *, p0: float, cutoff: float, prior_a: float, prior_b: float) -> BayesBoundary:
    """Smallest number of toxicities at which the rate is above p0 with more than ``cutoff`` probability.

    Parameters
    ----------
    subjects
        Subjects treated.
    p0, cutoff
        Rate and probability, within (0, 1).
    prior_a, prior_b
        Beta prior of the rate; 1 and 1 is uniform.

    Notes
    -----
    Posterior: Beta(prior_a + x, prior_b + subjects - x). At least one toxicity is asked for: nothing seen is no
    reason to stop. The posterior is of the boundary.

    Source: Thall PF, Simon R, Biometrics 1994;50:337-349; the elimination rule of BOIN with a uniform prior and 0.95.

    Raises
    ------
    ParameterError
        No subject, a probability that is 0, 1 or outside, or a prior not above zero.

    >>> bayes_boundary(6, p0=0.2, cutoff=0.95, prior_a=1, prior_b=1)
    BayesBoundary(stop_at=3, posterior=0.966656)
    """
    _check_probabilities(p0=p0, cutoff=cutoff)
    if subjects < 1 or not (0 < prior_a < math.inf and 0 < prior_b < math.inf):
        raise ParameterError(
            f"A boundary needs a subject and a prior above zero; found {subjects} subjects and Beta({prior_a:g}, "
            f"{prior_b:g}). [stopping-boundary]"
        )
    for toxic in range(1, subjects + 1):
        posterior = float(betaincc(prior_a + toxic, prior_b + subjects - toxic, p0))
        if posterior > cutoff:
            return BayesBoundary(toxic, posterior)
    return BayesBoundary(None, None)


def _boundary(tails: npt.NDArray[np.float64], possible: npt.NDArray[np.bool_], level: float) -> npt.NDArray[np.int64]:
    """Smallest number with a tail at most the level; more than the subjects where there is none."""
    return np.asarray(((tails > level * (1 + _HAIR)) & possible).sum(axis=1) + 1, dtype=np.int64)


def _overall(bounds: npt.NDArray[np.int64], theta0: float) -> float:
    """Probability of ever reaching the boundary, subject by subject."""
    going = np.zeros(bounds.size + 1)
    going[0] = 1.0
    stopped = 0.0
    for bound in bounds:
        going[1:] = going[1:] * (1 - theta0) + going[:-1] * theta0
        going[0] *= 1 - theta0
        stopped += float(going[bound:].sum())
        going[bound:] = 0.0
    return stopped


def _check_probabilities(**given: float) -> None:
    for name, value in given.items():
        if not 0 < value < 1:
            raise ParameterError(f"{name} lies between 0 and 1; found {value:g}. Correct it. [stopping-boundary]")
