"""Small SDTM folders made by the tests; every variable can be changed, dropped or left empty."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat

Rows = Sequence[dict[str, Any]]


def dm(subject: str = "S-1", **changes: Any) -> dict[str, Any]:
    """A DM record."""
    return {
        "STUDYID": "X",
        "USUBJID": subject,
        "SITEID": "701",
        "SEX": "F",
        "BRTHDTC": "1960-05-17",
        "AGE": 53.0,
        "AGEU": "YEARS",
        "RFSTDTC": "2014-01-10",
        "RFICDTC": "",
        "ARMCD": "Pbo",
        "ARM": "Placebo",
        "COUNTRY": "USA",
        **changes,
    }


def ex(subject: str = "S-1", **changes: Any) -> dict[str, Any]:
    """An EX record."""
    return {
        "USUBJID": subject,
        "EXSEQ": 1.0,
        "EXTRT": "PLACEBO",
        "EXDOSE": 0.0,
        "EXDOSU": "mg",
        "EXSTDTC": "2014-01-10",
        "EXENDTC": "2014-02",
        **changes,
    }


def lb(subject: str = "S-1", sequence: float = 1.0, **changes: Any) -> dict[str, Any]:
    """An LB record."""
    return {
        "USUBJID": subject,
        "LBSEQ": sequence,
        "LBTESTCD": "ALB",
        "LBTEST": "Albumin",
        "LBCAT": "CHEMISTRY",
        "LBORRES": "3.8",
        "LBORRESU": "g/dL",
        "LBSTRESC": "38",
        "LBSTRESN": 38.0,
        "LBSTRESU": "g/L",
        "LBNRIND": "NORMAL",
        "LBBLFL": "Y",
        "VISITNUM": 1.0,
        "VISIT": "SCREENING 1",
        "LBDTC": "2014-01-02T14:45",
        **changes,
    }


def write_folder(folder: Path, *, drop: Sequence[str] = (), **domains: Rows | None) -> Path:
    """DM, EX, LB and what else is given; a domain given as None is left out, ``drop`` names absent variables."""
    folder.mkdir(exist_ok=True)
    for domain, rows in {"dm": [dm()], "ex": [ex()], "lb": [lb()], **domains}.items():
        if rows is None:
            continue
        frame = pl.DataFrame(list(rows), infer_schema_length=None)
        frame = frame.drop([name for name in drop if name in frame.columns])
        pyreadstat.write_xport(frame, str(folder / f"{domain}.xpt"), table_name=domain.upper(), file_format_version=5)
    return folder
