"""Forms of the pages that bring a laboratory's file in and name its codes."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings

from labs.actions.code_map import WaitingCode
from labs.models import Analyte, Laboratory
from labs.scoping import importable_studies
from trialsite.audit.middleware import REASON_FIELD

_MEGABYTE = 1_000_000


class FileForm(forms.Form):
    """A laboratory's file for one study."""

    study = forms.ModelChoiceField(queryset=None)
    laboratory = forms.ModelChoiceField(queryset=Laboratory.objects.all())
    file = forms.FileField(help_text="As the laboratory sent it: its declared layout says how it is read.")
    change_reason = forms.CharField(max_length=200, label="Reason", initial="delivery of the laboratory")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        studies = importable_studies(user)
        self.fields["study"].queryset = studies  # type: ignore[attr-defined]
        if len(studies) == 1:
            self.fields["study"].initial = studies[0]
        _dress(self)

    def clean_file(self) -> Any:
        """Refuse what one web request should not carry."""
        file = self.cleaned_data["file"]
        if file.size > settings.DESK_FILE_LIMIT:
            raise forms.ValidationError(
                f"A file of at most {settings.DESK_FILE_LIMIT // _MEGABYTE} MB comes in by this page; found "
                f"{file.size // _MEGABYTE} MB. Send it by the API or by manage.py import_labs. [file-too-large]"
            )
        return file


class CodesForm(forms.Form):
    """An analyte for each code that has none; one left empty stays unmapped."""

    change_reason = forms.CharField(max_length=200, label="Reason")

    def __init__(self, *args: Any, codes: Sequence[WaitingCode], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = [row.code for row in codes if row.analyte is None]
        for number, code in enumerate(self.codes):
            self.fields[f"code_{number}"] = forms.ModelChoiceField(
                queryset=Analyte.objects.all(),
                required=False,
                empty_label="not mapped",
                widget=forms.Select(attrs={"aria-label": f"Analyte of {code}"}),
            )
        _dress(self)

    def chosen(self) -> dict[str, Analyte]:
        """Code to analyte, where one was chosen."""
        answers = ((code, self.cleaned_data[f"code_{number}"]) for number, code in enumerate(self.codes))
        return {code: analyte for code, analyte in answers if analyte is not None}

    def field_of(self, code: str) -> forms.BoundField:
        """The field of a code."""
        return self[f"code_{self.codes.index(code)}"]


def _dress(form: forms.Form) -> None:
    form.label_suffix = ""
    for name, field in form.fields.items():
        if not isinstance(field, forms.BooleanField):
            field.widget.attrs["class"] = "ts-input"
        if name == REASON_FIELD:
            field.help_text = "Kept with everything that this stores."
