"""Shows one exhibit in every panel: its photo, metadata and notes, its neighbours, its answer, its map."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from geolocdesk.analysis import Analysis, Exclusions
from geolocdesk.engine.jobs import utc_now
from geolocdesk.evidence.intake import Intake
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.gui.analysis_view import AnalysisView, DrawAnalysis, PrepareDrawing
from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.compare_view import CompareView
from geolocdesk.gui.evidence_entry import EntryStatus, EvidenceEntry
from geolocdesk.gui.evidence_model import EvidenceModel
from geolocdesk.gui.jobs import EngineJobs, Failure, TaskRunner
from geolocdesk.gui.open_case import ExhibitContents
from geolocdesk.gui.picture import Picture
from geolocdesk.gui.place_book import PlaceBook
from geolocdesk.gui.reference_session import ReferenceSession
from geolocdesk.gui.small_pictures import ShowPicture, SmallPictures
from geolocdesk.gui.thumbnail_image import thumbnail_image
from geolocdesk.gui.turns import Turns
from geolocdesk.gui.workspace import Workspace
from geolocdesk.progress import ProgressCallback
from geolocdesk.unavailable import Unavailable

if TYPE_CHECKING:
    from geolocdesk.gui.map_view import MapView

_SHOWN_PICTURE = Rendition(long_side_px=6000, resample="bilinear")
"""As large as it is shown; only panoramas are larger, and those are reduced."""
_KEPT_VIEWS = 24

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    """The photo's pixels, and whether the file is still the one that was taken in."""

    picture: Picture
    sha256: str


class ExhibitDisplay(QObject):
    """Keeps the panels on the current exhibit; never changes the case."""

    shown = Signal(int)
    """The exhibit whose answer (or whose lack of one) the panels show now."""
    answer_changed = Signal()
    """There is an answer now, or none any more; its surface may still be missing."""
    remark_changed = Signal(str)
    """What is to be said about the original file, empty when nothing is."""

    def __init__(
        self,
        session: CaseSession,
        reference: ReferenceSession,
        workspace: Workspace,
        compare: CompareView,
        *,
        drawing: EngineJobs,
        places: PlaceBook,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._panels = workspace
        self._compare = compare
        self._drawing = drawing
        self._places = places
        self._map: MapView | None = None
        self._tasks = TaskRunner("display", threads=2, parent=self)
        self._pictures = SmallPictures(session, reference, self._tasks)
        self._intake = Intake(workers=1)
        self._showing = Turns(self)
        self._entry: EvidenceEntry | None = None
        self._contents: ExhibitContents | None = None
        self._analysis: Analysis | None = None
        self._view: AnalysisView | None = None
        self._preview: Picture | None = None
        self._views: OrderedDict[str, AnalysisView] = OrderedDict()
        self._must_fit = False
        self._wanted = ""
        self._prepared: set[int] = set()
        self._open_tasks: set[object] = set()
        session.opened.connect(self._forget_tasks)
        session.closed.connect(self._forget_tasks)
        self._link_panels()

    # What is shown

    @property
    def number(self) -> int:
        """Return the current exhibit's number, or 0."""
        return 0 if self._entry is None else self._entry.number

    @property
    def analysis(self) -> Analysis | None:
        """Return the analysis the panels show, a preview included."""
        return self._analysis

    @property
    def contents(self) -> ExhibitContents | None:
        """Return what the case holds of the current exhibit, once it is read."""
        return self._contents

    @property
    def is_busy(self) -> bool:
        """Return whether the current exhibit, its photo or its answer is still being read, worked out or shown."""
        return bool(self._open_tasks) or self._showing.is_busy

    @property
    def exclusions(self) -> Exclusions:
        """Return what is excluded from the current exhibit's search."""
        return Exclusions() if self._contents is None else self._contents.exclusions

    def warm_up(self) -> None:
        """Start what works the views out and make what shows them, so that the first one comes soon."""
        self._drawing.run(PrepareDrawing())
        self._panels.answer.rehearse()

    def set_map(self, view: "MapView") -> None:
        """Show the current answer on this map from now on."""
        self._map = view
        view.neighbour_clicked.connect(self._select_from_map)
        if self._view is not None:
            view.show_overlay(self._view.overlay)

    def show_entry(self, entry: EvidenceEntry | None) -> None:
        """Turn every panel to an exhibit, or to none."""
        self._panels.photo.flush_note()
        before = self._entry
        self._entry = entry
        self._contents = None
        self._preview = None
        self._wanted = ""
        self._prepared.clear()
        self.remark_changed.emit("")
        if entry is None:
            self._show_nothing()
            return
        if before is None or before.number != entry.number:
            self._panels.photo.show_loading(entry.name, None)
        end = self._begin_task()
        self._session.load(
            entry.number,
            _then(end, partial(self._take_contents, entry.number)),
            _then(end, partial(self._show_failure, entry.number)),
        )

    def update_entry(self, entry: EvidenceEntry) -> None:
        """Follow a change of the current exhibit's status."""
        if entry.number != self.number or self._entry is None:
            return
        before = self._entry
        self._entry = entry
        if entry.status is not before.status and entry.status is not EntryStatus.ANALYSED:
            self._show_status(entry)

    def show_analysis(self, number: int, analysis: Analysis) -> None:
        """Show an analysis of the current exhibit; another exhibit's is not shown."""
        if number != self.number:
            return
        before = self._analysis
        same_photo = before is not None and before.evidence.sha256 == analysis.evidence.sha256
        self._wanted = analysis.analysis_id
        known = self._views.get(analysis.analysis_id)
        if known is not None:
            self._show_view(number, same_photo, analysis, known)
            return
        show = partial(self._show_first_view, number, same_photo, analysis)
        self._work_out(number, DrawAnalysis(analysis, with_surface=False, subject="answer"), show)

    def prepare(self, number: int) -> None:
        """Work out an exhibit's answer beforehand, since the user may go there next."""
        if number == self.number or number in self._prepared:
            return
        self._prepared.add(number)
        self._session.load(number, self._prepare_contents, lambda _failure: None)

    def show_exclusions(self, number: int, exclusions: Exclusions) -> None:
        """Show what is excluded from the current exhibit's search."""
        contents = self._contents
        if number != self.number or contents is None:
            return
        self._contents = ExhibitContents(
            exhibit=contents.exhibit,
            record=contents.record,
            analysis=contents.analysis,
            exclusions=exclusions,
            notes=contents.notes,
            thumbnail=contents.thumbnail,
        )
        self._panels.neighbours.show_exclusions(exclusions)

    def show_search_failure(self, number: int, failure: Failure) -> None:
        """Say why there is no answer with these exclusions or parameters."""
        if number == self.number:
            self._panels.neighbours.show_failure(failure.message)

    def feed_thumbnails(self, model: EvidenceModel) -> None:
        """Fetch the list's thumbnails when they come into view."""
        model.thumbnail_wanted.connect(partial(self._fetch_listed, model))

    def read_again(self) -> None:
        """Read the current photo's file once more."""
        if self._entry is not None:
            self._load_picture(self._entry)

    def close(self) -> None:
        """End the threads and the decoding process."""
        self._showing.cancel()
        self._intake.close()
        self._tasks.close()

    # Contents of the case

    def _take_contents(self, number: int, contents: ExhibitContents) -> None:
        entry = self._entry
        if entry is None or number != entry.number:
            return
        self._contents = contents
        preview = thumbnail_image(contents.thumbnail)
        self._preview = None if preview is None else Picture.from_image(preview)
        if contents.record is not None:
            distance = (
                Unavailable.NOT_AVAILABLE if contents.analysis is None else contents.analysis.exif_distance_km
            )
            self._panels.photo.show_record(contents.record, distance)
        note = contents.notes[-1].text if contents.notes else ""
        self._panels.photo.show_note(str(number), note)
        self._panels.neighbours.show_exclusions(contents.exclusions)
        self._load_picture(entry)
        if contents.analysis is not None:
            self.show_analysis(number, contents.analysis)
        else:
            self._show_status(entry)

    def _load_picture(self, entry: EvidenceEntry) -> None:
        if entry.status is EntryStatus.FAILED and isinstance(entry.sha256, Unavailable):
            self._panels.photo.show_failure(entry.name, entry.failure)
            return
        self._panels.photo.show_loading(entry.name, self._preview)
        self._compare.show_query(entry.name, self._preview)
        path = entry.path

        def decode(_progress: ProgressCallback) -> _Decoded:
            taken = self._intake.take_in(path, [_SHOWN_PICTURE], acquired_at=utc_now())
            return _Decoded(Picture.from_pixels(taken.pictures[0]), taken.record.sha256)

        self._run(
            decode, partial(self._show_picture, entry.number), partial(self._show_kept_picture, entry.number)
        )

    def _show_picture(self, number: int, decoded: _Decoded) -> None:
        entry = self._entry
        if entry is None or number != entry.number:
            return
        self._panels.photo.show_picture(entry.name, decoded.picture)
        self._compare.show_query(entry.name, decoded.picture)
        if decoded.sha256 != entry.sha256:
            self.remark_changed.emit(
                f"{entry.path} is no longer the file that was taken in: its SHA-256 is another one. "
                "The answer belongs to the earlier content."
            )

    def _show_kept_picture(self, number: int, failure: Failure) -> None:
        entry = self._entry
        if entry is None or number != entry.number:
            return
        if self._preview is None:
            self._panels.photo.show_failure(entry.name, failure.message)
            return
        self._panels.photo.show_picture(entry.name, self._preview)
        self.remark_changed.emit(f"{failure.message} The small copy kept in the case is shown instead.")

    def _run(
        self,
        work: Callable[[ProgressCallback], Result],
        done: Callable[[Result], None],
        failed: Callable[[Failure], None],
    ) -> None:
        end = self._begin_task()
        self._tasks.run(work, _then(end, done), _then(end, failed))

    def _begin_task(self) -> Callable[[], None]:
        """Count a task as open, and return what takes it off again."""
        task = object()
        self._open_tasks.add(task)
        return lambda: self._open_tasks.discard(task)

    def _forget_tasks(self) -> None:
        """Wait no longer for what was asked of a case that is no longer open."""
        self._open_tasks.clear()

    # The answer

    def _work_out(self, number: int, job: DrawAnalysis, done: Callable[[AnalysisView], None]) -> None:
        drawn = self._drawing.run(job)
        drawn.produced.connect(done)
        drawn.failed.connect(partial(self._show_failure, number))
        drawn.closed.connect(self._begin_task())

    def _show_first_view(self, number: int, same_photo: bool, analysis: Analysis, view: AnalysisView) -> None:
        """Show all but the density's surface, which follows."""
        if number != self.number or view.analysis_id != self._wanted:
            return
        self._places.remember(view.places)
        self._show_view(number, same_photo, analysis, view)
        show = partial(self._show_surface, number)
        self._work_out(number, DrawAnalysis(analysis, with_surface=True, subject="surface"), show)

    def _show_surface(self, number: int, view: AnalysisView) -> None:
        self._remember(view)
        if number == self.number and view.analysis_id == self._wanted:
            self._view = view
            self._draw(view, fit=False)
            self._highlight_selected()
            self.shown.emit(number)

    def _prepare_contents(self, contents: ExhibitContents) -> None:
        analysis = contents.analysis
        if analysis is not None and analysis.analysis_id not in self._views:
            prepared = self._drawing.run(DrawAnalysis(analysis, with_surface=True))
            prepared.produced.connect(self._remember)

    def _remember(self, view: AnalysisView) -> None:
        self._places.remember(view.places)
        self._views[view.analysis_id] = view
        while len(self._views) > _KEPT_VIEWS:
            self._views.popitem(last=False)

    def _show_view(self, number: int, same_photo: bool, analysis: Analysis, view: AnalysisView) -> None:
        """Show an answer panel by panel: all of them in one go would hold the window up."""
        self._view = view
        self._analysis = analysis
        steps = [
            partial(self._draw, view, fit=not same_photo),
            partial(self._panels.answer.show_answer, analysis, view.carriers),
            partial(self._show_neighbours, analysis, view, same_photo=same_photo),
            partial(self._finish_view, number, analysis, view),
        ]
        self._showing.begin(steps)
        self.answer_changed.emit()

    def _show_neighbours(self, analysis: Analysis, view: AnalysisView, *, same_photo: bool) -> None:
        self._panels.neighbours.show_neighbours(
            analysis.neighbours, analysis.estimate.weights, view.carriers, same_photo=same_photo
        )
        self._highlight_selected()

    def _finish_view(self, number: int, analysis: Analysis, view: AnalysisView) -> None:
        self._panels.parameters.show_parameters(analysis.estimate.parameters)
        rank = self._panels.neighbours.selected_rank or 1
        self._compare.show_neighbours(analysis.neighbours, analysis.estimate.weights, rank)
        if view.has_surface:
            self.shown.emit(number)

    def _draw(self, view: AnalysisView, *, fit: bool) -> None:
        """Draw on the map; one that was not ready when it should have moved to the answer moves there now."""
        if self._map is None:
            return
        fit = fit or self._must_fit
        self._map.show_overlay(view.overlay, fit=fit)
        self._must_fit = fit and not self._map.is_ready

    def _highlight_selected(self) -> None:
        rank = self._panels.neighbours.selected_rank
        self._with_map(lambda shown: shown.highlight_neighbour(rank))

    def _show_status(self, entry: EvidenceEntry) -> None:
        """Show why there is no answer; one that was there before stays while a new one is computed."""
        if entry.status is EntryStatus.QUEUED and self._is_of(entry):
            return
        self._leave_answer()
        if entry.status is EntryStatus.FAILED:
            self._panels.answer.show_failure(entry.name, entry.failure)
            self._panels.neighbours.show_unsearched()
        elif entry.status is EntryStatus.QUEUED:
            self._panels.answer.show_busy(entry.name)
            self._panels.neighbours.show_searching()
        else:
            self._panels.answer.show_waiting()
            self._panels.neighbours.show_waiting()
        self.shown.emit(entry.number)

    def _is_of(self, entry: EvidenceEntry) -> bool:
        return self._analysis is not None and self._analysis.evidence.sha256 == entry.sha256

    def _show_nothing(self) -> None:
        self._leave_answer()
        self._panels.photo.show_nothing()
        self._panels.answer.show_nothing()
        self._compare.show_query("", None)

    def _leave_answer(self) -> None:
        self._showing.cancel()
        self._view = None
        self._analysis = None
        self.answer_changed.emit()
        self._panels.neighbours.show_nothing()
        if self._map is not None:
            self._map.clear()

    def _show_failure(self, number: int, failure: Failure) -> None:
        if number == self.number and self._entry is not None:
            self._panels.answer.show_failure(self._entry.name, failure.message)

    # Links between panels

    def _link_panels(self) -> None:
        gallery, answer = self._panels.neighbours, self._panels.answer
        gallery.neighbour_selected.connect(self._select_from_gallery)
        gallery.thumbnail_wanted.connect(partial(self._fetch_reference, show=gallery.set_thumbnail))
        answer.neighbour_selected.connect(self._select_from_answer)
        answer.level_hovered.connect(lambda name: self._with_map(lambda shown: shown.highlight_level(name)))
        answer.fit_level.connect(lambda name: self._with_map(lambda shown: shown.fit_to_level(name)))
        answer.fit_answer.connect(lambda: self._with_map(lambda shown: shown.fit_to_answer()))
        self._compare.picture_wanted.connect(partial(self._fetch_reference, show=self._show_compared))
        self._compare.neighbour_shown.connect(self._select_from_answer)

    def _with_map(self, act: "Callable[[MapView], object]") -> None:
        if self._map is not None:
            act(self._map)

    def _select_from_gallery(self, rank: int) -> None:
        self._with_map(lambda shown: shown.highlight_neighbour(rank))

    def _select_from_map(self, rank: int) -> None:
        self._panels.docks["neighbours"].reveal()
        self._select_from_answer(rank)

    def _select_from_answer(self, rank: int) -> None:
        self._panels.neighbours.select_neighbour(rank)
        self._with_map(lambda shown: shown.highlight_neighbour(rank))

    # Pictures of references and of the list

    def _fetch_reference(self, row: int, *, show: ShowPicture) -> None:
        self._pictures.fetch_reference(row, self.analysis, show)

    def _show_compared(self, row: int, image: QImage | None) -> None:
        self._compare.set_picture(row, None if image is None else Picture.from_image(image))

    def _fetch_listed(self, model: EvidenceModel, number: int) -> None:
        self._pictures.fetch_listed(model, number, self._panels.devicePixelRatioF())


def _then(end: Callable[[], None], deliver: Callable[[Result], None]) -> Callable[[Result], None]:
    """Return a callback that ends a task and then does what it is for."""

    def call(result: Result) -> None:
        end()
        deliver(result)

    return call
