"""What a photo's EXIF tags claim about it, each claim checked for sense.

Runs in the decoding process only: ExifRead may loop or fail in any way on hostile tags.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from geolocdesk.evidence.exif_tags import TAG_LIMIT, ExifTags, UnreadableTagError, read_tags
from geolocdesk.evidence.gps import read_altitude, read_direction, read_gps_time, read_position
from geolocdesk.evidence.record import ExifSummary
from geolocdesk.unavailable import Unavailable

_Value = TypeVar("_Value")

_NAME_LIMIT = 100
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")


def summarise(blocks: Iterable[bytes]) -> ExifSummary:
    """Return what the first readable block of tags says; blocks are TIFF structures."""
    problem, nothing = "", False
    for block in blocks:
        try:
            tags = read_tags(block)
        except UnreadableTagError as error:
            problem = problem or str(error)
            continue
        if tags:
            return _summarise_tags(tags, [problem] if problem else [])
        nothing = True
    if nothing:
        problem = problem or "The file holds a block of metadata in which no tag could be read."
    return ExifSummary.unreadable(problem) if problem else ExifSummary()


def _summarise_tags(tags: ExifTags, remarks: list[str]) -> ExifSummary:
    summary = ExifSummary(
        position=_or_unreadable(lambda: read_position(tags, remarks), remarks),
        altitude_m=_or_unreadable(lambda: read_altitude(tags), remarks),
        image_direction_deg=_or_unreadable(lambda: read_direction(tags, remarks), remarks),
        captured_at=_or_unreadable(lambda: _read_capture_time(tags, remarks), remarks),
        gps_time=_or_unreadable(lambda: read_gps_time(tags), remarks),
        camera=_join_maker(tags.text("Image Make", _NAME_LIMIT), tags.text("Image Model", _NAME_LIMIT)),
        lens=_join_maker(tags.text("EXIF LensMake", _NAME_LIMIT), tags.text("EXIF LensModel", _NAME_LIMIT)),
        software=tags.text("Image Software", _NAME_LIMIT) or Unavailable.NOT_AVAILABLE,
        tags=tags.listing(),
    )
    if len(tags) > TAG_LIMIT:
        remarks.append(f"Only the first {TAG_LIMIT} of {len(tags)} tags are listed.")
    return replace(summary, remark=" ".join(remarks))


def _or_unreadable(read: Callable[[], _Value], remarks: list[str]) -> _Value | Unavailable:
    try:
        return read()
    except UnreadableTagError as error:
        remarks.append(str(error))
        return Unavailable.UNREADABLE


def _read_capture_time(tags: ExifTags, remarks: list[str]) -> str | Unavailable:
    """Return the local time of capture, with its UTC offset where one is given. Raises UnreadableTagError."""
    stated = tags.text("EXIF DateTimeOriginal")
    if not stated.strip("0: -"):  # blanks and zeros are how cameras write "unknown"
        return Unavailable.NOT_AVAILABLE
    try:
        time = datetime.fromisoformat(stated[:10].replace(":", "-") + stated[10:19])
    except ValueError as error:
        message = "The time of capture makes no sense."
        raise UnreadableTagError(message) from error
    offset = tags.text("EXIF OffsetTimeOriginal")
    if offset in {"Z", "UTC"}:
        offset = "+00:00"
    if offset.strip(": ") and not _OFFSET.fullmatch(offset):
        remarks.append("The time zone of the time of capture makes no sense.")
        offset = ""
    return time.isoformat() + offset.strip(": ")


def _join_maker(maker: str, model: str) -> str | Unavailable:
    """Return maker and model, the maker once where the model repeats it."""
    name = model if model.casefold().startswith(maker.casefold()) else f"{maker} {model}".strip()
    return name or Unavailable.NOT_AVAILABLE
