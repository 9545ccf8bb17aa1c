"""One SQLite file: opened safely, changed in transactions, with the faults of disks and files put in words."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote_from_bytes

from geolocdesk.casefile import schema
from geolocdesk.casefile.audit import AuditEntry, chain_entry
from geolocdesk.casefile.projection import apply_entry
from geolocdesk.errors import CaseError
from geolocdesk.provenance import JsonValue, sha256_of_bytes

CHUNK_BYTES = 8 << 20
"""Longer contents are stored in pieces, as SQLite holds no value over a gigabyte."""

_WAIT_FOR_READERS_S = 10.0

_NEWEST_ENTRY = """
SELECT sequence, previous_hash, at, actor, action, inputs, entry_hash FROM audit
ORDER BY sequence DESC LIMIT 1
"""
_ENTRIES_AFTER = """
SELECT sequence, previous_hash, at, actor, action, inputs, entry_hash FROM audit
WHERE sequence > ? ORDER BY sequence LIMIT ?
"""


class Store:
    """A connection to one case file. Belongs to the thread that made it."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, read_only: bool) -> None:
        self.path = path
        self.connection = connection
        self.read_only = read_only

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everything done inside, durably, or nothing of it. Raises CaseError."""
        if self.read_only:
            message = f"{self.path} is open for reading only, so it cannot be changed."
            raise CaseError(message)
        with case_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    # If even this fails, the journal stays and the next opening rolls back.
                    with suppress(sqlite3.Error):
                        self.connection.execute("ROLLBACK")
                raise

    def append(self, at: str, actor: str, action: str, inputs: Mapping[str, JsonValue]) -> AuditEntry:
        """Write one audit entry and what follows from it, inside the caller's transaction."""
        entry = chain_entry(self.last_entry(), at, actor, action, inputs)
        self.connection.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                entry.sequence,
                entry.previous_hash,
                entry.at,
                entry.actor,
                entry.action,
                entry.inputs_json,
                entry.entry_hash,
            ),
        )
        apply_entry(self.connection, entry)
        return entry

    def last_entry(self) -> AuditEntry | None:
        """Return the newest audit entry; None only in a case that is being created."""
        rows = self.rows(_NEWEST_ENTRY)
        return AuditEntry(*rows[0]) if rows else None

    def entries(self, page: int = 500) -> Iterator[AuditEntry]:
        """Yield the audit entries in order, a page at a time so that no read holds up a writer."""
        last = -(1 << 62)
        while rows := self.rows(_ENTRIES_AFTER, (last, page)):
            yield from (AuditEntry(*row) for row in rows)
            last = rows[-1][0]

    def rows(self, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query. Raises CaseError."""
        with case_errors(self.path):
            return self.connection.execute(query, parameters).fetchall()

    def put_blob(self, content: bytes) -> str:
        """Store a content once and return its SHA-256, inside the caller's transaction."""
        sha256 = sha256_of_bytes(content)
        if not self.rows("SELECT 1 FROM blobs WHERE sha256 = ?", (sha256,)):
            self.connection.execute("INSERT INTO blobs VALUES (?, ?)", (sha256, len(content)))
            for ordinal, start in enumerate(range(0, max(len(content), 1), CHUNK_BYTES)):
                self._put_chunk(sha256, ordinal, content[start : start + CHUNK_BYTES])
        return sha256

    def put_stream(self, stream: BinaryIO, sha256: str, size_bytes: int) -> None:
        """Store a file's content under its known SHA-256 without loading it whole."""
        if self.rows("SELECT 1 FROM blobs WHERE sha256 = ?", (sha256,)):
            return
        self.connection.execute("INSERT INTO blobs VALUES (?, ?)", (sha256, size_bytes))
        ordinal = 0
        while chunk := stream.read(CHUNK_BYTES):
            self._put_chunk(sha256, ordinal, chunk)
            ordinal += 1

    def _put_chunk(self, sha256: str, ordinal: int, content: bytes) -> None:
        self.connection.execute("INSERT INTO blob_chunks VALUES (?, ?, ?)", (sha256, ordinal, content))

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """Yield a stored content piece by piece. Raises CaseError where it is missing."""
        ordinal = 0
        while found := self.rows(
            "SELECT content FROM blob_chunks WHERE sha256 = ? AND ordinal = ?", (sha256, ordinal)
        ):
            content = found[0][0]
            yield content if isinstance(content, bytes) else str(content).encode("utf-8")
            ordinal += 1
        if ordinal == 0:
            message = (
                f"{self.path} is damaged: the content {sha256} is missing. Use a copy or a backup of it."
            )
            raise CaseError(message)

    def blob(self, sha256: str) -> bytes:
        """Return a stored content, checked against its hash. Raises CaseError."""
        content = b"".join(self.chunks(sha256))
        if sha256_of_bytes(content) != sha256:
            raise CaseError(self._altered(sha256))
        return content

    def require_sound(self, sha256: str) -> None:
        """Check a stored content against its hash without loading it whole. Raises CaseError."""
        digest, size_bytes = hashlib.sha256(), 0
        for chunk in self.chunks(sha256):
            digest.update(chunk)
            size_bytes += len(chunk)
        stated = self.rows("SELECT size_bytes FROM blobs WHERE sha256 = ?", (sha256,))
        if digest.hexdigest() != sha256 or stated != [(size_bytes,)]:
            raise CaseError(self._altered(sha256))

    def _altered(self, sha256: str) -> str:
        return (
            f"{self.path} was altered or is damaged: the content {sha256} no longer has that SHA-256. "
            "Run “geolocdesk verify” on it, and use a copy or a backup."
        )

    def blob_hashes(self, page: int = 500) -> Iterator[str]:
        """Yield the SHA-256 of every stored content in order."""
        last = ""
        while rows := self.rows(
            "SELECT sha256 FROM blobs WHERE sha256 > ? ORDER BY sha256 LIMIT ?", (last, page)
        ):
            yield from (str(sha256) for (sha256,) in rows)
            last = rows[-1][0]

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


def connect(path: Path, *, read_only: bool, create: bool = False) -> sqlite3.Connection:
    """Return a connection with this program's safety settings. Raises sqlite3.Error."""
    mode = "ro" if read_only else "rwc" if create else "rw"
    # Built by hand because Path.as_uri() makes an authority of a Windows share, which SQLite refuses.
    name = quote_from_bytes(os.fsencode(path.resolve().as_posix()), safe="/:")
    uri = f"file://{'' if name.startswith('/') else '/'}{name}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_WAIT_FOR_READERS_S)
    guard(connection, read_only=read_only)
    return connection


def guard(connection: sqlite3.Connection, *, read_only: bool) -> None:
    """Give a connection this program's safety settings: the file may be damaged or hostile."""
    connection.text_factory = _text
    for setting in ("trusted_schema = OFF", "cell_size_check = ON", "foreign_keys = ON", "mmap_size = 0"):
        connection.execute(f"PRAGMA {setting}")
    if read_only:
        connection.execute("PRAGMA query_only = ON")


def make_durable(connection: sqlite3.Connection) -> None:
    """Have every commit reach the disk, journal and folder included, before it returns."""
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = EXTRA")


def require_case(path: Path, connection: sqlite3.Connection, *, for_writing: bool) -> int:
    """Return the format version of a case this program can use so. Raises CaseError."""
    with case_errors(path):
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if application_id != schema.APPLICATION_ID:
            message = f"{path} is not a geolocdesk case. Choose a file that this program made (*.gldcase)."
            raise CaseError(message)
        try:
            found = schema.schema_of(connection)
        except sqlite3.OperationalError as error:
            raise CaseError(_damaged(path, str(error))) from error
        if "compatibility" not in found or version == schema.FORMAT_VERSION:
            _require_schema(path, found, for_writing=for_writing)
        limits = connection.execute("SELECT readable_by, writable_by FROM compatibility").fetchone()
    _require_compatible(path, version, limits or (version, version), for_writing=for_writing)
    return version


def _require_schema(path: Path, found: dict[str, str], *, for_writing: bool) -> None:
    """Refuse altered tables; without its guards, the triggers, a case can still be read and verified."""
    expected = schema.expected_schema()
    tables = [name for name, sql in expected.items() if sql.startswith("CREATE TABLE")]
    altered = found != expected if for_writing else any(found.get(name) != expected[name] for name in tables)
    if altered:
        message = (
            f"{path} is damaged or was altered: its tables are not those of a case. Run “geolocdesk verify” "
            "on it, and use a copy or a backup."
        )
        raise CaseError(message)


def _require_compatible(path: Path, version: int, limits: tuple[int, int], *, for_writing: bool) -> None:
    readable_by, writable_by = limits
    if readable_by > schema.FORMAT_VERSION:
        message = (
            f"{path} was written by a newer geolocdesk (format {version}; this program reads up to "
            f"{schema.FORMAT_VERSION}). Open it with the newer program."
        )
        raise CaseError(message)
    if for_writing and writable_by > schema.FORMAT_VERSION:
        message = (
            f"{path} was written by a newer geolocdesk (format {version}), so this one can only read it. "
            "Open it for reading, or change it with the newer program."
        )
        raise CaseError(message)
    if not for_writing and version < schema.FORMAT_VERSION:
        message = (
            f"{path} is of an older format ({version}). Open it once for writing, or a copy of it, "
            "to bring it up to date."
        )
        raise CaseError(message)


@contextmanager
def case_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the disk, the file and other programs into a CaseError."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise  # a broken rule of ours is a bug
    except UnicodeDecodeError as error:
        # SQLite quotes damaged text in its message, which Python then cannot read.
        raise CaseError(_damaged(path, "its text cannot be read")) from error
    except sqlite3.DatabaseError as error:
        sentence = _sentence(path, error)
        if sentence is None:
            raise
        raise CaseError(sentence) from error


def _damaged(path: Path, reason: str) -> str:
    return f"{path} is damaged ({reason}). Use a copy or a backup, and keep this file as it is for an expert."


def _sentence(path: Path, error: sqlite3.DatabaseError) -> str | None:
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    sentences = {
        sqlite3.SQLITE_FULL: f"There is no room left for {path}. Free some space on its disk and repeat the last "
        "step; the case is as it was before it.",
        sqlite3.SQLITE_IOERR: f"{path} could not be read or written (the system reports a disk error: {error}). "
        "Check the disk, its room and its connection; the last finished change is kept.",
        sqlite3.SQLITE_READONLY: f"{path} cannot be written to. Open it for reading only, or copy it to a folder "
        "you can write to.",
        sqlite3.SQLITE_CANTOPEN: f"{path} cannot be opened. Check that it exists and that you may read it and "
        "write to its folder.",
        sqlite3.SQLITE_PERM: f"You are not allowed to open {path}. Ask its owner, or work on a copy.",
        sqlite3.SQLITE_BUSY: f"Another program is using {path} just now. Close it there and repeat the last step; "
        "the case is as it was before it.",
        sqlite3.SQLITE_CORRUPT: _damaged(path, str(error)),
        sqlite3.SQLITE_NOTADB: f"{path} is not a geolocdesk case, or its beginning is damaged. Choose another file "
        "or a backup.",
    }
    return None if primary is None else sentences.get(primary)


def _text(content: bytes) -> str:
    """Read damaged text as text too: its hash tells that it was damaged."""
    return content.decode("utf-8", "replace")
