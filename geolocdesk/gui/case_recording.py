"""What a batch brings into the case: written meanwhile, and shown when it is on the disk."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from geolocdesk.analysis import Analysis, AnalysisFailure
from geolocdesk.casefile.case import Case
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.errors import GeolocdeskError
from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.gui.case_connection import CaseConnection
from geolocdesk.gui.evidence_entry import EvidenceEntry
from geolocdesk.gui.jobs import Failure
from geolocdesk.gui.open_case import Added
from geolocdesk.unavailable import Unavailable

ListEntry = Callable[[CaseReader, int], EvidenceEntry]


def _nothing() -> None:
    """Do nothing."""


class CaseRecording(QObject):
    """Takes photos, answers and failures down."""

    photo_taken_in = Signal(object)
    """EvidenceEntry: new, or on the list again."""
    entry_changed = Signal(object)
    """EvidenceEntry: no longer as it was."""
    analysis_recorded = Signal(int, object)
    """The exhibit's number and its Analysis, which is on the disk now."""

    def __init__(self, connection: CaseConnection, list_entry: ListEntry, parent: QObject) -> None:
        """``list_entry`` describes an exhibit for the list; it is called on the case's thread."""
        super().__init__(parent)
        self._connection = connection
        self._list_entry = list_entry
        self._numbers_by_content: dict[str, list[int]] = {}
        self._looked_up_in: CaseReader | None = None

    def forget_contents(self) -> None:
        """Look the listed exhibits up anew before the next photo; to be called on the case's thread."""
        self._looked_up_in = None

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

        def show(added: Added) -> None:
            if added.duplicate_of is None:
                self.photo_taken_in.emit(added.entry)
            done(added)

        self._connection.run(
            lambda: self._add(record, thumbnail, keep_original),
            show,
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
            case = self._connection.writer()
            return self._list_entry(case, case.record_failure(failure, number))

        def show(entry: EvidenceEntry) -> None:
            (self.photo_taken_in if number is None else self.entry_changed).emit(entry)
            if done is not None:
                done(entry)

        self._connection.run(work, show, lambda refused: self._refuse(refused, not_done))

    def record_analysis(
        self,
        number: int,
        analysis: Analysis,
        *,
        neighbour_thumbnail: Callable[[str, int], bytes | None],
        pack_verified_at: str | Unavailable,
    ) -> None:
        """Keep an analysis as the exhibit's current one; an earlier equal one is chosen, not repeated."""

        def work() -> EvidenceEntry:
            case = self._connection.writer()
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
                    neighbour_thumbnail=neighbour_thumbnail,
                    pack_verified_at=pack_verified_at,
                )
            return self._list_entry(case, number)

        def show(entry: EvidenceEntry) -> None:
            self.entry_changed.emit(entry)
            self.analysis_recorded.emit(number, analysis)

        self._connection.run(work, show, lambda failure: self._refuse_analysis(number, analysis, failure))

    def _add(self, record: EvidenceRecord, thumbnail: bytes | None, keep_original: bool) -> Added:
        case = self._connection.writer()
        same = self._numbers_of(case, record.sha256)
        if same and all(case.exhibit(number).path != record.path for number in same):
            return Added(self._list_entry(case, same[0]), is_new=False, duplicate_of=same[0])
        number = case.add_evidence(record, thumbnail)
        is_new = number not in same
        if is_new:
            same.append(number)
            if keep_original:
                self._keep_original(case, number)
        return Added(self._list_entry(case, number), is_new=is_new)

    def _keep_original(self, case: Case, number: int) -> None:
        try:
            case.store_original(number)
        except GeolocdeskError as error:
            self._connection.report(error)

    def _numbers_of(self, case: Case, sha256: str) -> list[int]:
        """Return the listed exhibits with this content; the list may be added to."""
        if self._looked_up_in is not case:
            self._looked_up_in = case
            self._numbers_by_content = {}
            for exhibit in case.exhibits():
                if isinstance(exhibit.sha256, str):
                    self._numbers_by_content.setdefault(exhibit.sha256, []).append(exhibit.number)
        return self._numbers_by_content.setdefault(sha256, [])

    def _refuse(self, failure: Failure, not_done: Callable[[], None]) -> None:
        self._connection.failed.emit(failure)
        not_done()

    def _refuse_analysis(self, number: int, analysis: Analysis, failure: Failure) -> None:
        if failure.is_bug:
            self._connection.failed.emit(failure)
            return
        self.record_failure(AnalysisFailure(analysis.evidence.path, failure.kind, failure.message), number)
