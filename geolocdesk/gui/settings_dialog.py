"""The user's preferences."""

import os
from dataclasses import replace
from typing import Literal, cast

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from geolocdesk.gui.form_dialog import FormDialog, spin_box
from geolocdesk.settings import Settings

_SCHEMES = (("As the system", "system"), ("Light", "light"), ("Dark", "dark"))
_TEXT_SIZES = (("Small", 0.9), ("Normal", 1.0), ("Large", 1.15), ("Very large", 1.35), ("Largest", 1.6))
_DEVICES = (("Choose by itself", "auto"), ("Processor only", "cpu"), ("Graphics card (CUDA)", "cuda"))


class SettingsDialog(FormDialog):
    """Edits a copy of the settings."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__("Settings", "", "Save", parent)
        self._before = settings
        self._scheme = _choice(_SCHEMES, settings.scheme)
        self._text = _choice(
            _TEXT_SIZES, min(_TEXT_SIZES, key=lambda size: abs(size[1] - settings.text_scale))[1]
        )
        self._examiner = QLineEdit(settings.examiner)
        self._organisation = QLineEdit(settings.organisation)
        self._originals = QCheckBox("Keep a copy of each original inside new cases")
        self._originals.setChecked(settings.keep_originals)
        self._device = _choice(_DEVICES, settings.device)
        self._processes = spin_box(1, max(1, min(os.cpu_count() or 1, 32)), settings.decoder_processes)
        self.add_field("&Colours", self._scheme)
        self.add_field("&Text size", self._text)
        self.add_rule()
        self.add_field("&Examiner", self._examiner, "Entered in new cases and named in the audit trail.")
        self.add_field("&Organisation", self._organisation)
        self.add_widget(self._originals)
        self.add_rule()
        self.add_field(
            "Com&pute on", self._device, "Takes effect when a reference pack is opened the next time."
        )
        self.add_field("&Decoding processes", self._processes)

    @property
    def settings(self) -> Settings:
        """Return the settings with what was changed here."""
        return replace(
            self._before,
            scheme=cast("Literal['system', 'light', 'dark']", self._scheme.currentData()),
            text_scale=float(self._text.currentData()),
            examiner=self._examiner.text().strip(),
            organisation=self._organisation.text().strip(),
            keep_originals=self._originals.isChecked(),
            device=str(self._device.currentData()),
            decoder_processes=self._processes.value(),
        )


def _choice(options: tuple[tuple[str, object], ...], current: object) -> QComboBox:
    box = QComboBox()
    for label, value in options:
        box.addItem(label, value)
    box.setCurrentIndex(max(box.findData(current), 0))
    return box
