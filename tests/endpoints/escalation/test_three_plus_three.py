"""3+3: each branch by hand, outcomes off the rule, trials that follow it to their end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.errors import ParameterError
from cart.endpoints.escalation.three_plus_three import three_plus_three


def decided(outcomes, **options):
    decision = three_plus_three(outcomes, num_doses=3, **options)
    return decision.dose, decision.continues


@pytest.mark.parametrize(
    ("outcomes", "plain", "korn"),
    [
        ("", (1, True), (1, True)),
        ("1T", (1, True), (1, True)),
        ("1TT", (1, True), (1, True)),
        ("1NNN", (2, True), (2, True)),
        ("1NNT", (1, True), (1, True)),
        ("1NTT", (None, False), (None, False)),
        ("1NNT 1TT", (1, True), (1, True)),
        ("1NNT 1NNN", (2, True), (2, True)),
        ("1NNT 1NNT", (None, False), (None, False)),
        ("1NNN 2NTT", (1, False), (1, True)),
        ("1NNN 2NNT 2NTT", (1, False), (1, True)),
        ("1NNT 1NNN 2NTT", (1, False), (1, False)),
        ("1NNN 2NNN 3NNN", (3, False), (3, False)),
        ("1NNN 2NNN 3NNT", (3, True), (3, True)),
        ("1NNN 2NNN 3NNT 3NNN", (3, False), (3, False)),
        ("1NNN 2NNN 3NNT 3NNT", (2, False), (2, True)),
        ("1NNN 2NNN 3TTT 2N", (2, True), (2, True)),
        ("1NNN 2NNN 3TTT 2NNT", (2, False), (2, False)),
        ("1NNN 2NNN 3TTT 2NTT", (1, False), (1, True)),
        ("1NNN 2NNN 3TTT 2NTT 1NTT", (None, False), (None, False)),
        ("2NTT 1NNN", (1, False), (1, False)),
        ("2NTT 1NNT", (1, True), (1, True)),
        ("1NTN 1NTN 2NNT 2TNN 3TTT", (2, False), (None, False)),
        ("1NTN 1NNN 2NNT 2TNN 3TTT", (2, False), (1, False)),
        ("1NNT 1NNN 2NNN 2NNN 1", None, None),
    ],
)
def test_every_branch(outcomes, plain, korn):
    if plain is None:
        with pytest.raises(ParameterError, match=r"\[outcomes\]"):
            decided(outcomes, strict_mode=False)
        return
    assert decided(outcomes, strict_mode=False) == plain
    assert decided(outcomes, strict_mode=False, allow_deescalate=True) == korn


@pytest.mark.parametrize(
    "outcomes",
    ["1NNN 1N", "1NNN 1NNN", "1NNN 3N", "1NN 2N", "1NNN 2TTT 1N", "1NNT 1NNT 1N", "1NN 2NNN"],
)
def test_strict_mode_refuses_what_the_rule_does_not_lead_to(outcomes):
    with pytest.raises(ParameterError, match=r"\[three-plus-three\]"):
        decided(outcomes)


def test_six_without_toxicity_follow_from_de_escalation_alone():
    assert decided("1NNN 2TTT 1NNN", allow_deescalate=True) == (1, False)
    assert decided("1NNN 1NTT", strict_mode=False) == (None, False)
    assert decided("1NNN 1NNT", strict_mode=False) == (2, True)


def test_more_than_six_at_a_dose_have_no_decision():
    with pytest.raises(ParameterError, match=r"at dose 1 in .*\[three-plus-three\]"):
        decided("1NNT 1NNN 1N", strict_mode=False)


@settings(deadline=None)
@given(st.integers(1, 5), st.booleans(), st.lists(st.sampled_from("NNNT"), min_size=60, max_size=60))
def test_a_trial_that_follows_the_rule_keeps_it_and_ends(doses, korn, letters):
    outcomes, dice = "", iter(letters)
    for _ in range(2 * doses):
        before = outcomes
        decision = three_plus_three(outcomes, num_doses=doses, allow_deescalate=korn)
        if not decision.continues:
            break
        outcomes = f"{outcomes} {decision.dose}{next(dice)}{next(dice)}{next(dice)}"
        # Within the cohort the dose stays.
        for cut in (1, 2):
            within = three_plus_three(outcomes[:-cut], num_doses=doses, allow_deescalate=korn)
            assert (within.dose, within.continues) == (decision.dose, True), before
    final = three_plus_three(outcomes, num_doses=doses, allow_deescalate=korn)
    assert not final.continues
    if final.dose:
        cohorts = [cohort for cohort in outcomes.split() if int(cohort[0]) == final.dose]
        assert "".join(cohorts).count("T") <= 1
