import random

import pytest

from cart.endpoints.depletion import NEVER, NO_SAMPLE, UNDECIDED
from tests.endpoints.cases import answer, answers, frames, series

COUNTS = {-8: "150", 7: "<1", 28: "4", 84: "30", 112: "65"}


def naive(shares: dict[int, str], counts: dict[int, str] = COUNTS, **parameters: object) -> dict[str, object]:
    rows = series(counts) + series(shares, "NAIVE_PCT", first_id=100)
    return answer(frames(rows), "BCNAIVE", **parameters)


def test_share_at_the_first_confirmed_recovery_by_hand() -> None:
    row = naive({28: "10", 84: "86.5", 112: "60"})
    assert (row["status"], row["text"], row["day"], row["value"]) == ("evaluable", "yes", 84, 86.5)
    assert row["evidence"] == [4, 101]


@pytest.mark.parametrize(("share", "text"), [("80", "yes"), ("79.9", "no")])
def test_exactly_the_share_is_naive(share: str, text: str) -> None:
    assert naive({84: share})["text"] == text


def test_share_is_a_parameter() -> None:
    assert naive({84: "60"}, naive_share=50.0)["text"] == "yes"


def test_nearest_sample_counts_the_earlier_of_ties() -> None:
    assert naive({80: "90", 88: "10"})["text"] == "yes"
    assert naive({79: "90", 88: "10"})["text"] == "no"


def test_sample_of_depleted_cells_is_no_candidate() -> None:
    row = naive({28: "90"}, within_days=60)
    assert (row["status"], row["reason"]) == ("not-evaluable", "no naive share within 60 days of recovery")


def test_censored_share_that_does_not_decide() -> None:
    assert naive({84: "<85"})["reason"] == "the censored naive share does not decide"
    row = naive({84: "<5"})
    assert (row["status"], row["text"], row["value"], row["high"]) == ("bounded", "no", None, 5.0)


def test_reasons_follow_the_course() -> None:
    assert naive({84: "90"}, {-8: "150", 28: "40"})["reason"] == NEVER
    assert naive({84: "90"}, {-8: "150", 28: "<20"})["reason"] == UNDECIDED
    assert naive({84: "90"}, {-8: "150", 28: "<1"})["reason"] == "no confirmed B-cell recovery yet"
    assert naive({84: "90"}, {-8: "150"})["reason"] == NO_SAMPLE


def subsets(shares: dict[str, dict[int, str]], counts: dict[int, str] = COUNTS, **parameters: object) -> dict:
    rows = series(counts)
    for place, (analyte, values) in enumerate(shares.items(), start=1):
        rows += series(values, analyte, first_id=100 * place, unit="%")
    return {row["series"]: row for row in answers(frames(rows), "BCSUBSET", **parameters)}


def test_each_subset_has_its_nearest_share_by_hand() -> None:
    found = subsets({"TRANS_PCT": {28: "9", 84: "31.5", 112: "12"}, "SWITCHED_PCT": {80: "2", 88: "3"}})
    assert {name: (row["value"], row["day"], row["status"]) for name, row in found.items()} == {
        "TRANS_PCT": (31.5, 84, "evaluable"),
        # Four days before and after: the earlier.
        "SWITCHED_PCT": (2.0, 80, "evaluable"),
    }
    assert found["TRANS_PCT"]["evidence"] == [4, 101]


def test_censored_share_of_a_subset_is_an_interval() -> None:
    row = subsets({"PLASMABLAST_PCT": {84: "<0.5"}})["PLASMABLAST_PCT"]
    assert (row["value"], row["low"], row["high"], row["status"]) == (None, 0.0, 0.5, "bounded")


def test_subset_reasons_follow_the_course() -> None:
    reason = {
        "recovered": subsets({"TRANS_PCT": {28: "9"}})[""]["reason"],
        "never": subsets({"TRANS_PCT": {84: "9"}}, {-8: "150", 28: "40"})[""]["reason"],
        "not yet": subsets({"TRANS_PCT": {84: "9"}}, {-8: "150", 28: "<1"})[""]["reason"],
        "no sample": subsets({"TRANS_PCT": {84: "9"}}, {-8: "150"})[""]["reason"],
    }
    assert reason == {
        "recovered": "no share of a subset within 28 days of recovery",
        "never": NEVER,
        "not yet": "no confirmed B-cell recovery yet",
        "no sample": NO_SAMPLE,
    }


def test_codes_of_the_subsets_are_a_parameter() -> None:
    assert set(subsets({"MARGINAL": {84: "9"}}, subsets=["MARGINAL"])) == {"MARGINAL"}


def test_nearest_shares_of_many_subjects_agree_with_a_search_whatever_the_order() -> None:
    dice, rows, expected = random.Random(3), [], {}
    for subject in range(1, 50):
        rows += series(COUNTS, first_id=len(rows) + 1, subject_id=subject)
        shares = {day: dice.randint(0, 60) for day in dice.sample(range(1, 140), 6)}
        texts = {day: str(share) for day, share in shares.items()}
        rows += series(texts, "TRANS_PCT", first_id=len(rows) + 1, subject_id=subject, unit="%")
        near = [(abs(day - 84), day, share) for day, share in shares.items() if day > 28 and abs(day - 84) <= 28]
        expected[subject] = min(near)[2] if near else None
    dice.shuffle(rows)
    found = {row["subject_id"]: row["value"] for row in answers(frames(rows, subjects=range(1, 50)), "BCSUBSET")}
    assert found == expected
