"""A dose off its plan says why, by every path."""

from django.db import migrations

from cart.migrations._dose_sql import DOSE_EXPLAINED, DOSE_EXPLAINED_REVERSE


class Migration(migrations.Migration):
    """A dose off its plan says why, by every path."""

    dependencies = [("cart", "0004_rules")]

    operations = [migrations.RunSQL(DOSE_EXPLAINED, DOSE_EXPLAINED_REVERSE)]
