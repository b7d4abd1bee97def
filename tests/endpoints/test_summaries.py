"""Summaries of groups: by hand, every subject counted once, whatever the order and who else is there."""

import doctest
import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints import summaries
from cart.endpoints.catalogue import evaluate
from cart.endpoints.errors import FrameError, ParameterError
from cart.endpoints.registry import REGISTRY
from cart.endpoints.summaries import ANSWERS, GROUPS, SUMMARY_SCHEMA, summarise, summary_kinds
from cart.endpoints.summary_cells import KINDS
from tests.endpoints.cases import frames, series

COUNTS = ("evaluable", "bounded", "ongoing", "not-evaluable")


def answer(subject, code, *, series="", timepoint="", **more):
    found = {"value": None, "low": None, "high": None, "text": None, "unit": REGISTRY[code].unit, "reason": None}
    given = found | {"status": "evaluable"} | more
    return {"subject_id": subject, "code": code, "series": series, "timepoint": timepoint, **given}


def missing(subject, code, reason, **more):
    return answer(subject, code, status="not-evaluable", reason=reason, **more)


def table(rows, groups=None, parameters=None):
    members = groups or dict.fromkeys({row["subject_id"] for row in rows}, "all")
    frame = pl.DataFrame([(subject, "arm", group) for subject, group in members.items()], schema=GROUPS, orient="row")
    return summarise(pl.DataFrame(rows, schema=ANSWERS), frame, parameters)


def only(found, statistic, **where):
    rows = found.filter(pl.col("statistic") == statistic, *(pl.col(name) == value for name, value in where.items()))
    assert rows.height == 1, rows
    return rows.row(0, named=True)


def test_examples_in_the_docstring_run():
    assert doctest.testmod(summaries).failed == 0


def test_every_endpoint_has_kinds_that_there_are():
    assert all(set(summary_kinds(definition)) <= set(KINDS) for definition in REGISTRY.values())
    assert all(summary_kinds(definition) for definition in REGISTRY.values())


def test_answers_in_words_by_hand():
    rows = [answer(subject, "RESET", text="met" if subject < 3 else "not met") for subject in range(1, 4)]
    rows += [missing(4, "RESET", "not evaluable: depletion"), missing(5, "RESET", "no time zero")]
    found = table(rows)
    assert [only(found, name)["value"] for name in COUNTS] == [3, 0, 0, 2]
    assert found.filter(pl.col("statistic") == "not-evaluable because").select("category", "value").rows() == [
        ("no time zero", 1), ("not evaluable: depletion", 1),
    ]  # fmt: skip
    met = only(found, "percent", category="met")
    assert (met["n"], met["value"], met["unit"], met["confidence"]) == (3, pytest.approx(200 / 3), "%", 0.95)
    # Clopper-Pearson of 2 of 3: the case file's 0.0943 and 0.9916.
    assert (met["low"], met["high"]) == pytest.approx((9.42993, 99.15962), rel=1e-5)
    assert only(found, "count", category="not met")["value"] == 1


def test_nobody_without_the_answer_is_a_count_of_zero():
    found = table([answer(1, "RESET", text="not met")])
    assert only(found, "count", category="met")["value"] == 0
    assert only(found, "percent", category="met")["low"] == 0


def test_numbers_by_hand_with_a_bounded_answer_between():
    rows = [answer(place, "BCNADIR", value=value, low=value, high=value) for place, value in enumerate([1.0, 2.0, 9.0])]
    rows.append(answer(7, "BCNADIR", low=0.0, high=1.0, status="bounded"))
    found = table(rows)
    # Lower ends 0, 1, 2, 9, upper ends 1, 1, 2, 9.
    median, quartile = only(found, "median"), only(found, "lower quartile")
    assert (median["value"], median["n"], median["status"]) == (1.5, 4, "evaluable")
    assert (quartile["value"], quartile["low"], quartile["high"]) == (None, 0.75, 1)
    assert (quartile["status"], quartile["confidence"]) == ("bounded", None)
    average = only(found, "mean")
    assert (average["value"], average["n"], average["reason"]) == (4, 3, "1 known within bounds only left out")


def test_an_answer_open_upward_leaves_the_upper_quartiles_open():
    rows = [answer(place, "BCDUR", low=10.0 * place, high=10.0 * place, status="bounded") for place in range(1, 4)]
    rows.append(answer(4, "BCDUR", low=40.0, high=math.inf, status="ongoing"))
    found = table(rows)
    assert only(found, "median")["value"] == 25
    maximum, upper = only(found, "maximum"), only(found, "upper quartile")
    assert (maximum["low"], maximum["high"]) == (40, math.inf)
    assert (upper["low"], upper["high"]) == (32.5, math.inf)


def test_geometric_mean_and_ratio_to_baseline_by_hand():
    rows = [answer(subject, "TITERHL", series="ATA K/k/U", value=value) for subject, value in ((1, 10.0), (2, 40.0))]
    rows += [
        answer(subject, "TITERLG2", series="ATA K/k/U", timepoint="W4", value=v)
        for subject, v in ((1, -1.0), (2, -3.0))
    ]
    found = table(rows)
    half_life = only(found, "geometric mean")
    assert (half_life["value"], half_life["unit"], half_life["series"]) == (pytest.approx(20), "d", "ATA")
    assert only(found, "geometric mean ratio")["value"] == 0.25
    pseudo = only(found, "Hodges-Lehmann")
    assert (pseudo["value"], pseudo["low"], pseudo["confidence"]) == (-2, None, None)
    assert pseudo["reason"] == "95 % is not attainable with so few; the widest has 50 %"


def test_curve_of_recovery_by_hand():
    rows = [answer(subject, "BCRECOV", value=float(day), text="recovered") for subject, day in ((1, 28), (2, 84))]
    rows += [answer(3, "BCRECOV", low=56.0, high=math.inf, status="ongoing"), missing(4, "BCRECOV", "never depleted")]
    found = table(rows)
    curve = found.filter(pl.col("statistic") == "survival")
    assert curve.select("at", "n", "value").rows() == [
        (28, 3, pytest.approx(2 / 3)),
        (56, 2, pytest.approx(2 / 3)),
        (84, 1, 0),
    ]
    assert only(found, "median time")["value"] == 84
    assert only(found, "median follow-up")["value"] == 56


def test_a_median_says_why_it_is_not_there():
    still = [answer(place, "BCRECOV", low=50.0, high=math.inf, status="ongoing") for place in range(3)]
    row = only(table(still), "median time")
    assert (row["value"], row["reason"], row["status"]) == (None, "NE: no event", "not-evaluable")
    rows = [*still, answer(9, "BCRECOV", value=20.0)]
    assert only(table(rows), "median time")["reason"] == "NR: not reached"


def test_who_has_no_answer_at_a_visit_is_counted_with_the_reason():
    rows = [
        answer(1, "TITERPCT", series="ATA K/k/U", timepoint="W4", value=-50.0),
        answer(2, "TITERPCT", series="ATA K/k/U", timepoint="M3", value=-60.0),
        missing(3, "TITERPCT", "no baseline before conditioning in this series", series="ATA K/k/U"),
        missing(4, "TITERPCT", "no evaluable autoantibody result"),
    ]
    found = table(rows, groups=dict.fromkeys(range(1, 6), "all")).filter(pl.col("timepoint") == "W4")
    reasons = found.filter(pl.col("statistic") == "not-evaluable because")
    assert set(reasons.select("category", "value").rows()) == {
        ("no answer", 2),
        ("no baseline before conditioning in this series", 1),
        ("no evaluable autoantibody result", 1),
    }


def test_two_series_of_one_analyte_are_never_chosen_between():
    rows = [answer(1, "TITERHL", series=f"ATA K/{kit}/U", value=10.0) for kit in ("k1", "k2")]
    rows += [answer(2, "TITERHL", series="ATA K/k1/U", value=20.0), missing(2, "TITERHL", "few", series="ATA K/k2/U")]
    found = table(rows)
    assert only(found, "not-evaluable because")["category"] == "several series of one analyte have an answer"
    assert only(found, "median")["value"] == 20


def test_groups_are_compared_by_exact_tests():
    group = {subject: "A" if subject < 5 else "B" for subject in range(1, 9)}
    rows = [answer(subject, "BCNADIR", value=float(subject)) for subject in group]
    rows += [answer(subject, "RESET", text="met" if subject < 5 else "not met") for subject in group]
    rows += [answer(subject, "BCRECOV", value=float(subject)) for subject in group]
    found = table(rows, groups=group).filter(pl.col("against") == "B")
    assert only(found, "Wilcoxon p")["value"] == pytest.approx(2 / 70)
    assert only(found, "Fisher p")["value"] == pytest.approx(2 / 70)
    assert only(found, "log-rank p")["value"] == pytest.approx(2 / 70)
    shift = only(found, "Hodges-Lehmann shift")
    assert (shift["value"], shift["low"], shift["high"], shift["n"]) == (-4, -7, -1, 8)
    assert shift["confidence"] == pytest.approx(1 - 2 / 70)


def test_everybody_saying_no_is_a_comparison_too():
    found = table([answer(subject, "RESET", text="not met") for subject in (1, 2)], groups={1: "A", 2: "B"})
    assert (only(found, "Fisher p")["value"], only(found, "Fisher p")["category"]) == (1, "met")


def test_a_comparison_with_nobody_says_so():
    rows = [answer(1, "BCNADIR", value=1.0), missing(2, "BCNADIR", "no sample")]
    found = table(rows, groups={1: "A", 2: "B"}).filter(pl.col("against") == "B")
    assert found["status"].to_list() == ["not-evaluable"] * found.height
    assert found["reason"].str.len_chars().min() > 0


COURSES = st.lists(st.sampled_from(["150", "40", "<1", "4", "12", "30"]), min_size=0, max_size=6)


@settings(deadline=None, max_examples=25)
@given(st.lists(COURSES, min_size=1, max_size=6), st.randoms())
def test_every_subject_is_counted_once_whatever_the_order(courses, dice):
    rows = []
    for subject, course in enumerate(courses, start=1):
        values = dict(zip((-8, 7, 14, 28, 56, 84), course, strict=False))
        rows += series(values, first_id=len(rows) + 1, subject_id=subject)
    found = evaluate(frames(rows, subjects=range(1, len(courses) + 1))).select(list(ANSWERS))
    groups = pl.DataFrame([(s, "all", "all") for s in range(1, len(courses) + 1)], schema=GROUPS, orient="row")
    whole = summarise(found, groups)
    assert whole.schema == SUMMARY_SCHEMA
    cells = (
        whole.filter(pl.col("statistic").is_in(COUNTS))
        .group_by("code", "series", "timepoint")
        .agg(pl.col("value").sum())
    )
    assert set(cells["value"]) == {len(courses)}
    assert whole.filter(pl.col("value").is_null() & pl.col("low").is_null() & (pl.col("reason") == "")).is_empty()
    order = dice.sample(range(found.height), found.height)
    assert summarise(found[order], groups[dice.sample(range(groups.height), groups.height)]).equals(whole)
    stranger = found.with_columns(pl.col("subject_id") + 1000)
    assert summarise(pl.concat([found, stranger]), groups).equals(whole)


def test_parameters_are_those_of_the_study():
    rows = [answer(place, "RESET", text="met") for place in range(3)]
    found = table(rows, parameters={"SUMMARY": {"confidence": 0.9, "proportion_interval": "wilson"}})
    assert only(found, "percent", category="met")["low"] == pytest.approx(52.5804, rel=1e-5)
    with pytest.raises(ParameterError, match=r"\[parameter-value\]"):
        table(rows, parameters={"SUMMARY": {"survival_interval": "logit"}})


def test_frames_that_are_not_what_is_read_are_refused():
    rows = [answer(1, "RESET", text="met")]
    good = pl.DataFrame(rows, schema=ANSWERS)
    groups = pl.DataFrame([(1, "arm", "A")], schema=GROUPS, orient="row")
    for answers, members, code in (
        (good.drop("text"), groups, "frame-column"),
        (good.with_columns(pl.col("value").cast(pl.Int64)), groups, "frame-type"),
        (good.with_columns(pl.lit("NOBODYS").alias("code")), groups, "unregistered-endpoint"),
        (pl.concat([good, good]), groups, "frame-duplicate"),
        (good, pl.concat([groups, groups]), "frame-duplicate"),
    ):
        with pytest.raises(FrameError, match=rf"\[{code}\]"):
            summarise(answers, members)


def test_nobody_gives_an_empty_table():
    empty = summarise(pl.DataFrame(schema=ANSWERS), pl.DataFrame(schema=GROUPS))
    assert (empty.height, empty.schema) == (0, SUMMARY_SCHEMA)
