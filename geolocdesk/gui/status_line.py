"""The status bar: what runs, how far it is, and which pack and model answer."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from geolocdesk.gui.elided_label import ElidedLabel
from geolocdesk.gui.icons import icon
from geolocdesk.gui.theme import SPACE, is_restyling, set_role, text_font

_BAR_WIDTH_PX = 140


class StatusLine(QStatusBar):
    """Shows one job at a time on the left and what answers on the right."""

    stop_requested = Signal()
    pack_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(SPACE.small, 0, SPACE.small, 0)
        self._job = ElidedLabel("muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(_BAR_WIDTH_PX)
        self._bar.setAccessibleName("Progress of the job")
        self._stop = QToolButton()
        self._stop.setText("Stop")
        self._stop.setAccessibleName("Stop the job")
        self._stop.setToolTip("Stop; what is finished stays")
        set_role(self._stop, "quiet")
        self._stop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._stop.clicked.connect(self.stop_requested)
        self._pointer = QLabel()
        set_role(self._pointer, "muted")
        self._pack = QToolButton()
        self._pack.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_role(self._pack, "quiet")
        self._pack.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._pack.clicked.connect(self.pack_clicked)
        self.addWidget(self._bar)
        self.addWidget(self._stop)
        self.addWidget(self._job, 1)
        self.addPermanentWidget(self._pointer)
        self.addPermanentWidget(self._pack)
        self._fit_height()
        self.show_idle("Ready")
        self.show_pack("No reference pack", "", ready=False)

    def changeEvent(self, event: QEvent) -> None:
        """Be as tall as another text size needs."""
        super().changeEvent(event)
        if is_restyling(event):
            self._fit_height()

    def _fit_height(self) -> None:
        self.setMinimumHeight(QFontMetrics(text_font()).height() + 2 * SPACE.small)

    def show_idle(self, text: str) -> None:
        """Say that nothing runs, and how the last job ended."""
        self._job.set_text(text)
        self._bar.hide()
        self._stop.hide()

    def show_job(self, text: str, done: int = 0, total: int | None = None, *, can_stop: bool = False) -> None:
        """Show a job and how far it is; without a total the bar only moves."""
        self._job.set_text(text)
        self._bar.setRange(0, total or 0)
        self._bar.setValue(done)
        self._bar.show()
        self._stop.setVisible(can_stop)

    def show_pack(self, name: str, details: str, *, ready: bool) -> None:
        """Say which pack and model answer."""
        self._pack.setText(name)
        self._pack.setIcon(icon("pack", "success" if ready else "warning"))
        self._pack.setToolTip(details or name)
        self._pack.setAccessibleName(f"Reference pack: {name}")

    def show_pointer(self, text: str) -> None:
        """Show the position under the pointer, or a measured distance."""
        self._pointer.setText(text)

    @property
    def job_text(self) -> str:
        """Return what is said on the left."""
        return self._job.text()
