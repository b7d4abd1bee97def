"""Accounts, groups and tokens under audit; accounts are never deleted."""

from django.db import migrations

from trialsite.audit.operations import AppendOnlyTable, AuditTables

USER_COLUMNS = (
    "password",
    "last_login",
    "is_superuser",
    "first_name",
    "last_name",
    "email",
    "is_staff",
    "is_active",
)


class Migration(migrations.Migration):
    """Audit of accounts."""

    dependencies = [("accounts", "0001_initial"), ("audit", "0001_initial"), ("knox", "0009_extend_authtoken_field")]
    operations = [
        AuditTables(
            "accounts_user",
            "accounts_user_groups",
            "accounts_user_user_permissions",
            "auth_group",
            "auth_group_permissions",
            "knox_authtoken",
        ),
        # The user name is not among them: a name once given stays with its account.
        AppendOnlyTable("accounts_user", allow_update=USER_COLUMNS),
    ]
