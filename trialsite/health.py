"""``/healthz``: can this process do its work?"""

import redis
from django.conf import settings
from django.db import Error, connection, transaction
from django.http import HttpRequest, JsonResponse

from trialsite import __version__


@transaction.non_atomic_requests
def health(request: HttpRequest) -> JsonResponse:
    """200 while the database answers; the broker is reported, but its absence loses nothing."""
    parts = {"database": _database(), "broker": _broker()}
    healthy = parts["database"] == "ok"
    return JsonResponse(
        {"status": "ok" if healthy else "unavailable", "version": __version__, **parts}, status=200 if healthy else 503
    )


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "unavailable"
    return "ok"


def _broker() -> str:
    try:
        client = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=1, socket_timeout=1)
        with client:
            client.ping()
    except redis.RedisError:
        return "unavailable"
    return "ok"
