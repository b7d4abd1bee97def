import pytest

from cart.endpoints.depletion import NEVER, NO_SAMPLE, UNDECIDED
from tests.endpoints.cases import answer, frames, series

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
