"""Errors of the REST reports: a sentence and a code, whatever went wrong."""

from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler

from trialsite.codes import Code, Section


@dataclass(frozen=True)
class Answer(Code):
    """A code of the REST reports; ``narrower`` ones stand in brackets at the end of the message."""

    status: int
    narrower: bool = False


ANSWERS = (
    Answer(
        "bad-request",
        "Every query parameter exists and holds what it may.",
        "The message names each wrong parameter; correct it.",
        400,
    ),
    Answer(
        "not-authenticated",
        "A request carries a token, or the session of a signed-in user.",
        "Send the header 'Authorization: Token TOKEN'; manage.py create_token makes one.",
        401,
    ),
    Answer(
        "authentication-failed",
        "The token exists, has not expired and belongs to an active user.",
        "Ask for a new token (manage.py create_token).",
        401,
    ),
    Answer(
        "permission-denied",
        "The user's roles allow the request.",
        "Ask the study's administrator for a membership with such a role.",
        403,
    ),
    Answer(
        "role-without-endpoints",
        "A role of the user in this study sees endpoints, and none is a blinded assessor's.",
        "Ask somebody whose role sees them; an assessor must not.",
        403,
        narrower=True,
    ),
    Answer("not-found", "The address names something the user may see.", "Correct the address.", 404),
    Answer(
        "unknown-study",
        "The study exists and the user has a membership in it; the answer does not tell which failed.",
        "Correct the code, or ask for a membership.",
        404,
        narrower=True,
    ),
    Answer(
        "role-without-imports",
        "A data manager or administrator of the whole study brings files into it, and no blinded assessor.",
        "Ask the study's administrator for such a membership.",
        403,
        narrower=True,
    ),
    Answer(
        "role-of-one-site",
        "What holds every subject of a study is for members of the whole study.",
        "Ask the study's administrator for such a membership, or read the endpoint report of your site.",
        403,
        narrower=True,
    ),
    Answer(
        "role-without-cuts",
        "A data manager, statistician or administrator of the whole study takes a cut.",
        "Ask one of them.",
        403,
        narrower=True,
    ),
    Answer("unknown-run", "The study has the run.", "Correct its number.", 404, narrower=True),
    Answer("unknown-cut", "The study has the cut.", "Correct its name.", 404, narrower=True),
    Answer(
        "cut-without-endpoints",
        "The endpoints of a cut are computed before its tables are read.",
        "Wait until every part of its run has ended; the runs of the study say so.",
        400,
        narrower=True,
    ),
    Answer("cut-name", "A cut's name is new in its study and plain.", "Choose another.", 400, narrower=True),
    Answer(
        "file-too-large",
        "A file has at most 2 GB.",
        "Import it on the server with manage.py import_labs.",
        400,
        narrower=True,
    ),
    Answer(
        "unknown-laboratory",
        "The laboratory of a file exists.",
        "Correct the code.",
        404,
        narrower=True,
    ),
    Answer(
        "method-not-allowed",
        "The address takes the method: GET for reports, POST for files.",
        "See the list of requests.",
        405,
    ),
    Answer("unsupported-media-type", "A file comes as multipart/form-data.", "Send it with curl -F file=@NAME.", 415),
    Answer(
        "not-acceptable",
        "The reports are JSON.",
        "Send 'Accept: application/json', or no Accept header.",
        406,
    ),
)
API = Section(
    "REST API",
    "In the field `code` of the answer's body; a narrower one stands in brackets at the end of `message`.",
    ("cart/api/", "labs/api/"),
    ANSWERS,
)
_BY_CODE = {answer.code: answer for answer in ANSWERS if not answer.narrower}
_BY_STATUS = {answer.status: answer for answer in reversed(ANSWERS) if not answer.narrower}


class ErrorSerializer(serializers.Serializer[Any]):
    """Body of every answer that is not a success."""

    code = serializers.CharField(help_text="Stable word to test for.")
    message = serializers.CharField(help_text="What must hold, what was found, what to do.")


def refusals(*statuses: int) -> dict[int, OpenApiResponse]:
    """Error answers of an endpoint for its schema, with their codes."""
    return {
        status: OpenApiResponse(
            ErrorSerializer, " ".join(f"`{one.code}`: {one.holds}" for one in ANSWERS if one.status == status)
        )
        for status in statuses
    }


def error_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF exception handler: ``{"code": ..., "message": ...}``."""
    response = exception_handler(error, context)
    if response is None:
        return None
    detail = getattr(error, "detail", str(error))
    if isinstance(error, exceptions.ValidationError) and isinstance(detail, dict):
        detail = "; ".join(f"{name}: {' '.join(map(str, values))}" for name, values in detail.items())
    code = getattr(detail, "code", "").replace("_", "-")
    declared = _BY_CODE.get(code) or _BY_STATUS.get(response.status_code)
    message = str(detail)
    # The framework's own sentences say neither what must hold nor what to do.
    if declared and not isinstance(error, exceptions.ValidationError) and not message.endswith("]"):
        message = f"{declared.holds} {declared.remedy}"
    response.data = {"code": declared.code if declared else "error", "message": message}
    return response
