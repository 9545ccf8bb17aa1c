"""A case that can be changed: each change is on the disk, with its audit entry, when its method returns."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from geolocdesk.analysis import Analysis, AnalysisFailure, Exclusions
from geolocdesk.casefile import codec, projection
from geolocdesk.casefile.audit import AuditEntry
from geolocdesk.casefile.exhibit import (
    AnalysisSummary,
    CaseDetails,
    CaseSettings,
    Exhibit,
    ExhibitStatus,
    Note,
)
from geolocdesk.casefile.lock import CaseLock
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.casefile.store import Store
from geolocdesk.errors import CaseError, EvidenceError
from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.progress import ProgressCallback, ignore_progress
from geolocdesk.provenance import JsonValue, canonical_json, sha256_of_file
from geolocdesk.reference.neighbours import Neighbours
from geolocdesk.unavailable import Unavailable

Clock = Callable[[], datetime]
"""Tells the time, with its zone; asked once for each change."""

_NEXT_EXHIBIT = "SELECT coalesce(max(exhibit), 0) + 1 FROM exhibits"
_KEPT_THUMBNAILS = """
SELECT row FROM neighbour_thumbnails WHERE pack_id = ? AND row IN (SELECT value FROM json_each(?))
"""
_NEXT_NOTE = "SELECT coalesce(max(note), 0) + 1 FROM notes"

NEIGHBOUR_THUMBNAILS_KEPT = 20
"""Of so many of an analysis's nearest neighbours a case keeps the thumbnails, so that a report needs no pack."""


def no_thumbnail(_pack_id: str, _row: int) -> bytes | None:
    """Return None: there is no picture of any reference photo."""
    return None


class Case(CaseReader):
    """A case open for writing, by this process only.

    ``actor`` is who the audit trail names for each change. Every method that changes the case raises
    CaseError, and then the case is as it was before the call.
    """

    def __init__(
        self, store: Store, format_version: int, *, actor: str, clock: Clock, lock: CaseLock
    ) -> None:
        super().__init__(store, format_version)
        self.actor = actor
        self._clock = clock
        self._lock = lock

    def close(self) -> None:
        """Let go of the file and of the right to write it. A second call does nothing."""
        super().close()
        self._lock.release()

    def set_details(self, details: CaseDetails) -> None:
        """Change who investigates what."""
        with self.store.transaction():
            self._append(projection.DETAILS_SET, {"details": codec.encode(details)})

    def set_settings(self, settings: CaseSettings) -> None:
        """Change what the next analysis uses."""
        with self.store.transaction():
            self._append(projection.SETTINGS_SET, {"settings": codec.encode(settings)})

    def add_evidence(self, record: EvidenceRecord, thumbnail: bytes | None = None) -> int:
        """Take a photo in and return its exhibit number.

        The same file (path and content) keeps its number: it is restored if it was removed, and gets its
        record if it had failed before. ``thumbnail`` is a JPEG of at most some 1024 pixels; reports print it.
        A path is kept from the root of its disk on, as everywhere in a case, so that the file can be found from
        any folder.
        """
        with self.store.transaction():
            return self._evidence_number(_from_the_root(record), thumbnail)

    def record_failure(self, failure: AnalysisFailure, exhibit: int | None = None) -> int:
        """Keep why a photo could not be analysed and return its exhibit number.

        Without ``exhibit`` it is the newest one read from that path, or a new one. An earlier analysis stays.
        """
        path = failure.path.absolute()
        number = exhibit if exhibit is not None else self._number_at(path)
        with self.store.transaction():
            self._append(
                projection.EXHIBIT_FAILED,
                {
                    "exhibit": number if number is not None else self._count(_NEXT_EXHIBIT),
                    "path": codec.path_to_text(path),
                    "kind": failure.kind,
                    "message": codec.storable_text(failure.message),
                },
            )
            return number if number is not None else self._count(_NEXT_EXHIBIT) - 1

    def record_analysis(
        self,
        analysis: Analysis,
        *,
        exhibit: int | None = None,
        neighbour_thumbnail: Callable[[str, int], bytes | None] = no_thumbnail,
        pack_verified_at: str | Unavailable = Unavailable.NOT_AVAILABLE,
    ) -> AnalysisSummary:
        """Keep an analysis as the exhibit's current one and return its summary; earlier ones stay.

        Without ``exhibit`` the photo is taken in first where it is not in the case. An exhibit without a
        thumbnail gets the analysis's. ``neighbour_thumbnail`` gives the JPEG of a reference photo by the id of
        its pack and its row, or None; it is asked for those nearest neighbours whose picture the case has not
        kept yet. An analysis equal to the current one is not stored twice.
        """
        thumbnail = analysis.thumbnail
        analysis = replace(analysis, evidence=_from_the_root(analysis.evidence))
        document = canonical_json(codec.encode(replace(analysis, thumbnail=None)))
        with self.store.transaction():
            number = exhibit if exhibit is not None else self._evidence_number(analysis.evidence, thumbnail)
            self._require_same_content(number, analysis.evidence)
            document_sha256 = self.store.put_blob(document)
            current = self.exhibit(number).current
            if current is not None and current.document_sha256 == document_sha256:
                return current
            summary = AnalysisSummary(
                exhibit=number,
                version=len(self.analyses(number)) + 1,
                analysis_id=analysis.analysis_id,
                document_sha256=document_sha256,
                recorded_at="",
                position=analysis.estimate.position,
                levels=analysis.estimate.levels,
                exif_distance_km=analysis.exif_distance_km,
                model_id=analysis.provenance.model_id,
                pack_id=analysis.provenance.pack_id,
                pack_name=analysis.provenance.pack_name,
                pack_verified_at=pack_verified_at,
                familiarity=analysis.estimate.familiarity,
            )
            entry = self._append(
                projection.ANALYSIS_RECORDED,
                {
                    "exhibit": number,
                    "version": summary.version,
                    "analysis_id": summary.analysis_id,
                    "evidence_sha256": analysis.evidence.sha256,
                    "document_sha256": document_sha256,
                    "summary": _without(codec.encode(summary), "recorded_at"),
                    "thumbnail_sha256": None if thumbnail is None else self.store.put_blob(thumbnail),
                    "pack_id": analysis.neighbours.pack_id,
                    "neighbour_thumbnails": self._put_thumbnails(
                        self._new_thumbnails(analysis.neighbours, neighbour_thumbnail)
                    ),
                },
            )
            return codec.decode(AnalysisSummary, {**_object(codec.encode(summary)), "recorded_at": entry.at})

    def choose_analysis(self, exhibit: int, version: int) -> None:
        """Make an earlier (or later) analysis the one that counts."""
        if version not in [known.version for known in self.analyses(exhibit)]:
            message = f"Exhibit {exhibit} has no analysis {version}."
            raise CaseError(message)
        with self.store.transaction():
            self._append(projection.ANALYSIS_CHOSEN, {"exhibit": exhibit, "version": version})

    def store_neighbour_thumbnails(self, pack_id: str, thumbnails: Mapping[int, bytes]) -> None:
        """Keep JPEGs of reference photos by row of their pack, for reports without the pack."""
        with self.store.transaction():
            self._append(
                projection.THUMBNAILS_STORED,
                {"pack_id": pack_id, "neighbour_thumbnails": self._put_thumbnails(thumbnails)},
            )

    def store_original(self, exhibit: int, path: Path | None = None) -> None:
        """Copy the photo's own bytes into the case, from where it was read or from ``path``.

        Raises EvidenceError where the file is gone or is no longer the one that was taken in.
        """
        known = self.exhibit(exhibit)
        source = known.path if path is None else path
        sha256 = _hash_of_evidence(source)
        if sha256 != known.sha256:
            message = (
                f"{source} is not the file that was taken in as exhibit {exhibit}: its SHA-256 is {sha256}, not "
                f"{known.sha256}. Name the unchanged file; nothing was stored."
            )
            raise EvidenceError(kind="damaged", path=source, message=message)
        with self.store.transaction(), source.open("rb") as stream:
            self.store.put_stream(stream, sha256, source.stat().st_size)
            self._require_stored(source, sha256)
            self._append(projection.ORIGINAL_STORED, {"exhibit": exhibit, "sha256": sha256})

    def remove_evidence(self, exhibit: int) -> None:
        """Take an exhibit off the lists and out of reports; ``restore_evidence`` brings all of it back."""
        self._require_exhibit(exhibit, removed=False)
        with self.store.transaction():
            self._append(projection.EXHIBIT_REMOVED, {"exhibit": exhibit})

    def restore_evidence(self, exhibit: int) -> None:
        """Undo ``remove_evidence``."""
        self._require_exhibit(exhibit, removed=True)
        with self.store.transaction():
            self._append(projection.EXHIBIT_RESTORED, {"exhibit": exhibit})

    def set_exclusions(self, exhibit: int, exclusions: Exclusions) -> None:
        """Set the references ruled out for an exhibit, all of them at once."""
        self.exhibit(exhibit)
        with self.store.transaction():
            self._append(
                projection.EXCLUSIONS_SET, {"exhibit": exhibit, "exclusions": codec.encode(exclusions)}
            )

    def add_note(self, text: str, exhibit: int | None = None) -> Note:
        """Add a note on an exhibit, or on the case, and return it."""
        if exhibit is not None:
            self.exhibit(exhibit)
        with self.store.transaction():
            number = self._count(_NEXT_NOTE)
            self._append(
                projection.NOTE_ADDED, {"note": number, "exhibit": exhibit, "text": codec.storable_text(text)}
            )
        return self._note(number)

    def edit_note(self, note: int, text: str) -> Note:
        """Change a note's text and return it; the audit trail keeps the earlier text."""
        self._note(note)
        with self.store.transaction():
            self._append(projection.NOTE_EDITED, {"note": note, "text": codec.storable_text(text)})
        return self._note(note)

    def remove_note(self, note: int) -> None:
        """Take a note off the lists; ``restore_note`` brings it back."""
        self._note(note)
        with self.store.transaction():
            self._append(projection.NOTE_REMOVED, {"note": note})

    def restore_note(self, note: int) -> None:
        """Undo ``remove_note``."""
        self._note(note)
        with self.store.transaction():
            self._append(projection.NOTE_RESTORED, {"note": note})

    def set_tags(self, exhibit: int, tags: tuple[str, ...]) -> None:
        """Set an exhibit's tags, all of them at once."""
        self.exhibit(exhibit)
        cleaned = sorted({codec.storable_text(tag).strip() for tag in tags} - {""})
        with self.store.transaction():
            self._append(projection.TAGS_SET, {"exhibit": exhibit, "tags": list(cleaned)})

    def save_copy(self, destination: Path, progress: ProgressCallback = ignore_progress) -> str:
        """Write a whole copy of the case and return its SHA-256; the audit trail of this case notes it."""
        sha256 = super().save_copy(destination, progress)
        with self.store.transaction():
            self._append(projection.CASE_COPIED, {"path": codec.path_to_text(destination), "sha256": sha256})
        return sha256

    def _append(self, action: str, inputs: Mapping[str, JsonValue]) -> AuditEntry:
        return self.store.append(utc_text(self._clock()), self.actor, action, inputs)

    def _evidence_number(self, record: EvidenceRecord, thumbnail: bytes | None) -> int:
        known = [found for found in self.exhibits_at(record.path) if _is_of(found, record)]
        if known and known[0].sha256 == record.sha256:
            if known[0].removed:
                self._append(projection.EXHIBIT_RESTORED, {"exhibit": known[0].number})
            return known[0].number
        number = known[0].number if known else self._count(_NEXT_EXHIBIT)
        self._append(
            projection.EXHIBIT_ADDED,
            {
                "exhibit": number,
                "path": codec.path_to_text(record.path),
                "sha256": record.sha256,
                "record_sha256": self.store.put_blob(canonical_json(codec.encode(record))),
                "thumbnail_sha256": None if thumbnail is None else self.store.put_blob(thumbnail),
            },
        )
        return number

    def _number_at(self, path: Path) -> int | None:
        return next((found.number for found in self.exhibits_at(path) if not found.removed), None)

    def _new_thumbnails(
        self, neighbours: Neighbours, thumbnail: Callable[[str, int], bytes | None]
    ) -> dict[int, bytes]:
        """Return the thumbnails of the nearest neighbours that the case has not kept yet, by row."""
        rows = [item.reference.row for item in neighbours.items[:NEIGHBOUR_THUMBNAILS_KEPT]]
        kept = {row for (row,) in self.store.rows(_KEPT_THUMBNAILS, (neighbours.pack_id, json.dumps(rows)))}
        found = {row: thumbnail(neighbours.pack_id, row) for row in rows if row not in kept}
        return {row: jpeg for row, jpeg in found.items() if jpeg is not None}

    def _put_thumbnails(self, thumbnails: Mapping[int, bytes]) -> JsonValue:
        return {str(row): self.store.put_blob(jpeg) for row, jpeg in sorted(thumbnails.items())}

    def _require_same_content(self, number: int, record: EvidenceRecord) -> None:
        if self.exhibit(number).sha256 != record.sha256:
            message = (
                f"The analysis of {record.path} is of another file than exhibit {number}: the file changed in "
                "between. Add it again; it becomes an exhibit of its own."
            )
            raise CaseError(message)

    def _require_exhibit(self, number: int, *, removed: bool) -> None:
        if self.exhibit(number).removed is not removed:
            message = f"Exhibit {number} is {'not removed' if removed else 'removed already'}."
            raise CaseError(message)

    def _require_stored(self, source: Path, sha256: str) -> None:
        """Refuse an original that changed while it was copied; the transaction rolls back."""
        try:
            self.store.require_sound(sha256)
        except CaseError as error:
            message = f"{source} changed while it was copied. Copy it again when nothing writes to it."
            raise EvidenceError(kind="unreadable", path=source, message=message) from error

    def _note(self, number: int) -> Note:
        rows = self.store.rows("SELECT exhibit FROM notes WHERE note = ?", (number,))
        for note in self.notes(rows[0][0], include_removed=True) if rows else []:
            if note.number == number:
                return note
        message = f"{self.path} has no note {number}."
        raise CaseError(message)


def utc_text(at: datetime) -> str:
    """Return a time with its zone as ISO 8601 in UTC, to the millisecond."""
    if at.tzinfo is None:
        message = "the clock of a case must tell the time with its zone"
        raise ValueError(message)
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_of(exhibit: Exhibit, record: EvidenceRecord) -> bool:
    never_read = exhibit.status is ExhibitStatus.FAILED and isinstance(exhibit.sha256, Unavailable)
    return exhibit.sha256 == record.sha256 or (never_read and not exhibit.removed)


def _from_the_root(record: EvidenceRecord) -> EvidenceRecord:
    """Return the record with the whole path of its file; a link in it stays a link."""
    return replace(record, path=record.path.absolute())


def _hash_of_evidence(path: Path) -> str:
    try:
        return sha256_of_file(path)
    except FileNotFoundError as error:
        message = f"{path} is not there any more. Name where the file is now."
        raise EvidenceError(kind="not_found", path=path, message=message) from error
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}). Check that you may read it."
        raise EvidenceError(kind="unreadable", path=path, message=message) from error


def _object(value: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        message = f"not an object: {value!r}"
        raise TypeError(message)
    return value


def _without(value: JsonValue, name: str) -> JsonValue:
    return {key: item for key, item in _object(value).items() if key != name}
