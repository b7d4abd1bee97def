"""Form of a subject: its code comes from its site, or is checked against its own check character."""

import re
from typing import Any

from cart.actions.enrolment import next_subject_code
from cart.admin.forms import ReasonedForm
from cart.models import Site
from cart.models.codes import check_character


class SubjectForm(ReasonedForm):
    """A new subject without a code gets the next number of its site."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "code" in self.fields and not self.is_change:
            self.fields["code"].required = False
            self.fields[
                "code"
            ].help_text = (
                "Empty: the next number of the site, with its check character. Or the identifier of an imported trial."
            )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        code, site = self.cleaned_data.get("code"), self.cleaned_data.get("site")
        study = self.cleaned_data.get("study")
        if site is None or "code" not in self.fields:
            return cleaned
        if not code and not self.is_change and study is not None and site.study_id == study.pk:
            self.cleaned_data["code"] = next_subject_code(study=study, site=site)
        elif code and "code" in self.changed_data:
            self._check_code(code, site)
        return cleaned

    def _check_code(self, code: str, site: Site) -> None:
        numbered = re.fullmatch(rf"({re.escape(site.code)}-\d+)-([0-9A-Z])", code)
        if numbered and numbered[2] != check_character(numbered[1]):
            self.add_error(
                "code",
                f"{numbered[1]} has the check character {check_character(numbered[1])}; found {numbered[2]}. One sign "
                "is mistyped. [check-character]",
            )
