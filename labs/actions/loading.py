"""Load the checked blocks of a transfer: what holds is stored, what became of every row is counted."""

import contextlib
from collections.abc import Callable
from contextlib import closing

import polars as pl
from django.db import transaction

from labs.actions.compared import Compared
from labs.actions.reading import Blocks
from labs.actions.specimen_corrections import correct_specimens
from labs.actions.vanished import is_cumulative
from labs.imports.ahead import made_ahead
from labs.imports.central_csv import FINDING_SCHEMA, FileRefusedError
from labs.imports.load import Loaded, ResultLoader
from labs.imports.records import CONDITION_SAID, Checked
from labs.imports.report import Totals
from labs.models import Transfer

# Of a file that is refused as a whole so many findings are kept.
KEPT_FINDINGS = 10_000
# Told how many rows of the file were read so far.
NoteRows = Callable[[int], None]


class Refused(Exception):
    """The file is not taken: what was counted, and what was found."""

    def __init__(self, totals: Totals, findings: pl.DataFrame) -> None:
        super().__init__("refused")
        self.totals = totals
        self.findings = findings


class _Unsound(Exception):
    pass


def load_what_differs(
    transfer: Transfer,
    blocks: Blocks,
    compared: tuple[Compared, Blocks] | None,
    *,
    quarantine: bool,
    reason: str,
    waiting: pl.Series | None,
    note_rows: NoteRows,
) -> tuple[Totals, pl.DataFrame, list[int] | None]:
    """Totals, findings, and the subjects whose rows may have vanished; None where all have to be looked at."""
    if compared is not None:
        beside, changed = compared
        # Where rows of the file contradict each other, all of them are read to say which.
        with contextlib.suppress(_Unsound, Refused), transaction.atomic():
            totals, findings = _load_blocks(
                transfer, changed, quarantine=quarantine, reason=reason, waiting=None, note_rows=note_rows
            )
            contradicted = {"conflicting-rows", "conflicting-conditions"} & set(findings["rule"])
            if not beside.is_sound(transfer) or contradicted or totals.specimens_corrected:
                raise _Unsound
            totals.rows += beside.unchanged
            totals.duplicate += beside.unchanged
            return totals, findings, beside.subjects
    totals, findings = _load_blocks(
        transfer, blocks, quarantine=quarantine, reason=reason, waiting=waiting, note_rows=note_rows
    )
    return totals, findings, None


class _Tally:
    """What became of the rows so far. ``found`` is bounded where the file will be refused as a whole."""

    def __init__(self, *, quarantine: bool) -> None:
        self.quarantine = quarantine
        self.totals = Totals()
        self.bad_rows = 0
        self._found = [pl.DataFrame(schema=FINDING_SCHEMA)]
        self._kept = 0

    @property
    def stores(self) -> bool:
        """Nothing of a file that will be refused needs storing; the rest is still checked for the report."""
        return self.quarantine or not self.bad_rows

    def note(self, findings: pl.DataFrame, bad: int) -> None:
        """Count findings, and the rows they cost; a row has all of its findings in one call."""
        self.bad_rows += bad
        self.totals.findings += findings.height
        # A file that is wrong from end to end says so ten thousand times, not ten million.
        if self.quarantine or self._kept < KEPT_FINDINGS:
            self._found.append(findings)
            self._kept += findings.height

    def count(self, loaded: Loaded) -> None:
        """Count what the loader took, and note what it did not."""
        self.totals.applied += loaded.applied
        self.totals.corrected += loaded.corrected
        self.totals.duplicate += loaded.duplicate
        # The loader finds one thing about a row.
        self.note(loaded.findings, loaded.findings.height)

    @property
    def findings(self) -> pl.DataFrame:
        """Everything noted, in order."""
        return pl.concat(self._found)


def _load_blocks(
    transfer: Transfer,
    blocks: Blocks,
    *,
    quarantine: bool,
    reason: str,
    waiting: pl.Series | None,
    note_rows: NoteRows,
) -> tuple[Totals, pl.DataFrame]:
    """Load what holds. ``waiting``: of a file that was accepted before, the lines that were quarantined then.

    Its other lines were taken then and may have been superseded since: they count as duplicates, unread.
    """
    tally = _Tally(quarantine=quarantine)
    totals = tally.totals
    try:
        # Closed before anything else reads the file: whatever goes wrong here, the thread that reads ahead ends.
        with (
            closing(made_ahead(blocks, depth=1)) as ahead,
            ResultLoader(
                study_id=transfer.study_id,
                laboratory_id=transfer.laboratory_id,
                transfer_id=transfer.pk,
                correction_reason=(reason or f"corrected by {transfer.file_name}")[:200],
                cumulative=is_cumulative(transfer),
                corrects=waiting is None,
            ) as loader,
        ):
            for rows, checked in ahead:
                totals.rows += rows
                if waiting is not None:
                    asked = pl.col("line").is_in(waiting.implode())
                    bad = checked.bad.filter(checked.bad.is_in(waiting.implode()))
                    checked = Checked(
                        checked.rows.filter(asked),
                        # Nor does it say anything new of a specimen.
                        checked.specimens.drop(CONDITION_SAID, strict=False),
                        checked.findings.filter(asked),
                        refused=bad,
                    )
                    totals.duplicate += rows - checked.rows.height - bad.len()
                tally.note(checked.findings, checked.bad.len())
                if tally.stores:
                    tally.count(loader.load(checked))
                del checked
                note_rows(totals.rows)
            if tally.stores:
                tally.count(loader.finish())
        if tally.stores:
            totals.specimens_corrected = correct_specimens()
    except FileRefusedError as error:
        refused = Totals(rows=totals.rows, with_findings=tally.bad_rows, findings=totals.findings + 1)
        refused.refuse_all()
        raise Refused(refused, pl.concat([tally.findings, _file_finding(error)])) from error
    totals.with_findings = tally.bad_rows
    totals.refused = 0 if quarantine and transfer.kind != Transfer.Kind.SDTM else tally.bad_rows
    totals.quarantined = tally.bad_rows - totals.refused
    return totals, tally.findings


def _file_finding(error: FileRefusedError) -> pl.DataFrame:
    row = {
        "line": error.line,
        "column": "",
        "rule": error.rule,
        "found": str(error)[:200],
        "expected": "a readable file",
        "text": "",
    }
    return pl.DataFrame([row], schema=FINDING_SCHEMA)
