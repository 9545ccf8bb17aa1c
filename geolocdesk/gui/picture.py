"""A picture as the window draws it: pixels, and the same pixels halved again and again.

Nothing here decodes a file. Untrusted photos are decoded in a limited child process and arrive as plain
pixels, so that no picture format is ever parsed inside the window.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

_SMALLEST_SIDE_PX = 256
"""Below this the full picture is cheap enough to be scaled at every paint."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture in several sizes: the original first, each further one half as wide and high."""

    levels: tuple[QImage, ...]

    @property
    def size(self) -> QSize:
        """The original's size in pixels."""
        return self.levels[0].size()

    def level_for(self, scale: float) -> QImage:
        """Return the smallest level that still has a pixel for every drawn one.

        ``scale`` is drawn pixels per original pixel.
        """
        index = 0
        while index + 1 < len(self.levels) and scale <= 0.5 ** (index + 1):
            index += 1
        return self.levels[index]

    @classmethod
    def from_pixels(cls, pixels: NDArray[np.uint8]) -> "Picture":
        """Return the picture of uint8[height, width, 3] sRGB pixels.

        Safe on any thread, and made for the I/O pool: halving a large photo takes a while, and unlike Qt's
        scaling Pillow's lets the interpreter go on with the window meanwhile.
        """
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
            message = f"a picture is uint8[height, width, 3], not {pixels.dtype}{list(pixels.shape)}"
            raise ValueError(message)
        return cls(tuple(_image_of(level) for level in _halvings(np.ascontiguousarray(pixels))))

    @classmethod
    def from_image(cls, image: QImage) -> "Picture":
        """Return the picture that holds this image alone: for thumbnails, not for large photos."""
        if image.isNull():
            message = "a picture cannot be made of a null image"
            raise ValueError(message)
        return cls((image,))


def _halvings(pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    yield pixels
    level = Image.fromarray(pixels)
    while min(level.size) >= 2 * _SMALLEST_SIDE_PX:
        level = level.reduce(2)
        yield np.asarray(level)


def _image_of(pixels: NDArray[np.uint8]) -> QImage:
    """Return an image over the pixels without copying them; it keeps its buffer alive."""
    height, width, channels = pixels.shape
    return QImage(pixels.data, width, height, width * channels, QImage.Format.Format_RGB888)
