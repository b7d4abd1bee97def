"""The record of an installation: Markdown for the file, JSON for programs."""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cart.endpoints.proof.installation import EndpointRun, FileRun, Machine, agree

_SHOWN_PACKAGES = ("polars", "numpy", "scipy", "pyspiro", "PyYAML", "Django", "psycopg")


@dataclass(frozen=True)
class Record:
    """One run of ``validate_installation``."""

    at: dt.datetime
    seconds: float
    code_version: str
    machine: Machine
    endpoints: Sequence[EndpointRun]
    files: Sequence[FileRun]

    @property
    def agrees(self) -> bool:
        """Does everything agree?"""
        return agree(self.endpoints, self.files)

    def totals(self) -> Iterator[tuple[str, int, int, int]]:
        """What, cases, agreeing, differing: the worked answers, then the files of each origin."""
        worked = [one for endpoint in self.endpoints for one in endpoint.checked]
        right = sum(one.agreeing for one in worked)
        yield "worked answers of the endpoints", len(worked), right, len(worked) - right
        for origin in dict.fromkeys(one.origin for one in self.files):
            files = [one for one in self.files if one.origin == origin]
            sums = (sum(one.cases for one in files), sum(one.agreeing for one in files))
            yield f"cases of {len(files)} files, {origin}", *sums, sum(one.differing for one in files)


def markdown(record: Record) -> str:
    """The record as a page to be filed: result, endpoints, files, every difference, packages, room for signatures."""
    shown = [one for one in record.machine.packages if one.name in _SHOWN_PACKAGES]
    missing = [one.code for one in record.endpoints if not one.checked]
    lines = [
        "# Trialsite: record of an installation",
        "",
        f"**Result: {'everything agrees' if record.agrees else 'SOMETHING DIFFERS, see Differences'}.**",
        "",
        *_table(("what", "here"), _facts(record)),
        *_table(("cases", "number", "agreeing", "differing"), record.totals()),
        "## Endpoints",
        "",
        "Worked cases ship with the project (`cart/endpoints/proof/worked_cases`); each runs through the whole",
        "evaluation. A case names its calculation; the JSON file beside this one repeats it.",
        "",
        *_table(
            ("endpoint", "label", "version", "worked answers", "by a third party", "agreeing", "differing"),
            (_endpoint_row(one) for one in record.endpoints),
        ),
        "## Case files",
        "",
        *_table(
            ("file", "of", "kernel", "cases", "agreeing", "differing", "SHA-256 of the file"),
            (
                (f.name, f.origin, f.kernel or "none", f.cases, f.agreeing, f.differing, f.sha256 or "none")
                for f in record.files
            ),
        ),
        "## Differences",
        "",
        *(["None.", ""] if record.agrees else _table(("where", "what", "expected", "found"), _differences(record))),
        *([f"Endpoints without a case: {', '.join(missing)}.", ""] if missing else []),
        "## Packages",
        "",
        "All packages stand in the JSON file. In another version than the project pins: "
        f"{', '.join(f'{p.name} {p.version} for {p.pinned}' for p in record.machine.unpinned) or 'none'}.",
        "",
        *_table(("package", "version", "pinned"), ((p.name, p.version, p.pinned or "none") for p in shown)),
        "## Signatures",
        "",
        *_table(("", "name", "date", "signature"), (("performed by", "", "", ""), ("reviewed by", "", "", ""))),
    ]
    return "\n".join(lines).rstrip() + "\n"


def as_json(record: Record, *, report: str, report_sha256: str) -> str:
    """The same for programs, with the digest of the page."""
    content: dict[str, Any] = {
        "agrees": record.agrees,
        "at": record.at.isoformat(),
        "seconds": round(record.seconds, 1),
        "code_version": record.code_version,
        "python": record.machine.python,
        "platform": record.machine.platform,
        "kernels_sha256": record.machine.kernels_sha256,
        "report": {"name": report, "sha256": report_sha256},
        "packages": [{"name": p.name, "version": p.version, "pinned": p.pinned} for p in record.machine.packages],
        "endpoints": [_endpoint_json(one) for one in record.endpoints],
        "files": [_file_json(one) for one in record.files],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _facts(record: Record) -> Iterator[tuple[str, str]]:
    yield "performed at", record.at.strftime("%d %b %Y %H:%M:%S UTC")
    yield "lasted", f"{record.seconds:.1f} s"
    yield "Trialsite", record.code_version
    yield "SHA-256 of the kernels' sources", record.machine.kernels_sha256
    yield "Python", record.machine.python
    yield "platform", record.machine.platform


def _endpoint_row(one: EndpointRun) -> tuple[object, ...]:
    third = sum(checked.expected.kind == "third party" for checked in one.checked)
    wrong = len(one.differing)
    return one.code, one.label, one.version, len(one.checked), third, len(one.checked) - wrong, wrong


def _differences(record: Record) -> Iterator[tuple[str, str, str, str]]:
    for endpoint in record.endpoints:
        for checked in endpoint.differing:
            where = f"{checked.file}, {checked.case}"
            for name, expected, found in checked.differences:
                what = " ".join(part for part in (endpoint.code, checked.expected.timepoint, name) if part)
                yield where, what, expected or "nothing", found or "nothing"
    for file in record.files:
        if file.refused:
            yield f"{file.name}, {file.origin}", "not run", "a case file", file.refused
        for one in file.differences:
            yield f"{file.name}, {file.origin}, line {one.line}", one.column, one.expected or "nothing", one.found


def _endpoint_json(one: EndpointRun) -> dict[str, Any]:
    return {
        "code": one.code,
        "label": one.label,
        "version": one.version,
        "cases": len(one.checked),
        "agreeing": len(one.checked) - len(one.differing),
        "differing": len(one.differing),
        "answers": [
            {
                "case": checked.case,
                "file": checked.file,
                "timepoint": checked.expected.timepoint,
                "series": checked.expected.series,
                "kind": checked.expected.kind,
                "worked": checked.expected.worked,
                "expected": dict(checked.expected.fields),
                "differences": [
                    {"field": name, "expected": expected, "found": found}
                    for name, expected, found in checked.differences
                ],
            }
            for checked in one.checked
        ],
    }


def _file_json(one: FileRun) -> dict[str, Any]:
    return {
        "name": one.name,
        "origin": one.origin,
        "sha256": one.sha256,
        "kernel": one.kernel,
        "cases": one.cases,
        "agreeing": one.agreeing,
        "differing": one.differing,
        "refused": one.refused,
        "differences": [
            {"line": d.line, "column": d.column, "expected": d.expected, "found": d.found} for d in one.differences
        ],
    }


def _table(heads: Sequence[str], rows: Any) -> list[str]:
    body = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads), *body, ""]


def _cell(value: object) -> str:
    # A bar or a line break of a foreign file would break the table.
    return " ".join(str(value).split()).replace("|", "\\|")
