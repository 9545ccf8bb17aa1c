"""What a photo's JSON description says, each value checked: it is untrusted."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime

from geolocdesk.evidence.untrusted import clean_text
from geolocdesk.geodesy import Position
from geolocdesk.unavailable import Unavailable

_LONGEST_TEXT = 1000
_SECONDS_OF_MILLISECONDS = 100_000_000_000
"""From here on (the year 5138 in seconds) a number stands for milliseconds."""


def parse_object(content: bytes) -> dict[str, object] | str:
    """Return a JSON object, or why there is none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return "its description is no JSON"
    return value if isinstance(value, dict) else "its description is no JSON object"


def text_of(value: object) -> str | Unavailable:
    """Return a text or a whole number as clean text; anything else says nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return Unavailable.NOT_AVAILABLE
    return clean_text(str(value), _LONGEST_TEXT) or Unavailable.NOT_AVAILABLE


def first_text(fields: Mapping[str, object], *names: str) -> str | Unavailable:
    """Return the first of some fields that holds a text."""
    found = (text_of(fields.get(name)) for name in names)
    return next((text for text in found if not isinstance(text, Unavailable)), Unavailable.NOT_AVAILABLE)


def position_from(latitude: object, longitude: object) -> Position | str:
    """Return the position that two numbers, or texts of numbers, state, or why they state none."""
    numbers: list[float] = []
    for value in (latitude, longitude):
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return "it states no latitude and longitude"
        try:
            numbers.append(float(value))
        except (ValueError, OverflowError):
            return f"latitude or longitude is no number ({clean_text(str(value), 40)!r})"
    if not all(math.isfinite(number) for number in numbers):
        return "latitude or longitude is not finite"
    if not (-90.0 <= numbers[0] <= 90.0 and -180.0 <= numbers[1] <= 180.0):
        return f"latitude {numbers[0]} or longitude {numbers[1]} is out of range (±90, ±180 degrees)"
    return Position(*numbers)


def time_of(value: object) -> str | Unavailable:
    """Return ISO 8601 from a text in that form, or in UTC from seconds or milliseconds since 1970."""
    if isinstance(value, str) and not value.strip().replace(".", "", 1).isdigit():
        try:
            return datetime.fromisoformat(value.strip()).isoformat()
        except ValueError:
            return Unavailable.NOT_AVAILABLE
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return Unavailable.NOT_AVAILABLE
    try:
        number = float(value)
        seconds = number / 1000 if number >= _SECONDS_OF_MILLISECONDS else number
        time = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return Unavailable.NOT_AVAILABLE
    return time.isoformat(timespec="milliseconds" if time.microsecond else "seconds").replace("+00:00", "Z")
