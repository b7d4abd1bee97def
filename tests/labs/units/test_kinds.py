"""Sizes of units against UCUM's own table: ucumvert ships it (vendor/ucum-essence.xml), and computes by pint's."""

import doctest
import importlib
from fractions import Fraction
from xml.etree import ElementTree

import pytest
import ucumvert
from ucumvert.xml_util import UCUM_ESSENCE_FILE, get_units_with_full_definition

from labs.units.kinds import AS_UCUM_SAYS, KINDS, SAME_ATOM
from labs.units.ucum import read_unit

DEFINED = {unit.code_cs: unit for unit in get_units_with_full_definition()}
# Units that pint counts in; UCUM's base units are m, s, g, rad, K, C and cd, and its mole is a number.
BASE = {
    "m": {"meter": 1}, "s": {"second": 1}, "g": {"gram": 1}, "rad": {"radian": 1}, "K": {"kelvin": 1},
    "C": {"ampere": 1, "second": 1}, "cd": {"candela": 1}, "mol": {"mole": 1},
}  # fmt: skip


def prefixes():
    root = ElementTree.parse(UCUM_ESSENCE_FILE).getroot()
    found = root.findall("{*}prefix")
    return {one.attrib["Code"]: Fraction(one.find("{*}value").attrib["value"]) for one in found}


PREFIXES = prefixes()
PARSER = ucumvert.get_ucum_parser()


def by_table(tree):
    """Size and powers by the definitions of the table, followed down to its base units."""
    if getattr(tree, "type", None) == "ANNOTATION":
        return Fraction(1), {}
    parts = tree.children
    if tree.data == "simple_unit":
        if parts[-1].type == "FACTOR":
            return Fraction(int(parts[-1])), {}
        size, powers = atom_by_table(str(parts[-1]))
        return size * (PREFIXES[str(parts[0])] if len(parts) == 2 else 1), powers
    if tree.data == "annotatable":
        size, powers = by_table(parts[0])
        return size ** int(parts[1]), {name: power * int(parts[1]) for name, power in powers.items()}
    if len(parts) == 3:
        return times(by_table(parts[0]), by_table(parts[2]), 1 if parts[1] == "." else -1)
    if tree.data == "main_term" and len(parts) == 2:
        return times((Fraction(1), {}), by_table(parts[1]), -1)
    return by_table(parts[0])


def times(one, other, sign):
    powers = {name: one[1].get(name, 0) + sign * other[1].get(name, 0) for name in {**one[1], **other[1]}}
    return one[0] * other[0] ** sign, {name: power for name, power in powers.items() if power}


def atom_by_table(atom):
    if atom in BASE:
        return Fraction(1), BASE[atom]
    if atom in ("10*", "10^"):
        return Fraction(10), {}
    size, powers = by_table(PARSER.parse(DEFINED[atom].defining_unit))
    return Fraction(DEFINED[atom].conversion_factor) * size, powers


CONVERTIBLE = sorted({*BASE, *DEFINED} - set(KINDS) - set(SAME_ATOM))


@pytest.mark.parametrize("atom", CONVERTIBLE)
def test_a_unit_has_the_size_that_ucum_gives_it(atom):
    read = read_unit(atom)
    size, powers = atom_by_table(atom)
    # An angle is a number in pint's root units or in UCUM's, by the unit.
    both = [{name: power for name, power in found.items() if name != "radian"} for found in (read.powers, powers)]
    assert (read.size, both[0]) == (size, both[1])


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_multiplies_every_metric_unit_whatever_its_letters(prefix):
    metric = [atom for atom, unit in DEFINED.items() if unit.is_metric and atom not in SAME_ATOM]
    for atom in [*metric, "m", "g", "s", "K", "cd"]:
        whole, part = read_unit(atom), read_unit(prefix + atom)
        assert (part.size, part.powers) == (PREFIXES[prefix] * whole.size, whole.powers), prefix + atom


def test_arbitrary_and_special_units_are_those_of_the_table():
    arbitrary = {code for code, unit in DEFINED.items() if unit.is_arbitrary} - set(SAME_ATOM)
    special = {code for code, unit in DEFINED.items() if unit.is_special}
    assert arbitrary == {atom for atom, kind in KINDS.items() if kind == "arbitrary"}
    assert special == {atom for atom, kind in KINDS.items() if kind == "special"}
    assert not set(AS_UCUM_SAYS) & set(KINDS)
    assert set(KINDS.values()) == {"arbitrary", "special", "particles", "otherwise"}


@pytest.mark.parametrize("name", ["conversion", "errors", "standard", "ucum"])
def test_examples_in_the_docstrings_run(name):
    results = doctest.testmod(importlib.import_module(f"labs.units.{name}"))
    assert results.attempted
    assert results.failed == 0
