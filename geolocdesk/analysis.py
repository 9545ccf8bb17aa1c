"""The whole pipeline for one photo, in order, on one page."""

from dataclasses import dataclass, field
from pathlib import Path

from geolocdesk.estimation.location import LocationEstimate
from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.features.descriptor import Descriptor
from geolocdesk.provenance import Provenance
from geolocdesk.reference.neighbours import Neighbours
from geolocdesk.unavailable import Unavailable


@dataclass(frozen=True, slots=True)
class Exclusions:
    """References the examiner ruled out; the search goes on to the next nearest ones in their stead."""

    reference_ids: frozenset[str] = field(default_factory=frozenset)
    places: frozenset[str] = field(default_factory=frozenset)
    photographers: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class AnalysisFailure:
    """A photo that could not be analysed, and why; the batch went on without it."""

    path: Path
    kind: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """One photo, answered: what it is, what it resembles, where that points, and what decided it."""

    analysis_id: str
    evidence: EvidenceRecord
    descriptor: Descriptor
    """Kept so that the search can be repeated with other parameters without running the network."""
    exclusions: Exclusions
    neighbours: Neighbours
    estimate: LocationEstimate
    provenance: Provenance
    exif_distance_km: float | Unavailable
    """Great-circle distance between the estimate and the file's own GPS claim."""
