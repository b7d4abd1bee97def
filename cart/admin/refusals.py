"""What the database refused, as the sentence a person reads."""

import re
from collections.abc import Iterator

from django.apps import apps
from django.db import DatabaseError
from django.db.models import BaseConstraint

from cart.models import ASSESSMENTS

_CODED = re.compile(r"\[[a-z][a-z0-9-]*\]$")

# Composite foreign keys are no Django constraints and bring no sentence of their own.
_KEY_SENTENCES = {
    "subject_site_of_study": "The site belongs to another study. [site-of-other-study]",
    "subject_arm_of_study": "The arm belongs to another study. [arm-of-other-study]",
    "subject_cohort_of_study": "The cohort belongs to another study. [cohort-of-other-study]",
    "cohort_arm_of_study": "The arm belongs to another study. [arm-of-other-study]",
    "answer_criterion_of_protocol": "The criterion is of another protocol version. [criterion-unknown]",
    "answer_assessment_of_protocol": "The criterion is of another protocol version. [criterion-unknown]",
    "consent_form_site_of_study": "The site belongs to another study. [site-of-other-study]",
    "consent_form_protocol_of_study": "The protocol is of another study. [protocol-of-other-study]",
    "membership_site_of_study": "The site belongs to another study. [site-of-other-study]",
    "lot_apheresis_of_subject": "The apheresis is of another subject; a lot serves its own donor. [wrong-subject]",
    "administration_course_of_subject": "The course is of another subject. [wrong-subject]",
    "component_administration_of_subject": "The administration is of another subject. [wrong-subject]",
    "component_lot_of_subject": "The lot was made for another subject; it cannot be infused here. [wrong-subject]",
    **{
        f"{kind._meta.model_name}_visit_of_subject": "The visit is of another subject. [wrong-subject]"
        for kind in ASSESSMENTS
    },
    "custody_lot_of_apheresis": "The lot was made from another apheresis. [wrong-chain]",
    **{
        f"{record}_event_of_subject": "The adverse event is of another subject. [wrong-subject]"
        for record in ("infection", "iec_hs", "malignancy", "death")
    },
    "specimen_subject_of_study": "The specimen's subject belongs to another study. [wrong-study]",
}


def sentence_of(error: DatabaseError) -> str:
    """The sentence of a trigger or of a constraint; never the failing row, which holds trial content."""
    diagnosis = getattr(error.__cause__, "diag", None)
    primary = (getattr(diagnosis, "message_primary", None) or "").strip()
    if _CODED.search(primary):
        return primary
    name = getattr(diagnosis, "constraint_name", None) or ""
    if name in _KEY_SENTENCES:
        return _KEY_SENTENCES[name]
    for constraint in _constraints(name):
        sentence = str(constraint.get_violation_error_message())
        if _CODED.search(sentence):
            return sentence
        return f"This is already recorded, or breaks the rule '{name.replace('_', ' ')}'. [{name.replace('_', '-')}]"
    return f"The database refused this: {primary or type(error).__name__}. [refused-by-database]"


def _constraints(name: str) -> Iterator[BaseConstraint]:
    if not name:
        return
    for model in apps.get_models():
        yield from (constraint for constraint in model._meta.constraints if constraint.name == name)
