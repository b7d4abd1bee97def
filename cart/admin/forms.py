"""Forms of the desk: a reason for every change, no silent overwrite, the database's sentences."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max, Model, Q
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextInputWidget

from cart.models.fields import plain
from trialsite.audit.middleware import REASON_FIELD
from trialsite.audit.models import AuditEvent

SEEN_FIELD = "seen_event"
NO_REASON = "Say why this is changed: every change is stored with its reason. [no-reason]"


class PlainDecimalFormField(forms.DecimalField):
    """Shows a stored number without the zeros of its column's scale."""

    def prepare_value(self, value: Any) -> Any:
        """Text for the box; what was typed stays as it was typed."""
        return plain(value) if isinstance(value, Decimal) else value


def last_event_id(instance: Model, children: dict[type[Model], list[str]]) -> int:
    """Number of the newest audit event of a row and of the rows edited on its page; 0 where there is none."""
    wanted = Q(table_name=instance._meta.db_table, row_id=str(instance.pk))
    for model, keys in children.items():
        if keys:
            wanted |= Q(table_name=model._meta.db_table, row_id__in=keys)
    newest = AuditEvent.objects.filter(wanted).aggregate(newest=Max("id"))["newest"]
    return int(newest or 0)


def conflict_sentence(instance: Model, seen: int) -> str:
    """Who changed a row after event ``seen``, and what to do about it."""
    event = (
        AuditEvent.objects.filter(table_name=instance._meta.db_table, row_id=str(instance.pk), id__gt=seen)
        .select_related("context")
        .order_by("-id")
        .first()
    )
    who = f"{event.context.actor} at {event.context.at:%H:%M:%S} UTC" if event else "somebody else"
    return (
        f"This page was changed by {who} while you had it open; nothing of yours is stored. "
        "Open the page again to see the present values, then enter your change. [edit-conflict]"
    )


class ReasonedForm(forms.ModelForm):  # type: ignore[type-arg]
    """Form of one record: asks why on a change, and refuses when the record changed meanwhile.

    The admin sets ``refusal`` (a sentence of the database), ``seen_now`` (newest event of the page) and
    ``is_change`` on a subclass per request.
    """

    refusal: str = ""
    seen_now: int = 0
    is_change: bool = False

    change_reason = forms.CharField(
        label="Reason for the change",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        help_text="Needed whenever a stored value changes; a new row needs none. Kept in the history for ever.",
    )
    seen_event = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_change:
            for name in (REASON_FIELD, SEEN_FIELD):
                self.fields.pop(name, None)
        elif SEEN_FIELD in self.fields:
            self.fields[SEEN_FIELD].initial = self.seen_now

    @property
    def changed_data(self) -> list[str]:
        """Names of the record's own fields that differ: the reason is not one of them."""
        return [name for name in super().changed_data if name not in (REASON_FIELD, SEEN_FIELD)]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal:
            self.add_error(None, ValidationError(self.refusal, code="refused"))
        if self.is_change and REASON_FIELD in self.fields:
            if self.changed_data and not self.cleaned_data.get(REASON_FIELD, "").strip():
                self.add_error(REASON_FIELD, ValidationError(NO_REASON, code="no-reason"))
            seen = self.cleaned_data.get(SEEN_FIELD)
            if seen is not None and seen < self.seen_now:
                self.add_error(None, ValidationError(conflict_sentence(self.instance, seen), code="edit-conflict"))
        return cleaned


class RowForm(forms.ModelForm):  # type: ignore[type-arg]
    """A row on a record's page. A row that was added counts, also where all its values are defaults."""

    def has_changed(self) -> bool:
        return bool(self.instance._state.adding or super().has_changed())


class ReasonedFormSet(PaginationInlineFormSet):
    """Rows on a record's page: a changed row needs the page's reason, a new one does not."""

    def clean(self) -> None:
        super().clean()
        changed = any(form.has_changed() for form in self.initial_forms)
        if changed and not str(self.data.get(REASON_FIELD, "")).strip():
            raise ValidationError(NO_REASON, code="no-reason")
