"""The toolbar: what one needs in every case, named in words."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from geolocdesk.gui.actions import Actions
from geolocdesk.gui.icons import icon
from geolocdesk.gui.theme import ICON_PX, set_role

_SEARCH_WIDTHS_PX = (120, 240)


class ToolBar(QToolBar):
    """New, open, add, analyse, stop, report, reference pack, search."""

    searched = Signal(str)

    def __init__(self, actions: Actions, report_menu: QMenu, reference_menu: QMenu) -> None:
        super().__init__("Toolbar")
        self.setObjectName("toolbar")
        self.setAccessibleName("Toolbar")
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setIconSize(QSize(ICON_PX, ICON_PX))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._add(actions["new_case"], "New")
        self._add(actions["open_case"], "Open")
        self.addSeparator()
        self._add(actions["add_photos"], "Add photos")
        analyse = self._add(actions["analyse"], "Analyse")
        set_role(analyse, "primary")
        analyse.setIcon(icon("analyse", "on_accent"))
        actions["analyse"].changed.connect(lambda: _follow(analyse, actions["analyse"]))
        self._add(actions["stop"], "Stop")
        self.addSeparator()
        self._add_menu("report", "Report", report_menu)
        self._add_menu("pack", "Reference", reference_menu)
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        self.search = QLineEdit()
        set_role(self.search, "body")
        self.search.setProperty("role", "search")
        self.search.setPlaceholderText("Search photos")
        self.search.setAccessibleName("Search the evidence")
        self.search.setToolTip("Search by name, place, tag, hash or failure (Ctrl+F)")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(_SEARCH_WIDTHS_PX[0])
        self.search.setMaximumWidth(_SEARCH_WIDTHS_PX[1])
        self.search.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self.searched)
        self.addWidget(self.search)

    def _add(self, action: QAction, label: str) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(action)
        button.setText(_spaced(label))
        button.setAccessibleName(label)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        action.changed.connect(lambda: button.setText(_spaced(label)))
        self.addWidget(button)
        return button

    def _add_menu(self, icon_name: str, label: str, menu: QMenu) -> None:
        button = QToolButton()
        button.setText(_spaced(f"{label}  ▾"))
        button.setAccessibleName(label)
        button.setIcon(icon(icon_name))
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.addWidget(button)


def _spaced(label: str) -> str:
    """Return the words a little away from their icon, for which Qt has no measure."""
    return f"\N{EN SPACE}{label}"


def _follow(button: QToolButton, action: QAction) -> None:
    """Keep the primary button's icon readable on its ground, and on none when it cannot be used."""
    button.setIcon(icon("analyse", "on_accent") if action.isEnabled() else action.icon())
