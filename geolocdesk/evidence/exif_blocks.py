"""Where in a photo its EXIF tags may be read. Runs in the decoding process only."""

from collections.abc import Iterator

from PIL import ExifTags, Image, ImageFile

from geolocdesk.evidence.formats import TIFF, PhotoFormat
from geolocdesk.evidence.pillow import DECODER_FAULTS

_PREFIX = b"Exif\x00\x00"
_BIGTIFF_SIGNATURES = (b"II+\x00", b"MM\x00+")
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)


def find_exif(image: ImageFile.ImageFile, content: bytes, photo_format: PhotoFormat) -> Iterator[bytes]:
    """Return what EXIF tags may be read from, the most original first: TIFF structures."""
    if photo_format is TIFF and not content.startswith(_BIGTIFF_SIGNATURES):
        yield content
    block = _heif_block(content) if photo_format.decoder == "HEIF" else image.info.get("exif")
    if isinstance(block, bytes) and block:
        yield block.removeprefix(_PREFIX)
    rebuilt = _rebuild_exif(image)
    if rebuilt:
        yield rebuilt


def _heif_block(content: bytes) -> object:
    """Return the block as it is stored; in the opened image pillow-heif has set its orientation to 1."""
    import pillow_heif

    try:
        return pillow_heif.open_heif(content).info.get("exif")
    except DECODER_FAULTS:
        return None


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
