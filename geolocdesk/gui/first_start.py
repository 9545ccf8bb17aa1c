"""The first page: what the program needs before it can answer, and three ways to get it."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from geolocdesk.gui.callout import Callout
from geolocdesk.gui.icons import icon_pixmap, paint_icon
from geolocdesk.gui.theme import SPACE, LabelRole, active_palette, is_restyling, set_role

_CARD_WIDTH_PX = 268
_CARD_HEIGHT_PX = 216
_MARK_PX = 56
_TEXT_WIDTH_PX = 640
_INTRODUCTION = (
    "It compares your photo with references whose place is known, and gives investigative leads. The references come "
    "as a reference pack, and there is none yet. Nothing leaves this computer: the program opens no network connection."
)


class FirstStart(QWidget):
    """Says what is missing and offers to open the practice case, to build a pack or to open one."""

    practice_requested = Signal()
    build_requested = Signal()
    open_pack_requested = Signal()
    continue_requested = Signal()
    """The user wants to go on without a pack, to look at a case or to add photos."""
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._cards = (
            _Card(
                "practice",
                "Try the practice case",
                "Drawn photos of an imaginary world, with places that are known. Everything works as with real ones.",
                "Open practice case",
            ),
            _Card(
                "build-pack",
                "Build a reference pack",
                "From a folder of your own photos that carry their position, or from a table of photos and positions.",
                "Choose photos …",
            ),
            _Card(
                "install",
                "Open a reference pack",
                "A pack folder that a colleague built or that you keep on another disk. It is used where it lies.",
                "Choose a pack …",
            ),
        )
        self._failure = Callout("danger")
        self._step = QLabel()
        self._bar = QProgressBar()
        self._cancel = QPushButton("Cancel")
        self._busy = QWidget()
        self._continue = QPushButton("Continue without a pack")
        self._connect()
        self._lay_out()
        self.show_ready()

    def show_ready(self, failure: str = "") -> None:
        """Offer the three ways, with why the last one failed where it did."""
        self._failure.set_text(failure)
        self._busy.hide()
        self._continue.show()
        for card in self._cards:
            card.setEnabled(True)

    def show_busy(self, step: str, done: int, total: int | None, *, can_cancel: bool = True) -> None:
        """Show how far the chosen way is."""
        self._failure.set_text("")
        self._step.setText(step)
        self._bar.setRange(0, total or 0)
        self._bar.setValue(done)
        self._cancel.setVisible(can_cancel)
        self._busy.show()
        self._continue.hide()
        for card in self._cards:
            card.setEnabled(False)

    def focus_first(self) -> None:
        """Give the first way the keyboard."""
        self._cards[0].button.setFocus()

    @property
    def failure_text(self) -> str:
        """Return why the last way failed, or nothing."""
        return self._failure.text()

    def _connect(self) -> None:
        wanted = (self.practice_requested, self.build_requested, self.open_pack_requested)
        for card, signal in zip(self._cards, wanted, strict=True):
            card.button.clicked.connect(lambda _checked, ask=signal: ask.emit())
        self._cancel.clicked.connect(self.cancel_requested)
        self._continue.clicked.connect(self.continue_requested)
        set_role(self._continue, "quiet")
        set_role(self._cards[0].button, "primary")
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")

    def _lay_out(self) -> None:
        cards = QHBoxLayout()
        cards.setSpacing(SPACE.large)
        cards.addStretch()
        for card in self._cards:
            cards.addWidget(card)
        cards.addStretch()
        busy = QVBoxLayout(self._busy)
        busy.setContentsMargins(0, 0, 0, 0)
        busy.setSpacing(SPACE.small)
        self._step.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._bar.setFixedWidth(360)
        busy.addWidget(self._step)
        busy.addWidget(self._bar, alignment=Qt.AlignmentFlag.AlignHCenter)
        busy.addWidget(self._cancel, alignment=Qt.AlignmentFlag.AlignHCenter)
        page = QWidget()
        page.setObjectName("scrolled")
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACE.huge, SPACE.huge, SPACE.huge, SPACE.huge)
        column.setSpacing(SPACE.medium)
        column.addStretch(2)
        column.addWidget(_Mark(), alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(_label("geolocdesk looks for where a photo was taken", "headline"))
        column.addLayout(_centred(_label(_INTRODUCTION, "muted"), _TEXT_WIDTH_PX))
        column.addSpacing(SPACE.large)
        column.addLayout(cards)
        column.addLayout(_centred(self._failure, 3 * _CARD_WIDTH_PX + 2 * SPACE.large))
        column.addSpacing(SPACE.small)
        column.addWidget(self._busy)
        column.addWidget(self._continue, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)


class _Card(QFrame):
    """One way to begin."""

    def __init__(self, icon_name: str, title: str, text: str, action: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._icon_name = icon_name
        self._icon = QLabel()
        self.button = QPushButton(action)
        self.button.setAccessibleDescription(f"{title}. {text}")
        self.setFixedWidth(_CARD_WIDTH_PX)
        self.setMinimumHeight(_CARD_HEIGHT_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE.large, SPACE.large, SPACE.large, SPACE.large)
        layout.setSpacing(SPACE.small)
        heading = _label(title, "title")
        heading.setAlignment(Qt.AlignmentFlag.AlignLeft)
        body = _label(text, "muted")
        body.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._icon)
        layout.addSpacing(SPACE.tiny)
        layout.addWidget(heading)
        layout.addWidget(body, stretch=1)
        layout.addWidget(self.button)
        self._draw_icon()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icon in the new colours."""
        super().changeEvent(event)
        if is_restyling(event) or event.type() == QEvent.Type.EnabledChange:
            self._draw_icon()

    def _draw_icon(self) -> None:
        palette = active_palette()
        ink = palette.accent if self.isEnabled() else palette.text_disabled
        self._icon.setPixmap(icon_pixmap(self._icon_name, 28, self.devicePixelRatioF(), ink))


class _Mark(QWidget):
    """The program's mark."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(_MARK_PX, _MARK_PX))
        self.setAccessibleName("geolocdesk")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_icon(painter, self.rect(), "geolocdesk", "#000000")


def _centred(widget: QWidget, width_px: int) -> QHBoxLayout:
    widget.setMaximumWidth(width_px)
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(widget, stretch=1000)
    row.addStretch(1)
    return row


def _label(text: str, role: LabelRole) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    set_role(label, role)
    return label
