"""The record of an installation: what it holds, and that nothing that differs passes for agreeing."""

import hashlib
import json

import pytest
from django.core.management import CommandError, call_command

from cart.endpoints.proof import worked
from cart.endpoints.proof.installation import SHIPPED
from cart.endpoints.registry import REGISTRY
from cart.endpoints.vectors.catalogue import CASE_RULES

HEAD = "day,half_life_d,fraction_remaining,log2_change\n"


@pytest.fixture
def one_case(monkeypatch):
    """Only the worked cases of B cells: a run of all of them takes many seconds."""
    cases = tuple(worked.cases_of(worked.FOLDER / "bcells.yaml"))
    monkeypatch.setattr("cart.endpoints.proof.installation.worked_cases", lambda: cases)
    return cases


def record(folder):
    (path,) = folder.glob("*.json")
    return json.loads(path.read_text()), path.with_suffix(".md").read_text()


def test_every_endpoint_and_every_kind_agrees_and_the_digests_are_those_of_the_files(tmp_path, capsys):
    call_command("validate_installation", "--to", str(tmp_path))
    found, page = record(tmp_path)
    assert found["agrees"]
    assert {one["code"]: one["version"] for one in found["endpoints"]} == {
        code: definition.version for code, definition in REGISTRY.items()
    }
    assert all(one["cases"] == one["agreeing"] > 0 for one in found["endpoints"])
    assert {one["name"] for one in found["files"]} == {f"{name}.csv" for name in CASE_RULES}
    assert all(one["cases"] == one["agreeing"] > 0 for one in found["files"])
    assert "**Result: everything agrees.**" in page
    assert found["report"]["sha256"] == hashlib.sha256(page.encode()).hexdigest()
    (sums,) = tmp_path.glob("*.sha256")
    for line in sums.read_text().splitlines():
        digest, name = line.split("  ")
        assert digest == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        assert digest in capsys.readouterr().out or name.endswith(".json")
    assert {"polars", "numpy", "scipy"} <= {one["name"] for one in found["packages"]}


@pytest.mark.usefixtures("one_case")
def test_endpoints_without_a_case_fail_the_command_and_are_named(tmp_path):
    with pytest.raises(CommandError, match=r"\[cases-differ\]"):
        call_command("validate_installation", "--to", str(tmp_path))
    found, page = record(tmp_path)
    assert not found["agrees"]
    named = page.partition("Endpoints without a case: ")[2].partition(".")[0].split(", ")
    assert "DLT" in named
    assert "BCDEPL" not in named
    assert "SOMETHING DIFFERS" in page


def test_a_difference_is_written_with_expected_and_found(tmp_path, monkeypatch):
    text = (worked.FOLDER / "bcells.yaml").read_text()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("value: 95, low: 67", "value: 53, low: 67"))
    assert wrong.read_text() != text
    monkeypatch.setattr("cart.endpoints.proof.installation.worked_cases", lambda: tuple(worked.cases_of(wrong)))
    with pytest.raises(CommandError):
        call_command("validate_installation", "--to", str(tmp_path / "out"))
    found, page = record(tmp_path / "out")
    recovery = next(one for one in found["endpoints"] if one["code"] == "BCRECOV")
    assert (recovery["cases"], recovery["agreeing"], recovery["differing"]) == (1, 0, 1)
    assert recovery["answers"][0]["differences"] == [{"field": "value", "expected": "53", "found": "95.0"}]
    assert "| BCRECOV value | 53 | 95.0 |" in page


@pytest.mark.usefixtures("one_case")
def test_case_files_of_a_folder_run_too_and_one_that_cannot_is_a_difference(tmp_path):
    cases = tmp_path / "cases"
    cases.mkdir()
    (cases / "igg_passive_decay.csv").write_text(HEAD + "21,21,0.5,-1\n21,21,0.6,-1\n")
    (cases / "astrology.csv").write_text("a|b\n1\n")
    (cases / "README.md").write_text("not a case")
    with pytest.raises(CommandError):
        call_command("validate_installation", "--to", str(tmp_path / "out"), "--vectors", str(cases))
    found, page = record(tmp_path / "out")
    own = {one["name"]: one for one in found["files"] if one["origin"] == str(cases)}
    assert set(own) == {"igg_passive_decay.csv", "astrology.csv"}
    assert (own["igg_passive_decay.csv"]["cases"], own["igg_passive_decay.csv"]["differing"]) == (2, 1)
    assert own["igg_passive_decay.csv"]["differences"] == [
        {"line": 3, "column": "fraction_remaining", "expected": "0.6", "found": "0.5"}
    ]
    assert own["astrology.csv"]["refused"].endswith("[case-kind]")
    assert "[case-kind]" in page


def test_a_folder_without_case_files_is_refused_before_anything_runs(tmp_path):
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(CommandError, match=r"\[vectors-folder\]"):
            call_command("validate_installation", "--to", str(tmp_path / "out"), "--vectors", str(folder))
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("one_case")
def test_a_folder_that_cannot_be_written_to_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match=r"\[report-target\]"):
        call_command("validate_installation", "--to", str(tmp_path / "file" / "sub"))


def test_cases_that_ship_are_all_of_a_kind():
    assert {path.stem for path in SHIPPED.glob("*")} == set(CASE_RULES)
