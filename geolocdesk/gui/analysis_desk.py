"""Analysing, and analysing again: batches, live parameters, exclusions, and what of it can be undone."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from geolocdesk.analysis import Analysis, AnalysisFailure, Exclusions
from geolocdesk.casefile.exhibit import CaseSettings
from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.gui.analysis_run import AnalysisRun, PhotoToAnalyse, Recomputation, RunSummary
from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.change import Change
from geolocdesk.gui.evidence_entry import EntryStatus, EvidenceEntry
from geolocdesk.gui.evidence_model import EvidenceModel
from geolocdesk.gui.exhibit_display import ExhibitDisplay
from geolocdesk.gui.job_board import JobBoard
from geolocdesk.gui.jobs import EngineJobs, Failure
from geolocdesk.gui.notices import NoticeBar
from geolocdesk.gui.open_case import ExhibitContents
from geolocdesk.gui.reference_session import ReferenceSession
from geolocdesk.gui.throughput import Throughput
from geolocdesk.gui.workspace import Workspace
from geolocdesk.quantities import count_text

_SETTLED_MS = 700
"""Parameters that stay as they are for this long are meant; the answer is then kept in the case."""


class AnalysisDesk(QObject):
    """Everything that asks the engine for answers and puts them into the case."""

    pack_wanted = Signal()
    """Photos are to be analysed and no reference pack is open."""

    batch_ended = Signal(object)
    """RunSummary."""

    def __init__(
        self,
        engine: EngineJobs,
        session: CaseSession,
        reference: ReferenceSession,
        *,
        model: EvidenceModel,
        workspace: Workspace,
        display: ExhibitDisplay,
        notices: NoticeBar,
        board: JobBoard,
        undo: QUndoStack,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._reference = reference
        self._model = model
        self._panels = workspace
        self._display = display
        self._notices = notices
        self._board = board
        self._undo = undo
        self._run = AnalysisRun(engine, self)
        self._again = Recomputation(engine, self)
        self._parameters = self._usual = EstimationParameters()
        self._unrecorded: set[int] = set()
        self._unsettled: tuple[int, Analysis, EstimationParameters] | None = None
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLED_MS)
        self._settling.timeout.connect(self.settle)
        self._connect()

    @property
    def is_running(self) -> bool:
        """Return whether a batch is under way."""
        return self._run.is_running

    @property
    def parameters(self) -> EstimationParameters:
        """Return what the next analysis uses."""
        return self._parameters

    # Batches

    def analyse_selected(self) -> None:
        """Analyse the selected photos, those without an answer first of all.

        With one or none selected all without an answer are meant: the one that is looked at comes first.
        """
        selected = self._panels.evidence.selected()
        unanswered = [
            number
            for number in selected
            if (entry := self._model.entry(number)) is not None and entry.status is not EntryStatus.ANALYSED
        ]
        if len(selected) > 1:
            self.analyse(unanswered or selected)
        else:
            self.analyse([*unanswered, *(number for number in self._pending() if number not in unanswered)])

    def analyse(self, numbers: Sequence[int]) -> None:
        """Analyse these exhibits; without any, all that have no answer yet."""
        wanted = list(numbers) or self._pending()
        if self._reference.pack is None and self._reference.opening is None:
            self.pack_wanted.emit()
            return
        if not wanted:
            self._notices.show_passing("info", "Every photo has been analysed already.")
            return
        self._session.load_exclusions(wanted, self._start)

    def _pending(self) -> list[int]:
        return [entry.number for entry in self._model.entries() if entry.status is EntryStatus.PENDING]

    def _start(self, exclusions: Mapping[int, Exclusions]) -> None:
        """Begin the batch, photos that leave out the same references together."""
        entries = [self._model.entry(number) for number in exclusions]
        photos = [
            PhotoToAnalyse(entry.number, entry.path, exclusions[entry.number], entry.has_thumbnail)
            for entry in entries
            if entry is not None
        ]
        photos.sort(key=lambda photo: photo.exclusions != Exclusions())
        self._run.start(photos, self._parameters)

    def stop(self) -> None:
        """End the batch; what is finished stays."""
        self._run.stop()

    # Exclusions

    def exclude(self, more: Exclusions) -> None:
        """Rule out more references for the current exhibit."""
        before = self._display.exclusions
        self._change_exclusions("Exclude", before, before | more)

    def restore(self, fewer: Exclusions) -> None:
        """Take back what was ruled out for the current exhibit."""
        before = self._display.exclusions
        self._change_exclusions("Restore", before, before - fewer)

    def restore_all(self) -> None:
        """Take back everything that was ruled out for the current exhibit."""
        self.restore(self._display.exclusions)

    def _change_exclusions(self, verb: str, before: Exclusions, after: Exclusions) -> None:
        number = self._display.number
        if number == 0 or before == after:
            return
        if not self._can_recompute(self._display.analysis):
            return
        self._undo.push(
            Change(
                f"{verb} references of exhibit {number}",
                lambda: self._session.set_exclusions(number, after),
                lambda: self._session.set_exclusions(number, before),
            )
        )

    def _follow_exclusions(self, number: int, exclusions: Exclusions) -> None:
        self._display.show_exclusions(number, exclusions)
        analysis = self._display.analysis
        if number == self._display.number and analysis is not None:
            if self._can_recompute(analysis):
                self._request(number, analysis, analysis.estimate.parameters, exclusions, keep=True)
        else:
            self._session.load(number, lambda contents: self._recompute_stored(number, contents))

    def _recompute_stored(self, number: int, contents: ExhibitContents) -> None:
        if contents.analysis is not None and self._can_recompute(contents.analysis):
            parameters = contents.analysis.estimate.parameters
            self._request(number, contents.analysis, parameters, contents.exclusions, keep=True)

    # Live parameters

    def change_parameters(self, parameters: EstimationParameters) -> None:
        """Answer the current exhibit anew with each step of a slider; keep the answer when they settle."""
        self._parameters = parameters
        number, analysis = self._display.number, self._display.analysis
        if number == 0 or analysis is None:
            self._settling.start()
            return
        if not self._can_recompute(analysis):
            self._panels.parameters.show_parameters(analysis.estimate.parameters)
            return
        self._unsettled = (number, analysis, parameters)
        self._request(number, analysis, parameters, self._display.exclusions, keep=False)
        self._settling.start()

    def settle(self) -> None:
        """Keep the answer with the parameters as they are now; before another photo is shown, too."""
        self._settling.stop()
        if not self._session.can_change:
            return
        unsettled, self._unsettled = self._unsettled, None
        current = self._session.current
        if current is not None and current.settings.parameters != self._parameters:
            settings = current.settings
            self._session.set_case_settings(CaseSettings(settings.model, settings.pack, self._parameters))
        if unsettled is not None:
            number, analysis, parameters = unsettled
            self._request(number, analysis, parameters, self._display.exclusions, keep=True)

    def take_usual(self, parameters: EstimationParameters) -> None:
        """Use what is usual with the pack that was opened, unless others than the former usual ones were chosen."""
        unchosen = self._parameters == self._usual
        self._usual = parameters
        if unchosen:
            self._parameters = parameters
            if self._display.analysis is None:
                self._panels.parameters.show_parameters(parameters)

    def take_chosen(self, parameters: EstimationParameters) -> None:
        """Use for the next analysis what a case says that was opened, and what is usual where it chooses nothing."""
        self._parameters = self._usual if parameters == EstimationParameters() else parameters
        self._panels.parameters.show_parameters(self._parameters)

    def _request(
        self,
        number: int,
        analysis: Analysis,
        parameters: EstimationParameters,
        exclusions: Exclusions,
        *,
        keep: bool,
    ) -> None:
        self._again.request(number, analysis, parameters, exclusions, keep=keep)

    def _can_recompute(self, analysis: Analysis | None) -> bool:
        """Return whether the answer's own pack is open, or there is no answer; say what to do where it is not."""
        pack = self._reference.pack
        if analysis is None:
            return True
        if pack is not None and pack.pack_id == analysis.neighbours.pack_id:
            return True
        self._notices.show_passing(
            "warning",
            f"This answer was found in the reference pack “{analysis.provenance.pack_name}”, which is not open. Open "
            "it to change parameters or exclusions, or analyse the photo again with the pack in use.",
        )
        return False

    # What comes back

    def _connect(self) -> None:
        self._run.started.connect(self._show_started)
        self._run.progressed.connect(self._show_progress)
        self._run.analysed.connect(self._keep)
        self._run.not_analysed.connect(self._take_failure)
        self._run.ended.connect(self._show_end)
        self._again.computed.connect(self._take_answer)
        self._again.failed.connect(self._show_search_failure)
        self._again.busy_changed.connect(self._show_recomputing)
        self._session.entry_changed.connect(self._note_recorded)
        self._session.opened.connect(self._abandon)
        self._session.closed.connect(self._abandon)
        self._session.exclusions_changed.connect(self._follow_exclusions)
        self._session.recording.analysis_recorded.connect(self._display.show_analysis)
        self._panels.neighbours.exclude_requested.connect(self.exclude)
        self._panels.neighbours.restore_requested.connect(self.restore)
        self._panels.parameters.parameters_changed.connect(self.change_parameters)

    def _take_failure(self, number: int, failure: AnalysisFailure) -> None:
        self._unrecorded.add(number)
        self._session.recording.record_failure(failure, number)

    def _note_recorded(self, entry: EvidenceEntry) -> None:
        self._unrecorded.discard(entry.number)

    def _abandon(self) -> None:
        """Let nothing that was asked for in one case be kept in another."""
        self._settling.stop()
        self._unsettled = None
        self._unrecorded.clear()
        self._run.abandon()
        self._again.abandon()

    def _keep(self, number: int, analysis: Analysis) -> None:
        self._unrecorded.add(number)
        self._session.recording.record_analysis(
            number,
            analysis,
            neighbour_thumbnail=self._reference.thumbnail_in,
            pack_verified_at=self._reference.verified_at,
        )

    def _take_answer(self, number: int, analysis: Analysis, keep: bool) -> None:
        if keep and self._session.can_change:
            self._keep(number, analysis)
        else:
            self._display.show_analysis(number, analysis)

    def _show_search_failure(self, number: int, failure: Failure) -> None:
        self._display.show_search_failure(number, failure)
        self._notices.show_passing("danger", failure.message)

    def _show_recomputing(self, busy: bool) -> None:
        if busy:
            self._board.show("recompute", "Recomputing")
        else:
            self._board.end("recompute")

    def _show_started(self) -> None:
        waiting = self._run.waiting
        self._model.set_queued(waiting)
        self._board.show("analyse", f"Analysing {count_text(len(waiting), 'photo')}", 0, None, self.stop)
        self._follow_current()

    def _show_progress(self, throughput: Throughput) -> None:
        text = f"Analysing {throughput.text()}"
        self._board.show("analyse", text, throughput.done, throughput.total, self.stop)

    def _show_end(self, summary: RunSummary) -> None:
        self._model.set_queued(self._unrecorded)  # their answers are on their way to the disk
        self._board.end("analyse", summary_text(summary))
        self._follow_current()
        if summary.failure is not None:
            self._notices.show_passing("danger", summary.failure.message)
        elif summary.failed:
            failed = count_text(summary.failed, "photo")
            self._notices.show_passing("warning", f"{failed} could not be analysed; the list says why.")
        self.batch_ended.emit(summary)

    def _follow_current(self) -> None:
        entry = self._model.entry(self._display.number)
        if entry is not None:
            self._display.update_entry(entry)


def summary_text(summary: RunSummary) -> str:
    """Return how a batch ended, such as ``12 photos analysed, 1 failed, stopped before 7``."""
    parts = [f"{count_text(summary.analysed, 'photo')} analysed"]
    if summary.failed:
        parts.append(f"{summary.failed:,} failed")
    if summary.left:
        parts.append(f"stopped before {summary.left:,}")
    return ", ".join(parts)
