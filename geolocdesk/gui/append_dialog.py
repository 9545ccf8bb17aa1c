"""Which photos are added to the reference pack in use, and what becomes of copies among them."""

import os
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QWidget

from geolocdesk.engine.jobs import AppendPhotos
from geolocdesk.gui.build_pack_dialog import with_buttons
from geolocdesk.gui.form_dialog import FormDialog, spin_box
from geolocdesk.reference.append import unfinished_append
from geolocdesk.visible_text import visible_text


class AppendDialog(FormDialog):
    """Asks for a source."""

    def __init__(self, pack: Path, *, device: str, parent: QWidget | None = None) -> None:
        super().__init__(
            f"Append photos to {visible_text(pack.name)}",
            "The photos are described with the pack's own model and become further references. What the pack holds "
            "is not described again, and until the end it stays as it is.",
            "Append",
            parent,
        )
        self._pack = pack
        self._device = device
        self._source = QLineEdit()
        self._source.setAccessibleName("Photos")
        self._drop = QCheckBox("Leave out copies of photos that the pack has already")
        processors = os.cpu_count() or 1
        self._workers = spin_box(1, max(1, min(processors, 16)), max(1, processors // 2))
        buttons = (("Folder …", self._choose_folder), ("Table …", self._choose_table))
        self.add_field("&Photos", with_buttons(self._source, buttons))
        self.add_field(
            "&Decoding processes", self._workers, "More are faster and leave less for other programs."
        )
        self.add_widget(self._drop)
        self._source.textChanged.connect(lambda _text: self._check())
        if unfinished_append(pack) is not None:
            self.accept_button.setText("Go on appending")
        self._check()

    @property
    def job(self) -> AppendPhotos:
        """Return what was asked for."""
        return AppendPhotos(
            pack=self._pack,
            source=Path(self._source.text()),
            device=self._device,
            workers=self._workers.value(),
            drop_duplicates=self._drop.isChecked(),
        )

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of photos", self._source.text())
        if chosen:
            self._source.setText(chosen)

    def _choose_table(self) -> None:
        chosen, _kind = QFileDialog.getOpenFileName(
            self, "Table of photos and positions", self._source.text(), "Tables (*.csv);;All files (*)"
        )
        if chosen:
            self._source.setText(chosen)

    def _check(self) -> None:
        source = self._source.text()
        there = bool(source) and Path(source).exists()
        self.problem.set_text(
            "" if there or not source else "Choose a folder of photos or a table that exists."
        )
        self.accept_button.setEnabled(there)
