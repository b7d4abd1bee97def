"""What there is on this machine, and whether the kernels give here what they have to."""

import hashlib
import platform
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cart.endpoints.proof.worked import Checked, check, worked_cases
from cart.endpoints.registry import REGISTRY
from cart.endpoints.vectors.case_files import CaseFileError, Difference, evaluate_file
from cart.endpoints.vectors.catalogue import case_rule

SHIPPED = Path(__file__).parent / "case_files"
KERNELS = Path(__file__).parents[1]
# Files whose bytes make the results: rules, tables, cases.
_SOURCES = (".py", ".csv", ".yaml")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class EndpointRun:
    """Worked answers of one endpoint; none is a gap that the report shows."""

    code: str
    label: str
    version: str
    checked: tuple[Checked, ...]

    @property
    def differing(self) -> tuple[Checked, ...]:
        """Answers of which a field is not what the case says."""
        return tuple(one for one in self.checked if not one.agreeing)


@dataclass(frozen=True)
class FileRun:
    """One case file; ``refused`` says why it could not be run."""

    name: str
    origin: str
    sha256: str
    kernel: str
    cases: int
    differing: int
    differences: tuple[Difference, ...]
    refused: str = ""

    @property
    def agreeing(self) -> int:
        """Cases with every expected value found."""
        return self.cases - self.differing


@dataclass(frozen=True)
class Package:
    """An installed distribution; ``pinned`` is empty where the project pins none."""

    name: str
    version: str
    pinned: str


@dataclass(frozen=True)
class Machine:
    """What the kernels ran on."""

    python: str
    platform: str
    kernels_sha256: str
    packages: tuple[Package, ...]

    @property
    def unpinned(self) -> tuple[Package, ...]:
        """Packages that are there in another version than the project was tested with."""
        return tuple(one for one in self.packages if one.pinned and one.pinned != one.version)


def run_endpoints() -> tuple[EndpointRun, ...]:
    """Every worked case through the whole evaluation, by endpoint in the order of the registry."""
    by_code: dict[str, list[Checked]] = {code: [] for code in REGISTRY}
    for case in worked_cases():
        for one in check(case):
            by_code[one.expected.code].append(one)
    return tuple(
        EndpointRun(code, definition.label, definition.version, tuple(by_code[code]))
        for code, definition in REGISTRY.items()
    )


def run_files(paths: Iterable[Path], *, origin: str) -> tuple[FileRun, ...]:
    """Case files through the kernels that their names select; one that cannot be read is told, not raised."""
    return tuple(_run_file(path, origin) for path in paths)


def _run_file(path: Path, origin: str) -> FileRun:
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return FileRun(path.name, origin, "", "", 0, 0, (), f"{error.strerror}. [case-file]")
    try:
        rule = case_rule(path.stem)
        outcome = evaluate_file(path, rule)
    except CaseFileError as error:
        return FileRun(path.name, origin, sha256, "", 0, 0, (), str(error))
    return FileRun(path.name, origin, sha256, rule.kernel, outcome.cases, outcome.differing, outcome.differences)


def machine(requirements: Path) -> Machine:
    """This machine: Python, platform, installed packages beside those of ``requirements``, digest of the kernels."""
    pinned = _pinned(requirements)
    found = {_plain(one.name): one for one in metadata.distributions()}
    packages = tuple(Package(found[name].name, found[name].version, pinned.get(name, "")) for name in sorted(found))
    return Machine(
        f"{platform.python_implementation()} {sys.version.split()[0]}",
        platform.platform(),
        sources_digest(KERNELS),
        packages,
    )


def sources_digest(folder: Path) -> str:
    """SHA-256 over names and bytes of the sources of a folder: equal where the very same rules are installed."""
    sha = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in _SOURCES):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        sha.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return sha.hexdigest()


def agree(endpoints: Sequence[EndpointRun], files: Sequence[FileRun]) -> bool:
    """Is every endpoint proven, every file run, and does nothing differ?"""
    return all(one.checked and not one.differing for one in endpoints) and not any(
        one.differing or one.refused for one in files
    )


def _pinned(requirements: Path) -> Mapping[str, str]:
    if not requirements.is_file():
        return {}
    return {_plain(name): version for name, version in _PINNED.findall(requirements.read_text(encoding="utf-8"))}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
