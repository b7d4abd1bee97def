"""Cohorts on the study page: who was treated, whose window is over, what the rule of escalation proposes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string

from cart.admin.study_page import register_study_panel
from cart.endpoints.errors import ParameterError
from cart.endpoints.escalation.board import NO_RULE, Board, escalation_board
from cart.endpoints.escalation.design import Design, design_in_force
from cart.inputs.escalation import FREE, LEFT, TOXIC, WAITING, CohortSubject, treated_subjects
from cart.models import Cohort, Study, Subject
from cart.models.fields import plain


@dataclass(frozen=True)
class CohortLine:
    """One cohort: its plan and the counts of its treated subjects."""

    cohort: Cohort
    planned: str
    by_target: str
    treated: int
    evaluable: int
    toxic: int
    waiting: int
    left: int


def cohort_panel(request: HttpRequest, study: Study, subject_ids: Sequence[int]) -> str:
    """Counts of the subjects that the user sees; a proposal only where these are all. Empty without a cohort."""
    cohorts = list(Cohort.objects.filter(study=study).select_related("arm"))
    if not cohorts:
        return ""
    protocol = study.current_protocol()
    overrides = protocol.parameters if protocol else {}
    design = design_in_force(overrides)
    treated = treated_subjects(study, subject_ids, overrides)
    placed = [one for one in treated if one.cohort is not None]
    board, refused = _board(placed, cohorts, design)
    sees_all = Subject.objects.filter(study=study).count() == len(subject_ids)
    context = {
        "lines": [_line(cohort, placed) for cohort in cohorts],
        "by_target": any(cohort.planned_by_target() for cohort in cohorts),
        "design": design,
        "has_rule": design.rule != NO_RULE,
        "sees_all": sees_all,
        "proposal": _proposal(board, cohorts) if board else f"nothing: {refused}",
        "board": board if design.most_subjects else None,
        "known": sum(level.treated for level in board.levels) if board else 0,
        "unplaced": [one for one in treated if one.cohort is None],
        "uncounted": [one for one in placed if one.state in (WAITING, LEFT)],
    }
    return render_to_string("cart/cohort_board.html", context, request=request)


def _board(placed: Iterable[CohortSubject], cohorts: Sequence[Cohort], design: Design) -> tuple[Board | None, str]:
    """What the kernel makes of whoever counts or may still count: who left in the window is replaced.

    Without a board its refusal: a level below the first, for one.
    """
    rows = [one.as_treated(design.window_days) for one in placed if one.state != LEFT]
    try:
        return escalation_board(rows, num_levels=max(one.level for one in cohorts), **design.options()), ""
    except ParameterError as error:
        return None, str(error)


def _line(cohort: Cohort, placed: Iterable[CohortSubject]) -> CohortLine:
    states = [one.state for one in placed if one.cohort == cohort]
    return CohortLine(
        cohort=cohort,
        planned="" if cohort.planned_cells_per_kg_e6 is None else plain(cohort.planned_cells_per_kg_e6),
        by_target=" + ".join(plain(part) for part in cohort.planned_by_target().values()),
        treated=len(states),
        evaluable=states.count(TOXIC) + states.count(FREE),
        toxic=states.count(TOXIC),
        waiting=states.count(WAITING),
        left=states.count(LEFT),
    )


def _proposal(board: Board, cohorts: Sequence[Cohort]) -> str:
    """What the rule proposes, in words; or why it proposes nothing."""
    if board.stops:
        return "stop: the stopping boundary is reached"
    decision = board.decision
    if decision is None:
        return f"nothing yet: {board.reason}"
    if decision.dose is None:
        return "stop: no dose level is tolerated"
    level = _level_text(decision.dose, cohorts)
    return f"treat the next subjects at {level}" if decision.continues else f"stop; recommended is {level}"


def _level_text(level: int, cohorts: Sequence[Cohort]) -> str:
    """A level with the names of its cohorts."""
    names = [cohort.code for cohort in cohorts if cohort.level == level]
    return f"level {level} ({', '.join(names)})" if names else f"level {level}, for which no cohort is entered"


register_study_panel(key="board", title="Cohorts and dose levels", order=5, render=cohort_panel)
