"""Cases of dose escalation and of stopping for toxicity."""

from collections.abc import Mapping
from functools import lru_cache

from cart.endpoints.escalation.boin import boin_boundary, boin_decision, boin_lambdas
from cart.endpoints.escalation.stopping import PocockBoundary, bayes_boundary, pocock_boundary
from cart.endpoints.escalation.three_plus_three import three_plus_three
from cart.endpoints.vectors.case_files import CaseRule, Found, Row, number, required, truth, whole

# A boundary is worked out for every number of subjects up to the last.
MOST_SUBJECTS = 500


def cohorts(row: Row) -> Mapping[str, Found]:
    """Outcomes by the 3+3 rule."""
    decision = three_plus_three(
        row["outcomes"],
        num_doses=whole(row["num_doses"], low=1, high=100),
        allow_deescalate=truth(row["allow_deescalate"]),
        strict_mode=truth(row["strict_mode"]),
    )
    return {"recommended_dose": decision.dose, "continue": decision.continues}


def path(row: Row) -> Mapping[str, Found]:
    """Outcomes by BOIN."""
    decision = boin_decision(
        row["outcomes"], num_doses=whole(row["num_doses"], low=1, high=100), target=required(row["target"])
    )
    return {"recommended_dose": decision.dose, "continue": decision.continues}


def lambdas(row: Row) -> Mapping[str, Found]:
    """Borders of the rate."""
    found = boin_lambdas(required(row["target"]), p_saf=number(row["p_saf"]), p_tox=number(row["p_tox"]))
    return {"lambda_e": found.escalate, "lambda_d": found.deescalate}


def boundaries(row: Row) -> Mapping[str, Found]:
    """Numbers of toxicities; the last column is for an offset of 0.05."""
    found = boin_boundary(
        whole(row["n"]), target=required(row["target"]), cutoff_eliminate=required(row["cutoff_eli"]), offset=0.05
    )
    return {
        "escalate_if_le": found.escalate_if_le,
        "deescalate_if_ge": found.deescalate_if_ge,
        "eliminate_if_ge": found.eliminate_if_ge,
        "stop_lowest_if_ge_extrasafe_offset005": found.stop_lowest_if_ge,
    }


def pocock(row: Row) -> Mapping[str, Found]:
    """Boundary after a number of subjects."""
    boundary = _pocock(whole(row["K"], low=1, high=MOST_SUBJECTS), required(row["theta0"]), required(row["phi"]))
    treated = whole(row["n_treated"])
    if not 1 <= treated <= len(boundary.stop_at):
        raise ValueError(f"Subjects treated are from 1 to {len(boundary.stop_at)}; found {treated}. [case-value]")
    return {
        "pointwise_alpha": boundary.alpha,
        "overall_stop_prob_at_theta0": boundary.overall,
        "stop_if_ge": boundary.stop_at[treated - 1],
    }


def bayes(row: Row) -> Mapping[str, Found]:
    """Boundary by the posterior."""
    boundary = bayes_boundary(
        whole(row["n"]),
        p0=required(row["p0"]),
        cutoff=required(row["cutoff"]),
        prior_a=required(row["prior_a"]),
        prior_b=required(row["prior_b"]),
    )
    return {"stop_if_ge": boundary.stop_at, "posterior_at_boundary": boundary.posterior}


@lru_cache(maxsize=64)
def _pocock(subjects: int, theta0: float, phi: float) -> PocockBoundary:
    # A file has a row per number of subjects, the boundary is of all of them.
    return pocock_boundary(subjects, theta0=theta0, phi=phi)


_DECIDED = ("recommended_dose", "continue")
RULES = (
    CaseRule(
        "three_plus_three",
        "cart.endpoints.escalation.three_plus_three.three_plus_three",
        ("outcomes", "num_doses", "allow_deescalate", "strict_mode"),
        _DECIDED,
        cohorts,
    ),
    CaseRule(
        "boin_path", "cart.endpoints.escalation.boin.boin_decision", ("outcomes", "num_doses", "target"), _DECIDED, path
    ),
    CaseRule(
        "boin_lambda",
        "cart.endpoints.escalation.boin.boin_lambdas",
        ("target", "p_saf", "p_tox"),
        ("lambda_e", "lambda_d"),
        lambdas,
    ),
    CaseRule(
        "boin_boundaries",
        "cart.endpoints.escalation.boin.boin_boundary",
        ("target", "cutoff_eli", "n"),
        ("escalate_if_le", "deescalate_if_ge", "eliminate_if_ge", "stop_lowest_if_ge_extrasafe_offset005"),
        boundaries,
    ),
    CaseRule(
        "pocock_toxicity",
        "cart.endpoints.escalation.stopping.pocock_boundary",
        ("K", "theta0", "phi", "n_treated"),
        ("pointwise_alpha", "overall_stop_prob_at_theta0", "stop_if_ge"),
        pocock,
    ),
    CaseRule(
        "bayes_toxicity",
        "cart.endpoints.escalation.stopping.bayes_boundary",
        ("p0", "prior_a", "prior_b", "n", "cutoff"),
        ("stop_if_ge", "posterior_at_boundary"),
        bayes,
    ),
)
