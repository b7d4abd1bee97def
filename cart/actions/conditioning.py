"""Data queries about conditioning: an own value that differs from the computed one is asked about."""

from django.db import transaction

from cart.models import ConditioningCourse, DataQuery
from trialsite.audit.context import acting


@transaction.atomic
def ask_for_differences(*, course: ConditioningCourse, actor: str) -> list[DataQuery]:
    """Open a data query for each own value that differs; returns those that were not open already."""
    table, opened = ConditioningCourse._meta.db_table, []
    with acting(actor=actor, reason="own value differs from the computed one"):
        for field, sentence in course.differences().items():
            query, new = DataQuery.objects.exclude(status=DataQuery.Status.CLOSED).get_or_create(
                target_table=table,
                target_id=course.pk,
                target_field=field,
                origin=DataQuery.Origin.COMPUTED,
                defaults={"subject": course.subject, "text": sentence[:500]},
            )
            if new:
                opened.append(query)
    return opened
