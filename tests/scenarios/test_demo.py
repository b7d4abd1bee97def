"""``make demo ONCE=1`` in an empty database: from files to tables through real processes."""

import subprocess
import sys

import polars as pl

from cart.models import DataQuery, EligibilityDecision, Subject
from labs.models import Result
from tests.databases import ROOT


def demo(database, folder):
    return subprocess.run(
        [sys.executable, "manage.py", "demo", "--once", "--to", str(folder)],
        cwd=ROOT,
        env=database.environment(CELERY_QUEUE=f"demo-{database.name}"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_demo_runs_twice_and_tells_the_same(fresh_database, tmp_path):
    first = demo(fresh_database, tmp_path / "one")
    assert first.returncode == 0, first.stderr
    assert "9 synthetic subjects" in first.stdout
    assert Subject.objects.count() == 9
    assert first.stdout.count("investigator.bos") == 4
    decisions = EligibilityDecision.objects.filter(verdict="eligible", assessment__answers__isnull=False).distinct()
    assert decisions.count() == 9
    # The first subject: infused on 3 Sep 2024, followed to year 15.
    assert "3 Sep 2024" in first.stdout
    assert "4 Sep 2039" in first.stdout
    corrected = Result.objects.filter(version=2)
    assert corrected.count() == 1

    long = pl.read_parquet(tmp_path / "one" / "endpoints.parquet")
    assert long["USUBJID"].n_unique() == 9
    missing = long.filter(pl.col("STATUS") == "not-evaluable")
    assert missing.height > 0
    assert missing["REASON"].str.len_chars().min() > 0
    assert missing["AVAL"].null_count() == missing.height
    reset = dict(long.filter(pl.col("PARAMCD") == "RESET").select("USUBJID", "AVALC").iter_rows())
    assert sorted(filter(None, reset.values())) == ["met"] * 5 + ["not met"] * 2
    crs = dict(long.filter(pl.col("PARAMCD") == "CRSMAX").select("USUBJID", "AVAL").iter_rows())
    assert sorted(crs.values()) == [0, 1, 1, 1, 1, 1, 2, 2, 2]
    assert long.filter((pl.col("PARAMCD") == "CRSEPI") & (pl.col("AVAL") == 2)).height == 1
    for code in ("ICAHTE", "TICAHTE", "CARHT"):
        assert set(long.filter(pl.col("PARAMCD") == code)["STATUS"]) == {"evaluable"}, code
    assert set(long.filter(pl.col("PARAMCD") == "DLT")["AVALC"]) == {"no"}
    assert DataQuery.objects.filter(target_table="cart_crsassessment").count() == 1
    half_lives = long.filter(pl.col("PARAMCD") == "TITERHL")["AVAL"].drop_nulls()
    assert half_lives.is_between(20, 62).all()

    again = demo(fresh_database, tmp_path / "two")
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("already accepted") == 4
    assert pl.read_parquet(tmp_path / "two" / "endpoints.parquet").equals(long)
    for name in ("endpoints.csv", "endpoints.parquet", "subjects.csv", "subjects.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
