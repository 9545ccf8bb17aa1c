"""The formats that may be decoded, judged by a file's first bytes and never by its name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhotoFormat:
    """A format on the allow-list."""

    name: str
    """As written for a reader."""
    decoder: str
    """Pillow's name for it, the only decoder that is tried."""
    media_type: str


JPEG = PhotoFormat("JPEG", "JPEG", "image/jpeg")
PNG = PhotoFormat("PNG", "PNG", "image/png")
GIF = PhotoFormat("GIF", "GIF", "image/gif")
BMP = PhotoFormat("BMP", "BMP", "image/bmp")
WEBP = PhotoFormat("WebP", "WEBP", "image/webp")
TIFF = PhotoFormat("TIFF", "TIFF", "image/tiff")
HEIC = PhotoFormat("HEIC", "HEIF", "image/heic")
HEIF = PhotoFormat("HEIF", "HEIF", "image/heif")
AVIF = PhotoFormat("AVIF", "AVIF", "image/avif")

MEDIA_TYPES = frozenset(
    photo_format.media_type for photo_format in (JPEG, PNG, GIF, BMP, WEBP, TIFF, HEIC, HEIF, AVIF)
)

# fmt: off
PHOTO_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".tif", ".tiff", ".bmp", ".dib", ".gif",
    ".heic", ".heif", ".hif", ".avif",
})
# fmt: on
"""Names under which photos are looked for in folders, in lower case."""

RECOGNITION_BYTES = 4096
"""How much of a file's beginning is looked at."""

_SIGNATURES: tuple[tuple[bytes, PhotoFormat], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
)
_BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF_BRANDS = frozenset({b"mif1", b"mif2", b"msf1"})

_CAMERA_RAW = "a camera's raw file: develop it to TIFF or JPEG first"
_VIDEO = "a video: take frames out of it first"
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document: take its pictures out first"),
    (b"PK\x03\x04", "an archive or office document: unpack it first"),
    (b"\x1f\x8b", "a compressed archive: unpack it first"),
    (b"Rar!", "an archive: unpack it first"),
    (b"7z\xbc\xaf", "an archive: unpack it first"),
    (b"FUJIFILMCCD-RAW", _CAMERA_RAW),
    (b"IIRO", _CAMERA_RAW),
    (b"IIRS", _CAMERA_RAW),
    (b"MMOR", _CAMERA_RAW),
    (b"IIU\x00", _CAMERA_RAW),
    (b"FOVb", _CAMERA_RAW),
    (b"\xff\x0a", "a JPEG XL picture: convert it to PNG or TIFF first"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture: convert it to PNG or TIFF first"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture: convert it to PNG or TIFF first"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture: convert it to PNG or TIFF first"),
    (b"8BPS", "a Photoshop document: export it to TIFF or PNG first"),
    (b"\x1aE\xdf\xa3", _VIDEO),
    (b"<svg", "a drawing, not a photo"),
)


def recognise_format(content: bytes) -> PhotoFormat | None:
    """Return the format that the content's first bytes show, or None when it is not on the allow-list."""
    if _refusal_of(content) is not None:
        return None
    for signature, photo_format in _SIGNATURES:
        if content.startswith(signature):
            return photo_format
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WEBP
    if content.startswith(b"BM") and int.from_bytes(content[14:18], "little") in _BMP_HEADER_SIZES:
        return BMP
    return _format_of_brands(_brands(content))


def describe_refused(content: bytes) -> str:
    """Return what a file that is not on the allow-list is, and what to do about it, after "it is …"."""
    refusal = _refusal_of(content)
    if refusal is not None:
        return refusal
    if _brands(content):
        return _VIDEO
    return "in no format that is accepted: JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC or AVIF"


def _refusal_of(content: bytes) -> str | None:
    if content[8:10] == b"CR" and content[:4] in {b"II*\x00", b"MM\x00*"}:
        return _CAMERA_RAW
    if b"crx " in _brands(content):
        return _CAMERA_RAW
    return next((text for signature, text in _REFUSED if content.startswith(signature)), None)


def _brands(content: bytes) -> tuple[bytes, ...]:
    """Return an ISO base media file's brands, the major one first; empty for any other file."""
    if content[4:8] != b"ftyp":
        return ()
    end = min(int.from_bytes(content[:4], "big"), len(content), RECOGNITION_BYTES)
    return (content[8:12], *(content[start : start + 4] for start in range(16, end - 3, 4)))


def _format_of_brands(brands: tuple[bytes, ...]) -> PhotoFormat | None:
    if not brands:
        return None
    if brands[0] in _AVIF_BRANDS:
        return AVIF
    if brands[0] in _HEIC_BRANDS:
        return HEIC
    if brands[0] not in _HEIF_BRANDS:
        return None
    if not _AVIF_BRANDS.isdisjoint(brands):
        return AVIF
    return HEIF if _HEIC_BRANDS.isdisjoint(brands) else HEIC
