"""The window's open case: what is done with it, and what changed in it as signals."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from geolocdesk.analysis import Exclusions
from geolocdesk.casefile.case import Case
from geolocdesk.casefile.exhibit import CaseDetails, CaseSettings, Exhibit
from geolocdesk.casefile.lock import CaseLockedError, lock_path
from geolocdesk.casefile.opening import CASE_SUFFIX, create_case, open_case, read_case
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.errors import CaseError, GeolocdeskError
from geolocdesk.gui.case_connection import CaseConnection
from geolocdesk.gui.case_recording import CaseRecording
from geolocdesk.gui.evidence_entry import EvidenceEntry, entry_of
from geolocdesk.gui.jobs import Failure
from geolocdesk.gui.open_case import ExhibitContents, OpenCase, read_contents
from geolocdesk.gui.place_text import PlaceLookup, no_place, short_place

Returned = TypeVar("Returned")

_ENTRIES_A_PAGE = 100
_UNTITLED = "Untitled case"


class CaseSession(QObject):
    """One open case at a time, or none."""

    opened = Signal(object)
    """OpenCase. Its entries follow."""
    entries_read = Signal(object)
    """tuple[EvidenceEntry, …]: a page of the exhibits of a case that was just opened."""
    reading_finished = Signal()
    entry_changed = Signal(object)
    """EvidenceEntry: new, or no longer as it was."""
    entry_removed = Signal(int)
    """The number of an exhibit that is off the list."""
    exclusions_changed = Signal(int, object)
    """The exhibit's number and its Exclusions."""
    notes_changed = Signal(int, object)
    """The exhibit's number and its tuple of Notes."""
    details_changed = Signal(object)
    """OpenCase."""
    closed = Signal()
    failed = Signal(object)
    """Failure: what could not be read or written; the case is as it was before."""

    _page_read = Signal(object, object)

    def __init__(
        self,
        *,
        actor: str,
        unsaved_folder: Path,
        place_lookup: PlaceLookup = no_place,
        parent: QObject | None = None,
    ) -> None:
        """``actor`` is whom the audit trail names; untitled cases are kept in ``unsaved_folder``."""
        super().__init__(parent)
        self._actor = actor
        self._unsaved_folder = unsaved_folder
        self._place_lookup = place_lookup
        self._current: OpenCase | None = None
        self._connection = CaseConnection(self)
        self._connection.failed.connect(self.failed)
        self.recording = CaseRecording(self._connection, self._entry, self)
        self.recording.photo_taken_in.connect(self._take_in)
        self.recording.entry_changed.connect(self._pass_on)
        self._removed: set[int] = set()
        self._page_read.connect(self._deliver_page)

    # Which case

    @property
    def current(self) -> OpenCase | None:
        """Return the open case, or None."""
        return self._current

    @property
    def can_change(self) -> bool:
        """Return whether a case is open that can be written."""
        return self._current is not None and not self._current.read_only

    def set_actor(self, actor: str) -> None:
        """Name somebody else in the audit trail from now on."""
        self._actor = actor
        if isinstance(self._connection.case, Case):
            self._connection.case.actor = actor

    def create(self, path: Path, details: CaseDetails) -> bool:
        """Make a new case and open it in place of the one before; return whether that went well."""
        return self._open(lambda: create_case(path, details, actor=self._actor, clock=_now), path)

    def create_untitled(self, examiner: str = "", organisation: str = "") -> bool:
        """Make a case in the program's own folder, to be saved under a name later."""
        with suppress(OSError):  # creating the case says what is wrong with the folder
            self._unsaved_folder.mkdir(parents=True, exist_ok=True)
        stem = f"{_UNTITLED} {_now():%Y-%m-%d %H.%M.%S}"
        path = self._unsaved_folder / f"{stem}{CASE_SUFFIX}"
        return self.create(path, CaseDetails(title=_UNTITLED, examiner=examiner, organisation=organisation))

    def open(self, path: Path) -> bool:
        """Open a case in place of the one before, for reading only where it cannot be written."""
        reason = ""

        def open_somehow() -> CaseReader:
            nonlocal reason
            try:
                return open_case(path, actor=self._actor, clock=_now)
            except CaseError as error:
                try:
                    case = read_case(path)
                except GeolocdeskError:
                    raise error from None
                reason = _why_read_only(error)
                return case

        return self._open(open_somehow, path, why_read_only=lambda: reason)

    def save_as(self, destination: Path, details: CaseDetails | None = None) -> bool:
        """Write a copy of the case and go on in the copy; an untitled case is then no longer kept."""
        current = self._current
        if current is None:
            return False
        if self._connection.attempt(lambda: self._connection.writer().save_copy(destination)) is None:
            return False
        if not self.open(destination):
            return False
        if current.untitled:
            _delete_case(current.path)
        if details is not None and self.can_change:
            self.set_details(details)
        return True

    def discard(self) -> None:
        """Close an untitled case and delete its file."""
        current = self._current
        self.close()
        if current is not None and current.untitled:
            _delete_case(current.path)

    def close(self) -> None:
        """Let go of the case, after what is still being written."""
        if self._connection.case is None:
            return
        self._connection.release()
        self._current = None
        self.closed.emit()

    def shut_down(self) -> None:
        """Close the case and end the thread; the session cannot be used after that."""
        self.close()
        self._connection.close()

    def unsaved_cases(self) -> list[Path]:
        """Return the untitled cases nobody has open, newest first."""
        found = [
            path
            for path in self._unsaved_folder.glob(f"*{CASE_SUFFIX}")
            if self._current is None or path != self._current.path
        ]
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)

    # Reading

    def load(
        self,
        number: int,
        done: Callable[[ExhibitContents], None],
        failed: Callable[[Failure], None] | None = None,
    ) -> None:
        """Read everything about one exhibit and hand it on, or why it cannot be read."""
        self._connection.run(lambda: read_contents(self._connection.reader(), number), done, failed)

    def load_thumbnail(self, number: int, done: Callable[[bytes | None], None]) -> None:
        """Read an exhibit's thumbnail (JPEG) and hand it on; None where there is none."""
        self._connection.run(
            lambda: self._connection.reader().thumbnail(number), done, lambda _failure: done(None)
        )

    def load_neighbour_thumbnail(self, pack_id: str, row: int, done: Callable[[bytes | None], None]) -> None:
        """Read the thumbnail (JPEG) the case keeps of a reference photo and hand it on; None where it keeps none."""
        self._connection.run(
            lambda: self._connection.reader().neighbour_thumbnail(pack_id, row),
            done,
            lambda _failure: done(None),
        )

    def load_exclusions(
        self, numbers: Sequence[int], done: Callable[[Mapping[int, Exclusions]], None]
    ) -> None:
        """Read what is ruled out for these exhibits and hand it on."""

        def read() -> Mapping[int, Exclusions]:
            case = self._connection.reader()
            return {number: case.exclusions(number) for number in numbers}

        self._connection.run(read, done)

    def read(self, reading: Callable[[CaseReader], Returned]) -> Returned | None:
        """Wait for a reading of the case; None, and ``failed``, where it could not be read."""
        return self._connection.attempt(lambda: reading(self._connection.reader()))

    def has_content(self) -> bool:
        """Return whether the open case holds any exhibit, removed ones included."""

        def look(case: CaseReader) -> bool:
            return next(iter(case.exhibits(include_removed=True)), None) is not None

        return bool(self.read(look))

    # What the user does: on the disk when the method returns True

    def set_details(self, details: CaseDetails) -> bool:
        """Change who investigates what."""
        return self._change(lambda case: case.set_details(details)) and self._refresh_current()

    def set_case_settings(self, settings: CaseSettings) -> bool:
        """Change what the next analysis uses."""
        return self._change(lambda case: case.set_settings(settings)) and self._refresh_current()

    def set_exclusions(self, number: int, exclusions: Exclusions) -> bool:
        """Set the references ruled out for an exhibit."""
        if not self._change(lambda case: case.set_exclusions(number, exclusions)):
            return False
        self.exclusions_changed.emit(number, exclusions)
        return True

    def write_note(self, number: int, text: str) -> bool:
        """Make this the text of the exhibit's note; an empty text takes the note off."""

        def write(case: Case) -> None:
            notes = case.notes(number)
            if not text.strip():
                for note in notes[-1:]:
                    case.remove_note(note.number)
            elif notes:
                case.edit_note(notes[-1].number, text)
            else:
                case.add_note(text, number)

        if not self._change(write):
            return False
        self._refresh_entry(number)
        notes = self.read(lambda case: tuple(case.notes(number)))
        self.notes_changed.emit(number, notes or ())
        return True

    def set_tags(self, number: int, tags: tuple[str, ...]) -> bool:
        """Set an exhibit's tags."""
        return self._change(lambda case: case.set_tags(number, tags)) and self._refresh_entry(number)

    def remove(self, number: int) -> bool:
        """Take an exhibit off the list; ``restore`` brings all of it back."""

        def take_off(case: Case) -> None:
            case.remove_evidence(number)
            self.recording.forget_contents()

        if not self._change(take_off):
            return False
        self._removed.add(number)
        self.entry_removed.emit(number)
        return True

    def restore(self, number: int) -> bool:
        """Bring back a removed exhibit."""

        def bring_back(case: Case) -> None:
            case.restore_evidence(number)
            self.recording.forget_contents()

        if not self._change(bring_back):
            return False
        self._removed.discard(number)
        return self._refresh_entry(number)

    # Inside

    def _open(
        self, opening: Callable[[], CaseReader], path: Path, why_read_only: Callable[[], str] = str
    ) -> bool:
        if not self._connection.exchange(opening):
            return False
        self._removed.clear()
        self._current = self.read(lambda case: self._describe(case, path, why_read_only()))
        if self._current is None:
            return False
        self.opened.emit(self._current)
        self._connection.run(self._read_entries, lambda _nothing: self.reading_finished.emit())
        return True

    def _describe(self, case: CaseReader, path: Path, read_only: str) -> OpenCase:
        info = case.info()
        untitled = path.parent == self._unsaved_folder
        return OpenCase(path, info.details, case.settings(), info.exhibits, read_only, untitled)

    def _take_in(self, entry: EvidenceEntry) -> None:
        self._removed.discard(entry.number)
        self.entry_changed.emit(entry)

    def _pass_on(self, entry: EvidenceEntry) -> None:
        """Tell of what a batch wrote, unless the exhibit was taken off the list while that was on its way."""
        if entry.number not in self._removed:
            self.entry_changed.emit(entry)

    def _refresh_current(self) -> bool:
        before = self._current
        if before is None:
            return False
        described = self.read(lambda case: self._describe(case, before.path, before.read_only))
        if described is not None:
            self._current = described
            self.details_changed.emit(described)
        return True

    def _refresh_entry(self, number: int) -> bool:
        entry = self.read(lambda case: self._entry(case, number))
        if entry is not None:
            self.entry_changed.emit(entry)
        return True

    def _read_entries(self) -> None:
        case = self._connection.case
        if case is None:
            return
        page: list[EvidenceEntry] = []
        for exhibit in case.exhibits():
            page.append(self._entry_of(case, exhibit))
            if len(page) == _ENTRIES_A_PAGE:
                self._page_read.emit(case, tuple(page))
                page.clear()
        self._page_read.emit(case, tuple(page))

    def _deliver_page(self, case: CaseReader, page: tuple[EvidenceEntry, ...]) -> None:
        if case is self._connection.case:
            self.entries_read.emit(page)

    def _entry(self, case: CaseReader, number: int) -> EvidenceEntry:
        return self._entry_of(case, case.exhibit(number))

    def _entry_of(self, case: CaseReader, exhibit: Exhibit) -> EvidenceEntry:
        position = None if exhibit.current is None else exhibit.current.position
        return entry_of(
            exhibit,
            place="" if position is None else short_place(self._place_lookup, position),
            tags=case.tags(exhibit.number),
            has_notes=bool(case.notes(exhibit.number)),
        )

    def _change(self, change: Callable[[Case], object]) -> bool:
        def work() -> bool:
            change(self._connection.writer())
            return True

        return self._connection.attempt(work) is True


def _why_read_only(error: CaseError) -> str:
    """Return why a case that can be read cannot be written, and what to do to write it."""
    if not isinstance(error, CaseLockedError):
        return error.message
    if error.holder is None:
        return "Another geolocdesk has this case open. Close it there and open it here again to change it."
    return (
        f"Another geolocdesk has this case open (process {error.holder.process_id} on {error.holder.host}, since "
        f"{error.holder.since}). Close it there and open it here again to change it."
    )


def _delete_case(path: Path) -> None:
    """Delete an untitled case that was saved elsewhere or is not wanted; a leftover does no harm."""
    for file in (path, lock_path(path)):
        with suppress(OSError):
            file.unlink(missing_ok=True)


def _now() -> datetime:
    return datetime.now(UTC)
