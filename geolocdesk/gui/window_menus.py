"""The menu bar: every action, and the menus that are filled when they are opened."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMenu, QMenuBar

from geolocdesk.gui.actions import MENUS, Actions
from geolocdesk.reporting.formats import FORMATS
from geolocdesk.settings import SchemeName, Settings
from geolocdesk.visible_text import visible_text

_SCHEMES: tuple[tuple[str, SchemeName], ...] = (
    ("As the system", "system"),
    ("Light", "light"),
    ("Dark", "dark"),
)


class WindowMenus(QObject):
    """Fills a menu bar and says what was chosen from the menus that hold no actions of their own."""

    case_chosen = Signal(object)
    """Path of a recent case."""
    pack_chosen = Signal(object)
    """Path of a recent pack."""
    report_chosen = Signal(str)
    """The name of a report format."""
    scheme_chosen = Signal(str)

    def __init__(
        self,
        bar: QMenuBar,
        actions: Actions,
        docks: Iterable[QDockWidget],
        settings: Callable[[], Settings],
    ) -> None:
        super().__init__(bar)
        self._actions = actions
        self._settings = settings
        self._unsaved_cases: Callable[[], list[Path]] = list
        self._menus = {name: bar.addMenu(_with_mnemonic(name)) for name in MENUS}
        for name, menu in self._menus.items():
            for action in actions.in_menu(name):
                if action is None:
                    menu.addSeparator()
                else:
                    menu.addAction(action)
        self._recent_cases = self._insert("Case", "Open recent", "practice")
        self._recent_packs = self._insert("Reference", "Recent packs", "build_pack")
        self._recent_cases.aboutToShow.connect(self._fill_cases)
        self._recent_packs.aboutToShow.connect(self._fill_packs)
        panels = self._insert("View", "Panels", "reset_layout")
        for dock in docks:
            panels.addAction(dock.toggleViewAction())
        colours = self._insert("View", "Colours", "larger")
        for label, scheme in _SCHEMES:
            _add(colours, label, partial(self.scheme_chosen.emit, scheme))
        self._menus["Report"].addSeparator()
        self._reports = [
            _add(self._menus["Report"], f"{known.title} …", partial(self.report_chosen.emit, known.name))
            for known in FORMATS
        ]

    def __getitem__(self, name: str) -> QMenu:
        """Return the menu with this name. Raises KeyError."""
        return self._menus[name]

    def set_unsaved_cases(self, listing: Callable[[], list[Path]]) -> None:
        """Offer these below the recent cases, too."""
        self._unsaved_cases = listing

    def enable_reports(self, possible: bool) -> None:
        """Offer the report formats or not."""
        for action in self._reports:
            action.setEnabled(possible)

    def _insert(self, menu: str, title: str, before: str) -> QMenu:
        made = QMenu(title, self._menus[menu])
        self._menus[menu].insertMenu(self._actions[before], made)
        return made

    def _fill_cases(self) -> None:
        menu = self._recent_cases
        menu.clear()
        for name in self._settings().recent_cases:
            _add(menu, visible_text(name), partial(self.case_chosen.emit, Path(name)))
        unsaved = self._unsaved_cases()
        if unsaved:
            menu.addSeparator()
        for path in unsaved:
            _add(menu, visible_text(path.stem), partial(self.case_chosen.emit, path))
        if menu.isEmpty():
            menu.addAction("No recent cases").setEnabled(False)

    def _fill_packs(self) -> None:
        menu = self._recent_packs
        menu.clear()
        for name in self._settings().recent_packs:
            _add(menu, visible_text(name), partial(self.pack_chosen.emit, Path(name)))
        if menu.isEmpty():
            menu.addAction("No recent packs").setEnabled(False)


def _with_mnemonic(name: str) -> str:
    """Return a menu's name with the letter that opens it: its first, unless another menu has that one."""
    return name.replace("f", "&f", 1) if name == "Reference" else f"&{name}"


def _add(menu: QMenu, label: str, choose: Callable[[], object]) -> QAction:
    action = menu.addAction(label.replace("&", "&&"))
    action.triggered.connect(lambda _checked: choose())
    return action
