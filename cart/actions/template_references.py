"""What the entries of a study template say of one another: arms, analytes and visits that are named are there."""

from collections.abc import Iterable, Mapping
from typing import Any

from cart.actions.template_shape import LIST, TEXT, WHOLE, TemplateError, check_type
from cart.endpoints.long_term import long_term_visits

# A calendar beyond a life is a slip of the pen.
MOST_YEARS = 50
LARGEST_BLOCK = 100


def check_references(template: Mapping[str, Any]) -> None:
    """Refuse names of entries that are not there, and numbers that do not fit together.

    Raises
    ------
    TemplateError
        Naming the path, e.g. ``panels[0].visits[2]``.
    """
    arms = _codes(template["arms"])
    for number, cohort in enumerate(template.get("cohorts", [])):
        if "arm" in cohort:
            _check_known(f"cohorts[{number}].arm", cohort["arm"], arms, "arms")
    visits = _codes(template["visits"])
    for code in _long_term_codes(template):
        if code in visits:
            raise TemplateError(f"long_term: {code} is a visit of its own too. [template-twice]")
        visits.append(code)
    analytes = _codes(template.get("analytes", []))
    for number, panel in enumerate(template.get("panels", [])):
        _check_names(f"panels[{number}].analytes", panel["analytes"], analytes, "analytes")
        _check_names(f"panels[{number}].visits", panel["visits"], visits, "visits")
    if "randomisation" in template:
        _check_randomisation(template["randomisation"], arms)


def _codes(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    return [str(entry["code"]) for entry in entries]


def _long_term_codes(template: Mapping[str, Any]) -> list[str]:
    calendar = template.get("long_term")
    if calendar is None:
        return []
    for key, value in calendar.items():
        if not 0 < value <= (366 if key == "window_days" else MOST_YEARS):
            raise TemplateError(
                f"long_term.{key}: years are 1 to {MOST_YEARS}, a window 1 to 366 days; found {value}. [template-value]"
            )
    codes = [visit.code for visit in long_term_visits(**calendar)]
    if not codes:
        raise TemplateError("long_term.last_year: it is not before the first year. [template-value]")
    return codes


def _check_names(path: str, names: Any, known: list[str], what: str) -> None:
    check_type(path, names, LIST)
    for number, name in enumerate(names):
        check_type(f"{path}[{number}]", name, TEXT)
        _check_known(f"{path}[{number}]", name, known, what)
        if name in names[:number]:
            raise TemplateError(f"{path}[{number}]: {name!r} is there twice. [template-twice]")


def _check_known(path: str, name: str, known: list[str], what: str) -> None:
    if name not in known:
        raise TemplateError(
            f"{path}: {name!r} is none of the template's {what}: {', '.join(known)}. [template-reference]"
        )


def _check_randomisation(plan: Mapping[str, Any], arms: list[str]) -> None:
    for arm, share in plan["ratio"].items():
        check_type("randomisation.ratio", arm, TEXT)
        _check_known("randomisation.ratio", arm, arms, "arms")
        check_type(f"randomisation.ratio.{arm}", share, WHOLE)
    shares = plan["ratio"].values()
    if len(shares) < 2 or min(shares) < 1:
        raise TemplateError(
            "randomisation.ratio: two or more arms, each with a share above zero, are needed. [template-value]"
        )
    whole = sum(shares)
    for number, size in enumerate(plan["block_sizes"]):
        check_type(f"randomisation.block_sizes[{number}]", size, WHOLE)
        if not 0 < size <= LARGEST_BLOCK or size % whole:
            raise TemplateError(
                f"randomisation.block_sizes[{number}]: a block holds every arm in its ratio, so its size is a multiple "
                f"of {whole} up to {LARGEST_BLOCK}; found {size}. [template-value]"
            )
    if not plan["block_sizes"]:
        raise TemplateError("randomisation.block_sizes: a size is needed. [template-value]")
