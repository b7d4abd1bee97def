"""Dilution series of titers: the first dilution times the factor, again and again. PURE."""

# What the grammar of titers lets through at most.
MAX_DILUTION = 10**10 - 1


def dilutions(start: int, factor: int) -> list[int]:
    """Dilutions of a series, from the first to the last that a titer can name.

    >>> dilutions(40, 2)[:4]
    [40, 80, 160, 320]
    """
    found = [start]
    while found[-1] * factor <= MAX_DILUTION:
        found.append(found[-1] * factor)
    return found
