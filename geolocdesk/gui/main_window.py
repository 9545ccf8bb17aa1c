"""The window: puts the panels, the actions and the desks together, opens cases and ends in order."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QUndoStack
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from geolocdesk.estimation.usual import usual_choices
from geolocdesk.gui.actions import Actions
from geolocdesk.gui.adding import AddingSummary
from geolocdesk.gui.analysis_desk import AnalysisDesk
from geolocdesk.gui.case_files import CaseFiles
from geolocdesk.gui.case_session import CaseSession
from geolocdesk.gui.closing import Closing
from geolocdesk.gui.compare_view import CompareView
from geolocdesk.gui.conditions_desk import ConditionsDesk
from geolocdesk.gui.evidence_model import EvidenceModel
from geolocdesk.gui.exhibit_display import ExhibitDisplay
from geolocdesk.gui.first_start import FirstStart
from geolocdesk.gui.help_desk import HelpDesk
from geolocdesk.gui.icons import icon
from geolocdesk.gui.job_board import JobBoard
from geolocdesk.gui.jobs import EngineJobs, Failure, TaskRunner
from geolocdesk.gui.map_desk import MapDesk, new_map
from geolocdesk.gui.navigation import Navigation
from geolocdesk.gui.notices import NoticeBar
from geolocdesk.gui.open_case import OpenCase
from geolocdesk.gui.photo_desk import PhotoDesk
from geolocdesk.gui.place_book import PlaceBook
from geolocdesk.gui.possible_actions import Situation, possible_actions
from geolocdesk.gui.preferences import Preferences
from geolocdesk.gui.reference_desk import ReferenceDesk, pack_summary
from geolocdesk.gui.reference_session import ReferenceSession
from geolocdesk.gui.report_desk import ReportDesk
from geolocdesk.gui.status_line import StatusLine
from geolocdesk.gui.text_dialog import ErrorDialog
from geolocdesk.gui.tool_bar import ToolBar
from geolocdesk.gui.window_layout import WindowLayout
from geolocdesk.gui.window_menus import WindowMenus
from geolocdesk.gui.window_pages import WindowPages
from geolocdesk.gui.workspace import Workspace
from geolocdesk.paths import UserFolders
from geolocdesk.practice.prepared import PreparedPractice
from geolocdesk.settings import Settings
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text

if TYPE_CHECKING:
    from geolocdesk.gui.map_view import MapView


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
        self.preferences = Preferences(self, settings, folders.settings_file, self.notices)
        self.status_line = StatusLine()
        self.board = JobBoard(self.status_line, self)
        self.closing = Closing(self)
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
            settings=lambda: self.preferences.current,
            notices=self.notices,
            board=self.board,
            may_stop=self.closing.may_stop,
        )
        self.references = ReferenceDesk(
            self,
            self.reference,
            folders=folders,
            settings=lambda: self.preferences.current,
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
        self.conditions = ConditionsDesk(
            self, self.session, evidence=self.workspace.evidence, undo=self.undo_stack
        )
        self.navigation = Navigation(
            self, model=self.model, workspace=self.workspace, display=self.display, desk=self.desk
        )
        self.reports = ReportDesk(
            self,
            self.session,
            selected=self.workspace.evidence.selected,
            notices=self.notices,
            board=self.board,
            make_engine=make_engine,
        )
        self.maps = MapDesk(
            self,
            make_map=make_map or new_map,
            workspace=self.workspace,
            display=self.display,
            preferences=self.preferences,
            notices=self.notices,
            status_line=self.status_line,
            measuring=self.actions_by_name["measure"],
        )
        self.help = HelpDesk(
            self,
            actions=self.actions_by_name,
            panels=[dock.toggleViewAction() for dock in self.workspace.docks.values()],
            log_folder=folders.log_file.parent,
        )
        self._lay_out()
        self._take_every_drop()
        self._connect()
        self._restore()

    # Construction

    def _lay_out(self) -> None:
        self.setWindowIcon(icon("geolocdesk"))
        self.setStatusBar(self.status_line)
        self.pages = WindowPages(self.first_start, self.workspace, self.compare)
        central = QWidget()
        column = QVBoxLayout(central)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        column.addWidget(self.pages, stretch=1)
        self.setCentralWidget(central)
        self.addActions(list(self.actions_by_name))
        self._menus = WindowMenus(
            self.menuBar(),
            self.actions_by_name,
            self.workspace.docks.values(),
            lambda: self.preferences.current,
        )
        self._menus.set_unsaved_cases(self.session.unsaved_cases)
        self.tool_bar = ToolBar(self.actions_by_name, self._menus["Report"], self._menus["Reference"])
        self.addToolBar(self.tool_bar)
        photo_actions = (
            "analyse",
            "analyse_again",
            "conditions",
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
        self.model.set_level(self.preferences.current.list_level)

    def _take_every_drop(self) -> None:
        """Let what is dropped anywhere reach the window; a field would take a file's path for text."""
        self.setAcceptDrops(True)
        for part in self.findChildren(QWidget):
            if part.acceptDrops():
                part.setAcceptDrops(False)

    def _connect(self) -> None:
        self._connect_actions()
        self._connect_menus()
        self._connect_panels()
        session, model, panels = self.session, self.model, self.workspace
        session.opened.connect(self._show_case)
        session.details_changed.connect(self._show_title)
        session.closed.connect(self._leave_case)
        session.entries_read.connect(model.add_entries)
        session.entry_changed.connect(model.set_entry)
        session.entry_changed.connect(self.display.update_entry)
        session.entry_removed.connect(model.remove_entry)
        session.reading_finished.connect(self.navigation.go_to_first)
        session.reading_finished.connect(self._enable_actions)
        session.notes_changed.connect(lambda number, _notes: panels.photo.confirm_note_saved(str(number)))
        session.failed.connect(self.show_failure)
        self.compare.close_requested.connect(self._leave_compare)
        self.compare.exclude_requested.connect(self.desk.exclude)
        self.display.answer_changed.connect(self._enable_actions)
        self.display.remark_changed.connect(partial(self.notices.set_standing, "original", "warning"))
        self.tool_bar.searched.connect(panels.evidence.set_words)
        self.reference.changed.connect(self._show_reference)
        self.reference.opened.connect(self._follow_pack)
        self.status_line.pack_clicked.connect(self.references.choose_or_tell)
        self.board.changed.connect(self._enable_actions)
        self.desk.pack_wanted.connect(self.references.ask_for_one)
        self.cases.settings_changed.connect(self.preferences.keep)
        self.cases.photos_added.connect(self._follow_adding)
        self.references.settings_changed.connect(self.preferences.keep)
        self.references.practice_ready.connect(self._open_practice)
        self.preferences.edited.connect(lambda now: session.set_actor(now.examiner or "examiner"))
        self.maps.made.connect(self.map_made)
        self.maps.made.connect(self._enable_actions)
        self.closing.finished.connect(self.finished)
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

    def _connect_panels(self) -> None:
        panels = self.workspace
        panels.evidence.current_changed.connect(self.navigation.go_to)
        panels.evidence.selection_changed.connect(self._enable_actions)
        panels.evidence.add_requested.connect(self.cases.choose_photos)
        panels.evidence.level_chosen.connect(self._choose_level)
        panels.photo.retry_requested.connect(self._read_again)
        panels.photo.compare_requested.connect(self._compare)
        panels.neighbours.compare_requested.connect(self._compare)
        panels.neighbours.conditions_requested.connect(self.conditions.edit)
        panels.answer.retry_requested.connect(lambda: self.desk.analyse([self.display.number]))

    def _connect_menus(self) -> None:
        self._menus.case_chosen.connect(self.cases.open)
        self._menus.pack_chosen.connect(self.references.open)
        self._menus.report_chosen.connect(self.reports.ask)
        self._menus.scheme_chosen.connect(self.preferences.choose_scheme)

    def _connect_actions(self) -> None:
        cases, references, desk, panels = self.cases, self.references, self.desk, self.workspace
        photos, maps, preferences = self.photos, self.maps, self.preferences
        self.actions_by_name.connect_all(
            {
                "new_case": cases.new,
                "open_case": cases.choose_and_open,
                "practice": references.prepare_practice,
                "save_as": cases.save_as,
                "details": cases.edit_details,
                "close_case": cases.close,
                "settings": preferences.edit,
                "quit": self.close,
                "undo": self.undo_stack.undo,
                "redo": self.undo_stack.redo,
                "paste": cases.paste,
                "select_all": panels.evidence.select_all,
                "find": self._find,
                "add_photos": cases.choose_photos,
                "add_folder": cases.choose_folder,
                "next": self.navigation.go_to_next,
                "previous": self.navigation.go_to_previous,
                "tags": photos.edit_tags,
                "note": photos.open_note,
                "copy_hash": photos.copy_hashes,
                "show_file": photos.show_file,
                "remove": photos.remove_selected,
                "analyse": desk.analyse_selected,
                "analyse_again": lambda: desk.analyse(panels.evidence.selected()),
                "stop": self.board.stop,
                "conditions": self.conditions.edit,
                "compare": self._compare,
                "restore_all": desk.restore_all,
                "reset_parameters": panels.parameters.reset,
                "open_pack": references.choose_and_open,
                "build_pack": references.build,
                "append_pack": references.append,
                "verify_pack": references.verify,
                "pack_info": references.show_info,
                "report": self.reports.ask,
                "palette": self.help.open_palette,
                "fit_answer": maps.fit_to_answer,
                "fit_everything": maps.fit_to_everything,
                "fit_world": maps.fit_to_world,
                "measure": maps.follow_measuring,
                "add_base_map": maps.choose_base_map,
                "reset_layout": self.workspace.reset_layout,
                "larger": preferences.enlarge_text,
                "smaller": preferences.shrink_text,
                "guide": self.help.show_guide,
                "shortcuts": self.help.show_shortcuts,
                "log_folder": self.help.open_log_folder,
                "about": self.help.show_about,
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
        self.maps.make()
        remembered = self.preferences.current.pack
        chosen = pack or (Path(remembered) if remembered else None)
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

    # Pages

    def _choose_page(self) -> None:
        nothing_here = (
            self.session.current is None and self.reference.pack is None and self.reference.opening is None
        )
        if nothing_here:
            self.pages.show_first_start()
        else:
            self._show_workspace()

    def _show_workspace(self) -> None:
        self.pages.show_workspace()
        if self.model.total == 0:
            self.workspace.evidence.focus_first()
        self._enable_actions()

    def _follow_pack(self) -> None:
        pack = self.reference.pack
        if pack is not None:
            self.workspace.parameters.set_reference_count(pack.manifest.references)
            choices = usual_choices(pack.manifest.softmax_scale, has_classes=pack.manifest.has_classes)
            self.workspace.parameters.set_choices(choices)
            self.desk.take_usual(choices[0])
            self.workspace.neighbours.show_pack_without_thumbnails(not self.reference.has_thumbnails)
        if self.pages.is_first_start:
            self._show_workspace()

    def _compare(self, rank: int = 0) -> None:
        if self.display.analysis is None:
            return
        if rank:
            self.compare.show_rank(rank)
        self.pages.show_comparison()
        self._enable_actions()

    def _leave_compare(self) -> None:
        self._show_workspace()
        self.workspace.neighbours.focus_cards()

    # The case

    def _show_case(self, opened: OpenCase) -> None:
        self.model.clear()
        self.undo_stack.clear()
        self.display.show_entry(None)
        self.desk.take_chosen(opened.settings.parameters)
        self._show_title(opened)
        self._show_workspace()

    def _show_title(self, opened: OpenCase) -> None:
        name = visible_text(opened.details.title) or visible_text(opened.path.stem)
        self.setWindowTitle(f"{name} — geolocdesk")
        text = f"Open for reading only. {opened.read_only}" if opened.read_only else ""
        self.notices.set_standing("read-only", "warning", visible_text(text))
        self._enable_actions()

    def _leave_case(self) -> None:
        self.model.clear()
        self.undo_stack.clear()
        self.display.show_entry(None)
        self.notices.set_standing("read-only")
        self.setWindowTitle("geolocdesk")
        self._enable_actions()
        if not self.closing.is_ending:
            self._choose_page()

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
        self.navigation.go_to_first()
        self._enable_actions()
        if self._analyse_when_added and not summary.stopped:
            self._analyse_when_added = False
            self.desk.analyse(())

    def changeEvent(self, event: QEvent) -> None:
        """Give the map the window's colours."""
        super().changeEvent(event)
        maps: MapDesk | None = getattr(self, "maps", None)  # events come before the window is put together
        if event.type() == QEvent.Type.PaletteChange and maps is not None:
            maps.follow_theme()

    def _choose_level(self, name: str) -> None:
        self.model.set_level(name)
        self.preferences.choose_level(name)

    def _find(self) -> None:
        self._show_workspace()
        self.tool_bar.search.setFocus()
        self.tool_bar.search.selectAll()

    def _name_undo(self, name: str, verb: str, text: str) -> None:
        self.actions_by_name[name].setText(f"{verb} {text[:1].lower()}{text[1:]}" if text else verb)

    # States

    def _show_reference(self) -> None:
        name, details, ready = pack_summary(self.reference)
        self.status_line.show_pack(name, details, ready=ready)
        self._enable_actions()

    def _enable_actions(self) -> None:
        current, evidence = self.session.current, self.workspace.evidence
        now = Situation(
            has_case=current is not None,
            can_change=self.session.can_change,
            photos=self.model.total,
            listed=self.model.listed,
            has_selection=bool(evidence.selected()),
            has_answer=self.display.analysis is not None,
            has_pack=self.reference.pack is not None,
            has_map=self.maps.view is not None,
            can_stop=self.board.can_stop,
            can_undo=self.undo_stack.canUndo(),
            can_redo=self.undo_stack.canRedo(),
        )
        self._menus.enable_reports(current is not None)
        for name, possible in possible_actions(now).items():
            self.actions_by_name[name].setEnabled(possible)

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
        event.ignore()
        if self.closing.is_ending or not self.closing.may_end():
            return
        if self.workspace.was_shown:  # panels that were never laid out have no places to remember
            self._layout.save(self.window().saveGeometry(), self.workspace.layout_state())
        self.closing.end()

    def end_without_asking(self) -> None:
        """End everything in order and keep an untitled case for later; for a window nobody sits at."""
        self.closing.end_without_asking()

    @property
    def map(self) -> "MapView | None":
        """Return the map, once there is one."""
        return self.maps.view
