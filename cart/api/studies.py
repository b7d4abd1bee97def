"""The study that an address names, for who may see its endpoints."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions
from rest_framework.request import Request

from cart.models import ROLES_WITHOUT_TITERS, Role, Study
from cart.scoping import sees_titers, visible_to

STUDY = OpenApiParameter("code", str, OpenApiParameter.PATH, description="Code of the study.")
ENDPOINT_ROLES: dict[str, Any] = {"x-roles": [role.value for role in Role if role not in ROLES_WITHOUT_TITERS]}


def study_with_endpoints(request: Request, code: str) -> Study:
    """The study, where the caller's role sees its endpoints; else what the caller may know of why not."""
    study = visible_to(request.user, Study.objects.filter(code=code)).first()
    if study is None:
        raise exceptions.NotFound(f"There is no study {code!r} among yours. [unknown-study]")
    if not sees_titers(request.user, study):
        raise exceptions.PermissionDenied("Your role in this study does not see endpoints. [role-without-endpoints]")
    return study
