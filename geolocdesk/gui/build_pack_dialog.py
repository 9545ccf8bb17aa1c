"""What a new reference pack is built from, and where it goes."""

from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QWidget

from geolocdesk.engine.jobs import BuildPack
from geolocdesk.gui.form_dialog import FormDialog
from geolocdesk.gui.source_field import SourceField, add_workers, with_buttons
from geolocdesk.reference.build import partial_folder
from geolocdesk.reference.manifest import MANIFEST_NAME


class BuildPackDialog(FormDialog):
    """Asks for a source and a destination."""

    def __init__(
        self,
        packs_folder: Path,
        *,
        model: str | None,
        device: str,
        source: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            "Build a reference pack",
            "Photos whose place is known become the references that your photos are compared with. Their "
            "positions come from their EXIF data, or from a CSV table with the columns file, latitude, longitude. "
            "Building can be stopped and goes on where it stopped.",
            "Build",
            parent,
        )
        self._packs_folder = packs_folder
        self._model = model
        self._device = device
        self._source = SourceField("" if source is None else str(source))
        self._out = QLineEdit()
        self._thumbnails = QCheckBox("Keep small pictures of the references")
        self._thumbnails.setChecked(True)
        self._source.add_to(self)
        self.add_field(
            "Pack &folder",
            with_buttons(self._out, (("Choose …", self._choose_out),)),
            "A new folder; the pack is used where it lies.",
        )
        self._workers = add_workers(self)
        self.add_widget(self._thumbnails)
        self._out.setAccessibleName("Pack folder")
        for field in (self._source, self._out):
            field.textChanged.connect(lambda _text: self._check())
        self._source.textChanged.connect(lambda _text: self._suggest_out())
        self._suggest_out()
        self._check()

    @property
    def job(self) -> BuildPack:
        """Return what was asked for."""
        return BuildPack(
            source=Path(self._source.text()),
            out=Path(self._out.text()),
            model=self._model,
            device=self._device,
            workers=self._workers.value(),
            thumbnails=self._thumbnails.isChecked(),
        )

    def _choose_out(self) -> None:
        chosen, _kind = QFileDialog.getSaveFileName(self, "Folder for the pack", self._out.text())
        if chosen:
            self._out.setText(chosen)

    def _suggest_out(self) -> None:
        name = Path(self._source.text()).stem
        if name and (not self._out.text() or Path(self._out.text()).parent == self._packs_folder):
            self._out.setText(str(self._packs_folder / name))

    def _check(self) -> None:
        problem = self._problem()
        self.problem.set_text(problem if self._source.text() else "")
        self.accept_button.setEnabled(not problem)
        unfinished = bool(self._out.text()) and partial_folder(Path(self._out.text())).is_dir()
        self.accept_button.setText("Go on building" if unfinished else "Build")

    def _problem(self) -> str:
        out = self._out.text()
        if self._source.problem:
            return self._source.problem
        if not out:
            return "Choose a folder for the pack."
        if (Path(out) / MANIFEST_NAME).is_file():
            return "There is a finished pack in this folder already. Choose another name."
        if Path(out).exists():
            return "There is something at this place already. Choose a folder that does not exist yet."
        return ""
