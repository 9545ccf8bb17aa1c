"""Where reference photos come from, as a dialog asks for it: a folder or a file, and who decodes them."""

import os
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QSpinBox, QWidget

from geolocdesk.gui.form_dialog import FormDialog, spin_box
from geolocdesk.reference.sources.webdataset import is_shard_pattern

FILE_KINDS = "Tables, archives and descriptions (*.csv *.zip *.tar *.json *.geojson *.jsonl yfcc100m_dataset*);;All files (*)"
"""The file dialog's kinds of files: one for each format that is recognised by itself."""
_MOST_PROCESSES = 16


class SourceField(QLineEdit):
    """The path of a folder, of a table or an archive, or a pattern of tar shards; typed or chosen."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setAccessibleName("Photos")

    def add_to(self, form: FormDialog) -> None:
        """Put the field with its two buttons under its label."""
        buttons = (("Folder …", self._choose_folder), ("File …", self._choose_file))
        form.add_field("&Photos", with_buttons(self, buttons))

    @property
    def problem(self) -> str:
        """Return what is to be done before anything can be read from there; ``""`` where nothing is."""
        path = Path(self.text())
        there = bool(self.text()) and (path.exists() or is_shard_pattern(path))
        return "" if there else "Choose a folder of photos, a table or an archive that exists."

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self.window(), "Folder of photos", self.text())
        if chosen:
            self.setText(chosen)

    def _choose_file(self) -> None:
        chosen, _kind = QFileDialog.getOpenFileName(
            self.window(), "Table or archive of photos and positions", self.text(), FILE_KINDS
        )
        if chosen:
            self.setText(chosen)


def add_workers(form: FormDialog) -> QSpinBox:
    """Add the field for how many processes decode photos, and return it."""
    processors = os.cpu_count() or 1
    workers = spin_box(1, max(1, min(processors, _MOST_PROCESSES)), max(1, processors // 2))
    form.add_field("&Decoding processes", workers, "More are faster and leave less for other programs.")
    return workers


def with_buttons(field: QLineEdit, buttons: tuple[tuple[str, object], ...]) -> QWidget:
    """Return a row of a field and the buttons that fill it."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(field, stretch=1)
    for label, act in buttons:
        button = QPushButton(label)
        button.setAutoDefault(False)
        button.clicked.connect(act)
        layout.addWidget(button)
    row.setFocusProxy(field)
    return row
