"""Start and end of a record as columns of its list: with the name of the month, as exactly as they are known."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cart.admin.schedule import partial_text


class PeriodColumns:
    """Columns of records that have ``started``, ``ended`` and ``ongoing``."""

    @admin.display(description="Started", ordering="started")
    def started_text(self, obj: Any) -> SafeString:
        """Start."""
        return _on_one_line(partial_text(obj.started))

    @admin.display(description="Ended", ordering="ended")
    def ended_text(self, obj: Any) -> SafeString:
        """End, or that there is none."""
        return _on_one_line("ongoing" if obj.ongoing else partial_text(obj.ended) or "-")


def _on_one_line(text: str) -> SafeString:
    return format_html('<span class="ts-nowrap">{}</span>', text)
