"""Turns a drawn photo into a JPEG file whose metadata says, first of all, that it is synthetic."""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from geolocdesk import __version__
from geolocdesk.geodesy import Position
from geolocdesk.practice.drawing import write_mark

MAKE = "geolocdesk practice world"
DESCRIPTION = "Synthetic picture drawn by geolocdesk (practice world). It shows no real place."
COPYRIGHT = "synthetic, CC0-1.0"


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """What the file says about itself."""

    photographer: str
    captured_at: datetime | None
    """Local solar time, None to leave it out."""
    position: Position | None
    """Position in the GPS tags, None to leave them out."""
    direction_deg: float | None = None
    remark: str = ""
    """Added to the user comment: what is special about the file."""


def encode_photo(photo: Image.Image, metadata: PhotoMetadata, *, quality: int = 88) -> bytes:
    """Return the photo as a JPEG file with its metadata."""
    stream = io.BytesIO()
    photo.save(stream, format="JPEG", quality=quality, exif=_exif(metadata))
    return stream.getvalue()


def reshare(photo: Image.Image, seed: int) -> Image.Image:
    """Return the photo as others pass it on: cropped a little, smaller, a little brighter or darker, marked again."""
    rng = np.random.default_rng([seed, 4])
    width, height = photo.size
    keep = float(rng.uniform(0.84, 0.93))
    left = int(rng.uniform(0, 1 - keep) * width)
    # The old mark at the bottom is cut off whole, so that it doesn't show through the new one.
    top = int(rng.uniform(0, 1 - keep - 0.055) * height)
    cropped = photo.crop((left, top, left + int(keep * width), top + int(keep * height)))
    wide = int(rng.choice((240, 288, 320)))
    smaller = cropped.resize((wide, round(wide * cropped.height / cropped.width)), Image.Resampling.LANCZOS)
    gain = float(rng.uniform(0.92, 1.08))
    return write_mark(smaller.point([min(255, round(level * gain)) for level in range(256)] * 3))


def _exif(metadata: PhotoMetadata) -> Image.Exif:
    exif = Image.Exif()
    base = ExifTags.Base
    exif[base.ImageDescription] = DESCRIPTION
    exif[base.Make] = MAKE
    exif[base.Model] = "synthetic camera"
    exif[base.Software] = f"geolocdesk {__version__} practice world"
    exif[base.Artist] = metadata.photographer
    exif[base.Copyright] = COPYRIGHT
    details = exif.get_ifd(ExifTags.IFD.Exif)
    comment = " ".join(part for part in ("Synthetic: drawn, not photographed.", metadata.remark) if part)
    details[base.UserComment] = b"ASCII\0\0\0" + comment.encode("ascii")
    if metadata.captured_at is not None:
        details[base.DateTimeOriginal] = metadata.captured_at.strftime("%Y:%m:%d %H:%M:%S")
    if metadata.position is not None:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(_gps(metadata, metadata.position))
    return exif


def _gps(metadata: PhotoMetadata, position: Position) -> dict[int, object]:
    tag = ExifTags.GPS
    gps: dict[int, object] = {
        tag.GPSVersionID: b"\x02\x03\x00\x00",
        tag.GPSLatitudeRef: "N" if position.latitude >= 0 else "S",
        tag.GPSLatitude: _sexagesimal(position.latitude),
        tag.GPSLongitudeRef: "E" if position.longitude >= 0 else "W",
        tag.GPSLongitude: _sexagesimal(position.longitude),
        tag.GPSMapDatum: "WGS-84",
    }
    if metadata.direction_deg is not None:
        gps[tag.GPSImgDirectionRef] = "T"
        gps[tag.GPSImgDirection] = IFDRational(round(metadata.direction_deg * 100) % 36_000, 100)
    if metadata.captured_at is not None:
        # Solar time is ahead of UTC by four minutes a degree of eastern longitude.
        utc = metadata.captured_at - timedelta(minutes=4 * position.longitude)
        gps[tag.GPSDateStamp] = utc.strftime("%Y:%m:%d")
        gps[tag.GPSTimeStamp] = tuple(IFDRational(part, 1) for part in (utc.hour, utc.minute, utc.second))
    return gps


def _sexagesimal(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Return degrees, minutes and seconds; seconds to a ten-thousandth, 3 mm on the ground."""
    ten_thousandths = round(Fraction(str(abs(degrees))) * 3600 * 10_000)
    seconds, minutes = ten_thousandths % 600_000, ten_thousandths // 600_000
    return IFDRational(minutes // 60, 1), IFDRational(minutes % 60, 1), IFDRational(seconds, 10_000)
