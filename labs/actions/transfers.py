"""A laboratory's file from receipt to acceptance: kept, checked, loaded in one transaction, reported."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from django.db import transaction

from cart.actions.endpoints import request_recompute
from cart.models import Study
from labs.actions.compared import Compared, quarantined_lines
from labs.actions.database_room import room_in_database
from labs.actions.kept_transfers import accept, keep_refusal, totals_again
from labs.actions.loading import NoteRows, Refused, load_what_differs
from labs.actions.progress import Progress, Show, shown_progress
from labs.actions.raw_files import ReceivedFile, receiving
from labs.actions.reading import Blocks, reading_of
from labs.actions.references import read_references
from labs.actions.vanished import ask_for_vanished_rows, is_cumulative
from labs.imports.layouts import from_mapping
from labs.imports.report import About, Report, Totals
from labs.models import Laboratory, RawFile, Transfer, lock_specimen_numbers
from trialsite.audit.context import acting


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
                previous = _accepted_before(study, laboratory, raw)
                if previous is not None and not previous.rows_quarantined:
                    raise _Repeated(previous)
                transfer = Transfer.objects.create(state=Transfer.State.CHECKED, raw_file=raw, **fields)
                compared = compare(transfer) if compare is not None and previous is None else None
                waiting = quarantined_lines(previous) if previous is not None else None
                totals, findings, lost = load_what_differs(
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
                    raise Refused(totals, findings)
                accept(transfer, totals, findings)
                request_recompute(study=study, actor=actor, reason=f"{transfer} accepted")
                # It was copied while it was read.
                received.settle()
        except _Repeated as repeated:
            return _repeated_report(about, repeated.previous)
        except Refused as refused:
            return _refused_report(about, received, refused, fields, check_only=check_only)
    return _report(about, totals, findings, number=str(transfer))


def _refused_report(
    about: About, received: ReceivedFile, refused: Refused, fields: Mapping[str, Any], *, check_only: bool
) -> Report:
    """Report of a file of which nothing is stored; unless it was only checked, the refusal and its file are kept."""
    with transaction.atomic():
        raw = received.row()
        number = "" if check_only else keep_refusal(refused.totals, refused.findings, raw_file=raw, **fields)
        received.settle()
    report = _report(about, refused.totals, refused.findings, number=number)
    return replace(report, accepted=False, checked_only=check_only)


def _accepted_before(study: Study, laboratory: Laboratory, raw: RawFile) -> Transfer | None:
    """The newest transfer of the same bytes that was taken."""
    taken = Transfer.objects.filter(study=study, laboratory=laboratory, raw_file=raw, state=Transfer.State.ACCEPTED)
    return taken.order_by("-id").first()


def _report(about: About, totals: Totals, findings: pl.DataFrame, *, number: str) -> Report:
    return Report(
        about.file_name, totals, accepted=True, number=number, unit=about.unit, notes=about.notes, findings=findings
    )


def _repeated_report(about: About, previous: Transfer) -> Report:
    totals = totals_again(previous)
    return Report(about.file_name, totals, accepted=True, number=str(previous), repeated=True, unit=about.unit)
