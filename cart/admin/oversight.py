"""Jobs, the audit trail and accounts: what the foundation keeps, for those who watch over it."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from cart.admin.desk import DeskAdmin, ReadOnlyAdmin, request_roles
from cart.admin.forms import ReasonedForm
from cart.admin.history import field_label
from cart.models import Role, Study
from cart.scoping import writable_by
from trialsite.accounts.models import User
from trialsite.audit.context import acting
from trialsite.audit.middleware import REASON_FIELD
from trialsite.audit.models import AuditEvent
from trialsite.jobs.models import Job
from trialsite.jobs.queue import retry_job

JOB_ROLES = frozenset({Role.DATA_MANAGER, Role.STUDY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR})


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Work done in the background. A dead letter waits here until somebody retries it."""

    list_display = ("id", "kind", "state", "attempt", "requested_by", "queued_at", "finished_at", "error_line")
    list_filter = ("state", "kind")
    search_fields = ("kind", "requested_by", "error")
    actions = ("retry_dead_letters",)
    actions_detail = ("retry",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool((request.user.is_active and request.user.is_superuser) or request_roles(request) & JOB_ROLES)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """Jobs of the studies that the user looks after."""
        jobs = Job.objects.all()
        if request.user.is_superuser:
            return jobs
        studies = writable_by(request.user, Study.objects.all(), roles=JOB_ROLES)
        return jobs.filter(payload__study__in=list(studies.values_list("pk", flat=True)))

    @admin.display(description="Last error")
    def error_line(self, obj: Job) -> str:
        """First line of the error."""
        return obj.error.splitlines()[0][:160] if obj.error else ""

    @admin.action(description="Retry dead letters", permissions=["view"])
    def retry_dead_letters(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        """Ask why, then bring the chosen dead letters back into the queue."""
        reason = request.POST.get(REASON_FIELD, "").strip()
        if not reason:
            return self._ask_why(request, queryset)
        actor = request.user.get_username()
        retried = [job.pk for job in queryset if retry_job(job.pk, actor=actor, reason=reason)]
        level = messages.SUCCESS if retried else messages.WARNING
        self.message_user(request, f"{len(retried)} of {len(queryset)} jobs wait again; others were not dead.", level)
        return None

    def has_retry_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """A dead letter of the user's studies."""
        return self.get_queryset(request).filter(pk=object_id, state=Job.State.DEAD).exists()

    @action(description="Retry", url_path="retry", permissions=["retry"])
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same for one job, from its page."""
        reason = request.POST.get(REASON_FIELD, "").strip()
        if not reason:
            return self._ask_why(request, self.get_queryset(request).filter(pk=object_id))
        if retry_job(int(object_id), actor=request.user.get_username(), reason=reason):
            self.message_user(request, f"Job {object_id} waits again.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:jobs_job_change", args=[object_id]))

    def _ask_why(self, request: HttpRequest, jobs: QuerySet[Job]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Retry dead letters",
            "jobs": jobs.filter(state=Job.State.DEAD),
            "opts": self.opts,
            "asked": "apply" in request.POST,
        }
        return TemplateResponse(request, "cart/retry_jobs.html", context)


class TableFilter(admin.SimpleListFilter):
    """Events of one kind of record."""

    title = "record"
    parameter_name = "record"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        tables = {
            model._meta.db_table: str(model._meta.verbose_name)
            for label in ("cart", "labs", "accounts", "jobs")
            for model in apps.get_app_config(label).get_models()
            if not model._meta.proxy
        }
        return sorted(tables.items(), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(table_name=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Every change of every record, for superusers; others read the history of the records they see."""

    list_display = ("at", "actor", "operation", "table_name", "row_id", "reason")
    list_filter = (TableFilter, "operation")
    list_select_related = ("context",)
    search_fields = ("=row_id", "=context__actor")
    fields = ("at", "actor", "reason", "operation", "table_name", "row_id", "request_name", "changes")
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    @admin.display(description="Time (UTC)")
    def at(self, obj: AuditEvent) -> Any:
        """When."""
        return obj.context.at

    @admin.display(description="Actor")
    def actor(self, obj: AuditEvent) -> str:
        """Who."""
        return obj.context.actor

    @admin.display(description="Reason")
    def reason(self, obj: AuditEvent) -> str:
        """Why."""
        return obj.context.reason

    @admin.display(description="Request or job")
    def request_name(self, obj: AuditEvent) -> str:
        """In which request or job."""
        return obj.context.request

    @admin.display(description="Changes")
    def changes(self, obj: AuditEvent) -> str:
        """Each column, old and new."""
        models = {model._meta.db_table: model for model in apps.get_models() if not model._meta.proxy}
        model = models.get(obj.table_name)
        rows = [
            (field_label(model, name) if model else name, "" if old is None else old, "" if new is None else new)
            for name, (old, new) in obj.changed_fields().items()
        ]
        return format_html(
            '<div class="ts-scroll"><table class="ts-table"><thead><tr><th>Field</th><th>Old</th><th>New</th></tr>'
            "</thead><tbody>{}</tbody></table></div>",
            format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows),
        )


class ReasonedUserForm(ReasonedForm, UserChangeForm):
    """Account form that asks why."""


@admin.register(User)
class UserAdmin(DeskAdmin, DjangoUserAdmin):
    """Accounts, for superusers. They are deactivated, never deleted."""

    form = ReasonedUserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("username", "first_name", "last_name", "email")
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": (("first_name", "last_name"), "email")}),
        ("Sign-in", {"fields": (("is_active", "is_staff", "is_superuser"), ("last_login", "date_joined"))}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Every account; permission decides who gets here."""
        return User.objects.all()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            return DjangoUserAdmin.get_form(self, request, obj, form=self.add_form, **kwargs)
        return super().get_form(request, obj, change=change, **kwargs)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set somebody's password; the act itself is the reason."""
        with acting(reason="password set by a superuser"):
            answer: HttpResponse = super().user_change_password(request, id, form_url)
        return answer

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Study administrators choose users when they enter a membership.
        may_choose = Role.STUDY_ADMINISTRATOR in request_roles(request) and self._is_choosing(request)
        return bool(request.user.is_active and request.user.is_superuser) or may_choose

    def _is_choosing(self, request: HttpRequest) -> bool:
        return request.resolver_match is not None and request.resolver_match.url_name == "autocomplete"

    def _may_write(self, request: HttpRequest, obj: Any) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)
