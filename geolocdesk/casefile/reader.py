"""A case as it can be read, by the window, a report or a second program, while somebody else may be writing it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from geolocdesk.analysis import Analysis, Exclusions
from geolocdesk.casefile import codec
from geolocdesk.casefile.audit import AuditEntry
from geolocdesk.casefile.exhibit import (
    AnalysisSummary,
    CaseDetails,
    CaseInfo,
    CaseSettings,
    Exhibit,
    ExhibitStatus,
    Note,
)
from geolocdesk.casefile.store import Store
from geolocdesk.errors import CaseError, OutputError
from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.progress import Progress, ProgressCallback, ignore_progress
from geolocdesk.provenance import JsonValue, sha256_of_file
from geolocdesk.unavailable import Unavailable
from geolocdesk.whole_file import whole_file

_PAGE = 200
_COPIED_PAGES_A_STEP = 2048

_EXHIBIT_QUERY = """
SELECT e.exhibit, e.path, e.sha256, e.status, e.failure_kind, e.failure_message, e.added_at, e.removed,
    e.thumbnail_sha256 IS NOT NULL, e.original_sha256 IS NOT NULL, a.summary, a.recorded_at
FROM exhibits AS e LEFT JOIN analyses AS a ON a.exhibit = e.exhibit AND a.version = e.current_version
"""


class CaseReader:
    """An open case. Use it in the thread that opened it, and close it, or use it in a ``with``.

    Listings are iterators that fetch a few rows at a time and hold no lock between them. Do not open the
    case file by other means in the same process: closing it would drop SQLite's locks.
    """

    def __init__(self, store: Store, format_version: int) -> None:
        self.store = store
        """The file below, for this package's own modules."""
        self._format_version = format_version

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """Return where the case file lies, as it was named on opening."""
        return self.store.path

    @property
    def format_version(self) -> int:
        """Return the version of the format the file is in."""
        return self._format_version

    @property
    def read_only(self) -> bool:
        """Return whether this case was opened for reading only."""
        return self.store.read_only

    def close(self) -> None:
        """Let go of the file. A second call does nothing."""
        self.store.close()

    def details(self) -> CaseDetails:
        """Return who investigates what."""
        return codec.decode(CaseDetails, self._case_value("details") or {})

    def settings(self) -> CaseSettings:
        """Return what the next analysis uses; the defaults where nothing was set."""
        return codec.decode(CaseSettings, self._case_value("settings") or {})

    def _case_value(self, name: str) -> JsonValue:
        rows = self.store.rows("SELECT value FROM case_values WHERE name = ?", (name,))
        return _json(rows[0][0]) if rows else None

    def info(self) -> CaseInfo:
        """Return the case at a glance."""
        counted = dict(
            self.store.rows("SELECT status, count(*) FROM exhibits WHERE NOT removed GROUP BY status")
        )
        first, last = next(self.store.entries(page=1), None), self.store.last_entry()
        if first is None or last is None:
            message = f"{self.path} is damaged: its audit trail is empty. Use a copy or a backup of it."
            raise CaseError(message)
        return CaseInfo(
            path=self.path,
            details=self.details(),
            format_version=self._format_version,
            size_bytes=self.path.stat().st_size,
            created_at=first.at,
            changed_at=last.at,
            exhibits=sum(_integer(count) for count in counted.values()),
            pending=_integer(counted.get("pending", 0)),
            analysed=_integer(counted.get("analysed", 0)),
            failed=_integer(counted.get("failed", 0)),
            removed=self._count("SELECT count(*) FROM exhibits WHERE removed"),
            analyses=self._count("SELECT count(*) FROM analyses"),
            originals=self._count("SELECT count(*) FROM exhibits WHERE original_sha256 IS NOT NULL"),
            audit_entries=last.sequence,
            audit_hash=last.entry_hash,
        )

    def _count(self, query: str) -> int:
        return _integer(self.store.rows(query)[0][0])

    def exhibits(self, *, include_removed: bool = False) -> Iterator[Exhibit]:
        """Yield the exhibits by number."""
        condition = "" if include_removed else "AND NOT e.removed"
        last = 0
        while rows := self.store.rows(
            f"{_EXHIBIT_QUERY} WHERE e.exhibit > ? {condition} ORDER BY e.exhibit LIMIT {_PAGE}", (last,)
        ):
            yield from map(_exhibit, rows)
            last = _integer(rows[-1][0])

    def exhibit(self, number: int) -> Exhibit:
        """Return one exhibit, removed or not. Raises CaseError where there is none of that number."""
        rows = self.store.rows(f"{_EXHIBIT_QUERY} WHERE e.exhibit = ?", (number,))
        if not rows:
            message = f"{self.path} has no exhibit {number}. List what it has with “geolocdesk case info”."
            raise CaseError(message)
        return _exhibit(rows[0])

    def exhibits_at(self, path: Path) -> list[Exhibit]:
        """Return the exhibits read from this path, newest first, removed ones included.

        There are several where the file changed between two readings.
        """
        rows = self.store.rows(
            f"{_EXHIBIT_QUERY} WHERE e.path = ? ORDER BY e.exhibit DESC", (codec.path_to_text(path),)
        )
        return [_exhibit(row) for row in rows]

    def record(self, number: int) -> EvidenceRecord | None:
        """Return what was taken in, full EXIF included; None where the photo could not be taken in."""
        sha256 = self._contents_of(number)[0]
        return None if sha256 is None else codec.decode(EvidenceRecord, _json(self.store.blob(sha256)))

    def thumbnail(self, number: int) -> bytes | None:
        """Return the JPEG kept of the photo, or None."""
        sha256 = self._contents_of(number)[1]
        return None if sha256 is None else self.store.blob(sha256)

    def original(self, number: int) -> Iterator[bytes]:
        """Yield the file's own bytes in pieces. Raises CaseError where they are not in the case."""
        sha256 = self._contents_of(number)[2]
        if sha256 is None:
            message = f"The original of exhibit {number} is not stored in {self.path}."
            raise CaseError(message)
        return self.store.chunks(sha256)

    def _contents_of(self, number: int) -> tuple[Any, ...]:
        """Return the SHA-256 of the record, the thumbnail and the original, None where there is none."""
        rows = self.store.rows(
            "SELECT record_sha256, thumbnail_sha256, original_sha256 FROM exhibits WHERE exhibit = ?",
            (number,),
        )
        return rows[0] if rows else (None, None, None)

    def analyses(self, number: int) -> list[AnalysisSummary]:
        """Return every analysis of an exhibit, oldest first."""
        rows = self.store.rows(
            "SELECT summary, recorded_at FROM analyses WHERE exhibit = ? ORDER BY version", (number,)
        )
        return [_summary(*row) for row in rows]

    def analysis(self, summary: AnalysisSummary) -> Analysis:
        """Return the whole of one analysis, bit for bit as it was recorded, but for its thumbnail.

        That is the exhibit's: ``thumbnail``. Raises CaseError where the analysis is damaged.
        """
        return codec.decode(Analysis, _json(self.store.blob(summary.document_sha256)))

    def current_analysis(self, number: int) -> Analysis | None:
        """Return the whole of the analysis that counts, or None before the first one."""
        current = self.exhibit(number).current
        return None if current is None else self.analysis(current)

    def neighbour_thumbnail(self, pack_id: str, row: int) -> bytes | None:
        """Return the JPEG kept of a reference photo, so that a report does without its pack; or None."""
        rows = self.store.rows(
            "SELECT sha256 FROM neighbour_thumbnails WHERE pack_id = ? AND row = ?", (pack_id, row)
        )
        return self.store.blob(str(rows[0][0])) if rows else None

    def exclusions(self, number: int) -> Exclusions:
        """Return the references the examiner ruled out for an exhibit."""
        rows = self.store.rows("SELECT value FROM exclusions WHERE exhibit = ?", (number,))
        return codec.decode(Exclusions, _json(rows[0][0])) if rows else Exclusions()

    def notes(self, exhibit: int | None, *, include_removed: bool = False) -> list[Note]:
        """Return the notes on an exhibit, or on the case (None), oldest first."""
        rows = self.store.rows(
            "SELECT note, exhibit, text, author, written_at, edited_at, removed FROM notes"
            " WHERE exhibit IS ? AND (? OR NOT removed) ORDER BY note",
            (exhibit, include_removed),
        )
        return [_note(row) for row in rows]

    def tags(self, number: int) -> tuple[str, ...]:
        """Return an exhibit's tags in alphabetical order."""
        rows = self.store.rows("SELECT tag FROM tags WHERE exhibit = ? ORDER BY tag", (number,))
        return tuple(str(tag) for (tag,) in rows)

    def audit(self) -> Iterator[AuditEntry]:
        """Yield the audit trail, oldest entry first."""
        return self.store.entries()

    def save_copy(self, destination: Path, progress: ProgressCallback = ignore_progress) -> str:
        """Write a whole copy of the case and return its SHA-256.

        The copy takes its name only when it is complete. Raises OutputError; progress may raise Cancelled.
        """
        if destination.exists() and destination.samefile(self.path):
            message = f"{destination} is this case itself. Choose another name for the copy."
            raise OutputError(message)
        with whole_file(destination) as partial:
            try:
                with closing(sqlite3.connect(partial, isolation_level=None)) as target:
                    target.execute("PRAGMA journal_mode = OFF")
                    self.store.connection.backup(
                        target,
                        pages=_COPIED_PAGES_A_STEP,
                        progress=lambda _status, left, total: progress(
                            Progress("Copying the case", total - left, total)
                        ),
                    )
            except sqlite3.DatabaseError as error:
                message = (
                    f"The copy {destination} could not be written ({error}). Check that its folder has room; "
                    "the case itself is unchanged."
                )
                raise OutputError(message) from error
            return sha256_of_file(partial)


def _exhibit(row: tuple[Any, ...]) -> Exhibit:
    number, path, sha256, status, kind, failure, added_at, removed, thumbnail, original, summary, at = row
    return Exhibit(
        number=_integer(number),
        path=codec.path_from_text(str(path)),
        sha256=Unavailable.NOT_AVAILABLE if sha256 is None else str(sha256),
        status=_status(status),
        failure_kind=str(kind or ""),
        failure=str(failure or ""),
        added_at=str(added_at),
        removed=bool(removed),
        has_thumbnail=bool(thumbnail),
        has_original=bool(original),
        current=None if summary is None else _summary(summary, at),
    )


def _status(value: object) -> ExhibitStatus:
    try:
        return ExhibitStatus(value)
    except ValueError as error:
        message = f"The case holds a damaged entry ({error}). Run “geolocdesk verify” on it."
        raise CaseError(message) from error


def _summary(summary: object, recorded_at: object) -> AnalysisSummary:
    stored = _json(summary)
    if isinstance(stored, dict):
        stored["recorded_at"] = str(recorded_at)
    return codec.decode(AnalysisSummary, stored)


def _note(row: tuple[Any, ...]) -> Note:
    number, exhibit, text, author, written_at, edited_at, removed = row
    return Note(
        number=_integer(number),
        exhibit=None if exhibit is None else _integer(exhibit),
        text=str(text),
        author=str(author),
        written_at=str(written_at),
        edited_at=Unavailable.NOT_APPLICABLE if edited_at is None else str(edited_at),
        removed=bool(removed),
    )


def _json(content: object) -> JsonValue:
    try:
        value: JsonValue = json.loads(content if isinstance(content, bytes) else str(content))
    except ValueError as error:
        message = f"The case holds a damaged entry ({error}). Run “geolocdesk verify” on it."
        raise CaseError(message) from error
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int):
        message = f"The case holds {value!r} where a number belongs. Run “geolocdesk verify” on it."
        raise CaseError(message)
    return value
