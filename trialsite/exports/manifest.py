"""What was exported: files with their digests, from which state of the study, by which code."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trialsite.exports.description import DatasetDescription
from trialsite.exports.writers import WrittenFile, whole_file


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
