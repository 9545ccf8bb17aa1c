"""What a case holds, as values: its details, its exhibits, their analyses and the notes on them."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from geolocdesk.estimation.location import EstimationParameters, Familiarity, LevelAnswer
from geolocdesk.geodesy import Position
from geolocdesk.unavailable import Unavailable


class ExhibitStatus(Enum):
    """How far one photo is; the member's value is the word shown."""

    PENDING = "pending"
    ANALYSED = "analysed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CaseDetails:
    """Who investigates what. Texts may be empty where they are not known."""

    title: str
    number: str = ""
    examiner: str = ""
    organisation: str = ""
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class CaseSettings:
    """What the next analysis in this case uses; each finished analysis keeps its own in its provenance."""

    model: Path | None = None
    pack: Path | None = None
    parameters: EstimationParameters = field(default_factory=EstimationParameters)


@dataclass(frozen=True, slots=True)
class AnalysisSummary:
    """One analysis as a list shows it, without the neighbours and the regions."""

    exhibit: int
    version: int
    """1 for the exhibit's first analysis; the pair names the analysis in the case."""
    analysis_id: str
    document_sha256: str
    """SHA-256 of the stored analysis."""
    recorded_at: str
    position: Position
    levels: tuple[LevelAnswer, ...]
    exif_distance_km: float | Unavailable
    model_id: str
    pack_id: str
    pack_name: str
    pack_verified_at: str | Unavailable
    """When the whole pack was last checked against its hashes, as far as known at the time."""
    familiarity: Familiarity | Unavailable = Unavailable.NOT_AVAILABLE
    """How like the pack's photos the photo is; ``NOT_AVAILABLE`` without a calibration."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One photo of the case as a list shows it."""

    number: int
    """1 for the first; never given to another photo, even after removal."""
    path: Path
    """Where it was read from."""
    sha256: str | Unavailable
    """``NOT_AVAILABLE`` where the photo could not be taken in."""
    status: ExhibitStatus
    failure_kind: str
    """Why it failed, by name (``EvidenceError.kind``); empty unless failed."""
    failure: str
    """Why it failed, as a sentence; empty unless failed."""
    added_at: str
    removed: bool
    has_thumbnail: bool
    has_original: bool
    """Whether the file's bytes are in the case."""
    current: AnalysisSummary | None
    """The analysis that counts; None before the first one."""

    @property
    def name(self) -> str:
        """Return the file's name, readable even where its bytes are not text."""
        return self.path.name.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Note:
    """What the examiner wrote about one exhibit, or about the case (``exhibit`` None)."""

    number: int
    exhibit: int | None
    text: str
    author: str
    written_at: str
    edited_at: str | Unavailable
    removed: bool


@dataclass(frozen=True, slots=True)
class CaseInfo:
    """A case at a glance."""

    path: Path
    details: CaseDetails
    format_version: int
    size_bytes: int
    created_at: str
    changed_at: str
    exhibits: int
    """Without the removed ones; the next three add up to it."""
    pending: int
    analysed: int
    failed: int
    removed: int
    analyses: int
    """All versions of all exhibits."""
    originals: int
    audit_entries: int
    audit_hash: str
    """The newest audit entry's hash. It stands for the whole history: note it down to recognise the case."""
