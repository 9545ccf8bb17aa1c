"""Thumbnails as pictures. They come from cases and packs that others may have made, so only one format is read."""

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

_LARGEST_SIDE_PX = 4096


def thumbnail_image(jpeg: bytes | None, *, longest_px: int | None = None) -> QImage | None:
    """Return a JPEG as a picture, scaled down to ``longest_px``; None where it is missing or no such JPEG.

    Safe on any thread.
    """
    if not jpeg:
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(jpeg))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"jpeg"))
    reader.setAutoDetectImageFormat(False)
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > _LARGEST_SIDE_PX:
        return None
    if longest_px is not None and max(size.width(), size.height()) > longest_px:
        wanted = QSize(longest_px, longest_px)
        reader.setScaledSize(size.scaled(wanted, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else image


def square_thumbnail(jpeg: bytes | None, side_px: int) -> QImage | None:
    """Return the middle of a JPEG as a square of this side, so that drawing it need not scale; or None."""
    image = thumbnail_image(jpeg, longest_px=4 * side_px)
    if image is None:
        return None
    side = min(image.width(), image.height())
    middle = image.copy((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    whole = Qt.AspectRatioMode.IgnoreAspectRatio
    return middle.scaled(side_px, side_px, whole, Qt.TransformationMode.SmoothTransformation)
