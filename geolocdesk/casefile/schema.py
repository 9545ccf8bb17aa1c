"""The tables of a case file, the version of its format, and the way from an older format to this one."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache

APPLICATION_ID = 0x474C4443
"""``GLDC`` in the SQLite header: how a case is told from any other database."""

FORMAT_VERSION = 1
"""What this program writes, kept in the header as ``user_version``."""

READABLE_BY = 1
"""The oldest program format version that can read what this one writes."""

WRITABLE_BY = 1
"""The oldest program format version that can write to what this one writes."""

_TABLES = """
CREATE TABLE compatibility (
    readable_by INTEGER NOT NULL,
    writable_by INTEGER NOT NULL
) STRICT;

-- The record: every change, in order. Everything in the tables below the blobs follows from it.
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    previous_hash TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    inputs TEXT NOT NULL,
    entry_hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

-- Contents, named by their SHA-256 and therefore never changed: analyses, EXIF, pictures, originals.
CREATE TABLE blobs (
    sha256 TEXT PRIMARY KEY,
    size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE blob_chunks (
    sha256 TEXT NOT NULL REFERENCES blobs,
    ordinal INTEGER NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (sha256, ordinal)
) STRICT;
CREATE TRIGGER blobs_are_never_changed BEFORE UPDATE ON blobs
    BEGIN SELECT RAISE(ABORT, 'stored contents are append-only'); END;
CREATE TRIGGER blobs_are_never_deleted BEFORE DELETE ON blobs
    BEGIN SELECT RAISE(ABORT, 'stored contents are append-only'); END;
CREATE TRIGGER blob_chunks_are_never_changed BEFORE UPDATE ON blob_chunks
    BEGIN SELECT RAISE(ABORT, 'stored contents are append-only'); END;
CREATE TRIGGER blob_chunks_are_never_deleted BEFORE DELETE ON blob_chunks
    BEGIN SELECT RAISE(ABORT, 'stored contents are append-only'); END;
"""

PROJECTED_TABLES = {
    "case_values": """
CREATE TABLE case_values (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
""",
    "exhibits": """
CREATE TABLE exhibits (
    exhibit INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    sha256 TEXT,
    record_sha256 TEXT REFERENCES blobs,
    thumbnail_sha256 TEXT REFERENCES blobs,
    original_sha256 TEXT REFERENCES blobs,
    status TEXT NOT NULL CHECK (status IN ('pending', 'analysed', 'failed')),
    failure_kind TEXT,
    failure_message TEXT,
    current_version INTEGER,
    removed INTEGER NOT NULL DEFAULT 0,
    added_at TEXT NOT NULL
) STRICT;
CREATE INDEX exhibits_by_path ON exhibits (path);
""",
    "analyses": """
CREATE TABLE analyses (
    exhibit INTEGER NOT NULL REFERENCES exhibits,
    version INTEGER NOT NULL,
    analysis_id TEXT NOT NULL,
    document_sha256 TEXT NOT NULL REFERENCES blobs,
    summary TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (exhibit, version)
) STRICT, WITHOUT ROWID;
""",
    "exclusions": """
CREATE TABLE exclusions (
    exhibit INTEGER PRIMARY KEY REFERENCES exhibits,
    value TEXT NOT NULL
) STRICT;
""",
    "notes": """
CREATE TABLE notes (
    note INTEGER PRIMARY KEY,
    exhibit INTEGER REFERENCES exhibits,
    text TEXT NOT NULL,
    author TEXT NOT NULL,
    written_at TEXT NOT NULL,
    edited_at TEXT,
    removed INTEGER NOT NULL DEFAULT 0
) STRICT;
""",
    "tags": """
CREATE TABLE tags (
    exhibit INTEGER NOT NULL REFERENCES exhibits,
    tag TEXT NOT NULL,
    PRIMARY KEY (exhibit, tag)
) STRICT, WITHOUT ROWID;
""",
    "neighbour_thumbnails": """
CREATE TABLE neighbour_thumbnails (
    pack_id TEXT NOT NULL,
    row INTEGER NOT NULL,
    sha256 TEXT NOT NULL REFERENCES blobs,
    PRIMARY KEY (pack_id, row)
) STRICT, WITHOUT ROWID;
""",
}
"""Tables that only ``projection.apply_entry`` writes, each of which the audit trail alone determines."""


@dataclass(frozen=True, slots=True)
class Migration:
    """How a case of format ``version`` becomes one of ``version + 1``, inside a transaction."""

    version: int
    migrate: Callable[[sqlite3.Connection], None]


MIGRATIONS: tuple[Migration, ...] = ()
"""Oldest first. There is one format so far."""


def create_tables(connection: sqlite3.Connection) -> None:
    """Write the tables and the format's numbers, inside the caller's transaction."""
    for statement in statements(_TABLES):
        connection.execute(statement)
    create_projected_tables(connection)
    connection.execute("INSERT INTO compatibility VALUES (?, ?)", (READABLE_BY, WRITABLE_BY))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")


def create_projected_tables(connection: sqlite3.Connection) -> None:
    """Write the tables that follow from the audit trail."""
    for tables in PROJECTED_TABLES.values():
        for statement in statements(tables):
            connection.execute(statement)


def schema_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the SQL of every table, index and trigger by name, as the file states it.

    The indexes that SQLite makes by itself have none.
    """
    rows = connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_master")
    return {str(name): str(sql) for name, sql in rows}


@cache
def expected_schema() -> dict[str, str]:
    """Return what ``schema_of`` gives for a sound case of this format."""
    with closing(sqlite3.connect(":memory:")) as connection:
        create_tables(connection)
        return schema_of(connection)


def statements(script: str) -> list[str]:
    """Return the SQL statements of a script one by one, as ``execute`` takes them within a transaction."""
    found: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    return found
