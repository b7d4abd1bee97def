"""Who may bring a laboratory's files into a study."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from cart.models import Membership, Role, Study

# A file holds subjects of every site: a membership of one site does not reach.
IMPORTING_ROLES = frozenset({Role.DATA_MANAGER, Role.STUDY_ADMINISTRATOR})


def importable_studies(user: Any) -> QuerySet[Study]:
    """Studies into which the user may bring files: as data manager or administrator of the whole study.

    A blinded assessor may not, whatever else the user is there: the report shows values.
    """
    if not user.is_authenticated or not user.is_active:
        return Study.objects.none()
    if user.is_superuser:
        return Study.objects.all()
    held = Membership.objects.current().filter(user=user, study=OuterRef("pk"))
    grants = held.filter(site=None, role__in=IMPORTING_ROLES)
    return Study.objects.filter(Exists(grants) & ~Exists(held.filter(role=Role.BLINDED_ASSESSOR)))
