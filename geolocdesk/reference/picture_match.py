"""Whether one small picture is another one, or a part of it, scaled, recompressed or brightened."""

import io

import numpy as np
from numpy.typing import NDArray

SAME_PICTURE = 0.96
"""Pictures that correlate at least so well are one photo; the guide has what was measured."""

_WIDTH_PX = 48
_LEAST_HEIGHT_PX = 8
_SHARES = tuple(0.8 + 0.02 * step for step in range(11))
"""How much of the other picture's width is tried to be shown."""
_FLAT = 1e-3

Grey = NDArray[np.float32]


def correlation(first_jpeg: bytes, second_jpeg: bytes) -> float:
    """Return the highest correlation (−1 to 1) of one picture with any part, 80 to 100 % wide, of the other.

    −1 where either cannot be read or shows nothing but one shade.
    """
    first, second = _grey(first_jpeg), _grey(second_jpeg)
    if first is None or second is None:
        return -1.0
    return max(_as_part(first, second), _as_part(second, first))


def _grey(jpeg: bytes) -> Grey | None:
    """Return the picture's shades at twice the width that is compared, so that it can be scaled to any part."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            image.draft("L", (2 * _WIDTH_PX, 2 * _WIDTH_PX))
            grey = image.convert("L")
            height = max(_LEAST_HEIGHT_PX, round(2 * _WIDTH_PX * grey.height / grey.width))
            scaled = grey.resize((2 * _WIDTH_PX, height), Image.Resampling.BOX)
    except (OSError, ValueError, SyntaxError):
        return None
    return np.asarray(scaled, np.float32)


def _scaled(grey: Grey, width: int, height: int) -> Grey:
    from PIL import Image

    scaled = Image.fromarray(grey).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scaled, np.float32)


def _as_part(whole: Grey, part: Grey) -> float:
    """Return the highest correlation of ``part`` with what lies anywhere in ``whole``, at any of the shares."""
    height = max(_LEAST_HEIGHT_PX, round(_WIDTH_PX * whole.shape[0] / whole.shape[1]))
    shades = _scaled(whole, _WIDTH_PX, height)
    best = -1.0
    for share in _SHARES:
        part_width = round(_WIDTH_PX * share)
        part_height = round(part_width * part.shape[0] / part.shape[1])
        if part_height == height + 1:
            part_height = height  # rounding
        if _LEAST_HEIGHT_PX <= part_height <= height:
            best = max(best, _best_place(shades, _scaled(part, part_width, part_height)))
    return best


def _best_place(shades: Grey, template: Grey) -> float:
    centred = template - template.mean()
    size = float(np.sqrt((centred * centred).sum()))
    if size < _FLAT:
        return -1.0
    windows = np.lib.stride_tricks.sliding_window_view(shades, template.shape)
    products = np.tensordot(windows, centred, axes=([2, 3], [0, 1]))
    sums = windows.sum(axis=(2, 3), dtype=np.float64)
    squares = np.einsum("ijkl,ijkl->ij", windows, windows, dtype=np.float64)
    spread = np.sqrt(np.maximum(squares - sums * sums / template.size, _FLAT))
    return float((products / spread).max() / size)
