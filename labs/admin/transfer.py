"""Files of laboratories and what became of their rows, to be looked at."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.admin import TabularInline
from unfold.decorators import action

from cart.admin.desk import DeskPermissions, ReadOnlyAdmin
from cart.admin.filters import VisibleRelatedFilter
from cart.admin.forms import ReasonedFormSet
from labs.actions.code_map import NO_ASSAY, UNKNOWN_CODE, WaitingCode, import_again, map_codes, waiting_codes
from labs.actions.raw_files import RawFileError
from labs.admin.bring import Brought, Offer, accept_offer, check_file, job_page, to_job
from labs.admin.file_forms import CodesForm, FileForm
from labs.imports.layout import LayoutError
from labs.imports.report import Report
from labs.models import Transfer, TransferRow
from labs.scoping import importable_studies

NO_OFFER = (
    "A checked file is accepted within a day, by whoever checked it, in a study that is still theirs. Check it again. "
    "[offer]"
)


class TransferRowInline(DeskPermissions, TabularInline):
    """Rows that were not simply applied: line, column, rule, what was found and what was expected."""

    model = TransferRow
    formset = ReasonedFormSet
    fields = ("line", "column", "rule", "found", "expected", "outcome")
    readonly_fields = fields
    extra = 0
    per_page = 50
    writing_roles = frozenset()
    verbose_name_plural = "report: rows that were not applied"


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Transfers with their report."""

    list_display = (
        "number",
        "study",
        "laboratory",
        "file_name",
        "state",
        "rows_total",
        "rows_applied",
        "rows_duplicate",
        "rows_quarantined",
        "rows_refused",
        "received_at",
    )
    list_filter = (("study", VisibleRelatedFilter), ("laboratory", VisibleRelatedFilter), "state", "kind")
    list_select_related = ("study", "laboratory", "raw_file")
    search_fields = ("file_name", "raw_file__sha256")
    fieldsets = (
        ("File", {"fields": (("study", "laboratory"), ("file_name", "kind"), ("raw_file", "received_at"))}),
        (
            "What became of it",
            {
                "fields": (
                    ("state", "decided_at"),
                    ("rows_total", "rows_applied", "rows_corrected"),
                    ("rows_duplicate", "rows_quarantined", "rows_refused"),
                    ("rows_with_findings", "rows_vanished", "specimens_corrected"),
                )
            },
        ),
    )
    inlines = (TransferRowInline,)
    actions_list = ("bring_file",)
    actions_detail = ("name_codes",)

    @admin.display(description="Transfer", ordering="id")
    def number(self, obj: Transfer) -> str:
        """Number as the reports name it."""
        return str(obj)

    def has_import_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the user may bring files into a study, or into the study of this transfer."""
        studies = importable_studies(request.user)
        if object_id is not None:
            studies = studies.filter(transfers=object_id)
        return studies.exists()

    @action(description="Import a file", url_path="import", permissions=["import"])
    def bring_file(self, request: HttpRequest) -> HttpResponse:
        """Take a laboratory's file, show its report, and store it when it is accepted."""
        actor, brought = request.user.get_username(), Brought()
        form = FileForm(request.POST or None, request.FILES or None, user=request.user)
        if "offer" in request.POST:
            form = FileForm(user=request.user)
            offer = Offer.read(request.POST["offer"], request.user)
            brought = accept_offer(offer, actor=actor) if offer is not None else Brought(problem=NO_OFFER)
        elif request.method == "POST" and form.is_valid():
            brought = check_file(form, actor=actor)
        if brought.problem:
            messages.error(request, brought.problem)
        if brought.job is not None:
            return to_job(brought.job)
        report = brought.report
        token = brought.offer.token(request.user) if brought.offer is not None else ""
        if report is not None and report.repeated:
            token = ""
        return self._page(
            request, "labs/bring_file.html", "Import a laboratory's file", form=form, report=report, token=token
        )

    def follow(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """How far a long file is."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), **job_page(request, job_id)}
        context["title"] = f"{'Checking' if context['is_check'] else 'Importing'} {context['file_name']}"
        return TemplateResponse(request, "labs/follow_import.html", context)

    def get_urls(self) -> list[Any]:
        """Jobs are watched below the address of the import."""
        view = self.admin_site.admin_view(self.follow)
        return [path("import/<int:job_id>/", view, name="labs_transfer_follow"), *super().get_urls()]

    @action(description="Codes and kits that rows wait for", url_path="codes", permissions=["import"])
    def name_codes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say which analytes the unknown codes of a file are, and read the file again."""
        transfer = self.get_object(request, object_id)
        if transfer is None:
            raise Http404
        if transfer.kind == Transfer.Kind.SDTM:
            messages.info(request, "The codes of SDTM datasets become analytes by themselves; nothing waits here.")
            return HttpResponseRedirect(reverse("admin:labs_transfer_change", args=[transfer.pk]))
        codes = waiting_codes(transfer)
        form = CodesForm(request.POST or None, codes=codes)
        report, actor = None, request.user.get_username()
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["change_reason"]
            try:
                made = map_codes(laboratory=transfer.laboratory, codes=form.chosen(), actor=actor, reason=reason)
                report = import_again(transfer=transfer, actor=actor, reason=reason)
            except ValidationError as error:
                form.add_error(None, error)
            except (LayoutError, RawFileError) as error:
                form.add_error(None, str(error))
            else:
                counted = "1 code was" if made == 1 else f"{made} codes were"
                messages.success(request, f"{counted} mapped; the file was read again.")
                codes = waiting_codes(transfer)
                form = CodesForm(codes=codes)
        return self._page(
            request,
            "labs/name_codes.html",
            f"Codes of {transfer} ({transfer.file_name})",
            form=form,
            report=report,
            transfer=transfer,
            rows=[_row(code, form, transfer) for code in codes],
        )

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        report = context["report"]
        context["transfer_of_report"] = _transfer_of(report)
        context["waits_for_codes"] = report is not None and UNKNOWN_CODE in report.findings["rule"]
        return TemplateResponse(request, template, {**self.admin_site.each_context(request), "title": title, **context})


def _transfer_of(report: Report | None) -> Transfer | None:
    return (
        Transfer.objects.filter(pk=int(report.number.removeprefix("T-"))).first() if report and report.number else None
    )


def _row(code: WaitingCode, form: CodesForm, transfer: Transfer) -> dict[str, Any]:
    kit = ""
    if code.rule == NO_ASSAY and code.analyte is not None:
        kit = f"{reverse('admin:labs_assayversion_add')}?laboratory={transfer.laboratory_id}&analyte={code.analyte.pk}"
    return {"code": code, "field": form.field_of(code.code) if code.analyte is None else None, "add_kit": kit}


@admin.register(TransferRow)
class TransferRowAdmin(ReadOnlyAdmin):
    """Reported rows of all transfers."""

    list_display = ("transfer", "line", "column", "rule", "found", "expected", "outcome")
    list_filter = (("transfer__study", VisibleRelatedFilter), "outcome")
    list_select_related = ("transfer",)
    search_fields = ("rule", "column", "found")
