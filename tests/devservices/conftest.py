"""A project of its own per test, and holders that end with it."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.devservices.processes import Holder, eventually, naming
from tests.devservices.programs import Programs
from trialsite.devservices import running_services


@pytest.fixture
def project() -> Iterator[Path]:
    """An empty project that everybody may enter.

    Not ``tmp_path``: pytest closes that to others, and as root the server runs under another account.
    """
    folder = Path(tempfile.mkdtemp(prefix="trialsite-project-"))
    folder.chmod(0o755)
    yield folder
    try:
        eventually(lambda: not naming(folder), f"no process of {folder} runs", seconds=20)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def _made_once() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="trialsite-project-"))
    folder.chmod(0o755)
    with running_services(folder):
        pass
    yield folder / "var" / "services"
    shutil.rmtree(folder)


@pytest.fixture
def cluster(project: Path, _made_once: Path) -> Path:
    """The data of ``project``, as after an earlier start, without the seconds that making them takes."""
    folder = project / "var" / "services"
    folder.parent.mkdir()
    # Not by shutil: the owner counts.
    subprocess.run(["cp", "-a", str(_made_once), str(folder)], check=True)
    return folder


@pytest.fixture
def hold(project: Path) -> Iterator[Callable[..., Holder]]:
    """Function that starts a holder, by default of ``project``; all are ended with the test."""
    started: list[Holder] = []

    def start(of: Path = project, **arguments: object) -> Holder:
        holder = Holder(of, **arguments)
        started.append(holder)
        return holder

    yield start
    for holder in started:
        holder.end()


@pytest.fixture
def programs(project: Path) -> Programs:
    """Maker of packages that hold other programs than the wheels."""
    return Programs(project / "fakes")
