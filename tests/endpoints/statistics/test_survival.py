"""Kaplan-Meier: by hand, against lifelines and scipy, and against R's rules where those have others."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from scipy import stats

from cart.endpoints.errors import ParameterError
from cart.endpoints.statistics.survival import at_time, kaplan_meier, median_follow_up, median_time

FOLLOWED = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=25)


def columns(followed):
    return [time for time, _ in followed], [event for _, event in followed]


def slow_curve(followed):
    """Survival and Greenwood's sum at each time, subject by subject."""
    survival, total, found = 1.0, 0.0, []
    for time in sorted({time for time, _ in followed}):
        at_risk = sum(other >= time for other, _ in followed)
        died = sum(other == time and event for other, event in followed)
        survival *= 1 - died / at_risk
        total += died / (at_risk * (at_risk - died)) if at_risk > died else math.inf
        found.append((time, at_risk, died, survival, total))
    return found


def test_five_subjects_by_hand():
    curve = kaplan_meier([84, 28, 56, 84, 35], [True, True, False, False, True])
    assert curve.select("time", "at_risk", "events", "censored").rows() == [
        (28, 5, 1, 0), (35, 4, 1, 0), (56, 3, 0, 1), (84, 2, 1, 1),
    ]  # fmt: skip
    assert curve["survival"].to_list() == pytest.approx([0.8, 0.6, 0.6, 0.3])
    # Greenwood at 35: 0.6 sqrt(1/(5*4) + 1/(4*3)).
    assert curve["std_error"][1] == pytest.approx(0.6 * math.sqrt(1 / 20 + 1 / 12))
    assert median_time(curve).median == 84


@settings(deadline=None)
@given(FOLLOWED)
def test_curve_agrees_with_a_count_of_subjects(followed):
    curve = kaplan_meier(*columns(followed))
    for row, (time, at_risk, died, survival, total) in zip(
        curve.iter_rows(named=True), slow_curve(followed), strict=True
    ):
        assert (row["time"], row["at_risk"], row["events"]) == (time, at_risk, died)
        assert row["survival"] == pytest.approx(survival, abs=1e-12)
        expected = None if math.isinf(total) else pytest.approx(survival * math.sqrt(total), abs=1e-12)
        assert row["std_error"] == expected


@settings(deadline=None, max_examples=40)
@given(FOLLOWED, st.sampled_from([0.8, 0.95]))
def test_curve_and_interval_agree_with_lifelines(followed, confidence):
    times, events = columns(followed)
    fit = KaplanMeierFitter(alpha=1 - confidence).fit(times, events)
    curve = kaplan_meier(times, events, confidence=confidence)
    low, high = (fit.confidence_interval_.iloc[:, place] for place in (0, 1))
    for row in curve.iter_rows(named=True):
        assert row["survival"] == pytest.approx(fit.survival_function_.iloc[:, 0].loc[row["time"]], abs=1e-12)
        if 1e-12 < row["survival"] < 1:
            expected = (low.loc[row["time"]], high.loc[row["time"]])
            assert (row["low"], row["high"]) == pytest.approx(expected, abs=1e-9)
        else:
            assert (row["low"], row["high"]) == (None, None)


@settings(deadline=None, max_examples=40)
@given(FOLLOWED)
def test_median_agrees_with_lifelines_where_no_line_runs_at_one_half(followed):
    times, events = columns(followed)
    curve, fit = kaplan_meier(times, events), KaplanMeierFitter().fit(times, events)
    found = median_time(curve)
    assert (found.subjects, found.events) == (len(followed), sum(events))
    if not any(abs(value - 0.5) < 1e-9 for value in curve["survival"]):
        assert (found.median or math.inf) == fit.median_survival_time_ or found.median == 0 == fit.median_survival_time_
    inside = curve.filter((curve["survival"] > 0) & (curve["survival"] < 1))
    if inside.height == curve.height and not any(abs(v - 0.5) < 1e-9 for n in ("low", "high") for v in curve[n]):
        ends = median_survival_times(fit.confidence_interval_).iloc[0]
        assert [math.inf if end is None else end for end in (found.low, found.high)] == list(ends)


def test_a_curve_at_one_half_has_its_median_in_the_middle_of_the_stretch():
    # R: survfit(Surv(c(1, 2, 5, 6), c(1, 1, 1, 1)) ~ 1) prints 3.5; the curve is 0.5 from 2 to 5.
    assert median_time(kaplan_meier([1, 2, 5, 6], [1, 1, 1, 1])).median == 3.5
    assert median_time(kaplan_meier([1, 2, 5, 6], [1, 1, 0, 0])).median == 2


def test_no_event_leaves_nothing_to_estimate():
    found = median_time(kaplan_meier([28, 56, 84], [0, 0, 0]))
    assert vars(found) == {"subjects": 3, "events": 0, "median": None, "low": None, "high": None}
    curve = kaplan_meier([28, 56, 84], [0, 0, 0])
    assert curve["survival"].to_list() == [1, 1, 1]
    assert curve["low"].null_count() == 3


def test_a_median_may_be_not_reached():
    found = median_time(kaplan_meier([10, 20, 30, 40], [1, 0, 0, 0]))
    assert (found.events, found.median, found.high) == (1, None, None)


@pytest.mark.parametrize("transform", ["log", "plain"])
def test_other_scales_by_their_formula(transform):
    curve = kaplan_meier([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 1, 0], transform=transform)
    z = stats.norm.ppf(0.975)
    for _, row in zip(range(3), curve.iter_rows(named=True), strict=False):
        survival, error = row["survival"], row["std_error"]
        if transform == "log":
            ends = survival * math.exp(-z * error / survival), min(1, survival * math.exp(z * error / survival))
        else:
            ends = max(0, survival - z * error), min(1, survival + z * error)
        assert (row["low"], row["high"]) == pytest.approx(ends)


@settings(deadline=None)
@given(FOLLOWED, st.sampled_from([1 / 7, 1 / 30.4375, 24.0]), st.randoms())
def test_order_does_not_matter_and_the_unit_of_time_goes_through(followed, factor, dice):
    times, events = columns(dice.sample(followed, len(followed)))
    one, other = kaplan_meier(*columns(followed)), kaplan_meier([time * factor for time in times], events)
    assert other.drop("time").equals(one.drop("time"))
    assert other["time"].to_list() == pytest.approx([time * factor for time in one["time"]])


def test_follow_up_turns_event_and_censoring():
    # Two events; three ended observation on days 56, 90 and 100.
    found = median_follow_up([28, 35, 56, 90, 100], [1, 1, 0, 0, 0])
    oracle = median_time(kaplan_meier([28, 35, 56, 90, 100], [0, 0, 1, 1, 1]))
    assert found == oracle
    assert found.median == 90


@settings(deadline=None)
@given(FOLLOWED, st.integers(0, 35))
def test_at_a_time_the_last_step_is_in_force(followed, time):
    found = at_time(kaplan_meier(*columns(followed)), time)
    at_risk = sum(other >= time for other, _ in followed)
    assert found["at_risk"] == at_risk
    past = [row[3] for row in slow_curve(followed) if row[0] <= time]
    reached = at_risk > 0 or (past and past[-1] < 1e-15)
    assert found["survival"] == (pytest.approx(past[-1] if past else 1.0, abs=1e-12) if reached else None)


@pytest.mark.parametrize(
    ("times", "events"),
    [([], []), ([1, -1], [1, 1]), ([1, float("nan")], [1, 1]), ([1, 2], [1]), ([1, 2], [1, 2])],
)
def test_impossible_times_are_refused(times, events):
    with pytest.raises(ParameterError, match=r"\[survival-times\]"):
        kaplan_meier(times, events)


def test_an_unknown_scale_is_refused():
    with pytest.raises(ParameterError, match=r"\[survival-interval\]"):
        kaplan_meier([1], [1], transform="logit")


def test_whole_columns_are_taken():
    dice = np.random.default_rng(1)
    times, events = dice.integers(1, 400, 20_000), dice.random(20_000) < 0.4
    assert kaplan_meier(times, events)["at_risk"][0] == 20_000
