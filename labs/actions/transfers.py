"""A laboratory's file from receipt to acceptance: kept, checked, loaded in one transaction, reported."""

import contextlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from django.db import transaction
from django.utils import timezone

from cart.actions.endpoints import request_recompute
from cart.models import Study
from labs.actions.compared import Compared, quarantined_lines
from labs.actions.database_room import room_in_database
from labs.actions.progress import Progress, Show, shown_progress
from labs.actions.raw_files import ReceivedFile, receiving
from labs.actions.reading import Blocks, reading_of
from labs.actions.references import read_references
from labs.actions.specimen_corrections import correct_specimens
from labs.actions.vanished import ask_for_vanished_rows, is_cumulative
from labs.imports.ahead import made_ahead
from labs.imports.central_csv import FINDING_SCHEMA, FileRefusedError
from labs.imports.layouts import from_mapping
from labs.imports.load import Loaded, ResultLoader
from labs.imports.records import CONDITION_SAID, Checked
from labs.imports.report import About, Report, Totals
from labs.models import Laboratory, Transfer, lock_specimen_numbers
from trialsite.audit.context import acting
from trialsite.isolation.columns import copy_in

KEPT_FINDINGS = 10_000
# Told how many rows of the file were read so far.
NoteRows = Callable[[int], None]


class _Refused(Exception):
    def __init__(self, totals: Totals, findings: pl.DataFrame) -> None:
        super().__init__("refused")
        self.totals = totals
        self.findings = findings


class _Unsound(Exception):
    pass


class _Repeated(Exception):
    def __init__(self, previous: Transfer) -> None:
        super().__init__("repeated")
        self.previous = previous


def import_file(
    *,
    study: Study,
    laboratory: Laboratory,
    path: Path,
    actor: str,
    reason: str,
    check_only: bool = False,
    file_name: str = "",
    show: Show | None = None,
) -> Report:
    """Import a central-laboratory file by the layout its laboratory declared.

    ``file_name``: as the sender named it, where the path does not say it. ``show`` is told how far the reading is.

    All or nothing, unless the laboratory's agreement allows quarantine. The same file again is a no-op, unless
    rows of it that were quarantined hold by now.

    Raises
    ------
    LayoutError, RawFileError
        With a sentence; nothing is stored.
    """
    layout = from_mapping(laboratory.layout)
    about = About(file_name or path.name)
    with receiving(path) as received:
        reading = reading_of(received, layout, read_references(study, laboratory), about)
        with shown_progress(study=study, laboratory=laboratory, sha256=received.sha256, show=show) as take:
            return load_transfer(
                study=study,
                laboratory=laboratory,
                received=received,
                about=about,
                layout=laboratory.layout,
                **reading,
                quarantine=laboratory.quarantine,
                check_only=check_only,
                actor=actor,
                reason=reason,
                note_rows=lambda rows: take(Progress(rows, about.rows_expected)),
            )


def load_transfer(
    *,
    study: Study,
    laboratory: Laboratory,
    received: ReceivedFile,
    kind: str,
    about: About,
    layout: dict[str, Any],
    blocks: Blocks,
    quarantine: bool,
    check_only: bool,
    actor: str,
    reason: str,
    compare: Callable[[Transfer], tuple[Compared, Blocks] | None] | None = None,
    basis: tuple[str, int] = ("", 0),
    note_rows: NoteRows = lambda _: None,
) -> Report:
    """Load checked blocks ``(rows in the file, Checked)`` as one transfer, in one transaction.

    ``about``: the name of the file, and what its reader learns on the way. ``compare`` gives what of the file has
    to be read beside the last one, or None; ``basis`` is kept for the next. ``note_rows`` is told after each block how
    many rows were read.

    A file that was accepted is not taken again, but for one of which rows are quarantined: it is read again, and
    where some of them hold by now, a new transfer stores these; the others of its rows count as duplicates.
    """
    fields = {
        "study": study,
        "laboratory": laboratory,
        "kind": kind,
        "file_name": about.file_name[:255],
        "layout": layout,
        "basis": basis[0],
        "basis_subject": basis[1],
    }
    with acting(actor=actor, reason=reason), room_in_database():
        try:
            with transaction.atomic():
                # Imports of a study take turns: of two that bring the same file the second finds it accepted.
                lock_specimen_numbers(study_id=study.pk)
                raw = received.row()
                previous = (
                    Transfer.objects.filter(
                        study=study, laboratory=laboratory, raw_file=raw, state=Transfer.State.ACCEPTED
                    )
                    .order_by("-id")
                    .first()
                )
                if previous is not None and not previous.rows_quarantined:
                    raise _Repeated(previous)
                transfer = Transfer.objects.create(state=Transfer.State.CHECKED, raw_file=raw, **fields)
                compared = compare(transfer) if compare is not None and previous is None else None
                waiting = quarantined_lines(previous) if previous is not None else None
                totals, findings, lost = _load_what_differs(
                    transfer,
                    blocks,
                    compared,
                    quarantine=quarantine,
                    reason=reason,
                    waiting=waiting,
                    note_rows=note_rows,
                )
                if previous is not None and not totals.applied and totals.quarantined == previous.rows_quarantined:
                    # What kept its rows back, an unknown code or a missing kit, does so still.
                    raise _Repeated(previous)
                refused = bool(findings.height) and not quarantine
                if is_cumulative(transfer) and not refused and previous is None:
                    totals.vanished = ask_for_vanished_rows(transfer, lost)
                if refused:
                    totals.refuse_all()
                if check_only or refused:
                    raise _Refused(totals, findings)
                _accept(transfer, totals, findings)
                request_recompute(study=study, actor=actor, reason=f"{transfer} accepted")
                # It was copied while it was read.
                received.settle()
        except _Repeated as repeated:
            return _repeated_report(about, repeated.previous)
        except _Refused as refused:
            with transaction.atomic():
                raw = received.row()
                number = "" if check_only else _keep_refusal(refused, raw_file=raw, **fields)
                received.settle()
            return replace(
                _report(about, refused.totals, refused.findings, number=number), accepted=False, checked_only=check_only
            )
    return _report(about, totals, findings, number=str(transfer))


def _report(about: About, totals: Totals, findings: pl.DataFrame, *, number: str) -> Report:
    return Report(
        about.file_name, totals, accepted=True, number=number, unit=about.unit, notes=about.notes, findings=findings
    )


def _repeated_report(about: About, previous: Transfer) -> Report:
    totals = _totals_again(previous)
    return Report(about.file_name, totals, accepted=True, number=str(previous), repeated=True, unit=about.unit)


def _load_what_differs(
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
        with contextlib.suppress(_Unsound, _Refused), transaction.atomic():
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
        raise _Refused(refused, pl.concat([tally.findings, _file_finding(error)])) from error
    totals.with_findings = tally.bad_rows
    totals.refused = 0 if quarantine and transfer.kind != Transfer.Kind.SDTM else tally.bad_rows
    totals.quarantined = tally.bad_rows - totals.refused
    return totals, tally.findings


def _totals_again(accepted: Transfer) -> Totals:
    """Of a file that was accepted before: what was not taken then waits still, the others of its rows are there."""
    left_out = accepted.rows_quarantined + accepted.rows_refused
    return Totals(
        rows=accepted.rows_total,
        duplicate=accepted.rows_total - left_out,
        quarantined=accepted.rows_quarantined,
        refused=accepted.rows_refused,
        with_findings=accepted.rows_with_findings,
    )


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


def _accept(transfer: Transfer, totals: Totals, findings: pl.DataFrame) -> None:
    _keep_findings(transfer, findings, outcome="quarantined" if totals.quarantined else "refused")
    transfer.state = Transfer.State.ACCEPTED
    _count(transfer, totals)


def _keep_refusal(refused: _Refused, **fields: Any) -> str:
    """Record a file that was not taken, with what was wrong, after its load was undone."""
    transfer = Transfer.objects.create(state=Transfer.State.REFUSED, **fields)
    _keep_findings(transfer, refused.findings, outcome="refused")
    _count(transfer, refused.totals)
    return str(transfer)


def _count(transfer: Transfer, totals: Totals) -> None:
    transfer.rows_total = totals.rows
    transfer.rows_applied = totals.applied
    transfer.rows_corrected = totals.corrected
    transfer.rows_duplicate = totals.duplicate
    transfer.rows_quarantined = totals.quarantined
    transfer.rows_refused = totals.refused
    transfer.rows_with_findings = totals.with_findings
    transfer.specimens_corrected = totals.specimens_corrected
    transfer.rows_vanished = totals.vanished
    transfer.decided_at = timezone.now()
    transfer.save()


def _keep_findings(transfer: Transfer, findings: pl.DataFrame, *, outcome: str) -> None:
    # A file that is wrong from end to end says so once, not ten million times; accepted files keep them all.
    kept = findings if transfer.state != Transfer.State.REFUSED else findings.head(KEPT_FINDINGS)
    copy_in(
        "labs_transferrow",
        kept.unique(["line", "column", "rule"], keep="first", maintain_order=True).select(
            pl.lit(transfer.pk).alias("transfer_id"),
            "line",
            pl.col("column").fill_null("").str.slice(0, 80),
            "rule",
            pl.col("found").fill_null("").str.slice(0, 300),
            pl.col("expected").fill_null("").str.slice(0, 300),
            pl.lit(outcome).alias("outcome"),
            pl.col("text").fill_null("").alias("received_text"),
        ),
    )
