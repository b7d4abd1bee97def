"""The reference page of the exported datasets, written from their descriptions."""

from collections.abc import Iterable

from cart.datasets.differences import DIFFERENCES
from cart.datasets.endpoints import KEYS, LONG, answer_columns, subjects_description
from cart.datasets.summaries import SUMMARY
from labs.datasets.observations import OBSERVATIONS
from trialsite.exports.description import Column, DatasetDescription
from trialsite.exports.dictionary import DICTIONARY
from trialsite.exports.manifest import FIELDS
from trialsite.reference.markdown import page, table

HEAD = """[`export_endpoints`](commands.md#export_endpoints) writes `endpoints`, `subjects`, `summary` and
`dictionary` with a manifest, [`compare_runs`](commands.md#compare_runs) writes `differences`,
[`export_observations`](commands.md#export_observations) writes `observations`. Days are counted by the calendar.
[Analyse the endpoint tables](../how-to/analyse-endpoint-tables.md) begins with an example.

| type | Parquet | CSV |
|---|---|---|
| text | String | UTF-8; in quotes where it needs them |
| whole number | Int64 | digits |
| number | Float64 | shortest text that reads back as the same number; point as decimal mark; `inf` |
| date | Date | `YYYY-MM-DD` |
| yes or no | Boolean | `true`, `false` |
| keys | List(Int64) | numbers with a space between them |

CSV is RFC 4180 with a line of column names and CRLF. A text that a spreadsheet would run (it begins with `=`, `+`, `-`
or `@` and is no number) has a `'` before it in CSV, not in Parquet. Parquet is compressed with zstd and holds label and
unit of every column in its metadata.

"null" is Parquet's null, and nothing between the separators of CSV. "empty" is a text of length 0, `""` in CSV. A
missing value is never 0, and no text stands for it.
"""
EXAMPLE = answer_columns("CODE", "Endpoint", "the endpoint's")
SUBJECTS = subjects_description([*KEYS, *EXAMPLE])
SUBJECTS_MEANING = (
    "The answers without a planned visit, six columns each. `CODE` stands for the endpoint's code; for "
    "`RESETCMP.COMPONENT` of a component of the composite; for `ENDPOINT.ANTIBODY`, or `ENDPOINT.SERIES` in full where "
    "a subject has two series of the antibody."
)
DATASETS: tuple[tuple[DatasetDescription, str], ...] = (
    (
        LONG,
        "Sorted by subject, endpoint, series, visit. The newest evaluation of every subject, or that of a data cut.",
    ),
    (SUBJECTS, SUBJECTS_MEANING),
    (SUMMARY, "Sorted by grouping, group, endpoint, series, visit. [Endpoints](endpoints.md) says how."),
    (DICTIONARY, "Of the datasets beside it."),
    (DIFFERENCES, "Sorted by subject, endpoint, series, visit. Only answers that differ."),
    (
        OBSERVATIONS,
        "The newest version of every result; an earlier one stays in the database. The columns in capitals have the "
        "names of ADaM.",
    ),
)
TYPES = {
    "String": "text",
    "Int64": "whole number",
    "Float64": "number",
    "Date": "date",
    "Boolean": "yes or no",
    "List(Int64)": "keys",
    "List(String)": "names",
}


def type_of(column: Column) -> str:
    """The column's type in words."""
    return TYPES[str(column.dtype() if isinstance(column.dtype, type) else column.dtype)]


def _columns(columns: Iterable[Column]) -> list[str]:
    rows = [(f"`{c.name}`", c.label, type_of(c), c.unit, c.meaning, c.missing) for c in columns]
    return table(("column", "label", "type", "unit", "meaning", "missing"), rows)


def exports_page() -> str:
    """Markdown of ``docs/reference/exports.md``: every column of every dataset, and the manifest."""
    sections = [
        [f"## {described.name}", "", f"{described.label}. {meaning}", "", *_columns(described.columns)]
        for described, meaning in DATASETS
    ]
    manifest = [
        "## manifest.json",
        "",
        "Beside the files of `export_endpoints`. Whoever gets the files can compare their SHA-256 with it.",
        "",
        *table(("field", "type", "meaning"), [(f"`{name}`", kind, meaning) for name, kind, meaning in FIELDS]),
        "A command may add fields of its own; `export_endpoints` adds `stale_subjects` (whole number): subjects whose",
        "inputs are newer than their answers. Of a data cut it has `cut`, `run`, `definitions_digest`,",
        "`parameters_digest` and `parameters` instead, and `created_at` is the start of the run: the same run gives",
        "the same bytes.",
    ]
    return page("Exported datasets", HEAD.split("\n"), *sections, manifest)
