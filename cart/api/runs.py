"""Runs of a study with their progress, and the diff report of one."""

import math
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cart.api.errors import refusals
from cart.api.query import StrictQuery
from cart.api.studies import ENDPOINT_ROLES, STUDY, study_with_endpoints
from cart.datasets.differences import differences_between, differences_of_run
from cart.models import Run, Study, Subject
from cart.scoping import visible_to

MAX_PAGE_SIZE = 5_000
_NUMBER = 2**63 - 1


class RunSerializer(serializers.Serializer[Any]):
    """One run."""

    run = serializers.IntegerField(help_text="Key of the run.")
    cut = serializers.CharField(help_text="Name of its data cut; empty of the study as it was going on.")
    started_at = serializers.DateTimeField(help_text="When it began, in UTC.")
    code_version = serializers.CharField(help_text="Version of Trialsite that computed it.")
    subjects_seen = serializers.IntegerField(help_text="Subjects looked at, or to be looked at by its parts.")
    subjects_changed = serializers.IntegerField(help_text="Subjects with new answers.")
    parts = serializers.IntegerField(help_text="Parts it was divided into; 0: made in one piece.")
    parts_ended = serializers.IntegerField(help_text="Parts that have ended; the run is complete when all have.")
    definitions_digest = serializers.CharField(help_text="SHA-256 of all definition versions.")
    parameters_digest = serializers.CharField(help_text="SHA-256 of every parameter in force.")


class RunsSerializer(serializers.Serializer[Any]):
    """A page of runs."""

    study = serializers.CharField(help_text="Code of the study.")
    next_before = serializers.IntegerField(
        allow_null=True, help_text="Give it as `before` for the next page; null on the last one."
    )
    results = RunSerializer(many=True, help_text="Runs, newest first.")


class RunsQuerySerializer(StrictQuery):
    """Query parameters."""

    before = serializers.IntegerField(
        required=False, min_value=0, max_value=_NUMBER, default=_NUMBER, help_text="Only runs with a smaller key."
    )
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_PAGE_SIZE, default=100, help_text="Runs per page."
    )


class SideSerializer(serializers.Serializer[Any]):
    """An answer on one side of a difference."""

    value = serializers.FloatField(allow_null=True, help_text="Answer as a number; null where it is none.")
    text = serializers.CharField(allow_null=True, help_text="Answer in words; null without an answer on this side.")
    unit = serializers.CharField(allow_null=True, help_text="Unit of value, low and high.")
    low = serializers.FloatField(allow_null=True, help_text="Lower bound; null where there is none.")
    high = serializers.FloatField(allow_null=True, help_text="Upper bound; null where there is none, or infinite.")
    day = serializers.IntegerField(allow_null=True, help_text="Protocol day; null where no day decided.")
    status = serializers.CharField(allow_null=True, help_text="Status; null without an answer on this side.")
    reason = serializers.CharField(allow_null=True, help_text="Why there is no value, or what to know about it.")
    version = serializers.CharField(allow_null=True, help_text="Version of the endpoint's rule.")
    evaluation = serializers.IntegerField(help_text="Key of the evaluation.")


class DifferenceSerializer(serializers.Serializer[Any]):
    """One answer that differs."""

    subject = serializers.CharField(help_text="Code of the subject, of its source where it has one.")
    endpoint = serializers.CharField(help_text="Code of the endpoint.")
    label = serializers.CharField(help_text="Name of the endpoint.")
    series = serializers.CharField(help_text="Series or component; empty where there is one only.")
    timepoint = serializers.CharField(help_text="Code of the planned visit; empty for the whole course.")
    old = SideSerializer(help_text="What was answered before.")
    new = SideSerializer(help_text="What is answered after.")
    moved = serializers.CharField(
        help_text=(
            "Which input moved: laboratory rows of which analytes, therapy, infusion, parameter, definition; `; ` "
            "between several."
        )
    )


class DifferencesSerializer(serializers.Serializer[Any]):
    """A page of the diff report."""

    study = serializers.CharField(help_text="Code of the study.")
    run = serializers.IntegerField(help_text="Key of the run.")
    before = serializers.IntegerField(allow_null=True, help_text="Run it is compared with; null: what was before it.")
    total = serializers.IntegerField(help_text="Differences in all.")
    next_skip = serializers.IntegerField(
        allow_null=True, help_text="Give it as `skip` for the next page; null on the last one."
    )
    results = DifferenceSerializer(many=True, help_text="By subject, endpoint, series and timepoint.")


class DifferencesQuerySerializer(StrictQuery):
    """Query parameters."""

    before = serializers.IntegerField(
        required=False, min_value=1, max_value=_NUMBER, help_text="Another run to compare with."
    )
    subject = serializers.CharField(required=False, help_text="Only this subject, by its code.")
    skip = serializers.IntegerField(
        required=False, min_value=0, max_value=_NUMBER, default=0, help_text="Differences to leave out: the next page."
    )
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_PAGE_SIZE, default=500, help_text="Differences per page."
    )


class Runs(APIView):
    """Runs of a study."""

    @extend_schema(
        operation_id="study_runs",
        summary="Runs of a study",
        description="Computations of the endpoints with their progress, for members of the whole study.",
        parameters=[STUDY, RunsQuerySerializer],
        responses={200: RunsSerializer, **refusals(400, 401, 403, 404)},
        extensions=ENDPOINT_ROLES,
    )
    def get(self, request: Request, code: str) -> Response:
        """A page of runs."""
        study = study_with_endpoints(request, code)
        query = RunsQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        chosen = visible_to(request.user, Run.objects.filter(study=study, pk__lt=wanted["before"]))
        runs = list(chosen.with_progress().select_related("cut").order_by("-pk")[: wanted["limit"] + 1])
        more, runs = len(runs) > wanted["limit"], runs[: wanted["limit"]]
        return Response(
            {"study": study.code, "next_before": runs[-1].pk if more else None, "results": [_run(run) for run in runs]}
        )


class Differences(APIView):
    """Diff report of one run."""

    @extend_schema(
        operation_id="run_differences",
        summary="What a run changed",
        description=(
            "Every answer that differs between the run's evaluations and those in force before it, or another run, "
            "with the input that moved. Nothing is overwritten: both answers stay stored."
        ),
        parameters=[
            STUDY,
            OpenApiParameter("run", str, OpenApiParameter.PATH, description="Key of the run."),
            DifferencesQuerySerializer,
        ],
        responses={200: DifferencesSerializer, **refusals(400, 401, 403, 404)},
        extensions=ENDPOINT_ROLES,
    )
    def get(self, request: Request, code: str, run: str) -> Response:
        """A page of differences."""
        study = study_with_endpoints(request, code)
        query = DifferencesQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        after = _chosen(request, study, int(run) if run.isascii() and run.isdigit() and len(run) < 19 else -1)
        ids = None
        if "subject" in wanted:
            ids = list(Subject.objects.filter(study=study, code=wanted["subject"]).values_list("pk", flat=True))
        if "before" in wanted:
            found = differences_between(_chosen(request, study, wanted["before"]), after, subject_ids=ids)
        else:
            found = differences_of_run(after, subject_ids=ids)
        page = found.slice(wanted["skip"], wanted["limit"])
        following = wanted["skip"] + page.height
        return Response(
            {
                "study": study.code,
                "run": after.pk,
                "before": wanted.get("before"),
                "total": found.height,
                "next_skip": following if following < found.height else None,
                "results": [_difference(row) for row in page.iter_rows(named=True)],
            }
        )


def _chosen(request: Request, study: Study, number: int) -> Run:
    run = visible_to(request.user, Run.objects.filter(study=study, pk=number)).first()
    if run is None:
        raise exceptions.NotFound(f"Study {study.code} has no such run among yours. [unknown-run]")
    return run


def _run(run: Any) -> dict[str, Any]:
    return {
        "run": run.pk,
        "cut": run.cut.name if run.cut else "",
        "started_at": run.started_at,
        "code_version": run.code_version,
        "subjects_seen": run.subjects_seen,
        "subjects_changed": run.subjects_changed + run.changed_in_parts,
        "parts": run.part_count,
        "parts_ended": run.parts_ended,
        "definitions_digest": run.definitions_digest,
        "parameters_digest": run.parameters_digest,
    }


def _difference(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "subject": row["USUBJID"],
        "endpoint": row["PARAMCD"],
        "label": row["PARAM"],
        "series": row["SERIES"],
        "timepoint": row["AVISIT"],
        "old": _side(row, "OLD"),
        "new": _side(row, "NEW"),
        "moved": row["MOVED"],
    }


def _side(row: dict[str, Any], side: str) -> dict[str, Any]:
    return {
        "value": row[f"{side}VAL"],
        "text": row[f"{side}VALC"],
        "unit": row[f"{side}UNIT"],
        "low": _finite(row[f"{side}LOW"]),
        "high": _finite(row[f"{side}HIGH"]),
        "day": row[f"{side}DY"],
        "status": row[f"{side}STAT"],
        "reason": row[f"{side}REAS"],
        "version": row[f"{side}VER"],
        "evaluation": row[f"{side}EVAL"],
    }


def _finite(bound: float | None) -> float | None:
    # JSON has no infinity.
    return None if bound is None or math.isinf(bound) else bound
