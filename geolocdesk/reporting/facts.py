"""Tables of a report: what this program found out, and what a file claims about itself."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from geolocdesk.analysis import Exclusions
from geolocdesk.cartography.coordinates import decimal_text, dms_text
from geolocdesk.casefile.exhibit import AnalysisSummary, Exhibit
from geolocdesk.evidence.record import EvidenceRecord, ExifSummary
from geolocdesk.provenance import JsonValue, Provenance
from geolocdesk.quantities import NO_BREAK, distance_text, size_text
from geolocdesk.unavailable import Unavailable
from geolocdesk.visible_text import visible_text

_Claimed = TypeVar("_Claimed")

_ORIENTATIONS = {
    1: "as stored",
    2: "mirrored left to right",
    3: "turned by 180°",
    4: "mirrored top to bottom",
    5: "mirrored and turned by 270°",
    6: "turned by 90° clockwise",
    7: "mirrored and turned by 90°",
    8: "turned by 270° clockwise",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a table."""

    name: str
    value: str
    is_missing: bool = False
    """The value says why there is none."""
    is_code: bool = False
    """The value is a hash or an id, to be compared character by character."""


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Lines under one heading."""

    title: str
    facts: tuple[Fact, ...]


def optional_fact(
    name: str, value: _Claimed | Unavailable, write: Callable[[_Claimed], str] = str, *, is_code: bool = False
) -> Fact:
    """Return a line for a value that may be missing, in which case the reason is written out."""
    if isinstance(value, Unavailable):
        return Fact(name, str(value), is_missing=True)
    return Fact(name, write(value), is_code=is_code)


def stated_fact(name: str, text: str) -> Fact:
    """Return a line for text somebody may have left empty: then ``not available``."""
    return optional_fact(name, text.strip() or Unavailable.NOT_AVAILABLE, visible_text)


def time_text(at: str) -> str:
    """Return a time of the case, ISO 8601 in UTC, as ``2025-11-20 09:15:00 UTC``; others as they are."""
    if len(at) >= len("2025-11-20T09:15:00Z") and at[10] == "T" and at.endswith(("Z", "+00:00")):
        return f"{at[:10]} {at[11:19]} UTC"
    return visible_text(at)


def orientation_text(orientation: int) -> str:
    """Return what was done to a picture for its EXIF orientation."""
    return _ORIENTATIONS.get(orientation, str(orientation))


def file_facts(exhibit: Exhibit, record: EvidenceRecord | None) -> tuple[Fact, ...]:
    """Return what this program read of a file; the hash first, for it says which file is meant."""
    facts = [
        optional_fact("SHA-256", exhibit.sha256, is_code=True),
        Fact("File name", visible_text(exhibit.name)),
        Fact("Folder", visible_text(_readable(str(exhibit.path.parent)))),
    ]
    if record is not None:
        facts += [
            Fact("Size", size_text(record.size_bytes)),
            Fact("Type, judged by content", record.media_type),
            Fact("Pixels", f"{record.width_px}{NO_BREAK}×{NO_BREAK}{record.height_px}"),
            Fact("Orientation", orientation_text(record.orientation)),
            Fact("Read by this program", time_text(record.acquired_at)),
        ]
    facts += [
        Fact("Taken into the case", time_text(exhibit.added_at)),
        Fact("Original kept in the case", "yes" if exhibit.has_original else "no"),
    ]
    return tuple(facts)


def claim_facts(exif: ExifSummary, distance_km: float | Unavailable) -> tuple[Fact, ...]:
    """Return what a file claims about itself; ``distance_km`` lies between its GPS claim and the answer."""
    return (
        optional_fact("GPS position", exif.position, decimal_text),
        optional_fact("… in degrees, minutes, seconds", exif.position, dms_text),
        optional_fact("… its distance from the answer", distance_km, distance_text),
        optional_fact("Altitude", exif.altitude_m, lambda metres: f"{metres:.0f}{NO_BREAK}m"),
        optional_fact("Direction of view", exif.image_direction_deg, lambda degrees: f"{degrees:.0f}°"),
        optional_fact("Captured at", exif.captured_at, visible_text),
        optional_fact("GPS time", exif.gps_time, visible_text),
        optional_fact("Camera", exif.camera, visible_text),
        optional_fact("Lens", exif.lens, visible_text),
        optional_fact("Software", exif.software, visible_text),
    )


def tag_groups(exif: ExifSummary) -> tuple[FactGroup, ...]:
    """Return every tag, grouped by the first word of its name, in the file's order."""
    groups: dict[str, list[Fact]] = {}
    for tag in exif.tags:
        title, _, name = tag.name.partition(" ")
        fact = Fact(visible_text(name or title), visible_text(tag.value))
        groups.setdefault(f"Tags: {visible_text(title)}" if name else "Tags", []).append(fact)
    return tuple(FactGroup(title, tuple(facts)) for title, facts in groups.items())


def exclusion_facts(exclusions: Exclusions) -> tuple[Fact, ...]:
    """Return everything that was left out of the search, by name; nothing where nothing was."""
    kinds = (
        ("Reference photos", sorted(exclusions.reference_ids)),
        ("Places", sorted(exclusions.places)),
        ("Photographers", sorted(exclusions.photographers)),
    )
    facts = [Fact(name, ", ".join(map(visible_text, found))) for name, found in kinds if found]
    if exclusions.within is not None:
        area = exclusions.within
        facts.append(Fact("Everything outside the area", visible_text(area.name)))
        facts.append(Fact("… the area's SHA-256", area.sha256, is_code=True))
    if exclusions.countries:
        facts.append(Fact("Everything outside the countries", ", ".join(sorted(exclusions.countries))))
    if exclusions.own_copies:
        facts.append(Fact("Copies of the photo itself", "all that were found"))
    return tuple(facts)


def provenance_facts(
    analysis_id: str, provenance: Provenance, summary: AnalysisSummary | None
) -> tuple[Fact, ...]:
    """Return everything that decided an answer besides the photo; ``summary`` says when it was recorded."""
    recorded = () if summary is None else _recording_facts(summary)
    libraries = ", ".join(f"{name}{NO_BREAK}{version}" for name, version in provenance.libraries.items())
    return (
        Fact("Analysis id", analysis_id, is_code=True),
        *recorded,
        Fact("Program", f"geolocdesk {provenance.program_version}"),
        Fact("Model", visible_text(provenance.model_id)),
        Fact("Model identity SHA-256", provenance.model_identity_sha256, is_code=True),
        Fact("Weights SHA-256", provenance.weights_sha256, is_code=True),
        Fact("Reference pack", visible_text(provenance.pack_name)),
        Fact("Pack id", provenance.pack_id, is_code=True),
        *_verified(summary),
        *_calibration(provenance),
        *(Fact(_title(name), _value_text(value)) for name, value in _parameters(provenance)),
        Fact("Computing device", visible_text(provenance.device)),
        Fact("Libraries", visible_text(libraries)),
    )


def _recording_facts(summary: AnalysisSummary) -> Iterator[Fact]:
    yield Fact("Recorded in the case", f"{time_text(summary.recorded_at)}, as analysis {summary.version}")
    yield Fact("Stored analysis SHA-256", summary.document_sha256, is_code=True)


def _verified(summary: AnalysisSummary | None) -> Iterator[Fact]:
    if summary is not None:
        yield optional_fact("Pack last fully verified", summary.pack_verified_at, time_text)


def _calibration(provenance: Provenance) -> Iterator[Fact]:
    if provenance.calibration_sha256 is not None:
        yield Fact("Calibration SHA-256", provenance.calibration_sha256, is_code=True)


def _parameters(provenance: Provenance) -> Iterator[tuple[str, JsonValue]]:
    """Yield the parameters but for the exclusions, which a report lists by themselves."""
    for name, value in provenance.parameters.items():
        if name != "exclusions":
            yield name, value


def _title(name: str) -> str:
    known = {
        "bandwidth_deg": "Kernel bandwidth σ",
        "exponent": "Weight exponent m",
        "neighbours": "Neighbours k",
    }
    return known.get(name, name[:1].upper() + name[1:].replace("_", " "))


def _value_text(value: JsonValue) -> str:
    return visible_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _readable(text: str) -> str:
    """Return a path as text even where its bytes are not."""
    return text.encode("utf-8", "replace").decode("utf-8")
