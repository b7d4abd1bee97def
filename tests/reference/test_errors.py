"""Every code that the code says is declared, and every declared code is said."""

import re

import pytest
from django.apps import apps

from tests.reference.pages import assert_up_to_date
from tests.reference.sources import emitted
from trialsite.reference.commands import own_commands, parser_of
from trialsite.reference.errors import SECTIONS, TITLES, coded_constraints, codes_of, errors_page

EMITTED = emitted()
# Answered by the framework with the status alone; tests/cart/api/test_errors.py meets each of them.
OF_FRAMEWORK = {
    "bad-request",
    "not-authenticated",
    "authentication-failed",
    "permission-denied",
    "not-found",
    "method-not-allowed",
    "not-acceptable",
    "unsupported-media-type",
}
NAMED = re.compile(r"\[([a-z-]+(?:, [a-z-]+)*)\]")


def sections_of(path):
    return [section for section in SECTIONS if path.startswith(section.rooms)]


def test_page_is_what_the_rooms_declare():
    assert_up_to_date("errors.md")


def test_the_scan_finds_each_way_of_saying_a_code():
    everywhere = set().union(*EMITTED.values())
    assert {"number-grammar", "nul", "encoding", "xpt-cut-off", "lot-not-released", "unhealthy"} <= everywhere


@pytest.mark.parametrize("path", EMITTED)
def test_every_code_that_a_file_says_is_declared_by_its_room(path):
    of_constraints = {code for code, _ in coded_constraints()} if "/models" in path else set()
    declared = {one.code for section in sections_of(path) for one in section.codes} | of_constraints
    undeclared = sorted(EMITTED[path] - declared)
    assert undeclared == [], f"{path}: declare these in the codes.py of its app, with what must hold and what to do"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: f"{section.title} {section.rooms[0]}")
def test_every_declared_code_is_said_in_its_room(section):
    said = {code for path, codes in EMITTED.items() if path.startswith(section.rooms) for code in codes}
    assert sorted({one.code for one in section.codes} - said - OF_FRAMEWORK) == []


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: f"{section.title} {section.rooms[0]}")
def test_every_declaration_is_two_short_sentences(section):
    codes = [one.code for one in section.codes]
    assert len(set(codes)) == len(codes)
    for one in section.codes:
        assert one.holds.endswith(".")
        assert one.remedy.endswith(".")
        assert len(one.holds) <= 160, one.code


def test_sections_of_one_title_agree_on_a_code():
    for title in TITLES:
        said = {}
        for section in SECTIONS:
            for one in section.codes if section.title == title else ():
                assert said.setdefault(one.code, one) == one, f"{title}: {one.code}"


def test_every_section_is_on_the_page():
    assert {section.title for section in SECTIONS} == set(TITLES)
    page = errors_page()
    assert all(f"\n## {title}\n" in page for title in TITLES)
    assert all(f"| `{one.code}` |" in page for title in TITLES for one in codes_of(title))


def test_every_code_in_the_help_of_a_command_is_on_the_page():
    page = errors_page()
    named = {
        code
        for name, command in own_commands().items()
        for codes in NAMED.findall(parser_of(name, command).epilog or "")
        for code in codes.split(", ")
    }
    assert "file-refused" in named
    assert sorted(code for code in named if f"| `{code}` |" not in page) == []


def test_sentence_of_every_constraint_can_be_said():
    # Django fills the name in with %: a bare per cent sign would be an error page instead of the sentence.
    constraints = [constraint for model in apps.get_models() for constraint in model._meta.constraints]
    assert len(constraints) > 200
    assert [one.name for one in constraints if "%" in str(one.get_violation_error_message())] == []
