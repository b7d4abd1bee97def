"""How a laboratory's file becomes checked blocks, by the format its layout declares."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from labs.actions.compared import Compared, basis_of, compare_with_last
from labs.actions.raw_files import ReceivedFile
from labs.imports.central_csv import Block, read_blocks
from labs.imports.checks import References, check_rows
from labs.imports.dataset_layout import DatasetLayout
from labs.imports.dataset_rows import read_blocks as read_dataset
from labs.imports.fhir import read_checked
from labs.imports.fhir_layout import FhirLayout
from labs.imports.layout import Layout, RowLayout
from labs.imports.layouts import AnyLayout
from labs.imports.records import Checked
from labs.imports.report import About
from labs.imports.xlsx import read_blocks as read_workbook
from labs.imports.xlsx_layout import XlsxLayout
from labs.models import Transfer

Blocks = Callable[[], Iterable[tuple[int, Checked]]]


def reading_of(received: ReceivedFile, layout: AnyLayout, references: References, about: About) -> dict[str, Any]:
    """How ``load_transfer`` reads a file, by its layout."""
    if isinstance(layout, Layout) and layout.delivery != "cumulative":
        return {
            "kind": Transfer.Kind.CENTRAL_CSV,
            "blocks": lambda: _checked(
                read_blocks(received.source, layout, received.reading()),
                references,
                layout,
                about,
                size_bytes=received.size_bytes,
            ),
            "basis": basis_of(references),
        }
    file = received.kept()
    if isinstance(layout, FhirLayout):
        return {"kind": Transfer.Kind.FHIR, "blocks": lambda: read_checked(file, layout, references, about)}
    if isinstance(layout, XlsxLayout):
        checks = layout.with_iso_dates
        # A workbook packs its rows anew with every save: a cumulative one is read whole.
        return {
            "kind": Transfer.Kind.XLSX,
            "blocks": lambda: _checked(read_workbook(file, layout, about), references, checks, about),
        }
    if isinstance(layout, DatasetLayout):
        return {
            "kind": Transfer.Kind.DATASET,
            "blocks": lambda: _checked(read_dataset(file, layout, about), references, layout, about),
        }
    return _cumulative(file, layout, references, about, size_bytes=received.size_bytes)


def _checked(
    blocks: Iterable[Block], references: References, layout: RowLayout, about: About, *, size_bytes: int = 0
) -> Iterator[tuple[int, Checked]]:
    """Checked blocks; ``size_bytes``: of the file they are the whole of."""
    about.notes = []
    twice, first, rows, read = 0, 0, 0, 0
    for block in blocks:
        rows, read = rows + block.lines, read + block.size_bytes
        about.rows_expected = size_bytes * rows // read if read else 0
        checked = check_rows(block.rows, references, layout)
        if checked.twice is not None and checked.twice.len():
            twice, first = twice + checked.twice.len(), first or int(checked.twice[0])
        done = block.lines, replace(checked, findings=pl.concat([block.findings, checked.findings]))
        del block, checked
        yield done
        del done
    if twice:
        about.notes.append(
            f"{twice:,} rows, the first in {about.unit} {first}, were collected in an hour that {layout.time_zone} had "
            "twice; the earlier is taken [clock-twice]"
        )


def _cumulative(file: Path, layout: Layout, references: References, about: About, *, size_bytes: int) -> dict[str, Any]:
    """How ``load_transfer`` reads a cumulative delimited file: beside the last."""

    def compare(transfer: Transfer) -> tuple[Compared, Blocks] | None:
        compared = compare_with_last(transfer, references, layout)
        return None if compared is None else (compared, lambda: _checked(compared.blocks, references, layout, about))

    return {
        "kind": Transfer.Kind.CENTRAL_CSV,
        "blocks": lambda: _checked(read_blocks(file, layout), references, layout, about, size_bytes=size_bytes),
        "compare": compare,
        "basis": basis_of(references),
    }
