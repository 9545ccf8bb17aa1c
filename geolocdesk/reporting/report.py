"""What a report says, in ready wording: one content model for every format.

A renderer lays out and never words: “not available”, rounding, units and order are decided here. Beside the
wording stand the values themselves, for the formats that other programs read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from geolocdesk.analysis import Analysis
from geolocdesk.casefile.exhibit import AnalysisSummary, CaseDetails, Exhibit
from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.geodesy import Position
from geolocdesk.unavailable import Unavailable


@dataclass(frozen=True, slots=True)
class Contents:
    """The choice of what a report holds."""

    exhibits: frozenset[int] | None = None
    """Numbers of the exhibits; None for all of them."""
    photos: bool = True
    exif: bool = True
    """The table of what the file says about itself, every tag included."""
    maps: bool = True
    neighbours: int = 12
    """How many of the nearest references are shown."""
    notes: bool = True
    """Notes, tags and exclusions."""
    provenance: bool = True
    method: bool = True
    audit: bool = True


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a table: what, and its value written out."""

    name: str
    value: str
    is_code: bool = False
    """A hash, an identifier or a path, to be set in a fixed-width face."""
    is_missing: bool = False
    """The value says why there is none."""


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Lines under one heading."""

    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class LevelRow:
    """The answer at one level, in words."""

    name: str
    """``City``."""
    radius: str
    """``25 km``."""
    position: str
    place: str
    probability: str
    """``47 %``."""
    basis: str
    """``not calibrated``, or on how many photos it was."""


@dataclass(frozen=True, slots=True)
class NeighbourRow:
    """One reference photo that speaks for the answer, in words."""

    rank: int
    reference_id: str
    place: str
    position: str
    descriptor_distance: str
    weight: str
    from_answer: str
    photographer: str
    licence: str
    captured_at: str
    url: str
    thumbnail: bytes | None
    """JPEG, or None where the case keeps none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The place the neighbours point to, in words."""

    lead: str
    """The one sentence to read: ``Investigative lead: near Zagreb, Croatia``."""
    position: Position
    notations: tuple[Fact, ...]
    """The single best position in decimal degrees, DMS, UTM and MGRS."""
    place: str
    """Town, distance, direction, country and any remark on the area's status."""
    levels: tuple[LevelRow, ...]
    regions: tuple[Fact, ...]
    """``90 % region``: its area and number of parts."""
    exif_comparison: str
    """What the file claims, and how far that is from the answer."""
    calibration: str
    """What the probabilities rest on, in one sentence."""


@dataclass(frozen=True, slots=True)
class NoteText:
    """A note with its author and dates, in words."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class ExhibitReport:
    """Everything about one photo."""

    exhibit: Exhibit
    record: EvidenceRecord | None
    analysis: Analysis | None
    summary: AnalysisSummary | None
    title: str
    """``Exhibit 3: beach.jpg``."""
    status: str
    """``analysed``, ``pending``, or the failure as a sentence."""
    picture: bytes | None
    """JPEG, or None where the case keeps none."""
    file: tuple[Fact, ...]
    """What this program found: hash, size, type, where and when it was read."""
    remarks: tuple[str, ...]
    """What was wrong with the file or its metadata."""
    claims: tuple[Fact, ...]
    """What the file says about itself, in short."""
    tags: tuple[FactGroup, ...]
    """Every EXIF tag."""
    answer: Answer | None
    neighbours: tuple[NeighbourRow, ...]
    neighbours_total: int
    exclusions: tuple[Fact, ...]
    notes: tuple[NoteText, ...]
    labels: tuple[str, ...]
    """The examiner's tags."""
    provenance: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One photo in the table at the front."""

    number: int
    name: str
    status: str
    place: str
    position: str
    level: str
    """The finest level whose probability is at least one half, with it; or why there is none."""
    exif: str
    """How far the file's own claim is from the answer."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry of the audit trail, in words."""

    sequence: str
    at: str
    actor: str
    action: str
    inputs: str
    entry_hash: str


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """Error rates others published, in per cent of photos right at each level."""

    method: str
    percent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """Published error rates with their source."""

    title: str
    source: str
    columns: tuple[str, ...]
    rows: tuple[PublishedRow, ...]


@dataclass(frozen=True, slots=True)
class MethodPage:
    """How the answers came about, in plain language, with what limits them."""

    sections: tuple[tuple[str, tuple[str, ...]], ...]
    """Heading and paragraphs."""
    tables: tuple[PublishedTable, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A whole report. Exhibits and audit entries come one at a time, so that many do not fill the memory."""

    title: str
    subtitle: str
    details: CaseDetails
    case: tuple[Fact, ...]
    """The case's data for the title page."""
    statement: tuple[str, ...]
    """What kind of finding this is and how to read it, for the title page."""
    summary: tuple[SummaryRow, ...]
    case_notes: tuple[NoteText, ...]
    method: MethodPage | None
    changed_at: str
    """ISO 8601 in UTC: the case's last change, the only time a report carries."""
    audit_hash: str
    program_version: str
    contents: Contents
    exhibits: Callable[[], Iterator[ExhibitReport]]
    """Each call starts over."""
    audit: Callable[[], Iterator[AuditRow]]
    """Empty where the audit trail was not chosen."""

    @property
    def exhibit_count(self) -> int:
        """Return how many exhibits the report holds."""
        return len(self.summary)


MISSING = str(Unavailable.NOT_AVAILABLE)
