"""What is listed about one photo: the program's own findings, the file's claims, and every tag."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from geolocdesk.cartography.coordinates import decimal_text, dms_text
from geolocdesk.evidence.record import EvidenceRecord, ExifSummary
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
class Row:
    """One line of the table."""

    name: str
    value: str
    is_missing: bool = False
    """The value says why there is none."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading."""

    title: str
    rows: tuple[Row, ...]


def list_groups(record: EvidenceRecord, distance_km: float | Unavailable) -> tuple[Group, ...]:
    """Return everything known about the photo; ``distance_km`` lies between the GPS claim and the answer."""
    return (
        Group("File, as read by this program", tuple(_file_rows(record))),
        Group("Claims of the file", tuple(_claim_rows(record.exif, distance_km))),
        *_tag_groups(record.exif),
    )


def _file_rows(record: EvidenceRecord) -> Iterator[Row]:
    yield Row("Name", visible_text(record.path.name))
    yield Row("Folder", visible_text(str(record.path.parent)))
    yield Row("SHA-256", record.sha256)
    yield Row("Size", size_text(record.size_bytes))
    yield Row("Type, judged by content", record.media_type)
    yield Row("Pixels", f"{record.width_px}{NO_BREAK}×{NO_BREAK}{record.height_px}")
    yield Row("Orientation", _ORIENTATIONS.get(record.orientation, str(record.orientation)))
    yield Row("Read at", record.acquired_at)


def _claim_rows(exif: ExifSummary, distance_km: float | Unavailable) -> Iterator[Row]:
    yield _claim("GPS position", exif.position, decimal_text)
    yield _claim("… in degrees, minutes, seconds", exif.position, dms_text)
    yield _claim("… its distance from the answer", distance_km, distance_text)
    yield _claim("Altitude", exif.altitude_m, lambda metres: f"{metres:.0f}{NO_BREAK}m")
    yield _claim("Direction of view", exif.image_direction_deg, lambda degrees: f"{degrees:.0f}°")
    yield _claim("Captured at", exif.captured_at, visible_text)
    yield _claim("GPS time", exif.gps_time, visible_text)
    yield _claim("Camera", exif.camera, visible_text)
    yield _claim("Lens", exif.lens, visible_text)
    yield _claim("Software", exif.software, visible_text)


def _tag_groups(exif: ExifSummary) -> Iterator[Group]:
    """Yield the tags by the first word of their names, in the file's order."""
    groups: dict[str, list[Row]] = {}
    for tag in exif.tags:
        title, _, name = tag.name.partition(" ")
        row = Row(visible_text(name or title), visible_text(tag.value))
        groups.setdefault(f"Tags: {visible_text(title)}" if name else "Tags", []).append(row)
    for title, rows in groups.items():
        yield Group(title, tuple(rows))


def _claim(name: str, value: _Claimed | Unavailable, write: Callable[[_Claimed], str]) -> Row:
    if isinstance(value, Unavailable):
        return Row(name, str(value), is_missing=True)
    return Row(name, write(value))
