"""Files that leave the house: whole or absent, equal for equal rows, harmless in a spreadsheet."""

import csv

import polars as pl
import pytest

from trialsite.exports.description import Column, DatasetDescription, ExportError
from trialsite.exports.writers import write_csv, write_parquet, writer_for

DESCRIPTION = DatasetDescription(
    "d",
    "A dataset",
    (
        Column("NAME", "Name", pl.String),
        Column("VALUE", "Value", pl.Float64, "g/L"),
        Column("KEYS", "Keys", pl.List(pl.Int64)),
    ),
)
FRAME = pl.DataFrame(
    {"NAME": ["=1+1", "-5", 'a "b", c', None], "VALUE": [1.5, None, -2.0, 0.1], "KEYS": [[1, 2], [], [3], []]},
    schema={"NAME": pl.String, "VALUE": pl.Float64, "KEYS": pl.List(pl.Int64)},
)


def test_csv_reads_back_and_runs_no_formula(tmp_path):
    written = write_csv(FRAME, DESCRIPTION, tmp_path / "d.csv")
    with written.path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, strict=True))
    assert rows[0] == ["NAME", "VALUE", "KEYS"]
    assert rows[1] == ["'=1+1", "1.5", "1 2"]
    assert rows[2][:2] == ["-5", ""]
    assert rows[3][0] == 'a "b", c'
    assert written.rows == 4


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_equal_rows_give_equal_bytes(write, tmp_path):
    first, second = (write(FRAME, DESCRIPTION, tmp_path / name) for name in ("a", "b"))
    assert first.sha256 == second.sha256
    assert first.path.read_bytes() == second.path.read_bytes()


def test_parquet_keeps_values_and_labels(tmp_path):
    path = write_parquet(FRAME, DESCRIPTION, tmp_path / "d.parquet").path
    assert pl.read_parquet(path).equals(FRAME)
    assert pl.read_parquet_metadata(path)["label:VALUE"] == "Value"
    assert pl.read_parquet_metadata(path)["unit:VALUE"] == "g/L"


def test_a_missing_column_writes_nothing_and_keeps_the_old_file(tmp_path):
    target = tmp_path / "d.csv"
    write_csv(FRAME, DESCRIPTION, target)
    before = target.read_bytes()
    with pytest.raises(ExportError, match="export-column"):
        write_csv(FRAME.drop("VALUE"), DESCRIPTION, target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["d.csv"]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ExportError, match="export-target"):
        write_csv(FRAME, DESCRIPTION, tmp_path / "file" / "d.csv")


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(ExportError, match="export-format"):
        writer_for(tmp_path / "d.xlsx")
