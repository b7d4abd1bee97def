"""Board of a dose escalation: windows that are not over, the kernels' decisions, the stopping boundary."""

import pytest

from cart.endpoints.errors import ParameterError
from cart.endpoints.escalation.board import Board, LevelSeen, Treated, escalation_board
from cart.endpoints.escalation.boin import boin_decision
from cart.endpoints.escalation.outcomes import Decision
from cart.endpoints.escalation.stopping import pocock_boundary
from cart.endpoints.escalation.three_plus_three import three_plus_three


def treated(text, *, days=40):
    """Subjects from ``1N1N1T``; a ``w`` is still in its window."""
    return [
        Treated(f"S{place}", int(text[place]), 5 if text[place + 1] == "w" else days, text[place + 1] == "T")
        for place in range(0, len(text), 2)
    ]


def test_before_the_first_subject_the_lowest_dose_is_next():
    assert escalation_board([], num_levels=3) == Board(
        levels=(LevelSeen(1, 0, 0, 0), LevelSeen(2, 0, 0, 0), LevelSeen(3, 0, 0, 0)),
        outcomes="", decision=Decision(1, continues=True), reason="", stop_at=None, toxic=0,
    )  # fmt: skip


@pytest.mark.parametrize("rule", ["3+3", "BOIN"])
@pytest.mark.parametrize("text", ["1N1N1N", "1N1N1T", "1N1T1T", "1N1N1N2N2T2N2N2N2N", "1N1N1N2T2T2N", "1T1T1T"])
def test_decision_is_the_kernels(text, rule):
    found = escalation_board(treated(text), num_levels=3, rule=rule)
    if rule == "BOIN":
        assert found.decision == boin_decision(found.outcomes, num_doses=3, target=0.3)
    else:
        assert found.decision == three_plus_three(found.outcomes, num_doses=3)
    assert found.outcomes.replace(" ", "").count("T") == found.toxic == text.count("T")


def test_nothing_is_proposed_while_a_subject_of_the_last_level_is_in_its_window():
    found = escalation_board(treated("1N1N1w"), num_levels=2)
    assert (found.decision, found.reason) == (None, "1 subject at level 1 is in its window of 28 days")
    assert found.levels[0] == LevelSeen(1, 2, 0, 1)
    assert "2 subjects at level 1 are in their" in escalation_board(treated("1N1w1w"), num_levels=2).reason


def test_window_ends_with_its_last_day():
    assert escalation_board(treated("1N1N1N", days=28), num_levels=2).decision == Decision(2, continues=True)
    assert escalation_board(treated("1N1N1N", days=27), num_levels=2).decision is None
    assert escalation_board(treated("1N1N1N", days=27), num_levels=2, window_days=21).decision is not None


def test_toxicity_counts_at_once_and_a_rule_that_goes_down_does_not_wait():
    found = escalation_board(treated("1N1N1N2T2T2T2w"), num_levels=2)
    assert found.decision == Decision(1, continues=False)
    assert found.levels[1] == LevelSeen(2, 3, 3, 1)


def test_cohorts_off_the_rule_have_no_proposal_and_the_reason():
    found = escalation_board(treated("1N1N2N"), num_levels=2)
    assert found.decision is None
    assert "[three-plus-three]" in found.reason


def test_stopping_boundary_is_that_of_the_evaluable_subjects():
    boundary = pocock_boundary(18, theta0=0.3, phi=0.1)
    for size in range(1, 10):
        found = escalation_board(treated("1T" * size, days=1), num_levels=2, rule="BOIN")
        assert found.stop_at == boundary.stop_at[size - 1]
        assert found.stops == (found.stop_at is not None and size >= found.stop_at)
    assert not escalation_board(treated("1N" * 6), num_levels=2, rule="BOIN").stops
    # More subjects than were planned: the boundary goes on with them.
    assert escalation_board(treated("1N" * 20), num_levels=1, rule="BOIN").stop_at is not None


@pytest.mark.parametrize("text", ["3N", "0N", "3w"])
def test_level_that_the_study_does_not_have_is_refused(text):
    with pytest.raises(ParameterError, match="outcomes"):
        escalation_board(treated(text), num_levels=2)


def test_unknown_rule_is_refused():
    with pytest.raises(ParameterError, match="escalation-rule"):
        escalation_board([], num_levels=2, rule="CRM")
