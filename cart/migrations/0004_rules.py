"""Rules that the database keeps: audit, what stays as it was written, composite keys, lots, stale marks."""

from django.db import migrations

from cart.migrations._cuts_sql import CUT_MOMENT, CUT_MOMENT_REVERSE
from cart.migrations._lifecycle_sql import (
    ELIGIBILITY_KEYS,
    ELIGIBILITY_RULES,
    ELIGIBILITY_RULES_REVERSE,
    INFUSION_RULES,
    INFUSION_RULES_REVERSE,
    STATUS_RULES,
    STATUS_RULES_REVERSE,
)
from cart.migrations._product_sql import (
    CONDITIONING_DEVIATION,
    CONDITIONING_DEVIATION_REVERSE,
    CUSTODY_RULES,
    CUSTODY_RULES_REVERSE,
    LOT_STATES,
    LOT_STATES_REVERSE,
)
from cart.migrations._protocol_sql import COHORT_KEYS, PROTOCOL_RULES, PROTOCOL_RULES_REVERSE
from cart.migrations._randomisation_sql import RANDOMISATION_RULES, RANDOMISATION_RULES_REVERSE
from cart.migrations._rules_sql import (
    ASSESSMENT_KEYS,
    ASSESSMENT_STALE_TRIGGERS,
    ASSESSMENT_TABLES,
    COMPOSITE_FOREIGN_KEYS,
    LOT_RULES,
    LOT_RULES_REVERSE,
    MARK_STALE,
    MARK_STALE_REVERSE,
    SAFETY_FOREIGN_KEYS,
    SAFETY_STALE_TRIGGERS,
    STALE_TRIGGERS,
)
from trialsite.audit.operations import AppendOnlyTable, AuditTables, TypedAuditTable

_PLAN = (
    "cart_study",
    "cart_protocolversion",
    "cart_site",
    "cart_arm",
    "cart_cohort",
    "cart_plannedvisit",
    "cart_panel",
    "cart_panelanalyte",
    "cart_plannedpanel",
    "cart_eligibilitycriterion",
    "cart_membership",
    "cart_randomisationlist",
    "cart_allocation",
)
_SUBJECT = (
    "cart_subject",
    "cart_consent",
    "cart_visit",
    "cart_eligibilityassessment",
    "cart_eligibilityanswer",
    "cart_eligibilitydecision",
    "cart_disposition",
    "cart_studydrugexposure",
    "cart_concomitanttherapy",
    "cart_therapydose",
    "cart_bridgingtherapy",
    "cart_conditioningcourse",
    "cart_conditioningdose",
    "cart_chelation",
    "cart_infusioncourse",
    "cart_administration",
    "cart_infusioncomponent",
    "cart_dataquery",
    "cart_dataquerymessage",
    "cart_recordcompletion",
    "cart_warningoverride",
)
_PRODUCT = (
    "cart_product",
    "cart_releasespecification",
    "cart_apheresis",
    "cart_lot",
    "cart_releasetest",
    "cart_custodyevent",
    "cart_scanattempt",
)
_SAFETY = (
    "cart_adverseevent",
    "cart_crsassessment",
    "cart_icansassessment",
    "cart_iechsassessment",
    "cart_infection",
    "cart_secondmalignancy",
    "cart_rcltest",
    "cart_pregnancy",
    "cart_death",
)
_ANSWERS = (
    "cart_endpointdefinition",
    "cart_run",
    "cart_runpart",
    "cart_inputuse",
    "cart_datacut",
    "cart_cuttable",
    "cart_studysummary",
)
# Who writes a great many rows at once.
_TYPED = ("cart_evaluation", "cart_endpointresult", "cart_summarystatistic")
# Of a row only these columns may change, and it is never deleted.
_MAY_CHANGE = {
    # Never moved to another study: laboratory rows refer to subjects without foreign keys.
    "cart_subject": (
        "site_id",
        "arm_id",
        "code",
        "year_of_birth",
        "sex",
        "status",
        "ended_on",
        "source_code",
        "cohort_id",
    ),
    "cart_custodyevent": (),
    "cart_scanattempt": (),
    "cart_membership": ("ended_at",),
    "cart_protocolversion": (),
    "cart_cohort": ("title",),
    "cart_eligibilitycriterion": (),
    "cart_eligibilityassessment": (),
    "cart_eligibilityanswer": ("answer", "note", "answered_by", "answered_at"),
    "cart_eligibilitydecision": (),
    "cart_disposition": (),
    "cart_randomisationlist": ("closed_at",),
    "cart_allocation": (),
    "cart_dataquery": ("status", "answered_at", "closed_at"),
    "cart_dataquerymessage": (),
    "cart_warningoverride": ("subject_id",),
    "cart_recordcompletion": ("subject_id", "state", "marked_by", "marked_at"),
    "cart_endpointdefinition": (),
    "cart_run": ("subjects_seen", "subjects_changed"),
    "cart_runpart": (),
    "cart_inputuse": (),
    "cart_evaluation": (),
    "cart_endpointresult": (),
    "cart_datacut": (),
    "cart_cuttable": (),
    "cart_studysummary": (),
    "cart_summarystatistic": (),
}
_KEYS = (*COMPOSITE_FOREIGN_KEYS, *COHORT_KEYS, *ELIGIBILITY_KEYS, *SAFETY_FOREIGN_KEYS, *ASSESSMENT_KEYS)
_STALE = (*STALE_TRIGGERS, *SAFETY_STALE_TRIGGERS, *ASSESSMENT_STALE_TRIGGERS)


class Migration(migrations.Migration):
    """Rules of the trial."""

    dependencies = [("cart", "0003_assessments"), ("audit", "0001_initial")]
    operations = [
        AuditTables(*_PLAN, *_SUBJECT, *_PRODUCT, *_SAFETY, *ASSESSMENT_TABLES, *_ANSWERS),
        *(TypedAuditTable(table) for table in _TYPED),
        *(AppendOnlyTable(table, allow_update=columns) for table, columns in _MAY_CHANGE.items()),
        *(migrations.RunSQL(add, drop) for add, drop in _KEYS),
        migrations.RunSQL(LOT_RULES, LOT_RULES_REVERSE),
        migrations.RunSQL(MARK_STALE, MARK_STALE_REVERSE),
        *(migrations.RunSQL(create, drop) for create, drop in _STALE),
        migrations.RunSQL(CUT_MOMENT, CUT_MOMENT_REVERSE),
        migrations.RunSQL(PROTOCOL_RULES, PROTOCOL_RULES_REVERSE),
        migrations.RunSQL(ELIGIBILITY_RULES, ELIGIBILITY_RULES_REVERSE),
        migrations.RunSQL(INFUSION_RULES, INFUSION_RULES_REVERSE),
        migrations.RunSQL(STATUS_RULES, STATUS_RULES_REVERSE),
        migrations.RunSQL(RANDOMISATION_RULES, RANDOMISATION_RULES_REVERSE),
        migrations.RunSQL(CUSTODY_RULES, CUSTODY_RULES_REVERSE),
        migrations.RunSQL(LOT_STATES, LOT_STATES_REVERSE),
        migrations.RunSQL(CONDITIONING_DEVIATION, CONDITIONING_DEVIATION_REVERSE),
    ]
