"""Two data cuts compared by subject and field, out of the audit trail alone."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from cart.actions.cuts import cut_models
from cart.codes_runs import CutError
from cart.models import DataCut, Subject
from cart.scoping import scope_of, way_to
from trialsite.audit.history import later, visible

ENTERED, CHANGED, REMOVED = "entered", "changed", "removed"


@dataclass(frozen=True)
class TableChange:
    """How many rows of a table differ between two cuts."""

    table: str
    label: str
    entered: int
    changed: int
    removed: int


@dataclass(frozen=True)
class FieldChange:
    """One field of one row at two cuts; of a row that only one of them has, the whole row."""

    table: str
    label: str
    row_id: str
    subject: str
    kind: str
    field: str
    old: str
    new: str


# Contexts in the second cut that are not in the first: what came between. Each row's first event has what the
# first cut knew (nothing, where it is an insert), its last event what the second knows.
_BETWEEN = f"""
WITH between_cuts AS MATERIALIZED (
    SELECT c.id FROM audit.context c WHERE {later(prefix="a_")} AND {visible(prefix="b_")}
), events AS (
    SELECT e.row_id, e.id AS place, e.old, e.new FROM between_cuts b
    JOIN audit.event e ON e.context_id = b.id WHERE e.table_name = %(table)s{{typed}}
), rows AS (
    SELECT row_id, (array_agg(old ORDER BY place))[1] AS old,
        (array_agg(new ORDER BY place DESC))[1] AS new
    FROM events GROUP BY row_id
)
"""
_TYPED = """
    UNION ALL SELECT t.id::text, 0, NULL, audit."{table}_values"(t) FROM audit."{table}_insert" t
    WHERE t.context_id >= (SELECT min(id) FROM between_cuts) AND t.context_id IN (SELECT id FROM between_cuts)
"""
_ROWS = "SELECT row_id, old::text, new::text FROM rows WHERE old IS DISTINCT FROM new ORDER BY length(row_id), row_id"


def field_changes(before: DataCut, after: DataCut, *, subject: str = "") -> Iterator[FieldChange]:
    """Every field that differs between two cuts of a study, table by table; ``subject``: of this one only.

    Raises
    ------
    CutError
        The cuts are of two studies.
    """
    if before.study_id != after.study_id:
        raise CutError(f"{before} and {after} are cuts of two studies; compare two of one. [unknown-cut]")
    if before.pk > after.pk:
        for change in field_changes(after, before, subject=subject):
            yield _turned(change)
        return
    for table, model in sorted(cut_models().items()):
        yield from _changes_of(before, after, table, model, subject)


def table_changes(changes: Iterator[FieldChange]) -> list[TableChange]:
    """Rows that differ, counted by table."""
    rows: dict[str, dict[str, set[str]]] = {}
    labels: dict[str, str] = {}
    for change in changes:
        labels[change.table] = change.label
        kinds = rows.setdefault(change.table, {ENTERED: set(), CHANGED: set(), REMOVED: set()})
        kinds[change.kind].add(change.row_id)
    return [
        TableChange(table, labels[table], *(len(kinds[kind]) for kind in (ENTERED, CHANGED, REMOVED)))
        for table, kinds in rows.items()
    ]


def _changes_of(before: DataCut, after: DataCut, table: str, model: type[Model], subject: str) -> Iterator[FieldChange]:
    rows = _rows(before, after, table)
    if not rows:
        return
    of_study, subjects = _owners(model, before.study_id, rows)
    label = str(model._meta.verbose_name)
    names = {str(field.column): str(field.verbose_name) for field in model._meta.concrete_fields}
    for row_id, old, new in rows:
        if row_id not in of_study or (subject and subjects.get(row_id, "") != subject):
            continue
        yield from _fields(table, label, row_id, subjects.get(row_id, ""), names, old, new)


def _rows(before: DataCut, after: DataCut, table: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f'audit."{table}_insert"'])
        typed = _TYPED.format(table=table) if cursor.fetchone()[0] else ""
        cursor.execute("SET LOCAL TimeZone = 'UTC'")
        params = {f"a_{name}": value for name, value in before.moment.params().items()}
        params |= {f"b_{name}": value for name, value in after.moment.params().items()}
        cursor.execute(_BETWEEN.format(typed=typed) + _ROWS, {**params, "table": table})
        return [
            (row_id, json.loads(old) if old else {}, json.loads(new) if new else {})
            for row_id, old, new in cursor.fetchall()
        ]


def _owners(
    model: type[Model], study_id: int, rows: list[tuple[str, dict[str, Any], dict[str, Any]]]
) -> tuple[set[str], dict[str, str]]:
    """Rows that belong to the study, and the subjects of those that have one."""
    scope = scope_of(model)
    keys = [row_id for row_id, _, _ in rows]
    if scope is None:
        return set(keys), {}
    way = way_to(model, Subject)
    of_study: set[str] = set()
    subjects: dict[str, str] = {}
    if way is None:
        chosen = model._default_manager.filter(**{scope.study: study_id, "pk__in": keys})
        of_study.update(str(key) for key in chosen.order_by().values_list("pk", flat=True))
    else:
        name = f"{way}__code" if way else "code"
        chosen = model._default_manager.filter(**{scope.study: study_id, "pk__in": keys}).order_by()
        for key, code in chosen.values_list("pk", name):
            of_study.add(str(key))
            subjects[str(key)] = code
    _add_removed(study_id, rows, of_study, subjects)
    return of_study, subjects


def _add_removed(
    study_id: int,
    rows: list[tuple[str, dict[str, Any], dict[str, Any]]],
    of_study: set[str],
    subjects: dict[str, str],
) -> None:
    """Rows that are gone from the table still say whose they were, where they name the subject themselves."""
    gone = {row_id: (new or old).get("subject_id") for row_id, old, new in rows if row_id not in of_study}
    wanted = {key for key in gone.values() if key is not None}
    codes = dict(Subject.objects.filter(study=study_id, pk__in=wanted).values_list("pk", "code"))
    for row_id, key in gone.items():
        if key in codes:
            of_study.add(row_id)
            subjects[row_id] = codes[key]


def _fields(
    table: str,
    label: str,
    row_id: str,
    subject: str,
    names: Mapping[str, str],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
) -> Iterator[FieldChange]:
    if not old or not new:
        kind = ENTERED if new else REMOVED
        yield FieldChange(table, label, row_id, subject, kind, "", _row_text(old, names), _row_text(new, names))
        return
    for column in sorted({*old, *new}):
        if old.get(column) != new.get(column):
            name = names.get(column, column)
            yield FieldChange(
                table, label, row_id, subject, CHANGED, name, _text(old.get(column)), _text(new.get(column))
            )


def _row_text(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    shown = [f"{names.get(c, c)}: {_text(v)}" for c, v in row.items() if c != "id" and v not in (None, "", [], {})]
    return "; ".join(shown)


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _turned(change: FieldChange) -> FieldChange:
    kind = {ENTERED: REMOVED, REMOVED: ENTERED}.get(change.kind, change.kind)
    return FieldChange(
        change.table, change.label, change.row_id, change.subject, kind, change.field, change.new, change.old
    )
