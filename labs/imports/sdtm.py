"""Reader of SDTM datasets (DM, EX, LB as SAS transport v5): text as received, records numbered."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyreadstat

from labs.imports.central_csv import FINDING_SCHEMA
from labs.imports.checks import PARTIAL_DATE, Checked, impossible_date

XPT_MARK = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"
CHUNK_RECORDS = 100_000
REQUIRED = {
    "DM": ("STUDYID", "USUBJID", "SITEID"),
    "EX": ("USUBJID", "EXTRT", "EXSTDTC"),
    "LB": ("USUBJID", "LBTESTCD", "LBDTC", "LBORRES"),
}
_CENSORED = r"^([<>]) ?(-?[0-9]+(?:\.[0-9]+)?)$"


class DatasetError(ValueError):
    """A dataset is missing, unreadable, or lacks a variable; the message says which and what to do."""


def dataset_path(folder: Path, domain: str) -> Path | None:
    """File of a domain in a folder, whatever its case."""
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder with SDTM datasets. [folder-missing]")
    wanted = f"{domain.lower()}.xpt"
    found = sorted(path for path in folder.iterdir() if path.name.lower() == wanted and path.is_file())
    return found[0] if found else None


def read_dataset(path: Path, domain: str) -> Iterator[pl.DataFrame]:
    """Records of a dataset in chunks, with ``record`` (from 1); character variables as received.

    Raises
    ------
    DatasetError
        Not a version 5 transport file, cut off, or without a required variable.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(XPT_MARK))
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}. [file-unreadable]") from error
    if head != XPT_MARK:
        raise DatasetError(f"{path.name} is not a SAS transport file of version 5. [not-xpt]")
    if path.stat().st_size % 80:
        # Every record of the format has 80 bytes; another size means that the transfer broke off.
        raise DatasetError(f"{path.name} is cut off: its size is no multiple of 80 bytes. [xpt-cut-off]")
    first = 0
    while True:
        try:
            frame, _ = pyreadstat.read_xport(
                str(path),
                row_offset=first,
                row_limit=CHUNK_RECORDS,
                output_format="polars",
                disable_datetime_conversion=True,
            )
        # The reader raises classes of its own that share no base but Exception.
        except Exception as error:
            raise DatasetError(
                f"{path.name} cannot be read as a SAS transport file: {error}. [xpt-unreadable]"
            ) from error
        frame = frame.rename({name: name.upper() for name in frame.columns})
        missing = [name for name in REQUIRED[domain] if name not in frame.columns]
        if missing:
            raise DatasetError(f"{path.name} has no variable {', '.join(missing)}. [variable-missing]")
        if frame.height:
            yield frame.with_columns(pl.int_range(first + 1, first + 1 + frame.height, dtype=pl.Int64).alias("record"))
        if frame.height < CHUNK_RECORDS:
            return
        first += frame.height


def text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Character variable, '' where missing or absent; numbers as their shortest exact text."""
    if name not in frame.columns:
        return pl.lit("")
    column = pl.col(name)
    if frame.schema[name] == pl.String:
        return column.fill_null("").str.strip_chars_end(" ")
    return exact_text(column).fill_null("")


def exact_text(number: pl.Expr) -> pl.Expr:
    """Shortest text that reads back as the same number; whole numbers without a point."""
    whole = (number == number.round()) & (number.abs() < 1e15)
    return pl.when(whole).then(number.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(number.cast(pl.String))


def _number(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Numeric variable as exact text, null where missing; a character variable only where it is a number."""
    if name not in frame.columns:
        return pl.lit(None, dtype=pl.String)
    if frame.schema[name] == pl.String:
        bare = pl.col(name).str.strip_chars(" ")
        return pl.when(bare.str.contains(r"^-?[0-9]+(\.[0-9]+)?$")).then(bare)
    finite = pl.when(pl.col(name).is_finite()).then(pl.col(name))
    return exact_text(finite)


def laboratory_rows(frame: pl.DataFrame, subjects: pl.DataFrame, analytes: pl.DataFrame, *, today: str) -> Checked:
    """LB records in the shape of the loader, with findings for those that cannot be stored.

    Parameters
    ----------
    frame
        LB with ``record``.
    subjects
        source_code (USUBJID), subject_id, year_of_birth.
    analytes
        source (test code and category as ``analyte_source`` makes it), analyte_id.
    today
        ISO date; nothing is collected later.
    """
    standard = text(frame, "LBSTRESC")
    original = text(frame, "LBORRES")
    censored = pl.when(standard != "").then(standard).otherwise(original).str.extract_groups(_CENSORED)
    exact = _number(frame, "LBSTRESN")
    status = text(frame, "LBSTAT")
    done_reason = text(frame, "LBREASND")
    rows = frame.select(
        pl.col("record").alias("line"),
        text(frame, "USUBJID").alias("source_code"),
        analyte_source(frame).alias("source"),
        text(frame, "LBTESTCD").alias("test_code"),
        text(frame, "LBDTC").alias("collected"),
        pl.when(text(frame, "LBREFID") != "")
        .then(text(frame, "LBREFID"))
        .otherwise(
            pl.concat_str([text(frame, "USUBJID"), text(frame, "VISITNUM"), text(frame, "VISIT")], separator="|")
        )
        .str.slice(0, 80)
        .alias("accession"),
        pl.concat_str([text(frame, "LBSPEC"), text(frame, "LBMETHOD")], separator=" ")
        .str.strip_chars(" ")
        .str.slice(0, 40)
        .alias("material"),
        text(frame, "VISIT").str.slice(0, 100).alias("visit_label"),
        _number(frame, "VISITNUM").alias("visit_number"),
        pl.when(exact.is_null() & censored.struct.field("1").is_not_null())
        .then(censored.struct.field("1"))
        .otherwise(pl.lit("="))
        .alias("qualifier"),
        pl.coalesce(exact, censored.struct.field("2")).alias("value"),
        text(frame, "LBSTRESU").alias("unit"),
        original.alias("received_text"),
        text(frame, "LBORRESU").alias("received_unit"),
        standard.alias("standard_text"),
        pl.when((original == "") & (standard == ""))
        .then(
            pl.when(done_reason != "")
            .then(done_reason)
            .when(status != "")
            .then(status)
            .otherwise(pl.lit("no result in the source"))
        )
        .otherwise(pl.lit(""))
        .str.slice(0, 120)
        .alias("missing_reason"),
        _number(frame, "LBSTNRLO").alias("range_low"),
        _number(frame, "LBSTNRHI").alias("range_high"),
        text(frame, "LBNRIND").str.slice(0, 12).alias("range_flag"),
        (text(frame, "LBBLFL") == "Y").alias("baseline_flag"),
        _number(frame, "LBSEQ").cast(pl.Int64, strict=False).alias("source_sequence"),
        pl.lit("good").alias("condition"),
        pl.lit("").alias("received"),
        pl.lit(None, dtype=pl.Int64).alias("assay_id"),
    )
    rows = rows.with_columns(
        # A result that exists only in standard units is as received in those.
        pl.when(pl.col("received_text") == "")
        .then(pl.col("standard_text"))
        .otherwise(pl.col("received_text"))
        .alias("received_text"),
    )
    # A test repeated on the same occasion is a specimen of its own, told apart by its place among them.
    occasion = ["accession", "material", "collected", "source"]
    repeat = pl.col("source_sequence").rank("dense").over(occasion)
    rows = rows.with_columns(
        pl.when(repeat > 1)
        .then(pl.col("accession").str.slice(0, 75) + "#" + repeat.cast(pl.String))
        .otherwise(pl.col("accession"))
        .alias("accession")
    )
    rows = rows.join(subjects, on="source_code", how="left", maintain_order="left").join(
        analytes, on="source", how="left", maintain_order="left"
    )
    findings = _record_findings(rows, today)
    good = rows.join(findings.select("line").unique(), on="line", how="anti") if findings.height else rows
    return Checked(good.drop("source_code", "source", "test_code", "year_of_birth"), findings)


def analyte_source(frame: pl.DataFrame) -> pl.Expr:
    """What tells one test from another: its code, with category and specimen."""
    return pl.concat_str([text(frame, "LBTESTCD"), text(frame, "LBCAT"), text(frame, "LBSPEC")], separator="\x1f")


def _record_findings(rows: pl.DataFrame, today: str) -> pl.DataFrame:
    collected = pl.col("collected")
    length = collected.str.len_chars()
    year = collected.str.slice(0, 4).cast(pl.Int64, strict=False)
    shaped = collected.str.contains(PARTIAL_DATE)
    rules = [
        ("USUBJID", "unknown-subject", pl.col("subject_id").is_null(), "source_code", "a subject of DM"),
        ("LBTESTCD", "missing-test", pl.col("test_code") == "", "test_code", "a test code"),
        ("LBDTC", "missing-date", collected == "", "collected", "a date, as exactly as known"),
        (
            "LBDTC",
            "date-format",
            (collected != "") & ~shaped,
            "collected",
            "ISO 8601: YYYY-MM-DDThh:mm, cut off where unknown",
        ),
        ("LBDTC", "impossible-date", shaped & impossible_date(collected), "collected", "a day and time that exist"),
        (
            "LBDTC",
            "future-date",
            shaped & (collected.str.slice(0, 10) > pl.lit(today).str.head(length.clip(upper_bound=10))),
            "collected",
            f"no later than {today}",
        ),
        ("LBDTC", "before-birth", year < pl.col("year_of_birth"), "collected", "not before the year of birth"),
        (
            "LBORRES",
            "too-long",
            pl.col("received_text").str.len_chars() > 200,
            "received_text",
            "at most 200 characters",
        ),
        (
            "LBSTRESU",
            "too-long",
            (pl.col("unit").str.len_chars() > 40) | (pl.col("received_unit").str.len_chars() > 40),
            "unit",
            "at most 40 characters",
        ),
    ]
    parts = [
        rows.filter(met.fill_null(value=False)).select(
            "line",
            pl.lit(column).alias("column"),
            pl.lit(rule).alias("rule"),
            pl.col(shown).str.slice(0, 200).alias("found"),
            pl.lit(expected).alias("expected"),
            pl.concat_str(["source_code", "test_code", "collected", "received_text"], separator=" | ").alias("text"),
        )
        for column, rule, met, shown, expected in rules
    ]
    return pl.concat([pl.DataFrame(schema=FINDING_SCHEMA), *parts])
