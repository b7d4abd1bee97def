"""What stands in the laboratory grid: one row per analyte with range, flag, grade, previous value and change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from django import forms

from cart.endpoints.reference_ranges import NO_RANGE, with_ranges
from cart.models import PanelAnalyte
from labs.actions.assessment import assessed
from labs.actions.by_hand import NOT_DONE, kits_in_force, present_results
from labs.admin.assessment import delta_in_words, grade_in_words
from labs.admin.collected import month_name_text
from labs.inputs import approved_ranges
from labs.models import Analyte, AssayVersion, Judgement, Result, Specimen

_YES, _NO = "yes", "no"
NOT_DUE = "Not planned at this visit"
_RANGED = {
    "analyte": pl.String,
    "laboratory": pl.String,
    "kit": pl.String,
    "unit": pl.String,
    "sex": pl.String,
    "year_of_birth": pl.Int64,
    "collected_on": pl.Date,
}


class GridRowForm(forms.Form):
    """What is typed in one row."""

    text = forms.CharField(max_length=200, required=False)
    reason = forms.CharField(max_length=120, required=False)
    significant = forms.ChoiceField(choices=[("", "–"), (_YES, "yes"), (_NO, "no")], required=False)
    # The version that stood on the page: a newer one is somebody else's.
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, analyte: Analyte, **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"a{analyte.pk}", **kwargs)
        for name, label in (("text", "Result"), ("reason", "Reason"), ("significant", "Clinically significant")):
            self.fields[name].widget.attrs.update(
                {"class": f"ts-cell-input ts-cell-{name}", "aria-label": f"{label} of {analyte.code}"}
            )
        if self.initial.get("significant") and not self.is_bound:
            # A judgement is changed, not taken back.
            self.fields["significant"].choices = [(_YES, "yes"), (_NO, "no")]  # type: ignore[attr-defined]
        self.fields["text"].widget.attrs.update({"autocomplete": "off", "data-codes": f"{analyte.code}|{analyte.name}"})

    def significance(self) -> bool | None:
        """The answer; None where none was given."""
        given = self.cleaned_data["significant"]
        return given == _YES if given else None


@dataclass
class GridRow:
    """One analyte of the grid."""

    analyte: Analyte
    kit: AssayVersion | None
    present: Result | None
    judgement: Judgement | None
    unit: str
    range: str
    assessed: dict[str, Any] | None
    previous: str
    form: GridRowForm
    problems: list[str]
    # The panel of the visit, or that it is in none; empty where the visit has no panels.
    group: str = ""

    @property
    def flag(self) -> str:
        """Flag of the stored value, or why it has none."""
        if self.assessed is None or self.assessed["value"] is None:
            return ""
        reason = self.assessed["flag_reason"]
        # Its column of the range says so already.
        return str(self.assessed["flag"] or ("" if reason == NO_RANGE else reason))

    @property
    def is_abnormal(self) -> bool:
        """Outside the approved range."""
        return self.flag in ("LOW", "HIGH")

    @property
    def grade(self) -> str:
        """Grade by the CTCAE of the study's protocol, empty for tests without criteria."""
        row = self.assessed
        return grade_in_words(row) if row is not None and row["grade_low"] is not None else ""

    @property
    def delta(self) -> str:
        """Change from the previous value of the series, where the analyte has a limit."""
        row = self.assessed
        return delta_in_words(row) if row is not None and row["delta_status"] is not None else ""


def due_at_visit(specimen: Specimen) -> dict[str, str]:
    """Analyte code to the panel that is due at the specimen's visit, in their order; empty without such a visit.

    By the schedule that the visit itself was planned under: a later protocol version plans other visits.
    """
    planned = specimen.visit.planned_id if specimen.visit is not None else None
    if planned is None:
        return {}
    rows = PanelAnalyte.objects.filter(panel__visits__planned=planned).order_by("panel__code", "position", "pk")
    due: dict[str, str] = {}
    for code, name in rows.values_list("analyte_code", "panel__name"):
        due.setdefault(code, name)
    return due


def grid_rows(specimen: Specimen, due: Mapping[str, str], data: Any = None) -> list[GridRow]:
    """Rows of a specimen: what its laboratory measures on that day, and what is recorded already.

    What is due at its visit stands first, panel by panel.
    """
    kits = kits_in_force(specimen)
    recorded = set(Result.objects.filter(specimen=specimen).values_list("analyte", flat=True))
    order = {code: place for place, code in enumerate(due)}
    found = Analyte.objects.filter(pk__in=recorded | set(kits))
    analytes = sorted(found, key=lambda one: (order.get(one.code, len(order)), one.code))
    present = present_results(specimen, [one.pk for one in analytes])
    judged = {one.result_id: one for one in Judgement.objects.filter(result__in=present.values())}
    frame = assessed(specimen.study, [specimen.subject_id])
    of_result = {row["result_id"]: row for row in frame.iter_rows(named=True)}
    earlier = _previous(frame, specimen)
    rows = []
    for one in analytes:
        kit, before = kits.get(one.pk), present.get(one.pk)
        unit = before.unit if before is not None else kit.unit if kit is not None else one.unit
        judgement = judged.get(before.pk) if before is not None else None
        rows.append(
            GridRow(
                analyte=one,
                kit=kit,
                present=before,
                judgement=judgement,
                unit=unit,
                range="",
                assessed=of_result.get(before.pk) if before is not None else None,
                previous=earlier.get(one.code, ""),
                form=GridRowForm(data, analyte=one, initial=_initial(before, judgement)),
                problems=[],
                group=due.get(one.code, NOT_DUE) if due else "",
            )
        )
    for row, text in zip(rows, _ranges(specimen, rows), strict=True):
        row.range = text
    return rows


def _initial(before: Result | None, judgement: Judgement | None) -> dict[str, Any]:
    if before is None:
        return {"seen": 0}
    answer = "" if judgement is None else _YES if judgement.significant else _NO
    return {
        "text": before.received_text or NOT_DONE,
        "significant": answer,
        "seen": before.version,
    }


def _previous(frame: pl.DataFrame, specimen: Specimen) -> dict[str, str]:
    """Latest earlier value of each analyte, with its day; of another kit or unit it says so."""
    earlier = frame.filter(pl.col("usable") & (pl.col("collected_text") < specimen.collected))
    newest = earlier.sort("collected_text", "result_id").unique("analyte", keep="last", maintain_order=True)
    return {
        row[
            "analyte"
        ]: f"{row['value_text']} {row['unit']} on {month_name_text(row['collected_text'][:10])}, {row['kit']}"
        for row in newest.iter_rows(named=True)
    }


def _ranges(specimen: Specimen, rows: list[GridRow]) -> list[str]:
    """The approved range of each row on the day of the specimen, or why there is none."""
    subject = specimen.subject
    asked = pl.DataFrame(
        [
            (row.analyte.code, specimen.laboratory.code, row.kit.kit if row.kit else "", row.unit, subject.sex,
             subject.year_of_birth, specimen.collected_on)
            for row in rows
        ],
        schema=_RANGED,
        orient="row",
    )  # fmt: skip
    return [_range_text(row) for row in with_ranges(asked, approved_ranges()).iter_rows(named=True)]


def _range_text(row: dict[str, Any]) -> str:
    low, high = row["lln"], row["uln"]
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None or high is not None:
        return f"from {low:g}" if high is None else f"up to {high:g}"
    return "none" if row["range_reason"] == NO_RANGE else str(row["range_reason"])
