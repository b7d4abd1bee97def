import math
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.censoring import (
    IMPUTATIONS,
    fold_change,
    imputed,
    interval_high,
    interval_low,
    parse_titer,
    titer_fold_change,
)
from cart.endpoints.errors import ParameterError
from tests.endpoints import slow
from tests.endpoints.cases import frames, observation


def interval(value: str, lloq: float | None) -> tuple[float, float]:
    table = frames([observation(1, 1, value, "ALT", lloq=lloq)])["observations"]
    return table.select(interval_low().alias("low"), interval_high().alias("high")).row(0)


@pytest.mark.parametrize(
    ("value", "lloq", "expected"),
    [
        ("12", 10.0, (12.0, 12.0)),
        ("<10", 10.0, (0.0, 10.0)),
        ("<10", None, (0.0, 10.0)),
        (">5120", 40.0, (5120.0, math.inf)),
        # A diluted specimen: the limit reported is above the assay's.
        ("<50", 10.0, (0.0, 50.0)),
        # A limit or a number under the assay's own LLOQ knows no more than the LLOQ does.
        ("<5", 10.0, (0.0, 10.0)),
        ("5", 10.0, (0.0, 10.0)),
        ("10", 10.0, (10.0, 10.0)),
        ("0", None, (0.0, 0.0)),
    ],
)
def test_value_with_qualifier_is_an_interval(value: str, lloq: float | None, expected: tuple[float, float]) -> None:
    assert interval(value, lloq) == expected
    assert slow.interval(observation(1, 1, value, "ALT", lloq=lloq)) == expected


def test_missing_value_stays_missing() -> None:
    table = frames([observation(1, 1, None, "ALT")])["observations"]
    assert table.select(interval_low().alias("low"), interval_high().alias("high")).row(0) == (None, None)


@pytest.mark.parametrize(
    ("rule", "number"), [("half", 5.0), ("root2", 10 / math.sqrt(2)), ("lloq", 10.0), ("zero", 0.0)]
)
def test_imputation_stands_for_values_below_the_limit_only(rule: str, number: float) -> None:
    rows = [observation(1, 1, "<10", "ALT"), observation(2, 2, "12", "ALT"), observation(3, 3, ">99", "ALT")]
    column = frames(rows)["observations"].select(imputed(rule=rule)).to_series().to_list()
    assert column == [pytest.approx(number, rel=1e-15), 12.0, 99.0]


def test_unknown_imputation_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"\[imputation\]"):
        imputed(rule="mean")


@pytest.mark.parametrize(
    ("text", "expected"), [("1:640", ("=", 640.0)), (">1:5120", (">", 5120.0)), (" < 1 : 40 ", ("<", 40.0))]
)
def test_titers_are_read(text: str, expected: tuple[str, float]) -> None:
    assert parse_titer(text) == expected


@pytest.mark.parametrize("text", ["", "640", "1:0", "1:6e2", "1:-4", "2:640", "1:٤٠", "1:640 pos", "=1:640"])
def test_text_that_is_no_titer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\[titer\]"):
        parse_titer(text)


@pytest.mark.parametrize(
    ("baseline", "followup", "at_limit", "half", "note", "four_fold"),
    [
        ("1:1280", "1:640", -1.0, -1.0, "exact", False),
        ("1:1280", "1:320", -2.0, -2.0, "exact", True),
        (">1:5120", "1:640", -3.0, -3.0, "true drop at least as large", True),
        (">1:5120", "1:2560", -1.0, -1.0, "true drop at least as large", None),
        ("1:1280", "<1:40", -5.0, -6.0, "true drop at least as large", True),
        ("1:80", "<1:40", -1.0, -2.0, "true drop at least as large", None),
        ("<1:40", "1:160", 2.0, 3.0, "true rise at least as large", False),
        ("1:640", ">1:5120", 3.0, 3.0, "true rise at least as large", False),
        ("1:20480", ">1:5120", -2.0, -2.0, "true drop at most as large", None),
        (">1:160", "1:640", 2.0, 2.0, "true rise at most as large", None),
        ("<1:40", "<1:40", None, None, "both censored: not evaluable", None),
        (">1:5120", "<1:40", None, None, "both censored: not evaluable", None),
    ],
)
def test_one_censored_side_is_a_bound_and_two_are_nothing(
    baseline: str,
    followup: str,
    at_limit: float | None,
    half: float | None,
    note: str,
    four_fold: bool | None,
) -> None:
    change = titer_fold_change(baseline, followup)
    assert (change.at_limit, change.imputed, change.note, change.four_fold_fall) == (
        at_limit,
        half,
        note,
        four_fold,
    )


def test_zero_imputation_leaves_a_censored_change_without_a_number() -> None:
    assert titer_fold_change("1:80", "<1:40", below_lloq="zero").imputed is None


def test_value_of_zero_has_no_fold_change() -> None:
    with pytest.raises(ValueError, match=r"\[fold-change\]"):
        fold_change(baseline=0, baseline_qualifier="=", followup=1, followup_qualifier="=")


@settings(deadline=None)
@given(
    st.sampled_from("=<>"),
    st.integers(1, 10_000),
    st.sampled_from("=<>"),
    st.integers(1, 10_000),
    st.fractions(Fraction(1, 1000), 1),
    st.fractions(Fraction(1, 1000), 1),
)
def test_no_true_value_inside_the_intervals_contradicts_the_answer(
    first: str, baseline: int, second: str, followup: int, at_first: Fraction, at_second: Fraction
) -> None:
    change = fold_change(baseline=baseline, baseline_qualifier=first, followup=followup, followup_qualifier=second)

    def truth(limit: int, qualifier: str, share: Fraction) -> Fraction:
        # A point of the interval: below the limit, at it, or above it.
        return {"=": Fraction(limit), "<": limit * share, ">": limit / share}[qualifier]

    ratio = truth(followup, second, at_second) / truth(baseline, first, at_first)
    log2 = math.log2(ratio)
    assert change.low - 1e-9 <= log2 <= change.high + 1e-9
    # Exactly at the limit of "<" the point is outside its half-open interval.
    inside = not (first == "<" and at_first == 1) and not (second == "<" and at_second == 1)
    if inside and change.four_fold_fall is not None and abs(log2 + 2) > 1e-9:
        assert (log2 <= -2) == change.four_fold_fall


def test_every_imputation_lies_inside_the_interval_or_at_its_ends() -> None:
    assert all(0 <= factor <= 1 for factor in IMPUTATIONS.values())
    assert pl.Series(list(IMPUTATIONS.values())).is_unique().all()
