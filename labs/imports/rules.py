"""Rules of a central laboratory's rows, as data: what must hold, seen over whole columns. PURE."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from labs.imports.central_csv import FINDING_SCHEMA
from labs.imports.layout import ISO, RowLayout
from labs.imports.numbers import EXPECTED_NUMBER, EXPECTED_TITER

PARTIAL_DATE = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?)?)?$"
DAY, MINUTE = 10, 16
MAX_LENGTHS = {"result": 200, "accession": 80, "material": 40, "visit": 100, "unit": 40, "reason": 120}
_SHOWN_FIELDS = ("subject", "accession", "collected", "code", "result", "unit")


@dataclass(frozen=True)
class Rule:
    """A row breaks the rule where ``broken`` is true; ``expected`` is what the report says should stand there."""

    field: str
    code: str
    broken: pl.Expr
    expected: str | pl.Expr


def specimen_rules(layout: RowLayout, today: dt.date) -> list[Rule]:
    """Rules over what a row says of its specimen: subject, accession, dates, condition."""
    moment, day = pl.col("moment"), pl.col("day")
    year, length = moment.str.slice(0, 4).cast(pl.Int64, strict=False), moment.str.len_chars()
    whole_day = length >= DAY
    consent, exists = pl.col("consent_on"), "a day and time that exist"
    exists_there = pl.format("a time that exists in {}", pl.col("clock_zone"))
    date_form = layout.date_format
    if date_form == ISO:
        date_form = "YYYY-MM-DD or YYYY-MM-DDThh:mm" + (", perhaps with its offset" if layout.time_zone else "")
    consent_text = consent.dt.to_string("%Y-%m-%d").str.head(length)
    return [
        Rule("subject", "missing-subject", pl.col("subject") == "", "a subject code"),
        Rule(
            "subject",
            "unknown-subject",
            (pl.col("subject") != "") & pl.col("subject_id").is_null(),
            "a subject of this study",
        ),
        Rule("accession", "missing-accession", pl.col("accession") == "", "the accession number of the specimen"),
        Rule("collected", "missing-date", pl.col("collected") == "", date_form),
        Rule("collected", "date-format", moment.is_null(), date_form),
        Rule("collected", "impossible-date", impossible_date(moment), exists),
        Rule(
            "collected",
            "future-date",
            (day > today) | (~whole_day & (moment > pl.lit(today.isoformat()))),
            f"no later than {today.isoformat()}",
        ),
        Rule(
            "collected",
            "before-birth",
            year < pl.col("year_of_birth"),
            pl.format("not before the year of birth {}", pl.col("year_of_birth")),
        ),
        Rule(
            "collected",
            "before-consent",
            (day < consent) | (~whole_day & (moment < consent_text)),
            pl.format("not before the consent of {}", consent),
        ),
        Rule("collected", "clock-gap", pl.col("clock_gap"), exists_there),
        *(
            rule
            for field, name in (("received", "receipt"), ("processed", "processing"))
            for rule in (
                Rule(field, "date-format", pl.col(name).is_null(), date_form),
                Rule(field, "impossible-date", impossible_date(pl.col(name)), exists),
                Rule(field, "clock-gap", pl.col(f"{name}_gap"), exists_there),
                Rule(field, "before-collection", _on_earlier_day(name, moment), _no_day_before(moment)),
            )
        ),
        Rule("condition", "unknown-condition", pl.col("state").is_null(), "good, haemolysed, insufficient or other"),
        *(_too_long(field) for field in ("accession", "material", "visit")),
    ]


def result_rules(layout: RowLayout) -> list[Rule]:
    """Rules over what a row says of its result: code, assay version in force, unit, number, reason."""
    is_text, is_titer = pl.col("kind") == "text", pl.col("kind") == "titer"
    known, filled = pl.col("analyte_id").is_not_null(), pl.col("result").str.strip_chars(" ") != ""
    unread = filled & pl.col("value").is_null()
    expected_number = EXPECTED_NUMBER.replace(".", layout.decimal_mark)
    return [
        Rule("code", "unknown-analyte", ~known, "a code of this laboratory (Study set-up > Analyte codes)"),
        Rule(
            "code",
            "no-assay",
            known & pl.col("day").is_not_null() & pl.col("assay_id").is_null(),
            pl.format("an assay version in force on {}", pl.col("day")),
        ),
        Rule(
            "collected",
            "date-without-day",
            known & pl.col("without_day") & ~is_text,
            "the day, which decides the assay version in force",
        ),
        Rule(
            "unit",
            "unit-mismatch",
            filled & pl.col("assay_unit").is_not_null() & (pl.col("unit") != pl.col("assay_unit")),
            pl.format("unit {} of the assay", pl.col("assay_unit")),
        ),
        Rule("result", "number-grammar", unread & ~is_text & ~is_titer, f"{expected_number} or 1:640"),
        Rule("result", "number-grammar", unread & is_titer, EXPECTED_TITER),
        Rule(
            "result",
            "titer-off-series",
            pl.col("off_series"),
            pl.format(
                "a dilution of the kit's series: 1:{} and each {} times the one before",
                pl.col("dilution_start"),
                pl.col("dilution_factor"),
            ),
        ),
        Rule(
            "result",
            "missing-without-reason",
            ~filled & (pl.col("missing_reason") == ""),
            "a result, or the reason why there is none",
        ),
        *(_too_long(field) for field in ("result", "unit", "reason")),
    ]


def _on_earlier_day(name: str, moment: pl.Expr) -> pl.Expr:
    """A time on a day before the collection; clocks of ward and laboratory may differ by minutes."""
    known = pl.min_horizontal(pl.col(name).str.len_chars(), moment.str.len_chars(), pl.lit(DAY))
    return (known > 0) & (pl.col(name).str.head(known) < moment.str.head(known))


def _no_day_before(moment: pl.Expr) -> pl.Expr:
    return pl.format("not before the day of collection, {}", moment.str.head(DAY))


def _too_long(field: str) -> Rule:
    longest = MAX_LENGTHS[field]
    return Rule(field, "too-long", pl.col(field).str.len_chars() > longest, f"at most {longest} characters")


def breaks_any(rows: pl.DataFrame, rules: Sequence[Rule]) -> pl.Series:
    """Boolean per row: does it break a rule?"""
    return rows.select(pl.any_horizontal(rule.broken for rule in rules).fill_null(value=False).alias("bad")).to_series()


def findings_of(rows: pl.DataFrame, rules: Sequence[Rule], layout: RowLayout) -> pl.DataFrame:
    """One finding per row and rule broken; ``rows`` hold all fields."""
    text = pl.concat_str([pl.col(name) for name in _SHOWN_FIELDS], separator=" | ")
    parts = [
        rows.filter(rule.broken.fill_null(value=False)).select(
            "line",
            pl.lit(layout.columns.get(rule.field, rule.field)).alias("column"),
            pl.lit(rule.code).alias("rule"),
            pl.col(rule.field).str.slice(0, 200).alias("found"),
            (pl.lit(rule.expected) if isinstance(rule.expected, str) else rule.expected.fill_null("")).alias(
                "expected"
            ),
            text.alias("text"),
        )
        for rule in rules
    ]
    return pl.concat([pl.DataFrame(schema=FINDING_SCHEMA), *parts])


def calendar_date(text: pl.Expr) -> pl.Expr:
    """Calendar date of ISO text that reaches the day; null otherwise."""
    return text.str.slice(0, DAY).str.to_date("%Y-%m-%d", strict=False)


def impossible_date(text: pl.Expr) -> pl.Expr:
    """A date in the right shape that does not exist: 2023-02-30, month 13, 25:00."""
    length = text.str.len_chars()
    month = text.str.slice(5, 2).cast(pl.Int64, strict=False)
    no_day = (length >= DAY) & calendar_date(text).is_null()
    no_month = (length >= 7) & ~month.is_between(1, 12)
    hour, minute = (text.str.slice(start, 2).cast(pl.Int64, strict=False) for start in (11, 14))
    second = text.str.slice(17, 2).cast(pl.Int64, strict=False).fill_null(0)
    no_time = (length >= MINUTE) & ((hour > 23) | (minute > 59) | (second > 59))
    year = text.str.slice(0, 4).cast(pl.Int64, strict=False)
    return no_day | no_month.fill_null(value=False) | no_time.fill_null(value=False) | (year < 1).fill_null(value=False)
