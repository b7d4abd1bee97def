import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cart.endpoints.timing import PartialDate, parse_dtc, protocol_day, study_day

TEXTS = {
    "2014": ("year", dt.date(2014, 1, 1), dt.date(2014, 12, 31)),
    "2014-02": ("month", dt.date(2014, 2, 1), dt.date(2014, 2, 28)),
    "2016-02": ("month", dt.date(2016, 2, 1), dt.date(2016, 2, 29)),
    "2016-12": ("month", dt.date(2016, 12, 1), dt.date(2016, 12, 31)),
    "2016-02-29": ("day", dt.date(2016, 2, 29), dt.date(2016, 2, 29)),
    "2014-07-02T11:45": ("minute", dt.date(2014, 7, 2), dt.date(2014, 7, 2)),
    "2014-07-02T11:45:59": ("second", dt.date(2014, 7, 2), dt.date(2014, 7, 2)),
    "9999": ("year", dt.date(9999, 1, 1), dt.date(9999, 12, 31)),
    "9999-12": ("month", dt.date(9999, 12, 1), dt.date(9999, 12, 31)),
}
NOT_DATES = [
    "",
    "x",
    "2023-02-30",
    "2014-02-29",
    "2014-13",
    "0000",
    "2014-7-2",
    " 2014-07-02",
    "2014-07-02 ",
    "2014-07-02\n",
    "2014-07-02T",
    "2014-07-02T11",
    "2014-07-02T24:00",
    "2014-07-02T11:60",
    "2014-07-02T11:45:60",
    "2014-07-02T11:45Z",
    "٢٠١٤",
]


def parsed(texts: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(parse_dtc(pl.col("text")).struct.unnest())


@pytest.mark.parametrize(("text", "precision", "earliest", "latest"), [(t, *x) for t, x in TEXTS.items()])
def test_partial_date_knows_how_far_it_goes(text: str, precision: str, earliest: dt.date, latest: dt.date) -> None:
    date = PartialDate(text)
    assert (date.precision, date.earliest, date.latest) == (precision, earliest, latest)
    assert date.complete == (precision in ("day", "minute", "second"))


@pytest.mark.parametrize("text", NOT_DATES)
def test_text_that_is_no_date_is_refused_with_a_code(text: str) -> None:
    with pytest.raises(ValueError, match=r"\[partial-date\]"):
        PartialDate(text)


def test_columns_and_single_texts_agree() -> None:
    rows = parsed([*TEXTS, *NOT_DATES, None]).to_dicts()
    for text, row in zip(TEXTS, rows, strict=False):
        date = PartialDate(text)
        assert (row["precision"], row["earliest"], row["latest"]) == (
            date.precision,
            date.earliest,
            date.latest,
        )
        assert row["on"] == (date.earliest if date.complete else None)
        assert row["at"] == (dt.datetime.fromisoformat(text) if len(text) > 10 else None)
    nothing = dict.fromkeys(("on", "at", "earliest", "latest", "precision"))
    assert rows[len(TEXTS) :] == [nothing] * (len(NOT_DATES) + 1)


@settings(deadline=None)
@given(st.text(alphabet="0123456789-T: ", max_size=20))
def test_columns_take_exactly_the_texts_that_a_partial_date_takes(text: str) -> None:
    try:
        expected: PartialDate | None = PartialDate(text)
    except ValueError:
        expected = None
    (row,) = parsed([text]).to_dicts()
    assert (row["earliest"], row["latest"]) == ((expected.earliest, expected.latest) if expected else (None, None))


def test_study_day_has_no_day_zero_and_protocol_day_has() -> None:
    first = dt.date(2024, 3, 1)
    frame = pl.DataFrame(
        {"date": [dt.date(2024, 2, 28), dt.date(2024, 2, 29), first, dt.date(2024, 3, 2), None]}
    ).with_columns(pl.lit(first).alias("first"))
    days = frame.select(
        study_day(pl.col("date"), pl.col("first")).alias("study"),
        protocol_day(pl.col("date"), pl.col("first")).alias("protocol"),
    )
    assert days["study"].to_list() == [-2, -1, 1, 2, None]
    assert days["protocol"].to_list() == [-2, -1, 0, 1, None]


@settings(deadline=None)
@given(st.dates(), st.dates())
def test_study_day_is_protocol_day_with_the_zero_taken_out(date: dt.date, first: dt.date) -> None:
    frame = pl.DataFrame({"date": [date], "first": [first]})
    study, protocol = frame.select(
        study_day(pl.col("date"), pl.col("first")).alias("study"),
        protocol_day(pl.col("date"), pl.col("first")).alias("protocol"),
    ).row(0)
    assert protocol == (date - first).days
    assert study == (protocol + 1 if date >= first else protocol)
