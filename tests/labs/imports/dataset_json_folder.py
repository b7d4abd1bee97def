"""The datasets of a folder again, as Dataset-JSON in each of its forms."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import polars as pl

from labs.imports.sdtm_files import dataset_path, read_dataset


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
