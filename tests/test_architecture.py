"""The house as CONTRIBUTING draws it: import contracts, and that their violation is noticed."""

import ast
import re
import shutil
import subprocess
import sys

import pytest

from tests.databases import ROOT

PACKAGES = ("trialsite", "cart", "labs")
BANNED = {"utils", "helpers", "helper", "common", "misc", "manager", "base_utils", "info", "process_data"}
TOP_LEVEL = {
    "trialsite", "cart", "labs", "tests", "docs", "bench", ".ci", "docker-compose.yml", "Dockerfile", "manage.py",
    "requirements.txt", "requirements-dev.txt", "pyproject.toml", "Makefile", "README.md", "CONTRIBUTING.md",
    "CHANGELOG.md", "SECURITY.md", "LICENSE", ".gitignore",
}  # fmt: skip


def sources():
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path, path.read_text(encoding="utf-8")


def lint_imports(folder):
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), "HOME": str(folder)},
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The packages in a folder of their own, where a violation can be planted."""
    folder = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_contracts_hold(copy):
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("cart/models/study.py", "import labs.models"),  # the trial knows the laboratory
        ("trialsite/audit/context.py", "import cart.models"),  # the foundation knows the trial
        ("cart/models/study.py", "import cart.actions.endpoints"),  # models know actions
        ("cart/endpoints/timing.py", "import django.db"),  # a pure room knows Django
        ("cart/actions/endpoints.py", "import rest_framework"),  # an action knows DRF
        ("labs/actions/transfers.py", "import trialsite.devservices"),  # production knows the private services
    ],
)
def test_a_planted_violation_is_noticed(copy, module, line):
    path = copy / module
    before = path.read_text(encoding="utf-8")
    path.write_text(before + f"\n{line}\n", encoding="utf-8")
    try:
        done = lint_imports(copy)
    finally:
        path.write_text(before, encoding="utf-8")
    assert done.returncode != 0, f"{line} in {module} went unnoticed"
    assert "BROKEN" in done.stdout


def test_a_room_without_a_place_is_noticed(copy):
    room = copy / "cart" / "helpers.py"
    room.write_text('"""Nothing."""\n', encoding="utf-8")
    try:
        done = lint_imports(copy)
    finally:
        room.unlink()
    assert done.returncode != 0


def test_own_packages_are_never_imported_inside_functions():
    found = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for path, text in sources()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.ImportFrom | ast.Import)
        and (getattr(inner, "module", None) or inner.names[0].name).split(".")[0] in PACKAGES
    ]
    assert found == []


def test_string_foreign_keys_of_cart_stay_in_cart_and_accounts():
    pattern = re.compile(r'(?:ForeignKey|OneToOneField|ManyToManyField)\(\s*"([a-z_]+)\.')
    found = {target for path, text in sources() if "cart" in path.parts for target in pattern.findall(text)}
    assert found <= {"cart", "accounts"}


def test_files_stay_liveable_and_have_names_of_their_own():
    assert [str(p) for p, text in sources() if text.count("\n") > 400] == []
    assert [str(p) for p, _ in sources() if p.stem in BANNED] == []


def test_top_level_holds_what_was_agreed():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    assert {name.split("/")[0] for name in done.stdout.splitlines()} <= TOP_LEVEL
