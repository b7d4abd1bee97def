"""Time zones as sites and laboratories write them."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError


def validate_time_zone(value: str) -> None:
    """Refuse a name that is not in the IANA time zone database."""
    if value not in available_timezones():
        raise ValidationError(
            f"A time zone is an IANA name such as Europe/Brussels; found {value!r}. [time-zone]",
            code="time-zone",
        )
