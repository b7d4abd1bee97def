"""The 3+3 rule of dose escalation."""

from cart.endpoints.errors import ParameterError
from cart.endpoints.escalation.outcomes import Decision, DoseCounts, count_outcomes

DEFINITION = "3+3"
COHORT = 3
MOST = 2 * COHORT


def three_plus_three(
    outcomes: str, *, num_doses: int, allow_deescalate: bool = False, strict_mode: bool = True
) -> Decision:
    """Next dose, or the recommended one, after outcomes.

    Parameters
    ----------
    outcomes
        Cohorts as ``1NNN 2NNT 2N``; a last cohort may be under way. Empty before the first.
    num_doses
        Doses of the study.
    allow_deescalate
        The variant of Korn et al.: after too much toxicity the dose below is given until six subjects had it, and the
        recommended dose is the highest that six had with at most one toxicity. Otherwise the trial stops and the dose
        below is recommended.
    strict_mode
        Refuse outcomes that the rule does not lead to.

    Returns
    -------
    Decision
        ``dose`` is None where the trial stops without one.

    Notes
    -----
    No toxicity in three, or at most one in six: next dose; at the highest one, or where the next is known to be too
    toxic (two toxicities, or six subjects), stop. One in three: three more. Two: too toxic. Within a cohort: the same
    dose.

    Source: Storer BE, Biometrics 1989;45:925-937; Korn EL et al., Stat Med 1994;13:1799-1806. As the R package
    escalation 0.2 decides.

    Raises
    ------
    ParameterError
        Another notation, more than six subjects at the dose, or (strict) outcomes off the rule.

    Examples
    --------
    >>> three_plus_three("1NNN 2NNT", num_doses=5)
    Decision(dose=2, continues=True)
    >>> three_plus_three("1NNN 2NTT", num_doses=5)
    Decision(dose=1, continues=False)
    >>> three_plus_three("1NNN 2NTT", num_doses=5, allow_deescalate=True)
    Decision(dose=1, continues=True)
    """
    counts = count_outcomes(outcomes, num_doses=num_doses)
    if strict_mode:
        _check_rule(counts, outcomes, toxless_most=MOST if allow_deescalate else COHORT)
    treated, toxic = counts.at(counts.last)
    if treated > MOST:
        raise ParameterError(
            f"At most {MOST} subjects have a dose; found {treated} at dose {counts.last} in {outcomes!r}. "
            "[three-plus-three]"
        )
    if treated not in (COHORT, MOST) or (treated == COHORT and toxic == 1):
        return Decision(counts.last, continues=True)
    if toxic <= 1:
        return _after_tolerated(counts, num_doses)
    return _after_toxic(counts, allow_deescalate=allow_deescalate)


def _after_tolerated(counts: DoseCounts, num_doses: int) -> Decision:
    if counts.last == num_doses:
        return Decision(counts.last, continues=False)
    treated, toxic = counts.at(counts.last + 1)
    if treated >= MOST or toxic > 1:
        return Decision(counts.last, continues=False)
    return Decision(counts.last + 1, continues=True)


def _after_toxic(counts: DoseCounts, *, allow_deescalate: bool) -> Decision:
    below = counts.last - 1
    if below == 0:
        return Decision(None, continues=False)
    if not allow_deescalate:
        return Decision(below, continues=False)
    if counts.at(below)[0] < MOST:
        return Decision(below, continues=True)
    # "The highest dose level in which 6 patients have been treated with <= 1 instance of DLT" (Korn).
    pairs = enumerate(zip(counts.treated, counts.toxic, strict=True), start=1)
    tolerated = [dose for dose, (treated, toxic) in pairs if treated >= MOST and toxic <= 1]
    return Decision(max(tolerated, default=None), continues=False)


def _check_rule(counts: DoseCounts, outcomes: str, *, toxless_most: int) -> None:
    given = [dose for dose, treated in enumerate(counts.treated, start=1) if treated]
    wrong = ""
    for dose in given:
        treated, toxic = counts.at(dose)
        if treated > MOST:
            wrong = f"{treated} subjects at dose {dose}, at most {MOST}"
        elif toxic == 0 and treated > toxless_most:
            wrong = f"{treated} subjects without a toxicity at dose {dose}, at most {toxless_most}"
        elif dose != counts.last and treated % COHORT:
            wrong = f"an incomplete cohort at dose {dose}, which is not the last"
    if given and given[-1] - given[0] + 1 != len(given):
        wrong = "a dose that was skipped"
    if wrong:
        raise ParameterError(f"Cohorts follow the 3+3 rule; found {wrong}, in {outcomes!r}. [three-plus-three]")
