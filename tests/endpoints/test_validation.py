"""The validation page names a proof of every endpoint and kernel, and each that it names is there."""

import ast
import re

import pytest

from cart.endpoints.catalogue import MODULES
from cart.endpoints.proof.worked import worked_cases
from cart.endpoints.registry import REGISTRY
from cart.endpoints.vectors.catalogue import CASE_RULES
from tests.databases import ROOT

PAGE = ROOT / "docs" / "validation" / "README.md"
KERNELS = ROOT / "docs" / "reference" / "kernels.md"
TESTS = ROOT / "tests" / "endpoints"
WORKED = re.compile(r"own rule, worked in `(?P<file>[a-z_]+\.yaml)`")
IN_FILE = {(case.file, one.code) for case in worked_cases() for one in case.expected}
PROOF = re.compile(r"`(?P<file>[a-z_/]+\.py)::(?P<name>test_[a-z0-9_]+)`")


def rows(path, section=None):
    """First column and the others of every table row, of one section or of all."""
    found, title = [], ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            title = line.removeprefix("## ")
        if line.startswith("| `") and section in (None, title):
            first, *others = (cell.strip() for cell in line.strip("|").split(" | "))
            found.append((first.strip("`"), others))
    return found


ENDPOINTS, PROVEN = rows(PAGE, "Endpoints"), rows(PAGE, "Kernels")


def test_every_endpoint_stands_there_once():
    assert len(MODULES) > 0
    assert sorted(code for code, _ in ENDPOINTS) == sorted(REGISTRY)


def test_every_kernel_of_the_reference_stands_there_once():
    assert sorted(name for name, _ in PROVEN) == sorted(name for name, _ in rows(KERNELS))


@pytest.mark.parametrize(
    ("name", "proofs"), [*ENDPOINTS, *PROVEN], ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_proof_that_is_named_is_there(name, proofs):
    by_hand, third_party, *others = proofs
    assert len(others) == 2
    assert exists(by_hand), by_hand
    own = WORKED.fullmatch(third_party)
    if own:
        assert own["file"] in {file for file, _ in IN_FILE}
        assert name not in REGISTRY or (own["file"], name) in IN_FILE
    else:
        assert third_party.strip("`") in CASE_RULES or exists(third_party), third_party
    assert all(exists(proof) for proof in others), others


def exists(proof):
    """Is there such a test?"""
    named = PROOF.fullmatch(proof)
    if named is None or not (TESTS / named["file"]).is_file():
        return False
    module = ast.parse((TESTS / named["file"]).read_text(encoding="utf-8"))
    return named["name"] in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


def test_a_proof_that_is_not_there_is_noticed():
    assert exists("`test_validation.py::test_a_proof_that_is_not_there_is_noticed`")
    assert not exists("`test_validation.py::test_nothing`")
    assert not exists("`test_nobody.py::test_nothing`")
    assert not exists("by hand")
