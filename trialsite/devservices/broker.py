"""A private Redis-compatible broker."""

import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trialsite.devservices.binaries import ServiceError
from trialsite.devservices.process import Account, free_port, start, stop

START_SECONDS = 20
START_TRIES = 3


@dataclass
class Broker:
    """A running broker: where it listens."""

    process: Any
    port: int

    def stop(self) -> None:
        """End it; rings in flight may be lost, the reaper rings again."""
        stop(self.process, signal.SIGTERM)


def start_broker(*, program: Path, folder: Path, account: Account, password: str, log: Path) -> Broker:
    """Start the broker on a free loopback port, without persistence: it is a doorbell."""
    for _ in range(START_TRIES):
        port = free_port()
        lines = [f"port {port}", "bind 127.0.0.1", f"requirepass {password}", 'save ""', "appendonly no", "dir /tmp"]
        # The configuration goes through standard input: a password has no place in the process list.
        process = start(
            [str(program), "-"], account=account, log=log, stop_signal=signal.SIGTERM, stdin=subprocess.PIPE
        )
        # A program that ends at once reads nothing; its log says why.
        with suppress(BrokenPipeError), process.stdin as configuration:
            configuration.write("\n".join(lines).encode())
        if _becomes_ready(process, port, password):
            return Broker(process, port)
    tail = log.read_text(errors="replace")[-400:].strip()
    raise ServiceError(f"The broker did not start; the end of {log} says: {tail} [broker-start]")


def _becomes_ready(process: Any, port: int, password: str) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
                link.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                if b"+OK" in link.recv(64):
                    return True
        except OSError:
            pass
        time.sleep(0.02)
    stop(process, signal.SIGKILL)
    return False
