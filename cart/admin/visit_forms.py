"""Forms of a visit: one outside its window is stored with the reason why."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from cart.admin.forms import ReasonedForm, RowForm
from cart.admin.schedule import window
from cart.inputs.schedule import read_schedule
from cart.models import Subject, Visit

_WATCHED = {"planned", "occurred_on", "window_reason", "status"}


def outside_window(subject_id: int, visit: Visit) -> str:
    """What is wrong with the day of a visit; empty inside its window, or where the window is not known."""
    if visit.planned is None or visit.occurred_on is None or visit.status != Visit.Status.OCCURRED:
        return ""
    schedule = read_schedule(Subject.objects.filter(pk=subject_id), now=timezone.now())
    found = schedule.filter(code=visit.planned.code).to_dicts()
    if not found or found[0]["from_on"] is None:
        return ""
    first, last = found[0]["from_on"], found[0]["until_on"]
    if first <= visit.occurred_on <= last:
        return ""
    days = (first - visit.occurred_on).days if visit.occurred_on < first else (visit.occurred_on - last).days
    side = "before" if visit.occurred_on < first else "after"
    span = "1 day" if days == 1 else f"{days} days"
    return (
        f"{visit.planned.code} is due {window(found[0])}; this day is {span} {side} it. Correct the day, or say why to "
        "keep it. [visit-window]"
    )


class _WindowChecked:
    """A soft limit: the warning is answered by a reason."""

    instance: Visit
    changed_data: list[str]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        visit = self.instance
        # Asked when one of its own fields changes: a window that moved later blocks no other change.
        if visit.subject_id and not visit.window_reason and _WATCHED & set(self.changed_data):
            sentence = outside_window(visit.subject_id, visit)
            if sentence:
                self.add_error("window_reason", ValidationError(sentence, code="visit-window"))  # type: ignore[attr-defined]


class VisitForm(_WindowChecked, ReasonedForm):
    """A visit on its own page."""


class VisitRowForm(_WindowChecked, RowForm):
    """A visit on the subject's page."""
