"""A field for countries, by their two letters or by their English names."""

import re
from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from geolocdesk.cartography.gazetteer import load_gazetteer
from geolocdesk.visible_text import visible_text


class CountryField(QLineEdit):
    """Takes countries separated by commas and offers their names while one is typed."""

    def __init__(self, codes: frozenset[str], parent: QWidget | None = None) -> None:
        """Begin with these ISO 3166-1 alpha-2 codes."""
        super().__init__(parent)
        self._names = country_names()
        self.setText(", ".join(sorted(_written(code, self._names.get(code, code)) for code in codes)))
        self.setCompleter(_LastWord(sorted(map(_written, self._names, self._names.values())), self))

    @property
    def codes(self) -> frozenset[str]:
        """Return the countries' codes, those of unknown countries left out."""
        return parse_countries(self.text(), self._names)[0]

    @property
    def problem(self) -> str:
        """Return what is wrong with the text; ``""`` where nothing is."""
        unknown = parse_countries(self.text(), self._names)[1]
        if not unknown:
            return ""
        named = ", ".join(f"“{visible_text(name)}”" for name in unknown)
        return (
            f"No country is called {named}. Write its English name or its two letters, such as Croatia or HR."
        )


def country_names() -> Mapping[str, str]:
    """Return the English name of every country by its ISO 3166-1 alpha-2 code."""
    gazetteer = load_gazetteer()
    names = (name.strip() for name in gazetteer.country_names)
    return dict(zip(gazetteer.country_codes, names, strict=True))


def parse_countries(text: str, names: Mapping[str, str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the codes of the countries a text names, and what in it names none; ``names`` are those by code."""
    by_name = {name.casefold(): code for code, name in names.items()}
    codes: set[str] = set()
    unknown: list[str] = []
    for part in re.split("[,;]", text):
        word = part.strip()
        code = word.upper() if word.upper() in names else by_name.get(word.casefold())
        if code is not None:
            codes.add(code)
        elif word:
            unknown.append(word)
    return frozenset(codes), tuple(unknown)


def _written(code: str, name: str) -> str:
    """Return how a country stands in the field: by its code where a comma in its name would part it."""
    return code if "," in name else name


class _LastWord(QCompleter):
    """Completes what stands after the last comma."""

    def __init__(self, words: list[str], field: QLineEdit) -> None:
        super().__init__(words, field)
        self._field = field
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)

    def splitPath(self, path: str) -> list[str]:
        """Return the part of the text to complete."""
        return [path.rpartition(",")[2].strip()]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        """Return the whole text with the completed part."""
        before, comma, _last = self._field.text().rpartition(",")
        return f"{before}{comma}{' ' if comma else ''}{super().pathFromIndex(index)}"
