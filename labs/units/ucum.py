"""A UCUM code read: its size in base units, and of what kind it is. PURE."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from threading import Lock
from typing import Any

from labs.units.errors import NotUcumError, shown
from labs.units.kinds import AS_UCUM_SAYS, COUNTED, KINDS, SAME_ATOM

MAX_CODE = 40
MAX_EXPONENT = 24
_MICRO = "\u00b5\u03bc"
# One code at a time: nothing says that the parser may be shared by threads.
_PARSING = Lock()


@dataclass(frozen=True)
class Unit:
    """A unit as a size in base units and their powers.

    Attributes
    ----------
    size
        Exact: 10 for mg/dL, in g/m3.
    powers
        Base unit to its power, without zeros. Atoms that stand for themselves are base units here, and so is every
        annotation that names no count: ``{"{CU}": 1}``.
    counted
        What is counted, with its power: ``{"{cells}": 1}``; it may be left out of a code.
    """

    size: Fraction
    powers: Mapping[str, int] = field(default_factory=dict)
    counted: Mapping[str, int] = field(default_factory=dict)

    def times(self, other: "Unit", power: int = 1) -> "Unit":
        """Product with a power of another unit."""
        return Unit(
            self.size * other.size**power,
            _added(self.powers, other.powers, power),
            _added(self.counted, other.counted, power),
        )


_ONE = Unit(Fraction(1))


def _added(one: Mapping[str, int], other: Mapping[str, int], power: int) -> dict[str, int]:
    sums = {name: one.get(name, 0) + power * other.get(name, 0) for name in {**one, **other}}
    return {name: total for name, total in sums.items() if total}


@functools.lru_cache(maxsize=4096)
def read_unit(code: str) -> Unit:
    """Read a code of UCUM (case-sensitive).

    Raises
    ------
    NotUcumError
        With what was found and, where it is a common slip, what to write instead.

    Examples
    --------
    >>> read_unit("mg/dL").size
    Fraction(10, 1)
    >>> read_unit("k[IU]/L").powers
    {'[IU]': 1, 'meter': -3}
    """
    _check_text(code)
    parser, _ = _tools()
    try:
        tree = parser(code)
    except ValueError as error:
        raise NotUcumError(_refused(code, _hint(code))) from error
    return _unit_of(tree, code)


def check_unit(code: str) -> None:
    """Raise :class:`NotUcumError` unless the text is a UCUM code."""
    read_unit(code)


def _check_text(code: str) -> None:
    if not code:
        raise NotUcumError("A unit is a UCUM code; found nothing. Write 1 for a number without unit. [unit-not-ucum]")
    if len(code) > MAX_CODE:
        raise NotUcumError(_refused(code, f"A code has at most {MAX_CODE} characters."))
    if not re.fullmatch(r"[!-~]+", code, re.ASCII):
        raise NotUcumError(_refused(code, _hint(code)))


def _refused(code: str, hint: str) -> str:
    return f"A unit is a UCUM code such as mg/dL; found {shown(code)}. {hint} [unit-not-ucum]"


def _hint(code: str) -> str:
    if any(sign in code for sign in _MICRO):
        return "Write u for micro: ug/L."
    if any(sign.isspace() for sign in code):
        return "Leave the spaces out."
    if re.search(r"10\^?[0-9]", code) or "10E" in code.upper():
        return "Powers of ten are written 10*9/L."
    if re.search(r"\b(cells?|copies|RBC|WBC)\b", code) and "{" not in code:
        return "What is counted stands in braces: {cells}/uL."
    return "See ucum.org; a unit of a kit's own stands in braces: {CU}."


def _unit_of(tree: Any, code: str) -> Unit:
    """Walk the parser's tree: rules main_term, term, component, annotatable, simple_unit."""
    kind = getattr(tree, "type", None)
    if kind == "ANNOTATION":
        return _annotation(str(tree))
    parts = tree.children
    if tree.data == "simple_unit":
        return _simple(parts, code)
    if tree.data == "annotatable":
        return _ONE.times(_unit_of(parts[0], code), _power(parts[1], code))
    if tree.data == "component":
        return _unit_of(parts[0], code).times(_annotation(str(parts[1])))
    if tree.data == "main_term" and len(parts) == 2:
        return _ONE.times(_unit_of(parts[1], code), -1)
    if len(parts) == 3:
        return _unit_of(parts[0], code).times(_unit_of(parts[2], code), -1 if parts[1] == "/" else 1)
    return _unit_of(parts[0], code)


def _power(token: Any, code: str) -> int:
    power = int(token)
    if abs(power) > MAX_EXPONENT:
        raise NotUcumError(_refused(code, f"A power lies between -{MAX_EXPONENT} and {MAX_EXPONENT}."))
    return power


def _annotation(text: str) -> Unit:
    if text in COUNTED:
        return Unit(Fraction(1), {}, {text: 1})
    return Unit(Fraction(1), {text: 1}) if text != "{}" else _ONE


def _simple(parts: Any, code: str) -> Unit:
    token = parts[-1]
    if token.type == "FACTOR":
        return Unit(Fraction(int(token)))
    atom = _atom(SAME_ATOM.get(str(token), str(token)))
    return atom if len(parts) == 1 else Unit(_prefix(str(parts[0]))).times(atom)


@functools.cache
def _atom(atom: str) -> Unit:
    if atom in KINDS:
        return Unit(Fraction(1), {atom: 1})
    if atom in AS_UCUM_SAYS:
        number, unit = AS_UCUM_SAYS[atom]
        return Unit(Fraction(number)).times(read_unit(unit))
    return _in_pint(atom)


@functools.cache
def _prefix(prefix: str) -> Fraction:
    # By way of the metre: pint takes some prefixed atoms for others, `m[IU]` for metre times [IU].
    return _in_pint(f"{prefix}m").size


def _in_pint(code: str) -> Unit:
    parser, transform = _tools()
    found = transform(parser(code)).to_root_units()
    return Unit(Fraction(found.magnitude), {name: int(power) for name, power in found.unit_items()})


@functools.cache
def _tools() -> tuple[Any, Any]:
    """Parser and transformer of ucumvert, loaded on first use: they take the better part of a second."""
    import pint
    import ucumvert

    # Fractions keep 1 mg/dL at exactly 10 g/m3; with binary numbers 0.01 g/L would come out a little more.
    registry: Any = pint.UnitRegistry(non_int_type=Fraction)
    registry.load_definitions(Path(ucumvert.__file__).parent / "pint_ucum_defs.txt")
    grammar = ucumvert.get_ucum_parser()

    def parse(code: str) -> Any:
        try:
            with _PARSING:
                return ucumvert.parse_ucum(code, grammar)
        except ucumvert.InvalidUcumError as error:
            raise ValueError(str(error)) from error

    return parse, ucumvert.UcumToPintTransformer(registry).transform
