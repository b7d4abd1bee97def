"""Ask about grades: where the investigator's differs from the computed one, a data query is opened."""

from collections.abc import Sequence

from django.db import transaction

from cart.inputs.syndromes import Day, grades_of
from cart.models import DataQuery
from trialsite.audit.context import acting

FIELD = "investigator_grade"


def ask_about_grades(*, days: Sequence[Day], actor: str, reason: str) -> list[DataQuery]:
    """Open a data query for each of these days (of one kind) whose investigator's grade is not among the computed ones.

    What is being asked already is not asked again. A query stays open when the grades agree later: who asked, or who
    watches over the data, closes it.
    """
    grades = grades_of(days)
    differing = sorted((day for day in days if grades[day.pk].differs), key=lambda day: day.pk)
    if not differing:
        return []
    table = differing[0]._meta.db_table
    with acting(actor=actor, reason=reason), transaction.atomic():
        asked = DataQuery.objects.filter(
            target_table=table,
            target_id__in=[day.pk for day in differing],
            target_field=FIELD,
            origin=DataQuery.Origin.COMPUTED,
        ).exclude(status=DataQuery.Status.CLOSED)
        known = set(asked.values_list("target_id", flat=True))
        queries = []
        for day in differing:
            if day.pk in known:
                continue
            query = DataQuery(
                subject_id=day.subject_id,
                target_table=table,
                target_id=day.pk,
                target_field=FIELD,
                text=f"{day._meta.verbose_name} of {day.assessed_on.day} {day.assessed_on:%b %Y}: the components give "
                f"grade {grades[day.pk]}, the investigator's grade is {day.investigator_grade}. Which is right?",
                origin=DataQuery.Origin.COMPUTED,
            )
            query.full_clean()
            query.save()
            queries.append(query)
    return queries
