"""Audit of the safety tables, their composite foreign keys, stale marks of what the endpoints read."""

from django.db import migrations

from cart.migrations._rules_sql import SAFETY_FOREIGN_KEYS, SAFETY_STALE_TRIGGERS
from trialsite.audit.operations import AuditTables


class Migration(migrations.Migration):
    """Rules of safety."""

    dependencies = [("cart", "0017_safety"), ("audit", "0001_initial")]
    operations = [
        AuditTables(
            "cart_adverseevent",
            "cart_crsassessment",
            "cart_icansassessment",
            "cart_iechsassessment",
            "cart_infection",
            "cart_secondmalignancy",
            "cart_rcltest",
            "cart_pregnancy",
            "cart_death",
            "cart_therapydose",
        ),
        *[migrations.RunSQL(add, drop) for add, drop in SAFETY_FOREIGN_KEYS],
        *[migrations.RunSQL(create, drop) for create, drop in SAFETY_STALE_TRIGGERS],
    ]
