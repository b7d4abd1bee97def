"""Forms of the desk: a reason for every change, no silent overwrite, the database's sentences."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import Max, Model, Q
from django.forms.models import ModelChoiceIterator
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from cart.admin.history import history_of
from cart.admin.record_state import COMPLETION_FIELD, WARNING_FIELD, unanswered
from cart.models import (  # noqa: F401 - the plausible ones register their checks
    RecordCompletion,
    plausible_assessments,
    plausible_dates,
    plausible_dosing,
    plausible_product,
    plausible_safety,
    plausible_subject,
)
from cart.models.completeness import is_completable, required_for_complete
from cart.models.fields import plain
from cart.models.plausible import SoftWarning, soft_warnings
from trialsite.audit.middleware import REASON_FIELD
from trialsite.audit.models import AuditEvent

SEEN_FIELD = "seen_event"
# More would not be read on top of a page.
SHOWN_CHANGES = 8
INCOMPLETE = "Needed before the record is called complete; enter it, or leave the record incomplete. [incomplete]"
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


def conflict_sentence(instance: Model, children: dict[type[Model], list[str]], seen: int) -> str:
    """Who changed a page after event ``seen``, what they changed, and what to do about it."""
    entries = history_of(instance, children, after=seen)
    newest = entries[0] if entries else None
    who = f"{newest.actor} at {newest.at:%H:%M:%S} UTC" if newest else "somebody else"
    changes = [
        f"{change.field}: {change.old or '(empty)'} → {change.new or '(empty)'}"
        for entry in entries
        for change in entry.changes
    ]
    shown = "; ".join(changes[:SHOWN_CHANGES]) + (" and more" if len(changes) > SHOWN_CHANGES else "")
    what = f" ({shown})" if shown else ""
    return (
        f"This page was changed by {who} while you had it open{what}; nothing of yours is stored. "
        "Open the page again to see the present values, then enter your change. [edit-conflict]"
    )


class KeyChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A row by its key; what is no key comes back as an empty box: the search box would look for it in the table."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was sent, where it can be a key."""
        return data if str(data).isdecimal() else ""


class AskedTwice:
    """What a form asks about a valid row: implausible values are stored with a reason only."""

    instance: Model
    data: Any
    warnings: list[SoftWarning]

    def add_error(self, field: str | None, error: Any) -> None:
        """Errors beside their fields; what is about a field that this form does not show stands on top of it."""
        told = error if isinstance(error, ValidationError) else ValidationError(error)
        if field is None and hasattr(told, "error_dict"):
            for name, found in told.error_dict.items():
                shown = name if name in self.fields else None  # type: ignore[attr-defined]
                super().add_error(shown, found)  # type: ignore[misc]
        else:
            super().add_error(field, told)  # type: ignore[misc]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        self.warnings = []
        # A reason that is still missing hides no warning: both are asked for at once.
        if set(self.errors) - {REASON_FIELD} or not self.has_changed():  # type: ignore[attr-defined]
            return
        found = soft_warnings(self.instance)
        self.warnings = unanswered(self.instance, found) if found else []
        if self.warnings and not str(self.data.get(WARNING_FIELD, "")).strip():
            for one in self.warnings:
                # Beside its field; a value that is not on this form is named on top.
                name = one.field if one.field in self.fields else None  # type: ignore[attr-defined]
                self.add_error(name, ValidationError(one.sentence, code="soft-warning"))  # type: ignore[attr-defined]


class ReasonedForm(AskedTwice, forms.ModelForm):  # type: ignore[type-arg]
    """Form of one record: asks why on a change, and refuses when the record changed meanwhile.

    The admin sets ``refusal`` (a sentence of the database), ``seen_now`` (newest event of the page) and
    ``is_change`` on a subclass per request.
    """

    refusal: str = ""
    seen_now: int = 0
    is_change: bool = False
    page_rows: dict[type[Model], list[str]] = {}
    completion: str = ""

    change_reason = forms.CharField(
        label="Reason for the change",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        help_text="Needed whenever a stored value changes; a new row needs none. Kept in the history for ever.",
    )
    seen_event = forms.IntegerField(required=False, widget=forms.HiddenInput)
    completion_state = forms.ChoiceField(
        label="This record is",
        choices=[("", "not marked yet"), *RecordCompletion.State.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Incomplete: saved as it is, more follows. Complete: nothing is missing. The matrix shows it.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_completable(self._meta.model):
            self.fields.pop(COMPLETION_FIELD, None)
        elif COMPLETION_FIELD in self.fields:
            field = self.fields[COMPLETION_FIELD]
            field.initial = self.completion
            if self.completion:
                field.choices = RecordCompletion.State.choices  # type: ignore[attr-defined]
        if not self.is_change:
            for name in (REASON_FIELD, SEEN_FIELD):
                self.fields.pop(name, None)
        elif SEEN_FIELD in self.fields:
            self.fields[SEEN_FIELD].initial = self.seen_now

    @property
    def changed_data(self) -> list[str]:
        """Names of the record's own fields that differ: the reason is not one of them."""
        return [name for name in super().changed_data if name not in (REASON_FIELD, SEEN_FIELD, COMPLETION_FIELD)]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal:
            self.add_error(None, ValidationError(self.refusal, code="refused"))
        if self.is_change and REASON_FIELD in self.fields:
            if self.changed_data and not self.cleaned_data.get(REASON_FIELD, "").strip():
                self.add_error(REASON_FIELD, ValidationError(NO_REASON, code="no-reason"))
            seen = self.cleaned_data.get(SEEN_FIELD)
            if seen is not None and seen < self.seen_now:
                self.add_error(None, self._conflict(seen))
        self._check_complete()
        return cleaned

    def _conflict(self, seen: int) -> ValidationError:
        return ValidationError(conflict_sentence(self.instance, self.page_rows, seen), code="edit-conflict")

    def _check_complete(self) -> None:
        """A record that is called complete lacks nothing that its kind needs."""
        if self.cleaned_data.get(COMPLETION_FIELD) != RecordCompletion.State.COMPLETE:
            return
        if self.cleaned_data.get("not_done_reason"):
            return
        for name in required_for_complete(type(self.instance)):
            if name in self.fields and name not in self.errors and self.cleaned_data.get(name) in (None, ""):
                self.add_error(name, ValidationError(INCOMPLETE, code="incomplete"))


class RowForm(AskedTwice, forms.ModelForm):  # type: ignore[type-arg]
    """A row on a record's page. A row that was added counts, also where all its values are defaults."""

    def has_changed(self) -> bool:
        return bool(self.instance._state.adding or super().has_changed())


class _Chosen:
    """The choices of one search box whose row is loaded already: the widget would ask for it once per row of a page."""

    def __init__(self, choices: Any, row: Model) -> None:
        self.field, self.queryset = choices.field, self
        self._row, self._others = row, choices.queryset

    def using(self, alias: str) -> "_Chosen":
        """As a queryset; there is one database."""
        return self

    def filter(self, **lookup: Any) -> Any:
        """The loaded row where it is the one that is wanted."""
        (wanted,) = lookup.values()
        return [self._row] if wanted == {str(self._row.pk)} else self._others.filter(**lookup)


class ReasonedFormSet(PaginationInlineFormSet):
    """Rows on a record's page: a changed row needs the page's reason, a new one does not."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        """Hand the row what is loaded already: its parent, and the rows that it points at."""
        form = super()._construct_form(i, **kwargs)
        setattr(form.instance, self.fk.name, self.instance)
        for name, row in form.instance._state.fields_cache.items():
            widget = form.fields[name].widget if name in form.fields else None
            # In the admin a wrapper with an Add button hands its own choices to the box.
            if row is not None and isinstance(getattr(widget, "widget", widget), AutocompleteSelect):
                widget.choices = _Chosen(widget.choices, row)
        # A list of choices is read once for all rows of the page.
        shared = self.__dict__.setdefault("_shared_choices", {})
        for name, field in form.fields.items():
            box = getattr(field.widget, "widget", field.widget)
            # A hidden key has choices too, which nobody may read: all rows of its table.
            is_list = isinstance(box, forms.Select) and not isinstance(box, AutocompleteSelect)
            if is_list and isinstance(field.widget.choices, ModelChoiceIterator):
                if name not in shared:
                    shared[name] = list(field.widget.choices)
                field.widget.choices = shared[name]
        return form

    def clean(self) -> None:
        super().clean()
        changed = any(form.has_changed() for form in self.initial_forms)
        if changed and not str(self.data.get(REASON_FIELD, "")).strip():
            raise ValidationError(NO_REASON, code="no-reason")
