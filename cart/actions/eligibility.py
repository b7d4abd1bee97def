"""Eligibility: one answer per criterion, then the decision that an investigator signs."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q

from cart.actions.participation import record_disposition
from cart.models import (
    Disposition,
    EligibilityAnswer,
    EligibilityAssessment,
    EligibilityCriterion,
    EligibilityDecision,
    Membership,
    Role,
    Subject,
)
from trialsite.audit.context import acting

ELIGIBLE = EligibilityDecision.Verdict.ELIGIBLE


@dataclass(frozen=True)
class Given:
    """An answer to one criterion, with a note."""

    answer: str
    note: str = ""


def open_assessment(subject: Subject) -> EligibilityAssessment | None:
    """The round of answers that waits for a decision, under the protocol version that holds; None without one.

    A round under an earlier version is left behind by the re-consent.
    """
    waiting = subject.eligibility_assessments.filter(decision=None, protocol=subject.protocol())
    return waiting.select_related("protocol").order_by("-number").first()


def criteria_of(subject: Subject) -> list[EligibilityCriterion]:
    """Criteria of the protocol version that holds for the subject."""
    protocol = subject.protocol()
    return list(protocol.criteria.all()) if protocol is not None else []


def answer_criteria(
    *, subject: Subject, answers: Mapping[str, Given], actor: str, reason: str
) -> EligibilityAssessment:
    """Store answers by code of their criterion; what is stored with the same answer and note stays untouched.

    The first answer opens a round under the protocol version that holds for the subject.

    Raises
    ------
    ValidationError
        A code that the protocol does not have, an answer that is none; nothing is stored.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        Subject.objects.select_for_update().get(pk=subject.pk)
        protocol = subject.protocol()
        assessment = open_assessment(subject)
        if assessment is None:
            last = subject.eligibility_assessments.aggregate(number=Max("number"))["number"] or 0
            assessment = EligibilityAssessment.objects.create(subject=subject, protocol=protocol, number=last + 1)
        criteria = {one.code: one for one in protocol.criteria.all()} if protocol is not None else {}
        unknown = sorted(set(answers) - set(criteria))
        if unknown:
            raise ValidationError(
                f"The protocol of {subject} has no criterion {', '.join(unknown)}. [criterion-unknown]"
            )
        stored = {answer.criterion_id: answer for answer in assessment.answers.all()}
        for code, given in answers.items():
            criterion = criteria[code]
            answer = stored.get(criterion.pk) or EligibilityAnswer(
                assessment=assessment, protocol=criterion.protocol, criterion=criterion
            )
            if answer.pk is not None and (answer.answer, answer.note) == (given.answer, given.note):
                continue
            answer.answer, answer.note = given.answer, given.note
            answer.full_clean(exclude=["answered_by", "answered_at"])
            answer.save()
    return assessment


def decide_eligibility(
    *,
    subject: Subject,
    verdict: str,
    decided_at: dt.datetime,
    note: str,
    actor: str,
    reason: str,
) -> EligibilityDecision:
    """Sign the decision on the open round, as an investigator of the subject's site; the subject's status follows.

    A subject in screening is enrolled by the first, and a screen failure by the second verdict. The database refuses
    a signer who answered criteria, a verdict that the answers contradict, and open answers (migrations,
    ``_lifecycle_sql``).

    Raises
    ------
    ValidationError
        No round that waits for a decision, or a signer who is no investigator there; nothing is stored.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        locked = Subject.objects.select_for_update(of=("self",)).select_related("site").get(pk=subject.pk)
        if not may_decide(locked, actor):
            raise ValidationError(
                f"Eligibility of {locked} is decided by an investigator of site {locked.site.code}; {actor} is none. "
                "[eligibility-investigator]"
            )
        assessment = open_assessment(locked)
        if assessment is None and locked.status == Subject.Status.SCREENING and not criteria_of(locked):
            # A protocol without criteria: the decision rests on its note.
            assessment = answer_criteria(subject=locked, answers={}, actor=actor, reason=reason)
        if assessment is None:
            raise ValidationError(
                f"No answers of {locked} to the criteria of its protocol version wait for a decision; answer them. "
                "[no-answers]"
            )
        decision = EligibilityDecision(
            assessment=assessment,
            subject=locked,
            verdict=verdict,
            decided_at=decided_at,
            note=note,
            answers_sha256=digest_of(assessment.answers.select_related("criterion")),
        )
        decision.full_clean(exclude=["decided_by", "signed_at"])
        decision.save()
        if locked.status == Subject.Status.SCREENING:
            eligible = verdict == ELIGIBLE
            record_disposition(
                subject=locked,
                status=Subject.Status.ENROLLED if eligible else Subject.Status.SCREEN_FAILURE,
                occurred_on=decided_at.astimezone(locked.site.zone).date().isoformat(),
                why=Disposition.Reason.ELIGIBLE if eligible else Disposition.Reason.CRITERIA,
                detail=note[:300],
                actor=actor,
                reason=reason,
            )
    decision.refresh_from_db()
    return decision


def may_decide(subject: Subject, username: str) -> bool:
    """Whether the user is an investigator of the subject's site, or of all sites of its study."""
    held = Membership.objects.current().filter(
        user__username=username, user__is_active=True, study=subject.study_id, role=Role.INVESTIGATOR
    )
    return held.filter(Q(site=None) | Q(site=subject.site_id)).exists()


def digest_of(answers: Iterable[EligibilityAnswer]) -> str:
    """SHA-256 of the criteria's words with their answers, in the order of the codes."""
    lines = sorted(
        "\x1f".join((a.criterion.code, a.criterion.kind, a.criterion.text, a.answer, a.note)) for a in answers
    )
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()
