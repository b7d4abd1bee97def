"""What an endpoint did not read cannot change its answer, and what it read is noted."""

import random
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cart.endpoints.answers import KEY
from cart.endpoints.catalogue import analytes_read, answer, evaluate
from cart.endpoints.dependence import moved_inputs, touched
from cart.endpoints.errors import EndpointError
from cart.endpoints.prepared import FRAMES, PARTED, Prepared, input_name
from cart.endpoints.registry import REGISTRY
from tests.endpoints.cases import frames, series, therapy
from tests.endpoints.test_evaluate import random_study


def of(answers, codes):
    return answers.filter(pl.col("code").is_in(list(codes)))


def with_one_input_of(before, other, dice):
    """``before`` with one input of ``other`` in its place, and the name of that input."""
    analytes = sorted({*before[PARTED]["analyte"], *other[PARTED]["analyte"]})
    name = dice.choice([*(name for name in FRAMES if name != PARTED), *(input_name(PARTED, one) for one in analytes)])
    frame, _, analyte = name.partition("/")
    if not analyte:
        return {**before, frame: other[frame]}, name
    rows = pl.concat(
        [before[PARTED].filter(pl.col("analyte") != analyte), other[PARTED].filter(pl.col("analyte") == analyte)]
    )
    return {**before, PARTED: rows}, name


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
# Reasons of several series, of which some are read from the store.
@example(2042)
def test_answers_that_are_taken_over_are_those_that_computing_all_gives(seed):
    dice = random.Random(seed)
    before = random_study(seed)
    after, name = with_one_input_of(before, random_study(seed + 1), dice)
    old = answer(before)
    codes = touched(old.reads, {name})
    whole = evaluate(after)
    assert_frame_equal(of(old.answers, set(REGISTRY) - codes), of(whole, set(REGISTRY) - codes))
    partly = answer(after, codes=codes, known=old.answers)
    assert_frame_equal(partly.answers, of(whole, codes))
    assert set(partly.reads) == codes


def test_what_an_endpoint_rests_on_is_recomputed_with_it():
    reads = answer(frames(series({-8: "100", 28: "<5"}, "CD19_ABS", unit="cells/uL"))).reads
    found = touched(reads, {"observations/CD19_ABS"})
    assert {"BCDEPL", "BCNADIR", "RESETCMP", "RESET"} <= found
    assert not {"TITERHL", "IGPCT", "MRSS", "CRSMAX"} & found
    assert {"RESETCMP", "RESET"} <= touched(reads, {"therapies"})
    assert touched(reads, {"time_zero"}) == set(REGISTRY)
    assert touched(reads, set()) == set()


def test_results_of_analytes_that_no_endpoint_reads_change_no_answer():
    before = random_study(3)
    declared = pl.col("analyte").is_in(analytes_read())
    other = before[PARTED].with_columns(pl.lit("ALT").alias("analyte"), pl.col("result_id") + 1_000_000)
    after = {**before, PARTED: pl.concat([before[PARTED].filter(declared), other])}
    assert_frame_equal(evaluate(after), evaluate(before))


def test_the_analytes_that_are_read_follow_the_parameters():
    assert {"CD19_ABS", "NAIVE_PCT", "ATA", "IGG", "ANC"} <= set(analytes_read())
    named = set(analytes_read({"*": {"antibodies": ["ACA"]}, "IGGHYPO": {"igg": "IGG_NEPH"}}))
    assert {"ACA", "IGG_NEPH"} <= named
    assert not {"ATA", "ARA"} & named


def test_a_rule_that_reads_what_it_did_not_declare_is_refused(monkeypatch):
    silent = replace(REGISTRY["BCDEPL"], analytes=())
    monkeypatch.setitem(REGISTRY, "BCDEPL", silent)
    with pytest.raises(EndpointError, match=r"BCDEPL reads observations/CD19_ABS .*\[analyte-undeclared\]"):
        evaluate(frames(series({-8: "100"}, "CD19_ABS", unit="cells/uL")))


def test_an_endpoint_that_was_not_answered_is_touched():
    reads = answer(frames()).reads
    assert touched({code: names for code, names in reads.items() if code != "MRSS"}, set()) >= {"MRSS"}


def test_a_kept_frame_counts_as_read_by_everybody_who_takes_it():
    inputs = Prepared(frames(therapies=[therapy(1, "ivig", start=0, stop=0)]))
    for _ in range(2):
        with inputs.reading() as read:
            inputs.kept("a course", lambda: inputs.therapies.join(inputs.subjects_with_zero, on="subject_id"))
        assert read == {"therapies", "subjects", "time_zero"}
    with inputs.reading() as read:
        inputs.evaluable(["ATA", "ARA"])
    assert read == {"observations/ATA", "observations/ARA", "subjects", "time_zero"}


def test_the_whole_frame_of_results_hangs_on_every_analyte():
    reads = {**answer(frames()).reads, "MRSS": ["observations"]}
    assert touched(reads, {"observations/IGG"}) >= {"MRSS"}


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ({"a": "1", "b": "2"}, {"a": "1", "b": "3"}, {"b"}),
        ({"a": "1"}, {"b": "1"}, {"a", "b"}),
        ({}, {}, set()),
    ],
)
def test_moved_inputs(before, after, moved):
    assert moved_inputs(before, after) == moved


def test_rows_are_in_the_order_of_their_keys():
    answers = answer(random_study(3)).answers
    assert answers.select(KEY).equals(answers.select(KEY).sort(KEY))
