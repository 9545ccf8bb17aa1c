"""Labels on photos."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from geolocdesk.gui.form_dialog import FormDialog
from geolocdesk.quantities import count_text


class TagsDialog(FormDialog):
    """Asks for the tags of one photo or of several at once."""

    def __init__(
        self, photos: int, common: Sequence[str], in_use: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(
            "Tags",
            f"Separate tags with commas. They apply to {count_text(photos, 'photo')}; tags that only some of them "
            "have stay as they are.",
            "Set tags",
            parent,
        )
        self._common = frozenset(common)
        self._field = QLineEdit(", ".join(sorted(common)))
        completer = QCompleter(list(in_use), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._field.setCompleter(completer)
        self.add_field("&Tags", self._field)

    def changed(self, tags: Sequence[str]) -> tuple[str, ...]:
        """Return a photo's tags as they are after the change."""
        entered = frozenset(tag.strip() for tag in self._field.text().split(",")) - {""}
        return tuple(sorted((frozenset(tags) - (self._common - entered)) | entered))
