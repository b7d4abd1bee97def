"""Adverse events of a study: what was reported, with grade, seriousness, relatedness and the protocol day."""

import datetime as dt
from typing import Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cart.api.errors import refusals
from cart.api.query import StrictQuery
from cart.endpoints.timing import PartialDate
from cart.inputs import time_zero
from cart.models import AdverseEvent, Relatedness, Role, SpecialInterest, Study
from cart.models.adverse_event import SERIOUSNESS
from cart.scoping import visible_to

PAGE_SIZE = 500
MAX_PAGE_SIZE = 5_000


class EventSerializer(serializers.Serializer[Any]):
    """One adverse event."""

    id = serializers.IntegerField(help_text="Number of the event, as endpoints name it; `after` takes the last one.")
    subject = serializers.CharField(help_text="Code of the subject.")
    term = serializers.CharField(help_text="The event as reported.")
    ctcae_term = serializers.CharField(help_text="Term of the CTCAE; empty where it was not coded.")
    ctcae_version = serializers.CharField(help_text="Version of the CTCAE of the grade.")
    grade = serializers.IntegerField(help_text="Severity, 1 to 5.")
    started = serializers.CharField(help_text="Start as exactly as known: 2024, 2024-03, 2024-03-05; never completed.")
    ended = serializers.CharField(help_text="End as exactly as known; empty where there is none, or it is not known.")
    ongoing = serializers.BooleanField(help_text="True where it goes on.")
    start_day = serializers.IntegerField(
        allow_null=True,
        help_text="Protocol day of the start (Day 0 = time zero); null where the start is not known to the day, or "
        "there is no time zero.",
    )
    serious = serializers.BooleanField(help_text="By its consequences, apart from the grade.")
    seriousness = serializers.ListField(
        child=serializers.CharField(),
        help_text=f"The criteria of seriousness it meets, of {', '.join(SERIOUSNESS)}; empty where it is not serious.",
    )
    related_to_product = serializers.ChoiceField(choices=Relatedness.choices, help_text="To the CAR-T cells.")
    related_to_conditioning = serializers.ChoiceField(choices=Relatedness.choices, help_text="To conditioning.")
    related_to_chelation = serializers.ChoiceField(choices=Relatedness.choices, help_text="To chelation.")
    action = serializers.ChoiceField(
        choices=AdverseEvent.Action.choices, help_text="Action taken with the study treatment."
    )
    outcome = serializers.ChoiceField(choices=AdverseEvent.Outcome.choices, help_text="Outcome.")
    dlt = serializers.BooleanField(allow_null=True, help_text="Dose-limiting; null where not decided yet.")
    special_interest = serializers.ChoiceField(
        choices=SpecialInterest.choices, help_text="Kind of special interest; empty where it is of none."
    )


class AdverseEventReportSerializer(serializers.Serializer[Any]):
    """A page of adverse events."""

    study = serializers.CharField(help_text="Code of the study.")
    generated_at = serializers.DateTimeField(help_text="When this page was made, in UTC.")
    next_after = serializers.IntegerField(
        allow_null=True, help_text="Give it as `after` for the next page; null on the last one."
    )
    results = EventSerializer(many=True, help_text="The events of this page.")


class QuerySerializer(StrictQuery):
    """Query parameters."""

    subject = serializers.CharField(required=False, help_text="Only this subject, by its code.")
    serious = serializers.BooleanField(
        required=False, default=None, allow_null=True, help_text="Only serious events (true), or only others (false)."
    )
    min_grade = serializers.IntegerField(
        required=False, min_value=1, max_value=5, help_text="Only events of this grade or more."
    )
    special_interest = serializers.ChoiceField(
        choices=SpecialInterest.choices, required=False, help_text="Only this kind of special interest."
    )
    after = serializers.IntegerField(
        required=False, min_value=0, max_value=2**63 - 1, help_text="Only events with a greater number: the next page."
    )
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_PAGE_SIZE, default=PAGE_SIZE, help_text="Events per page."
    )


class AdverseEventReport(APIView):
    """Adverse events of one study."""

    @extend_schema(
        operation_id="study_adverse_events",
        summary="Adverse events of a study",
        description=(
            "The adverse events of every subject that the caller may see, in the order of their numbers. A member "
            "limited to a site sees the subjects of that site."
        ),
        parameters=[
            OpenApiParameter("code", str, OpenApiParameter.PATH, description="Code of the study."),
            QuerySerializer,
        ],
        responses={200: AdverseEventReportSerializer, **refusals(400, 401, 403, 404)},
        extensions={"x-roles": [role.value for role in Role]},
    )
    def get(self, request: Request, code: str) -> Response:
        """A page of events."""
        query = QuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        study = visible_to(request.user, Study.objects.filter(code=code)).first()
        if study is None:
            raise exceptions.NotFound(f"There is no study {code!r} among yours. [unknown-study]")
        wanted = query.validated_data
        rows = self._rows(request.user, study, wanted)
        more = len(rows) > wanted["limit"]
        rows = rows[: wanted["limit"]]
        zeros = time_zero(study.pk, sorted({row.subject_id for row in rows}))
        zero_of = dict(zip(zeros["subject_id"].to_list(), zeros["time_zero_on"].to_list(), strict=True))
        return Response(
            {
                "study": study.code,
                "generated_at": timezone.now(),
                "next_after": rows[-1].pk if more else None,
                "results": [_event(row, zero_of.get(row.subject_id)) for row in rows],
            }
        )

    def _rows(self, user: Any, study: Study, wanted: dict[str, Any]) -> list[AdverseEvent]:
        names = {"subject": "subject__code", "min_grade": "grade__gte", "special_interest": "special_interest"}
        chosen = Q(**{column: wanted[name] for name, column in names.items() if name in wanted})
        if wanted["serious"] is not None:
            chosen &= Q(serious=wanted["serious"])
        events = AdverseEvent.objects.filter(chosen, subject__study=study, id__gt=wanted.get("after", 0))
        return list(visible_to(user, events).select_related("subject").order_by("id")[: wanted["limit"] + 1])


_FIELDS = (
    "id",
    "term",
    "ctcae_term",
    "ctcae_version",
    "grade",
    "started",
    "ended",
    "ongoing",
    "serious",
    "related_to_product",
    "related_to_conditioning",
    "related_to_chelation",
    "action",
    "outcome",
    "dlt",
    "special_interest",
)


def _event(row: AdverseEvent, zero: dt.date | None) -> dict[str, Any]:
    started = PartialDate(row.started)
    return {
        **{name: getattr(row, name) for name in _FIELDS},
        "subject": row.subject.code,
        "start_day": (started.earliest - zero).days if zero is not None and started.complete else None,
        "seriousness": [name for name in SERIOUSNESS if getattr(row, name)],
    }
