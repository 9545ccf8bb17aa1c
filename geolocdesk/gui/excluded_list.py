"""What the examiner ruled out, with a way back for each."""

from collections.abc import Iterator

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QToolButton, QVBoxLayout, QWidget

from geolocdesk.analysis import Exclusions
from geolocdesk.gui.elided_label import ElidedLabel
from geolocdesk.gui.icons import icon
from geolocdesk.gui.theme import SPACE, set_role
from geolocdesk.quantities import count_text
from geolocdesk.visible_text import visible_text

_BODY_HEIGHT_PX = 128
_LEAST_HEADING_PX = 80


class ExcludedList(QWidget):
    """Lists exclusions one a line; hidden while there are none."""

    restore_requested = Signal(object)
    """Exclusions: the ones to take back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._exclusions = Exclusions()
        self._is_open = False
        self._toggle = QToolButton()
        self._toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._toggle.setMinimumWidth(_LEAST_HEADING_PX)
        self._toggle.setToolTip("Show or hide what is excluded")
        self._toggle.clicked.connect(lambda: self.open(not self._is_open))
        set_role(self._toggle, "quiet")
        self._restore_all = QPushButton("Restore all")
        self._restore_all.setToolTip("Take every exclusion back")
        self._restore_all.clicked.connect(lambda: self.restore_requested.emit(self._exclusions))
        set_role(self._restore_all, "quiet")
        self._body = QScrollArea()
        self._body.setWidgetResizable(True)
        self._body.setMaximumHeight(_BODY_HEIGHT_PX)
        self._body.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._body.setAccessibleName("Excluded references")
        self._lay_out()
        self.open(False)
        self.hide()

    def _lay_out(self) -> None:
        rule = QFrame()
        rule.setProperty("role", "rule")
        head = QHBoxLayout()
        head.setContentsMargins(SPACE.tiny, SPACE.hair, SPACE.tiny, SPACE.hair)
        head.addWidget(self._toggle)
        head.addStretch()
        head.addWidget(self._restore_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(rule)
        layout.addLayout(head)
        layout.addWidget(self._body)

    def show_exclusions(self, exclusions: Exclusions) -> None:
        """List these."""
        if exclusions == self._exclusions:
            return
        self._exclusions = exclusions
        lines = list(_lines(exclusions))
        self._toggle.setText(f"Excluded: {_summary(exclusions)}")
        self._toggle.setAccessibleName(self._toggle.text())
        listing = self._listing(lines)
        self._body.setWidget(listing)
        self._body.setFixedHeight(min(listing.sizeHint().height(), _BODY_HEIGHT_PX))
        self.setVisible(bool(lines))

    def _listing(self, lines: list[tuple[str, Exclusions]]) -> QWidget:
        listing = QWidget()
        listing.setObjectName("scrolled")
        layout = QVBoxLayout(listing)
        layout.setContentsMargins(SPACE.medium, 0, SPACE.tiny, SPACE.tiny)
        layout.setSpacing(0)
        for text, exclusion in lines:
            layout.addLayout(self._line(text, exclusion))
        return listing

    def _line(self, text: str, exclusion: Exclusions) -> QHBoxLayout:
        label = ElidedLabel("muted")
        label.set_text(text)
        restore = QPushButton("Restore")
        restore.setAccessibleName(f"Restore: {text}")
        restore.setToolTip("Take this exclusion back")
        restore.clicked.connect(lambda: self.restore_requested.emit(exclusion))
        set_role(restore, "quiet")
        line = QHBoxLayout()
        line.addWidget(label, stretch=1)
        line.addWidget(restore)
        return line

    def open(self, is_open: bool) -> None:
        """Show the list, or only how long it is."""
        self._is_open = is_open
        self._toggle.setIcon(icon("chevron-down" if is_open else "chevron-right", "muted"))
        self._toggle.setAccessibleDescription("shown" if is_open else "hidden")
        self._body.setVisible(is_open)


def _lines(exclusions: Exclusions) -> Iterator[tuple[str, Exclusions]]:
    """Yield each exclusion in words, and alone as a value; sorted, so that lists can be compared by eye."""
    if exclusions.within is not None:
        yield (
            f"Everything outside {visible_text(exclusions.within.name)}",
            Exclusions(within=exclusions.within),
        )
    if exclusions.countries:
        yield (
            f"Everything outside {', '.join(sorted(exclusions.countries))}",
            Exclusions(countries=exclusions.countries),
        )
    if exclusions.own_copies:
        yield "Copies of the photo itself", Exclusions(own_copies=True)
    for place in sorted(exclusions.places):
        yield f"Place {visible_text(place)}", Exclusions(places=frozenset({place}))
    for photographer in sorted(exclusions.photographers):
        yield (
            f"Photographer {visible_text(photographer)}",
            Exclusions(photographers=frozenset({photographer})),
        )
    for reference_id in sorted(exclusions.reference_ids):
        yield f"Photo {visible_text(reference_id)}", Exclusions(reference_ids=frozenset({reference_id}))


def _summary(exclusions: Exclusions) -> str:
    counts = (
        (len(exclusions.reference_ids), "photo"),
        (len(exclusions.places), "place"),
        (len(exclusions.photographers), "photographer"),
        (int(exclusions.within is not None) + bool(exclusions.countries), "area"),
        (int(exclusions.own_copies), "kind of copy"),
    )
    return ", ".join(count_text(count, noun) for count, noun in counts if count)
