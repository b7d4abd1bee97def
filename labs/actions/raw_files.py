"""Files as received: kept once, by their SHA-256."""

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from labs.models import RawFile

PIECE = 1 << 20
RECEIVING = ".receiving-"
# Nothing is received for a day without a byte being written.
TORN_SECONDS = 86_400


class RawFileError(Exception):
    """A file cannot be read or kept; the message is for the person who sent it."""


def stored_path(sha256: str) -> Path:
    """Where the bytes of a raw file are."""
    return Path(settings.RAW_STORE) / sha256[:2] / sha256


class ReceivedFile:
    """A file whose bytes are kept while it is being read, or at once, before it is read.

    What is read, what is kept and what the digest says are the same bytes, or the file is refused.
    """

    def __init__(self, source: Path, beside: ThreadPoolExecutor) -> None:
        self.source = source
        self._beside = beside
        self._known: tuple[str, int] | None = None
        self._copying: CopyingReader | None = None
        self._written: Future[None] | None = None
        if source.parent.parent == Path(settings.RAW_STORE):
            # It may be kept already.
            self._known = _digest(source)

    @property
    def sha256(self) -> str:
        """Its digest."""
        return self._digest_and_size()[0]

    @property
    def size_bytes(self) -> int:
        """Its size."""
        return self._digest_and_size()[1]

    def _digest_and_size(self) -> tuple[str, int]:
        if self._known is None:
            self._known = _digest(self.source)
        return self._known

    def row(self) -> RawFile:
        """Its row, in the transaction of the caller, who calls :meth:`settle` before that ends."""
        row, _ = RawFile.objects.get_or_create(sha256=self.sha256, defaults={"size_bytes": self.size_bytes})
        return row

    def reading(self) -> "BinaryIO | CopyingReader":
        """The file, open to be read once from its beginning, and copied by being read."""
        if self._copying is not None or stored_path(self.sha256).exists():
            return self.kept().open("rb")
        try:
            self._copying = CopyingReader(self.source, self._written_behind)
        except OSError as error:
            raise _store_full(error) from error
        return self._copying

    def kept(self) -> Path:
        """Its place in the store, once it is there."""
        self.settle()
        return stored_path(self.sha256)

    def settle(self) -> None:
        """Wait until the bytes are on the disk: no row outlives them in a power cut.

        Raises
        ------
        RawFileError
            The disk would not take them, or the file was changed while it was read.
        """
        try:
            if self._written is None and (self._known is None or self.source != stored_path(self.sha256)):
                self._copying = self._copying or CopyingReader(self.source, self._written_behind)
                self._copying.read_on()
            if self._written is not None:
                self._written.result()
        except OSError as error:
            raise _store_full(error) from error

    def leave(self) -> None:
        """Remove what was copied of a file that nobody wants any more."""
        if self._copying is not None:
            self._copying.close()

    def _written_behind(self, copy: "CopyingReader") -> None:
        self._written = self._beside.submit(self._write, copy)

    def _write(self, copy: "CopyingReader") -> None:
        found = copy.digest.hexdigest(), copy.size
        self._known = self._known or found
        if found != self._known:
            raise RawFileError(f"{self.source} was changed while it was read; send it once it is whole. [file-changed]")
        _put(copy.aside, stored_path(self.sha256))


class CopyingReader:
    """A file open for reading that writes what is read of it to a file aside; ``at_end`` once, after the last byte."""

    def __init__(self, source: Path, at_end: Callable[["CopyingReader"], None]) -> None:
        self.digest, self.size = hashlib.sha256(), 0
        self._source = source.open("rb")
        descriptor, name = tempfile.mkstemp(dir=settings.RAW_STORE, prefix=RECEIVING)
        self.aside = Path(name)
        self._aside = os.fdopen(descriptor, "wb")
        self._at_end = at_end
        self._ended = False

    def read(self, size: int) -> bytes:
        """As of a file."""
        piece = self._source.read(size)
        self.digest.update(piece)
        self.size += len(piece)
        try:
            self._aside.write(piece)
        except OSError as error:
            raise _store_full(error) from error
        if not piece and not self._ended:
            self._ended = True
            self._aside.flush()
            self._at_end(self)
        return piece

    def read_on(self) -> None:
        """Read to the end."""
        while not self._ended:
            self.read(PIECE)

    def close(self) -> None:
        """Close both; what is aside has its name by now, or is not wanted."""
        self._source.close()
        self._aside.close()
        self.aside.unlink(missing_ok=True)

    def __enter__(self) -> "CopyingReader":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Open still: whoever stops in the middle leaves the rest to :meth:`read_on`."""


def keep_raw_file(path: Path) -> RawFile:
    """Keep the bytes of a file and give its row; the same bytes are kept once.

    Raises
    ------
    RawFileError
        Not a readable file, or the store is full or not writable; nothing is left half-stored.
    """
    with receiving(path) as received:
        received.settle()
        return received.row()


@contextmanager
def receiving(path: Path) -> Iterator[ReceivedFile]:
    """Take a file in: the same bytes are kept once.

    Raises
    ------
    RawFileError
        As :func:`keep_raw_file`.
    """
    if path.is_dir():
        raise RawFileError(f"{path} is a folder; name the file. [file-unreadable]")
    try:
        path.open("rb").close()
    except OSError as error:
        raise RawFileError(f"{path} cannot be read: {error.strerror}. [file-unreadable]") from error
    try:
        store = Path(settings.RAW_STORE)
        store.mkdir(parents=True, exist_ok=True)
        _remove_torn(store)
    except OSError as error:
        raise _store_full(error) from error
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="raw") as beside:
        received = ReceivedFile(path, beside)
        try:
            yield received
        finally:
            beside.shutdown(wait=True)
            received.leave()


def _store_full(error: OSError) -> RawFileError:
    return RawFileError(f"The raw file store {settings.RAW_STORE} cannot take it: {error.strerror}. [store-full]")


def _remove_torn(store: Path) -> None:
    """Remove what a killed process left of a file that it was receiving."""
    latest = time.time() - TORN_SECONDS
    for path in store.glob(f"{RECEIVING}*"):
        # Another process may remove it first.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < latest:
                path.unlink()


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source:
        while piece := source.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def _put(aside: Path, target: Path) -> None:
    """Write a file to the disk under its name, and the folders that name it."""
    _sync_path(aside)
    target.parent.mkdir(exist_ok=True)
    os.replace(aside, target)
    for folder in (target.parent, target.parent.parent):
        _sync_path(folder)


def _sync_path(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
