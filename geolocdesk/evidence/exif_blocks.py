"""Where in a photo its EXIF tags may be read. Runs in the decoding process only."""

from collections.abc import Iterator

from PIL import ExifTags, Image, ImageFile

from geolocdesk.evidence.formats import TIFF, PhotoFormat
from geolocdesk.evidence.pillow import DECODER_FAULTS

_PREFIX = b"Exif\x00\x00"
_BIGTIFF_SIGNATURES = (b"II+\x00", b"MM\x00+")
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)


def find_exif(image: ImageFile.ImageFile, content: bytes, photo_format: PhotoFormat) -> Iterator[bytes]:
    """Return what EXIF tags may be read from, the most original first: TIFF structures or the whole file."""
    block = image.info.get("exif")
    if photo_format is TIFF and not content.startswith(_BIGTIFF_SIGNATURES):
        yield content
    elif block and photo_format.decoder == "HEIF":
        yield content  # pillow-heif sets the orientation in its copy of the block to 1
    if isinstance(block, bytes) and block:
        yield block.removeprefix(_PREFIX)
    rebuilt = _rebuild_exif(image)
    if rebuilt:
        yield rebuilt


def _rebuild_exif(image: ImageFile.ImageFile) -> bytes:
    """Return the tags as Pillow reads them, written afresh: for damaged blocks, BigTIFF and PNG text chunks."""
    try:
        original = image.getexif()
        fresh = Image.Exif()
        for tag, value in original.items():
            fresh[tag] = original.get_ifd(tag) if tag in _DIRECTORIES else value
        return fresh.tobytes().removeprefix(_PREFIX) if len(fresh) else b""
    except DECODER_FAULTS:
        return b""
