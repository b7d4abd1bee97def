"""Board of a dose escalation: what was seen at each dose level, where to go next, where to stop."""

from collections.abc import Sequence
from dataclasses import dataclass

from cart.endpoints.errors import ParameterError
from cart.endpoints.escalation.boin import boin_decision
from cart.endpoints.escalation.outcomes import Decision, count_outcomes
from cart.endpoints.escalation.stopping import pocock_boundary
from cart.endpoints.escalation.three_plus_three import three_plus_three

NO_RULE, THREE_PLUS_THREE, BOIN = "none", "3+3", "BOIN"
RULES = (NO_RULE, THREE_PLUS_THREE, BOIN)
# Days from time zero in which a toxicity is dose-limiting. [S NCT06947460]
WINDOW_DAYS = 28


@dataclass(frozen=True)
class Treated:
    """A subject that was given cells: level from 1, days of follow-up since, whether a DLT is recorded."""

    subject: str
    level: int
    days_followed: int
    dlt: bool


@dataclass(frozen=True)
class LevelSeen:
    """Counts at one level; ``waiting`` subjects are in their window without a DLT and count for nothing yet."""

    level: int
    treated: int
    toxic: int
    waiting: int


@dataclass(frozen=True)
class Board:
    """What follows; ``decision`` is None with the reason beside it.

    ``stop_at``: toxicities at which the trial stops after as many evaluable subjects as there are now; None where no
    number of them does.
    """

    levels: tuple[LevelSeen, ...]
    outcomes: str
    decision: Decision | None
    reason: str
    stop_at: int | None
    toxic: int

    @property
    def stops(self) -> bool:
        """The stopping boundary is reached."""
        return self.stop_at is not None and self.toxic >= self.stop_at


def escalation_board(
    treated: Sequence[Treated],
    *,
    num_levels: int,
    rule: str = THREE_PLUS_THREE,
    target: float = 0.3,
    theta0: float = 0.3,
    phi: float = 0.1,
    most_subjects: int = 18,
    window_days: int = WINDOW_DAYS,
) -> Board:
    """Board of the subjects in the order in which they were treated.

    Parameters
    ----------
    treated
        Subjects in the order of their time zero.
    num_levels
        Dose levels of the study.
    rule
        ``3+3`` or ``BOIN``; ``none`` proposes nothing.
    target
        Rate of toxicity that BOIN aims at.
    theta0, phi, most_subjects
        Pocock-type boundary: acceptable rate, most that the probability of ever stopping may be at it, most subjects
        of the trial, 0 where it has no boundary. Parameters of the protocol; the defaults are [D].
    window_days
        Days in which a toxicity is dose-limiting; until they are over a subject without one is waiting.

    Notes
    -----
    A subject counts with its DLT at once, without one when its window is over. While subjects at the last level wait,
    nothing is proposed but to wait, unless the rule already goes down or stops: what is still to come cannot undo a
    toxicity. A proposal for those who decide, not a decision.

    Raises
    ------
    ParameterError
        Another rule, a level that the study does not have, or a parameter outside.

    >>> three = [Treated(f"S{n}", 1, 40, False) for n in range(3)]
    >>> escalation_board(three, num_levels=2).decision
    Decision(dose=2, continues=True)
    >>> escalation_board([*three[:2], Treated("S2", 1, 5, False)], num_levels=2).reason
    '1 subject at level 1 is in its window of 28 days'
    """
    if rule not in RULES:
        raise ParameterError(f"A rule is one of {', '.join(RULES)}; found {rule!r}. [escalation-rule]")
    known = [one for one in treated if one.dlt or one.days_followed >= window_days]
    outcomes = _outcomes(known)
    counts = count_outcomes(outcomes, num_doses=num_levels)
    waiting = [one for one in treated if one not in known]
    outside = [one.level for one in waiting if not 1 <= one.level <= num_levels]
    if outside:
        raise ParameterError(f"A dose is one of 1 to {num_levels}; found {outside[0]}. [outcomes]")
    levels = tuple(
        LevelSeen(level, *counts.at(level), sum(one.level == level for one in waiting))
        for level in range(1, num_levels + 1)
    )
    decision, reason = _decision(outcomes, num_levels=num_levels, rule=rule, target=target)
    last = treated[-1].level if treated else 1
    at_last = levels[last - 1].waiting
    goes_on = decision is None or (decision.continues and decision.dose is not None and decision.dose >= last)
    if rule != NO_RULE and at_last and goes_on:
        noun = "subject" if at_last == 1 else "subjects"
        verb = "is in its" if at_last == 1 else "are in their"
        decision, reason = None, f"{at_last} {noun} at level {last} {verb} window of {window_days} days"
    return Board(
        levels=levels,
        outcomes=outcomes,
        decision=decision,
        reason=reason,
        stop_at=_stop_at(len(known), most_subjects, theta0=theta0, phi=phi),
        toxic=sum(counts.toxic),
    )


def _outcomes(known: Sequence[Treated]) -> str:
    """Cohorts in the notation of dose finding; a change of the level begins a new one."""
    parts: list[str] = []
    level = None
    for one in known:
        if one.level != level:
            parts.append(f" {one.level}")
            level = one.level
        parts.append("T" if one.dlt else "N")
    return "".join(parts).strip()


def _decision(outcomes: str, *, num_levels: int, rule: str, target: float) -> tuple[Decision | None, str]:
    if rule == NO_RULE:
        return None, "the protocol names no rule of escalation"
    if rule == BOIN:
        return boin_decision(outcomes, num_doses=num_levels, target=target), ""
    try:
        return three_plus_three(outcomes, num_doses=num_levels), ""
    except ParameterError as error:
        # What was done departs from the rule: the people who did it decide, the rule proposes nothing.
        return None, str(error)


def _stop_at(subjects: int, most_subjects: int, *, theta0: float, phi: float) -> int | None:
    if subjects == 0 or most_subjects == 0:
        return None
    return pocock_boundary(max(subjects, most_subjects), theta0=theta0, phi=phi).stop_at[subjects - 1]
