"""Forms of the eligibility page: an answer and a note per criterion, and the decision."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from cart.actions.eligibility import Given
from cart.admin.forms import NO_REASON, SEEN_FIELD
from cart.models import EligibilityAnswer, EligibilityCriterion, EligibilityDecision
from trialsite.audit.middleware import REASON_FIELD

Answer = EligibilityAnswer.Answer
_CONFLICT = (
    "Somebody answered criteria of this subject while you had the page open; nothing of yours is stored. Open the page "
    "again to see the present answers, then enter yours. [edit-conflict]"
)


class AnswersForm(forms.Form):
    """Answers to all criteria; what is left open stays open.

    ``stored`` holds the present answers by code, ``seen_now`` the number of the newest event of these answers.
    """

    def __init__(
        self,
        *args: Any,
        criteria: list[EligibilityCriterion],
        stored: dict[str, EligibilityAnswer],
        seen_now: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._criteria, self._stored, self._seen_now = criteria, stored, seen_now
        for one in criteria:
            known = stored.get(one.code)
            self.fields[f"answer-{one.code}"] = forms.ChoiceField(
                label=one.code,
                choices=Answer.choices,
                required=False,
                widget=forms.RadioSelect,
                initial=known.answer if known else None,
            )
            self.fields[f"note-{one.code}"] = forms.CharField(
                label=f"Note on {one.code}",
                required=False,
                max_length=300,
                widget=forms.TextInput(attrs={"class": "ts-input"}),
                initial=known.note if known else "",
            )
        if stored:
            self.fields[REASON_FIELD] = forms.CharField(
                label="Reason for the change",
                required=False,
                max_length=500,
                widget=forms.TextInput(attrs={"class": "ts-input"}),
                help_text="Needed where a stored answer changes; a first answer needs none.",
            )
        self.fields[SEEN_FIELD] = forms.IntegerField(required=False, widget=forms.HiddenInput, initial=seen_now)

    def rows(self) -> list[dict[str, Any]]:
        """Criteria with their fields, as the page shows them."""
        return [
            {
                "criterion": one,
                "answer": self[f"answer-{one.code}"],
                "note": self[f"note-{one.code}"],
                "needed": "yes" if one.kind == EligibilityCriterion.Kind.INCLUSION else "no",
            }
            for one in self._criteria
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        seen = cleaned.get(SEEN_FIELD)
        if seen is not None and seen < self._seen_now:
            raise ValidationError(_CONFLICT, code="edit-conflict")
        changed = False
        for one in self._criteria:
            answer, note = cleaned.get(f"answer-{one.code}", ""), cleaned.get(f"note-{one.code}", "")
            known = self._stored.get(one.code)
            if known is not None:
                changed = changed or (known.answer, known.note) != (answer, note)
            if known is not None and not answer:
                self.add_error(
                    f"answer-{one.code}", "An answer that was given is changed, not taken away. [eligibility-answer]"
                )
            if note and not answer:
                self.add_error(f"answer-{one.code}", "A note without an answer. Choose one. [eligibility-answer]")
            if answer == Answer.NOT_APPLICABLE and not note:
                self.add_error(f"note-{one.code}", "'Not applicable' says why. [eligibility-answer]")
        if changed and not cleaned.get(REASON_FIELD, "").strip():
            self.add_error(REASON_FIELD, ValidationError(NO_REASON, code="no-reason"))
        return cleaned

    def given(self) -> dict[str, Given]:
        """What was answered, by code of the criterion."""
        return {
            one.code: Given(answer, self.cleaned_data[f"note-{one.code}"])
            for one in self._criteria
            if (answer := self.cleaned_data[f"answer-{one.code}"])
        }


class DecisionForm(forms.Form):
    """The investigator's decision."""

    verdict = forms.ChoiceField(
        choices=EligibilityDecision.Verdict.choices, widget=forms.RadioSelect, label="This subject is"
    )
    decided_at = forms.DateTimeField(
        label="Decided at (UTC)",
        initial=timezone.now,
        widget=forms.DateTimeInput(attrs={"class": "ts-input ts-short"}, format="%Y-%m-%d %H:%M"),
        help_text="When you decided; when you sign is recorded by itself.",
    )
    note = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "ts-input"}),
        help_text="Needed where no answer stands against the subject and it is not eligible all the same.",
    )
