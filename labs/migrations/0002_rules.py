"""Audit of every table of the laboratory, append-only results, references by statement, stale marks."""

from django.db import migrations

from labs.migrations._rules_sql import (
    RESULT_DERIVED,
    RESULT_REFERENCES,
    RESULT_REFERENCES_REVERSE,
    SPECIMEN_REFERENCES,
    SPECIMEN_REFERENCES_REVERSE,
    STALE_TRIGGERS,
)
from trialsite.audit.operations import AppendOnlyTable, AuditTables, TypedAuditTable


class Migration(migrations.Migration):
    """Rules of the laboratory."""

    dependencies = [("labs", "0001_initial"), ("cart", "0002_rules"), ("audit", "0001_initial")]
    operations = [
        AuditTables(
            "labs_analyte",
            "labs_laboratory",
            "labs_analytecode",
            "labs_assayversion",
            "labs_rawfile",
            "labs_transfer",
            "labs_transferrow",
        ),
        TypedAuditTable("labs_specimen"),
        TypedAuditTable("labs_result", derived=RESULT_DERIVED),
        AppendOnlyTable("labs_result"),
        AppendOnlyTable("labs_rawfile"),
        AppendOnlyTable("labs_transferrow"),
        # Parents of results: what a result refers to cannot vanish or become another thing.
        AppendOnlyTable("labs_analyte", allow_update=("name", "unit", "loinc", "sdtm_test_code")),
        AppendOnlyTable("labs_laboratory", allow_update=("name", "time_zone", "layout", "quarantine")),
        AppendOnlyTable(
            "labs_assayversion", allow_update=("kit", "unit", "lloq", "uloq", "cutoff", "valid_from", "valid_to")
        ),
        AppendOnlyTable(
            "labs_specimen", allow_update=("visit_id", "visit_label", "visit_number", "condition", "received")
        ),
        AppendOnlyTable(
            "labs_transfer",
            allow_update=(
                "state",
                "rows_total",
                "rows_applied",
                "rows_corrected",
                "rows_duplicate",
                "rows_quarantined",
                "rows_refused",
                "rows_vanished",
                "decided_at",
            ),
        ),
        migrations.RunSQL(SPECIMEN_REFERENCES, SPECIMEN_REFERENCES_REVERSE),
        migrations.RunSQL(RESULT_REFERENCES, RESULT_REFERENCES_REVERSE),
        *[migrations.RunSQL(create, drop) for create, drop in STALE_TRIGGERS],
    ]
