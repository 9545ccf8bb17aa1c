"""EXIF tags as ExifRead finds them: untrusted values behind the few questions that are asked of them."""

import io
import logging
from collections.abc import Mapping
from fractions import Fraction

import exifread
from exifread.core.exceptions import ExifError
from PIL import ExifTags as Names
from PIL import Image

from geolocdesk.evidence.pillow import DECODER_FAULTS
from geolocdesk.evidence.record import ExifTag
from geolocdesk.evidence.untrusted import clean_text

TAG_LIMIT = 500
_NAME_LIMIT = 80
_VALUE_LIMIT = 200
_LEFT_OUT = ("Thumbnail ", "MakerNote ", "EXIF MakerNote", "JPEGThumbnail", "TIFFThumbnail")

logging.getLogger("exifread").setLevel(logging.CRITICAL)


class UnreadableTagError(Exception):
    """A tag is there but what it holds makes no sense; the message says so in one sentence."""


class ExifTags:
    """One photo's tags, by ExifRead's names (``GPS GPSLatitude``)."""

    def __init__(self, untrusted_tags: Mapping[str, object]) -> None:
        self._untrusted_tags = untrusted_tags

    def __contains__(self, name: str) -> bool:
        return name in self._untrusted_tags

    def __len__(self) -> int:
        return len(self._untrusted_tags)

    def text(self, name: str, limit: int = _VALUE_LIMIT) -> str:
        """Return a text tag's value, cleaned; empty where the tag is missing, blank or no text."""
        untrusted = getattr(self._untrusted_tags.get(name), "values", "")
        if isinstance(untrusted, bytes):
            untrusted = untrusted.decode("latin-1")
        return clean_text(untrusted, limit) if isinstance(untrusted, str) else ""

    def numbers(self, name: str) -> tuple[Fraction | None, ...]:
        """Return a number tag's values; None stands for 0/0, which cameras write for "unknown".

        Raises UnreadableTagError where another number is divided by zero or there is no number at all.
        """
        untrusted = getattr(self._untrusted_tags.get(name), "values", ())
        if not isinstance(untrusted, list):
            return ()
        try:
            return tuple(_number(value) for value in untrusted)
        except (ZeroDivisionError, TypeError, ValueError, OverflowError) as error:
            message = f"The tag {name.rsplit(maxsplit=1)[-1]} holds something that is no number."
            raise UnreadableTagError(message) from error

    def listing(self) -> tuple[ExifTag, ...]:
        """Return every tag but thumbnails and maker notes, in file order, cleaned and cut."""
        listed = (
            ExifTag(clean_text(name, _NAME_LIMIT), clean_text(str(value), _VALUE_LIMIT))
            for name, value in self._untrusted_tags.items()
            if not name.startswith(_LEFT_OUT)
        )
        return tuple(tag for tag, _ in zip(listed, range(TAG_LIMIT), strict=False))


def read_tags(block: bytes) -> ExifTags:
    """Return the tags of a TIFF structure. Raises UnreadableTagError where that fails."""
    try:
        untrusted_tags = exifread.process_file(io.BytesIO(block), details=False, extract_thumbnail=False)
    except (*DECODER_FAULTS, ExifError, MemoryError) as error:
        message = f"The metadata could not be read ({clean_text(str(error), 80) or type(error).__name__})."
        raise UnreadableTagError(message) from error
    comment = clean_text(_read_user_comment(block), _VALUE_LIMIT) if untrusted_tags else ""
    if comment:
        untrusted_tags["EXIF UserComment"] = comment
    return ExifTags(untrusted_tags)


def _read_user_comment(block: bytes) -> str:
    """Return the comment, which ExifRead only reads along with maker notes; empty where there is none."""
    try:
        exif = Image.Exif()
        exif.load(block)
        untrusted = exif.get_ifd(Names.IFD.Exif).get(Names.Base.UserComment)
    except DECODER_FAULTS:
        return ""
    if not isinstance(untrusted, bytes):
        return ""
    charset, text = untrusted[:8], untrusted[8 : 8 + 8 * _VALUE_LIMIT]
    if charset == b"UNICODE\0":
        return text.decode("utf-16-le" if block.startswith(b"II") else "utf-16-be", "replace")
    encoding = "iso2022_jp" if charset.startswith(b"JIS") else "utf-8"
    return text.decode(encoding, "replace")


def _number(untrusted: object) -> Fraction | None:
    if isinstance(untrusted, tuple) and len(untrusted) == 1:  # ExifRead leaves floats in tuples
        untrusted = untrusted[0]
    if isinstance(untrusted, Fraction):  # ExifRead's, whose denominator may be zero all the same
        if (untrusted.numerator, untrusted.denominator) == (0, 0):
            return None
        return Fraction(untrusted.numerator, untrusted.denominator)
    if isinstance(untrusted, int | float):
        return Fraction(untrusted)
    message = f"not a number: {type(untrusted).__name__}"
    raise TypeError(message)
