"""Atoms of UCUM that stand for themselves: no factor of any table leads from them to another atom.

They stand in ``kinds.csv``, with their source:

- ``arbitrary``: defined by a procedure or a reference preparation. `[IU]` of one substance is no mass, and no `[IU]` of
  another one.
- ``special``: a scale with an offset or a logarithm; no factor converts it.
- ``particles``: an amount of charge or of particles; the valence or the dissociation would have to be known.
- ``otherwise``: the package ucumvert gives it another size than UCUM's own table does.

``tests/labs/units/test_kinds.py`` holds the list against UCUM's table (ucum-essence.xml).
"""

import csv
from importlib import resources

_TABLE = resources.files("labs.units").joinpath("kinds.csv").read_text(encoding="utf-8")
KINDS = {row["atom"]: row["kind"] for row in csv.DictReader(_TABLE.splitlines())}
SAME_ATOM = {"[iU]": "[IU]"}
# Two that laboratories use have another size in ucumvert as well; here they have the definition of UCUM's table.
AS_UCUM_SAYS = {"g%": ("1", "g/dL"), "m[Hg]": ("133.3220", "kPa")}
# Annotations that name what is counted: `{cells}/uL` is a number per volume. Every other one, such as `{CU}` or the
# `{FEU}` of `ug{FEU}/mL`, says that the unit is its own.
COUNTED = frozenset({"{cells}", "{cell}", "{copies}", "{copy}", "{events}", "{event}", "{particles}"})
