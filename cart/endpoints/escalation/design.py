"""Design of a dose escalation as a study's protocol sets it: the rule, what it aims at, where the trial stops."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cart.endpoints.escalation.board import NO_RULE, RULES
from cart.endpoints.limiting_toxicity import LIMITING, WINDOW
from cart.endpoints.registry import READ_TIME, Parameter, in_force

ESCALATION = "ESCALATE"
READ_TIME[ESCALATION] = (
    Parameter(
        "rule",
        NO_RULE,
        "",
        "own rule: a study without a rule in its protocol is proposed nothing",
        "Rule that proposes the dose level of the next subjects.",
        choices=RULES,
    ),
    Parameter(
        "target",
        0.3,
        "",
        "Liu and Yuan 2015: target rates of 0.2 to 0.3 are usual",
        "Rate of dose-limiting toxicity that BOIN aims at; 3+3 has none.",
        at_least=0.05,
        at_most=0.6,
    ),
    Parameter(
        "most_subjects",
        0,
        "",
        "own rule: a study without a number in its protocol has no boundary",
        "Subjects at most, over whom the trial is watched for stopping; 0: no boundary.",
        at_most=200,
    ),
    Parameter(
        "acceptable_rate",
        0.3,
        "",
        "own rule, to be set by the protocol",
        "Rate of dose-limiting toxicity at which the trial need not stop.",
        at_least=0.01,
        at_most=0.99,
    ),
    Parameter(
        "stopping_probability",
        0.1,
        "",
        "own rule, to be set by the protocol",
        "Probability of ever stopping at the acceptable rate, at most.",
        at_least=0.001,
        at_most=0.5,
    ),
)


@dataclass(frozen=True)
class Design:
    """What ``escalation_board`` needs beside the subjects."""

    rule: str
    target: float
    most_subjects: int
    acceptable_rate: float
    stopping_probability: float
    window_days: int

    def options(self) -> dict[str, Any]:
        """Keywords of ``escalation_board``."""
        return {
            "rule": self.rule,
            "target": self.target,
            "most_subjects": self.most_subjects,
            "theta0": self.acceptable_rate,
            "phi": self.stopping_probability,
            "window_days": self.window_days,
        }


def design_in_force(overrides: Mapping[str, Mapping[str, Any]]) -> Design:
    """Rule, target and stopping boundary of a study's protocol, with the window of its dose-limiting toxicity.

    Raises
    ------
    ParameterError
        The protocol sets a value that cannot be.

    >>> design_in_force({"ESCALATE": {"rule": "3+3"}, "DLT": {"window_days": 42}})
    Design(rule='3+3', target=0.3, most_subjects=0, acceptable_rate=0.3, stopping_probability=0.1, window_days=42)
    """
    values = in_force(ESCALATION, READ_TIME[ESCALATION], overrides)
    return Design(**values, window_days=LIMITING.in_force(overrides)[WINDOW.name])
