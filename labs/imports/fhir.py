"""FHIR R4 laboratory resources as blocks of checked rows, through the checks of every laboratory file. PURE.

Twice through the file: first what others refer to, then the results. An Observation is taken whole or not at all:
where one of its results does not hold, none of it is taken.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from labs.imports.central_csv import FINDING_SCHEMA
from labs.imports.checks import References, check_rows
from labs.imports.fhir_elements import ElementError, instant_parts, shown
from labs.imports.fhir_facts import Scope, add_facts, scope_of
from labs.imports.fhir_file import Entry, FhirFile
from labs.imports.fhir_index import ReferenceIndex, keys_of
from labs.imports.fhir_layout import FhirLayout
from labs.imports.fhir_observation import Outcome, Row, observation_rows
from labs.imports.fhir_reports import member_problems, report_problems
from labs.imports.records import Checked
from labs.imports.report import About

# Results, and characters of them, at a time: their texts are Python's before they are columns.
BLOCK_RESULTS, BLOCK_CHARACTERS = 10_000, 8 << 20
READ = ("Observation", "DiagnosticReport", "Specimen", "Patient")
MAX_TYPES = 200
TEXTS = (
    "subject", "accession", "material", "collected", "code", "result", "unit", "condition", "received", "processed",
    "reason",
)  # fmt: skip
PASSED = ("received_unit", "range_low", "range_high", "range_flag")
_SCHEMA = dict.fromkeys((*TEXTS, *PASSED), pl.String)


@dataclass
class _Block:
    """Results gathered so far, and what cannot become one: ``refused`` has a line per result lost."""

    lines: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    findings: list[dict[str, object]] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    characters: int = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time to check."""
        return len(self.lines) + len(self.findings) >= BLOCK_RESULTS or self.characters >= BLOCK_CHARACTERS

    def refuse(self, line: int, problems: list[ElementError], results: int) -> None:
        """Note problems that cost so many results."""
        self.refused += [line] * results
        for one in problems:
            self.findings.append(
                {
                    "line": line,
                    "column": one.column,
                    "rule": one.rule,
                    "found": one.found,
                    "expected": one.expected,
                    "text": one.found,
                }
            )

    def take(self, line: int, outcome: Outcome) -> None:
        """Note the rows of an Observation."""
        self.rows += outcome.rows
        self.lines += [line] * len(outcome.rows)
        self.characters += sum(len(text) for row in outcome.rows for text in row.texts.values() if text)


def read_checked(path: Path, layout: FhirLayout, references: References, about: About) -> Iterator[tuple[int, Checked]]:
    """Blocks of a file: how many results they hold, and these checked; ``about`` learns what else is there.

    Raises
    ------
    FileRefusedError
        The file as a whole cannot be read.
    """
    file = FhirFile(path, about.file_name)
    zones = dict(references.subjects.select("subject", "time_zone").iter_rows())
    with closing(ReferenceIndex()) as index:
        for entry in file.entries():
            about.unit = file.unit
            if entry.kind in READ:
                add_facts(index, entry.kind, entry.resource, scope_of(entry.full_url, entry.resource, layout))
        counts: Counter[str] = Counter()
        block = _Block()
        for entry in file.entries():
            _read_entry(entry, layout, index, block, counts)
            if block.is_full:
                yield _checked(block, layout, references, zones)
                block = _Block()
        about.notes = _notes(counts)
        yield _checked(block, layout, references, zones)


def _read_entry(entry: Entry, layout: FhirLayout, index: ReferenceIndex, block: _Block, counts: Counter[str]) -> None:
    if entry.problem is not None:
        block.refuse(entry.line, [entry.problem], 1)
        return
    known = entry.kind in counts or len(counts) < MAX_TYPES
    counts[entry.kind if known else "of further types"] += 1
    if entry.kind not in ("Observation", "DiagnosticReport"):
        return
    resource, scope = entry.resource, scope_of(entry.full_url, entry.resource, layout)
    keys = keys_of(entry.full_url, entry.kind, resource)
    outcomes: list[Outcome] = []
    own: list[ElementError] = []
    if entry.kind == "Observation":
        outcomes.append(observation_rows(resource, "Observation", scope, index, keys=keys))
        counts["panel"] += outcomes[0].is_panel
        own += member_problems(resource, "Observation", "hasMember", scope, index)
    else:
        own += report_problems(resource, scope, index)
    # What holds no result but is wrong itself, a report or a panel, counts as one.
    lost = int(bool(own)) if not outcomes or outcomes[0].is_panel else 0
    outcomes += _contained(entry, scope, index, keys, counts)
    problems = [*own, *(one for outcome in outcomes for one in outcome.problems)]
    if problems:
        block.refuse(entry.line, problems, lost + sum(outcome.results for outcome in outcomes))
        return
    for outcome in outcomes:
        counts["unranged"] += outcome.unranged
        block.take(entry.line, outcome)


def _contained(
    entry: Entry, scope: Scope, index: ReferenceIndex, keys: list[str], counts: Counter[str]
) -> Iterator[Outcome]:
    """Observations contained in an Observation or report: as good as any other."""
    listed = entry.resource.get("contained")
    for at, one in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(one, dict) and one.get("resourceType") == "Observation":
            counts["contained"] += 1
            path = f"{entry.kind}.contained[{at}]"
            yield observation_rows(one, path, scope, index, keys=keys, container=entry.resource)


def _checked(block: _Block, layout: FhirLayout, references: References, zones: dict[str, str]) -> tuple[int, Checked]:
    """A block through the checks of rows; findings at their places, lines with any without their rows."""
    texts = [[row.texts[name] for row in block.rows] for name in _SCHEMA]
    for name in ("collected", "received", "processed"):
        at, subject = list(_SCHEMA).index(name), texts[0]
        texts[at] = [
            _site_time(text or "", zones.get(code or "")) for text, code in zip(texts[at], subject, strict=True)
        ]
    frame = pl.DataFrame(dict(zip(_SCHEMA, texts, strict=True)), schema=_SCHEMA)
    checked = check_rows(frame.with_row_index("line").cast({"line": pl.Int64}), references, layout)
    found = list(block.findings)
    for finding in checked.findings.sort("line").iter_rows(named=True):
        row = finding["line"]
        places = block.rows[row].places
        found.append(
            {
                **finding,
                "line": block.lines[row],
                "column": places.get(finding["column"], finding["column"]),
                "found": shown(finding["found"] or ""),
            }
        )
    findings = pl.DataFrame(found, schema=FINDING_SCHEMA)
    lines = pl.Series("line", block.lines, dtype=pl.Int64)
    bad = pl.Series(found and [one["line"] for one in found], dtype=pl.Int64).unique()
    rows = checked.rows.with_columns(lines[checked.rows["line"]]).filter(~pl.col("line").is_in(bad.implode()))
    lost = pl.concat([pl.Series("line", block.refused, dtype=pl.Int64), lines.filter(lines.is_in(bad.implode()))])
    return len(block.lines) + len(block.refused), Checked(rows, checked.specimens, findings, refused=lost)


@lru_cache(65_536)
def _site_time(text: str, zone: str | None) -> str:
    """A time with its offset as the site's clocks showed it; a date, and what is no time, as it is."""
    parts = instant_parts(text)
    if parts is None:
        return text
    local, offset = parts
    try:
        moment = dt.datetime.fromisoformat(local + ("+00:00" if offset == "Z" else offset))
        # Of an unknown subject the site is unknown too; that is what the report will say.
        there = moment.astimezone(ZoneInfo(zone)) if zone else moment
    except (ValueError, OverflowError):
        return local
    return there.replace(tzinfo=None).isoformat(
        timespec="seconds" if len(local) > len("2024-03-01T08:30") else "minutes"
    )


def _notes(counts: Counter[str]) -> list[str]:
    """What the file holds beside results, in sentences of the report."""
    read = ", ".join(f"{kind} {counts[kind]:,}" for kind in READ if counts[kind])
    notes = [f"read: {read}" if read else "read: no resource of a laboratory"]
    special = ("panel", "contained", "unranged")
    others = sorted(kind for kind in counts if kind not in (*READ, *special))
    if others:
        notes.append(f"not read, of other types: {', '.join(f'{kind} {counts[kind]:,}' for kind in others)}")
    if counts["panel"]:
        notes.append(f"{counts['panel']:,} of the Observations are panels of others and hold no result themselves")
    if counts["contained"]:
        notes.append(f"{counts['contained']:,} more Observations are contained in other resources")
    if counts["unranged"]:
        notes.append(
            f"{counts['unranged']:,} results have reference ranges of which none could be stored as two limits"
        )
    return notes
