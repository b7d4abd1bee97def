"""Worked cases: every endpoint has some, each agrees, and a wrong one is noticed."""

import dataclasses

import pytest

from cart.endpoints.proof.case_rows import WorkedCaseError, frames_of
from cart.endpoints.proof.installation import SHIPPED, EndpointRun, agree, run_files, sources_digest
from cart.endpoints.proof.worked import COMPARED, FOLDER, cases_of, check, worked_cases
from cart.endpoints.registry import REGISTRY
from cart.endpoints.vectors.catalogue import CASE_RULES

CASES = worked_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_answer_of_a_case_is_what_was_worked_out(case):
    assert [(one.expected.code, one.differences) for one in check(case) if not one.agreeing] == []


def test_every_endpoint_has_a_case():
    assert {one.code for case in CASES for one in case.expected} == set(REGISTRY)


def test_every_case_names_its_calculation_once():
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert all(len(one.worked) > 5 for case in CASES for one in case.expected)


@pytest.mark.parametrize("kind", sorted(CASE_RULES))
def test_every_kind_of_case_file_ships_and_agrees(kind):
    (found,) = run_files([SHIPPED / f"{kind}.csv"], origin="here")
    assert (found.refused, found.differences) == ("", ())
    assert found.cases > 0


@pytest.mark.parametrize("field", ["value", "low", "day", "text", "status"])
def test_a_wrong_field_differs(field):
    case = next(case for case in CASES if case.file == "bcells.yaml")
    depletion = next(one for one in case.expected if one.code == "BCDEPL")
    wrong = dataclasses.replace(depletion, fields={**depletion.fields, field: "7.5"})
    (found,) = check(dataclasses.replace(case, expected=(wrong,)))
    assert [name for name, _, _ in found.differences] == [field]


def test_an_answer_that_is_not_there_differs():
    case = CASES[0]
    other = dataclasses.replace(case.expected[0], timepoint="Y9")
    (found,) = check(dataclasses.replace(case, expected=(other,)))
    assert found.differences == (("answers", "1", "0"),)


def test_a_case_that_the_kernels_refuse_differs():
    case = dataclasses.replace(CASES[0], parameters={"BCDEPL": {"threshold": "many"}})
    found = check(case)
    assert all("[parameter-type]" in one.differences[0][2] for one in found)


@pytest.mark.parametrize(
    "given",
    [
        {"feelings": []},
        {"skin_scores": [{"nose": "1"}]},
        {"skin_scores": [{"day": "soon"}]},
        {"skin_scores": [{"face": "two"}]},
        {"findings": [{"raynaud": "maybe"}]},
        {"series": [{"analyte": "ATA", "unit": "1", "values": {"1": "~5"}}]},
    ],
)
def test_a_case_that_is_none_is_refused(given):
    with pytest.raises(WorkedCaseError, match=r"\[worked-case\]"):
        frames_of(given)


@pytest.mark.parametrize(
    "entry",
    [
        "{endpoint: NOTHING, value: 1, worked: by nobody}",
        "{endpoint: BCDEPL, value: 1}",
        "{endpoint: BCDEPL, worked: no field at all}",
        "{endpoint: BCDEPL, value: 1, worked: x y, colour: red}",
        "{endpoint: BCDEPL, value: 1, worked: x y, kind: rumour}",
    ],
)
def test_an_expected_answer_without_endpoint_calculation_or_field_is_refused(tmp_path, entry):
    path = tmp_path / "mine.yaml"
    path.write_text(f"- case: one\n  given: {{}}\n  expected:\n    - {entry}\n")
    with pytest.raises(WorkedCaseError, match=r"mine\.yaml.*\[worked-case\]"):
        list(cases_of(path))


def test_an_installation_with_a_gap_does_not_agree():
    whole = EndpointRun("BCDEPL", "label", "1", check(CASES[0])[:1])
    assert agree([whole], [])
    assert not agree([whole, EndpointRun("RESET", "label", "1", ())], [])


def test_digest_of_sources_changes_with_a_byte_and_a_name(tmp_path):
    def digest(name, text):
        folder = tmp_path / name.replace("/", "_") / str(len(text))
        folder.mkdir(parents=True)
        (folder / "rule.py").write_text(text)
        (folder / name).write_text("x")
        return sources_digest(folder)

    found = {digest("a.csv", "1"), digest("a.csv", "12"), digest("b.csv", "1")}
    assert len(found) == 3
    assert digest("note.txt", "1") == digest("other.txt", "1")


def test_fields_that_cases_name_are_those_of_an_answer():
    assert set(COMPARED) == {name for case in CASES for one in case.expected for name in one.fields}
    assert len(list(FOLDER.glob("*.yaml"))) > 1
