"""Whether the case file still says what was recorded: its chain, its contents and its tables."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from geolocdesk.casefile import schema
from geolocdesk.casefile.audit import AuditEntry, chain_faults
from geolocdesk.casefile.projection import CASE_CREATED, CASE_MIGRATED, apply_entry
from geolocdesk.casefile.store import Store
from geolocdesk.errors import CaseError


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the file that is not as it was recorded."""

    explanation: str
    exhibit: int | None = None
    version: int | None = None


def trail_faults(store: Store) -> Iterator[Fault]:
    """Yield each break of the audit trail."""
    try:
        for sequence, reason in chain_faults(store.entries()):
            yield Fault(f"Entry {sequence} is not sound: {reason}.")
    except CaseError as error:
        yield Fault(error.message)


def storage_faults(store: Store) -> Iterator[Fault]:
    """Yield what the file itself, its tables' definitions, its contents and its rows have wrong."""
    yield from _file_faults(store)
    yield from _format_faults(store)
    yield from _content_faults(store)
    yield from _row_faults(store)


def _file_faults(store: Store) -> Iterator[Fault]:
    try:
        for (finding,) in store.rows("PRAGMA integrity_check(20)"):
            if finding != "ok":
                yield Fault(f"SQLite finds the file damaged: {finding}.")
        version = store.rows("PRAGMA user_version")[0][0]
        found = schema.schema_of(store.connection)
    except CaseError as error:
        yield Fault(error.message)
        return
    expected = schema.expected_schema()
    if version == schema.FORMAT_VERSION and found != expected:
        names = sorted(
            name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)
        )
        yield Fault(f"The definitions of {', '.join(names)} are not those of a case.")


def _format_faults(store: Store) -> Iterator[Fault]:
    """Compare the format the file claims with the one the audit trail names."""
    try:
        version = store.rows("PRAGMA user_version")[0][0]
        limits = store.rows("SELECT readable_by, writable_by FROM compatibility")
        recorded = [
            entry.inputs.get("format_version", entry.inputs.get("to"))
            for entry in store.entries()
            if entry.action in (CASE_CREATED, CASE_MIGRATED)
        ]
    except (CaseError, ValueError):
        return  # the trail's and the file's own checks say it
    if recorded and recorded[-1] != version:
        yield Fault(f"The file claims the format {version}; the audit trail names {recorded[-1]}.")
    if version == schema.FORMAT_VERSION and limits != [(schema.READABLE_BY, schema.WRITABLE_BY)]:
        yield Fault("The limits on which programs may read and write the case were altered.")


def _content_faults(store: Store) -> Iterator[Fault]:
    try:
        for sha256 in store.blob_hashes():
            try:
                store.require_sound(sha256)
            except CaseError:
                yield from _users_of(store, sha256)
        missing = store.rows(_REFERRED_BUT_MISSING)
    except CaseError as error:
        yield Fault(error.message)
        return
    for (sha256,) in missing:
        yield from _users_of(store, str(sha256))


_REFERRED_BUT_MISSING = """
SELECT DISTINCT used.sha256 FROM (
    SELECT record_sha256 AS sha256 FROM exhibits UNION SELECT thumbnail_sha256 FROM exhibits
    UNION SELECT original_sha256 FROM exhibits UNION SELECT document_sha256 FROM analyses
    UNION SELECT sha256 FROM neighbour_thumbnails
) AS used
WHERE used.sha256 IS NOT NULL AND used.sha256 NOT IN (SELECT sha256 FROM blobs)
"""

_USERS = (
    (
        "The analysis {version} of exhibit {exhibit}",
        "SELECT exhibit, version FROM analyses WHERE document_sha256 = ?",
    ),
    ("The EXIF record of exhibit {exhibit}", "SELECT exhibit, NULL FROM exhibits WHERE record_sha256 = ?"),
    ("The picture of exhibit {exhibit}", "SELECT exhibit, NULL FROM exhibits WHERE thumbnail_sha256 = ?"),
    ("The original of exhibit {exhibit}", "SELECT exhibit, NULL FROM exhibits WHERE original_sha256 = ?"),
    ("A reference photo's thumbnail", "SELECT NULL, NULL FROM neighbour_thumbnails WHERE sha256 = ?"),
)


def _users_of(store: Store, sha256: str) -> Iterator[Fault]:
    """Name what a damaged content belongs to."""
    found = False
    for what, query in _USERS:
        for exhibit, version in store.rows(query, (sha256,)):
            found = True
            name = what.format(exhibit=exhibit, version=version)
            yield Fault(f"{name} is not the one recorded (SHA-256 {sha256}).", exhibit, version)
    if not found:
        yield Fault(f"A stored content is not the one recorded (SHA-256 {sha256}).")


def _row_faults(store: Store) -> Iterator[Fault]:
    """Replay the audit trail and compare the tables with what it leads to."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as replayed:
        schema.create_projected_tables(replayed)
        try:
            for entry in store.entries():
                fault = _replay(replayed, entry)
                if fault is not None:
                    yield fault
                    return
            for table in schema.PROJECTED_TABLES:
                yield from _table_faults(store, replayed, table)
        except CaseError as error:
            yield Fault(error.message)


def _replay(connection: sqlite3.Connection, entry: AuditEntry) -> Fault | None:
    try:
        apply_entry(connection, entry)
    except (KeyError, TypeError, ValueError, sqlite3.Error) as error:
        return Fault(
            f"Entry {entry.sequence} of the audit trail ({entry.action}) cannot be followed ({error}), so the "
            "tables could not be compared with it."
        )
    return None


def _table_faults(store: Store, replayed: sqlite3.Connection, table: str) -> Iterator[Fault]:
    query = f"SELECT * FROM {table} ORDER BY 1, 2"  # noqa: S608 - one of our own tables' names
    cursor = replayed.execute(query)
    columns = [description[0] for description in cursor.description]
    expected = {row[: _key_columns(table)]: row for row in cursor}
    found = {row[: _key_columns(table)]: row for row in store.rows(query)}
    for key in [*expected, *(key for key in found if key not in expected)]:
        if expected.get(key) == found.get(key):
            continue
        exhibit = key[0] if columns[0] == "exhibit" and isinstance(key[0], int) else None
        yield Fault(_difference(table, columns, key, expected.get(key), found.get(key)), exhibit)


def _key_columns(table: str) -> int:
    return 2 if table in ("analyses", "tags", "neighbour_thumbnails") else 1


def _difference(
    table: str,
    columns: list[str],
    key: tuple[object, ...],
    expected: tuple[object, ...] | None,
    found: tuple[object, ...] | None,
) -> str:
    row = f"The row {', '.join(map(str, key))} of the table “{table}”"
    if expected is None:
        return f"{row} is not in the audit trail."
    if found is None:
        return f"{row} is missing."
    names = [name for name, old, new in zip(columns, expected, found, strict=True) if old != new]
    return (
        f"{row} was altered: {', '.join(names)} {'is' if len(names) == 1 else 'are'} not what was recorded."
    )
