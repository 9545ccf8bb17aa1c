"""Which photos are added to the reference pack in use, and what becomes of copies among them."""

from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QWidget

from geolocdesk.engine.jobs import AppendPhotos
from geolocdesk.gui.form_dialog import FormDialog
from geolocdesk.gui.source_field import SourceField, add_workers
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
        self._source = SourceField()
        self._drop = QCheckBox("Leave out copies of photos that the pack has already")
        self._source.add_to(self)
        self._workers = add_workers(self)
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

    def _check(self) -> None:
        problem = self._source.problem
        self.problem.set_text(problem if self._source.text() else "")
        self.accept_button.setEnabled(not problem)
