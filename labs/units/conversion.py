"""The factor from one unit to another. PURE."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

from labs.units.errors import NotCommensurableError, UnitError
from labs.units.ucum import Unit, read_unit

# Digits of a factor that has no end: 1 U/L is 1/60 ukat/L.
DIGITS = 20
# Digits of a finite factor that are kept at most; mg/dL to g/L needs one.
_FINITE_DIGITS = 40
# Laboratories round the factors that come by a molar mass (88.4 for creatinine): this far they may.
ROUNDING = Fraction(1, 1000)
_MASS, _AMOUNT = "gram", "mole"


@dataclass(frozen=True)
class Factor:
    """A factor as decimal; ``exact`` where it has an end and all of its digits are there."""

    value: Decimal
    exact: bool


def factor_between(source: str, target: str, *, molar_mass: Decimal | None = None) -> Factor:
    """Factor by which a number in ``source`` is multiplied to be one in ``target``.

    Parameters
    ----------
    source, target
        UCUM codes.
    molar_mass
        Of the analyte, in g/mol; needed from mass to amount of substance and back, and only there.

    Raises
    ------
    NotUcumError
        One of the two is no UCUM code.
    NotCommensurableError
        No factor leads from one to the other, or a molar mass is missing or too much.

    Examples
    --------
    >>> factor_between("mg/dL", "g/L")
    Factor(value=Decimal('0.01'), exact=True)
    >>> round(factor_between("mg/dL", "umol/L", molar_mass=Decimal("113.12")).value, 4)
    Decimal('88.4017')
    """
    return _decimal(_ratio(source, target, molar_mass))


def check_factor(given: Decimal, source: str, target: str, *, molar_mass: Decimal | None = None) -> None:
    """Raise :class:`UnitError` where a declared factor is not the one between the units.

    Without molar mass it must be the exact one; with a molar mass it may be rounded, by a thousandth at most.
    """
    ratio = _ratio(source, target, molar_mass)
    computed = _decimal(ratio)
    found = Fraction(given) if given.is_finite() else None
    may_be_rounded = molar_mass is not None or not computed.exact
    is_near = found is not None and may_be_rounded and abs(found - ratio) <= ratio * ROUNDING
    if is_near or found == Fraction(computed.value):
        return
    raise UnitError(
        f"1 {source} is {plain(computed.value)} {target}; found the factor {given}. Correct it, or leave it empty. "
        "[factor-disagrees]"
    )


def plain(value: Decimal) -> str:
    """Digits without exponent and without zeros at the end."""
    return f"{value.normalize(Context(prec=60)):f}"


def _ratio(source: str, target: str, molar_mass: Decimal | None) -> Fraction:
    one, other = read_unit(source), read_unit(target)
    if one.counted and other.counted and one.counted != other.counted:
        raise _no_factor(source, target, "they count different things")
    amount = _amount_of_mass(one, other)
    if amount is None:
        raise _no_factor(source, target, _difference(one, other))
    ratio = one.size / other.size
    if not amount:
        if molar_mass is not None:
            raise _no_factor(source, target, "between them a molar mass has no place; leave it empty")
        return ratio
    if molar_mass is None:
        raise NotCommensurableError(
            f"From {source} to {target} leads the molar mass of the analyte only; found none. Give it in g/mol with "
            "its source. [molar-mass-missing]"
        )
    if not molar_mass.is_finite() or molar_mass <= 0:
        raise UnitError(f"A molar mass is above zero; found {molar_mass}. Correct it. [molar-mass-missing]")
    return ratio / Fraction(molar_mass) ** amount


def _amount_of_mass(one: Unit, other: Unit) -> int | None:
    """0: same kind; 1: from mass to amount of substance; -1: back; None: nothing leads there."""
    difference = {
        name: one.powers.get(name, 0) - other.powers.get(name, 0)
        for name in {**one.powers, **other.powers}
        if one.powers.get(name, 0) != other.powers.get(name, 0)
    }
    if not difference:
        return 0
    mass = difference.get(_MASS, 0)
    return mass if abs(mass) == 1 and difference == {_MASS: mass, _AMOUNT: -mass} else None


def _difference(one: Unit, other: Unit) -> str:
    own = sorted(name for name in {**one.powers, **other.powers} if not name.isalpha() or name in ("eq", "osm"))
    differing = [name for name in own if one.powers.get(name, 0) != other.powers.get(name, 0)]
    if differing:
        return " and ".join(f"{name} is a unit of its own" for name in differing)
    return f"one is {_dimension(one.powers)}, the other {_dimension(other.powers)}"


def _dimension(powers: Mapping[str, int]) -> str:
    return ".".join(f"{name}{power if power != 1 else ''}" for name, power in sorted(powers.items())) or "a number"


def _no_factor(source: str, target: str, why: str) -> NotCommensurableError:
    return NotCommensurableError(
        f"A factor leads from a unit to one of the same kind; found {source} and {target}: {why}. [not-commensurable]"
    )


def _decimal(ratio: Fraction) -> Factor:
    exact = Context(prec=_FINITE_DIGITS).divide(Decimal(ratio.numerator), Decimal(ratio.denominator))
    if Fraction(exact) == ratio:
        return Factor(Decimal(plain(exact)), exact=True)
    return Factor(Context(prec=DIGITS).divide(Decimal(ratio.numerator), Decimal(ratio.denominator)), exact=False)
