import gc
import weakref

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from geolocdesk.gui.picture import Picture


def noise(width: int, height: int) -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)


def rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


def test_the_first_level_holds_the_very_pixels() -> None:
    pixels = noise(641, 479)  # an odd width: rows are not aligned to four bytes
    image = Picture.from_pixels(pixels).levels[0]
    for x, y in ((0, 0), (640, 478), (17, 300)):
        assert rgb(image.pixelColor(x, y)) == tuple(pixels[y, x])


def test_each_level_is_half_of_the_one_before() -> None:
    sizes = [level.size().toTuple() for level in Picture.from_pixels(noise(3000, 2001)).levels]
    assert sizes == [(3000, 2001), (1500, 1001), (750, 501)]


def test_a_level_is_the_mean_of_the_one_before() -> None:
    pixels = noise(1024, 1024)
    picture = Picture.from_pixels(pixels)
    mean = pixels[200:202, 100:102].reshape(4, 3).astype(float).mean(axis=0)
    halved = picture.levels[1].pixelColor(50, 100)
    assert rgb(halved) == pytest.approx(mean, abs=1)


@pytest.mark.parametrize(
    ("scale", "width"), [(8.0, 4096), (1.0, 4096), (0.51, 4096), (0.5, 2048), (0.2, 1024), (0.01, 256)]
)
def test_a_level_never_has_fewer_pixels_than_are_drawn(scale: float, width: int) -> None:
    assert Picture.from_pixels(noise(4096, 4096)).level_for(scale).width() == width


def test_small_pictures_have_one_level() -> None:
    assert len(Picture.from_pixels(noise(300, 200)).levels) == 1
    assert len(Picture.from_image(QImage(40, 30, QImage.Format.Format_RGB32)).levels) == 1


def test_what_is_no_picture_is_refused() -> None:
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="height, width, 3"):
            Picture.from_pixels(wrong)
    with pytest.raises(ValueError, match="null image"):
        Picture.from_image(QImage())


class TrackedArray(NDArray[np.uint8]):
    """An array one can hold a weak reference to."""


def test_pixels_live_as_long_as_an_image_of_them_and_no_longer() -> None:
    pixels = TrackedArray((200, 320, 3), dtype=np.uint8)
    pixels[:] = 7
    alive = weakref.ref(pixels)
    picture = Picture.from_pixels(pixels)
    del pixels
    image = QImage(picture.levels[0])
    del picture
    gc.collect()
    assert alive() is not None
    assert image.pixelColor(0, 0).isValid()
    del image
    gc.collect()
    assert alive() is None
