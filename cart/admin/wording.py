"""Field names in the words of the field: units in brackets instead of a tail of letters."""

import re

# Tail of a column's name -> unit as it is written.
_UNITS = {
    "kg": "kg",
    "cm": "cm",
    "ml": "mL",
    "mg": "mg",
    "c": "°C",
    "m2": "m²",
    "mg m2": "mg/m²",
    "mmol l": "mmol/L",
    "ml min": "mL/min",
    "percent": "%",
    "days": "days",
}
_LONGEST_FIRST = sorted(_UNITS, key=len, reverse=True)
_TAIL = re.compile(rf"^(?P<name>.*?[^\s\d]) (?P<unit>{'|'.join(_LONGEST_FIRST)})$")
_WORDS = {"ml": "mL", "bsa": "BSA"}


def in_words(name: str) -> str:
    """A label with its unit in brackets; what already has brackets stays.

    >>> in_words("weight kg"), in_words("nucleated cells per ml"), in_words("planned mg m2"), in_words("BSA (m2)")
    ('weight (kg)', 'nucleated cells per mL', 'planned (mg/m²)', 'BSA (m2)')
    >>> in_words("bsa formula"), in_words("state"), in_words("reach up for 2 kg")
    ('BSA formula', 'state', 'reach up for 2 kg')
    """
    if "(" in name or " per " in name:
        return " ".join(_WORDS.get(word.lower(), word) for word in name.split(" "))
    found = _TAIL.match(name)
    if found:
        return f"{in_words(found['name'])} ({_UNITS[found['unit']]})"
    return " ".join(_WORDS.get(word.lower(), word) for word in name.split(" "))
