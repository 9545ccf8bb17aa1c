"""Position, height, direction and time from a photo's GPS tags, each checked."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from geolocdesk.evidence.exif_tags import ExifTags, UnreadableTagError
from geolocdesk.geodesy import Position
from geolocdesk.unavailable import Unavailable

_ALTITUDE_SIGNS = {0: 1, 1: -1, 2: 1, 3: -1}
_WGS_84 = frozenset({"", "WGS84", "WGS1984"})
_HIGHEST_M = 100_000
_LOWEST_M = -12_000


def read_position(tags: ExifTags, remarks: list[str]) -> Position | Unavailable:
    """Return the position that the tags state. Raises UnreadableTagError where they make no sense."""
    if "GPS GPSLatitude" not in tags and "GPS GPSLongitude" not in tags:
        return Unavailable.NOT_AVAILABLE
    latitude = tags.numbers("GPS GPSLatitude")
    longitude = tags.numbers("GPS GPSLongitude")
    if latitude and longitude and not any(latitude) and not any(longitude):
        remarks.append("The GPS tags hold only zeros, which stand for a missing position.")
        return Unavailable.NOT_AVAILABLE
    position = Position(
        _angle(latitude, tags.text("GPS GPSLatitudeRef"), "NS", 90, "latitude"),
        _angle(longitude, tags.text("GPS GPSLongitudeRef"), "EW", 180, "longitude"),
    )
    remarks.extend(_doubts_about_position(tags))
    return position


def read_altitude(tags: ExifTags) -> float | Unavailable:
    """Return the height above sea level in metres. Raises UnreadableTagError."""
    if "GPS GPSAltitude" not in tags:
        return Unavailable.NOT_AVAILABLE
    values = tags.numbers("GPS GPSAltitude")
    references = tags.numbers("GPS GPSAltitudeRef") or (Fraction(0),)
    sign = _ALTITUDE_SIGNS.get(int(references[0])) if references[0] is not None else None
    if len(values) != 1 or values[0] is None or sign is None:
        message = "The GPS altitude is not a number."
        raise UnreadableTagError(message)
    altitude_m = float(sign * values[0])
    if not _LOWEST_M <= altitude_m <= _HIGHEST_M:
        message = "The GPS altitude is out of range."
        raise UnreadableTagError(message)
    return altitude_m


def read_direction(tags: ExifTags, remarks: list[str]) -> float | Unavailable:
    """Return the compass direction the camera faced, 0 ≤ x < 360. Raises UnreadableTagError."""
    if "GPS GPSImgDirection" not in tags:
        return Unavailable.NOT_AVAILABLE
    values = tags.numbers("GPS GPSImgDirection")
    if len(values) != 1 or values[0] is None or not 0 <= values[0] <= 360:
        message = "The image direction is not between 0 and 360 degrees."
        raise UnreadableTagError(message)
    if tags.text("GPS GPSImgDirectionRef").upper() == "M":
        remarks.append("The image direction is measured from magnetic north.")
    return float(values[0]) % 360.0


def read_gps_time(tags: ExifTags) -> str | Unavailable:
    """Return the time of the GPS fix, ISO 8601 in UTC. Raises UnreadableTagError."""
    date, clock = tags.text("GPS GPSDate"), tags.numbers("GPS GPSTimeStamp")
    if not date or not clock:
        return Unavailable.NOT_AVAILABLE
    try:
        day = datetime.fromisoformat(date.replace(":", "-")).replace(tzinfo=UTC)
        seconds = _seconds_of_day(clock)
        time = day + timedelta(milliseconds=round(1000 * seconds))
    except (ValueError, OverflowError) as error:
        message = "The GPS date and time make no sense."
        raise UnreadableTagError(message) from error
    return time.isoformat(timespec="milliseconds" if time.microsecond else "seconds").replace("+00:00", "Z")


def _angle(
    values: Sequence[Fraction | None], hemisphere: str, hemispheres: str, limit: int, what: str
) -> float:
    """Return degrees, minutes and seconds as signed degrees; the first hemisphere counts as positive."""
    if not 1 <= len(values) <= 3:
        message = f"The GPS {what} does not hold degrees, minutes and seconds."
        raise UnreadableTagError(message)
    degrees = Fraction(0)
    for value, unit in zip(values, (1, 60, 3600), strict=False):
        if value is None or value < 0 or (unit > 1 and value > 60):
            message = f"The GPS {what} holds values that are no degrees, minutes and seconds."
            raise UnreadableTagError(message)
        degrees += value / unit
    if degrees > limit:
        message = f"The GPS {what} is more than {limit} degrees."
        raise UnreadableTagError(message)
    letter = hemisphere[:1].upper()
    if not letter or letter not in hemispheres:
        message = f"The GPS {what} does not say which hemisphere it is in."
        raise UnreadableTagError(message)
    return float(degrees) if letter == hemispheres[0] else -float(degrees)


def _doubts_about_position(tags: ExifTags) -> list[str]:
    doubts: list[str] = []
    if tags.text("GPS GPSStatus").upper() == "V":
        doubts.append("The camera marked its GPS position as not current.")
    datum = tags.text("GPS GPSMapDatum")
    if datum.upper().replace(" ", "").replace("-", "").replace("_", "") not in _WGS_84:
        doubts.append(f"The GPS position is stated in the datum {datum} and was taken as WGS 84.")
    return doubts


def _seconds_of_day(clock: Sequence[Fraction | None]) -> Fraction:
    if len(clock) != 3:
        message = "not hours, minutes and seconds"
        raise ValueError(message)
    seconds = Fraction(0)
    for value, unit, limit in zip(clock, (3600, 60, 1), (23, 59, 60), strict=True):
        if value is None or not 0 <= value <= limit + Fraction(999999, 1000000):
            message = "not a time of day"
            raise ValueError(message)
        seconds += value * unit
    return seconds
