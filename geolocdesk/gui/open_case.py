"""What the window knows of the open case: the case itself, one exhibit with all it has, a photo just taken in."""

from dataclasses import dataclass
from pathlib import Path

from geolocdesk.analysis import Analysis, Exclusions
from geolocdesk.casefile.exhibit import CaseDetails, CaseSettings, Exhibit, Note
from geolocdesk.casefile.reader import CaseReader
from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.gui.evidence_entry import EvidenceEntry


@dataclass(frozen=True, slots=True)
class OpenCase:
    """The case that is open now."""

    path: Path
    details: CaseDetails
    settings: CaseSettings
    exhibits: int
    read_only: str
    """Why it cannot be changed; empty where it can."""
    untitled: bool
    """Whether it lies in the program's own folder because nobody saved it under a name yet."""


@dataclass(frozen=True, slots=True, eq=False)
class ExhibitContents:
    """Everything the window shows of one exhibit."""

    exhibit: Exhibit
    record: EvidenceRecord | None
    analysis: Analysis | None
    exclusions: Exclusions
    notes: tuple[Note, ...]
    thumbnail: bytes | None


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a photo that was taken in."""

    entry: EvidenceEntry
    is_new: bool
    duplicate_of: int | None = None
    """The exhibit with the same content from another path; the photo was not added then."""


def read_contents(case: CaseReader, number: int) -> ExhibitContents:
    """Return everything about one exhibit. Raises CaseError."""
    return ExhibitContents(
        exhibit=case.exhibit(number),
        record=case.record(number),
        analysis=case.current_analysis(number),
        exclusions=case.exclusions(number),
        notes=tuple(case.notes(number)),
        thumbnail=case.thumbnail(number),
    )
