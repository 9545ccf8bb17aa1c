"""Ways into a case: make one, open one to change it, open one to read it."""

import os
import socket
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from geolocdesk.casefile import codec, projection, schema
from geolocdesk.casefile.case import Case, Clock, utc_text
from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.casefile.lock import CaseLock, CaseLockedError
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.casefile.store import Store, case_errors, connect, guard, make_durable, require_case
from geolocdesk.errors import CaseError, OutputError
from geolocdesk.provenance import current_program_version
from geolocdesk.whole_file import whole_file

CASE_SUFFIX = ".gldcase"


def create_case(path: Path, details: CaseDetails, *, actor: str, clock: Clock) -> Case:
    """Make a new case file and return it open for writing. Raises CaseError; never overwrites a file."""
    lock = CaseLock(path, socket.gethostname(), utc_text(clock()))
    try:
        if path.exists():
            message = f"{path} exists already. Open it, or choose another name for the new case."
            raise CaseError(message)
        _write_empty_case(path, details, actor, clock)
        return _opened(path, lock, actor, clock, schema.MIGRATIONS)
    except BaseException:
        lock.release()
        raise


def open_case(
    path: Path, *, actor: str, clock: Clock, migrations: Sequence[schema.Migration] = schema.MIGRATIONS
) -> Case:
    """Return a case open for writing, brought to the present format where it is older.

    Raises CaseLockedError where somebody else writes it (``read_case`` still works), else CaseError.
    """
    _require_file(path)
    lock = CaseLock(path, socket.gethostname(), utc_text(clock()))
    try:
        return _opened(path, lock, actor, clock, migrations)
    except BaseException:
        lock.release()
        raise


def read_case(path: Path) -> CaseReader:
    """Return a case open for reading, also while somebody else writes it. Raises CaseError."""
    _require_file(path)
    _roll_back_interrupted_change(path)
    with case_errors(path):
        connection = connect(path, read_only=True)
        try:
            version = require_case(path, connection, for_writing=False)
        except BaseException:
            connection.close()
            raise
    return CaseReader(Store(path, connection, read_only=True), version)


def read_snapshot(path: Path) -> CaseReader:
    """Return a case for reading as it is now, whatever is written to it later. Raises CaseError.

    For what takes long and must fit together: a report, a verification. The state lies in a temporary file
    that the system removes when the reader is closed, or when the program ends in any way.
    """
    with read_case(path) as case, case_errors(path):
        frozen = sqlite3.connect("", isolation_level=None)
        try:
            # in one go, or a busy writer would make it start over again and again
            case.store.connection.backup(frozen, pages=-1)
            guard(frozen, read_only=True)
        except BaseException:
            frozen.close()
            raise
        return CaseReader(Store(path, frozen, read_only=True), case.format_version)


def _write_empty_case(path: Path, details: CaseDetails, actor: str, clock: Clock) -> None:
    try:
        with whole_file(path) as partial, case_errors(path):
            connection = connect(partial, read_only=False)
            try:
                connection.execute("PRAGMA journal_mode = OFF")
                store = Store(path, connection, read_only=False)
                with store.transaction():
                    schema.create_tables(connection)
                    store.append(
                        utc_text(clock()),
                        actor,
                        projection.CASE_CREATED,
                        {
                            "details": codec.encode(details),
                            "program_version": current_program_version(),
                            "format_version": schema.FORMAT_VERSION,
                        },
                    )
            finally:
                connection.close()
    except OutputError as error:
        raise CaseError(error.message) from error


def _opened(
    path: Path, lock: CaseLock, actor: str, clock: Clock, migrations: Sequence[schema.Migration]
) -> Case:
    with case_errors(path):
        connection = connect(path, read_only=False)
        try:
            version = require_case(path, connection, for_writing=True)
            _require_writable(path)
            make_durable(connection)
            store = Store(path, connection, read_only=False)
            if version < schema.FORMAT_VERSION:
                _migrate(store, version, actor, clock, migrations)
        except BaseException:
            connection.close()
            raise
    return Case(store, schema.FORMAT_VERSION, actor=actor, clock=clock, lock=lock)


def _migrate(
    store: Store, version: int, actor: str, clock: Clock, migrations: Sequence[schema.Migration]
) -> None:
    with store.transaction():
        for migration in migrations:
            if migration.version >= version:
                migration.migrate(store.connection)
        store.connection.execute(f"PRAGMA user_version = {schema.FORMAT_VERSION}")
        store.connection.execute(
            "UPDATE compatibility SET readable_by = ?, writable_by = ?",
            (schema.READABLE_BY, schema.WRITABLE_BY),
        )
        store.append(
            utc_text(clock()),
            actor,
            projection.CASE_MIGRATED,
            {"from": version, "to": schema.FORMAT_VERSION, "program_version": current_program_version()},
        )


def _require_file(path: Path) -> None:
    if not path.is_file():
        message = f"There is no case at {path}. Check the name, or make a new case there."
        raise CaseError(message)


def _require_writable(path: Path) -> None:
    if not os.access(path, os.W_OK):
        message = (
            f"{path} is write-protected. Open it for reading only, or copy it to a folder you can write to."
        )
        raise CaseError(message)


def _roll_back_interrupted_change(path: Path) -> None:
    """Undo what a killed program left half done, which a connection for reading only cannot do itself."""
    resolved = path.resolve()
    if not resolved.with_name(resolved.name + "-journal").exists():
        return
    try:
        lock = CaseLock(path, socket.gethostname(), "")
    except CaseLockedError:
        return  # the journal is a living writer's
    try:
        with case_errors(path):
            connection = connect(path, read_only=False)
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            finally:
                connection.close()
    finally:
        lock.release()
