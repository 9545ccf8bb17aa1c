"""From the audit trail to the state of the case: the only code that writes the state's tables.

A change is an audit entry, and the entry alone decides what the tables hold after it. Replaying the trail
into an empty database therefore gives the same tables, which is how ``verify`` finds a row that was altered.
"""

import sqlite3
from collections.abc import Callable

from geolocdesk.casefile.audit import AuditEntry
from geolocdesk.provenance import JsonValue, canonical_json

Inputs = dict[str, JsonValue]

CASE_CREATED = "case created"
CASE_COPIED = "case copied"
CASE_MIGRATED = "case brought to a newer format"
DETAILS_SET = "case details set"
SETTINGS_SET = "case settings set"
EXHIBIT_ADDED = "exhibit added"
EXHIBIT_FAILED = "exhibit failed"
EXHIBIT_REMOVED = "exhibit removed"
EXHIBIT_RESTORED = "exhibit restored"
ORIGINAL_STORED = "original stored"
ANALYSIS_RECORDED = "analysis recorded"
ANALYSIS_CHOSEN = "analysis chosen"
EXCLUSIONS_SET = "exclusions set"
NOTE_ADDED = "note added"
NOTE_EDITED = "note edited"
NOTE_REMOVED = "note removed"
NOTE_RESTORED = "note restored"
TAGS_SET = "tags set"
THUMBNAILS_STORED = "neighbour thumbnails stored"


def apply_entry(connection: sqlite3.Connection, entry: AuditEntry) -> None:
    """Change the state's tables as the entry says. Raises KeyError for an action nobody ever recorded."""
    _APPLIED[entry.action](connection, entry, entry.inputs)


def _nothing(_connection: sqlite3.Connection, _entry: AuditEntry, _inputs: Inputs) -> None:
    pass


def _set_case_value(name: str) -> Callable[[sqlite3.Connection, AuditEntry, Inputs], None]:
    def apply(connection: sqlite3.Connection, _entry: AuditEntry, inputs: Inputs) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO case_values VALUES (?, ?)", (name, _json_text(inputs[name]))
        )

    return apply


def _add_exhibit(connection: sqlite3.Connection, entry: AuditEntry, inputs: Inputs) -> None:
    """Add a new exhibit, or give one that had failed its record."""
    connection.execute(
        "INSERT INTO exhibits (exhibit, path, sha256, record_sha256, thumbnail_sha256, status, added_at)"
        " VALUES (:exhibit, :path, :sha256, :record_sha256, :thumbnail_sha256, 'pending', :at)"
        " ON CONFLICT (exhibit) DO UPDATE SET sha256 = excluded.sha256, record_sha256 = excluded.record_sha256,"
        " thumbnail_sha256 = excluded.thumbnail_sha256, status = 'pending', failure_kind = NULL,"
        " failure_message = NULL",
        {**inputs, "at": entry.at},
    )


def _fail_exhibit(connection: sqlite3.Connection, entry: AuditEntry, inputs: Inputs) -> None:
    connection.execute(
        "INSERT INTO exhibits (exhibit, path, status, failure_kind, failure_message, added_at)"
        " VALUES (:exhibit, :path, 'failed', :kind, :message, :at)"
        " ON CONFLICT (exhibit) DO UPDATE SET status = 'failed', failure_kind = excluded.failure_kind,"
        " failure_message = excluded.failure_message",
        {**inputs, "at": entry.at},
    )


def _set_removed(removed: int) -> Callable[[sqlite3.Connection, AuditEntry, Inputs], None]:
    def apply(connection: sqlite3.Connection, _entry: AuditEntry, inputs: Inputs) -> None:
        connection.execute("UPDATE exhibits SET removed = ? WHERE exhibit = ?", (removed, inputs["exhibit"]))

    return apply


def _store_original(connection: sqlite3.Connection, _entry: AuditEntry, inputs: Inputs) -> None:
    connection.execute("UPDATE exhibits SET original_sha256 = :sha256 WHERE exhibit = :exhibit", inputs)


def _record_analysis(connection: sqlite3.Connection, entry: AuditEntry, inputs: Inputs) -> None:
    connection.execute(
        "INSERT INTO analyses VALUES (:exhibit, :version, :analysis_id, :document_sha256, :summary, :at)",
        {**inputs, "summary": _json_text(inputs["summary"]), "at": entry.at},
    )
    connection.execute(
        "UPDATE exhibits SET thumbnail_sha256 = coalesce(thumbnail_sha256, :thumbnail_sha256)"
        " WHERE exhibit = :exhibit",
        inputs,
    )
    _choose_analysis(connection, entry, inputs)
    _store_thumbnails(connection, entry, inputs)


def _choose_analysis(connection: sqlite3.Connection, _entry: AuditEntry, inputs: Inputs) -> None:
    connection.execute(
        "UPDATE exhibits SET current_version = :version, status = 'analysed', failure_kind = NULL,"
        " failure_message = NULL WHERE exhibit = :exhibit",
        inputs,
    )


def _store_thumbnails(connection: sqlite3.Connection, _entry: AuditEntry, inputs: Inputs) -> None:
    stored = inputs["neighbour_thumbnails"]
    if isinstance(stored, dict):
        connection.executemany(
            "INSERT OR REPLACE INTO neighbour_thumbnails VALUES (?, ?, ?)",
            [(inputs["pack_id"], int(row), sha256) for row, sha256 in stored.items()],
        )


def _set_exclusions(connection: sqlite3.Connection, _entry: AuditEntry, inputs: Inputs) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO exclusions VALUES (?, ?)",
        (inputs["exhibit"], _json_text(inputs["exclusions"])),
    )


def _add_note(connection: sqlite3.Connection, entry: AuditEntry, inputs: Inputs) -> None:
    connection.execute(
        "INSERT INTO notes (note, exhibit, text, author, written_at) VALUES (:note, :exhibit, :text, :author, :at)",
        {**inputs, "author": entry.actor, "at": entry.at},
    )


def _edit_note(connection: sqlite3.Connection, entry: AuditEntry, inputs: Inputs) -> None:
    connection.execute(
        "UPDATE notes SET text = :text, edited_at = :at WHERE note = :note", {**inputs, "at": entry.at}
    )


def _set_note_removed(removed: int) -> Callable[[sqlite3.Connection, AuditEntry, Inputs], None]:
    def apply(connection: sqlite3.Connection, _entry: AuditEntry, inputs: Inputs) -> None:
        connection.execute("UPDATE notes SET removed = ? WHERE note = ?", (removed, inputs["note"]))

    return apply


def _set_tags(connection: sqlite3.Connection, _entry: AuditEntry, inputs: Inputs) -> None:
    connection.execute("DELETE FROM tags WHERE exhibit = ?", (inputs["exhibit"],))
    tags = inputs["tags"]
    if isinstance(tags, list):
        connection.executemany("INSERT INTO tags VALUES (?, ?)", [(inputs["exhibit"], tag) for tag in tags])


def _json_text(value: JsonValue) -> str:
    return canonical_json(value).decode("utf-8")


_APPLIED: dict[str, Callable[[sqlite3.Connection, AuditEntry, Inputs], None]] = {
    CASE_CREATED: _set_case_value("details"),
    CASE_COPIED: _nothing,
    CASE_MIGRATED: _nothing,
    DETAILS_SET: _set_case_value("details"),
    SETTINGS_SET: _set_case_value("settings"),
    EXHIBIT_ADDED: _add_exhibit,
    EXHIBIT_FAILED: _fail_exhibit,
    EXHIBIT_REMOVED: _set_removed(1),
    EXHIBIT_RESTORED: _set_removed(0),
    ORIGINAL_STORED: _store_original,
    ANALYSIS_RECORDED: _record_analysis,
    ANALYSIS_CHOSEN: _choose_analysis,
    EXCLUSIONS_SET: _set_exclusions,
    NOTE_ADDED: _add_note,
    NOTE_EDITED: _edit_note,
    NOTE_REMOVED: _set_note_removed(1),
    NOTE_RESTORED: _set_note_removed(0),
    TAGS_SET: _set_tags,
    THUMBNAILS_STORED: _store_thumbnails,
}
