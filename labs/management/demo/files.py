"""The laboratory's files: what a central laboratory would send, delivery by delivery. PURE."""

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from labs.management.demo.course import PLANS, Sample, samples_of

HEADER = ("SUBJECT", "ACCESSION", "MATERIAL", "COLLECTED", "VISIT", "TEST", "RESULT", "UNIT", "CONDITION", "REASON")
LAYOUT = {
    "separator": ",",
    "decimal_mark": ".",
    "encoding": "utf-8",
    "date_format": "iso",
    "delivery": "incremental",
    "columns": {
        "subject": "SUBJECT",
        "accession": "ACCESSION",
        "material": "MATERIAL",
        "collected": "COLLECTED",
        "visit": "VISIT",
        "code": "TEST",
        "result": "RESULT",
        "unit": "UNIT",
        "condition": "CONDITION",
        "reason": "REASON",
    },
}


def _line(sample: Sample, code: str, result: str) -> tuple[str, ...]:
    plan = PLANS[sample.subject]
    day = plan.infusion_on + dt.timedelta(days=sample.day)
    minute = 480 + 7 * sample.subject + (sample.day % 11)
    collected = f"{day.isoformat()}T{minute // 60:02d}:{minute % 60:02d}"
    accession = f"C{sample.subject + 1:02d}{sample.day + 100:04d}"
    return (
        code, accession, sample.material, collected, sample.visit, sample.test, result, sample.unit,
        sample.condition, sample.reason,
    )  # fmt: skip


def write_files(folder: Path, codes: Sequence[str]) -> list[Path]:
    """Write the files in their order of delivery: one per site, then the correction.

    Parameters
    ----------
    folder
        Where to; made when absent.
    codes
        Subject codes in the order of ``PLANS``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    deliveries: dict[str, list[tuple[str, ...]]] = {}
    corrections: list[tuple[str, ...]] = []
    for number, plan in enumerate(PLANS):
        for sample in samples_of(number, plan):
            result = sample.result
            if sample.visit == plan.mistyped and sample.test in {"SCL70", "RNAP3"}:
                corrections.append(_line(sample, codes[number], result))
                # The decimal point was lost in typing; the second file brings it back.
                result = result.replace(".", "")
            deliveries.setdefault(plan.site, []).append(_line(sample, codes[number], result))
    files = {f"central-{site.lower()}-1.csv": rows for site, rows in deliveries.items()}
    files["central-correction-1.csv"] = corrections
    return [write_rows(folder / name, rows) for name, rows in files.items()]


def write_rows(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Write rows below the header that both laboratories use."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


# Laboratory's code -> analyte, kit, unit, LLOQ, cut-off.
KITS: Mapping[str, tuple[str, str, str, str, str]] = {
    "CD19": ("CD19_ABS", "TBNK 6-colour", "{cells}/uL", "1", ""),
    "NAIVE": ("NAIVE_PCT", "B-cell panel", "%", "", ""),
    "TRANS": ("TRANS_PCT", "B-cell panel", "%", "", ""),
    "SWMEM": ("SWITCHED_PCT", "B-cell panel", "%", "", ""),
    "CAR19": ("CAR_CD19", "ddPCR CD19 CAR", "{copies}/ug", "50", ""),
    "CARB": ("CAR_BCMA", "ddPCR BCMA CAR", "{copies}/ug", "50", ""),
    "SCL70": ("ATA", "CLIA Scl-70", "{CU}", "10", "20"),
    "RNAP3": ("ARA", "ELISA RNA Pol III", "{U}", "5", "20"),
    "ANA": ("ANA", "IFA HEp-2", "", "40", "80"),
    "IGG": ("IGG", "Nephelometry", "g/L", "0.3", ""),
    "IGA": ("IGA", "Nephelometry", "g/L", "0.1", ""),
    "IGM": ("IGM", "Nephelometry", "g/L", "0.1", ""),
    "TET": ("TETANUS", "ELISA tetanus", "[IU]/mL", "0.01", ""),
    "CRP": ("CRP", "Turbidimetry", "mg/L", "0.3", ""),
}
