"""Take data cuts, digest their tables, read tables as a cut has them, and verify that history still gives them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model, QuerySet

from cart.codes_runs import CutError
from cart.models import (
    CutTable,
    DataCut,
    EndpointDefinition,
    EndpointResult,
    Evaluation,
    InputUse,
    Membership,
    Role,
    Run,
    RunPart,
    Study,
    StudySummary,
    SummaryStatistic,
)
from cart.scoping import scope_of
from trialsite import __version__
from trialsite.audit.context import acting
from trialsite.audit.exemptions import EXEMPT_TABLES
from trialsite.audit.history import as_of
from trialsite.isolation.columns import digest_rows
from trialsite.isolation.moment import one_moment
from trialsite.jobs.models import Job
from trialsite.jobs.queue import enqueue

DIGEST = "cuts.digest"
# What is computed from the data, and what says so, is not the data. Nor is who may see it: that holds now, also for
# who looks at a moment of the past.
_OUTPUTS = (
    EndpointDefinition,
    EndpointResult,
    Evaluation,
    InputUse,
    Run,
    RunPart,
    StudySummary,
    SummaryStatistic,
    DataCut,
    CutTable,
    Membership,
)
_APPS = ("cart", "labs")
# Who takes cuts: not only who enters data, and only for the whole study.
CUTTING_ROLES = frozenset({Role.DATA_MANAGER, Role.STUDY_ADMINISTRATOR, Role.STATISTICIAN})


@dataclass(frozen=True)
class TableDigest:
    """One table as it is by history, beside what the manifest says."""

    table: str
    rows: int
    sha256: str
    agrees: bool


def cut_models() -> dict[str, type[Model]]:
    """Tables that a cut holds, with their models: every audited record of the trial and its reference data."""
    return {
        model._meta.db_table: model
        for app in _APPS
        for model in apps.get_app_config(app).get_models()
        if not model._meta.proxy and not issubclass(model, _OUTPUTS) and model._meta.db_table not in EXEMPT_TABLES
    }


def rows_of_study(model: type[Model], study_id: int) -> QuerySet[Model]:
    """Rows of the study; of reference data, which belongs to no study, all."""
    scope = scope_of(model)
    rows = model._default_manager.order_by("pk")
    return rows if scope is None else rows.filter(**{scope.study: study_id})


def take_cut(*, study: Study, name: str, purpose: str, actor: str, reason: str) -> DataCut:
    """Take a cut of what is committed now; its digests follow by a job.

    Raises
    ------
    ValidationError
        The name is taken or is none; nothing is stored.
    """
    with transaction.atomic(), acting(actor=actor, reason=reason):
        cut = DataCut(study=study, name=name, purpose=purpose, taken_by=actor, code_version=__version__)
        cut.full_clean()
        cut.save()
        cut.refresh_from_db()
        request_digests(cut=cut, actor=actor, reason=reason)
        return cut


def request_digests(*, cut: DataCut, actor: str, reason: str) -> Job:
    """Ask for the digests of a cut as a job; once per cut."""
    return enqueue(DIGEST, {"study": cut.study_id, "cut": cut.pk}, actor=actor, reason=reason, slot=f"cut {cut.pk}")


@contextmanager
def tables_of(cut: DataCut) -> Iterator[list[str]]:
    """Inside the block every table of the trial is as the cut has it; yields those that changed since.

    Only inside :func:`trialsite.isolation.moment.one_moment`.
    """
    with as_of(cut.moment, cut_models()) as changed:
        yield changed


def write_digests(*, cut: DataCut, actor: str, reason: str) -> list[CutTable]:
    """Write the manifest of the cut, in the caller's transaction, which sees one moment; once."""
    if cut.tables.exists():
        return list(cut.tables.all())
    with acting(actor=actor, reason=reason):
        with tables_of(cut):
            made = []
            for table, model in sorted(cut_models().items()):
                columns = [str(field.column) for field in model._meta.concrete_fields]
                rows, sha256 = _digest(model, cut.study_id, columns)
                made.append(CutTable(cut=cut, table_name=table, rows=rows, sha256=sha256, columns=columns))
        return CutTable.objects.bulk_create(made)


def verify_cut(cut: DataCut) -> list[TableDigest]:
    """Read every table of the cut out of history again and compare it with the manifest.

    Raises
    ------
    CutError
        The cut has no manifest yet.
    """
    manifest = list(cut.tables.order_by("table_name"))
    if not manifest:
        raise CutError(f"The digests of {cut} are not written yet; its job waits or failed. [cut-without-digests]")
    models = cut_models()
    with one_moment(), tables_of(cut):
        found = []
        for table in manifest:
            rows, sha256 = _digest(models[table.table_name], cut.study_id, table.columns)
            agrees = (rows, sha256) == (table.rows, table.sha256)
            found.append(TableDigest(table=table.table_name, rows=rows, sha256=sha256, agrees=agrees))
    return found


def _digest(model: type[Model], study_id: int, columns: list[str]) -> tuple[int, str]:
    fields = {field.column: field.attname for field in model._meta.concrete_fields}
    rows = rows_of_study(model, study_id).values_list(*(fields[column] for column in columns))
    with connection.cursor() as cursor:
        # The text of a time must not depend on who reads.
        cursor.execute("SET LOCAL TimeZone = 'UTC'")
        cursor.execute("SET LOCAL DateStyle = 'ISO'")
    sql, params = rows.query.sql_with_params()
    return digest_rows(sql, params)
