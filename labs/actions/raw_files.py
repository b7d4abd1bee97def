"""Files as received: kept once, by their SHA-256."""

import contextlib
import hashlib
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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


def keep_raw_file(path: Path) -> RawFile:
    """Keep the bytes of a file and give its row; the same bytes are kept once.

    Raises
    ------
    RawFileError
        Not a readable file, or the store is full or not writable; nothing is left half-stored.
    """
    if path.is_dir():
        raise RawFileError(f"{path} is a folder; name the file. [file-unreadable]")
    store = Path(settings.RAW_STORE)
    try:
        source = path.open("rb")
    except OSError as error:
        raise RawFileError(f"{path} cannot be read: {error.strerror}. [file-unreadable]") from error
    with source:
        try:
            store.mkdir(parents=True, exist_ok=True)
            _remove_torn(store)
            digest, size, aside = _copy_aside(source, store)
        except OSError as error:
            raise _store_full(store, error) from error
    try:
        target = stored_path(digest)
        target.parent.mkdir(exist_ok=True)
        os.replace(aside, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise _store_full(store, error) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()
    row, _ = RawFile.objects.get_or_create(sha256=digest, defaults={"size_bytes": size})
    return row


def _store_full(store: Path, error: OSError) -> RawFileError:
    return RawFileError(f"The raw file store {store} cannot take it: {error.strerror}. [store-full]")


def _remove_torn(store: Path) -> None:
    """Remove what a killed process left of a file that it was receiving."""
    latest = time.time() - TORN_SECONDS
    for path in store.glob(f"{RECEIVING}*"):
        # Another process may remove it first.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < latest:
                path.unlink()


def _copy_aside(source: object, store: Path) -> tuple[str, int, Path]:
    digest, size = hashlib.sha256(), 0
    with (
        tempfile.NamedTemporaryFile(dir=store, prefix=RECEIVING, delete=False) as aside,
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="digest") as beside,
    ):
        try:
            while piece := source.read(PIECE):  # type: ignore[attr-defined]
                # Hashing and writing take as long as each other, and neither holds Python's lock.
                digested = beside.submit(digest.update, piece)
                size += len(piece)
                aside.write(piece)
                digested.result()
            aside.flush()
            # The row must not outlive the bytes in a power cut.
            os.fsync(aside.fileno())
        except BaseException:
            Path(aside.name).unlink()
            raise
    return digest.hexdigest(), size, Path(aside.name)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
