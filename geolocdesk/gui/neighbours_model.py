"""The item model behind the gallery: ranked neighbours, and the few thumbnails that were asked for."""

import html
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage

from geolocdesk.cartography.coordinates import decimal_text
from geolocdesk.geodesy import Position
from geolocdesk.gui.place_text import PlaceLookup, short_place
from geolocdesk.quantities import share_text
from geolocdesk.reference.neighbours import Neighbour, Neighbours
from geolocdesk.unavailable import Unavailable, text_of
from geolocdesk.visible_text import visible_text

KEPT_THUMBNAILS = 600
"""Beyond this the thumbnails seen longest ago are dropped, and asked for again when scrolled to."""

_KEPT_PLACES = 10_000

_Index = QModelIndex | QPersistentModelIndex


class NeighbourRole(IntEnum):
    """What the model answers besides text."""

    ENTRY = Qt.ItemDataRole.UserRole
    THUMBNAIL = Qt.ItemDataRole.UserRole + 1
    """A QImage, ``Unavailable.NOT_AVAILABLE`` where the pack has none, or None while it is awaited."""
    PLACE = Qt.ItemDataRole.UserRole + 2


@dataclass(frozen=True, slots=True)
class NeighbourEntry:
    """One neighbour and its part in the answer."""

    neighbour: Neighbour
    weight: float
    """0–1, its share of all neighbours' weights."""
    relative_weight: float
    """0–1, against the heaviest neighbour's."""
    carries: bool
    """It is one of those that make the density's peak."""


class NeighboursModel(QAbstractListModel):
    """The neighbours of one analysis, all of them or only those that carry its answer."""

    def __init__(self, place_lookup: PlaceLookup, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._place_lookup = place_lookup
        self._entries: tuple[NeighbourEntry, ...] = ()
        self._shown: list[NeighbourEntry] = []
        self._carriers_only = False
        self._pack_id = ""
        self._thumbnails: OrderedDict[int, QImage | Unavailable | None] = OrderedDict()
        self._places: dict[Position, str] = {}

    # Filling

    def show_neighbours(
        self, neighbours: Neighbours, weights: NDArray[np.float64], carriers: Mapping[int, float]
    ) -> None:
        """Show these; where the references are the same in the same order, only numbers change.

        ``weights`` is float64[k] in rank order, ``carriers`` the ranks that carry the answer.
        """
        if len(self._places) > _KEPT_PLACES:
            self._places.clear()
        if neighbours.pack_id != self._pack_id:
            self._pack_id = neighbours.pack_id
            self._thumbnails.clear()
        heaviest = float(weights.max()) if len(weights) else 1.0
        entries = tuple(
            NeighbourEntry(item, float(weight), _ratio(float(weight), heaviest), item.rank in carriers)
            for item, weight in zip(neighbours.items, weights, strict=True)
        )
        shown = self._filtered(entries)
        same = [_identity(entry) for entry in shown] == [_identity(entry) for entry in self._shown]
        if same:
            self._entries, self._shown = entries, shown
            if shown:
                self.dataChanged.emit(self.index(0), self.index(len(shown) - 1))
            return
        self.beginResetModel()
        self._entries, self._shown = entries, shown
        self.endResetModel()

    def clear(self) -> None:
        """Show none; thumbnails are kept for the next photo."""
        self.beginResetModel()
        self._entries, self._shown = (), []
        self.endResetModel()

    def show_carriers_only(self, carriers_only: bool) -> None:
        """Leave out the neighbours that do not carry the answer, or show all again."""
        if carriers_only == self._carriers_only:
            return
        self.beginResetModel()
        self._carriers_only = carriers_only
        self._shown = self._filtered(self._entries)
        self.endResetModel()

    def _filtered(self, entries: tuple[NeighbourEntry, ...]) -> list[NeighbourEntry]:
        return [entry for entry in entries if entry.carries or not self._carriers_only]

    # Thumbnails

    def take_unasked(self, first: int, last: int) -> list[int]:
        """Return the pack rows shown at these places whose thumbnails were never asked for, as asked now."""
        wanted: list[int] = []
        for entry in self._shown[first : last + 1]:
            row = entry.neighbour.reference.row
            if row in self._thumbnails:
                self._thumbnails.move_to_end(row)
            else:
                self._thumbnails[row] = None
                wanted.append(row)
        while len(self._thumbnails) > max(KEPT_THUMBNAILS, last - first + 1):
            self._thumbnails.popitem(last=False)
        return wanted

    def set_thumbnail(self, row: int, image: QImage | None) -> None:
        """Store the thumbnail of a pack row, None where the pack has none; late answers are dropped."""
        if row not in self._thumbnails:
            return
        self._thumbnails[row] = Unavailable.NOT_AVAILABLE if image is None else image
        for place, entry in enumerate(self._shown):
            if entry.neighbour.reference.row == row:
                self.dataChanged.emit(self.index(place), self.index(place), [NeighbourRole.THUMBNAIL])

    def thumbnail(self, row: int) -> QImage | Unavailable | None:
        """Return what is known of a pack row's thumbnail."""
        return self._thumbnails.get(row)

    # Reading

    def entry(self, index: _Index) -> NeighbourEntry | None:
        """Return the neighbour at an index."""
        return self._shown[index.row()] if index.isValid() and index.row() < len(self._shown) else None

    def index_of_rank(self, rank: int) -> QModelIndex:
        """Return where the neighbour of this rank is shown; an invalid index where it is not."""
        for place, entry in enumerate(self._shown):
            if entry.neighbour.rank == rank:
                return self.index(place)
        return QModelIndex()

    def index_of_reference(self, reference_id: str) -> QModelIndex:
        """Return where this reference is shown; an invalid index where it is not."""
        for place, entry in enumerate(self._shown):
            if entry.neighbour.reference.reference_id == reference_id:
                return self.index(place)
        return QModelIndex()

    @property
    def entries(self) -> tuple[NeighbourEntry, ...]:
        """Return all neighbours, shown or not."""
        return self._entries

    def place_text(self, neighbour: Neighbour) -> str:
        """Return where a neighbour was taken, in words where there are any."""
        position = neighbour.reference.position
        if position not in self._places:
            self._places[position] = short_place(self._place_lookup, position)
        return self._places[position]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return how many neighbours are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return one fact about the neighbour at an index."""
        entry = self.entry(index)
        if entry is None:
            return None
        if role == NeighbourRole.ENTRY:
            return entry
        if role == NeighbourRole.THUMBNAIL:
            return self._thumbnails.get(entry.neighbour.reference.row)
        write = _WRITERS.get(role)
        return None if write is None else write(entry, self.place_text(entry.neighbour))


def _name_place(entry: NeighbourEntry, place: str) -> str:
    del entry
    return place


def _list_facts(entry: NeighbourEntry, place: str) -> str:
    """Return everything known about the reference, as markup that its text cannot break out of."""
    reference = entry.neighbour.reference
    carrying = " · carries the answer" if entry.carries else ""
    facts = (
        ("Distance", f"{entry.neighbour.distance:.4f} between descriptors"),
        ("Weight", f"{share_text(entry.weight)} of all neighbours{carrying}"),
        ("Position", decimal_text(reference.position)),
        ("Place", text_of(reference.place)),
        ("Photographer", text_of(reference.photographer)),
        ("Captured at", text_of(reference.captured_at)),
        ("Licence", text_of(reference.licence)),
        ("Reference id", reference.reference_id),
    )
    lines = "".join(
        f"<tr><td>{name}&nbsp;&nbsp;</td><td>{html.escape(visible_text(value))}</td></tr>"
        for name, value in facts
    )
    return f"<qt><b>{html.escape(f'{entry.neighbour.rank}. {place}')}</b><table>{lines}</table></qt>"


def _speak(entry: NeighbourEntry, place: str) -> str:
    spoken = (
        f"Neighbour {entry.neighbour.rank}, {place}, distance {entry.neighbour.distance:.3f}, "
        f"weight {share_text(entry.weight)}"
    )
    return f"{spoken}, carries the answer" if entry.carries else spoken


_WRITERS: dict[int, Callable[[NeighbourEntry, str], str]] = {
    NeighbourRole.PLACE: _name_place,
    Qt.ItemDataRole.DisplayRole: _name_place,
    Qt.ItemDataRole.ToolTipRole: _list_facts,
    Qt.ItemDataRole.AccessibleTextRole: _speak,
}


def _identity(entry: NeighbourEntry) -> tuple[int, str]:
    return entry.neighbour.rank, entry.neighbour.reference.reference_id


def _ratio(weight: float, heaviest: float) -> float:
    return weight / heaviest if heaviest > 0 else 0.0
