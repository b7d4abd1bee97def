"""Audit of every table of the trial, composite foreign keys, lot rules, stale marks."""

from django.db import migrations

from cart.migrations._rules_sql import (
    COMPOSITE_FOREIGN_KEYS,
    LOT_RULES,
    LOT_RULES_REVERSE,
    MARK_STALE,
    MARK_STALE_REVERSE,
    STALE_TRIGGERS,
)
from trialsite.audit.operations import AppendOnlyTable, AuditTables, TypedAuditTable


class Migration(migrations.Migration):
    """Rules of the trial."""

    dependencies = [("cart", "0001_initial"), ("audit", "0001_initial")]
    operations = [
        AuditTables(
            "cart_study",
            "cart_protocolversion",
            "cart_site",
            "cart_arm",
            "cart_plannedvisit",
            "cart_membership",
            "cart_subject",
            "cart_consent",
            "cart_visit",
            "cart_product",
            "cart_releasespecification",
            "cart_apheresis",
            "cart_lot",
            "cart_releasetest",
            "cart_custodyevent",
            "cart_conditioningcourse",
            "cart_conditioningdose",
            "cart_chelation",
            "cart_infusioncourse",
            "cart_administration",
            "cart_infusioncomponent",
            "cart_studydrugexposure",
            "cart_concomitanttherapy",
            "cart_endpointdefinition",
            "cart_run",
        ),
        TypedAuditTable("cart_evaluation"),
        TypedAuditTable("cart_endpointresult"),
        # Never deleted, never moved to another study: laboratory rows refer to subjects without foreign keys.
        AppendOnlyTable(
            "cart_subject",
            allow_update=(
                "site_id",
                "arm_id",
                "code",
                "year_of_birth",
                "sex",
                "status",
                "ended_on",
                "source_code",
            ),
        ),
        AppendOnlyTable("cart_custodyevent"),
        AppendOnlyTable("cart_membership", allow_update=("ended_at",)),
        AppendOnlyTable("cart_protocolversion"),
        AppendOnlyTable("cart_endpointdefinition"),
        AppendOnlyTable("cart_run", allow_update=("subjects_seen", "subjects_changed")),
        AppendOnlyTable("cart_evaluation"),
        AppendOnlyTable("cart_endpointresult"),
        *[migrations.RunSQL(add, drop) for add, drop in COMPOSITE_FOREIGN_KEYS],
        migrations.RunSQL(LOT_RULES, LOT_RULES_REVERSE),
        migrations.RunSQL(MARK_STALE, MARK_STALE_REVERSE),
        *[migrations.RunSQL(create, drop) for create, drop in STALE_TRIGGERS],
    ]
