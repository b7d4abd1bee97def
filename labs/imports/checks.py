"""Checks of a block of rows against the trial: whole columns, one finding per row and rule."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from labs.imports.central_csv import FINDING_SCHEMA
from labs.imports.layout import ISO, Layout
from labs.imports.numbers import EXPECTED_NUMBER, EXPECTED_TITER, result_columns

PARTIAL_DATE = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?)?)?$"
CONDITIONS = {
    "": "good",
    "good": "good",
    "ok": "good",
    "haemolysed": "haemolysed",
    "hemolysed": "haemolysed",
    "hemolyzed": "haemolysed",
    "insufficient": "insufficient",
    "other": "other",
}
EMPTY_RESULT_REASONS = {"haemolysed": "haemolysed", "insufficient": "insufficient material"}
DAY, MINUTE = 10, 16


@dataclass(frozen=True)
class References:
    """What rows are checked against.

    ``subjects``: subject, subject_id, time_zone, year_of_birth, consent_on. ``codes``: code, analyte_id, kind.
    ``assays``: analyte_id, assay_id, assay_unit, valid_from, valid_to. ``today``: nothing is collected later.
    """

    subjects: pl.DataFrame
    codes: pl.DataFrame
    assays: pl.DataFrame
    today: dt.date


@dataclass(frozen=True)
class Checked:
    """Rows that hold, in columns ready to load, and what the others met."""

    rows: pl.DataFrame
    findings: pl.DataFrame


def check_rows(block: pl.DataFrame, references: References, layout: Layout) -> Checked:
    """Check a block's rows.

    Parameters
    ----------
    block
        ``line`` and one text column per declared field of the layout.
    references
        Small frames of the trial and the laboratory.
    layout
        Declared layout.

    Returns
    -------
    Checked
        Good rows: line, subject_id, accession, material, collected, visit_label, condition, received,
        analyte_id, assay_id, qualifier, value (text, point as decimal mark), unit, received_text,
        missing_reason. Findings: columns of ``FINDING_SCHEMA``; a row may have several.
    """
    rows = _prepared(block, references, layout)
    findings = _findings(rows, references, layout)
    good = rows.join(findings.select("line").unique(), on="line", how="anti") if findings.height else rows
    return Checked(
        good.select(
            "line",
            "subject_id",
            "accession",
            "material",
            pl.col("moment").alias("collected"),
            pl.col("visit").alias("visit_label"),
            pl.col("state").alias("condition"),
            pl.col("receipt").alias("received"),
            "analyte_id",
            "assay_id",
            pl.col("qualifier").fill_null("="),
            "value",
            "unit",
            pl.col("result").alias("received_text"),
            "missing_reason",
        ),
        findings,
    )


def _prepared(block: pl.DataFrame, references: References, layout: Layout) -> pl.DataFrame:
    absent = [name for name in ("material", "visit", "condition", "received", "reason") if name not in block.columns]
    spaces = ["subject", "accession", "code", "collected", "unit", "condition", "received", "reason", "result"]
    rows = block.with_columns(pl.lit("").alias(name) for name in absent).with_columns(
        pl.col("result").alias("as_received"), pl.col(spaces).str.strip_chars(" ")
    )
    rows = rows.with_columns(
        _iso(pl.col("collected"), layout).alias("moment"),
        _iso(pl.col("received"), layout).alias("receipt"),
        pl.col("condition").str.to_lowercase().replace_strict(CONDITIONS, default=None).alias("state"),
    )
    rows = rows.with_columns(_calendar_date(pl.col("moment")).alias("day"))
    rows = rows.join(references.subjects, on="subject", how="left", maintain_order="left").join(
        references.codes, on="code", how="left", maintain_order="left"
    )
    # Few distinct pairs of analyte and day against few assay versions.
    pairs = rows.select("analyte_id", "day").unique().drop_nulls()
    in_force = (
        pairs.join(references.assays, on="analyte_id", how="inner")
        .filter(
            (pl.col("day") >= pl.col("valid_from"))
            & ((pl.col("day") <= pl.col("valid_to")) | pl.col("valid_to").is_null())
        )
        .select("analyte_id", "day", "assay_id", "assay_unit")
    )
    rows = rows.join(in_force, on=["analyte_id", "day"], how="left", maintain_order="left")
    qualifier, value = result_columns(
        pl.col("result"), titer=pl.col("kind") == "titer", decimal_mark=layout.decimal_mark
    )
    numeric = pl.col("kind") != "text"
    reason = (
        pl.when(pl.col("reason") != "")
        .then(pl.col("reason"))
        .otherwise(pl.col("state").replace_strict(EMPTY_RESULT_REASONS, default=""))
    )
    return rows.with_columns(
        pl.when(numeric).then(qualifier).alias("qualifier"),
        pl.when(numeric).then(value).alias("value"),
        pl.when(pl.col("result") == "").then(reason).otherwise(pl.lit("")).alias("missing_reason"),
    ).with_columns(pl.col("as_received").alias("result"))


def _iso(text: pl.Expr, layout: Layout) -> pl.Expr:
    """ISO 8601 text of a date in the declared format; null where it is not in that format."""
    if layout.date_format == ISO:
        spaced = text.str.replace(r"^([0-9-]{10}) ([0-9])", "${1}T${2}")
        return pl.when(spaced.str.contains(PARTIAL_DATE) | (spaced == "")).then(spaced)
    timed = any(mark in layout.date_format for mark in ("%H", "%I"))
    form = "%Y-%m-%dT%H:%M" + (":%S" if "%S" in layout.date_format else "") if timed else "%Y-%m-%d"
    parsed = (
        text.str.to_datetime(layout.date_format, strict=False, time_unit="us")
        if timed
        else text.str.to_date(layout.date_format, strict=False)
    )
    return pl.when(text == "").then(pl.lit("")).otherwise(parsed.dt.strftime(form))


def _calendar_date(text: pl.Expr) -> pl.Expr:
    return text.str.slice(0, DAY).str.to_date("%Y-%m-%d", strict=False)


def impossible_date(text: pl.Expr) -> pl.Expr:
    """A date in the right shape that does not exist: 2023-02-30, month 13, 25:00."""
    length = text.str.len_chars()
    month = text.str.slice(5, 2).cast(pl.Int64, strict=False)
    no_day = (length >= DAY) & _calendar_date(text).is_null()
    no_month = (length >= 7) & ~month.is_between(1, 12)
    hour, minute = (text.str.slice(start, 2).cast(pl.Int64, strict=False) for start in (11, 14))
    second = text.str.slice(17, 2).cast(pl.Int64, strict=False).fill_null(0)
    no_time = (length >= MINUTE) & ((hour > 23) | (minute > 59) | (second > 59))
    year = text.str.slice(0, 4).cast(pl.Int64, strict=False)
    return no_day | no_month.fill_null(value=False) | no_time.fill_null(value=False) | (year < 1).fill_null(value=False)


def _findings(rows: pl.DataFrame, references: References, layout: Layout) -> pl.DataFrame:
    shown = layout.columns
    is_text, is_titer = pl.col("kind") == "text", pl.col("kind") == "titer"
    empty = pl.col("result").str.strip_chars(" ") == ""
    today = references.today
    year, length = pl.col("moment").str.slice(0, 4).cast(pl.Int64, strict=False), pl.col("moment").str.len_chars()
    whole_day = length >= DAY
    date_form = "YYYY-MM-DD or YYYY-MM-DDThh:mm" if layout.date_format == ISO else layout.date_format
    mark = layout.decimal_mark
    expected_number = EXPECTED_NUMBER.replace(".", mark)
    rules: list[tuple[str, str, pl.Expr, pl.Expr | str]] = [
        ("subject", "missing-subject", pl.col("subject") == "", "a subject code"),
        (
            "subject",
            "unknown-subject",
            (pl.col("subject") != "") & pl.col("subject_id").is_null(),
            "a subject of this study",
        ),
        ("accession", "missing-accession", pl.col("accession") == "", "the accession number of the specimen"),
        (
            "code",
            "unknown-analyte",
            pl.col("analyte_id").is_null(),
            "a code of this laboratory (Laboratory > Analyte codes)",
        ),
        ("collected", "missing-date", pl.col("collected") == "", date_form),
        ("collected", "date-format", pl.col("moment").is_null(), date_form),
        ("collected", "impossible-date", impossible_date(pl.col("moment")), "a day and time that exist"),
        ("collected", "future-date", pl.col("day") > today, f"no later than {today.isoformat()}"),
        (
            "collected",
            "future-date",
            ~whole_day & (pl.col("moment") > pl.lit(today.isoformat())),
            f"no later than {today}",
        ),
        (
            "collected",
            "before-birth",
            year < pl.col("year_of_birth"),
            pl.format("not before the year of birth {}", pl.col("year_of_birth")),
        ),
        (
            "collected",
            "before-consent",
            (pl.col("day") < pl.col("consent_on"))
            | (~whole_day & (pl.col("moment") < pl.col("consent_on").dt.to_string("%Y-%m-%d").str.head(length))),
            pl.format("not before the consent of {}", pl.col("consent_on")),
        ),
        ("received", "date-format", pl.col("receipt").is_null(), date_form),
        ("received", "impossible-date", impossible_date(pl.col("receipt")), "a day and time that exist"),
        ("condition", "unknown-condition", pl.col("state").is_null(), "good, haemolysed, insufficient or other"),
        (
            "code",
            "no-assay",
            pl.col("analyte_id").is_not_null() & pl.col("day").is_not_null() & pl.col("assay_id").is_null(),
            pl.format("an assay version in force on {}", pl.col("day")),
        ),
        (
            "collected",
            "date-without-day",
            pl.col("analyte_id").is_not_null()
            & pl.col("moment").is_not_null()
            & (pl.col("moment") != "")
            & (length < DAY)
            & ~is_text,
            "the day, which decides the assay version in force",
        ),
        (
            "unit",
            "unit-mismatch",
            ~empty & pl.col("assay_unit").is_not_null() & (pl.col("unit") != pl.col("assay_unit")),
            pl.format("unit {} of the assay", pl.col("assay_unit")),
        ),
        (
            "result",
            "number-grammar",
            ~empty & ~is_text & ~is_titer & pl.col("value").is_null(),
            f"{expected_number} or 1:640",
        ),
        ("result", "number-grammar", ~empty & is_titer & pl.col("value").is_null(), EXPECTED_TITER),
        (
            "result",
            "missing-without-reason",
            empty & (pl.col("missing_reason") == ""),
            "a result, or the reason why there is none",
        ),
        ("result", "too-long", pl.col("result").str.len_chars() > 200, "at most 200 characters"),
        ("accession", "too-long", pl.col("accession").str.len_chars() > 80, "at most 80 characters"),
        ("material", "too-long", pl.col("material").str.len_chars() > 40, "at most 40 characters"),
        ("visit", "too-long", pl.col("visit").str.len_chars() > 100, "at most 100 characters"),
        ("unit", "too-long", empty & (pl.col("unit").str.len_chars() > 40), "at most 40 characters"),
        ("reason", "too-long", pl.col("reason").str.len_chars() > 120, "at most 120 characters"),
    ]
    met = rows.select(
        met.fill_null(value=False).any().alias(str(number)) for number, (_, _, met, _) in enumerate(rules)
    ).row(0)
    parts = [
        _finding(rows.filter(condition.fill_null(value=False)), field, shown.get(field, field), rule, expected)
        for hit, (field, rule, condition, expected) in zip(met, rules, strict=True)
        if hit
    ]
    parts.append(_clock_gaps(rows, shown))
    return pl.concat([pl.DataFrame(schema=FINDING_SCHEMA), *parts]).unique(
        ["line", "column", "rule"], keep="first", maintain_order=True
    )


def _finding(rows: pl.DataFrame, field: str, column: str, rule: str, expected: pl.Expr | str) -> pl.DataFrame:
    text = pl.concat_str(
        [pl.col(c) for c in ("subject", "accession", "collected", "code", "result", "unit")], separator=" | "
    )
    return rows.select(
        "line",
        pl.lit(column).alias("column"),
        pl.lit(rule).alias("rule"),
        pl.col(field).str.slice(0, 200).alias("found"),
        (pl.lit(expected) if isinstance(expected, str) else expected.fill_null("")).alias("expected"),
        text.alias("text"),
    )


def _clock_gaps(rows: pl.DataFrame, shown: object) -> pl.DataFrame:
    """Local times that the site's clocks skipped (start of summer time)."""
    parts = []
    timed = rows.filter((pl.col("moment").str.len_chars() >= MINUTE) & pl.col("time_zone").is_not_null())
    for (zone,), group in timed.group_by("time_zone"):
        local = pl.col("moment").str.slice(0, MINUTE).str.to_datetime("%Y-%m-%dT%H:%M", strict=False)
        gap = (
            local.is_not_null()
            & local.dt.replace_time_zone(str(zone), ambiguous="earliest", non_existent="null").is_null()
        )
        column = shown["collected"]  # type: ignore[index]
        parts.append(_finding(group.filter(gap), "collected", column, "clock-gap", f"a time that exists in {zone}"))
    return pl.concat([pl.DataFrame(schema=FINDING_SCHEMA), *parts])
