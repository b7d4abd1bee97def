"""Filters that offer only what the user may see."""

from typing import Any

from django.contrib import admin

from cart.scoping import visible_to


class VisibleRelatedFilter(admin.RelatedFieldListFilter):
    """A filter on a foreign key: studies, sites and subjects of others are not named in its choices."""

    def field_choices(self, field: Any, request: Any, model_admin: Any) -> list[tuple[Any, str]]:
        related_admin = model_admin.admin_site._registry.get(field.remote_field.model)
        if related_admin is not None:
            rows = related_admin.get_queryset(request)
        else:
            rows = visible_to(request.user, field.remote_field.model._default_manager.all())
        return [(row.pk, str(row)) for row in rows[:200]]
