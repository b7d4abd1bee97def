"""Which endpoints hang on which inputs."""

from collections.abc import Collection, Mapping

from cart.endpoints.prepared import PARTED, input_name
from cart.endpoints.registry import REGISTRY


def moved_inputs(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    """Names of the inputs whose digests differ; one without rows has none."""
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def touched(reads: Mapping[str, Collection[str]], moved: Collection[str]) -> set[str]:
    """Endpoints whose answers may differ once the inputs in ``moved`` have: who read one of them, and who needs those.

    ``reads`` is what each endpoint read when it was last answered (``catalogue.Answered``). An endpoint that read
    none of what moved took no other way through its rule, and would read the same again. One that is not in
    ``reads`` was not answered.
    """
    names = set(moved)
    if any(name.startswith(input_name(PARTED, "")) for name in names):
        # Who looked at the frame as a whole looked at every part of it.
        names.add(PARTED)
    found: set[str] = set()
    for code, definition in REGISTRY.items():
        if code not in reads or not names.isdisjoint(reads[code]) or not found.isdisjoint(definition.needs):
            found.add(code)
    return found
