"""Every text goes by COPY into the database and back as it was; '' is not null."""

import polars as pl
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialsite.isolation.columns import copy_in, read_columns

NASTY = [
    "",
    None,
    " ",
    "\\N",
    "\\.",
    '"',
    '""',
    ",",
    "a,b",
    "a\nb",
    "a\rb",
    "\r",
    "\n",
    "\t",
    "\\",
    "NULL",
    "null",
    "é",
    "'",
]
# PostgreSQL has no NUL in texts; surrogates are no text.
TEXTS = st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=5)
SCHEMA = {"id": pl.Int64, "a": pl.String, "b": pl.String}


def round_trip(pairs):
    frame = pl.DataFrame([(n, *pair) for n, pair in enumerate(pairs)], schema=SCHEMA, orient="row")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS texts (id bigint, a text, b text); TRUNCATE texts")
    copy_in("texts", frame)
    back = read_columns("SELECT id, a, b FROM texts ORDER BY id", {}, SCHEMA)
    assert back.rows() == frame.rows()


@pytest.mark.parametrize("text", NASTY)
def test_a_text_comes_back_as_it_was(db, text):
    round_trip([(text, "x"), ("y", text)])


def test_all_of_them_at_once(db):
    round_trip([(text, other) for text in NASTY for other in NASTY])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6))
def test_any_text_comes_back_as_it_was(db, pairs):
    round_trip(pairs)


def test_a_table_without_texts(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE numbers (id bigint, value double precision)")
    copy_in("numbers", pl.DataFrame({"id": [1, 2], "value": [None, 0.1]}))
    back = read_columns("SELECT id, value FROM numbers ORDER BY id", {}, {"id": pl.Int64, "value": pl.Float64})
    assert back.rows() == [(1, None), (2, 0.1)]


def test_one_column_alone(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE alone (a text)")
    copy_in("alone", pl.DataFrame({"a": ["", None, "\t", "x"]}))
    with connection.cursor() as cursor:
        cursor.execute("SELECT a FROM alone")
        assert cursor.fetchall() == [("",), (None,), ("\t",), ("x",)]


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["a\tb", "\\N", "x"])])
def test_words_of_few_kinds_are_texts_too(db, dtype):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE words (word text, number bigint)")
    words = pl.Series(["a\tb", "\\N", None, "x"], dtype=dtype)
    copy_in("words", pl.DataFrame({"word": words, "number": [1, 2, 3, None]}))
    with connection.cursor() as cursor:
        cursor.execute("SELECT word, number FROM words")
        assert cursor.fetchall() == [("a\tb", 1), ("\\N", 2), (None, 3), ("x", None)]
