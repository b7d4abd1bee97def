"""Errors of the REST reports: a sentence and a code, whatever went wrong."""

from typing import Any

from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler

CODES = {400: "bad-request", 401: "not-signed-in", 403: "not-allowed", 404: "not-found", 405: "method-not-allowed"}


class ErrorSerializer(serializers.Serializer[Any]):
    """Body of every answer that is not a success."""

    code = serializers.CharField(help_text="Stable word to test for.")
    message = serializers.CharField(help_text="What must hold, what was found, what to do.")


def error_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF exception handler: ``{"code": ..., "message": ...}``."""
    response = exception_handler(error, context)
    if response is None:
        return None
    detail = getattr(error, "detail", str(error))
    code = CODES.get(response.status_code, "error")
    if isinstance(error, exceptions.ValidationError) and isinstance(detail, dict):
        detail = "; ".join(f"{name}: {' '.join(map(str, values))}" for name, values in detail.items())
    if isinstance(detail, exceptions.ErrorDetail) and detail.code not in {"error", "not_found"}:
        code = detail.code.replace("_", "-")
    response.data = {"code": code, "message": str(detail)}
    return response
