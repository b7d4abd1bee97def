"""The endpoint tables of a study, live or as of a data cut: read in one moment, written as files or as one archive."""

import datetime as dt
import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from django.utils import timezone

from cart.actions.cut_endpoints import run_of_cut
from cart.actions.cuts import tables_of
from cart.actions.endpoints import stale_subjects
from cart.actions.summaries import current_summary
from cart.codes_runs import CutError
from cart.datasets.baselines import with_baselines
from cart.datasets.endpoints import LONG, endpoint_rows, wide_rows, with_dates
from cart.datasets.summaries import SUMMARY, summary_rows
from cart.inputs import entries, read_evidence, time_zero
from cart.models import DataCut, Run, Study, StudySummary
from trialsite import __version__
from trialsite.exports.description import DatasetDescription
from trialsite.exports.dictionary import DICTIONARY, dictionary_rows
from trialsite.exports.manifest import write_manifest
from trialsite.exports.writers import WRITERS, WrittenFile
from trialsite.isolation.moment import one_moment

LIVE = "live"
# Of a member of an archive: the same tables give the same bytes whenever they are packed.
_PACKED_AT = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class EndpointTables:
    """Tables with their descriptions, and what the manifest says of them."""

    study: str
    source: str
    created_at: dt.datetime
    code_version: str
    tables: Sequence[tuple[pl.DataFrame, DatasetDescription]]
    notes: Mapping[str, Any]
    stale: int


def live_tables(study: Study) -> EndpointTables:
    """Current answers of every subject; in a transaction of its own."""
    with one_moment():
        # One snapshot for all tables: a job that ends between two reads must not show in one of them.
        tables = _tables(study, run=None)
        stale = stale_subjects(study).count()
    return EndpointTables(study.code, LIVE, timezone.now(), __version__, tables, {"stale_subjects": stale}, stale)


def tables_as_of(cut: DataCut, *, run: Run | None = None) -> EndpointTables:
    """Answers of the cut's newest complete run, or of another run of it; in a transaction of its own.

    Nothing in them depends on when or by which version of the code they are written: the same run, the same bytes.

    Raises
    ------
    CutError
        No run of the cut is complete.
    """
    chosen = run if run is not None else run_of_cut(cut)
    if chosen is None:
        raise CutError(
            f"The endpoints of {cut} are not computed yet; ask for them and wait until every part has ended. "
            "[cut-without-endpoints]"
        )
    with one_moment(), tables_of(cut):
        study = Study.objects.get(pk=cut.study_id)
        tables = _tables(study, run=chosen)
    notes = {
        "cut": {"name": cut.name, "taken_at": cut.taken_at.isoformat(), "position": cut.position},
        "run": chosen.pk,
        "definitions_digest": chosen.definitions_digest,
        "parameters_digest": chosen.parameters_digest,
        "parameters": chosen.parameters,
    }
    return EndpointTables(study.code, cut.name, chosen.started_at, chosen.code_version, tables, notes, stale=0)


def write_tables(made: EndpointTables, folder: Path, formats: Sequence[str]) -> list[WrittenFile]:
    """Write every table in every format, then the manifest.

    Raises
    ------
    ExportError
        The folder is not writable; what was written before stays, each file whole.
    """
    files = [
        WRITERS[name](frame, described, folder / f"{described.name}.{name}")
        for frame, described in made.tables
        for name in formats
    ]
    write_manifest(
        folder / "manifest.json",
        study=made.study,
        source=made.source,
        code_version=made.code_version,
        created_at=made.created_at,
        files=files,
        descriptions=[described for _, described in made.tables],
        notes=made.notes,
    )
    return files


def archive(made: EndpointTables, formats: Sequence[str] = tuple(WRITERS)) -> bytes:
    """The files of :func:`write_tables` in a ZIP archive."""
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(buffer, "w") as packed:
        folder = Path(name)
        write_tables(made, folder, formats)
        for path in sorted(folder.iterdir()):
            member = zipfile.ZipInfo(f"{made.study}-{made.source}/{path.name}", date_time=_PACKED_AT)
            member.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(member, path.read_bytes())
    return buffer.getvalue()


def _tables(study: Study, *, run: Run | None) -> list[tuple[pl.DataFrame, DatasetDescription]]:
    rows = endpoint_rows(study.pk, run_id=run.pk if run else None)
    subject_ids = rows["subject_id"].unique().sort().to_list()
    rows = with_dates(rows, time_zero(study.pk, subject_ids), entries(study.pk, subject_ids))
    rows = with_baselines(rows, read_evidence(rows["baseline_id"].drop_nulls().unique().to_list()))
    wide, described = wide_rows(rows)
    summary = (
        current_summary(study) if run is None else summary_rows(StudySummary.objects.filter(run=run).latest("pk").pk)
    )
    tables = [(rows, LONG), (wide, described), (summary, SUMMARY)]
    return [*tables, (dictionary_rows([one for _, one in tables]), DICTIONARY)]
