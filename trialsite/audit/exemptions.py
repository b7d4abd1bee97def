"""Tables that are not audited, each with its reason."""

EXEMPT_TABLES: dict[str, str] = {
    "django_migrations": "Django's own list of applied migrations; written by the owner role only.",
    "django_session": "Sign-in sessions: no trial content, rewritten at every request.",
    "django_content_type": "Names of models, derived from the code.",
    "auth_permission": "Names of permissions, derived from the code.",
    "django_admin_log": "Django's own list of admin actions; the truth is the audit trail.",
    "cart_stalesubject": "Work list of the recompute, written by triggers; can be rebuilt from the inputs.",
}
