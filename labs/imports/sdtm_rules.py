"""Rules of records of a findings domain (LB, IS, CP), as data. PURE."""

from dataclasses import dataclass

import polars as pl

from labs.imports.central_csv import FINDING_SCHEMA
from labs.imports.rules import PARTIAL_DATE, impossible_date
from labs.imports.sdtm_variables import FindingsDomain

MAX_TEST_CODE = 40
MAX_SEQUENCE = 2**31 - 1
MAX_VISIT_NUMBER = 10**5


@dataclass(frozen=True)
class RecordRule:
    """A record breaks the rule where ``broken`` is true.

    ``variable``: of the dataset; ``field``: our column whose content the report shows.
    """

    variable: str
    field: str
    code: str
    broken: pl.Expr
    expected: str | pl.Expr


def record_rules(domain: FindingsDomain, today: str) -> list[RecordRule]:
    """Rules over the rows of ``sdtm.laboratory_rows``; ``today``: ISO date, nothing is collected later."""
    return [
        RecordRule("USUBJID", "source_code", "unknown-subject", pl.col("subject_id").is_null(), "a subject of DM"),
        RecordRule(domain.variable("TESTCD"), "test_code", "missing-test", pl.col("test_code") == "", "a test code"),
        *_date_rules(domain, today),
        RecordRule(
            domain.variable("SEQ"),
            "source_sequence",
            "sequence-range",
            ~pl.col("source_sequence").is_between(0, MAX_SEQUENCE),
            f"a number up to {MAX_SEQUENCE}",
        ),
        RecordRule(
            "VISITNUM",
            "visit_number",
            "visit-number-range",
            pl.col("visit_number").cast(pl.Float64, strict=False).abs() >= MAX_VISIT_NUMBER,
            f"a number under {MAX_VISIT_NUMBER}",
        ),
        RecordRule(
            domain.variable("TESTCD"),
            "test_code",
            "too-long",
            _longer("test_code", MAX_TEST_CODE),
            _at_most(MAX_TEST_CODE),
        ),
        RecordRule(domain.variable("ORRES"), "received_text", "too-long", _longer("received_text", 200), _at_most(200)),
        RecordRule(
            domain.variable("STRESU"),
            "unit",
            "too-long",
            _longer("unit", 40) | _longer("received_unit", 40),
            _at_most(40),
        ),
    ]


def _date_rules(domain: FindingsDomain, today: str) -> list[RecordRule]:
    collected, born = pl.col("collected"), pl.col("born")
    shaped = collected.str.contains(PARTIAL_DATE)
    # Dates are compared as far as both are known.
    day = pl.min_horizontal(collected.str.len_chars(), pl.lit(10))
    known = pl.min_horizontal(day, born.str.len_chars())
    rules: list[tuple[str, pl.Expr, str | pl.Expr]] = [
        ("missing-date", collected == "", "a date, as exactly as known"),
        ("date-format", (collected != "") & ~shaped, "ISO 8601: YYYY-MM-DDThh:mm, cut off where unknown"),
        ("impossible-date", shaped & impossible_date(collected), "a day and time that exist"),
        ("future-date", shaped & (collected.str.slice(0, 10) > pl.lit(today).str.head(day)), f"no later than {today}"),
        (
            "before-birth",
            shaped & (collected.str.head(known) < born.str.head(known)),
            pl.format("not before the birth of the subject ({} or later)", born),
        ),
    ]
    return [RecordRule(domain.variable("DTC"), "collected", code, broken, expected) for code, broken, expected in rules]


def _longer(field: str, longest: int) -> pl.Expr:
    return pl.col(field).str.len_chars() > longest


def _at_most(longest: int) -> str:
    return f"at most {longest} characters"


def record_findings(rows: pl.DataFrame, domain: FindingsDomain, today: str) -> pl.DataFrame:
    """One finding per record and rule broken."""
    parts = [
        rows.filter(rule.broken.fill_null(value=False)).select(
            "line",
            pl.lit(rule.variable).alias("column"),
            pl.lit(rule.code).alias("rule"),
            pl.col(rule.field).cast(pl.String).str.slice(0, 200).alias("found"),
            (pl.lit(rule.expected) if isinstance(rule.expected, str) else rule.expected.fill_null("")).alias(
                "expected"
            ),
            pl.concat_str(["source_code", "test_code", "collected", "received_text"], separator=" | ").alias("text"),
        )
        for rule in record_rules(domain, today)
    ]
    return pl.concat([pl.DataFrame(schema=FINDING_SCHEMA), *parts])
