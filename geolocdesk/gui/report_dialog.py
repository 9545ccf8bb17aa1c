"""What a report holds, in which format, with a look at it before it is saved."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from geolocdesk.gui.form_dialog import plain_label, spin_box
from geolocdesk.gui.icons import icon
from geolocdesk.gui.placeholder import Placeholder
from geolocdesk.gui.theme import SPACE, set_role
from geolocdesk.progress import Progress
from geolocdesk.quantities import count_text
from geolocdesk.reporting.formats import FORMATS, ReportFormat
from geolocdesk.reporting.report import EVERYTHING, ReportContents

_SIZE_PX = (1040, 720)
_CHOICES_WIDTH_PX = 320
_MOST_NEIGHBOURS = 50

_PARTS: tuple[tuple[str, str, str], ...] = (
    ("photos", "The photos", "Leave them out where the pictures must not go."),
    ("maps", "Maps", ""),
    ("tags", "Every EXIF tag", "The claims that matter are always in."),
    ("neighbour_photos", "Pictures of the neighbours", ""),
    ("notes", "Notes", ""),
    ("provenance", "Provenance", "Model, pack, parameters, versions."),
    ("method", "Method, limits and error rates", ""),
    ("audit", "Audit trail", ""),
)
_HINTS = {
    "pdf": "To read, print and file. The same case gives the same bytes.",
    "html": "One file with a map to move in, for any browser, without a network.",
    "csv": "One row a photo, for a spreadsheet.",
    "geojson": "For geographic information systems.",
    "kml": "For Google Earth and others.",
    "kmz": "KML with the photos in one file.",
    "gpx": "Waypoints for navigation devices.",
    "case-uco": "For exchange between forensic tools.",
    "zip": "Every format in one archive, with a manifest of hashes.",
}


class ReportDialog(QDialog):
    """Asks what to write; writing itself is the owner's work."""

    preview_wanted = Signal(object)
    """ReportContents: write a PDF of this and show it with ``show_preview``."""
    save_wanted = Signal(object, object)
    """ReportFormat and ReportContents."""

    def __init__(
        self, title: str, exhibits: int, selected: frozenset[int], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Report")
        self.resize(*_SIZE_PX)
        self._selected = selected
        self._format = QComboBox()
        self._format.setAccessibleName("Format")
        self._hint = plain_label("", "caption")
        self._all = QRadioButton(f"All of the case ({count_text(exhibits, 'photo')})")
        self._some = QRadioButton(f"Only the selected ({count_text(len(selected), 'photo')})")
        self._parts = {name: QCheckBox(label) for name, label, _hint in _PARTS}
        self._neighbours = spin_box(0, _MOST_NEIGHBOURS, EVERYTHING.neighbours)
        self._neighbours.setAccessibleName("Neighbours of each photo")
        self._preview = QPushButton("Preview")
        self._save = QPushButton("Save as …")
        self._close = QPushButton("Close")
        self._pages = QStackedWidget()
        self._message = Placeholder()
        self._viewer: QWidget | None = None
        self._release: Callable[[], None] = lambda: None
        self._fill()
        self._lay_out(title)
        self._show_format()
        self._stale()

    # What is chosen

    @property
    def contents(self) -> ReportContents:
        """Return what the report is to hold."""
        parts = {name: box.isChecked() for name, box in self._parts.items()}
        exhibits = self._selected if self._some.isChecked() else None
        return replace(EVERYTHING, exhibits=exhibits, neighbours=self._neighbours.value(), **parts)

    @property
    def report_format(self) -> ReportFormat:
        """Return the chosen format."""
        chosen: ReportFormat = self._format.currentData()
        return chosen

    def choose_format(self, name: str) -> None:
        """Choose the format with this name."""
        for row in range(self._format.count()):
            if self._format.itemData(row).name == name:
                self._format.setCurrentIndex(row)

    # How far the work is

    def show_progress(self, progress: Progress) -> None:
        """Show how far the writing is."""
        text = f"{progress.done:,} of {progress.total:,}" if progress.total else progress.detail
        self._message.show_busy("Writing the report", text)
        self._pages.setCurrentWidget(self._message)
        self._set_busy(True)

    def show_preview(self, pdf: Path) -> None:
        """Show a written PDF."""
        from PySide6.QtPdf import QPdfDocument
        from PySide6.QtPdfWidgets import QPdfView

        self._drop_viewer()
        document = QPdfDocument(self)
        document.load(str(pdf))
        viewer = QPdfView(self)
        viewer.setDocument(document)
        viewer.setPageMode(QPdfView.PageMode.MultiPage)
        viewer.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        viewer.setAccessibleName("Preview of the report")
        self._viewer = viewer
        self._release = document.close
        self._pages.addWidget(viewer)
        self._pages.setCurrentWidget(viewer)
        self._set_busy(False)

    def show_failure(self, message: str) -> None:
        """Say why the report could not be written."""
        self._message.show_message("error", "The report could not be written", message, tint="danger")
        self._pages.setCurrentWidget(self._message)
        self._set_busy(False)

    def show_saved(self, path: Path) -> None:
        """Say where the report is now."""
        self._message.show_message("done", "The report is written", str(path), tint="success")
        self._pages.setCurrentWidget(self._message)
        self._set_busy(False)

    def release_preview(self) -> None:
        """Let go of the shown PDF, so that its file can be deleted."""
        self._drop_viewer()

    # Construction

    def _fill(self) -> None:
        for known in FORMATS:
            self._format.addItem(known.title, known)
        self._format.currentIndexChanged.connect(lambda _row: self._show_format())
        self._all.setChecked(True)
        self._some.setEnabled(bool(self._selected))
        for name, _label, hint in _PARTS:
            self._parts[name].setChecked(bool(getattr(EVERYTHING, name)))
            self._parts[name].setToolTip(hint)
            self._parts[name].toggled.connect(lambda _checked: self._stale())
        self._all.toggled.connect(lambda _checked: self._stale())
        self._neighbours.valueChanged.connect(lambda _value: self._stale())
        set_role(self._save, "primary")
        self._save.setDefault(True)
        self._save.setIcon(icon("save", "on_accent"))
        self._preview.setIcon(icon("search"))
        self._preview.clicked.connect(lambda _checked: self.preview_wanted.emit(self.contents))
        self._save.clicked.connect(lambda _checked: self.save_wanted.emit(self.report_format, self.contents))
        self._close.clicked.connect(self.reject)
        for button in (self._preview, self._close):
            button.setAutoDefault(False)

    def _lay_out(self, title: str) -> None:
        choices = QWidget()
        choices.setObjectName("scrolled")
        column = QVBoxLayout(choices)
        column.setContentsMargins(SPACE.large, SPACE.large, SPACE.large, SPACE.large)
        column.setSpacing(SPACE.tiny)
        heading = QLabel(title)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setWordWrap(True)
        set_role(heading, "title")
        column.addWidget(heading)
        column.addSpacing(SPACE.small)
        for words, widgets in (
            ("Format", (self._format, self._hint)),
            ("Photos", (self._all, self._some)),
            ("Contents", tuple(self._parts.values())),
            ("Neighbours of each photo", (self._neighbours,)),
        ):
            caption = QLabel(words)
            set_role(caption, "strong")
            column.addSpacing(SPACE.small)
            column.addWidget(caption)
            for widget in widgets:
                column.addWidget(widget)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(choices)
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(scroll, stretch=1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(SPACE.large, SPACE.small, SPACE.large, SPACE.large)
        for button in (self._close, self._preview, self._save):
            buttons.addWidget(button)
        left.addLayout(buttons)
        side = QWidget()
        side.setFixedWidth(_CHOICES_WIDTH_PX)
        side.setLayout(left)
        self._pages.addWidget(self._message)
        self._pages.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addWidget(self._pages, stretch=1)

    def _show_format(self) -> None:
        self._hint.setText(_HINTS.get(self.report_format.name, ""))

    def _stale(self) -> None:
        """Say that there is nothing to look at yet, or no longer."""
        self._drop_viewer()
        self._message.show_message(
            "report", "See it before you save it", "Preview shows the PDF with these contents."
        )
        self._pages.setCurrentWidget(self._message)

    def _drop_viewer(self) -> None:
        if self._viewer is not None:
            self._pages.removeWidget(self._viewer)
            self._viewer.deleteLater()
            self._viewer = None
            self._release()

    def _set_busy(self, busy: bool) -> None:
        for widget in (self._preview, self._save):
            widget.setEnabled(not busy)
