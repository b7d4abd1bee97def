"""Records of LB, IS or CP in the shape of the loader, each stored or refused with its place. PURE."""

import polars as pl

from labs.imports.records import Records
from labs.imports.sdtm_rules import record_findings
from labs.imports.sdtm_variables import LABORATORY, FindingsDomain

CENSORED = r"^([<>]) ?(?:1:)?(-?[0-9]+(?:\.[0-9]+)?)$"
TITER = r"^[<>]? ?1:[1-9][0-9]{0,9}$"
# How sources say that a value lies below the limit they name beside it.
BELOW_LIMIT = r"(?i)^(BLQ|BLOQ|BQL|< ?(BLQ|BLOQ|LLOQ))$"
_NUMBER = r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$"
_IDENTITY = ["analyte_id", "accession", "material", "collected"]
_SEEN_SCHEMA = {"subject_id": pl.Int64, "source_sequence": pl.Int64, "identity": pl.UInt64}


def text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Character variable, '' where missing or absent; numbers as their shortest exact text."""
    if name not in frame.columns:
        return pl.lit("")
    column = pl.col(name)
    if frame.schema[name] == pl.String:
        return column.fill_null("").str.strip_chars_end(" ")
    return exact_text(pl.when(column.is_finite()).then(column)).fill_null("")


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
        return pl.when(bare.str.contains(_NUMBER)).then(bare)
    finite = pl.when(pl.col(name).is_finite()).then(pl.col(name))
    return exact_text(finite)


def laboratory_rows(
    frame: pl.DataFrame,
    subjects: pl.DataFrame,
    analytes: pl.DataFrame,
    *,
    domain: FindingsDomain = LABORATORY,
    today: str,
) -> Records:
    """Records in the shape of the loader, with findings for those that cannot be stored.

    Parameters
    ----------
    frame
        The domain's dataset with ``record``.
    subjects
        source_code (USUBJID), subject_id, born (ISO date of birth as exactly as known, or the earliest it can
        have been; null where nothing is known).
    analytes
        source (test code and category as ``analyte_source`` makes it), analyte_id.
    today
        ISO date; nothing is collected later.
    """
    rows = _apart(_as_received(frame, domain))
    rows = rows.join(subjects, on="source_code", how="left", maintain_order="left").join(
        analytes, on="source", how="left", maintain_order="left"
    )
    findings = record_findings(rows, domain, today)
    good = rows.join(findings.select("line").unique(), on="line", how="anti") if findings.height else rows
    return Records(good.drop("source_code", "source", "test_code", "born"), findings)


def _as_received(frame: pl.DataFrame, domain: FindingsDomain) -> pl.DataFrame:
    """Records in our columns, one each."""

    def said(suffix: str) -> pl.Expr:
        return text(frame, domain.variable(suffix))

    standard, original = said("STRESC"), said("ORRES")
    shown = pl.when(standard != "").then(standard).otherwise(original)
    # A censored text is an interval even where the source put a number beside it.
    censored = shown.str.extract_groups(CENSORED)
    lloq = _number(frame, domain.variable("LLOQ"))
    below = shown.str.contains(BELOW_LIMIT) & lloq.is_not_null()
    sign = pl.when(below).then(pl.lit("<")).otherwise(censored.struct.field("1"))
    limit = pl.when(below).then(lloq).otherwise(censored.struct.field("2"))
    exact = pl.coalesce(_number(frame, domain.variable("STRESN")), shown.str.extract(r"^1:([1-9][0-9]{0,9})$"))
    status, done_reason = said("STAT"), said("REASND")
    rows = frame.select(
        pl.col("record").alias("line"),
        text(frame, "USUBJID").alias("source_code"),
        analyte_source(frame, domain).alias("source"),
        said("TESTCD").alias("test_code"),
        said("DTC").alias("collected"),
        _accession(frame, domain).alias("accession"),
        pl.concat_str([said("SPEC"), said("METHOD")], separator=" ")
        .str.strip_chars(" ")
        .str.slice(0, 40)
        .alias("material"),
        text(frame, "VISIT").str.slice(0, 100).alias("visit_label"),
        _number(frame, "VISITNUM").alias("visit_number"),
        sign.fill_null("=").alias("qualifier"),
        pl.coalesce(limit, exact).alias("value"),
        said("STRESU").alias("unit"),
        original.alias("received_text"),
        said("ORRESU").alias("received_unit"),
        standard.alias("standard_text"),
        pl.when((original == "") & (standard == "") & exact.is_null())
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
        _number(frame, domain.variable("STNRLO")).alias("range_low"),
        _number(frame, domain.variable("STNRHI")).alias("range_high"),
        said("NRIND").str.slice(0, 12).alias("range_flag"),
        (said("BLFL") == "Y").alias("baseline_flag"),
        _number(frame, domain.variable("SEQ")).cast(pl.Int64, strict=False).alias("source_sequence"),
        pl.lit("good").alias("condition"),
        pl.lit("").alias("received"),
        pl.lit(None, dtype=pl.Int64).alias("assay_id"),
    )
    return rows.with_columns(
        # A result that exists only in standard units is as received in those.
        pl.when(pl.col("received_text") != "")
        .then(pl.col("received_text"))
        .when(pl.col("standard_text") != "")
        .then(pl.col("standard_text"))
        .otherwise(pl.col("value").fill_null(""))
        .alias("received_text"),
    )


def _apart(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with an accession that tells repeats of a test apart."""
    # A test repeated on the same occasion is a specimen of its own, told apart by its place among them.
    occasion = ["accession", "material", "collected", "source"]
    repeat = pl.col("source_sequence").rank("dense").over(occasion)
    return rows.with_columns(
        pl.when(repeat > 1)
        .then(pl.col("accession").str.slice(0, 75) + "#" + repeat.cast(pl.String))
        .otherwise(pl.col("accession"))
        .alias("accession")
    )


def _accession(frame: pl.DataFrame, domain: FindingsDomain) -> pl.Expr:
    """What names the specimen of a record, within its subject: --REFID, else the visit."""
    reference = text(frame, domain.variable("REFID"))
    visit = pl.concat_str([text(frame, "VISITNUM"), text(frame, "VISIT")], separator="|")
    return pl.concat_str(
        [text(frame, "USUBJID"), pl.when(reference != "").then(reference).otherwise(visit)], separator="|"
    ).str.slice(0, 80)


def analyte_source(frame: pl.DataFrame, domain: FindingsDomain) -> pl.Expr:
    """What tells one test from another: its code, and what stands beside it in the variables that tell apart."""
    return pl.concat_str(
        [text(frame, domain.variable(suffix)) for suffix in ("TESTCD", *domain.apart)], separator="\x1f"
    )


class SequencesSeen:
    """Sequences (--SEQ) of the records so far, by subject: one sequence names one record.

    The first record of a sequence counts; a later one that says the same is a duplicate of it and goes on to
    the loader, which finds that; one that says otherwise is a finding, because whatever refers to the
    sequence would not know which is meant.
    """

    def __init__(self, domain: FindingsDomain = LABORATORY) -> None:
        self._variable = domain.variable("SEQ")
        self._seen = pl.DataFrame(schema=_SEEN_SCHEMA)

    def check(self, rows: Records) -> Records:
        """The rows without those whose sequence another record of the subject has."""
        key = ["subject_id", "source_sequence"]
        numbered = rows.rows.filter(pl.col("source_sequence").is_not_null()).select(
            "line", *key, pl.struct(_IDENTITY).hash().alias("identity")
        )
        first = pl.concat([self._seen, numbered.select(*key, "identity")]).unique(
            key, keep="first", maintain_order=True
        )
        beside = numbered.join(first, on=key, how="left", suffix="_first")
        clashing = beside.filter(pl.col("identity") != pl.col("identity_first"))["line"]
        self._seen = first
        if not clashing.len():
            return rows
        clash = pl.col("line").is_in(clashing.implode())
        found = rows.rows.filter(clash).select(
            "line",
            pl.lit(self._variable).alias("column"),
            pl.lit("duplicate-sequence").alias("rule"),
            pl.col("source_sequence").cast(pl.String).alias("found"),
            pl.lit(f"one record per subject and {self._variable}").alias("expected"),
            pl.concat_str(["accession", "collected", "received_text"], separator=" | ").alias("text"),
        )
        return Records(rows.rows.filter(~clash), pl.concat([rows.findings, found]))
