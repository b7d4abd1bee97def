"""Data cuts of a study: listed, taken, and the endpoint tables as an archive."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cart.actions.cut_endpoints import request_cut_endpoints
from cart.actions.cuts import CUTTING_ROLES, take_cut
from cart.actions.endpoint_tables import archive, live_tables, tables_as_of
from cart.api.errors import refusals
from cart.api.query import StrictQuery
from cart.api.studies import ENDPOINT_ROLES, STUDY, study_with_endpoints
from cart.codes_runs import CutError
from cart.models import DataCut, Study
from cart.scoping import visible_to, whole_studies

_CUTTING: dict[str, Any] = {"x-roles": [role.value for role in sorted(CUTTING_ROLES)]}


class CutTableSerializer(serializers.Serializer[Any]):
    """One table of a cut's manifest."""

    table_name = serializers.CharField(help_text="Name of the table.")
    rows = serializers.IntegerField(help_text="Rows of the study as the cut has them.")
    sha256 = serializers.CharField(help_text="SHA-256 of these rows.")


class CutSerializer(serializers.Serializer[Any]):
    """A cut."""

    name = serializers.CharField(help_text="Name of the cut.")
    purpose = serializers.CharField(help_text="What it was taken for.")
    taken_at = serializers.DateTimeField(help_text="When it was taken, in UTC.")
    taken_by = serializers.CharField(help_text="Who took it.")
    snapshot = serializers.CharField(help_text="Snapshot of PostgreSQL: what was committed.")
    runs = serializers.ListField(child=serializers.IntegerField(), help_text="Runs that computed its endpoints.")
    tables = CutTableSerializer(many=True, help_text="Manifest; empty until its job has ended.")


class CutsSerializer(serializers.Serializer[Any]):
    """Cuts of a study."""

    study = serializers.CharField(help_text="Code of the study.")
    results = CutSerializer(many=True, help_text="Cuts, newest first.")


class NewCutSerializer(serializers.Serializer[Any]):
    """A cut to be taken."""

    name = serializers.CharField(max_length=60, help_text="Letters, digits, '.', '_' and '-'; new in the study.")
    purpose = serializers.CharField(max_length=300, help_text="What it is taken for; kept.")
    endpoints = serializers.BooleanField(default=True, help_text="Compute its endpoints too, by a job.")


class TablesQuerySerializer(StrictQuery):
    """Query parameters."""

    cut = serializers.CharField(required=False, help_text="Name of a data cut; without it what is there now.")


class Cuts(APIView):
    """Cuts of a study."""

    @extend_schema(
        operation_id="study_cuts",
        summary="Data cuts of a study",
        description="Every cut with its manifest, for members of the whole study.",
        parameters=[STUDY],
        responses={200: CutsSerializer, **refusals(401, 403, 404)},
        extensions=ENDPOINT_ROLES,
    )
    def get(self, request: Request, code: str) -> Response:
        """The cuts."""
        study = study_with_endpoints(request, code)
        cuts = visible_to(request.user, DataCut.objects.filter(study=study)).prefetch_related("runs", "tables")
        return Response({"study": study.code, "results": [_cut(cut) for cut in cuts.order_by("-pk")]})

    @extend_schema(
        operation_id="take_cut",
        summary="Take a data cut",
        description="A cut of what is committed now; its manifest and its endpoints follow by jobs.",
        parameters=[STUDY],
        request=NewCutSerializer,
        responses={201: CutSerializer, **refusals(400, 401, 403, 404)},
        extensions=_CUTTING,
    )
    def post(self, request: Request, code: str) -> Response:
        """Take one."""
        study = study_with_endpoints(request, code)
        if not whole_studies(request.user, roles=CUTTING_ROLES).filter(pk=study.pk).exists():
            raise exceptions.PermissionDenied(
                "A data manager, statistician or administrator of the whole study takes a cut. [role-without-cuts]"
            )
        given = NewCutSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted, actor = given.validated_data, request.user.get_username()
        reason = f"data cut: {wanted['purpose']}"
        try:
            cut = take_cut(study=study, name=wanted["name"], purpose=wanted["purpose"], actor=actor, reason=reason)
        except ValidationError as error:
            found = f"found {wanted['name']!r}: {' '.join(error.messages)}"
            raise serializers.ValidationError(
                {"name": [f"A cut needs a new, plain name; {found} [cut-name]"]}
            ) from error
        if wanted["endpoints"]:
            request_cut_endpoints(cut=cut, actor=actor, reason=reason)
        return Response(_cut(cut), status=201)


class EndpointArchive(APIView):
    """Endpoint tables as one archive. Outside of the request's transaction: reading as of a moment opens its own."""

    @extend_schema(
        operation_id="endpoint_tables",
        summary="Endpoint tables of a study",
        description=(
            "ZIP of `endpoints`, `subjects`, `dictionary` as CSV and Parquet with `manifest.json`, as "
            "`export_endpoints` writes them, for members of the whole study. The same run of a cut, the same bytes."
        ),
        parameters=[STUDY, TablesQuerySerializer],
        responses={(200, "application/zip"): OpenApiTypes.BINARY, **refusals(400, 401, 403, 404)},
        extensions=ENDPOINT_ROLES,
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        """The archive."""
        study = study_with_endpoints(request, code)
        query = TablesQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        if not whole_studies(request.user).filter(pk=study.pk).exists():
            raise exceptions.PermissionDenied(
                "The tables hold every subject; they are for members of the whole study. [role-of-one-site]"
            )
        name = query.validated_data.get("cut", "")
        made = live_tables(study) if not name else self._of_cut(request, study, name)
        headers = {"Content-Disposition": f'attachment; filename="{made.study}-{made.source}.zip"'}
        return HttpResponse(archive(made), content_type="application/zip", headers=headers)

    def _of_cut(self, request: Request, study: Study, name: str) -> Any:
        cut = visible_to(request.user, DataCut.objects.filter(study=study, name=name).select_related("study")).first()
        if cut is None:
            raise exceptions.NotFound(f"Study {study.code} has no cut {name!r}. [unknown-cut]")
        try:
            return tables_as_of(cut)
        except CutError as error:
            sentence = f"The endpoints of {cut} are not computed yet; wait until its run is complete."
            raise serializers.ValidationError({"cut": [f"{sentence} [cut-without-endpoints]"]}) from error


def _cut(cut: DataCut) -> dict[str, Any]:
    return {
        "name": cut.name,
        "purpose": cut.purpose,
        "taken_at": cut.taken_at,
        "taken_by": cut.taken_by,
        "snapshot": cut.snapshot,
        "runs": sorted(run.pk for run in cut.runs.all()),
        "tables": [
            {"table_name": table.table_name, "rows": table.rows, "sha256": table.sha256}
            for table in cut.tables.order_by("table_name")
        ],
    }
