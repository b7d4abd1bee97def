"""The codes that the sources end their sentences with, found without running them."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.databases import ROOT

PACKAGES = ("trialsite", "cart", "labs")
# Rules of imports are bare words: the report puts the brackets.
RULE_ROOMS = ("labs/imports/", "labs/actions/")
NO_RULES = {"utf-8", "made-ahead", "non-numeric", "entered-in-error"}
RULE_CALLS = {"refuse", "Rule"}
# A bracket before a parenthesis is a link of Markdown.
BRACKETED = re.compile(r"(?:^|[\s(])\[([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\](?!\()")
HYPHENATED = re.compile(r"[a-z]+(?:-[a-z]+)+")
WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")


@cache
def emitted() -> dict[str, frozenset[str]]:
    """Codes by source file, as a path from the project's folder."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            # Migrations repeat the models; the rules beside them are sources of their own.
            if ("/migrations/" in name and not name.endswith("_sql.py")) or name.endswith("/codes.py"):
                continue
            codes = frozenset(_codes(ast.parse(path.read_text(encoding="utf-8")), name))
            if codes:
                found[name] = codes
    return found


def _codes(tree: ast.Module, name: str) -> Iterator[str]:
    skipped = {id(node) for text in _not_said(tree) for node in ast.walk(text)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from BRACKETED.findall(node.value)
            if name.startswith(RULE_ROOMS) and HYPHENATED.fullmatch(node.value) and node.value not in NO_RULES:
                yield node.value
        elif isinstance(node, ast.Call) and name.startswith(RULE_ROOMS):
            yield from _rules_of_call(node)


def _rules_of_call(node: ast.Call) -> Iterator[str]:
    given = [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
    if isinstance(node.func, ast.Name) and node.func.id in RULE_CALLS:
        given += node.args[1:2]
    for value in given:
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and WORD.fullmatch(value.value):
            yield value.value


def _not_said(tree: ast.Module) -> Iterator[ast.AST]:
    """Docstrings, and what a command says in its help of the codes of others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "attr", "") == "epilog":
            yield node
