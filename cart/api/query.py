"""Query parameters of the REST reports."""

from typing import Any

from rest_framework import serializers


class StrictQuery(serializers.Serializer[Any]):
    """Declared parameters only: a misspelt filter must not answer with everything."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse parameters that do not exist."""
        unknown = sorted(set(data) - set(self.fields))
        if unknown:
            raise serializers.ValidationError(
                {name: [f"There is no such parameter; known: {', '.join(self.fields)}."] for name in unknown}
            )
        if any("\x00" in value for value in data.values()):
            raise serializers.ValidationError({"query": ["A parameter holds a NUL character."]})
        return super().to_internal_value(data)
