"""A panel that can be moved, floated and closed, with our own title bar."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from geolocdesk.gui.icons import icon
from geolocdesk.gui.theme import SPACE, set_role
from geolocdesk.gui.tool_button import tool_button

_TITLE_HEIGHT_PX = 32
_ICON_PX = 15


class Dock(QDockWidget):
    """Holds one panel; its name is how the layout is remembered."""

    def __init__(self, name: str, title: str, icon_name: str, content: QWidget) -> None:
        super().__init__(title)
        self.setObjectName(f"dock-{name}")
        self.setAccessibleName(title)
        self.setAllowedAreas(Qt.DockWidgetArea.AllDockWidgetAreas)
        self._title = _DockTitle(self, title, icon_name)
        self.setTitleBarWidget(self._title)
        self._frame = QWidget()
        self._frame.setProperty("role", "dock-body")
        self._frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._column = QVBoxLayout(self._frame)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._content = content
        self._column.addWidget(content)
        self.setWidget(self._frame)
        self.toggleViewAction().setIcon(icon(icon_name))

    def replace_content(self, content: QWidget) -> None:
        """Show another panel in its place, such as the real one after a stand-in."""
        self._column.replaceWidget(self._content, content)
        self._content.hide()
        self._content.deleteLater()
        self._content = content

    def lead_in(self) -> None:
        """Let Tab come from the title to the panel; for one that took its place in the chain late."""
        reached = self._content
        while (proxy := reached.focusProxy()) is not None:
            reached = proxy
        QWidget.setTabOrder(self._title.close_button, reached)

    def show_title(self, shown: bool) -> None:
        """Show or hide the title bar; a tab that names the panel makes it superfluous."""
        self._title.setFixedHeight(_TITLE_HEIGHT_PX if shown else 0)

    @property
    def content(self) -> QWidget:
        """Return the panel."""
        return self._content

    def reveal(self) -> None:
        """Show the panel, in front of those that share its place."""
        self.show()
        self.raise_()


class _DockTitle(QWidget):
    def __init__(self, dock: QDockWidget, title: str, icon_name: str) -> None:
        super().__init__(dock)
        self.setProperty("role", "dock-title")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(_TITLE_HEIGHT_PX)
        mark = QLabel()
        mark.setPixmap(icon(icon_name, "muted").pixmap(QSize(_ICON_PX, _ICON_PX), self.devicePixelRatioF()))
        label = QLabel(title)
        set_role(label, "strong")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.medium, 0, SPACE.tiny, 0)
        row.setSpacing(SPACE.small)
        row.addWidget(mark)
        row.addWidget(label)
        row.addStretch()
        float_button = tool_button(
            "float", f"Float or dock {title.lower()}", "", lambda: dock.setFloating(not dock.isFloating())
        )
        self.close_button = tool_button("close", f"Hide {title.lower()}", "", dock.hide)
        for button in (float_button, self.close_button):
            button.setIconSize(QSize(_ICON_PX - 2, _ICON_PX - 2))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)

    def minimumSizeHint(self) -> QSize:
        """Let panels become narrow."""
        return QSize(60, self.maximumHeight())

    def sizeHint(self) -> QSize:
        """Return no height where the title is hidden."""
        return QSize(120, self.maximumHeight())
