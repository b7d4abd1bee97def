"""Rules of the laboratory that the database keeps: audit, append-only results, references by statement, stale marks."""

from django.db import migrations

from labs.migrations._rules_sql import (
    RESULT_ALIKE,
    RESULT_DERIVED,
    RESULT_REFERENCES,
    RESULT_REFERENCES_REVERSE,
    SPECIMEN_REFERENCES,
    SPECIMEN_REFERENCES_REVERSE,
    STALE_TRIGGERS,
)
from trialsite.audit.operations import AppendOnlyTable, AuditTables, TypedAuditTable

# Decided by a second person after its changes were shown.
_PROPOSED = ("state", "valid_to", "decided_by", "decided_at", "changes_shown", "changes_digest")
# Of a row only these columns may change, and it is never deleted.
_MAY_CHANGE = {
    "labs_result": (),
    "labs_rawfile": (),
    "labs_transferrow": (),
    # Parents of results: what a result refers to cannot vanish or become another thing.
    "labs_analyte": ("name", "unit", "standard_unit", "loinc", "sdtm_test_code"),
    "labs_laboratory": ("name", "time_zone", "layout", "quarantine"),
    "labs_assayversion": (
        "kit",
        "unit",
        "lloq",
        "uloq",
        "cutoff",
        "valid_from",
        "valid_to",
        "lot",
        "dilution_start",
        "dilution_factor",
    ),
    "labs_specimen": ("visit_id", "visit_label", "visit_number", "condition", "received", "processed"),
    "labs_transfer": (
        "state",
        "rows_total",
        "rows_applied",
        "rows_corrected",
        "rows_duplicate",
        "rows_quarantined",
        "rows_refused",
        "rows_vanished",
        "decided_at",
        "rows_with_findings",
        "specimens_corrected",
    ),
    "labs_referencerange": _PROPOSED,
    "labs_bridgingfactor": _PROPOSED,
    "labs_conversionfactor": _PROPOSED,
}


class Migration(migrations.Migration):
    """Rules of the laboratory."""

    dependencies = [("labs", "0001_initial"), ("cart", "0004_rules"), ("audit", "0001_initial")]
    operations = [
        AuditTables(
            "labs_analyte",
            "labs_laboratory",
            "labs_analytecode",
            "labs_assayversion",
            "labs_referencerange",
            "labs_deltalimit",
            "labs_bridgingfactor",
            "labs_conversionfactor",
            "labs_rawfile",
            "labs_transfer",
            "labs_transferrow",
            "labs_judgement",
        ),
        TypedAuditTable("labs_specimen"),
        TypedAuditTable("labs_result", derived=RESULT_DERIVED, alike=RESULT_ALIKE),
        *(AppendOnlyTable(table, allow_update=columns) for table, columns in _MAY_CHANGE.items()),
        migrations.RunSQL(SPECIMEN_REFERENCES, SPECIMEN_REFERENCES_REVERSE),
        migrations.RunSQL(RESULT_REFERENCES, RESULT_REFERENCES_REVERSE),
        *(migrations.RunSQL(create, drop) for create, drop in STALE_TRIGGERS),
    ]
