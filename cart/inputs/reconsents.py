"""Subjects who are in the study and have not signed the newest consent form of their site."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from cart.models import Consent, ConsentForm, Site, Subject

_GOING_ON = (Subject.Status.SCREENING, Subject.Status.ENROLLED)


@dataclass(frozen=True)
class ReconsentDue:
    """A subject, the form that it has not signed, and its last consent."""

    subject: Subject
    form: ConsentForm
    last: Consent


def reconsents_due(subjects: QuerySet[Subject], *, now: dt.datetime) -> list[ReconsentDue]:
    """Of these subjects those whose re-consent is due, the longest due first.

    A form is due from its first day on the clocks of the site, where it is signed again by subjects in the study. It
    was signed where a consent that is in force has its version, or the version of a form that came into force there
    later. Whoever never consented, left, or withdrew every consent signs no form anew. Three queries.
    """
    going_on = subjects.filter(status__in=_GOING_ON, ended_on="").select_related("study", "site__study")
    consents = Consent.objects.filter(withdrawn_on=None).order_by("signed_on", "pk")
    people = list(
        going_on.prefetch_related(Prefetch("consents", queryset=consents, to_attr="in_force")).order_by("code")
    )
    sites = {subject.site_id: subject.site for subject in people}
    forms: dict[int, list[ConsentForm]] = {}
    for form in ConsentForm.objects.filter(site__in=sites).select_related("protocol").order_by("in_force_on", "pk"):
        forms.setdefault(form.site_id, []).append(form)
    wanted = {site: found for site in sites if (found := _wanted(forms.get(site, ()), sites[site], now)) is not None}
    due = [
        ReconsentDue(subject, wanted[subject.site_id][0], subject.in_force[-1])  # type: ignore[attr-defined]
        for subject in people
        if subject.site_id in wanted and _lacks(subject, wanted[subject.site_id][1])
    ]
    return sorted(due, key=lambda one: (one.form.in_force_on, one.subject.code))


def _wanted(forms: Iterable[ConsentForm], site: Site, now: dt.datetime) -> tuple[ConsentForm, frozenset[str]] | None:
    """Newest form that the site's subjects sign again, and the versions that stand for it."""
    today = now.astimezone(site.zone).date()
    in_force = [form for form in forms if form.in_force_on <= today]
    newest = max((place for place, form in enumerate(in_force) if form.signed_again), default=None)
    if newest is None:
        return None
    return in_force[newest], frozenset(form.version for form in in_force[newest:])


def _lacks(subject: Subject, versions: frozenset[str]) -> bool:
    signed = {consent.version for consent in subject.in_force}  # type: ignore[attr-defined]
    return bool(signed) and not signed & versions
