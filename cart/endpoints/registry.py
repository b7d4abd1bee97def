"""What endpoints there are: one entry each, with parameters, version and source.

A kernel module registers its definitions when it is imported; ``cart.endpoints.catalogue`` imports them all in
the order of their dependence.
"""

from collections.abc import Callable, Mapping
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
    """A threshold or choice of a rule; its default has a unit and a source."""

    name: str
    default: Value
    unit: str
    source: str
    choices: tuple[str, ...] = ()

    def check(self, code: str, value: Any) -> None:
        """Refuse a value of another type than the default, or outside the choices."""
        number = isinstance(self.default, (int, float))
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) if number else isinstance(
            value, type(self.default)
        )
        if not fits or (isinstance(self.default, int) and not isinstance(value, int)):
            raise ParameterError(
                f"Parameter {self.name} of {code} is a {type(self.default).__name__}; found {value!r}. [parameter-type]"
            )
        if number and value < 0:
            raise ParameterError(f"Parameter {self.name} of {code} is not negative; found {value}. [parameter-value]")
        if self.choices and value not in self.choices:
            raise ParameterError(
                f"Parameter {self.name} of {code} is one of {', '.join(self.choices)}; found {value!r}. "
                "[parameter-value]"
            )


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

    def in_force(self, overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Every parameter: the study's value where given (own entry before ``*``), else the default."""
        own, shared = overrides.get(self.code, {}), overrides.get("*", {})
        values = {p.name: own.get(p.name, shared.get(p.name, p.default)) for p in self.parameters}
        for parameter in self.parameters:
            parameter.check(self.code, values[parameter.name])
        return values


REGISTRY: dict[str, Definition] = {}


def register(definition: Definition) -> Definition:
    """Add a definition.

    Raises
    ------
    RegistryError
        Code taken, longer than 8 or not capitals and digits; label longer than 40.
    """
    code = definition.code
    if not (code.isascii() and code.isalnum() and code == code.upper() and len(code) <= MAX_CODE):
        raise RegistryError(f"An endpoint code has at most 8 capitals and digits; found {code!r}. [endpoint-code]")
    if not 0 < len(definition.label) <= MAX_LABEL:
        raise RegistryError(f"The label of {code} has 1 to 40 characters; found {len(definition.label)}. [endpoint-label]")
    if code in REGISTRY:
        raise RegistryError(f"Endpoint {code} is registered twice. [endpoint-twice]")
    REGISTRY[code] = definition
    return definition


def check_parameters(overrides: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse overrides that name an unknown endpoint or parameter, or an impossible value.

    Raises
    ------
    ParameterError
        With the endpoint, the parameter and what there is instead.
    """
    for code, values in overrides.items():
        if code != "*" and code not in REGISTRY:
            raise ParameterError(f"There is no endpoint {code!r}; known: {', '.join(REGISTRY)}. [unknown-endpoint]")
        known = {p.name for d in REGISTRY.values() if code in ("*", d.code) for p in d.parameters}
        for name in values:
            if name not in known:
                raise ParameterError(
                    f"Endpoint {code} has no parameter {name!r}; known: {', '.join(sorted(known))}. [unknown-parameter]"
                )
    for definition in REGISTRY.values():
        definition.in_force(overrides)
