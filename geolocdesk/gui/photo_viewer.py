"""The query photo: the picture itself, its metadata and the examiner's notes."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.gui.callout import Callout
from geolocdesk.gui.elided_label import ElidedLabel
from geolocdesk.gui.exif_view import ExifView
from geolocdesk.gui.notes_panel import NotesPanel
from geolocdesk.gui.picture import Picture
from geolocdesk.gui.picture_canvas import ZOOM_STEP, PictureCanvas
from geolocdesk.gui.placeholder import Placeholder
from geolocdesk.gui.theme import SPACE, set_role
from geolocdesk.gui.tool_button import native_keys, tool_button
from geolocdesk.quantities import NO_BREAK
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text

_TAB_KEYS = ("Alt+1", "Alt+2", "Alt+3")


class PhotoViewer(QWidget):
    """Shows one photo at a time, in one of four states: nothing selected, loading, failed, shown.

    The picture may come in two steps, a thumbnail first; the view stays where the user put it.
    """

    note_changed = Signal(str, str)
    """The photo's key and the whole new text of its note."""
    retry_requested = Signal()
    """The user wants the photo that failed to be read once more."""
    compare_requested = Signal()
    """The user wants to see the photo beside its neighbours."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._canvas = PictureCanvas()
        self._canvas.setAccessibleName("Photo")
        self._canvas.setAccessibleDescription(
            "Plus and minus zoom, 0 fits, 1 shows actual size, arrow keys move the photo."
        )
        self._message = Placeholder()
        self._message.action_triggered.connect(self.retry_requested)
        self._name = ElidedLabel("caption", Qt.TextElideMode.ElideMiddle)
        self._pixels = QLabel()
        self._scale = QLabel()
        self._remarks = Callout("warning")
        self._bar = QWidget()
        self._exif = ExifView()
        self._notes = NotesPanel()
        self._notes.note_changed.connect(self.note_changed)
        self._is_preview = False
        self._states = QStackedWidget()
        self._tabs = QTabWidget()
        self._lay_out()
        self._add_shortcuts()
        self._canvas.scale_changed.connect(self._show_scale)
        self.show_nothing()

    # States

    def show_nothing(self) -> None:
        """Show that no photo is selected."""
        self._message.show_message(
            "photo", "No photo selected", "Select a photo on the left, or drop photos anywhere in the window."
        )
        self._leave_photo()
        self._exif.show_nothing()
        self._notes.show_nothing()

    def show_loading(self, file_name: str, preview: Picture | None = None) -> None:
        """Show that the photo is being read, with its thumbnail where there is one already."""
        if preview is None:
            self._message.show_busy("Reading the photo", visible_text(file_name))
            self._leave_photo()
            return
        self._enter_photo(file_name)
        self._is_preview = True
        self._pixels.setText("reading …")
        self._canvas.set_picture(preview)

    def show_failure(self, file_name: str, reason: str) -> None:
        """Show why the photo cannot be shown."""
        self._message.show_message(
            "error",
            f"{visible_text(file_name)} cannot be shown",
            visible_text(reason, keep_lines=True),
            tint="danger",
            action="Try again",
        )
        self._leave_photo()

    def show_picture(self, file_name: str, picture: Picture) -> None:
        """Show the photo; where its thumbnail is shown already, only the sharpness changes."""
        previewed = self._is_preview and self._name.text() == visible_text(file_name)
        self._is_preview = False
        self._enter_photo(file_name)
        size = picture.size
        self._pixels.setText(f"{size.width()}{NO_BREAK}×{NO_BREAK}{size.height()}")
        self._canvas.set_picture(picture, keep_view=previewed)

    def show_record(
        self, record: EvidenceRecord, distance_km: float | Unavailable = Unavailable.NOT_AVAILABLE
    ) -> None:
        """List the photo's metadata; ``distance_km`` lies between its GPS claim and the answer."""
        self._exif.show_record(record, distance_km)
        self._remarks.set_text(visible_text("\n".join(record.remarks), keep_lines=True))

    def show_note(self, key: str, text: str) -> None:
        """Show the note of the photo with this key."""
        self._notes.show_note(key, text)

    def confirm_note_saved(self, key: str) -> None:
        """Say that this photo's note is in the case."""
        self._notes.confirm_saved(key)

    def flush_note(self) -> None:
        """Hand on a note that is still being typed; before the case closes."""
        self._notes.flush()

    # Pages

    def open_photo(self) -> None:
        """Turn to the picture."""
        self._tabs.setCurrentIndex(0)
        self._canvas.setFocus()

    def open_metadata(self) -> None:
        """Turn to the metadata."""
        self._tabs.setCurrentIndex(1)
        self._exif.focus_filter()

    def open_notes(self) -> None:
        """Turn to the notes."""
        self._tabs.setCurrentIndex(2)
        self._notes.focus_editor()

    @property
    def canvas(self) -> PictureCanvas:
        """Return the canvas, for linking its view with another."""
        return self._canvas

    # Construction

    def _lay_out(self) -> None:
        shown = QWidget()
        page = QVBoxLayout(shown)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self._remarks)
        page.addWidget(self._canvas, stretch=1)
        page.addWidget(self._bar)
        self._fill_bar()
        self._states.addWidget(self._message)
        self._states.addWidget(shown)
        self._tabs.setDocumentMode(True)
        self._tabs.addTab(self._states, "Photo")
        self._tabs.addTab(self._exif, "Metadata")
        self._tabs.addTab(self._notes, "Notes")
        self._tabs.setAccessibleName("Photo, metadata or notes")
        self._tabs.tabBar().setAccessibleName("Photo, metadata or notes")
        for index, keys in enumerate(_TAB_KEYS):
            self._tabs.setTabToolTip(index, f"{self._tabs.tabText(index)} ({native_keys(keys)})")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._tabs)

    def _fill_bar(self) -> None:
        self._bar.setProperty("role", "page")
        self._bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        bar = QHBoxLayout(self._bar)
        bar.setContentsMargins(SPACE.medium, SPACE.tiny, SPACE.small, SPACE.tiny)
        bar.setSpacing(SPACE.tiny)
        bar.addWidget(self._name, stretch=1)
        bar.addWidget(self._pixels)
        bar.addSpacing(SPACE.small)
        self._scale.setAccessibleName("Zoom")
        self._scale.setMinimumWidth(self.fontMetrics().horizontalAdvance("3200 %"))
        self._scale.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for label in (self._pixels, self._scale):
            set_role(label, "caption")
        bar.addWidget(self._scale)
        bar.addWidget(tool_button("zoom-out", "Zoom out", "−", lambda: self._canvas.zoom_by(1 / ZOOM_STEP)))
        bar.addWidget(tool_button("zoom-in", "Zoom in", "+", lambda: self._canvas.zoom_by(ZOOM_STEP)))
        bar.addWidget(tool_button("fit", "Fit", "0", self._canvas.fit))
        bar.addWidget(tool_button("actual-size", "Actual size", "1", self._canvas.show_actual_size))
        bar.addWidget(tool_button("compare", "Compare with a neighbour", "C", self.compare_requested.emit))

    def _add_shortcuts(self) -> None:
        for keys, turn in zip(_TAB_KEYS, (self.open_photo, self.open_metadata, self.open_notes), strict=True):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(turn)
        compare = QShortcut(QKeySequence("C"), self._canvas)
        compare.setContext(Qt.ShortcutContext.WidgetShortcut)
        compare.activated.connect(self.compare_requested)

    def _enter_photo(self, file_name: str) -> None:
        self._name.set_text(visible_text(file_name))
        self._states.setCurrentIndex(1)

    def _leave_photo(self) -> None:
        self._name.set_text("")
        self._is_preview = False
        self._canvas.set_picture(None)
        self._remarks.set_text("")
        self._states.setCurrentIndex(0)

    def _show_scale(self, scale: float) -> None:
        self._scale.setText("" if self._is_preview else f"{scale * 100:.0f}{NO_BREAK}%")
