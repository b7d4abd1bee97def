"""The laboratory grid: a specimen's whole panel typed or pasted, stored in one transaction."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from labs.actions.by_hand import Typed, enter_panel
from labs.actions.judgements import Answer, judge_results
from labs.admin.collected import month_name_text
from labs.admin.grid_rows import GridRow, due_at_visit, grid_rows
from labs.models import Specimen

ENTERED = "entered from the laboratory's report"


def grid_page(request: HttpRequest, site: AdminSite, specimen: Specimen, *, may_write: bool) -> HttpResponse:
    """Show the panel; store what was typed, all or nothing."""
    due = due_at_visit(specimen)
    rows = grid_rows(specimen, due, request.POST if request.method == "POST" else None)
    offered = {row.analyte.code for row in rows}
    refused: list[str] = []
    if request.method == "POST" and may_write:
        try:
            stored, judged = _store(rows, specimen, request.user.get_username())
        except ValidationError as error:
            refused = _placed(error, rows)
        else:
            messages.success(request, f"{_counted(stored, 'result')} and {_counted(judged, 'judgement')} stored.")
            return HttpResponseRedirect(request.path)
    return TemplateResponse(
        request,
        "labs/grid.html",
        {
            **site.each_context(request),
            "title": f"Results of {specimen.accession}",
            "specimen": specimen,
            "collected": month_name_text(specimen.collected),
            "rows": rows,
            # Another laboratory may measure these; nobody is told by their absence that they are due.
            "elsewhere": [code for code in due if code not in offered],
            "refused": refused,
            "may_write": may_write,
        },
    )


def _store(rows: list[GridRow], specimen: Specimen, actor: str) -> tuple[int, int]:
    """Results and judgements in one transaction."""
    broken = [row for row in rows if not row.form.is_valid()]
    if broken:
        raise ValidationError(
            {row.analyte.code: [text for found in row.form.errors.values() for text in found] for row in broken}
        )
    typed = [_typed(row) for row in rows]
    with transaction.atomic():
        made = enter_panel(specimen=specimen, rows=typed, actor=actor, reason=ENTERED)
        newest = {row.analyte.pk: row.present.pk for row in rows if row.present is not None}
        newest |= {result.analyte_id: result.pk for result in made}
        answers = []
        for row in rows:
            said = row.form.significance()
            stands = row.judgement.significant if row.judgement is not None else None
            corrected = any(result.analyte_id == row.analyte.pk for result in made)
            # Of a corrected value the answer on the page is the one of the value before: it is asked for anew.
            if said is not None and not (corrected and said == stands):
                key = newest.get(row.analyte.pk, 0)
                answers.append(Answer(key, said, row.form.cleaned_data["reason"]))
        return len(made), judge_results(answers=answers, actor=actor)


def _typed(row: GridRow) -> Typed:
    given = row.form.cleaned_data
    return Typed(row.analyte, given["text"], given["reason"], given["seen"])


def _placed(error: ValidationError, rows: list[GridRow]) -> list[str]:
    """Sentences of rows go to their rows; returns what is left."""
    if not hasattr(error, "error_dict"):
        return list(error.messages)
    for row in rows:
        row.problems = list(error.message_dict.get(row.analyte.code, []))
    return []


def _counted(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
