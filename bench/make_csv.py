"""A synthetic central-laboratory file: ``python -m bench.make_csv PATH ROWS SALT``."""

import sys
from pathlib import Path

import polars as pl

HEADER = "SUBJECT,ACCESSION,MATERIAL,COLLECTED,VISIT,TEST,RESULT,UNIT,CONDITION,REASON"
TESTS, RESULTS_PER_SUBJECT = 20, 500


def write_csv(path: Path, rows: int, *, salt: int) -> None:
    """A file of ``rows`` results in blocks; ``salt`` makes its bytes its own."""
    block = 1_000_000
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"\n")
        for start in range(0, rows, block):
            n = pl.int_range(start, min(start + block, rows), eager=True)
            specimen = n // TESTS
            subject = specimen // (RESULTS_PER_SUBJECT // TESTS)
            visit = specimen % (RESULTS_PER_SUBJECT // TESTS)
            frame = pl.DataFrame({"n": n, "specimen": specimen, "subject": subject, "visit": visit}).select(
                pl.format("S{}", pl.col("subject").cast(pl.String).str.zfill(6)),
                pl.format("A{}", pl.col("specimen")),
                pl.lit("SERUM").alias("material"),
                (pl.date(2020, 1, 1) + pl.duration(days=pl.col("visit") * 14)).dt.to_string("%Y-%m-%dT08:30"),
                pl.format("V{}", pl.col("visit")).alias("visit"),
                pl.format("T{}", (pl.col("n") % TESTS).cast(pl.String).str.zfill(2)).alias("test"),
                pl.when(pl.col("n") % 50 == 0)
                .then(pl.lit("<1"))
                .otherwise(((pl.col("n") * 7919 + salt) % 90000 / 100 + 1).round(2).cast(pl.String))
                .alias("result"),
                pl.lit("g/L").alias("unit"),
                pl.lit("").alias("condition"),
                pl.lit("").alias("reason"),
            )
            frame.write_csv(file, include_header=False, quote_style="never")


if __name__ == "__main__":
    write_csv(Path(sys.argv[1]), int(sys.argv[2]), salt=int(sys.argv[3]))
