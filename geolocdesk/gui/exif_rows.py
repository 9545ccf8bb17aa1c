"""What is listed about one photo: the program's own findings, the file's claims, and every tag."""

from collections.abc import Iterator

from geolocdesk.evidence.record import EvidenceRecord
from geolocdesk.quantities import NO_BREAK, size_text
from geolocdesk.reporting.facts import Fact, FactGroup, claim_facts, orientation_text, tag_groups
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text


def list_groups(record: EvidenceRecord, distance_km: float | Unavailable) -> tuple[FactGroup, ...]:
    """Return everything known about the photo; ``distance_km`` lies between the GPS claim and the answer."""
    return (
        FactGroup("File, as read by this program", tuple(_file_facts(record))),
        FactGroup("Claims of the file", claim_facts(record.exif, distance_km)),
        *tag_groups(record.exif),
    )


def _file_facts(record: EvidenceRecord) -> Iterator[Fact]:
    yield Fact("Name", visible_text(record.path.name))
    yield Fact("Folder", visible_text(str(record.path.parent)))
    yield Fact("SHA-256", record.sha256)
    yield Fact("Size", size_text(record.size_bytes))
    yield Fact("Type, judged by content", record.media_type)
    yield Fact("Pixels", f"{record.width_px}{NO_BREAK}×{NO_BREAK}{record.height_px}")
    yield Fact("Orientation", orientation_text(record.orientation))
    yield Fact("Read at", record.acquired_at)
