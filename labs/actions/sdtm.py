"""An SDTM study into the trial: DM to subjects, EX to study-drug exposures, LB to laboratory results."""

import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from django.db import transaction

from cart.models import ProtocolVersion, Study
from labs.actions.raw_files import RawFileError, keep_raw_file
from labs.actions.references import latest_today
from labs.actions.sdtm_exposures import store_exposures
from labs.actions.sdtm_report import DomainCount, Refusal, SdtmReport
from labs.actions.sdtm_subjects import births, store_subjects
from labs.actions.transfers import load_transfer
from labs.imports.records import Checked, in_runs
from labs.imports.report import About
from labs.imports.sdtm import SequencesSeen, analyte_source, laboratory_rows, text
from labs.imports.sdtm_files import dataset_path, file_names, read_dataset, whole_subjects
from labs.imports.sdtm_rules import MAX_TEST_CODE
from labs.imports.sdtm_variables import DatasetError
from labs.models import Analyte, Laboratory, RawFile, Transfer
from trialsite.audit.context import acting

# A longer test code is no SDTM code; the analyte's own code then says which it was.
MAX_SDTM_CODE = 8


def import_sdtm(*, folder: Path, study_code: str, title: str, actor: str, reason: str) -> SdtmReport:
    """Import DM, EX and LB of a folder; again is a no-op, a changed dataset supersedes.

    Raises
    ------
    DatasetError, RawFileError
        A dataset is missing or cannot be read; nothing is stored.
    """
    paths = {domain: dataset_path(folder, domain) for domain in ("DM", "EX", "LB")}
    for domain in ("DM", "LB"):
        if paths[domain] is None:
            raise DatasetError(f"{folder} holds no {file_names(domain)}. [dataset-missing]")
    # Read before anything is written: an unreadable dataset stores nothing.
    dm = _whole(_known(paths["DM"]), "DM")
    if dm is None:
        raise DatasetError(f"{_known(paths['DM']).name} holds no record. [dataset-empty]")
    ex = _whole(paths["EX"], "EX") if paths["EX"] else None
    lab_path = _known(paths["LB"])
    tests = _tests(lab_path)
    refusals: list[Refusal] = []
    counts = {"DM": DomainCount(records=dm.height)}
    with acting(actor=actor, reason=reason), transaction.atomic():
        study, _ = Study.objects.get_or_create(code=study_code, defaults={"title": title or study_code})
        if not study.protocol_versions.exists():
            ProtocolVersion.objects.create(study=study, number=1, effective_on=latest_today())
        store_subjects(study, dm, counts["DM"], refusals)
        if ex is not None:
            counts["EX"] = DomainCount(records=ex.height)
            store_exposures(study, ex, counts["EX"], refusals)
        laboratory, _ = Laboratory.objects.get_or_create(
            code=f"SDTM-{study_code}"[:40], defaults={"name": f"Laboratory data of {study_code}", "quarantine": True}
        )
        analytes = _store_analytes(tests)
        subjects = births(study, dm)
        raw = _keep_datasets([path for path in paths.values() if path is not None])
    report = load_transfer(
        study=study,
        laboratory=laboratory,
        raw=raw,
        kind=Transfer.Kind.SDTM,
        about=About(lab_path.name, unit="record"),
        layout={},
        blocks=lambda: _blocks(lab_path, subjects, analytes),
        quarantine=True,
        check_only=False,
        actor=actor,
        reason=reason,
    )
    return SdtmReport(study_code, counts, refusals, report)


def _known(path: Path | None) -> Path:
    if path is None:
        raise DatasetError("A dataset is missing. [dataset-missing]")
    return path


def _whole(path: Path, domain: str) -> pl.DataFrame | None:
    """All records of a small dataset; None where it holds none."""
    chunks = list(read_dataset(path, domain))
    return pl.concat(chunks, how="vertical_relaxed") if chunks else None


def _tests(path: Path) -> pl.DataFrame:
    """Distinct tests of LB: source, code, name, category, unit, whether any value is a number."""
    parts = []
    for chunk in read_dataset(path, "LB"):
        number = text(chunk, "LBSTRESN") != ""
        parts.append(
            chunk.select(
                analyte_source(chunk).alias("source"),
                text(chunk, "LBTESTCD").alias("code"),
                text(chunk, "LBTEST").alias("name"),
                text(chunk, "LBCAT").alias("category"),
                text(chunk, "LBSPEC").alias("specimen"),
                text(chunk, "LBSTRESU").alias("unit"),
                number.alias("numeric"),
            )
        )
    whole = pl.concat(parts) if parts else pl.DataFrame(schema={"source": pl.String, "code": pl.String})
    if not whole.height:
        raise DatasetError(f"{path.name} holds no record. [dataset-empty]")
    return whole.group_by("source", maintain_order=True).agg(
        pl.col("code", "name", "category", "specimen").first(),
        pl.col("unit").filter(pl.col("unit") != "").first().fill_null(""),
        pl.col("numeric").any(),
    )


def _store_analytes(tests: pl.DataFrame) -> pl.DataFrame:
    """Analyte of every test; a code that stands in two categories or specimens becomes two analytes."""
    shared = set(tests.filter(pl.col("code").is_duplicated())["code"].to_list())
    rows = []
    for test in tests.iter_rows(named=True):
        if not 0 < len(test["code"]) <= MAX_TEST_CODE:
            continue
        # The base code stays with the first meaning it was stored with, whichever study brought it.
        apart = ":".join(part for part in (test["category"], test["specimen"]) if part)
        code = f"{test['code']}:{apart}"[:40] if test["code"] in shared and apart else test["code"]
        analyte, _ = Analyte.objects.get_or_create(
            code=code,
            defaults={
                "name": (test["name"] or test["code"])[:200],
                "kind": Analyte.Kind.QUANTITY if test["numeric"] else Analyte.Kind.TEXT,
                "unit": test["unit"][:40],
                "sdtm_test_code": test["code"] if len(test["code"]) <= MAX_SDTM_CODE else "",
            },
        )
        rows.append({"source": test["source"], "analyte_id": analyte.pk})
    return pl.DataFrame(rows, schema={"source": pl.String, "analyte_id": pl.Int64})


def _keep_datasets(paths: list[Path]) -> RawFile:
    """Keep the datasets of one delivery as one archive.

    They are one delivery: a laboratory record that was refused because DM lacked its subject is looked at
    again when DM comes complete, although LB is the same. The archive holds names and bytes and no dates, so
    that the same datasets are the same archive.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="trialsite-sdtm-") as folder:
            archive = Path(folder) / "datasets.tar"
            with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
                for path in paths:
                    member = tarfile.TarInfo(path.name.lower())
                    member.size = path.stat().st_size
                    with path.open("rb") as content:
                        tar.addfile(member, content)
            return keep_raw_file(archive)
    except OSError as error:
        raise RawFileError(f"The datasets cannot be kept: {error.strerror or error}. [file-unreadable]") from error


def _blocks(path: Path, subjects: pl.DataFrame, analytes: pl.DataFrame) -> Iterator[tuple[int, Checked]]:
    today = latest_today().isoformat()
    sequences = SequencesSeen()
    for chunk in whole_subjects(read_dataset(path, "LB")):
        records = sequences.check(laboratory_rows(chunk, subjects, analytes, today=today))
        yield chunk.height, in_runs(records)
