"""What every page of the desk shares: scope, reason, conflict check, history, refusals instead of errors."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, OperationalError, models, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from cart.admin.field_history import with_history
from cart.admin.forms import (
    SEEN_FIELD,
    KeyChoiceField,
    PlainDecimalFormField,
    ReasonedForm,
    ReasonedFormSet,
    RowForm,
    last_event_id,
)
from cart.admin.history import history_of
from cart.admin.record_state import COMPLETION_FIELD, WARNING_FIELD, completion_of, keep_warnings, mark
from cart.admin.refusals import sentence_of
from cart.admin.wording import in_words
from cart.models import ROLES_WITHOUT_TITERS, WRITING_ROLES, Role
from cart.models.completeness import is_completable
from cart.scoping import reveals_titers, roles_of, scope_of, visible_to, writable_by
from trialsite.audit.context import current_reason
from trialsite.audit.middleware import REASON_FIELD

# Who sets a study up: visits, products, kits. Everybody else reads them.
SET_UP_ROLES = frozenset({Role.DATA_MANAGER, Role.STUDY_ADMINISTRATOR})
_REFUSAL = "_desk_refusal"
# What ``subject.js`` adds to a search: the subject that the form has or stands for.
SUBJECT_OF_FORM = "of_subject"
# What a form asks beside its record.
_OF_THE_PAGE = (REASON_FIELD, SEEN_FIELD, COMPLETION_FIELD)


def request_roles(request: HttpRequest) -> frozenset[str]:
    """Roles of the signed-in user, asked for once per request."""
    if not hasattr(request, "_desk_roles"):
        request._desk_roles = roles_of(request.user)  # type: ignore[attr-defined]
    roles: frozenset[str] = request._desk_roles  # type: ignore[attr-defined]
    return roles


def related_choices(site: Any, request: HttpRequest, model: type[Model], roles: Iterable[str]) -> QuerySet[Any]:
    """Rows that a form of this user may point at: a foreign key is a write to its parent's study."""
    rows = model._default_manager.all()
    rows = visible_to(request.user, rows) if scope_of(model) is None else writable_by(request.user, rows, roles=roles)
    registered = site._registry.get(model)
    if registered is not None and isinstance(registered.list_select_related, (list, tuple)):
        rows = rows.select_related(*registered.list_select_related)
    return rows


def _named(form: Any) -> list[str]:
    """What a form asks, each with the name of its field: on top of the page the field is out of sight."""
    said = []
    for one in getattr(form, "warnings", ()):
        field = form.fields.get(one.field)
        said.append(one.sentence if field is None or not field.label else f"{field.label}: {one.sentence}")
    return said


class DeskPermissions:
    """Permissions from memberships: who is a member sees, who holds a writing role writes, nobody deletes."""

    model: type[Model]
    admin_site: Any
    writing_roles: frozenset[str] = WRITING_ROLES

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        user = request.user
        if user.is_active and user.is_superuser:
            return True
        roles = request_roles(request)
        return bool(roles - ROLES_WITHOUT_TITERS if reveals_titers(self.model) else roles)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_write(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Nothing is deleted here: a mistake is changed with a reason, or superseded.
        return False

    def _may_write(self, request: HttpRequest, obj: Model | None) -> bool:
        if request.user.is_active and request.user.is_superuser:
            return True
        if not self.writing_roles & request_roles(request):
            return False
        if obj is None or obj.pk is None:
            return True
        known = request.__dict__.setdefault("_desk_writable", {})
        key = (type(obj), obj.pk, self.writing_roles)
        if key not in known:
            if scope_of(type(obj)) is None:
                known[key] = True
            else:
                rows = type(obj)._default_manager.filter(pk=obj.pk)
                known[key] = writable_by(request.user, rows, roles=self.writing_roles).exists()
        return bool(known[key])

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "queryset" not in kwargs and db_field.remote_field.model._meta.app_label in ("cart", "labs"):
            kwargs["queryset"] = related_choices(
                self.admin_site, request, db_field.remote_field.model, self.writing_roles
            )
        kwargs.setdefault("form_class", KeyChoiceField)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Nothing is chosen beforehand: the theme would store its first word (not related, recovered) by default."""
        if not db_field.has_default():
            kwargs.setdefault("choices", db_field.get_choices(blank_choice=[("", "Select value")]))
        return super().formfield_for_choice_field(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if type(db_field) is models.DecimalField:
            # Of a column that keeps digits as they came the zeros are the laboratory's.
            kwargs["form_class"] = PlainDecimalFormField
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None and field.label:
            name = str(db_field.verbose_name)
            # Not made a capital: sPAP is no SPAP.
            field.label = in_words(name if name[1:2].isupper() else str(field.label))
        if field is not None and isinstance(db_field, models.DateTimeField):
            field.label = f"{field.label} (UTC)"
        if field is not None and hasattr(field.widget, "can_delete_related"):
            # Related rows are entered on their own page, with their own reason and checks.
            field.widget.can_delete_related = field.widget.can_change_related = False
        return field


class DeskInline(DeskPermissions):
    """Rows entered on their parent's page."""

    form = RowForm
    formset = ReasonedFormSet
    extra = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)  # type: ignore[misc]
        related = getattr(self, "list_select_related", ())
        return rows.select_related(*related) if related else rows


class DeskTabularInline(DeskInline, TabularInline):
    """Rows as a table."""


class DeskStackedInline(DeskInline, StackedInline):
    """Rows as small forms."""


class DeskAdmin(DeskPermissions, ModelAdmin):
    """Page of one kind of record, scoped by membership, audited, without delete."""

    form = ReasonedForm
    actions = None
    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = False
    # Labels above their inputs: beside them, three numbers in a row are cut off on a laptop.
    compressed_fields = False
    warn_unsaved_form = True
    list_select_related: tuple[str, ...] = ()
    # Entered once: the table refuses to change them (append-only but for the others).
    fixed_fields: tuple[str, ...] = ()
    change_form_template = "cart/change_form.html"
    object_history_template = "cart/object_history.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = visible_to(request.user, super().get_queryset(request))
        return rows.select_related(*self.list_select_related) if self.list_select_related else rows

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address fills in; a row by what is no key is left out."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        keys = {field.name for field in self.model._meta.concrete_fields if field.remote_field is not None}
        return {name: value for name, value in initial.items() if name not in keys or str(value).isdecimal()}

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """In a search box of a form that has its subject, the rows of that subject only."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        asked = request.GET.get(SUBJECT_OF_FORM, "")
        of_form = request.resolver_match is not None and request.resolver_match.url_name == "autocomplete"
        names = {field.name for field in self.model._meta.concrete_fields}
        if of_form and asked.isdecimal() and "subject" in names:
            found = found.filter(subject=asked)
        return found, may_repeat

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else (*fields, *self.fixed_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fieldsets = [
            (name, {**options, "fields": [f for f in options["fields"] if f not in _OF_THE_PAGE]})
            for name, options in super().get_fieldsets(request, obj)
        ]
        may_write = self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)
        if may_write and is_completable(self.model) and issubclass(self.form, ReasonedForm):
            fieldsets.append(("Complete or not", {"fields": [COMPLETION_FIELD]}))
        if obj is not None and may_write:
            fieldsets.append(("Why", {"fields": [REASON_FIELD, SEEN_FIELD]}))
        return fieldsets

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, _REFUSAL, "")
        form.is_change = obj is not None
        form.seen_now = self._newest_event(request, obj) if obj is not None else 0
        form.page_rows = self._rows(request, obj) if obj is not None else {}
        form.completion = self._completion(request, obj) if obj is not None and is_completable(type(obj)) else ""
        return form

    def _rows(self, request: HttpRequest, obj: Model) -> dict[type[Model], list[str]]:
        known = request.__dict__.setdefault("_desk_rows", {})
        if (type(obj), obj.pk) not in known:
            known[type(obj), obj.pk] = self.page_rows(obj)
        rows: dict[type[Model], list[str]] = known[type(obj), obj.pk]
        return rows

    def _completion(self, request: HttpRequest, obj: Model) -> str:
        known = request.__dict__.setdefault("_desk_completion", {})
        if (type(obj), obj.pk) not in known:
            known[type(obj), obj.pk] = completion_of(obj)
        return str(known[type(obj), obj.pk])

    def _newest_event(self, request: HttpRequest, obj: Model) -> int:
        # Django builds the form class several times per page; the answer holds for the request.
        known = request.__dict__.setdefault("_desk_newest_event", {})
        if (type(obj), obj.pk) not in known:
            known[type(obj), obj.pk] = self._read_newest_event(request, obj)
        return int(known[type(obj), obj.pk])

    def _read_newest_event(self, request: HttpRequest, obj: Model) -> int:
        if request.method == "POST":
            # Locked until the end of the request: two editors of one page pass here one after the other.
            type(obj)._default_manager.select_for_update(of=("self",)).filter(pk=obj.pk).first()
        return last_event_id(obj, self._rows(request, obj))

    def page_rows(self, obj: Model) -> dict[type[Model], list[str]]:
        """Keys of the rows that are edited on this record's page, by model."""
        rows: dict[type[Model], list[str]] = {}
        for inline in self.inlines:
            for field in inline.model._meta.concrete_fields:
                if field.remote_field is not None and field.remote_field.model is obj._meta.concrete_model:
                    found = inline.model._default_manager.filter(**{field.name: obj.pk}).order_by()
                    rows[inline.model] = [str(key) for key in found.values_list("pk", flat=True)[:1000]]
                    break
        return rows

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the rows; then what was said about them and the record: kept warnings, complete or not."""
        super().save_related(request, form, formsets, change)
        who = {"actor": request.user.get_username()}
        why = request.POST.get(WARNING_FIELD, "").strip()
        for one in (form, *(row for formset in formsets for row in formset.forms)):
            if getattr(one, "warnings", ()):
                keep_warnings(one.instance, one.warnings, reason=why, **who)
        if COMPLETION_FIELD in form.cleaned_data:
            mark(form.instance, form.cleaned_data[COMPLETION_FIELD], reason=current_reason(), **who)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show what the database refused as an error of the form instead of an error page."""
        if request.method != "POST":
            answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
            return answer
        try:
            with transaction.atomic():
                answer = super().changeform_view(request, object_id, form_url, extra_context)
        except OperationalError:
            raise
        except DatabaseError as error:
            setattr(request, _REFUSAL, sentence_of(error))
        except ValidationError as error:
            setattr(request, _REFUSAL, " ".join(error.messages))
        else:
            return answer
        again: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        return again

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Repeat the sentences of rows on top: the theme's row templates leave some of them out."""
        page, form = context["inline_admin_formsets"], context["adminform"].form
        bound = [inline for inline in page if inline.formset.is_bound]
        context["row_errors"] = [
            f"{str(inline.opts.opts.verbose_name).capitalize()} {number}: {sentence}"
            for inline in bound
            for number, row in enumerate(inline.formset.forms, start=1)
            for sentence in row.non_field_errors()
        ] + [sentence for inline in bound for sentence in inline.formset.non_form_errors()]
        rows = [row for inline in bound for row in inline.formset.forms]
        context["soft_warnings"] = [said for row in (form, *rows) for said in _named(row)]
        context["warning_reason"] = request.POST.get(WARNING_FIELD, "")
        obj = context.get("original")
        if obj is not None and isinstance(form, ReasonedForm):
            with_history(form, obj)
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return answer

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show the audit trail of the record and of the rows on its page."""
        obj = self.get_object(request, object_id)
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {obj}",
            "subtitle": None,
            "entries": history_of(obj, self._rows(request, obj)),
            "module_name": str(self.opts.verbose_name_plural),
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        return TemplateResponse(request, self.object_history_template, context)

    # The audit trail says who did what; a second list of actions could only differ from it.
    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """Nothing: see the audit trail."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """Nothing: see the audit trail."""


class ReadOnlyAdmin(DeskAdmin):
    """Records that are made by the system and looked at here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
