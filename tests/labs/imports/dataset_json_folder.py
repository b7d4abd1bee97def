"""The datasets of a folder again, as Dataset-JSON in each of its forms."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from labs.imports.sdtm_files import dataset_path, read_dataset
from labs.imports.sdtm_variables import DatasetError


def described(domain: str, rows: list[list[Any]], columns: list[dict[str, Any]], /, **changes: Any) -> dict[str, Any]:
    """First members of a dataset; a change given as None leaves the member out."""
    members = {
        "datasetJSONCreationDateTime": "2026-11-23T12:00:00",
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": f"IG.{domain}",
        "records": len(rows),
        "name": domain,
        "label": "Of the tests",
        "columns": columns,
        **changes,
    }
    return {name: value for name, value in members.items() if value is not None}


def column(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    """A column's description."""
    return {"itemOID": f"IT.{name}", "name": name, "label": name, "dataType": kind, **more}


def as_json(members: dict[str, Any], rows: list[list[Any]]) -> bytes:
    """One object."""
    return json.dumps({**members, "rows": rows}).encode()


def as_lines(members: dict[str, Any], rows: list[list[Any]]) -> bytes:
    """One value per line."""
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in [members, *rows]).encode()


FORMS = {
    "json": (".json", as_json),
    "lines": (".ndjson", as_lines),
    "gzip of lines": (".dsjc", lambda members, rows: gzip.compress(as_lines(members, rows))),
    "zlib of lines": (".dsjc", lambda members, rows: zlib.compress(as_lines(members, rows))),
    "gzip of json": (".dsjc", lambda members, rows: gzip.compress(as_json(members, rows))),
    "zlib of json": (".dsjc", lambda members, rows: zlib.compress(as_json(members, rows))),
    # The name of a file decides nothing.
    "lines called json": (".JSON", as_lines),
}


def convert(source: Path, target: Path, form: str) -> Path:
    """The XPT datasets of a folder as Dataset-JSON: character variables strings, numeric ones floats."""
    suffix, write = FORMS[form]
    target.mkdir()
    for domain in ("DM", "EX", "LB"):
        path = dataset_path(source, domain)
        if path is None:  # Such as a study without doses.
            continue
        records = pl.concat(list(read_dataset(path, domain))).drop("record")
        columns = [column(name, "string" if kind == pl.String else "float") for name, kind in records.schema.items()]
        rows = [list(row) for row in records.iter_rows()]
        (target / f"{domain.lower()}{suffix}").write_bytes(write(described(domain, rows, columns), rows))
    return target


COLUMNS = [column(name) for name in ("USUBJID", "LBTESTCD", "LBDTC", "LBORRES")]
ROWS = [["S-1", "ALB", "2014-01-02", "3.8"], ["S-1", "ALB", "2014-01-03", "4.10"]]


def records_of(folder: Path, content: bytes, name: str = "lb.json") -> list[dict[str, Any]]:
    """Records of LB in a file of this content."""
    path = folder / name
    path.write_bytes(content)
    return [record for chunk in read_dataset(path, "LB") for record in chunk.iter_rows(named=True)]


def refused(folder: Path, content: bytes, name: str = "lb.json") -> str:
    """The sentence that refuses a file."""
    with pytest.raises(DatasetError) as caught:
        records_of(folder, content, name)
    assert str(caught.value).startswith(name)
    return str(caught.value)
