"""What endpoints there are: one entry each, with parameters, version and source.

A kernel module registers its definitions when it is imported; ``cart.endpoints.catalogue`` imports them all.
A definition that reads the answers of others names them in ``needs`` and can only be registered after them,
so the order of the registry is an order of evaluation.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from cart.endpoints.errors import ParameterError, RegistryError
from cart.endpoints.prepared import Prepared

MAX_CODE, MAX_LABEL = 8, 40
Value = str | int | float | list[str]
# (inputs, parameters in force, answers of the definitions before) -> answers
Compute = Callable[[Prepared, Mapping[str, Any], pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Parameter:
    """A threshold or choice of a rule; its default has a unit and a source.

    ``at_least`` and ``at_most`` bound a number; ``choices`` lists the words a text may be, ``refuse`` raises
    for a value that is none of an open list. ``reads``: the value is codes of analytes, whose results are read.
    """

    name: str
    default: Value
    unit: str
    source: str
    description: str
    at_least: float = 0.0
    at_most: float = float("inf")
    choices: tuple[str, ...] = ()
    refuse: Callable[[Any], None] | None = None
    reads: bool = False

    def check(self, code: str, value: Any) -> None:
        """Refuse a value of another type than the default, outside its bounds or outside the choices.

        Raises
        ------
        ParameterError
            Naming endpoint, parameter and what was found.
        """
        if not self._has_type(value):
            kind = {"int": "whole number", "float": "number", "str": "text", "list": "list of texts"}
            raise ParameterError(
                f"Parameter {self.name} of {code} is a {kind[type(self.default).__name__]}; "
                f"found {value!r}. [parameter-type]"
            )
        # Written so that NaN fails too.
        if isinstance(self.default, (int, float)) and not self.at_least <= value <= self.at_most:
            raise ParameterError(
                f"Parameter {self.name} of {code} lies between {self.at_least:g} and {self.at_most:g}; "
                f"found {value!r}. [parameter-value]"
            )
        if self.choices and value not in self.choices:
            raise ParameterError(
                f"Parameter {self.name} of {code} is one of {', '.join(self.choices)}; found {value!r}. "
                "[parameter-value]"
            )
        if self.refuse is not None:
            self.refuse(value)

    def _has_type(self, value: Any) -> bool:
        if isinstance(value, bool):
            return False
        if isinstance(self.default, list):
            return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
        if isinstance(self.default, float):
            return isinstance(value, (int, float))
        return isinstance(value, type(self.default))


@dataclass(frozen=True)
class Definition:
    """One endpoint: what it is called, what it needs, which version of its rule this is."""

    code: str
    label: str
    unit: str
    version: str
    source: str
    inputs: tuple[str, ...]
    compute: Compute = field(repr=False, compare=False)
    parameters: tuple[Parameter, ...] = ()
    needs: tuple[str, ...] = ()
    # Analytes that it reads whatever the parameters are; of others it reads those that a parameter names.
    analytes: tuple[str, ...] = ()
    # How answers of many subjects are summarised, see ``summary_cells.KINDS``; empty: by whether it has a unit.
    summary: tuple[str, ...] = ()

    def in_force(self, overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Every parameter: the study's value where given (own entry before ``*``), else the default.

        Raises
        ------
        ParameterError
            A value of the wrong type or outside its bounds.
        """
        return in_force(self.code, self.parameters, overrides)

    def analytes_read(self, values: Mapping[str, Any]) -> frozenset[str]:
        """Codes of the analytes whose results it reads under these values of its parameters."""
        named = (values[parameter.name] for parameter in self.parameters if parameter.reads)
        return frozenset(self.analytes).union(*([one] if isinstance(one, str) else one for one in named))


def in_force(code: str, parameters: Iterable[Parameter], overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Every parameter: the study's value where given (own entry before ``*``), else the default.

    Raises
    ------
    ParameterError
        A value of the wrong type or outside its bounds.
    """
    own, shared = overrides.get(code, {}), overrides.get("*", {})
    values = {p.name: own.get(p.name, shared.get(p.name, p.default)) for p in parameters}
    for parameter in parameters:
        parameter.check(code, values[parameter.name])
    return values


REGISTRY: dict[str, Definition] = {}
# Parameters of what is computed on reading and is no endpoint; a study sets them beside those of the endpoints.
READ_TIME: dict[str, tuple[Parameter, ...]] = {}


def register(definition: Definition) -> Definition:
    """Add a definition.

    Raises
    ------
    RegistryError
        Code taken, longer than 8 or not capitals and digits; label longer than 40; a definition it needs is
        not registered yet.
    """
    code = definition.code
    if not (code.isascii() and code.isalnum() and code == code.upper() and len(code) <= MAX_CODE):
        raise RegistryError(
            f"An endpoint code has at most {MAX_CODE} capitals and digits; found {code!r}. [endpoint-code]"
        )
    if not 0 < len(definition.label) <= MAX_LABEL:
        raise RegistryError(
            f"The label of {code} has 1 to {MAX_LABEL} characters; found {len(definition.label)}. [endpoint-label]"
        )
    if code in REGISTRY:
        raise RegistryError(f"Endpoint {code} is registered twice. [endpoint-twice]")
    absent = [needed for needed in definition.needs if needed not in REGISTRY]
    if absent:
        raise RegistryError(f"Endpoint {code} reads {', '.join(absent)}, to be registered before it. [endpoint-order]")
    REGISTRY[code] = definition
    return definition


def check_parameters(overrides: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse overrides that name an unknown endpoint or parameter, or an impossible value.

    Raises
    ------
    ParameterError
        With the endpoint, the parameter and what there is instead.
    """
    sets = {definition.code: definition.parameters for definition in REGISTRY.values()} | READ_TIME
    for code, values in overrides.items():
        if code != "*" and code not in sets:
            raise ParameterError(f"There is no endpoint {code!r}; known: {', '.join(sets)}. [unknown-endpoint]")
        known = {p.name for own, parameters in sets.items() if code in ("*", own) for p in parameters}
        for name in values:
            if name not in known:
                raise ParameterError(
                    f"Endpoint {code} has no parameter {name!r}; known: {', '.join(sorted(known)) or 'none'}. "
                    "[unknown-parameter]"
                )
    for code, parameters in sets.items():
        in_force(code, parameters, overrides)
