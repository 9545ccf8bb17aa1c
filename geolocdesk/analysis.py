"""The whole pipeline for one photo, in order, on one page."""

from dataclasses import dataclass

from geolocdesk.estimation.location import LocationEstimate
from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.provenance import Provenance
from geolocdesk.reference.neighbours import Neighbours
from geolocdesk.unavailable import Unavailable


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """One photo, answered: what it is, what it resembles, where that points, and what decided it."""

    analysis_id: str
    evidence: EvidenceRecord
    neighbours: Neighbours
    estimate: LocationEstimate
    provenance: Provenance
    exif_distance_km: float | Unavailable
    """Great-circle distance between the estimate and the file's own GPS claim."""
