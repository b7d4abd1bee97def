"""What the arguments of a command name: studies, cuts, runs."""

from django.core.management.base import CommandError

from cart.models import DataCut, Run, Study


def chosen_study(code: str) -> Study:
    """The study of this code."""
    study = Study.objects.filter(code=code).first()
    if study is None:
        raise CommandError(f"There is no study {code!r}. [unknown-study]")
    return study


def chosen_cut(study: Study, name: str) -> DataCut:
    """The study's cut of this name."""
    cut = DataCut.objects.filter(study=study, name=name).select_related("study").first()
    if cut is None:
        known = ", ".join(study.cuts.order_by("pk").values_list("name", flat=True)) or "none"
        raise CommandError(f"Study {study.code} has no cut {name!r}; there are: {known}. [unknown-cut]")
    return cut


def chosen_run(study: Study, number: int) -> Run:
    """The study's run of this number."""
    run = Run.objects.filter(study=study, pk=number).first()
    if run is None:
        raise CommandError(f"Study {study.code} has no run {number}. [unknown-run]")
    return run
