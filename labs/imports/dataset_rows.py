"""A laboratory's SDTM dataset as blocks of text columns, for the checks of every laboratory file. PURE.

``import_sdtm`` takes a study's datasets as they are; here a central laboratory delivers one dataset for a study that is
there, and its test codes are the laboratory's codes.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from labs.imports.central_csv import FINDING_SCHEMA, Block, FileRefusedError
from labs.imports.dataset_json import read_dataset_json
from labs.imports.dataset_layout import DatasetLayout
from labs.imports.report import About
from labs.imports.sdtm import text
from labs.imports.sdtm_variables import DatasetError
from labs.imports.xpt import read_xpt

_XPT_BEGINS = b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"


def read_blocks(path: Path, layout: DatasetLayout, about: About) -> Iterator[Block]:
    """Blocks of a dataset, SAS transport or Dataset-JSON as its first bytes tell; a line is a record.

    Raises
    ------
    FileRefusedError
        The dataset cannot be read, or lacks a variable that the layout names.
    """
    about.unit = "record"
    try:
        for chunk in _chunks(path, layout):
            _check_variables(chunk, layout)
            yield _block(chunk, layout)
    except DatasetError as error:
        sentence = str(error).replace(path.name, about.file_name)
        raise FileRefusedError(sentence, line=1, rule=sentence.rpartition("[")[2].removesuffix("]")) from error


def _chunks(path: Path, layout: DatasetLayout) -> Iterator[pl.DataFrame]:
    with path.open("rb") as file:
        begins = file.read(len(_XPT_BEGINS))
    if not begins:
        raise FileRefusedError("The file is empty; it must hold a dataset. [empty-file]", line=1, rule="empty-file")
    read = read_xpt if begins == _XPT_BEGINS else read_dataset_json
    return read(path, layout.domain.name)


def _check_variables(chunk: pl.DataFrame, layout: DatasetLayout) -> None:
    for field, variable in layout.columns.items():
        if variable not in chunk.columns and field not in layout.optional:
            raise DatasetError(
                f"The layout takes {field!r} from {variable}, which the dataset does not have. [variable-missing]"
            )


def _block(chunk: pl.DataFrame, layout: DatasetLayout) -> Block:
    """Records in our fields. Where nothing was done and no reason is given, the status is the reason."""
    status = text(chunk, layout.domain.variable("STAT"))
    said = {field: text(chunk, variable) for field, variable in layout.columns.items()}
    subject, reason = said["subject"], said.get("reason", pl.lit(""))
    said["subject"] = subject.str.strip_prefix(layout.subject_prefix) if layout.subject_prefix else subject
    said["reason"] = pl.when(reason == "").then(status).otherwise(reason)
    rows = chunk.select(
        pl.col("record").cast(pl.Int64).alias("line"), *(value.alias(field) for field, value in said.items())
    )
    return Block(rows, pl.DataFrame(schema=FINDING_SCHEMA), chunk.height)
