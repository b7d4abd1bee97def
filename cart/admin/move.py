"""The page that moves a record to the right subject."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import DatabaseError, OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action

from cart.actions.moves import move_record
from cart.admin.refusals import sentence_of
from cart.models import Role, Subject
from cart.scoping import writable_by
from trialsite.audit.middleware import REASON_FIELD

# Whoever enters data does not decide whose it is.
MOVING_ROLES = frozenset({Role.DATA_MANAGER})


class MoveForm(forms.Form):
    """Where to, and why. The code is typed: a list of subjects invites the neighbour."""

    subject = forms.CharField(max_length=40, label="Code of the right subject")
    change_reason = forms.CharField(max_length=500, label="Reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        for field in self.fields.values():
            field.widget.attrs.update({"class": "ts-input", "autocomplete": "off"})


class MovableRecord:
    """Pages of records that a data manager may move; for everybody the subject stays once it is entered."""

    model: Any
    admin_site: Any
    opts: Any
    actions_detail = ("move",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)  # type: ignore[misc]
        return fields if obj is None else (*fields, "subject")

    def has_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """A data manager of the record's site, or of the study."""
        return writable_by(request.user, self.model.objects.filter(pk=object_id), roles=MOVING_ROLES).exists()

    @action(description="Move to another subject", url_path="move", permissions=["move"])
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the right subject and why, then move."""
        record = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if record is None:
            raise Http404
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk])
        form = MoveForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                subject = _right_subject(request, record, form.cleaned_data["subject"])
                with transaction.atomic():
                    who = request.user.get_username()
                    move_record(record=record, subject=subject, actor=who, reason=form.cleaned_data[REASON_FIELD])
            except OperationalError:
                raise
            except ValidationError as error:
                form.add_error(None, error.messages)
            except DatabaseError as error:
                form.add_error(None, sentence_of(error))
            else:
                messages.success(request, f"Moved to {subject}.")
                return HttpResponseRedirect(page)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Move {self.opts.verbose_name} of {record.subject}",
            "record": record,
            "form": form,
            "page": page,
            "visit": getattr(record, "visit", None),
        }
        return TemplateResponse(request, "cart/move.html", context)


def _right_subject(request: HttpRequest, record: Any, code: str) -> Subject:
    """The subject of this code where the user is data manager too."""
    rows = Subject.objects.filter(study=record.subject.study_id, code=code.strip())
    found = writable_by(request.user, rows, roles=MOVING_ROLES).first()
    if found is None:
        raise ValidationError(
            f"A record moves to a subject of its study at a site that you look after; found {code!r}. [move-subject]"
        )
    return found
