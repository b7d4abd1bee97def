"""What a production start must refuse once it meets the database."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created

_ROLE = """
SELECT current_user, r.rolsuper, r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb,
    (SELECT d.datdba = r.oid FROM pg_database d WHERE d.datname = current_database()),
    has_schema_privilege('public', 'CREATE')
FROM pg_roles r WHERE r.rolname = current_user
"""
_checked: set[tuple[str, str]] = set()


def refuse_privileged_role(sender: Any, connection: Any, **_: Any) -> None:
    """Refuse to serve as superuser, owner, or any role that may change the schema (production)."""
    if not settings.PRODUCTION or settings.AS_OWNER:
        return
    place = (connection.settings_dict["NAME"], connection.settings_dict["USER"])
    if place in _checked:
        return
    with connection.connection.cursor() as cursor:
        role, superuser, privileged, owner, creates = cursor.execute(_ROLE).fetchone()
    if superuser or privileged or owner or creates:
        raise ImproperlyConfigured(
            f"The server must not run as database role {role!r}, which is superuser or owner or may change the "
            "schema; give DATABASE_URL the role trialsite_app. [production-role]"
        )
    _checked.add(place)


def watch_connections() -> None:
    """Look at the role of every new connection."""
    connection_created.connect(refuse_privileged_role, dispatch_uid="refuse_privileged_role")
