"""An SDTM study into the trial: DM to subjects, EX to study-drug exposures, LB, IS and CP to laboratory results."""

import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
from django.db import transaction

from cart.models import ProtocolVersion, Study
from labs.actions.raw_files import RawFileError, ReceivedFile, receiving
from labs.actions.references import latest_today
from labs.actions.sdtm_exposures import store_exposures
from labs.actions.sdtm_report import DomainCount, Refusal, SdtmReport
from labs.actions.sdtm_subjects import births, store_subjects
from labs.actions.sdtm_tests import distinct_tests, store_tests
from labs.actions.transfers import load_transfer
from labs.imports.records import Checked, in_runs
from labs.imports.report import About
from labs.imports.sdtm import SequencesSeen, laboratory_rows
from labs.imports.sdtm_files import dataset_path, file_names, read_dataset, whole_subjects
from labs.imports.sdtm_variables import FINDINGS, LABORATORY, DatasetError, FindingsDomain
from labs.models import Laboratory, Transfer
from trialsite.audit.context import acting


def import_sdtm(*, folder: Path, study_code: str, title: str, actor: str, reason: str) -> SdtmReport:
    """Import DM, EX, LB, IS and CP of a folder; again is a no-op, a changed dataset supersedes.

    Raises
    ------
    DatasetError, RawFileError
        A dataset is missing or cannot be read; nothing is stored.
    """
    dm_path, ex_path = dataset_path(folder, "DM"), dataset_path(folder, "EX")
    found = [(domain, path) for domain in FINDINGS if (path := dataset_path(folder, domain.name)) is not None]
    if dm_path is None or not found:
        names = file_names("DM") if dm_path is None else " and no ".join(file_names(one.name) for one in FINDINGS)
        raise DatasetError(f"{folder} holds no {names}. [dataset-missing]")
    # Read before anything is written: an unreadable dataset stores nothing.
    dm = _whole(dm_path, "DM")
    if dm is None:
        raise DatasetError(f"{dm_path.name} holds no record. [dataset-empty]")
    ex = _whole(ex_path, "EX") if ex_path else None
    tests = {domain: distinct_tests(path, domain) for domain, path in found}
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
        sources = [
            _Source(domain, path, _laboratory(study, domain), store_tests(tests[domain])) for domain, path in found
        ]
        subjects = births(study, dm)
        paths = (dm_path, ex_path, *(path for _, path in found))
        received = _keep_datasets([path for path in paths if path is not None])
    reports = {}
    for source in sources:
        reports[source.domain.name] = load_transfer(
            study=study,
            laboratory=source.laboratory,
            received=received,
            kind=Transfer.Kind.SDTM,
            about=About(source.path.name, unit="record"),
            layout={},
            blocks=partial(_blocks, source, subjects),
            quarantine=True,
            check_only=False,
            actor=actor,
            reason=reason,
        )
    return SdtmReport(study_code, counts, refusals, reports)


@dataclass(frozen=True)
class _Source:
    """A dataset of results, and where its results go."""

    domain: FindingsDomain
    path: Path
    laboratory: Laboratory
    analytes: pl.DataFrame


def _laboratory(study: Study, domain: FindingsDomain) -> Laboratory:
    """A laboratory of its own for each domain: they number their records apart."""
    own = "" if domain == LABORATORY else f"{domain.name}-"
    laboratory, _ = Laboratory.objects.get_or_create(
        code=f"SDTM-{own}{study.code}"[:40], defaults={"name": f"{domain.title} of {study.code}", "quarantine": True}
    )
    return laboratory


def _whole(path: Path, domain: str) -> pl.DataFrame | None:
    """All records of a small dataset; None where it holds none."""
    chunks = list(read_dataset(path, domain))
    return pl.concat(chunks, how="vertical_relaxed") if chunks else None


def _keep_datasets(paths: list[Path]) -> ReceivedFile:
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
            with receiving(archive) as received:
                received.row()
                received.settle()
                return received
    except OSError as error:
        raise RawFileError(f"The datasets cannot be kept: {error.strerror or error}. [file-unreadable]") from error


def _blocks(source: _Source, subjects: pl.DataFrame) -> Iterator[tuple[int, Checked]]:
    today = latest_today().isoformat()
    sequences = SequencesSeen(source.domain)
    for chunk in whole_subjects(read_dataset(source.path, source.domain.name)):
        rows = laboratory_rows(chunk, subjects, source.analytes, domain=source.domain, today=today)
        yield chunk.height, in_runs(sequences.check(rows))
