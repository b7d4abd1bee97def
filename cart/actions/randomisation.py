"""Randomise: make a sealed list, give its next place to a subject, check what was given."""

import datetime as dt
import hashlib
import hmac
import secrets

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from cart.endpoints.permuted_blocks import ALGORITHM, BlocksError, Place, place_of
from cart.models import Allocation, RandomisationList, Study, Subject
from trialsite.audit.context import acting

NO_KEY = (
    "The key of randomisation lists is not set. Set RANDOMISATION_KEY to 32 random characters or more, and keep it: "
    "without it no list goes on. [randomisation-key]"
)
MIN_KEY_LENGTH = 32


def make_list(*, study: Study, actor: str, reason: str) -> RandomisationList:
    """Make the sealed list of a study by the plan of its protocol in force; a list before it is closed.

    Raises
    ------
    ValidationError
        No key, or a protocol that does not randomise; nothing is stored.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        protocol = study.current_protocol()
        plan = protocol.randomisation if protocol is not None else {}
        if not plan:
            raise ValidationError(
                f"The protocol of study {study} does not randomise; its template has no section 'randomisation'. "
                "[not-randomised]"
            )
        if study.randomisation_lists.filter(closed_at=None).exists():
            raise ValidationError(f"Study {study} has an open randomisation list already. [randomisation-list-open]")
        unknown = set(plan["ratio"]) - set(study.arms.values_list("code", flat=True))
        if unknown:
            raise ValidationError(f"Study {study} has no arm {', '.join(sorted(unknown))}. [randomisation-list]")
        nonce = secrets.token_hex(32)
        made = RandomisationList(
            study=study,
            number=(study.randomisation_lists.aggregate(last=Max("number"))["last"] or 0) + 1,
            algorithm=ALGORITHM,
            ratio=plan["ratio"],
            block_sizes=plan["block_sizes"],
            by_site=plan.get("by_site", False),
            nonce=nonce,
            seed_sha256=hashlib.sha256(_seed_of(nonce)).hexdigest(),
        )
        _place(made, "", 1)
        made.save()
    return made


def allocate_arm(*, subject: Subject, actor: str, reason: str) -> Allocation:
    """Give the subject the next place of its stratum in the study's open list.

    One transaction; the list is locked, so that two people who randomise at once get different places.

    Raises
    ------
    ValidationError
        No open list, no key or another one than the list was made with. The database refuses a subject that is not
        eligible, or has an arm.
    """
    with acting(actor=actor, reason=reason), transaction.atomic():
        sealed = RandomisationList.objects.select_for_update().filter(study=subject.study_id, closed_at=None).first()
        if sealed is None:
            raise ValidationError(
                f"Study {subject.study} has no open randomisation list; make one first. [not-randomised]"
            )
        locked = Subject.objects.select_for_update(of=("self",)).select_related("site").get(pk=subject.pk)
        stratum = locked.site.code if sealed.by_site else ""
        given = sealed.allocations.filter(stratum=stratum).aggregate(last=Max("position"))["last"] or 0
        place = _place(sealed, stratum, given + 1)
        allocation = Allocation.objects.create(
            randomisation_list=sealed,
            subject=locked,
            stratum=stratum,
            position=given + 1,
            arm=sealed.study.arms.get(code=place.arm),
        )
    allocation.refresh_from_db()
    subject.refresh_from_db(fields=["arm"])
    return allocation


def close_list(*, sealed: RandomisationList, closed_at: dt.datetime, actor: str, reason: str) -> None:
    """No further place is given from the list."""
    with acting(actor=actor, reason=reason), transaction.atomic():
        RandomisationList.objects.filter(pk=sealed.pk, closed_at=None).update(closed_at=closed_at)


def differing_places(sealed: RandomisationList) -> list[str]:
    """Places that were given another arm than the list has, each as a sentence; empty where all agree."""
    found = []
    for one in sealed.allocations.select_related("arm", "subject").order_by("stratum", "position"):
        arm = _place(sealed, one.stratum, one.position).arm
        if arm != one.arm.code or one.subject.arm_id != one.arm_id:
            found.append(f"{one.subject}: place {one.position} {one.stratum} is {arm}; given {one.arm.code}".strip())
    return found


def _place(sealed: RandomisationList, stratum: str, position: int) -> Place:
    seed = _seed_of(sealed.nonce)
    if not hmac.compare_digest(hashlib.sha256(seed).hexdigest(), sealed.seed_sha256):
        raise ValidationError(
            f"List {sealed} was made with another RANDOMISATION_KEY than the one that is set; set that one. "
            "[randomisation-key]"
        )
    if sealed.algorithm != ALGORITHM:
        raise ValidationError(f"List {sealed} was made by {sealed.algorithm}, not {ALGORITHM}. [randomisation-list]")
    try:
        return place_of(
            seed=seed,
            stratum=stratum,
            position=position,
            ratio=sealed.ratio,
            block_sizes=sealed.block_sizes,
        )
    except BlocksError as error:
        raise ValidationError(str(error)) from error


def _seed_of(nonce: str) -> bytes:
    key = str(settings.RANDOMISATION_KEY)
    if len(key) < MIN_KEY_LENGTH:
        raise ValidationError(NO_KEY)
    return hmac.new(key.encode(), nonce.encode(), hashlib.sha256).digest()
