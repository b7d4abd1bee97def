"""A full disk under the database, in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError
from psycopg.errors import DiskFull

from labs.actions.raw_files import RawFileError


@contextmanager
def room_in_database() -> Iterator[None]:
    """Say in a sentence that the database's disk is full; the transaction inside has stored nothing.

    Raises
    ------
    RawFileError
        It is.
    """
    try:
        yield
    except (DiskFull, OperationalError) as error:
        if not isinstance(error, DiskFull) and not isinstance(error.__cause__, DiskFull):
            raise
        raise RawFileError(
            "The database has room for the results of the file; its disk is full. Make room, then import again: "
            "nothing of it is stored. [database-full]"
        ) from error
