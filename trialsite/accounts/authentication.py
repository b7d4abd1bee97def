"""API tokens: the actor of a request that carries one."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication

from trialsite.audit.context import acting, name_actor


class AuditedTokenAuthentication(TokenAuthentication):
    """Knox token authentication that names the token's user as the actor of the request."""

    def authenticate(self, request: Any) -> Any:
        """User and token, or None without a token header."""
        answer = super().authenticate(request)
        if answer is not None:
            name_actor(answer[0].get_username())
        return answer

    def _cleanup_token(self, auth_token: Any) -> bool:
        """Remove expired tokens as their user's act: nobody is signed in yet when knox finds them."""
        with acting(actor=auth_token.user.get_username(), reason="token expired"):
            return bool(super()._cleanup_token(auth_token))


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The token in the schema; without it the schema would know the session alone."""

    target_class = AuditedTokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Header of a request."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token TOKEN`; `manage.py create_token USERNAME` makes one and prints it once.",
        }
