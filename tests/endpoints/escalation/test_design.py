"""The design of an escalation is the protocol's: without one nothing is proposed and nothing stops."""

import pytest

from cart.endpoints.catalogue import evaluate  # noqa: F401 - fills the registry
from cart.endpoints.errors import ParameterError
from cart.endpoints.escalation.board import Treated, escalation_board
from cart.endpoints.escalation.design import Design, design_in_force
from cart.endpoints.registry import check_parameters

TOXIC = [Treated(f"S{number}", 1, 40, dlt=True) for number in range(6)]


def test_protocol_without_a_rule_is_proposed_nothing_whatever_was_seen():
    design = design_in_force({})
    assert design == Design("none", 0.3, 0, 0.3, 0.1, 28)
    board = escalation_board(TOXIC, num_levels=2, **design.options())
    assert (board.decision, board.stop_at, board.stops) == (None, None, False)
    assert board.reason == "the protocol names no rule of escalation"
    assert board.toxic == 6


def test_waiting_subject_is_not_the_reason_where_there_is_no_rule():
    board = escalation_board([Treated("S", 1, 3, dlt=False)], num_levels=1, **design_in_force({}).options())
    assert board.reason == "the protocol names no rule of escalation"
    assert board.levels[0].waiting == 1


def test_boundary_is_that_of_the_protocols_own_number_of_subjects():
    design = design_in_force({"ESCALATE": {"rule": "BOIN", "most_subjects": 18, "target": 0.25}})
    board = escalation_board(TOXIC, num_levels=2, **design.options())
    assert board.stops
    assert design.options()["target"] == 0.25


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"rule": "4+4"}, "is one of none, 3\\+3, BOIN"),
        ({"target": 0.9}, "lies between 0.05 and 0.6"),
        ({"most_subjects": -1}, "lies between 0 and 200"),
        ({"most_subjects": 2.5}, "is a whole number"),
        ({"stopping_probability": 0}, "lies between"),
        ({"theta0": 0.3}, "has no parameter 'theta0'"),
    ],
)
def test_impossible_design_is_refused_with_its_place(values, match):
    with pytest.raises(ParameterError, match=match):
        check_parameters({"ESCALATE": values})
