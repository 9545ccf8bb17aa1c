"""What the decoding process replies, checked before it is believed to have the form of a reply."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import EVIDENCE_ERROR_KINDS, EvidenceError
from geolocdesk.evidence.formats import MEDIA_TYPES
from geolocdesk.evidence.messages import JsonObject, MessageError, integer_field, list_field, text_field
from geolocdesk.evidence.record import EvidenceRecord, ExifSummary
from geolocdesk.evidence.rendition import Rendition
from geolocdesk.evidence.untrusted import clean_text, shown_path

_SHA_256 = re.compile("[0-9a-f]{64}")
_TEXT_LIMIT = 1000


def sha256_of(file: JsonObject) -> str:
    """Return the hash in a ``FILE`` reply. Raises MessageError."""
    sha256 = text_field(file, "sha256")
    if not _SHA_256.fullmatch(sha256):
        message = "the hash is no SHA-256"
        raise MessageError(message)
    return sha256


def record_from(path: Path, file: JsonObject, picture: JsonObject, acquired_at: str) -> EvidenceRecord:
    """Return the record that a ``FILE`` and a ``PICTURE`` reply make, yet without EXIF. Raises MessageError."""
    media_type = text_field(file, "media_type")
    if media_type not in MEDIA_TYPES:
        message = "the media type is not on the allow-list"
        raise MessageError(message)
    remarks = [*list_field(file, "remarks"), *list_field(picture, "remarks")]
    return EvidenceRecord(
        path=path,
        sha256=sha256_of(file),
        size_bytes=integer_field(file, "size_bytes"),
        media_type=media_type,
        width_px=integer_field(picture, "width_px"),
        height_px=integer_field(picture, "height_px"),
        orientation=integer_field(picture, "orientation"),
        exif=ExifSummary(),
        acquired_at=acquired_at,
        remarks=tuple(clean_text(str(remark), _TEXT_LIMIT) for remark in remarks),
    )


def failure_from(path: Path, failure: JsonObject) -> EvidenceError:
    """Return the error that a ``FAILURE`` reply reports. Raises MessageError."""
    kind, message = text_field(failure, "kind"), clean_text(text_field(failure, "message"), _TEXT_LIMIT)
    if kind not in EVIDENCE_ERROR_KINDS:
        reason = "an unknown kind of failure is reported"
        raise MessageError(reason)
    if kind == "decoder_crashed":
        message = (
            f"{shown_path(path)} was not decoded because of a fault in this program ({message}): report it."
        )
    return EvidenceError(kind=kind, path=path, message=message)


def answers(picture: NDArray[np.uint8], rendition: Rendition) -> bool:
    """Return whether an array has the form that the rendition asks for."""
    if rendition.encoding == "jpeg":
        return picture.ndim == 1 and picture.size > 0
    if rendition.square_px is not None:
        return picture.shape == (rendition.square_px, rendition.square_px, 3)
    return picture.ndim == 3 and picture.size > 0
