"""The window's open case: the one connection to it, and what changed in it as signals.

The connection lives on a thread of its own, because a durable write waits for the disk and the window must
not. What the user does is waited for, so that it is on the disk before it is shown; what a batch brings is
written meanwhile and shown once it is on the disk.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from geolocdesk.analysis import Analysis, AnalysisFailure, Exclusions
from geolocdesk.casefile.case import Case
from geolocdesk.casefile.exhibit import CaseDetails, CaseSettings, Exhibit, Note
from geolocdesk.casefile.lock import CaseLockedError, lock_path
from geolocdesk.casefile.opening import CASE_SUFFIX, create_case, open_case, read_case
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.errors import CaseError, GeolocdeskError
from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.gui.evidence_entry import EvidenceEntry, entry_of
from geolocdesk.gui.jobs import Failure, TaskRunner, failure_of
from geolocdesk.gui.place_text import PlaceLookup, no_place, short_place
from geolocdesk.unavailable import Unavailable

Returned = TypeVar("Returned")

_ENTRIES_A_PAGE = 100
_UNTITLED = "Untitled case"


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class OpenCase:
    """The case that is open now."""

    path: Path
    details: CaseDetails
    settings: CaseSettings
    exhibits: int
    read_only: str
    """Why it cannot be changed; empty where it can."""
    untitled: bool
    """Whether it lies in the program's own folder because nobody saved it under a name yet."""


@dataclass(frozen=True, slots=True, eq=False)
class ExhibitContents:
    """Everything the window shows of one exhibit."""

    exhibit: Exhibit
    record: EvidenceRecord | None
    analysis: Analysis | None
    exclusions: Exclusions
    notes: tuple[Note, ...]
    thumbnail: bytes | None


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a photo that was taken in."""

    entry: EvidenceEntry
    is_new: bool
    duplicate_of: int | None = None
    """The exhibit with the same content from another path; the photo was not added then."""


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
    analysis_recorded = Signal(int, object)
    """The exhibit's number and its Analysis, which is on the disk now."""
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
    _trouble = Signal(object)

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
        self._thread = TaskRunner("case", threads=1, parent=self)
        self._case: CaseReader | None = None
        self._numbers_by_content: dict[str, list[int]] | None = None
        self._current: OpenCase | None = None
        self._page_read.connect(self._deliver_page)
        self._trouble.connect(self.failed)

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
        if isinstance(self._case, Case):
            self._case.actor = actor

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
                reason = error.message
                return case

        return self._open(open_somehow, path, why_read_only=lambda: reason)

    def save_as(self, destination: Path, details: CaseDetails | None = None) -> bool:
        """Write a copy of the case and go on in the copy; an untitled case is then no longer kept."""
        current = self._current
        if current is None:
            return False
        if self._try(lambda: self._require().save_copy(destination)) is None:
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
        if self._case is None:
            return
        self._thread.call(self._close_case)
        self._current = None
        self.closed.emit()

    def shut_down(self) -> None:
        """Close the case and end the thread; the session cannot be used after that."""
        self.close()
        self._thread.close()

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
        self._run(lambda: self._contents(number), done, failed)

    def load_thumbnail(self, number: int, done: Callable[[bytes | None], None]) -> None:
        """Read an exhibit's thumbnail (JPEG) and hand it on; None where there is none."""
        self._run(lambda: self._require_reader().thumbnail(number), done, lambda _failure: done(None))

    def load_neighbour_thumbnail(self, pack_id: str, row: int, done: Callable[[bytes | None], None]) -> None:
        """Read the thumbnail (JPEG) the case keeps of a reference photo and hand it on; None where it keeps none."""
        self._run(
            lambda: self._require_reader().neighbour_thumbnail(pack_id, row),
            done,
            lambda _failure: done(None),
        )

    def load_exclusions(
        self, numbers: Sequence[int], done: Callable[[Mapping[int, Exclusions]], None]
    ) -> None:
        """Read what is ruled out for these exhibits and hand it on."""

        def read() -> Mapping[int, Exclusions]:
            case = self._require_reader()
            return {number: case.exclusions(number) for number in numbers}

        self._run(read, done)

    def read(self, reading: Callable[[CaseReader], Returned]) -> Returned | None:
        """Wait for a reading of the case; None, and ``failed``, where it could not be read."""
        return self._try(lambda: reading(self._require_reader()))

    def has_content(self) -> bool:
        """Return whether the open case holds any exhibit, removed ones included."""

        def look(case: CaseReader) -> bool:
            return next(iter(case.exhibits(include_removed=True)), None) is not None

        return bool(self.read(look))

    # What a batch brings: written meanwhile, shown when it is on the disk

    def add_photo(
        self,
        record: EvidenceRecord,
        thumbnail: bytes | None,
        done: Callable[[Added], None],
        not_done: Callable[[], None] = _nothing,
        *,
        keep_original: bool = False,
    ) -> None:
        """Take a photo into the case unless its content is there already; one of the two is called.

        With ``keep_original`` the case gets a copy of the file, too; where that fails the photo is in all the same.
        """
        self._run(
            lambda: self._add(record, thumbnail, keep_original),
            lambda added: self._show_added(added, done),
            lambda failure: self._refuse(failure, not_done),
        )

    def record_failure(
        self,
        failure: AnalysisFailure,
        number: int | None,
        done: Callable[[EvidenceEntry], None] | None = None,
        not_done: Callable[[], None] = _nothing,
    ) -> None:
        """Keep why a photo could not be read or analysed; one of the two is called."""

        def work() -> EvidenceEntry:
            case = self._require()
            return self._entry(case, case.record_failure(failure, number))

        def show(entry: EvidenceEntry) -> None:
            self.entry_changed.emit(entry)
            if done is not None:
                done(entry)

        self._run(work, show, lambda refused: self._refuse(refused, not_done))

    def record_analysis(
        self,
        number: int,
        analysis: Analysis,
        *,
        neighbour_thumbnails: Callable[[Analysis], Mapping[int, bytes]],
        pack_verified_at: str | Unavailable,
    ) -> None:
        """Keep an analysis as the exhibit's current one; an earlier equal one is chosen, not repeated."""

        def work() -> EvidenceEntry:
            case = self._require()
            if isinstance(
                case.exhibit(number).sha256, Unavailable
            ):  # it can be read now, and could not before
                case.add_evidence(analysis.evidence, analysis.thumbnail)
            earlier = [known for known in case.analyses(number) if known.analysis_id == analysis.analysis_id]
            if earlier:
                case.choose_analysis(number, earlier[-1].version)
            else:
                case.record_analysis(
                    analysis,
                    exhibit=number,
                    neighbour_thumbnails=neighbour_thumbnails(analysis),
                    pack_verified_at=pack_verified_at,
                )
            return self._entry(case, number)

        def show(entry: EvidenceEntry) -> None:
            self.entry_changed.emit(entry)
            self.analysis_recorded.emit(number, analysis)

        self._run(work, show, lambda failure: self._refuse_analysis(number, analysis, failure))

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
        if not self._change(lambda case: self._remove(case, number)):
            return False
        self.entry_removed.emit(number)
        return True

    def restore(self, number: int) -> bool:
        """Bring back a removed exhibit."""
        return self._change(lambda case: self._restore(case, number)) and self._refresh_entry(number)

    # Inside

    def _open(
        self, opening: Callable[[], CaseReader], path: Path, why_read_only: Callable[[], str] = str
    ) -> bool:
        def replace_case() -> CaseReader:
            opened = opening()
            self._close_case()
            self._case = opened
            return opened

        if self._try(replace_case) is None:
            return False
        self._current = self.read(lambda case: self._describe(case, path, why_read_only()))
        if self._current is None:
            return False
        self.opened.emit(self._current)
        self._run(self._read_entries, lambda _nothing: self.reading_finished.emit())
        return True

    def _close_case(self) -> None:
        self._numbers_by_content = None
        if self._case is not None:
            self._case.close()
            self._case = None

    def _describe(self, case: CaseReader, path: Path, read_only: str) -> OpenCase:
        info = case.info()
        untitled = path.parent == self._unsaved_folder
        return OpenCase(path, info.details, case.settings(), info.exhibits, read_only, untitled)

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
        case = self._case
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
        if case is self._case:
            self.entries_read.emit(page)

    def _contents(self, number: int) -> ExhibitContents:
        case = self._require_reader()
        return ExhibitContents(
            exhibit=case.exhibit(number),
            record=case.record(number),
            analysis=case.current_analysis(number),
            exclusions=case.exclusions(number),
            notes=tuple(case.notes(number)),
            thumbnail=case.thumbnail(number),
        )

    def _add(self, record: EvidenceRecord, thumbnail: bytes | None, keep_original: bool) -> Added:
        case = self._require()
        same = self._numbers_of(case, record.sha256)
        if same and all(case.exhibit(number).path != record.path for number in same):
            return Added(self._entry(case, same[0]), is_new=False, duplicate_of=same[0])
        number = case.add_evidence(record, thumbnail)
        is_new = number not in same
        if is_new:
            same.append(number)
            if keep_original:
                self._keep_original(case, number)
        return Added(self._entry(case, number), is_new=is_new)

    def _keep_original(self, case: Case, number: int) -> None:
        try:
            case.store_original(number)
        except GeolocdeskError as error:
            self._trouble.emit(failure_of(error))

    def _numbers_of(self, case: Case, sha256: str) -> list[int]:
        """Return the listed exhibits with this content; the list may be added to."""
        if self._numbers_by_content is None:
            self._numbers_by_content = {}
            for exhibit in case.exhibits():
                if isinstance(exhibit.sha256, str):
                    self._numbers_by_content.setdefault(exhibit.sha256, []).append(exhibit.number)
        return self._numbers_by_content.setdefault(sha256, [])

    def _remove(self, case: Case, number: int) -> None:
        case.remove_evidence(number)
        self._numbers_by_content = None

    def _restore(self, case: Case, number: int) -> None:
        case.restore_evidence(number)
        self._numbers_by_content = None

    def _show_added(self, added: Added, done: Callable[[Added], None]) -> None:
        if added.duplicate_of is None:
            self.entry_changed.emit(added.entry)
        done(added)

    def _refuse(self, failure: Failure, not_done: Callable[[], None]) -> None:
        self.failed.emit(failure)
        not_done()

    def _refuse_analysis(self, number: int, analysis: Analysis, failure: Failure) -> None:
        if failure.is_bug:
            self.failed.emit(failure)
            return
        refused = AnalysisFailure(analysis.evidence.path, failure.kind, failure.message)
        self.record_failure(refused, number)

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

    def _require_reader(self) -> CaseReader:
        if self._case is None:
            message = "No case is open. Open one, or add photos to begin a new one."
            raise CaseError(message)
        return self._case

    def _require(self) -> Case:
        case = self._require_reader()
        if not isinstance(case, Case):
            message = "The case is open for reading only, so it cannot be changed."
            raise CaseError(message)
        return case

    def _change(self, change: Callable[[Case], object]) -> bool:
        def work() -> bool:
            change(self._require())
            return True

        return self._try(work) is True

    def _run(
        self,
        work: Callable[[], Returned],
        done: Callable[[Returned], object],
        failed: Callable[[Failure], object] | None = None,
    ) -> None:
        """Work on the case meanwhile; what comes of it is not heard of where another case is open by then."""
        case = self._case

        def deliver(result: Returned) -> None:
            if self._case is case:
                done(result)

        def refuse(failure: Failure) -> None:
            if self._case is case:
                (failed or self.failed.emit)(failure)

        self._thread.run(lambda _progress: work(), deliver, refuse)

    def _try(self, work: Callable[[], Returned]) -> Returned | None:
        try:
            return self._thread.call(work)
        except GeolocdeskError as error:
            self.failed.emit(failure_of(error))
            return None


def is_locked(error: GeolocdeskError) -> bool:
    """Return whether somebody else is writing the case."""
    return isinstance(error, CaseLockedError)


def _delete_case(path: Path) -> None:
    """Delete an untitled case that was saved elsewhere or is not wanted; a leftover does no harm."""
    for file in (path, lock_path(path)):
        with suppress(OSError):
            file.unlink(missing_ok=True)


def _now() -> datetime:
    return datetime.now(UTC)
