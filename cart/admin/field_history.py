"""The history of a field in its place on the form: old, new, who, when and why."""

from typing import Any

from django.db.models import Model
from django.utils.html import format_html, format_html_join

from cart.admin.history import Change, Entry, field_histories

SHOWN = 10


def with_history(form: Any, instance: Model) -> None:
    """Put the changes of each field of a record below its box."""
    for name, changes in field_histories(instance).items():
        field = form.fields.get(name)
        if field is not None:
            field.help_text = format_html("{}{}", field.help_text, _told(field.label or name, changes))


def _told(label: str, changes: list[tuple[Entry, Change]]) -> str:
    count = "changed once" if len(changes) == 1 else f"changed {len(changes)} times"
    lines = format_html_join(
        "",
        "<li><del>{}</del> → {}, {} on {} UTC: {}</li>",
        (
            (change.old or "(empty)", change.new or "(empty)", entry.actor, f"{entry.at:%d %b %Y, %H:%M}", entry.reason)
            for entry, change in changes[:SHOWN]
        ),
    )
    more = f"and {len(changes) - SHOWN} more: see the history of the page" if len(changes) > SHOWN else ""
    return format_html(
        '<details class="ts-field-history"><summary aria-label="{}: {}">{}</summary><ul>{}</ul>{}</details>',
        label, count, count, lines, more,
    )  # fmt: skip
