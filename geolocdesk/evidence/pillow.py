"""Pillow, kept to one named decoder a file, and its faults turned into ours."""

import importlib
import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageFile, UnidentifiedImageError

from geolocdesk.evidence.formats import PhotoFormat

DECODER_FAULTS = (
    OSError,
    ValueError,
    SyntaxError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
)
"""What decoders raise on hostile bytes; MemoryError is told apart."""

_PLUGINS = {
    "JPEG": "PIL.JpegImagePlugin",
    "PNG": "PIL.PngImagePlugin",
    "GIF": "PIL.GifImagePlugin",
    "BMP": "PIL.BmpImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
    "TIFF": "PIL.TiffImagePlugin",
    "AVIF": "PIL.AvifImagePlugin",
}


class DecodingError(Exception):
    """A photo could not be turned into pictures; ``kind`` is one of ``EVIDENCE_ERROR_KINDS``."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


@contextmanager
def faults_as_decoding_errors() -> Iterator[None]:
    """Turn whatever a decoder raises into a DecodingError; running out of memory into MemoryError."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise DecodingError(
            kind="too_many_pixels", reason="it has more pixels than Pillow accepts"
        ) from error
    except UnidentifiedImageError as error:
        raise DecodingError(kind="damaged", reason="its header cannot be read") from error
    except DECODER_FAULTS as error:
        reason = str(error) or type(error).__name__
        if "memory" in reason.lower():  # Pillow, libtiff and libheif report it in other errors' clothes
            raise MemoryError(reason) from error
        raise DecodingError(kind="damaged", reason=reason) from error


def open_image(content: bytes, photo_format: PhotoFormat, max_pixels: int) -> ImageFile.ImageFile:
    """Return the image with its header read and nothing decoded. Raises DecodingError or MemoryError."""
    _register(photo_format.decoder)
    with faults_as_decoding_errors():
        image = Image.open(io.BytesIO(content), formats=[photo_format.decoder])
    check_pixels(image.size, max_pixels)
    return image


def check_pixels(size: tuple[int, int], max_pixels: int) -> None:
    """Raise DecodingError for a picture without pixels or with more than ``max_pixels``."""
    width, height = size
    if min(size) < 1:
        raise DecodingError(kind="damaged", reason=f"its size is given as {width} × {height}")
    if width * height > max_pixels:
        reason = f"{width:,} × {height:,} pixels are more than the {max_pixels:,} that are accepted"
        raise DecodingError(kind="too_many_pixels", reason=reason)


def _register(decoder: str) -> None:
    """Make one decoder known to Pillow, lest it import every one it has."""
    if decoder in Image.OPEN:
        return
    if decoder == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener(
            decode_threads=1, thumbnails=False, aux_images=False, depth_images=False
        )
        return
    importlib.import_module(_PLUGINS[decoder])
    if decoder == "AVIF":
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1
