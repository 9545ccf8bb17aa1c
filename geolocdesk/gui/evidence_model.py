"""The photos of the case as a list model: filtered, sorted, and with thumbnails fetched when they are seen."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum, IntEnum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from geolocdesk.gui.evidence_entry import UNFAMILIAR, EntryStatus, EvidenceEntry
from geolocdesk.gui.soon import Soon
from geolocdesk.quantities import count_text
from geolocdesk.visible_text import visible_text

_Index = QModelIndex | QPersistentModelIndex

KEPT_THUMBNAILS = 800
_RESORT_DELAY_MS = 400
_ROWS_ADDED_AT_ONCE = 50
_ADDING_DELAY_MS = 150
"""A list lays out all its rows for every insertion, so behind a good screenful new rows come together."""


class EvidenceRole(IntEnum):
    """What delegates and views ask for besides Qt's own roles."""

    ENTRY = Qt.ItemDataRole.UserRole + 1
    NUMBER = Qt.ItemDataRole.UserRole + 2


class SortKey(Enum):
    """The order of the list; the member's value is its name in the menu."""

    ADDED = "Order added"
    NAME = "Name"
    STATUS = "Status"
    PLACE = "Place"
    CONFIDENCE = "Confidence"


@dataclass(frozen=True, slots=True)
class EvidenceFilter:
    """Which photos are listed."""

    words: tuple[str, ...] = ()
    """All must occur; case-folded."""
    statuses: frozenset[EntryStatus] = frozenset(EntryStatus)
    tag: str = ""

    def takes(self, entry: EvidenceEntry) -> bool:
        """Return whether the entry is listed."""
        if entry.status not in self.statuses or (self.tag and self.tag not in entry.tags):
            return False
        return not self.words or entry.matches(self.words)


class EvidenceModel(QAbstractListModel):
    """The case's entries by exhibit number, and which of them are listed in which order."""

    thumbnail_wanted = Signal(int)
    """An exhibit number that came into view for the first time; answer with ``set_thumbnail``."""
    counts_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[int, EvidenceEntry] = {}
        self._shown: list[int] = []
        self._row_of: dict[int, int] = {}
        self._coming: list[int] = []
        self._filter = EvidenceFilter()
        self._sort_key = SortKey.ADDED
        self._descending = False
        self._level = "region"
        self._queued: set[int] = set()
        self._queued_statuses: Counter[EntryStatus] = Counter()
        self._statuses: Counter[EntryStatus] = Counter()
        self._unfamiliar = 0
        self._thumbnails: OrderedDict[int, QPixmap | None] = OrderedDict()
        self._resort = QTimer(self)
        self._resort.setSingleShot(True)
        self._resort.setInterval(_RESORT_DELAY_MS)
        self._resort.timeout.connect(self._arrange)
        self._adding = Soon(_ADDING_DELAY_MS, self._add_rows, self)

    # What is in it

    def clear(self) -> None:
        """Forget every entry."""
        self.beginResetModel()
        self._entries.clear()
        self._shown.clear()
        self._row_of.clear()
        self._coming.clear()
        self._queued.clear()
        self._queued_statuses.clear()
        self._statuses.clear()
        self._unfamiliar = 0
        self._thumbnails.clear()
        self._resort.stop()
        self.endResetModel()
        self.counts_changed.emit()

    def add_entries(self, entries: Iterable[EvidenceEntry]) -> None:
        """Add entries that are not in the model yet."""
        new = [entry for entry in entries if entry.number not in self._entries]
        self._entries.update({entry.number: entry for entry in new})
        self._statuses.update(entry.status for entry in new)
        self._unfamiliar += sum(entry.is_unfamiliar for entry in new)
        listed = [entry.number for entry in new if self._filter.takes(entry)]
        if self._sort_key is SortKey.ADDED and not self._descending:
            self._append(listed)
        elif listed:
            self._resort.start()
        self.counts_changed.emit()

    def set_entry(self, entry: EvidenceEntry) -> None:
        """Add an entry or show it as it is now."""
        before = self._entries.get(entry.number)
        if before is None:
            self.add_entries((entry,))
            return
        self._leave_queue(before)
        self._entries[entry.number] = entry
        self._statuses.subtract([before.status])
        self._statuses.update([entry.status])
        self._unfamiliar += entry.is_unfamiliar - before.is_unfamiliar
        if entry.has_thumbnail and not before.has_thumbnail:
            self._thumbnails.pop(entry.number, None)
        row = self._row_of.get(entry.number)
        if row is not None:
            index = self.index(row)
            self.dataChanged.emit(index, index)
        if self._moves(before, entry):
            self._resort.start()
        self.counts_changed.emit()

    def remove_entry(self, number: int) -> None:
        """Take an entry off."""
        removed = self._entries.pop(number, None)
        if removed is None:
            return
        self._leave_queue(removed)
        self._statuses.subtract([removed.status])
        self._unfamiliar -= removed.is_unfamiliar
        row = self._row_of.get(number)
        if row is not None:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._shown[row]
            self._number_rows()
            self.endRemoveRows()
        elif number in self._coming:
            self._coming.remove(number)
        self.counts_changed.emit()

    def set_queued(self, numbers: Iterable[int]) -> None:
        """Show these as waiting for their analysis, and no others."""
        before = self._queued
        self._queued = {number for number in numbers if number in self._entries}
        self._queued_statuses = Counter(self._entries[number].status for number in self._queued)
        rows = [self._row_of[number] for number in before ^ self._queued if number in self._row_of]
        if rows:  # told once: a thousand tellings would hold the window up
            self.dataChanged.emit(self.index(min(rows)), self.index(max(rows)))
        self.counts_changed.emit()

    def entry(self, number: int) -> EvidenceEntry | None:
        """Return an entry as it is shown."""
        found = self._entries.get(number)
        if found is not None and number in self._queued:
            return replace(found, status=EntryStatus.QUEUED)
        return found

    def entries(self) -> list[EvidenceEntry]:
        """Return every entry, listed or not, by number."""
        return [self._entries[number] for number in sorted(self._entries)]

    @property
    def listed(self) -> int:
        """Return how many photos are listed, those included whose rows are on their way."""
        return len(self._shown) + len(self._coming)

    def index_of(self, number: int) -> QModelIndex:
        """Return the index of an exhibit; an invalid one where it is not listed."""
        if number in self._coming:
            self._add_rows()
        row = self._row_of.get(number)
        return QModelIndex() if row is None else self.index(row)

    def tags(self) -> list[str]:
        """Return every tag in use."""
        return sorted({tag for entry in self._entries.values() for tag in entry.tags})

    def count(self, status: EntryStatus) -> int:
        """Return how many entries have this status, waiting ones counted as waiting only."""
        if status is EntryStatus.QUEUED:
            return len(self._queued)
        return self._statuses[status] - self._queued_statuses[status]

    @property
    def unfamiliar(self) -> int:
        """Return how many entries resemble nothing in the reference pack."""
        return self._unfamiliar

    @property
    def total(self) -> int:
        """Return how many entries there are, listed or not."""
        return len(self._entries)

    # How it is listed

    @property
    def filter(self) -> EvidenceFilter:
        """Return which photos are listed."""
        return self._filter

    def set_filter(self, wanted: EvidenceFilter) -> None:
        """List only these."""
        if wanted != self._filter:
            self._filter = wanted
            self._arrange()

    @property
    def sort_key(self) -> SortKey:
        """Return the order of the list."""
        return self._sort_key

    @property
    def is_descending(self) -> bool:
        """Return whether the order is reversed."""
        return self._descending

    def sort_by(self, key: SortKey, *, descending: bool = False) -> None:
        """List in this order; equal ones in the order added."""
        if (key, descending) != (self._sort_key, self._descending):
            self._sort_key, self._descending = key, descending
            self._arrange()

    @property
    def level(self) -> str:
        """Return the name of the level whose probability is shown."""
        return self._level

    def set_level(self, name: str) -> None:
        """Show the probability at the level with this name."""
        if name == self._level:
            return
        self._level = name
        if self._shown:
            self.dataChanged.emit(self.index(0), self.index(len(self._shown) - 1))
        if self._sort_key is SortKey.CONFIDENCE:
            self._arrange()

    # Thumbnails

    def thumbnail(self, number: int) -> QPixmap | None:
        """Return the exhibit's thumbnail, or None and ask for it where it was never asked for."""
        if number in self._thumbnails:
            self._thumbnails.move_to_end(number)
            return self._thumbnails[number]
        entry = self._entries.get(number)
        if entry is not None and entry.has_thumbnail:
            self._keep_thumbnail(number, None)
            self.thumbnail_wanted.emit(number)
        return None

    def set_thumbnail(self, number: int, image: QImage | None) -> None:
        """Show an exhibit's thumbnail; None where it has none."""
        if number not in self._entries:
            return
        self._keep_thumbnail(number, None if image is None else QPixmap.fromImage(image))
        index = self.index_of(number)
        if index.isValid():
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])

    def _keep_thumbnail(self, number: int, pixmap: QPixmap | None) -> None:
        self._thumbnails[number] = pixmap
        self._thumbnails.move_to_end(number)
        while len(self._thumbnails) > KEPT_THUMBNAILS:
            self._thumbnails.popitem(last=False)

    # Qt's side

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return how many photos are listed."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a photo's name, entry, or its whole row in words for a screen reader."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        number = self._shown[index.row()]
        if role == EvidenceRole.NUMBER:
            return number
        entry = self.entry(number)
        if entry is None:
            return None
        answers: dict[int, Callable[[], object]] = {
            EvidenceRole.ENTRY: lambda: entry,
            Qt.ItemDataRole.DisplayRole: lambda: visible_text(entry.name),
            Qt.ItemDataRole.AccessibleTextRole: lambda: spoken(entry, self._level),
            Qt.ItemDataRole.ToolTipRole: lambda: _tooltip(entry, self._level),
        }
        answer = answers.get(role)
        return None if answer is None else answer()

    # Arranging

    def _moves(self, before: EvidenceEntry, after: EvidenceEntry) -> bool:
        if self._filter.takes(before) != self._filter.takes(after):
            return True
        return self._sort_key is not SortKey.ADDED and self._key(before) != self._key(after)

    def _append(self, numbers: list[int]) -> None:
        if not numbers:
            return
        last = self._coming or self._shown
        if last and numbers[0] < last[-1]:
            self._resort.start()
            return
        self._coming += numbers
        if len(self._shown) < _ROWS_ADDED_AT_ONCE:
            self._add_rows()
        else:
            self._adding.ask()

    def _add_rows(self) -> None:
        numbers, self._coming = self._coming, []
        if not numbers:
            return
        first = len(self._shown)
        self.beginInsertRows(QModelIndex(), first, first + len(numbers) - 1)
        self._shown += numbers
        self._row_of.update({number: first + place for place, number in enumerate(numbers)})
        self.endInsertRows()

    def _arrange(self) -> None:
        """Filter and sort anew, so that selections and the current photo stay with their photos."""
        self._resort.stop()
        self._coming.clear()
        listed = sorted(
            (entry for entry in self._entries.values() if self._filter.takes(entry)),
            key=lambda entry: entry.number,
        )
        if self._sort_key is not SortKey.ADDED:
            listed.sort(key=self._key)
        if self._descending:
            listed.reverse()
        self.layoutAboutToBeChanged.emit()
        kept = [(index, self._shown[index.row()]) for index in self.persistentIndexList()]
        self._shown = [entry.number for entry in listed]
        self._number_rows()
        self.changePersistentIndexList(
            [index for index, _number in kept], [self.index_of(number) for _index, number in kept]
        )
        self.layoutChanged.emit()
        self.counts_changed.emit()

    def _leave_queue(self, entry: EvidenceEntry) -> None:
        if entry.number in self._queued:
            self._queued.remove(entry.number)
            self._queued_statuses.subtract([entry.status])

    def _number_rows(self) -> None:
        self._row_of = {number: row for row, number in enumerate(self._shown)}

    def _key(self, entry: EvidenceEntry) -> tuple[object, ...]:
        if self._sort_key is SortKey.NAME:
            return (entry.name.casefold(),)
        if self._sort_key is SortKey.STATUS:
            return (list(EntryStatus).index(entry.status), entry.is_unfamiliar)
        if self._sort_key is SortKey.PLACE:
            return (entry.place == "", entry.place.casefold())
        if self._sort_key is SortKey.CONFIDENCE:
            answer = entry.level(self._level)
            return (0.0 if answer is None else -answer.probability,)
        return (entry.number,)


def spoken(entry: EvidenceEntry, level: str) -> str:
    """Return a row in words."""
    parts = [f"Exhibit {entry.number}", visible_text(entry.name), entry.status.value]
    if entry.failure:
        parts.append(visible_text(entry.failure))
    elif entry.place:
        if entry.is_unfamiliar:
            parts.append(f"warning: {UNFAMILIAR}")
        parts.append(entry.place)
        answer = entry.level(level)
        if answer is not None:
            parts.append(f"{answer.probability:.0%} at {level} level")
    if entry.tags:
        parts.append(f"tags {', '.join(entry.tags)}")
    return ", ".join(parts)


def _tooltip(entry: EvidenceEntry, level: str) -> str:
    lines = [visible_text(str(entry.path)), f"Exhibit {entry.number}, {entry.status.value}"]
    answer = entry.level(level)
    if entry.failure:
        lines.append(visible_text(entry.failure))
    elif answer is not None:
        lines.append(f"{entry.place}: {answer.probability:.0%} within {answer.level.radius_km:g} km")
    if entry.is_unfamiliar:
        lines.append(f"This photo {UNFAMILIAR}: its answer cannot be relied on.")
    return "\n".join(lines)


def counts_text(model: EvidenceModel) -> str:
    """Return the list's size and what needs attention in it, such as ``1,000 photos · 3 failed``."""
    shown = model.listed
    parts = [count_text(model.total, "photo")]
    if shown != model.total:
        parts[0] = f"{shown:,} of {parts[0]}"
    for status, word in (
        (EntryStatus.QUEUED, "waiting"),
        (EntryStatus.PENDING, "not analysed"),
        (EntryStatus.FAILED, "failed"),
    ):
        count = model.count(status)
        if count:
            parts.append(f"{count:,} {word}")
    if model.unfamiliar:
        parts.append(f"{model.unfamiliar:,} like nothing in the pack")
    return " · ".join(parts)
