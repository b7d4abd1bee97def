"""Endpoint report of a study: the current answers with their reasons and evidence."""

import math
from typing import Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cart.actions.endpoints import current_results, stale_subjects
from cart.api.errors import refusals
from cart.api.query import StrictQuery
from cart.api.studies import ENDPOINT_ROLES, STUDY, study_with_endpoints
from cart.models import EndpointResult, Study, Subject
from cart.scoping import visible_to

PAGE_SIZE = 500
MAX_PAGE_SIZE = 5_000


class AnswerSerializer(serializers.Serializer[Any]):
    """One answer."""

    id = serializers.IntegerField(help_text="Key of the answer; `after` takes the last one of a page.")
    subject = serializers.CharField(help_text="Code of the subject.")
    endpoint = serializers.CharField(help_text="Code of the endpoint, e.g. BCDEPL.")
    label = serializers.CharField(help_text="Name of the endpoint.")
    version = serializers.CharField(help_text="Version of the endpoint's rule.")
    series = serializers.CharField(
        help_text="Antibody, laboratory, kit and unit; or the component of a composite; empty where there is one only."
    )
    timepoint = serializers.CharField(help_text="Code of the planned visit; empty for the whole course.")
    day = serializers.IntegerField(
        allow_null=True, help_text="Protocol day: days from time zero (Day 0); null where the answer has no day."
    )
    value = serializers.FloatField(
        allow_null=True, help_text="Answer as a number, in `unit`; null where it is not one number: see `status`."
    )
    low = serializers.FloatField(
        allow_null=True, help_text="Lower bound of a bounded answer, in `unit`; null where there is none."
    )
    high = serializers.FloatField(allow_null=True, help_text="Upper bound, in `unit`; null where there is none.")
    low_unbounded = serializers.BooleanField(help_text="True where the lower bound is minus infinity.")
    high_unbounded = serializers.BooleanField(help_text="True where the upper bound is infinity.")
    text = serializers.CharField(help_text="Answer in words; empty where there is none.")
    unit = serializers.CharField(help_text="Unit of value, low and high; empty for a pure number or words.")
    status = serializers.ChoiceField(
        choices=EndpointResult.Status.choices,
        help_text="Whether the answer is known, known within bounds, not finished, or not to be had.",
    )
    reason = serializers.CharField(
        help_text="Why there is no value, or what to know about it; never empty where not evaluable."
    )
    evidence = serializers.ListField(
        child=serializers.IntegerField(), help_text="Keys of the laboratory results it rests on."
    )
    records = serializers.ListField(
        child=serializers.CharField(), help_text="Assessments it rests on, as `table:id`; empty where it rests on none."
    )
    run = serializers.IntegerField(help_text="Key of the run that computed it.")
    evaluation = serializers.IntegerField(help_text="Key of the subject's evaluation in that run.")


class EndpointReportSerializer(serializers.Serializer[Any]):
    """A page of answers."""

    study = serializers.CharField(help_text="Code of the study.")
    generated_at = serializers.DateTimeField(help_text="When this page was made, in UTC.")
    stale_subjects = serializers.IntegerField(help_text="Subjects whose inputs are newer than these answers.")
    next_after = serializers.IntegerField(
        allow_null=True, help_text="Give it as `after` for the next page; null on the last one."
    )
    results = AnswerSerializer(many=True, help_text="The answers of this page.")


class QuerySerializer(StrictQuery):
    """Query parameters."""

    subject = serializers.CharField(required=False, help_text="Only this subject, by its code.")
    endpoint = serializers.CharField(required=False, help_text="Only this endpoint, by its code, e.g. RESET.")
    status = serializers.ChoiceField(
        choices=EndpointResult.Status.choices, required=False, help_text="Only answers of this status."
    )
    timepoint = serializers.CharField(required=False, help_text="Only this planned visit, by its code.")
    after = serializers.IntegerField(
        required=False, min_value=0, max_value=2**63 - 1, help_text="Only answers with a greater key: the next page."
    )
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_PAGE_SIZE, default=PAGE_SIZE, help_text="Answers per page."
    )


class EndpointReport(APIView):
    """Current endpoint answers of one study."""

    @extend_schema(
        operation_id="study_endpoints",
        summary="Endpoint report of a study",
        description=(
            "The newest answers of every subject that the caller may see, in key order. A member limited to a "
            "site sees the subjects of that site; a blinded assessor sees none, whatever other role the user has."
        ),
        parameters=[
            STUDY,
            QuerySerializer,
        ],
        responses={200: EndpointReportSerializer, **refusals(400, 401, 403, 404)},
        extensions=ENDPOINT_ROLES,
    )
    def get(self, request: Request, code: str) -> Response:
        """A page of answers."""
        query = QuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        study = study_with_endpoints(request, code)
        wanted = query.validated_data
        rows = self._rows(request.user, study, wanted)
        more = len(rows) > wanted["limit"]
        rows = rows[: wanted["limit"]]
        seen = visible_to(request.user, Subject.objects.filter(study=study))
        return Response(
            {
                "study": study.code,
                "generated_at": timezone.now(),
                "stale_subjects": stale_subjects(study).filter(subject__in=seen).count(),
                "next_after": rows[-1]["id"] if more else None,
                "results": [_answer(row) for row in rows],
            }
        )

    def _rows(self, user: Any, study: Study, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        names = {
            "subject": "subject__code",
            "endpoint": "definition__code",
            "status": "status",
            "timepoint": "timepoint",
        }
        chosen = Q(**{column: wanted[name] for name, column in names.items() if name in wanted})
        answers = visible_to(user, current_results(study)).filter(chosen, id__gt=wanted.get("after", 0))
        return list(answers.order_by("id").values(*_COLUMNS)[: wanted["limit"] + 1])


_COLUMNS = (
    "id",
    "subject__code",
    "definition__code",
    "definition__label",
    "definition__version",
    "series",
    "timepoint",
    "day",
    "value",
    "low",
    "high",
    "text",
    "unit",
    "status",
    "reason",
    "evidence",
    "record_evidence",
    "evaluation__run_id",
    "evaluation_id",
)
_NAMES = {
    "subject__code": "subject",
    "definition__code": "endpoint",
    "definition__label": "label",
    "definition__version": "version",
    "evaluation__run_id": "run",
    "record_evidence": "records",
    "evaluation_id": "evaluation",
}


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    answer = {_NAMES.get(name, name): value for name, value in row.items()}
    answer["records"] = answer["records"] or []
    # JSON has no infinity: the bound is null and a flag says why.
    for end in ("low", "high"):
        unbounded = answer[end] is not None and math.isinf(answer[end])
        answer[f"{end}_unbounded"] = unbounded
        if unbounded:
            answer[end] = None
    return answer
