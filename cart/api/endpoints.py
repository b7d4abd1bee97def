"""Endpoint report of a study: the current answers with their reasons and evidence."""

import math
from typing import Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cart.actions.endpoints import current_results, stale_subjects
from cart.api.errors import ErrorSerializer
from cart.models import EndpointResult, Study, Subject
from cart.scoping import sees_titers, visible_to

PAGE_SIZE = 500
MAX_PAGE_SIZE = 5_000


class AnswerSerializer(serializers.Serializer[Any]):
    """One answer."""

    id = serializers.IntegerField(help_text="Key of the answer; `after` takes the last one of a page.")
    subject = serializers.CharField()
    endpoint = serializers.CharField(help_text="Code of the endpoint, e.g. BCDEPL.")
    label = serializers.CharField()
    version = serializers.CharField(help_text="Version of the endpoint's rule.")
    series = serializers.CharField(help_text="Antibody, laboratory, kit and unit; or the component of a composite.")
    timepoint = serializers.CharField(help_text="Code of the planned visit; empty for the whole course.")
    day = serializers.IntegerField(allow_null=True, help_text="Protocol day: days from time zero (Day 0).")
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Lower bound of a bounded answer.")
    high = serializers.FloatField(allow_null=True, help_text="Upper bound; null where there is none.")
    low_unbounded = serializers.BooleanField(help_text="True where the lower bound is minus infinity.")
    high_unbounded = serializers.BooleanField(help_text="True where the upper bound is infinity.")
    text = serializers.CharField()
    unit = serializers.CharField()
    status = serializers.ChoiceField(choices=EndpointResult.Status.choices)
    reason = serializers.CharField(help_text="Why there is no value, or what to know about it.")
    evidence = serializers.ListField(child=serializers.IntegerField(), help_text="Laboratory results it rests on.")
    run = serializers.IntegerField()
    evaluation = serializers.IntegerField()


class EndpointReportSerializer(serializers.Serializer[Any]):
    """A page of answers."""

    study = serializers.CharField()
    generated_at = serializers.DateTimeField()
    stale_subjects = serializers.IntegerField(help_text="Subjects whose inputs are newer than these answers.")
    next_after = serializers.IntegerField(allow_null=True, help_text="Give it as `after` for the next page.")
    results = AnswerSerializer(many=True)


class QuerySerializer(serializers.Serializer[Any]):
    """Query parameters."""

    subject = serializers.CharField(required=False)
    endpoint = serializers.CharField(required=False)
    status = serializers.ChoiceField(choices=EndpointResult.Status.choices, required=False)
    timepoint = serializers.CharField(required=False)
    after = serializers.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MAX_PAGE_SIZE, default=PAGE_SIZE)

    def to_internal_value(self, data: Any) -> Any:
        """Refuse parameters that do not exist: a misspelt filter must not answer with everything."""
        unknown = sorted(set(data) - set(self.fields))
        if unknown:
            raise serializers.ValidationError(
                {name: [f"There is no such parameter; known: {', '.join(self.fields)}."] for name in unknown}
            )
        if any("\x00" in value for value in data.values()):
            raise serializers.ValidationError({"query": ["A parameter holds a NUL character."]})
        return super().to_internal_value(data)


class EndpointReport(APIView):
    """Current endpoint answers of one study."""

    @extend_schema(
        operation_id="study_endpoints",
        summary="Endpoint report of a study",
        description=(
            "The newest answers of every subject that the caller may see, in key order. A member limited to a "
            "site sees the subjects of that site."
        ),
        parameters=[
            OpenApiParameter("subject", str, description="Subject code."),
            OpenApiParameter("endpoint", str, description="Endpoint code, e.g. RESET."),
            OpenApiParameter("status", str, enum=EndpointResult.Status.values),
            OpenApiParameter("timepoint", str, description="Code of a planned visit."),
            OpenApiParameter("after", int, description="Answers after this key."),
            OpenApiParameter("limit", int, description=f"Answers per page, at most {MAX_PAGE_SIZE}."),
        ],
        responses={
            200: EndpointReportSerializer,
            400: ErrorSerializer,
            401: ErrorSerializer,
            403: ErrorSerializer,
            404: ErrorSerializer,
        },
    )
    def get(self, request: Request, code: str) -> Response:
        """A page of answers."""
        query = QuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        study = visible_to(request.user, Study.objects.filter(code=code)).first()
        if study is None:
            raise exceptions.NotFound(f"There is no study {code!r} among yours. [unknown-study]")
        if not sees_titers(request.user, study):
            raise exceptions.PermissionDenied(
                "Your role in this study does not see endpoints. [role-without-endpoints]"
            )
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
    "evaluation__run_id",
    "evaluation_id",
)
_NAMES = {
    "subject__code": "subject",
    "definition__code": "endpoint",
    "definition__label": "label",
    "definition__version": "version",
    "evaluation__run_id": "run",
    "evaluation_id": "evaluation",
}


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    answer = {_NAMES.get(name, name): value for name, value in row.items()}
    # JSON has no infinity: the bound is null and a flag says why.
    for end in ("low", "high"):
        unbounded = answer[end] is not None and math.isinf(answer[end])
        answer[f"{end}_unbounded"] = unbounded
        if unbounded:
            answer[end] = None
    return answer
