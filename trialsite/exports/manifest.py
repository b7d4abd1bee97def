"""What was exported: files with their digests, from which state of the study, by which code."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trialsite.exports.description import DatasetDescription
from trialsite.exports.writers import WrittenFile, whole_file

# Name, type, meaning; the test of the reference page compares them with a written manifest.
FIELDS = (
    ("study", "text", "Code of the study."),
    ("source", "text", "`live`, or the name of the data cut."),
    ("code_version", "text", "Version of Trialsite that wrote the files."),
    ("created_at", "date and time, ISO 8601", "When, with its offset from UTC."),
    ("files[].name", "text", "Name of the file, beside the manifest."),
    ("files[].rows", "whole number", "Rows, without the line of the column names."),
    ("files[].sha256", "text", "SHA-256 of the file's bytes, 64 hexadecimal digits."),
    ("datasets[].name", "text", "Name of the dataset: the file's name without its ending."),
    ("datasets[].label", "text", "What a row is."),
    ("datasets[].columns[].name", "text", "Name of the column; in the order of the file."),
    ("datasets[].columns[].label", "text", "What it holds."),
    ("datasets[].columns[].type", "text", "Type in polars: String, Int64, Float64, Boolean, Date, List(Int64)."),
    ("datasets[].columns[].unit", "text", "Unit; empty where there is none, or another column names it."),
    ("datasets[].columns[].meaning", "text", "What the label leaves open; may be empty."),
    ("datasets[].columns[].missing", "text", "When there is no value, and how that looks; `never`."),
)


def write_manifest(
    path: Path,
    *,
    study: str,
    source: str,
    code_version: str,
    created_at: dt.datetime,
    files: Sequence[WrittenFile],
    descriptions: Sequence[DatasetDescription],
    notes: Mapping[str, Any],
) -> None:
    """Write ``manifest.json``; ``source`` is ``live`` or the name of a data cut."""
    content = {
        "study": study,
        "source": source,
        "code_version": code_version,
        "created_at": created_at.isoformat(),
        "files": [{"name": f.path.name, "rows": f.rows, "sha256": f.sha256} for f in files],
        "datasets": [{"name": d.name, "label": d.label, "columns": d.dictionary()} for d in descriptions],
        **notes,
    }
    with whole_file(path) as file:
        file.write(json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n")
