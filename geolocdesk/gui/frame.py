"""The window's frame: painted at once, before the program behind it is loaded."""

import threading
from importlib import import_module
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QCloseEvent, QGuiApplication, QIcon, QPaintEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QProgressBar, QVBoxLayout, QWidget

from geolocdesk.gui.theme import SPACE, set_role
from geolocdesk.gui.window_layout import WindowLayout
from geolocdesk.paths import resource

DEFAULT_SIZE_PX = (1480, 920)
_BAR_WIDTH_PX = 180


class Frame(QMainWindow):
    """An empty window of the right size that says it is starting, until it is furnished."""

    painted = Signal()
    """It was painted for the first time."""
    finished = Signal()
    """It is closed, and everything in it has ended."""

    def __init__(self, layout_file: Path) -> None:
        super().__init__()
        self._was_painted = False
        self._content: QWidget | None = None
        self.setWindowTitle("geolocdesk")
        self.setWindowIcon(QIcon(str(resource("icons", "geolocdesk.svg"))))
        self.setCentralWidget(_starting())
        if not self.restoreGeometry(WindowLayout(layout_file).geometry):
            available = QGuiApplication.primaryScreen().availableGeometry()
            width, height = DEFAULT_SIZE_PX
            self.resize(min(width, available.width()), min(height, available.height()))

    def furnish(self, content: QWidget) -> None:
        """Show the program in the frame."""
        self._content = content
        content.setWindowFlags(Qt.WindowType.Widget)
        content.windowTitleChanged.connect(self.setWindowTitle)
        finished: SignalInstance = content.finished  # type: ignore[attr-defined]
        finished.connect(self._finish)
        self.setWindowTitle(content.windowTitle())
        self.setCentralWidget(content)
        content.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell when the first picture is on the screen."""
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self, self.painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the program decide; before it is there, closing is simple."""
        if self._content is None:
            event.accept()
            self.finished.emit()
            return
        event.ignore()
        self._content.close()

    def _finish(self) -> None:
        self.hide()
        self.finished.emit()


class Starter(QObject):
    """Loads the program on another thread, so that the frame answers meanwhile."""

    ready = Signal()
    """The program is loaded and can be put together."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread = threading.Thread(target=self._load, name="starter")

    def start(self) -> None:
        """Begin to load."""
        self._thread.start()

    def join(self) -> None:
        """Wait until nothing is being loaded any more."""
        if self._thread.ident is not None:
            self._thread.join()

    def _load(self) -> None:
        import_module("geolocdesk.gui.main_window")
        self.ready.emit()


def _starting() -> QWidget:
    page = QWidget()
    page.setProperty("role", "page")
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    label = QLabel("Starting")
    set_role(label, "muted")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    bar = QProgressBar()
    bar.setRange(0, 0)
    bar.setTextVisible(False)
    bar.setFixedWidth(_BAR_WIDTH_PX)
    bar.setAccessibleName("Starting")
    column = QVBoxLayout(page)
    column.setSpacing(SPACE.small)
    column.addStretch()
    column.addWidget(label)
    column.addWidget(bar, alignment=Qt.AlignmentFlag.AlignHCenter)
    column.addStretch()
    return page
