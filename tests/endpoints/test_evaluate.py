import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.answers import ANSWER_SCHEMA, KEY
from cart.endpoints.catalogue import evaluate
from cart.endpoints.errors import FrameError
from cart.endpoints.prepared import FRAMES
from cart.endpoints.registry import REGISTRY
from tests.endpoints.cases import frames, observation, therapy, time_zero

ANALYTES = ["CD19_ABS", "NAIVE_PCT", "ATA", "ARA", "IGG"]
CLASSES = ["rituximab", "mycophenolate", "ivig", "plasma-exchange", "steroid", "other"]


def random_study(seed: int, *, subjects: int = 6) -> dict[str, pl.DataFrame]:
    """Subjects with gaps, censored values, kit changes, unusable specimens and therapies of every kind."""
    dice = random.Random(seed)
    rows: list[dict[str, Any]] = []
    therapies: list[dict[str, Any]] = []
    for subject in range(1, subjects + 1):
        for _ in range(dice.randint(0, 45)):
            value = dice.choice(["<1", "<20", "0", "3", "12", "40", "85", "300", ">500", None])
            row = observation(
                len(rows) + 1,
                dice.choice([None, *range(-12, 220, 4)]),
                value,
                dice.choice(ANALYTES),
                subject_id=subject,
                series=dice.choice(["KUL/k1/U", "KUL/k1/U", "KUL/k2/U"]),
                usable=dice.random() < 0.9,
                lloq=dice.choice([None, 1.0, 20.0]),
                cutoff=dice.choice([None, 20.0]),
                sequence=len(rows),
            )
            rows.append(row)
        for _ in range(dice.randint(0, 3)):
            therapies.append(
                therapy(
                    len(therapies) + 1,
                    dice.choice(CLASSES),
                    subject_id=subject,
                    start=dice.choice([None, -50, 3, 60]),
                    stop=dice.choice([None, 70]),
                    ongoing=dice.random() < 0.3,
                    prior=dice.random() < 0.3,
                    daily_dose_mg=dice.choice([None, 5.0]),
                )
            )
    zeros = [time_zero(subject) for subject in range(1, subjects + 1) if dice.random() < 0.9]
    return frames(rows, therapies=therapies, subjects=range(1, subjects + 1), zeros=zeros)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_every_subject_has_an_answer_to_every_endpoint_or_a_reason(seed: int) -> None:
    inputs = random_study(seed)
    table = evaluate(inputs)
    assert dict(table.schema) == ANSWER_SCHEMA
    asked = {(subject, code) for subject in inputs["subjects"]["subject_id"] for code in REGISTRY}
    assert set(table.select("subject_id", "code").rows()) == asked
    assert table.select(KEY).is_unique().all()
    assert table.filter(pl.col("status") == "not-evaluable")["reason"].str.len_chars().min() not in (None, 0)
    assert table.filter(pl.col("status") == "not-evaluable")["value"].is_null().all()
    assert set(table["status"]) <= {"evaluable", "bounded", "ongoing", "not-evaluable"}
    numbers = table.filter(pl.col("value").is_not_null())
    assert numbers["value"].is_finite().all()
    assert numbers.filter((pl.col("low") > pl.col("value")) | (pl.col("value") > pl.col("high"))).is_empty()
    assert table.filter(pl.col("low").is_infinite() | pl.col("low").is_nan() | pl.col("high").is_nan()).is_empty()
    known = set(inputs["observations"]["result_id"])
    assert set(table["evidence"].explode().drop_nulls()) <= known
    unusable = inputs["observations"].filter(~pl.col("usable"))["result_id"]
    assert not set(unusable) & set(table["evidence"].explode().drop_nulls())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 100))
def test_order_of_rows_does_not_matter(seed: int, shuffle: int) -> None:
    inputs = random_study(seed)
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=shuffle) for name, frame in inputs.items()}
    assert evaluate(inputs).equals(evaluate(shuffled))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_subject_alone_has_the_answers_it_has_among_others(seed: int) -> None:
    inputs = random_study(seed)
    whole = evaluate(inputs)
    for subject in inputs["subjects"]["subject_id"]:
        own = {
            name: frame.filter(pl.col("subject_id") == subject) if "subject_id" in frame.columns else frame
            for name, frame in inputs.items()
        }
        assert evaluate(own).equals(whole.filter(pl.col("subject_id") == subject))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 200))
def test_later_samples_do_not_change_answers_given_at_a_day(seed: int, cut: int) -> None:
    inputs = random_study(seed)
    zero = inputs["time_zero"]["time_zero_on"][0]
    observations = inputs["observations"]
    early = observations.filter((pl.col("collected_on") - zero).dt.total_days() <= cut)
    before = evaluate(inputs | {"observations": early})
    after = evaluate(inputs)
    # Known by the cut: a first depletion, a recovery, a conversion.
    for code in ("BCDEPL", "BCRECOV", "TITERCNV"):
        days = [
            table.filter((pl.col("code") == code) & pl.col("day").is_not_null()).select("subject_id", "series", "day")
            for table in (before, after)
        ]
        assert days[0].join(days[1], on=["subject_id", "series", "day"], how="anti").is_empty()


@pytest.mark.parametrize("name", list(FRAMES))
def test_frame_that_is_missing_is_named(name: str) -> None:
    inputs = frames()
    del inputs[name]
    with pytest.raises(FrameError, match=rf"Frame {name} is missing.*\[frame-missing\]"):
        evaluate(inputs)


@pytest.mark.parametrize(("name", "column"), [(name, column) for name in FRAMES for column in FRAMES[name]])
def test_missing_or_mistyped_column_is_named(name: str, column: str) -> None:
    inputs = frames()
    lacking = inputs | {name: inputs[name].drop(column)}
    with pytest.raises(FrameError, match=rf"Frame {name} needs column {column} .*\[frame-column\]"):
        evaluate(lacking)
    mistyped = inputs | {name: inputs[name].with_columns(pl.lit(None, dtype=pl.Binary).alias(column))}
    with pytest.raises(FrameError, match=rf"Column {column} of frame {name} must be .*\[frame-type\]"):
        evaluate(mistyped)


@pytest.mark.parametrize("name", ["subjects", "time_zero", "planned_visits"])
def test_two_rows_where_one_is_expected_are_refused(name: str) -> None:
    inputs = frames()
    doubled = inputs | {name: pl.concat([inputs[name]] * 2)}
    with pytest.raises(FrameError, match=r"\[frame-duplicate\]"):
        evaluate(doubled)


def test_no_subjects_give_no_answers() -> None:
    table = evaluate(frames(subjects=[]))
    assert table.is_empty()
    assert dict(table.schema) == ANSWER_SCHEMA


def test_observations_of_a_subject_not_asked_for_are_left_out() -> None:
    inputs = frames([observation(1, 7, "<1", subject_id=2)])
    assert set(evaluate(inputs)["subject_id"]) == {1}


def test_inputs_are_not_changed() -> None:
    inputs = random_study(4)
    before = {name: frame.clone() for name, frame in inputs.items()}
    evaluate(inputs)
    assert all(frame.equals(before[name]) for name, frame in inputs.items())
