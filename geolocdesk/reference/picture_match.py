"""Whether one small picture is another one, or a part of it, scaled, recompressed or brightened."""

import functools
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
_KEPT = 256
"""So many pictures are kept ready, 0.1 MB each: a picture is compared with several others, of the same place mostly."""

Grey = NDArray[np.float32]


def correlation(first_jpeg: bytes, second_jpeg: bytes) -> float:
    """Return the highest correlation (−1 to 1) of one picture with any part, 80 to 100 % wide, of the other.

    −1 where either cannot be read or shows nothing but one shade.
    """
    first, second = _small_picture(first_jpeg), _small_picture(second_jpeg)
    if first is None or second is None:
        return -1.0
    return max(_as_part(first, second), _as_part(second, first))


class _SmallPicture:
    """A picture's shades, as a whole to look for others in, and at every size it may have in another."""

    def __init__(self, grey: Grey) -> None:
        """Take the shades at twice the width that is compared, so that they can be scaled to any part."""
        self._grey = grey
        self.proportion = grey.shape[0] / grey.shape[1]
        self.height = max(_LEAST_HEIGHT_PX, round(_WIDTH_PX * self.proportion))
        self.shades = _scaled(grey, _WIDTH_PX, self.height)
        shades = self.shades.astype(np.float64)
        self._sums, self._squares = _running_sums(shades), _running_sums(shades * shades)
        self._templates: dict[tuple[int, int], Grey | None] = {}

    def spread(self, height: int, width: int) -> NDArray[np.float64]:
        """Return, for every place of a window, the root of its shades' squared deviations from their mean."""
        sums, squares = _in_windows(self._sums, height, width), _in_windows(self._squares, height, width)
        return np.asarray(np.sqrt(np.maximum(squares - sums * sums / (height * width), _FLAT)))

    def template(self, height: int, width: int) -> Grey | None:
        """Return the picture at a size, with the mean 0 and the length 1; None where it is of one shade."""
        if (height, width) not in self._templates:
            scaled = _scaled(self._grey, width, height)
            centred = scaled - scaled.mean()
            length = float(np.sqrt((centred * centred).sum()))
            self._templates[height, width] = None if length < _FLAT else centred / length
        return self._templates[height, width]


@functools.lru_cache(maxsize=_KEPT)
def _small_picture(jpeg: bytes) -> _SmallPicture | None:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            image.draft("L", (2 * _WIDTH_PX, 2 * _WIDTH_PX))
            grey = image.convert("L")
            height = max(_LEAST_HEIGHT_PX, round(2 * _WIDTH_PX * grey.height / grey.width))
            scaled = grey.resize((2 * _WIDTH_PX, height), Image.Resampling.BOX)
    except (OSError, ValueError, SyntaxError):
        return None
    return _SmallPicture(np.asarray(scaled, np.float32))


def _scaled(grey: Grey, width: int, height: int) -> Grey:
    from PIL import Image

    scaled = Image.fromarray(grey).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scaled, np.float32)


def _running_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64[height + 1, width + 1]: the sum of all values above and to the left."""
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(values, axis=0, out=sums[1:, 1:])
    np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
    return sums


def _in_windows(running: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """Return the sum inside every window of a size, from running sums."""
    down = running[height:] - running[:-height]
    return down[:, width:] - down[:, :-width]


def _as_part(whole: _SmallPicture, part: _SmallPicture) -> float:
    """Return the highest correlation of ``part`` with what lies anywhere in ``whole``, at any of the shares."""
    best = -1.0
    for share in _SHARES:
        width = round(_WIDTH_PX * share)
        height = round(width * part.proportion)
        if height == whole.height + 1:
            height = whole.height  # rounding
        if _LEAST_HEIGHT_PX <= height <= whole.height:
            best = max(best, _best_place(whole, part.template(height, width)))
    return best


def _best_place(whole: _SmallPicture, template: Grey | None) -> float:
    if template is None:
        return -1.0
    windows = np.lib.stride_tricks.sliding_window_view(whole.shades, template.shape)
    products = np.tensordot(windows, template, axes=([2, 3], [0, 1]))
    return float((products / whole.spread(*template.shape)).max())
