"""The house as CONTRIBUTING draws it: import contracts, and that their violation is noticed."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import contextmanager

import pytest

from tests.databases import ROOT

PACKAGES = ("trialsite", "cart", "labs")
BANNED = {"utils", "helpers", "helper", "common", "misc", "manager", "base_utils", "info", "process_data"}
TOP_LEVEL = {
    "trialsite", "cart", "labs", "tests", "docs", "bench", ".ci", "docker-compose.yml", "Dockerfile", "manage.py",
    "requirements.txt", "requirements-dev.txt", "requirements-browser.txt", "pyproject.toml", "Makefile", "README.md",
    "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", ".gitignore",
}  # fmt: skip


CONTRACTS = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
LAYERS = "project > labs > cart > foundation"
INSIDE = "inside the apps"
PURE = "pure rooms know no framework"
MIDDLE = "the middle of the apps knows no web framework and no queue"
PRODUCTION = "nothing in production imports the private services"


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


@contextmanager
def planted(copy, *violations):
    """Lines at the end of modules, for the length of the block."""
    before = {}
    try:
        for module, line in violations:
            path = copy / module
            before.setdefault(path, path.read_text(encoding="utf-8"))
            with path.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}\n")
        yield
    finally:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")


def broken(done):
    """Names of the contracts that are broken."""
    assert done.stdout.count("KEPT") + done.stdout.count("BROKEN") == len(CONTRACTS), done.stdout + done.stderr
    return {name for name in CONTRACTS if f"\n{name} BROKEN" in done.stdout}


def test_contracts_hold(copy):
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in done.stdout


PLANTED = [
    # From the bottom up: who stands below knows nothing of who stands above, nor of a neighbour.
    (LAYERS, "trialsite/environ.py", "import trialsite.isolation"),
    (LAYERS, "trialsite/isolation/session.py", "import trialsite.audit.sql"),
    (LAYERS, "trialsite/audit/context.py", "import trialsite.accounts.models"),
    (LAYERS, "trialsite/audit/context.py", "import cart.models"),
    (LAYERS, "trialsite/accounts/models.py", "import trialsite.jobs"),
    (LAYERS, "trialsite/exports/manifest.py", "import trialsite.devservices"),
    (LAYERS, "trialsite/jobs/models.py", "import cart.models"),
    (LAYERS, "cart/models/study.py", "import labs.models"),
    (LAYERS, "cart/tasks.py", "import trialsite.celery"),
    (LAYERS, "labs/actions/transfers.py", "import trialsite.site"),
    (INSIDE, "cart/endpoints/timing.py", "import cart.models.study"),
    (INSIDE, "cart/models/study.py", "import cart.inputs"),
    (INSIDE, "cart/models/study.py", "import cart.actions.endpoints"),
    (INSIDE, "cart/scoping.py", "import cart.inputs"),
    (INSIDE, "cart/inputs/schedule.py", "import cart.actions.endpoints"),
    (INSIDE, "cart/actions/endpoints.py", "import cart.tasks"),
    (INSIDE, "cart/tasks.py", "import cart.admin.study"),
    (INSIDE, "cart/admin/study.py", "import cart.api"),
    (INSIDE, "labs/models/__init__.py", "import labs.inputs"),
    (INSIDE, "labs/inputs.py", "import labs.imports.checks"),
    (INSIDE, "labs/imports/load.py", "import labs.actions.transfers"),
    (INSIDE, "labs/actions/transfers.py", "import labs.admin"),
    (PURE, "cart/endpoints/timing.py", "import django.db"),
    (PURE, "labs/imports/checks.py", "import trialsite.audit.models"),  # and by it Django
    (MIDDLE, "cart/actions/endpoints.py", "import rest_framework"),
    (MIDDLE, "labs/models/__init__.py", "import celery"),
    (PRODUCTION, "labs/actions/transfers.py", "import trialsite.devservices"),
    (PRODUCTION, "labs/management/demo/children.py", "import trialsite.devservices.holder"),  # one import is allowed it
]


@pytest.mark.parametrize(("contract", "module", "line"), PLANTED)
def test_a_planted_violation_is_noticed(copy, contract, module, line):
    with planted(copy, (module, line)):
        done = lint_imports(copy)
    assert done.returncode != 0, f"{line} in {module} went unnoticed"
    assert contract in broken(done)


def test_every_contract_has_a_planted_violation():
    assert {contract for contract, _, _ in PLANTED} == set(CONTRACTS)


@pytest.mark.parametrize("name", [name for name, contract in CONTRACTS.items() if contract["type"] == "forbidden"])
def test_each_module_that_a_contract_names_is_guarded(copy, name):
    contract = CONTRACTS[name]
    pairs = [(one, other) for one in contract["source_modules"] for other in contract["forbidden_modules"]]
    with planted(copy, *((file_of(copy, one), f"import {other}") for one, other in pairs)):
        done = lint_imports(copy)
    unnoticed = [pair for pair in pairs if "{} is not allowed to import {}:".format(*pair) not in done.stdout]
    assert unnoticed == []


def file_of(copy, module):
    """Source of a module, relative to the copy."""
    path = copy.joinpath(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).relative_to(copy)


@pytest.mark.parametrize("app", ["cart", "labs"])
def test_a_room_without_a_place_is_noticed(copy, app):
    room = copy / app / "helpers.py"
    room.write_text('"""Nothing."""\n', encoding="utf-8")
    try:
        done = lint_imports(copy)
    finally:
        room.unlink()
    assert INSIDE in broken(done)


def test_contracts_name_every_module_that_they_are_meant_for():
    """A list in a contract does not grow by itself when a module is added."""

    def modules(folder):
        return {
            path.stem for path in (ROOT / folder).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
        } - {"__init__"}

    pure = set(CONTRACTS[PURE]["source_modules"])
    assert pure >= {f"labs.imports.{name}" for name in modules("labs/imports") - {"load", "specimens"}}
    production = set(CONTRACTS[PRODUCTION]["source_modules"])
    assert production == {"cart", "labs"} | {f"trialsite.{name}" for name in modules("trialsite") - {"devservices"}}


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
