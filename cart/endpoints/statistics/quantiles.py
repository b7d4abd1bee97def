"""Median and quartiles."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cart.endpoints.errors import ParameterError
from cart.endpoints.statistics.geometric import present_numbers

# Name here -> method of numpy. R's default and the one of SAS.
METHODS = {"r-7": "linear", "sas-5": "averaged_inverted_cdf"}


@dataclass(frozen=True)
class Quartiles:
    """Least value, quartiles and greatest value."""

    values: int
    least: float
    lower: float
    median: float
    upper: float
    greatest: float


def quartiles(values: npt.ArrayLike, *, method: str = "r-7") -> Quartiles:
    """Median, quartiles and range.

    Parameters
    ----------
    values
        Finite numbers, one per subject.
    method
        ``r-7``: on the straight line between the two neighbours, R's default. ``sas-5``: PCTLDEF=5 of SAS, the
        empirical distribution with averaging.

    Notes
    -----
    A quantile rises with every value: of values known as intervals, the quantiles of the lower and of the upper ends
    are bounds of the quantile.

    Source: Hyndman RJ, Fan Y, Am Stat 1996;50:361-365, types 7 and 2.

    Raises
    ------
    ParameterError
        No values, one that is missing, or an unknown method.

    >>> quartiles([1, 2, 3, 4]).lower, quartiles([1, 2, 3, 4], method="sas-5").lower
    (1.75, 1.5)
    """
    if method not in METHODS:
        raise ParameterError(
            f"Quartiles are computed by one of {', '.join(METHODS)}; found {method!r}. [quartile-method]"
        )
    numbers = present_numbers(values)
    found = np.quantile(numbers, [0, 0.25, 0.5, 0.75, 1], method=METHODS[method])  # type: ignore[call-overload]
    return Quartiles(numbers.size, *(float(value) for value in found))
