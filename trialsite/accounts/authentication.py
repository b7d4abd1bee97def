"""API tokens: the actor of a request that carries one."""

from typing import Any

from knox.auth import TokenAuthentication

from trialsite.audit.context import name_actor


class AuditedTokenAuthentication(TokenAuthentication):
    """Knox token authentication that names the token's user as the actor of the request."""

    def authenticate(self, request: Any) -> Any:
        """User and token, or None without a token header."""
        answer = super().authenticate(request)
        if answer is not None:
            name_actor(answer[0].get_username())
        return answer
