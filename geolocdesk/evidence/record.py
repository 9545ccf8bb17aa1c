"""What is known about one photo before anything is computed from it."""

from dataclasses import dataclass
from pathlib import Path

from geolocdesk.geodesy import Position
from geolocdesk.unavailable import Unavailable


@dataclass(frozen=True, slots=True)
class ExifTag:
    """One tag as the file states it: ``name`` with its group (``GPS GPSLatitude``), value as text."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ExifSummary:
    """The file's own claims about itself. They are untrusted and never enter an estimate."""

    position: Position | Unavailable = Unavailable.NOT_AVAILABLE
    """WGS 84 position from the GPS tags."""
    altitude_m: float | Unavailable = Unavailable.NOT_AVAILABLE
    image_direction_deg: float | Unavailable = Unavailable.NOT_AVAILABLE
    """Compass direction the camera faced, 0 ≤ x < 360."""
    captured_at: str | Unavailable = Unavailable.NOT_AVAILABLE
    """ISO 8601; with a UTC offset only where the file gives one, else local time without."""
    gps_time: str | Unavailable = Unavailable.NOT_AVAILABLE
    """ISO 8601 in UTC, from the GPS date and time tags."""
    camera: str | Unavailable = Unavailable.NOT_AVAILABLE
    """Make and model."""
    lens: str | Unavailable = Unavailable.NOT_AVAILABLE
    software: str | Unavailable = Unavailable.NOT_AVAILABLE
    tags: tuple[ExifTag, ...] = ()
    """Every readable tag but thumbnails and maker notes, in file order, values cut to 200 characters."""
    remark: str = ""
    """What was wrong with the metadata, in a sentence each; empty when nothing was."""

    @classmethod
    def unreadable(cls, remark: str) -> "ExifSummary":
        """Return the summary of metadata that are there and could not be read."""
        unreadable = Unavailable.UNREADABLE
        return cls(
            position=unreadable,
            altitude_m=unreadable,
            image_direction_deg=unreadable,
            captured_at=unreadable,
            gps_time=unreadable,
            camera=unreadable,
            lens=unreadable,
            software=unreadable,
            remark=remark,
        )


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """One photo as it was taken in."""

    path: Path
    """Where it was read from, as the user named it."""
    sha256: str
    size_bytes: int
    media_type: str
    """Judged by content: ``image/jpeg``, ``image/png``, ``image/heic`` …"""
    width_px: int
    """Width as shown, after the EXIF orientation is applied."""
    height_px: int
    orientation: int
    """EXIF orientation 1–8 that was applied; 1 where the file gives none."""
    exif: ExifSummary
    acquired_at: str
    """ISO 8601 in UTC: when this program read it (passed in by the caller)."""
    remarks: tuple[str, ...] = ()
    """What the decoder noticed and worked round, such as a truncated file or a first frame of several."""
