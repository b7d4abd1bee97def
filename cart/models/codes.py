"""Subject codes with a check character: ISO 7064, mod 37,36."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MODULUS = 36


def check_character(text: str) -> str:
    """Check character of letters and digits by ISO 7064 mod 37,36 (hybrid system); other signs are passed over.

    It finds every single wrong character and nearly every swap of neighbours.

    >>> check_character("A12425GABC1234002")
    'M'
    """
    product = _MODULUS
    for sign in text.upper():
        if sign not in ALPHABET:
            continue
        total = (product + ALPHABET.index(sign)) % _MODULUS or _MODULUS
        product = total * 2 % (_MODULUS + 1)
    return ALPHABET[(_MODULUS + 1 - product) % _MODULUS]


def subject_code(*, site: str, number: int) -> str:
    """Code of a subject: site, number, check character.

    >>> subject_code(site="KUL", number=1)
    'KUL-001-X'
    """
    stem = f"{site}-{number:03d}"
    return f"{stem}-{check_character(stem)}"
