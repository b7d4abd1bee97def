"""What the resources of a file say that others refer to: subjects, specimens, panels, reports. PURE.

Kept in a scratch database of SQLite that spills to disk: memory does not grow with the file. References are
resolved as FHIR says: a relative one beside its own entry's address, an absolute one as it stands.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from labs.imports.central_csv import FileRefusedError

_BASE = re.compile(r"(https?://.*/)[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64}")
_ABSOLUTE = re.compile(r"\w[\w+.-]*:", re.ASCII)
_VERSION = re.compile(r"/_history/[A-Za-z0-9.-]{1,64}$")
# The one value that is no JSON: two resources of one address that say different things.
TWICE = "twice"
REMEMBERED = 4096


@dataclass(frozen=True)
class Facts:
    """What others take from a resource; texts are '' where it does not say.

    ``subject``: our subject code, ``subject_keys``: keys of the Patient who says it. ``accessions``: accession
    number by where it stands. ``collected_at``: where the time stands. ``own_keys``: of a panel or report, its
    own. ``problems``: place, rule, found, expected.
    """

    kind: str
    subject: str = ""
    subject_keys: list[str] = field(default_factory=list)
    specimen_keys: list[str] = field(default_factory=list)
    accessions: dict[str, str] = field(default_factory=dict)
    material: str = ""
    collected: str = ""
    collected_at: str = ""
    condition: str = ""
    received: str = ""
    processed: str = ""
    status: str = ""
    own_keys: list[str] = field(default_factory=list)
    problems: list[list[str]] = field(default_factory=list)


class ReferenceIndex:
    """Facts by the key of their resource."""

    def __init__(self) -> None:
        # Made and read by the thread that reads ahead; given back by whichever lets go of it last.
        self._scratch = sqlite3.connect("", check_same_thread=False)
        with _room():
            self._scratch.execute("PRAGMA journal_mode = OFF")
            self._scratch.execute("CREATE TABLE found (key BLOB PRIMARY KEY, facts TEXT NOT NULL) WITHOUT ROWID")
        self.find = lru_cache(REMEMBERED)(self._find)

    def close(self) -> None:
        """Let go of the scratch database."""
        self._scratch.close()

    def add(self, keys: Iterable[str], facts: Facts) -> None:
        """Keep facts under the keys of their resource."""
        text = json.dumps({name: value for name, value in vars(facts).items() if value}, separators=(",", ":"))
        with _room():
            self._scratch.executemany(
                "INSERT INTO found VALUES (?, ?) ON CONFLICT (key) DO UPDATE"
                f" SET facts = CASE WHEN facts = excluded.facts THEN facts ELSE '{TWICE}' END",
                [(_as_bytes(key), text) for key in keys],
            )

    def _find(self, keys: tuple[str, ...]) -> Facts | str | None:
        """Facts under the first key that has any; ``TWICE`` where they are not one resource's."""
        for key in keys:
            with _room():
                row = self._scratch.execute("SELECT facts FROM found WHERE key = ?", (_as_bytes(key),)).fetchone()
            if row is not None:
                return TWICE if row[0] == TWICE else Facts(**json.loads(row[0]))
        return None


def member_key(kind: str, key: str) -> str:
    """Key under which stand the facts of the panel or report (``kind``) that names the resource of this key."""
    return f"{kind}>{key}"


def keys_of(full_url: str, kind: str, resource: dict[str, Any]) -> list[str]:
    """Keys under which a resource is found: its address, else its type and id."""
    keys = [full_url] if full_url else []
    identity = resource.get("id")
    if type(identity) is str and identity and not _BASE.fullmatch(full_url):
        keys.append(f"{kind}/{identity}")
    return keys


def _as_bytes(key: str) -> bytes:
    # An id may hold half of a pair (`\\ud800` in the JSON), which is no character of UTF-8.
    return key.encode("utf-8", "surrogatepass")


def bare_reference(reference: str) -> str:
    """A reference without the version that it may name."""
    return _VERSION.sub("", reference)


def reference_keys(reference: str, full_url: str) -> tuple[str, ...]:
    """Key of what a reference in the entry of this address means; none of one to what is contained beside it."""
    if not reference or reference.startswith("#"):
        return ()
    bare = bare_reference(reference)
    if _ABSOLUTE.match(bare):
        return (bare,)
    base = _BASE.fullmatch(full_url)
    return (base[1] + bare,) if base else (bare,)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise FileRefusedError(
            f"There is no room for the references of the file in the temporary folder: {error}. [store-full]",
            line=1,
            rule="store-full",
        ) from error
