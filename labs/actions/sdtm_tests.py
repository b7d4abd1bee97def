"""Tests of a findings domain into analytes: one for each meaning of a test code."""

import hashlib
from pathlib import Path
from typing import Any

import polars as pl

from labs.imports.sdtm import BELOW_LIMIT, CENSORED, TITER, analyte_source, text
from labs.imports.sdtm_files import read_dataset
from labs.imports.sdtm_rules import MAX_TEST_CODE
from labs.imports.sdtm_variables import DatasetError, FindingsDomain
from labs.models import Analyte

# A longer test code is no SDTM code; the analyte's own code then says which it was.
MAX_SDTM_CODE = 8
MAX_CODE, MAX_NAME = 40, 200
_DIGEST = 6


def distinct_tests(path: Path, domain: FindingsDomain) -> pl.DataFrame:
    """Distinct tests of a dataset: source, code, name, always, apart, unit, whether numbers, whether titers.

    ``always`` names what is part of the meaning wherever it stands, ``apart`` what tells meanings of one code apart.

    Raises
    ------
    DatasetError
        There is no record.
    """
    parts = [_tests_of(chunk, domain) for chunk in read_dataset(path, domain.name)]
    whole = pl.concat(parts) if parts else pl.DataFrame(schema={"source": pl.String, "code": pl.String})
    if not whole.height:
        raise DatasetError(f"{path.name} holds no record. [dataset-empty]")
    return whole.group_by("source", maintain_order=True).agg(
        pl.col("code", "name", "always", "apart").first(),
        pl.col("unit").filter(pl.col("unit") != "").first().fill_null(""),
        pl.col("numeric").any(),
        pl.col("titer").any(),
    )


def _tests_of(chunk: pl.DataFrame, domain: FindingsDomain) -> pl.DataFrame:
    def said(suffix: str) -> pl.Expr:
        return text(chunk, domain.variable(suffix))

    def of_results(pattern: str) -> pl.Expr:
        return said("ORRES").str.contains(pattern) | said("STRESC").str.contains(pattern)

    first, *others = domain.apart
    always = said(first) if domain.always else pl.lit("")
    return chunk.select(
        analyte_source(chunk, domain).alias("source"),
        said("TESTCD").alias("code"),
        said("TEST").alias("name"),
        always.alias("always"),
        pl.concat_list(said(suffix) for suffix in (others if domain.always else domain.apart))
        .list.eval(pl.element().filter(pl.element() != ""))
        .list.join(":")
        .alias("apart"),
        said("STRESU").alias("unit"),
        ((said("STRESN") != "") | of_results(CENSORED) | of_results(BELOW_LIMIT)).alias("numeric"),
        of_results(TITER).alias("titer"),
    )


def store_tests(tests: pl.DataFrame) -> pl.DataFrame:
    """Analyte of every test: source, analyte_id. A code that stands for two meanings becomes two analytes."""
    shared = set(tests.filter(pl.struct("code", "always").is_duplicated())["code"].to_list())
    rows = []
    for test in tests.iter_rows(named=True):
        if not 0 < len(test["code"]) <= MAX_TEST_CODE:
            continue
        # The base code stays with the first meaning it was stored with, whichever study brought it.
        parts = [test["code"], test["always"], test["apart"] if test["code"] in shared else ""]
        analyte, _ = Analyte.objects.get_or_create(
            code=_short(":".join(part for part in parts if part)),
            defaults={
                "name": _name(test)[:MAX_NAME],
                "kind": _kind(test),
                "unit": "" if test["titer"] else test["unit"][:MAX_CODE],
                "sdtm_test_code": test["code"] if len(test["code"]) <= MAX_SDTM_CODE else "",
            },
        )
        rows.append({"source": test["source"], "analyte_id": analyte.pk})
    return pl.DataFrame(rows, schema={"source": pl.String, "analyte_id": pl.Int64})


def _short(code: str) -> str:
    """A code as it is, or cut off with a digest of the whole, so that two long ones do not become one."""
    if len(code) <= MAX_CODE:
        return code
    digest = hashlib.sha256(code.encode()).hexdigest()[:_DIGEST]
    return f"{code[: MAX_CODE - _DIGEST - 1]}~{digest}"


def _name(test: dict[str, Any]) -> str:
    name = str(test["name"] or test["code"])
    return f"{name}: {test['always']}" if test["always"] else name


def _kind(test: dict[str, Any]) -> str:
    if test["titer"]:
        return str(Analyte.Kind.TITER)
    return str(Analyte.Kind.QUANTITY if test["numeric"] else Analyte.Kind.TEXT)
