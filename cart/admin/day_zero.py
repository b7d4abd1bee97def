"""Pages that can move time zero show which visits move with it before they do."""

import hashlib
from typing import Any

import polars as pl
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cart.admin.schedule import day_text, window, worded
from cart.inputs.schedule import read_schedule
from cart.models import Subject

SEEN = "moves_seen"
_BEFORE, _MOVES = "_schedule_before", "_schedule_moves"


def _schedule(subject_id: int | None) -> pl.DataFrame:
    return read_schedule(Subject.objects.filter(pk=subject_id), now=timezone.now())


def moved_visits(before: pl.DataFrame, after: pl.DataFrame) -> list[dict[str, Any]]:
    """Visits that had a target and get another one, as the page shows them."""
    old = {row["code"]: row for row in before.iter_rows(named=True) if row["target_on"] is not None}
    return [
        {**row, "target_before": day_text(old[row["code"]]["target_on"]), "window_before": window(old[row["code"]])}
        for row in worded(after)
        if row["code"] in old and row["target_on"] != old[row["code"]]["target_on"]
    ]


def _digest(moves: list[dict[str, Any]]) -> str:
    text = ";".join(f"{row['code']} {row['target_before']} {row['target']}" for row in moves)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _counted(moves: list[dict[str, Any]]) -> str:
    return "1 visit moves" if len(moves) == 1 else f"{len(moves)} visits move"


class ShowsMovedVisits:
    """Mixin of a record's page: what it saves may move the visits of its subject.

    The page saves, reads the schedule again and takes everything back where visits moved that the user has not been
    shown: what is shown is what the rules themselves made of the change.
    """

    def subject_of(self, obj: Any) -> int | None:
        """Key of the subject whose visits hang on the record."""
        return int(obj.subject_id) if obj.subject_id else None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Remember the schedule as it is before the record is stored."""
        setattr(request, _BEFORE, _schedule(self.subject_of(obj)))
        super().save_model(request, obj, form, change)  # type: ignore[misc]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Refuse visits that move unseen; tell the calendar that a first Day 0 makes."""
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        before: pl.DataFrame = getattr(request, _BEFORE)
        after = _schedule(self.subject_of(form.instance))
        moves = moved_visits(before, after)
        if moves and request.POST.get(SEEN) != _digest(moves):
            setattr(request, _MOVES, moves)
            raise ValidationError(
                f"{_counted(moves)} with this change; {moves[0]['code']} from {moves[0]['target_before']} to "
                f"{moves[0]['target']}. Nothing is stored yet: look at the list, tick that you have seen it, and save "
                "again. [day-zero-moves]"
            )
        dated = after.filter(pl.col("target_on").is_not_null())
        if dated.height > before.filter(pl.col("target_on").is_not_null()).height:
            last = dated.sort("target_on").row(-1, named=True)
            messages.info(
                request,
                f"{'1 visit has its' if dated.height == 1 else f'{dated.height} visits have their'} day now; the last "
                f"one, {last['name']}, is due on {day_text(last['target_on'])}.",
            )

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add what would move."""
        moves = getattr(request, _MOVES, [])
        context["moves"] = moves
        context["moves_digest"] = _digest(moves)
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]
        return answer
