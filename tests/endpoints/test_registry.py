from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
import pytest

from cart.endpoints.catalogue import evaluate
from cart.endpoints.errors import EndpointError, ParameterError, RegistryError
from cart.endpoints.prepared import Prepared
from cart.endpoints.registry import REGISTRY, Definition, Parameter, check_parameters, register
from tests.endpoints.cases import frames


def nothing(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
    return answers


def definition(code: str = "NEWONE", label: str = "A new endpoint", **more: Any) -> Definition:
    return Definition(code, label, "d", "1", "test", ("subjects",), nothing, **more)


@pytest.fixture(autouse=True)
def registry_as_it_was() -> Iterator[None]:
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (definition("BCDEPL"), "endpoint-twice"),
        (definition("NINECHARS"), "endpoint-code"),
        (definition("lower"), "endpoint-code"),
        (definition("A B"), "endpoint-code"),
        (definition(""), "endpoint-code"),
        (definition(label="x" * 41), "endpoint-label"),
        (definition(label=""), "endpoint-label"),
        (definition(needs=("NOTYET",)), "endpoint-order"),
    ],
)
def test_definition_against_the_rules_is_refused(new: Definition, code: str) -> None:
    with pytest.raises(RegistryError, match=rf"\[{code}\]"):
        register(new)


def test_every_definition_comes_after_those_it_needs_and_is_fully_described() -> None:
    seen: set[str] = set()
    for code, entry in REGISTRY.items():
        assert set(entry.needs) <= seen
        seen.add(code)
        assert entry.code == code
        assert entry.source
        assert entry.version
        assert entry.compute.__doc__
        names = [parameter.name for parameter in entry.parameters]
        assert len(names) == len(set(names))
        for parameter in entry.parameters:
            assert parameter.source
            assert parameter.description.endswith(".")
            parameter.check(code, parameter.default)


@pytest.mark.parametrize(
    ("overrides", "code"),
    [
        ({"NOSUCH": {}}, "unknown-endpoint"),
        ({"BCDEPL": {"treshold": 5.0}}, "unknown-parameter"),
        ({"RESET": {"threshold": 5.0}}, "unknown-parameter"),
        ({"*": {"treshold": 5.0}}, "unknown-parameter"),
        ({"BCDEPL": {"threshold": "10"}}, "parameter-type"),
        ({"BCDEPL": {"threshold": True}}, "parameter-type"),
        ({"BCDEPL": {"threshold": None}}, "parameter-type"),
        ({"BCDEPL": {"threshold": -1.0}}, "parameter-value"),
        ({"BCDEPL": {"threshold": float("nan")}}, "parameter-value"),
        ({"BCDEPL": {"confirm_n": 1.5}}, "parameter-type"),
        ({"BCDEPL": {"confirm_n": 0}}, "parameter-value"),
        ({"BCAUC": {"below_lloq": "mean"}}, "parameter-value"),
        ({"BCDEPL": {"baseline_rule": "last"}}, "baseline-rule"),
        ({"TITERPCT": {"antibodies": "ATA"}}, "parameter-type"),
        ({"TITERPCT": {"antibodies": []}}, "parameter-type"),
        ({"TITERPCT": {"antibodies": [1]}}, "parameter-type"),
        ({"TITER50": {"fall_percent": 101.0}}, "parameter-value"),
        ({"TITERHL": {"confidence": 1.0}}, "parameter-value"),
        ({"RESETCMP": {"antibody_response": "any"}}, "parameter-value"),
    ],
)
def test_impossible_parameters_are_refused_before_anything_is_computed(
    overrides: dict[str, dict[str, Any]], code: str
) -> None:
    with pytest.raises(ParameterError, match=rf"\[{code}\]"):
        check_parameters(overrides)
    with pytest.raises(ParameterError, match=rf"\[{code}\]"):
        evaluate(frames(), overrides)


def test_own_entry_comes_before_the_one_for_all() -> None:
    overrides = {"*": {"threshold": 20}, "BCDUR": {"threshold": 5.0}}
    check_parameters(overrides)
    assert REGISTRY["BCDEPL"].in_force(overrides)["threshold"] == 20
    assert REGISTRY["BCDUR"].in_force(overrides)["threshold"] == 5.0
    assert REGISTRY["BCDEPL"].in_force({}) == {
        "threshold": 10.0,
        "confirm_n": 2,
        "baseline_rule": "before-conditioning",
    }


def test_kernel_that_leaves_a_value_without_reason_is_stopped() -> None:
    def silent(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
        row = {"subject_id": 1, "code": "SILENT", "status": "not-evaluable", "series": "", "timepoint": ""}
        return pl.DataFrame([row], schema=answers.schema)

    register(Definition("SILENT", "Silent", "", "1", "test", (), silent))
    with pytest.raises(EndpointError, match=r"SILENT .*\[missing-without-reason\]"):
        evaluate(frames())


def test_kernel_that_answers_twice_is_stopped() -> None:
    def twice(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
        row = {"subject_id": 1, "code": "TWICE", "status": "evaluable", "series": "", "timepoint": ""}
        return pl.DataFrame([row, row], schema=answers.schema)

    register(Definition("TWICE", "Twice", "", "1", "test", (), twice))
    with pytest.raises(EndpointError, match=r"TWICE .*\[answer-twice\]"):
        evaluate(frames())


def test_kernel_that_gives_no_number_is_stopped() -> None:
    def broken(inputs: Prepared, parameters: Mapping[str, Any], answers: pl.DataFrame) -> pl.DataFrame:
        row = {"subject_id": 1, "code": "BROKEN", "status": "bounded", "low": float("nan")}
        return pl.DataFrame([row], schema=answers.schema)

    register(Definition("BROKEN", "Broken", "", "1", "test", (), broken))
    with pytest.raises(EndpointError, match=r"BROKEN .*\[answer-not-a-number\]"):
        evaluate(frames())


def test_parameter_bounds_a_number_on_both_sides() -> None:
    share = Parameter("share", 50, "%", "test", "A share.", at_most=100)
    share.check("X", 100)
    with pytest.raises(ParameterError, match=r"between 0 and 100; found 101\. \[parameter-value\]"):
        share.check("X", 101)
