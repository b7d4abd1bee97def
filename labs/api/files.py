"""A laboratory's file sent by a program, and what became of it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cart.api.errors import refusals
from cart.api.query import StrictQuery
from cart.models import Study
from cart.scoping import visible_to
from labs.actions.raw_files import RawFileError
from labs.actions.receive import IMPORT, request_import
from labs.models import Laboratory, Transfer
from labs.scoping import IMPORTING_ROLES, importable_studies
from trialsite.jobs.models import Job

_MEGABYTE = 1_000_000
_ROLES = {"x-roles": [role.value for role in sorted(IMPORTING_ROLES)]}
_STUDY = OpenApiParameter("code", str, OpenApiParameter.PATH, description="Code of the study.")
_STATES = {Job.State.QUEUED: "waiting", Job.State.RUNNING: "running", Job.State.DONE: "done", Job.State.DEAD: "failed"}
MAX_PAGE_SIZE = 5_000


class FileSerializer(serializers.Serializer[Any]):
    """A file and why it comes."""

    file = serializers.FileField(help_text="The laboratory's file as it is; its declared layout says how it is read.")
    reason = serializers.CharField(max_length=200, help_text="Why it comes, e.g. `delivery of 3 March`; kept.")
    check_only = serializers.BooleanField(default=False, help_text="Check and report; store no results.")

    def validate_file(self, file: Any) -> Any:
        """Refuse more than one request should carry."""
        if file.size > settings.API_FILE_LIMIT:
            raise serializers.ValidationError(
                f"A file has at most {settings.API_FILE_LIMIT // _MEGABYTE} MB; found {file.size // _MEGABYTE} MB. "
                "Import it on the server with manage.py import_labs. [file-too-large]"
            )
        return file


class RowCountsSerializer(serializers.Serializer[Any]):
    """Rows of a file by what became of them."""

    rows = serializers.IntegerField(help_text="Rows of the file; the sum of applied, duplicate, quarantined, refused.")
    applied = serializers.IntegerField(help_text="Stored.")
    corrected = serializers.IntegerField(help_text="Of the applied ones, those that superseded a value.")
    duplicate = serializers.IntegerField(help_text="Said what is stored already.")
    quarantined = serializers.IntegerField(help_text="Wait until what kept them back is mended.")
    refused = serializers.IntegerField(help_text="Not taken; of a refused file all of its rows.")
    with_findings = serializers.IntegerField(help_text="Rows that broke a rule themselves.")
    findings = serializers.IntegerField(help_text="Findings in all; a row may have several.")
    vanished = serializers.IntegerField(help_text="Rows of earlier files that a cumulative file no longer holds.")
    specimens_corrected = serializers.IntegerField(
        help_text="Specimens of earlier files of which this one gives another condition, time or visit."
    )


class ImportReportSerializer(serializers.Serializer[Any]):
    """What became of a file."""

    number = serializers.IntegerField(help_text="Number of the import's job.")
    state = serializers.ChoiceField(
        choices=["waiting", "running", "done", "failed"], help_text="State of the job that imports the file."
    )
    outcome = serializers.ChoiceField(
        choices=["", "accepted", "repeated", "refused", "checked", "unreadable"],
        help_text=(
            "Empty until done. `repeated`: this very file was accepted before; `checked`: nothing was to be stored; "
            "`unreadable`: the laboratory's layout is incomplete."
        ),
    )
    message = serializers.CharField(help_text="The report's first line; of a failed job its error.")
    transfer = serializers.CharField(help_text="Number of the transfer, e.g. `T-0007`; empty where there is none.")
    rows = RowCountsSerializer(allow_null=True, help_text="Rows by what became of them; null until done.")
    report = serializers.CharField(help_text="Address of this report: ask again until the state is done or failed.")
    findings = serializers.CharField(help_text="Address of the transfer's reported rows; empty where there is none.")


class ReportedRowSerializer(serializers.Serializer[Any]):
    """A row that was not simply applied, with the rule it met."""

    id = serializers.IntegerField(help_text="Key of the finding; `after` takes the last one of a page.")
    line = serializers.IntegerField(help_text="Line in the file (column names = 1), or number of the record.")
    column = serializers.CharField(help_text="Column of the file; empty where the whole row is meant.")
    rule = serializers.CharField(help_text="Code of the rule.")
    found = serializers.CharField(help_text="What was found.")
    expected = serializers.CharField(help_text="What must hold.")
    outcome = serializers.CharField(help_text="`refused` or `quarantined`.")


class ReportedRowsSerializer(serializers.Serializer[Any]):
    """A page of reported rows."""

    transfer = serializers.CharField(help_text="Number of the transfer.")
    next_after = serializers.IntegerField(
        allow_null=True, help_text="Give it as `after` for the next page; null on the last one."
    )
    results = ReportedRowSerializer(many=True, help_text="The reported rows of this page, by key.")


class RowsQuerySerializer(StrictQuery):
    """Query parameters."""

    after = serializers.IntegerField(
        required=False, min_value=0, max_value=2**63 - 1, default=0, help_text="Only findings with a greater key."
    )
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_PAGE_SIZE, default=500, help_text="Findings per page."
    )


class LaboratoryFiles(APIView):
    """Files of one laboratory for one study."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="send_laboratory_file",
        summary="Send a laboratory's file",
        description=(
            "Keeps the file and imports it in the background, as `import_labs` would: by the laboratory's layout, all "
            "or nothing unless its agreement allows quarantine. The same file again is a no-op."
        ),
        parameters=[_STUDY, OpenApiParameter("laboratory", str, OpenApiParameter.PATH, description="Its code.")],
        request={"multipart/form-data": FileSerializer},
        responses={202: ImportReportSerializer, **refusals(400, 401, 403, 404)},
        extensions=_ROLES,
    )
    def post(self, request: Request, code: str, laboratory: str) -> Response:
        """Take a file."""
        study = _study(request, code)
        known = Laboratory.objects.filter(code=laboratory).first()
        if known is None:
            raise exceptions.NotFound(
                f"A file is one of a known laboratory; found {laboratory!r}. Correct the code. [unknown-laboratory]"
            )
        given = FileSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        file = given.validated_data["file"]
        try:
            job = request_import(
                study=study,
                laboratory=known,
                path=Path(file.temporary_file_path()),
                file_name=file.name,
                check_only=given.validated_data["check_only"],
                actor=request.user.get_username(),
                reason=given.validated_data["reason"],
            )
        except RawFileError as error:
            raise serializers.ValidationError({"file": [str(error)]}) from error
        return Response(_report(job, code), status=202)


class ImportReport(APIView):
    """One import."""

    @extend_schema(
        operation_id="import_report",
        summary="What became of a file",
        description="State of an import and, once it is done, its report with the rows by what became of them.",
        parameters=[
            _STUDY,
            OpenApiParameter("number", str, OpenApiParameter.PATH, description="Number of the import's job."),
        ],
        responses={200: ImportReportSerializer, **refusals(401, 403, 404)},
        extensions=_ROLES,
    )
    def get(self, request: Request, code: str, number: str) -> Response:
        """The report."""
        study = _study(request, code)
        wanted = _whole_number(number)
        job = Job.objects.filter(pk=wanted, kind=IMPORT, payload__study=study.pk).first()
        if job is None:
            raise exceptions.NotFound("The study has no such import; correct the number.")
        return Response(_report(job, code))


class TransferRows(APIView):
    """Reported rows of one transfer."""

    @extend_schema(
        operation_id="transfer_rows",
        summary="Rows of a file that were not applied",
        description="Findings of a transfer with line, column and rule, in key order.",
        parameters=[
            _STUDY,
            OpenApiParameter("number", str, OpenApiParameter.PATH, description="Number of the transfer, e.g. T-0007."),
            RowsQuerySerializer,
        ],
        responses={200: ReportedRowsSerializer, **refusals(400, 401, 403, 404)},
        extensions=_ROLES,
    )
    def get(self, request: Request, code: str, number: str) -> Response:
        """A page of findings."""
        study = _study(request, code)
        query = RowsQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        transfer = Transfer.objects.filter(study=study, pk=_whole_number(number.removeprefix("T-"))).first()
        if transfer is None:
            raise exceptions.NotFound("The study has no such transfer; correct the number.")
        wanted = query.validated_data
        names = tuple(ReportedRowSerializer().fields)
        rows = list(transfer.rows.filter(id__gt=wanted["after"]).order_by("id").values(*names)[: wanted["limit"] + 1])
        more, rows = len(rows) > wanted["limit"], rows[: wanted["limit"]]
        return Response({"transfer": str(transfer), "next_after": rows[-1]["id"] if more else None, "results": rows})


def _study(request: Request, code: str) -> Study:
    """The study, where the caller may bring files into it; else what the caller may know of why not."""
    study = importable_studies(request.user).filter(code=code).first()
    if study is not None:
        return study
    if visible_to(request.user, Study.objects.filter(code=code)).exists():
        raise exceptions.PermissionDenied(
            "A data manager or administrator of the whole study brings files into it; the user is none. Ask the "
            "study's administrator. [role-without-imports]"
        )
    raise exceptions.NotFound(
        f"The study exists and the user has a membership in it; found {code!r}. Correct the code, or ask for a "
        "membership. [unknown-study]"
    )


def _whole_number(text: str) -> int:
    """The number in an address; one that none can have where there is no such number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _report(job: Job, code: str) -> dict[str, Any]:
    result = job.result or {}
    transfer = result.get("transfer", "")
    return {
        "number": job.pk,
        "state": _STATES[Job.State(job.state)],
        "outcome": result.get("outcome", ""),
        "message": result.get("message", job.error if job.state == Job.State.DEAD else ""),
        "transfer": transfer,
        "rows": result.get("rows") or None,
        "report": reverse("import-report", args=[code, job.pk]),
        "findings": reverse("transfer-rows", args=[code, transfer]) if transfer else "",
    }
