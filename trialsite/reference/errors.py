"""The reference page of the error codes, written from the rooms' declarations and the models' constraints."""

import re
from collections.abc import Iterable

from cart import codes as cart_codes
from cart import codes_assessments, codes_subjects
from cart.api.errors import ANSWERS, API
from cart.codes_desk import DESK as DESK_OF_TRIAL
from cart.codes_forms import FORMS
from cart.codes_product import PRODUCT
from cart.codes_proof import PROOF
from cart.codes_runs import RUNS
from cart.codes_safety import SAFETY
from cart.codes_statistics import STATISTICS
from labs import codes as labs_codes
from labs import codes_records as labs_records
from labs.codes_desk import DESK
from labs.codes_fhir import FHIR
from labs.codes_specimens import DILUTIONS, KITS, SPECIMENS
from labs.codes_xlsx import XLSX
from trialsite import codes as foundation
from trialsite.codes import Code, Section
from trialsite.reference.markdown import page, table
from trialsite.reference.own import own_constraints

SECTIONS: tuple[Section, ...] = (
    *labs_codes.SECTIONS,
    SPECIMENS,
    DILUTIONS,
    KITS,
    FHIR,
    XLSX,
    labs_records.RECORDS,
    DESK,
    labs_records.COMMANDS,
    API,
    PRODUCT,
    *cart_codes.SECTIONS,
    *codes_assessments.SECTIONS,
    SAFETY,
    STATISTICS,
    PROOF,
    FORMS,
    DESK_OF_TRIAL,
    RUNS,
    codes_subjects.RECORDS,
    codes_subjects.COMMANDS,
    codes_subjects.ENDPOINTS,
    *foundation.SECTIONS,
)
# In the order in which somebody looks for a code; sections of one title are one table.
TITLES = (
    labs_codes.ROWS.title,
    labs_codes.FILES.title,
    labs_codes.LAYOUTS.title,
    XLSX.title,
    FHIR.title,
    labs_codes.RECORDS_OF_SDTM.title,
    labs_codes.DATASETS.title,
    API.title,
    foundation.COMMANDS.title,
    foundation.START.title,
    cart_codes.RECORDS.title,
    foundation.AUDIT.title,
    cart_codes.ENDPOINTS.title,
    RUNS.title,
    cart_codes.CASES.title,
    foundation.JOBS.title,
)
HEAD = """A refusal is a sentence that ends with its code in brackets: what must hold, what was found, what to do. The
code stays when the wording changes; programs test for it. One code can stand in several tables: look in the one of what
you did.
"""
RECORDS_MEANING = (
    "In the admin beside the field or on top of the page; from SQL as the error's text. The tables of constraints "
    "below are read from the models: their sentence is what must hold."
)
_CODED = re.compile(r"^(?P<sentence>.*) \[(?P<code>[a-z][a-z0-9-]*)\]$", re.DOTALL)


def coded_constraints() -> dict[tuple[str, str], list[str]]:
    """Records by code and sentence, of every constraint that brings a sentence of its own."""
    found: dict[tuple[str, str], list[str]] = {}
    for model, constraint in own_constraints():
        match = _CODED.match(str(constraint.get_violation_error_message()))
        if match:
            records = found.setdefault((match["code"], match["sentence"]), [])
            if (name := str(model._meta.verbose_name)) not in records:
                records.append(name)
    return found


def plain_constraints() -> dict[str, str]:
    """Code and record of every constraint without a sentence: the desk makes both from its name."""
    return {
        constraint.name.replace("_", "-"): str(model._meta.verbose_name)
        for model, constraint in own_constraints()
        if not _CODED.match(str(constraint.get_violation_error_message()))
    }


def codes_of(title: str) -> list[Code]:
    """Declared codes of a title, each once, in alphabetical order."""
    once = {one.code: one for section in SECTIONS if section.title == title for one in section.codes}
    return [once[code] for code in sorted(once)]


def _rules(codes: Iterable[Code]) -> list[str]:
    return table(("code", "what must hold", "what to do"), [(f"`{one.code}`", one.holds, one.remedy) for one in codes])


def _answers() -> list[str]:
    rows = [
        (f"`{one.code}`", str(one.status), one.holds, one.remedy) for one in sorted(ANSWERS, key=lambda one: one.code)
    ]
    return table(("code", "status", "what must hold", "what to do"), rows)


def _constraints() -> list[str]:
    coded = [(f"`{code}`", sentence, ", ".join(records)) for (code, sentence), records in coded_constraints().items()]
    plain = [(f"`{code}`", record) for code, record in plain_constraints().items()]
    return [
        "### Constraints",
        "",
        *table(("code", "sentence", "record"), sorted(coded)),
        "### Constraints without a sentence of their own",
        "",
        "The desk says: this is already recorded, or breaks the rule of that name.",
        "",
        *table(("code", "record"), sorted(plain)),
    ]


def _section(title: str) -> list[str]:
    meanings = [section.meaning for section in SECTIONS if section.title == title and section.meaning]
    if title == cart_codes.RECORDS.title:
        meanings = [RECORDS_MEANING]
    rows = _answers() if title == API.title else _rules(codes_of(title))
    lines = [f"## {title}", "", *meanings, "", *rows]
    return [*lines, *_constraints()] if title == cart_codes.RECORDS.title else lines


def errors_page() -> str:
    """Markdown of ``docs/reference/errors.md``: every code, what must hold, what to do."""
    return page("Error codes", HEAD.split("\n"), *map(_section, TITLES))
