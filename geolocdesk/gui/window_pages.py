"""The window's pages, one at a time: the first start, the panels of a case, the comparison."""

from PySide6.QtWidgets import QStackedWidget, QWidget

from geolocdesk.gui.compare_view import CompareView
from geolocdesk.gui.first_start import FirstStart
from geolocdesk.gui.workspace import Workspace


class WindowPages(QStackedWidget):
    """Shows one of the three."""

    def __init__(
        self,
        first_start: FirstStart,
        workspace: Workspace,
        compare: CompareView,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._first_start = first_start
        self._workspace = workspace
        self._compare = compare
        for page in (first_start, workspace, compare):
            self.addWidget(page)

    @property
    def is_first_start(self) -> bool:
        """Return whether the first page is shown."""
        return self.currentWidget() is self._first_start

    def show_first_start(self) -> None:
        """Show what is missing and how to get it."""
        self.setCurrentWidget(self._first_start)
        self._first_start.focus_first()

    def show_workspace(self) -> None:
        """Show the panels."""
        self.setCurrentWidget(self._workspace)

    def show_comparison(self) -> None:
        """Show the photo beside one of its neighbours."""
        self.setCurrentWidget(self._compare)
        self._compare.focus_pictures()
