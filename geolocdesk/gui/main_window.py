"""The window: puts the panels, the actions and the desks together, opens cases and ends in order."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QUndoStack,
)
from PySide6.QtWidgets import QFileDialog, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from geolocdesk import __version__
from geolocdesk.errors import MapError, SettingsError
from geolocdesk.gui.actions import Actions
from geolocdesk.gui.adding import AddingSummary
from geolocdesk.gui.analysis_desk import AnalysisDesk
from geolocdesk.gui.case_files import CaseFiles
from geolocdesk.gui.case_session import CaseSession, OpenCase
from geolocdesk.gui.command_palette import CommandPalette
from geolocdesk.gui.compare_view import CompareView
from geolocdesk.gui.evidence_entry import EntryStatus
from geolocdesk.gui.evidence_model import EvidenceModel, EvidenceRole
from geolocdesk.gui.exhibit_display import ExhibitDisplay
from geolocdesk.gui.first_start import FirstStart
from geolocdesk.gui.icons import icon
from geolocdesk.gui.job_board import JobBoard
from geolocdesk.gui.jobs import EngineJobs, Failure, TaskRunner
from geolocdesk.gui.notices import NoticeBar
from geolocdesk.gui.photo_desk import PhotoDesk, open_folder
from geolocdesk.gui.place_book import PlaceBook
from geolocdesk.gui.questions import ask_to_stop
from geolocdesk.gui.reference_desk import ReferenceDesk, pack_summary
from geolocdesk.gui.reference_session import ReferenceSession
from geolocdesk.gui.report_desk import ReportDesk
from geolocdesk.gui.settings_dialog import SettingsDialog
from geolocdesk.gui.status_line import StatusLine
from geolocdesk.gui.text_dialog import ErrorDialog, TableDialog, shortcut_rows
from geolocdesk.gui.theme import active_palette, application, install_theme
from geolocdesk.gui.tool_bar import ToolBar
from geolocdesk.gui.window_layout import WindowLayout
from geolocdesk.gui.window_menus import WindowMenus
from geolocdesk.gui.workspace import Workspace
from geolocdesk.paths import UserFolders
from geolocdesk.practice.prepared import PreparedPractice
from geolocdesk.settings import SchemeName, Settings, save_settings
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text

if TYPE_CHECKING:
    from geolocdesk.gui.map_view import MapView

_TEXT_STEP = 1.1


class MainWindow(QMainWindow):
    """One window, one case."""

    finished = Signal()
    """Everything has ended in order; the application may end too."""
    map_made = Signal(object)
    """MapView."""

    def __init__(
        self,
        settings: Settings,
        folders: UserFolders,
        *,
        make_engine: Callable[[], EngineJobs] = EngineJobs,
        make_map: "Callable[[], MapView | None] | None" = None,
    ) -> None:
        """Put the window together; tests bring an engine of their own, and do without a map."""
        super().__init__()
        self._new_map = make_map or new_map
        self._settings = settings
        self._folders = folders
        self._is_ending = False
        self._analyse_when_added = False
        self._layout = WindowLayout(folders.layout_file)
        self.engine = make_engine()
        self.engine.setParent(self)
        self.drawing = make_engine()
        self.drawing.setParent(self)
        self.tasks = TaskRunner("tasks", threads=2, parent=self)
        self.places = PlaceBook()
        self.model = EvidenceModel(self)
        self.session = CaseSession(
            actor=settings.examiner or "examiner",
            unsaved_folder=folders.cases,
            place_lookup=self.places.lookup_waiting,
            parent=self,
        )
        self.reference = ReferenceSession(self.engine, self.tasks, self)
        self.undo_stack = QUndoStack(self)
        self.actions_by_name = Actions(self)
        self.workspace = Workspace(self.model, self.places.lookup)
        self.compare = CompareView(self.places.lookup)
        self.first_start = FirstStart()
        self.notices = NoticeBar()
        self.status_line = StatusLine()
        self.board = JobBoard(self.status_line, self)
        self.map: MapView | None = None
        self.display = ExhibitDisplay(
            self.session,
            self.reference,
            self.workspace,
            self.compare,
            drawing=self.drawing,
            places=self.places,
            parent=self,
        )
        self.cases = CaseFiles(
            self,
            self.session,
            folders=folders,
            settings=lambda: self._settings,
            notices=self.notices,
            board=self.board,
            may_stop=self._may_stop,
        )
        self.references = ReferenceDesk(
            self,
            self.reference,
            folders=folders,
            settings=lambda: self._settings,
            first_start=self.first_start,
            notices=self.notices,
            board=self.board,
            make_workbench=make_engine,
        )
        self.desk = AnalysisDesk(
            self.engine,
            self.session,
            self.reference,
            model=self.model,
            workspace=self.workspace,
            display=self.display,
            notices=self.notices,
            board=self.board,
            undo=self.undo_stack,
            parent=self,
        )
        self.photos = PhotoDesk(
            self,
            self.session,
            model=self.model,
            workspace=self.workspace,
            display=self.display,
            notices=self.notices,
            undo=self.undo_stack,
        )
        self.reports = ReportDesk(
            self,
            self.session,
            selected=self.workspace.evidence.selected,
            notices=self.notices,
            board=self.board,
            make_engine=make_engine,
        )
        self._lay_out()
        self._connect()
        self._restore()

    # Construction

    def _lay_out(self) -> None:
        self.setWindowIcon(icon("geolocdesk"))
        self.setAcceptDrops(True)
        self.setStatusBar(self.status_line)
        self._pages = QStackedWidget()
        for page in (self.first_start, self.workspace, self.compare):
            self._pages.addWidget(page)
        central = QWidget()
        column = QVBoxLayout(central)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        column.addWidget(self._pages, stretch=1)
        self.setCentralWidget(central)
        self.addActions(list(self.actions_by_name))
        self._menus = WindowMenus(
            self.menuBar(), self.actions_by_name, self.workspace.docks.values(), lambda: self._settings
        )
        self._menus.set_unsaved_cases(self.session.unsaved_cases)
        self.tool_bar = ToolBar(self.actions_by_name, self._menus["Report"], self._menus["Reference"])
        self.addToolBar(self.tool_bar)
        photo_actions = (
            "analyse",
            "analyse_again",
            None,
            "tags",
            "note",
            "copy_hash",
            "show_file",
            None,
            "remove",
        )
        self.workspace.evidence.set_context_actions(
            [None if name is None else self.actions_by_name[name] for name in photo_actions]
        )
        self.display.feed_thumbnails(self.model)
        self.model.set_level(self._settings.list_level)

    def _connect(self) -> None:
        self._connect_actions()
        self._connect_menus()
        session, model, panels = self.session, self.model, self.workspace
        session.opened.connect(self._show_case)
        session.details_changed.connect(self._show_title)
        session.closed.connect(self._leave_case)
        session.entries_read.connect(model.add_entries)
        session.entry_changed.connect(model.set_entry)
        session.entry_changed.connect(self.display.update_entry)
        session.entry_removed.connect(model.remove_entry)
        session.reading_finished.connect(self._go_to_first)
        session.notes_changed.connect(lambda number, _notes: panels.photo.confirm_note_saved(str(number)))
        session.failed.connect(self.show_failure)
        panels.evidence.current_changed.connect(self._go_to)
        panels.evidence.selection_changed.connect(self._enable_actions)
        panels.evidence.add_requested.connect(self.cases.choose_photos)
        panels.evidence.level_chosen.connect(self._choose_level)
        panels.photo.retry_requested.connect(self._read_again)
        panels.photo.compare_requested.connect(self._compare)
        panels.neighbours.compare_requested.connect(self._compare)
        panels.answer.retry_requested.connect(lambda: self.desk.analyse([self.display.number]))
        self.compare.close_requested.connect(self._leave_compare)
        self.compare.exclude_requested.connect(self.desk.exclude)
        self.display.shown.connect(self._prepare_beside)
        self.display.answer_changed.connect(self._enable_actions)
        self.display.remark_changed.connect(partial(self.notices.set_standing, "original", "warning"))
        self.tool_bar.searched.connect(panels.evidence.set_words)
        self.reference.changed.connect(self._show_reference)
        self.reference.opened.connect(self._follow_pack)
        self.status_line.pack_clicked.connect(self._act_on_pack)
        self.board.changed.connect(self._enable_actions)
        self.desk.pack_wanted.connect(self._ask_for_pack)
        self.cases.settings_changed.connect(self._keep_settings)
        self.cases.photos_added.connect(self._follow_adding)
        self.references.settings_changed.connect(self._keep_settings)
        self.references.practice_ready.connect(self._open_practice)
        self.first_start.practice_requested.connect(self.references.prepare_practice)
        self.first_start.build_requested.connect(self.references.build)
        self.first_start.open_pack_requested.connect(self.references.choose_and_open)
        self.first_start.continue_requested.connect(self._show_workspace)
        self.undo_stack.canUndoChanged.connect(self.actions_by_name["undo"].setEnabled)
        self.undo_stack.canRedoChanged.connect(self.actions_by_name["redo"].setEnabled)
        self.undo_stack.undoTextChanged.connect(lambda text: self._name_undo("undo", "Undo", text))
        self.undo_stack.redoTextChanged.connect(lambda text: self._name_undo("redo", "Redo", text))
        self._show_reference()
        self._enable_actions()

    def _connect_menus(self) -> None:
        self._menus.case_chosen.connect(self.cases.open)
        self._menus.pack_chosen.connect(self.references.open)
        self._menus.report_chosen.connect(self.reports.ask)
        self._menus.scheme_chosen.connect(self._choose_scheme)

    def _connect_actions(self) -> None:
        cases, references, desk, panels = self.cases, self.references, self.desk, self.workspace
        photos = self.photos
        self.actions_by_name.connect_all(
            {
                "new_case": cases.new,
                "open_case": cases.choose_and_open,
                "practice": references.prepare_practice,
                "save_as": cases.save_as,
                "details": cases.edit_details,
                "close_case": cases.close,
                "settings": self._edit_settings,
                "quit": self.close,
                "undo": self.undo_stack.undo,
                "redo": self.undo_stack.redo,
                "paste": cases.paste,
                "select_all": panels.evidence.select_all,
                "find": self._find,
                "add_photos": cases.choose_photos,
                "add_folder": cases.choose_folder,
                "next": lambda: panels.evidence.step(1),
                "previous": lambda: panels.evidence.step(-1),
                "tags": photos.edit_tags,
                "note": photos.open_note,
                "copy_hash": photos.copy_hashes,
                "show_file": photos.show_file,
                "remove": photos.remove_selected,
                "analyse": self._analyse,
                "analyse_again": lambda: desk.analyse(panels.evidence.selected()),
                "stop": self.board.stop,
                "compare": self._compare,
                "restore_all": desk.restore_all,
                "reset_parameters": panels.parameters.reset,
                "open_pack": references.choose_and_open,
                "build_pack": references.build,
                "verify_pack": references.verify,
                "pack_info": references.show_info,
                "report": self.reports.ask,
                "palette": self._open_palette,
                "fit_answer": lambda: self._with_map(lambda shown: shown.fit_to_answer()),
                "fit_everything": lambda: self._with_map(lambda shown: shown.fit_to_everything()),
                "fit_world": lambda: self._with_map(lambda shown: shown.fit_to_world()),
                "measure": self._toggle_measuring,
                "add_base_map": self._add_base_map,
                "reset_layout": self.workspace.reset_layout,
                "larger": lambda: self._scale_text(_TEXT_STEP),
                "smaller": lambda: self._scale_text(1 / _TEXT_STEP),
                "shortcuts": self._show_shortcuts,
                "log_folder": lambda: open_folder(self._folders.log_file.parent),
                "about": self._show_about,
            }
        )

    def _restore(self) -> None:
        self.workspace.restore_layout(self._layout.docks)
        self.setWindowTitle("geolocdesk")

    # Starting, after the first paint

    def begin(self, *, case: Path | None = None, pack: Path | None = None) -> None:
        """Make the map, open what was asked for or was open the last time, and load the rest meanwhile."""
        self.tasks.run(self.places.load, lambda _nothing: None, self.show_failure)
        self.display.warm_up()
        self._make_map()
        chosen = pack or (Path(self._settings.pack) if self._settings.pack else None)
        if case is not None:
            self.cases.open(case)
        else:
            self.cases.recover()
        current = self.session.current
        if pack is None and current is not None and current.settings.pack is not None:
            chosen = current.settings.pack
        if chosen is not None and (pack is not None or chosen.is_dir()):
            self.references.open(chosen)
        self._choose_page()

    def _make_map(self) -> None:
        self.map = self._new_map()
        if self.map is None:
            return
        self.map.pointer_moved.connect(self._show_pointer)
        self.map.measured.connect(self.status_line.show_pointer)
        self.map.tiles_failed.connect(lambda text: self.notices.show_passing("danger", text))
        self.workspace.set_map(self.map)
        self.display.set_map(self.map)
        for name in self._settings.base_maps:
            self._use_base_map(Path(name))
        self.map_made.emit(self.map)

    # Pages

    def _choose_page(self) -> None:
        nothing_here = (
            self.session.current is None and self.reference.pack is None and self.reference.opening is None
        )
        if nothing_here:
            self._pages.setCurrentWidget(self.first_start)
            self.first_start.focus_first()
        else:
            self._show_workspace()

    def _show_workspace(self) -> None:
        self._pages.setCurrentWidget(self.workspace)
        self._enable_actions()

    def _follow_pack(self) -> None:
        pack = self.reference.pack
        if pack is not None:
            self.workspace.parameters.set_reference_count(pack.manifest.references)
            self.workspace.neighbours.show_pack_without_thumbnails(not self.reference.has_thumbnails)
        if self._pages.currentWidget() is self.first_start:
            self._show_workspace()

    def _ask_for_pack(self) -> None:
        self.notices.show_passing(
            "warning",
            "Photos are compared with a reference pack, and none is open.",
            "Open reference pack …",
            self.references.choose_and_open,
        )

    def _compare(self, rank: int = 0) -> None:
        if self.display.analysis is None:
            return
        if rank:
            self.compare.show_rank(rank)
        self._pages.setCurrentWidget(self.compare)
        self.compare.focus_pictures()
        self._enable_actions()

    def _leave_compare(self) -> None:
        self._show_workspace()
        self.workspace.neighbours.focus_cards()

    # The case

    def _show_case(self, opened: OpenCase) -> None:
        self.model.clear()
        self.undo_stack.clear()
        self.display.show_entry(None)
        self.desk.take_parameters(opened.settings.parameters)
        self._show_title(opened)
        self._show_workspace()

    def _show_title(self, opened: OpenCase) -> None:
        name = visible_text(opened.details.title) or visible_text(opened.path.stem)
        self.setWindowTitle(f"{name} — geolocdesk")
        text = f"Open for reading only. {opened.read_only}" if opened.read_only else ""
        self.notices.set_standing("read-only", "warning", visible_text(text))
        self._enable_actions()

    def _may_stop(self) -> bool:
        """Ask about what still works on the open case; return whether it may be left."""
        if self.session.current is None or not (self.desk.is_running or self.reports.is_busy):
            return True
        if not ask_to_stop(self, "An analysis" if self.desk.is_running else "Writing a report"):
            return False
        self.workspace.photo.flush_note()
        self.desk.settle()
        self.desk.stop()
        self.reports.stop()
        return True

    def _leave_case(self) -> None:
        self.model.clear()
        self.undo_stack.clear()
        self.display.show_entry(None)
        self.notices.set_standing("read-only")
        self.setWindowTitle("geolocdesk")
        self._enable_actions()
        if not self._is_ending:
            self._choose_page()

    def _go_to_first(self) -> None:
        if self.workspace.evidence.current() == 0:
            self.workspace.evidence.step(1)
            self.workspace.evidence.view.setFocus()
        self._enable_actions()

    def _go_to(self, number: int) -> None:
        self.desk.settle()
        self.display.show_entry(self.model.entry(number))
        self._enable_actions()

    def _prepare_beside(self, number: int) -> None:
        """Work out the photos beside this one, where the user most likely goes next."""
        index = self.model.index_of(number)
        if self.desk.is_running or not index.isValid():
            return
        for row in (index.row() + 1, index.row() - 1):
            beside = self.model.index(row).data(EvidenceRole.NUMBER)
            if beside is not None:
                self.display.prepare(int(beside))

    def _open_practice(self, prepared: PreparedPractice) -> None:
        self._analyse_when_added = self.cases.open_practice(prepared)

    def _read_again(self) -> None:
        """Take in a photo that could not be read before, or only show one again that could."""
        entry = self.model.entry(self.display.number)
        if entry is not None and isinstance(entry.sha256, Unavailable) and self.session.can_change:
            self.cases.add([entry.path])
        else:
            self.display.read_again()

    def _follow_adding(self, summary: AddingSummary) -> None:
        self._go_to_first()
        if self._analyse_when_added and not summary.stopped:
            self._analyse_when_added = False
            self.desk.analyse(())

    # What the user does with photos

    def _analyse(self) -> None:
        selected = self.workspace.evidence.selected()
        unanswered = [
            number
            for number in selected
            if (entry := self.model.entry(number)) is not None and entry.status is not EntryStatus.ANALYSED
        ]
        if len(selected) > 1 or unanswered:
            self.desk.analyse(unanswered or selected)
        else:
            self.desk.analyse(())

    # The map

    def _with_map(self, act: "Callable[[MapView], object]") -> None:
        if self.map is not None:
            act(self.map)

    def _toggle_measuring(self) -> None:
        measuring = self.actions_by_name["measure"].isChecked()
        self._with_map(lambda shown: shown.measure(measuring))

    def _add_base_map(self) -> None:
        chosen, _kind = QFileDialog.getOpenFileName(
            self, "Add a base map", "", "Maps (*.mbtiles *.pmtiles);;All files (*)"
        )
        if chosen and self._use_base_map(Path(chosen)) and chosen not in self._settings.base_maps:
            self._keep_settings(replace(self._settings, base_maps=(*self._settings.base_maps, chosen)))

    def _use_base_map(self, path: Path) -> bool:
        if self.map is None:
            return False
        try:
            self.map.add_tiles(path)
        except MapError as error:
            self.notices.show_passing("danger", error.message)
            return False
        return True

    def _show_pointer(self, latitude: float, longitude: float) -> None:
        self.status_line.show_pointer(f"{latitude:.4f}, {longitude:.4f}")

    # Settings and looks

    def _keep_settings(self, settings: Settings) -> None:
        self._settings = settings
        try:
            save_settings(settings, self._folders.settings_file)
        except SettingsError as error:
            self.notices.show_passing("warning", error.message)

    def _edit_settings(self) -> None:
        dialog = SettingsDialog(self._settings, self)
        if dialog.exec() == SettingsDialog.DialogCode.Accepted:
            self._keep_settings(dialog.settings)
            self.session.set_actor(dialog.settings.examiner or "examiner")
            self._restyle()

    def _choose_scheme(self, scheme: SchemeName) -> None:
        self._keep_settings(replace(self._settings, scheme=scheme))
        self._restyle()

    def _scale_text(self, factor: float) -> None:
        scale = min(max(self._settings.text_scale * factor, 0.8), 2.0)
        self._keep_settings(replace(self._settings, text_scale=round(scale, 2)))
        self._restyle()

    def _restyle(self) -> None:
        install_theme(application(), self._settings.scheme, self._settings.text_scale)

    def changeEvent(self, event: QEvent) -> None:
        """Give the map the window's colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and getattr(self, "map", None) is not None:
            self._with_map(lambda shown: shown.set_theme(active_palette().is_dark))

    def _choose_level(self, name: str) -> None:
        self.model.set_level(name)
        self._keep_settings(replace(self._settings, list_level=name))

    # Menus, palette, help

    def _find(self) -> None:
        self._show_workspace()
        self.tool_bar.search.setFocus()
        self.tool_bar.search.selectAll()

    def _open_palette(self) -> None:
        docks = [dock.toggleViewAction() for dock in self.workspace.docks.values()]
        CommandPalette([*self.actions_by_name, *docks], self).open_over(self)

    def _show_shortcuts(self) -> None:
        TableDialog(
            "Keyboard shortcuts",
            "In the photo and the comparison: + − zoom, 0 fits, 1 actual size, arrows move. Everything else is in "
            "the command palette.",
            shortcut_rows(self.actions_by_name),
            self,
        ).exec()

    def _show_about(self) -> None:
        TableDialog(
            f"geolocdesk {__version__}",
            "Finds out, offline, where a photo was taken. Its answers are investigative leads, never proof of a "
            "location. Free software under the GNU General Public License, version 3 or later.",
            [("Notices of what it ships", "resources/NOTICES.md"), ("Log", str(self._folders.log_file))],
            self,
        ).exec()

    def _name_undo(self, name: str, verb: str, text: str) -> None:
        self.actions_by_name[name].setText(f"{verb} {text[:1].lower()}{text[1:]}" if text else verb)

    # States

    def _show_reference(self) -> None:
        name, details, ready = pack_summary(self.reference)
        self.status_line.show_pack(name, details, ready=ready)
        self._enable_actions()

    def _act_on_pack(self) -> None:
        if self.reference.pack is None:
            self.references.choose_and_open()
        else:
            self.references.show_info()

    def _enable_actions(self) -> None:
        actions, evidence = self.actions_by_name, self.workspace.evidence
        current = self.session.current
        can_change = self.session.can_change
        selected = bool(evidence.selected())
        has_answer = self.display.analysis is not None
        enabled = {
            "save_as": current is not None,
            "close_case": current is not None,
            "details": can_change,
            "undo": self.undo_stack.canUndo(),
            "redo": self.undo_stack.canRedo(),
            "add_photos": current is None or can_change,
            "add_folder": current is None or can_change,
            "next": self.model.rowCount() > 0,
            "previous": self.model.rowCount() > 0,
            "select_all": self.model.rowCount() > 0,
            "tags": can_change and selected,
            "note": can_change and selected,
            "remove": can_change and selected,
            "copy_hash": selected,
            "show_file": selected,
            "analyse": can_change and self.model.total > 0,
            "analyse_again": can_change and selected,
            "stop": self.board.can_stop,
            "compare": has_answer,
            "restore_all": can_change and has_answer,
            "fit_answer": has_answer,
            "fit_everything": has_answer,
            "verify_pack": self.reference.pack is not None,
            "pack_info": self.reference.pack is not None,
            "report": current is not None,
        }
        self._menus.enable_reports(current is not None)
        for name, possible in enabled.items():
            actions[name].setEnabled(possible)

    def show_failure(self, failure: Failure) -> None:
        """Say what failed: in a notice where the outside is at fault, in a dialog where the program is."""
        if failure.is_bug:
            ErrorDialog(failure.message, failure.details, self).open()
        else:
            self.notices.show_passing("danger", failure.message)

    # Dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files, folders and pictures."""
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        if self.cases.take(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    # Ending

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while something runs, then end everything in order before the window goes."""
        if self._is_ending:
            event.ignore()
            return
        running = self._what_runs()
        if (running and not ask_to_stop(self, running)) or not self._leave_safely():
            event.ignore()
            return
        event.ignore()
        if self.workspace.was_shown:  # panels that were never laid out have no places to remember
            self._layout.save(self.window().saveGeometry(), self.workspace.layout_state())
        self._end()

    def end_without_asking(self) -> None:
        """End everything in order and keep an untitled case for later; for a window nobody sits at."""
        if self._is_ending:
            return
        self.references.cancel()
        self.reports.stop()
        self.cases.adding.stop()
        self.desk.stop()
        self._end()

    def _what_runs(self) -> str:
        if self.references.is_busy:
            return "Work on a reference pack"
        if self.reports.is_busy:
            return "Writing a report"
        if self.desk.is_running:
            return "An analysis"
        return "Adding photos" if self.cases.adding.is_running else ""

    def _leave_safely(self) -> bool:
        self.workspace.photo.flush_note()
        self.desk.settle()
        self.references.cancel()
        self.reports.stop()
        self.cases.adding.stop()
        self.desk.stop()
        return self.cases.leave()

    def _end(self) -> None:
        """End the engines first, since what they still deliver belongs into the case."""
        self._is_ending = True
        self.setEnabled(False)
        self.board.show("open", "Ending")
        self.references.workbench_ended.connect(self.reports.close)
        self.reports.ended.connect(self.drawing.close)
        self.drawing.ended.connect(self.engine.close)
        self.engine.ended.connect(self._finish)
        self.references.close()

    def _finish(self) -> None:
        self.cases.adding.close()
        self.display.close()
        self.session.shut_down()
        self.reference.close()
        self.tasks.close()
        self.hide()
        QTimer.singleShot(0, self, self.finished.emit)


def new_map() -> "MapView":
    """Return the map; the web engine is loaded here, after the window's first paint."""
    from geolocdesk.gui.map_view import MapView

    return MapView()
