"""An EXIF summary on its way out of the decoding process, which is not trusted with it."""

import math

from geolocdesk.evidence.messages import JsonObject, MessageError, list_field, text_field
from geolocdesk.evidence.record import ExifSummary, ExifTag
from geolocdesk.evidence.untrusted import clean_text
from geolocdesk.geodesy import Position
from geolocdesk.provenance import JsonValue
from geolocdesk.unavailable import Unavailable

_TEXT_LIMIT = 250
_REMARK_LIMIT = 2000
_TAG_LIMIT = 500


def summary_to_json(summary: ExifSummary) -> JsonObject:
    """Return the summary as plain JSON values."""
    position = summary.position
    return {
        "position": _unavailable_to_json(position)
        if isinstance(position, Unavailable)
        else [position.latitude, position.longitude],
        "altitude_m": _to_json(summary.altitude_m),
        "image_direction_deg": _to_json(summary.image_direction_deg),
        "captured_at": _to_json(summary.captured_at),
        "gps_time": _to_json(summary.gps_time),
        "camera": _to_json(summary.camera),
        "lens": _to_json(summary.lens),
        "software": _to_json(summary.software),
        "tags": [[tag.name, tag.value] for tag in summary.tags],
        "remark": summary.remark,
    }


def summary_from_json(value: JsonObject) -> ExifSummary:
    """Return the summary that ``summary_to_json`` wrote, cleaned once more. Raises MessageError."""
    return ExifSummary(
        position=_position(value),
        altitude_m=_number(value, "altitude_m"),
        image_direction_deg=_number(value, "image_direction_deg"),
        captured_at=_text(value, "captured_at"),
        gps_time=_text(value, "gps_time"),
        camera=_text(value, "camera"),
        lens=_text(value, "lens"),
        software=_text(value, "software"),
        tags=tuple(_tag(entry) for entry in list_field(value, "tags")[:_TAG_LIMIT]),
        remark=clean_text(text_field(value, "remark"), _REMARK_LIMIT),
    )


def _to_json(field: str | float | Unavailable) -> JsonValue:
    return _unavailable_to_json(field) if isinstance(field, Unavailable) else field


def _unavailable_to_json(field: Unavailable) -> JsonObject:
    return {"unavailable": field.name}


def _unavailable(field: JsonValue, name: str) -> Unavailable:
    """Return why a field is missing; anything that says otherwise is no message of ours."""
    why = field.get("unavailable") if isinstance(field, dict) else None
    if isinstance(why, str) and why in Unavailable.__members__:
        return Unavailable[why]
    message = f"the field {name} is neither a value nor unavailable"
    raise MessageError(message)


def _position(value: JsonObject) -> Position | Unavailable:
    field = value.get("position")
    if not isinstance(field, list):
        return _unavailable(field, "position")
    if len(field) == 2 and isinstance(field[0], float) and isinstance(field[1], float):
        try:
            return Position(field[0], field[1])
        except ValueError as error:
            raise MessageError(str(error)) from error
    message = "the position is not a pair of numbers"
    raise MessageError(message)


def _number(value: JsonObject, name: str) -> float | Unavailable:
    field = value.get(name)
    if isinstance(field, float) and math.isfinite(field):
        return field
    return _unavailable(field, name)


def _text(value: JsonObject, name: str) -> str | Unavailable:
    field = value.get(name)
    return clean_text(field, _TEXT_LIMIT) if isinstance(field, str) else _unavailable(field, name)


def _tag(entry: JsonValue) -> ExifTag:
    if isinstance(entry, list) and len(entry) == 2:
        return ExifTag(clean_text(str(entry[0]), _TEXT_LIMIT), clean_text(str(entry[1]), _TEXT_LIMIT))
    message = "a tag is not a pair of texts"
    raise MessageError(message)
