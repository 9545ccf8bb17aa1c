"""One photo of the case as the evidence list shows it."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from geolocdesk.casefile.exhibit import Exhibit, ExhibitStatus
from geolocdesk.estimation.location import LevelAnswer, resembles_nothing
from geolocdesk.geodesy import Position
from geolocdesk.unavailable import Unavailable


class EntryStatus(Enum):
    """How far a photo is; the member's value is the word shown."""

    PENDING = "not analysed"
    QUEUED = "waiting"
    ANALYSED = "analysed"
    FAILED = "failed"


UNFAMILIAR = "resembles nothing in the pack"
"""Of a photo whose answer cannot be relied on, as the list says it and finds it."""

_STATUS_OF = {
    ExhibitStatus.PENDING: EntryStatus.PENDING,
    ExhibitStatus.ANALYSED: EntryStatus.ANALYSED,
    ExhibitStatus.FAILED: EntryStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class EvidenceEntry:
    """What the list knows of one exhibit."""

    number: int
    """The exhibit number."""
    name: str
    """Untrusted: a file name may hold any character."""
    path: Path
    sha256: str | Unavailable
    status: EntryStatus
    failure: str
    place: str
    """The name of the best position's place; empty before the first analysis."""
    position: Position | None
    levels: tuple[LevelAnswer, ...]
    tags: tuple[str, ...]
    has_thumbnail: bool
    has_notes: bool
    is_unfamiliar: bool = False
    """It resembles nothing in the reference pack: neither its answer nor its probabilities can be relied on."""

    def level(self, name: str) -> LevelAnswer | None:
        """Return the answer at the level with this name, or None."""
        return next((answer for answer in self.levels if answer.level.name == name), None)

    @property
    def short_failure(self) -> str:
        """Return why it failed without the path that the sentence begins with; the list names the file already."""
        rest = self.failure.removeprefix(f"{self.path} is ").removeprefix(f"{self.path} ")
        return rest[:1].upper() + rest[1:]

    def matches(self, words: tuple[str, ...]) -> bool:
        """Return whether every word (already case-folded) occurs in what the list shows."""
        remark = UNFAMILIAR if self.is_unfamiliar else ""
        parts = (self.name, self.place, " ".join(self.tags), self.failure, str(self.sha256), remark)
        text = "\n".join(parts).casefold()
        return all(word in text for word in words)


def entry_of(exhibit: Exhibit, *, place: str, tags: tuple[str, ...], has_notes: bool) -> EvidenceEntry:
    """Return the list's view of an exhibit."""
    current = exhibit.current
    return EvidenceEntry(
        number=exhibit.number,
        name=exhibit.name,
        path=exhibit.path,
        sha256=exhibit.sha256,
        status=_STATUS_OF[exhibit.status],
        failure=exhibit.failure,
        place=place,
        position=None if current is None else current.position,
        levels=() if current is None else current.levels,
        tags=tags,
        has_thumbnail=exhibit.has_thumbnail,
        has_notes=has_notes,
        is_unfamiliar=current is not None and resembles_nothing(current.familiarity),
    )
