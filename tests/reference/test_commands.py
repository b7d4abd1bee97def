"""Every command of the project is documented from its parser."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.reference.pages import assert_up_to_date
from trialsite.reference.commands import arguments_of, commands_page, own_commands, parser_of

COMMANDS = own_commands()


def test_page_is_what_the_parsers_say():
    assert_up_to_date("commands.md")


def test_page_is_the_same_in_a_narrow_terminal(monkeypatch):
    page = commands_page()
    monkeypatch.setenv("COLUMNS", "40")
    assert commands_page() == page


def test_every_command_of_the_project_is_there():
    assert {"import_labs", "import_sdtm", "export_endpoints", "audit_reconcile", "reap_jobs", "demo"} <= set(COMMANDS)
    assert not {"migrate", "runserver", "createsuperuser"} & set(COMMANDS)
    page = commands_page()
    assert all(page.count(f"## {name}\n") == 1 for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_says_what_it_does(name):
    silent = [action.dest for action in arguments_of(name, COMMANDS[name]) if not (action.help or "").strip()]
    assert silent == [], f"{name}: arguments without help"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_and_when_it_fails(name):
    assert COMMANDS[name].help.endswith("."), f"{name}: help is a sentence"
    assert (parser_of(name, COMMANDS[name]).epilog or "").startswith("Exit code 1: ")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["create_token", "nobody", "--days", "0"], "token-days"),
        (["check_health", "--port", "1"], "unhealthy"),
        (["export_observations", "NOPE", "--baseline", "first", "--to", "x.csv"], "baseline-rule"),
        (["export_observations", "NOPE", "--baseline", "visit:A", "--to", "x.txt"], "export-format"),
        (["load_study_template", "nothing", "--study", "S-1"], "unknown-template"),
    ],
)
def test_a_command_ends_with_a_code_that_its_page_names(arguments, code):
    parser = parser_of(arguments[0], COMMANDS[arguments[0]])
    with pytest.raises(CommandError, match=re.escape(f"[{code}]")) as refused:
        call_command(*arguments, stdout=StringIO(), stderr=StringIO())
    assert refused.value.returncode == 1
    assert code in parser.epilog
