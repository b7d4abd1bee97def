"""The reference page of the commands, written from their parsers."""

from argparse import SUPPRESS, Action, ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from trialsite.reference.markdown import page, table
from trialsite.reference.own import own_apps

TYPES: dict[Any, str] = {int: "whole number", float: "number", Path: "path"}
HEAD = """`python manage.py COMMAND`, in a clone `.venv/bin/python manage.py COMMAND`. In development a command brings
its own PostgreSQL and broker, or joins those of a running one; elsewhere `DATABASE_URL` and `REDIS_URL` name them
([settings](settings.md)). A command that writes acts as `cli:ACCOUNT`, the account of the operating system.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | refused, or ended with an error: one sentence with its [code](errors.md) on standard error |
| 2 | the arguments are not understood, or the development requirements are not installed |
| 130 | stopped by Ctrl-C |

Every command also takes Django's options: `--verbosity`, `--settings`, `--pythonpath`, `--traceback`, `--no-color`,
`--force-color`, `--skip-checks`, `--version`, `--help`. Django's own commands (`migrate`, `createsuperuser`) are in
Django's documentation.

## services

Hold the private PostgreSQL and broker of a clone, for development: prints `DATABASE_URL`, `OWNER_DATABASE_URL` and
`REDIS_URL`, and stops them at Ctrl-C. No arguments.
"""


def own_commands() -> dict[str, BaseCommand]:
    """Commands of the project's own apps by name."""
    own = {config.name for config in own_apps()}
    return {name: load_command_class(app, name) for name, app in sorted(get_commands().items()) if app in own}


def parser_of(name: str, command: BaseCommand) -> ArgumentParser:
    """The parser as the command line makes it."""
    return command.create_parser("manage.py", name)


def arguments_of(name: str, command: BaseCommand) -> list[Action]:
    """The command's own arguments, without those that Django gives to every command."""
    common = {action.dest for action in parser_of("command", BaseCommand())._actions}
    own = [action for action in parser_of(name, command)._actions if action.dest not in common]
    # As they are typed: what has a place first, what many commands share last.
    return sorted(own, key=lambda action: (bool(action.option_strings), action.dest == "reason"))


def _spelled(action: Action) -> str:
    if not action.option_strings:
        return f"`{action.dest.upper()}`"
    value = f" {action.metavar or action.dest.upper()}" if action.nargs != 0 else ""
    return f"`{', '.join(action.option_strings)}{value}`"


def _type(action: Action) -> str:
    if action.choices:
        return ", ".join(f"`{choice}`" for choice in action.choices)
    return "flag" if action.nargs == 0 else TYPES.get(action.type, "text")


def _default(action: Action) -> str:
    if action.required:
        return "required"
    value = _shown(action.default)
    return f"`{value}`" if value else "-"


def _shown(value: Any) -> str:
    if value is None or value is False or value in ("", SUPPRESS):
        return ""
    # The page is the same whoever writes it and wherever the clone lies.
    if isinstance(value, Path) and value.is_relative_to(settings.BASE_DIR):
        return str(value.relative_to(settings.BASE_DIR))
    return str(value)


def _section(name: str, command: BaseCommand) -> list[str]:
    parser = parser_of(name, command)
    formatter = parser._get_formatter()
    rows = [
        (_spelled(action), _type(action), _default(action), formatter._expand_help(action) if action.help else "")
        for action in arguments_of(name, command)
    ]
    return [
        f"## {name}",
        "",
        command.help,
        "",
        *(table(("argument", "type", "default", "meaning"), rows) if rows else ["No arguments.", ""]),
        parser.epilog or "",
        "",
    ]


def commands_page() -> str:
    """Markdown of ``docs/reference/commands.md``: every command with arguments, defaults and exit codes."""
    sections = [_section(name, command) for name, command in own_commands().items()]
    return page("Commands", HEAD.split("\n"), *sections)
