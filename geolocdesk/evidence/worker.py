"""The decoding process: reads, hashes and decodes one photo after another, confined, and does nothing else.

It is started as a program of its own, speaks over its standard input and output, and imports neither the rest
of this program nor what the program was started from.
"""

import faulthandler
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from PIL import Image

from geolocdesk.errors import EvidenceError
from geolocdesk.evidence.confinement import confine
from geolocdesk.evidence.exif import summarise
from geolocdesk.evidence.exif_blocks import find_exif
from geolocdesk.evidence.exif_json import summary_to_json
from geolocdesk.evidence.formats import PhotoFormat, describe_refused, recognise_format
from geolocdesk.evidence.limits import IntakeLimits
from geolocdesk.evidence.messages import (
    JsonObject,
    Kind,
    MessageError,
    list_field,
    read_message,
    text_field,
    write_array,
    write_json,
)
from geolocdesk.evidence.packed import PackedFile, read_packed
from geolocdesk.evidence.picture import DecodedPhoto, decode
from geolocdesk.evidence.pillow import DecodingError
from geolocdesk.evidence.record import ExifSummary
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.evidence.source import SourceFile, read_once
from geolocdesk.evidence.untrusted import clean_text, shown_path

_CHANGED = "The file changed while it was read; the hash is of the bytes that were used."
_GRACE_S = 10.0


def main() -> None:
    """Answer requests until there are no more."""
    requests, replies = _take_over_streams()
    sys.excepthook = _FaultReport(replies)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt from the keyboard is the program's to answer
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # the limit is the caller's
    _, setup = read_message(requests, max_array_bytes=0)
    limits = IntakeLimits(**setup)  # type: ignore[arg-type]  # written by the program itself
    confine(limits.memory_bytes)
    longest_s = 2 * limits.timeout_s + limits.metadata_timeout_s + _GRACE_S
    write_json(replies, Kind.READY, {})
    with Path(os.devnull).open("w") as nowhere:
        while (request := _next_request(requests)) is not None:
            # Ends this process even if the program that should have done so is no more.
            faulthandler.dump_traceback_later(longest_s, exit=True, file=nowhere)
            _answer(request, limits, replies)
            faulthandler.cancel_dump_traceback_later()


def _take_over_streams() -> tuple[BinaryIO, BinaryIO]:
    """Return the two pipes, out of reach of libraries that print."""
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (requests, replies):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb", buffering=1 << 16)


class _FaultReport:
    """Tells the program what went wrong when the fault is this process's own."""

    def __init__(self, replies: BinaryIO) -> None:
        self._replies = replies

    def __call__(self, kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        place = traceback.extract_tb(trace)[-1]
        message = f"{kind.__name__}: {fault}, in {place.name}, line {place.lineno}"
        try:
            write_json(self._replies, Kind.FAILURE, {"kind": "decoder_crashed", "message": message})
        except OSError:
            os._exit(1)  # the program is gone


def _next_request(requests: BinaryIO) -> JsonObject | None:
    try:
        _, request = read_message(requests, max_array_bytes=0)
    except MessageError:
        return None
    return request if isinstance(request, dict) else None


def _answer(request: JsonObject, limits: IntakeLimits, replies: BinaryIO) -> None:
    path = Path(text_field(request, "path"))
    renditions = [
        Rendition.from_json(rendition)
        for rendition in list_field(request, "renditions")
        if isinstance(rendition, dict)
    ]
    packed = request.get("packed")
    try:
        source = (
            read_packed(PackedFile.from_json(packed), limits.max_bytes)  # type: ignore[arg-type]  # written by the program itself
            if isinstance(packed, dict)
            else read_once(path, limits.max_bytes)
        )
        photo_format = _recognise(path, source)
        _report_file(source, photo_format, replies)
        decoded = _decode(path, source, photo_format, renditions, limits)
    except EvidenceError as error:
        write_json(replies, Kind.FAILURE, {"kind": error.kind, "message": error.message})
        return
    except MemoryError:
        message = (
            f"Decoding {shown_path(path)} takes more than the {limits.memory_bytes / 2**30:.1f} GiB of memory "
            "that are allowed: make it smaller with a program you trust, and keep the original."
        )
        write_json(replies, Kind.FAILURE, {"kind": "decoder_memory", "message": message})
        return
    _report_pictures(decoded, replies)
    write_json(replies, Kind.EXIF, summary_to_json(_read_exif(decoded, source, photo_format)))


def _recognise(path: Path, source: SourceFile) -> PhotoFormat:
    photo_format = recognise_format(source.content)
    if photo_format is None:
        message = f"{shown_path(path)} is {describe_refused(source.content)}."
        raise EvidenceError(kind="unsupported_format", path=path, message=message)
    return photo_format


def _report_file(source: SourceFile, photo_format: PhotoFormat, replies: BinaryIO) -> None:
    report: JsonObject = {
        "sha256": source.sha256,
        "size_bytes": len(source.content),
        "media_type": photo_format.media_type,
        "remarks": [_CHANGED] if source.changed else [],
    }
    write_json(replies, Kind.FILE, report)


def _decode(
    path: Path,
    source: SourceFile,
    photo_format: PhotoFormat,
    renditions: Sequence[Rendition],
    limits: IntakeLimits,
) -> DecodedPhoto:
    try:
        return decode(source.content, photo_format, renditions, limits.max_pixels)
    except DecodingError as error:
        what = f"{shown_path(path)} is a {photo_format.name} file"
        if error.kind == "too_many_pixels":
            message = f"{what} too large to decode: {error.reason}."
        else:
            reason = clean_text(error.reason, 200)
            message = f"{what} that could not be decoded ({reason}): get an intact copy of it."
        raise EvidenceError(kind=error.kind, path=path, message=message) from error


def _report_pictures(decoded: DecodedPhoto, replies: BinaryIO) -> None:
    for picture in decoded.pictures:
        write_array(replies, picture)
    report: JsonObject = {
        "width_px": decoded.width_px,
        "height_px": decoded.height_px,
        "orientation": decoded.orientation,
        "remarks": list(decoded.remarks),
    }
    write_json(replies, Kind.PICTURE, report)


def _read_exif(decoded: DecodedPhoto, source: SourceFile, photo_format: PhotoFormat) -> ExifSummary:
    try:
        return summarise(find_exif(decoded.image, source.content, photo_format))
    except MemoryError:
        return ExifSummary.unreadable("The metadata take more memory than is allowed and were not read.")
