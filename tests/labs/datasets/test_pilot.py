"""The public pilot trial: every record accounted for, every derived number checked against the source.

Skipped, with a message, where the data are not at hand.
"""

import datetime as dt
from io import StringIO

import polars as pl
import pyreadstat
import pytest
from django.core.management import CommandError, call_command

from labs.models import Result


def run(*arguments, **options):
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.fixture
def pilot(pilot_data, fresh_database):
    assert "LB 59,580 records: 59,580 stored, 0 duplicates, 0 refused" in run("import_sdtm", str(pilot_data), study="P")
    source, _ = pyreadstat.read_xport(str(pilot_data / "lb.xpt"), output_format="polars")
    return source.with_columns(pl.col("LBSEQ").cast(pl.Int64))


def exported(folder, rule):
    path = folder / "o.parquet"
    run("export_observations", "P", baseline=rule, to=path)
    return pl.read_parquet(path)


def test_pilot_agrees_with_its_source_row_by_row(pilot, pilot_data, tmp_path):
    rows = exported(tmp_path, "flagged-in-source")
    both = rows.join(pilot, on=["USUBJID", "LBSEQ"], how="full", suffix="_s")
    assert rows.height == both.height == pilot.height == 59_580
    assert both.filter(pl.col("ADY").ne_missing(pl.col("LBDY").cast(pl.Int64))).height == 0
    assert both.filter(pl.col("AVAL").ne_missing(pl.col("LBSTRESN"))).height == 0
    assert both.filter(pl.col("AVALC").fill_null("") != pl.col("LBSTRESC")).height == 0
    assert both.filter(pl.col("ABLFL").fill_null("") != pl.col("LBBLFL")).height == 0
    assert both.filter(pl.col("collected") != pl.col("LBDTC")).height == 0
    assert both.filter(pl.col("received_text") != pl.col("LBORRES")).height == 0
    # The rule by visit and the source's own flag choose the same records.
    assert exported(tmp_path, "visit:SCREENING 1").filter(pl.col("ABLFL") == "Y")["LBSEQ"].len() == 9_233

    again = run("import_sdtm", str(pilot_data), study="P")
    assert "already accepted" in again
    assert Result.objects.count() == 59_580


def test_pilot_change_is_what_a_plain_loop_computes(pilot, pilot_data, tmp_path):
    exposures, _ = pyreadstat.read_xport(str(pilot_data / "ex.xpt"), output_format="polars")
    first_dose = dict(exposures.group_by("USUBJID").agg(pl.col("EXSTDTC").min()).iter_rows())
    rows = exported(tmp_path, "last-before-first-dose")
    sample = sorted(rows["USUBJID"].unique().to_list())[::25]
    checked = 0
    for subject in sample:
        records = sorted(
            pilot.filter(pl.col("USUBJID") == subject).iter_rows(named=True), key=lambda r: (r["LBDTC"], r["LBSEQ"])
        )
        base = {}
        for record in records:
            if record["LBDTC"][:10] < first_dose[subject] and record["LBSTRESC"]:
                base[record["LBTESTCD"]] = record
        ours = {row["LBSEQ"]: row for row in rows.filter(pl.col("USUBJID") == subject).iter_rows(named=True)}
        for record in records:
            mine, theirs = ours[int(record["LBSEQ"])], base.get(record["LBTESTCD"])
            expected = theirs["LBSTRESN"] if theirs else None
            assert mine["BASE"] == expected
            assert (mine["ABLFL"] == "Y") == (theirs is not None and theirs["LBSEQ"] == record["LBSEQ"])
            if expected is not None and record["LBSTRESN"] is not None:
                assert mine["CHG"] == record["LBSTRESN"] - expected
                if expected:
                    assert mine["PCHG"] == pytest.approx(100 * mine["CHG"] / expected, rel=1e-12)
            assert mine["ADT"] == dt.date.fromisoformat(record["LBDTC"][:10])
            checked += 1
    assert checked > 1_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"baseline": "bogus", "to": "o.parquet"}, "baseline-rule"),
        ({"baseline": "visit:", "to": "o.parquet"}, "baseline-rule"),
        ({"baseline": "before-infusion", "to": "o.xlsx"}, "export-format"),
        ({"baseline": "before-infusion", "to": "o.csv"}, "unknown-study"),
        ({"baseline": "before-infusion", "to": "o.csv", "below_lloq": "guess"}, "imputation"),
    ],
)
def test_wrong_words_are_refused_with_a_sentence(arguments, code, tmp_path):
    arguments = {**arguments, "to": tmp_path / arguments["to"]}
    with pytest.raises(CommandError, match=code):
        run("export_observations", "NOPE", **arguments)
