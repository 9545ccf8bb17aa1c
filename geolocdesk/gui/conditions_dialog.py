"""Which references photos are compared with: those of some countries, inside an area, or all but their own copies."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QWidget

from geolocdesk.analysis import Exclusions
from geolocdesk.errors import UsageError
from geolocdesk.gui.country_field import CountryField
from geolocdesk.gui.form_dialog import FormDialog
from geolocdesk.gui.source_field import with_buttons
from geolocdesk.quantities import count_text
from geolocdesk.reference.search_area import SearchArea, read_search_area
from geolocdesk.visible_text import visible_text


class ConditionsDialog(FormDialog):
    """Asks for the conditions of one photo or of several at once; what is excluded by name stays as it is."""

    def __init__(self, before: Collection[Exclusions], parent: QWidget | None = None) -> None:
        """``before`` is what is excluded for each of the photos."""
        super().__init__(
            "Search conditions",
            f"Narrow the search of {count_text(len(before), 'photo')} by what you know from elsewhere. The conditions "
            "stand in the answer and in the report; a photo that has an answer gets a new one at once.",
            "Search with these conditions",
            parent,
        )
        known = {_conditions(exclusions) for exclusions in before}
        shown = known.pop() if len(known) == 1 else Exclusions()
        if known:
            self.problem.set_text(
                "These photos have different conditions now. They will all get the same ones."
            )
        self._before_text = self.problem.text()
        self._area: SearchArea | None = shown.within
        self._countries = CountryField(shown.countries)
        self._area_name = QLineEdit()
        self._area_name.setReadOnly(True)
        self._area_name.setPlaceholderText("Everywhere")
        self._own_copies = QCheckBox("Leave out copies of the photo itself")
        self._own_copies.setChecked(shown.own_copies)
        self._own_copies.setToolTip("The same file, or a reference too like the photo to be another one")
        self.add_field(
            "Only in these &countries",
            self._countries,
            "Names or two letters, separated by commas, such as Croatia, SI. Empty: everywhere.",
        )
        buttons = (("Choose …", self._choose_area), ("Everywhere", self._remove_area))
        self.add_field(
            "Only inside this &area",
            with_buttons(self._area_name, buttons),
            "A GeoJSON file of polygons, such as QGIS or geojson.io writes.",
        )
        self._area_name.setAccessibleName("Only inside this area")
        self.add_widget(self._own_copies)
        self._countries.textChanged.connect(lambda _text: self._check())
        self._show_area()

    def changed(self, before: Exclusions) -> Exclusions:
        """Return a photo's exclusions with the conditions in place of those it had."""
        return replace(
            before,
            within=self._area,
            countries=self._countries.codes,
            own_copies=self._own_copies.isChecked(),
        )

    def _choose_area(self) -> None:
        chosen, _kind = QFileDialog.getOpenFileName(
            self, "Area to search in", "", "GeoJSON (*.geojson *.json);;All files (*)"
        )
        if chosen:
            self.use_area(Path(chosen))

    def use_area(self, file: Path) -> None:
        """Search inside the polygons of a GeoJSON file; where it holds none, say so and stay with the area before."""
        try:
            self._area = read_search_area(file)
        except UsageError as error:
            self.problem.set_text(visible_text(error.message))
            return
        self._show_area()
        self._check()

    def _remove_area(self) -> None:
        self._area = None
        self._show_area()
        self._check()

    def _show_area(self) -> None:
        self._area_name.setText("" if self._area is None else visible_text(self._area.name))

    def _check(self) -> None:
        problem = self._countries.problem
        self.problem.set_text(problem or self._before_text)
        self.accept_button.setEnabled(not problem)


def _conditions(exclusions: Exclusions) -> Exclusions:
    """Return the conditions without what is excluded by name."""
    return Exclusions(
        within=exclusions.within, countries=exclusions.countries, own_copies=exclusions.own_copies
    )
